"""What it costs to always know why: programs on our tape, with the provenance of every operation and without.

A tape must write down operations, inputs and residuals to differentiate at all. What it writes only so that a missing
gradient can be explained is the provenance: the place of each call (frames are looked at, code object and instruction
are stored), the events (a value left, was assigned, was made), and the memory that outlives the tape. The engine has no
switch for it, so that the engine without is made here: the same sources with these lines taken out before they are
compiled. Both run in processes of their own and take turns; what is told are ratios of the two.
"""

from __future__ import annotations

import argparse
import ast
import os
import statistics
import subprocess
import sys
import time
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder, SourceFileLoader
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

GONE = {"note_event", "note_events", "remember_outside", "hand_over", "leave"}
"""Functions that exist for the sake of explanations alone: they write events, and the memory of what ran."""


class WithoutProvenance(ast.NodeTransformer):
    """Takes the provenance out of the sources of the recording engine."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Look at no frame."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "_getframe":
            return ast.Constant(None)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Empty what writes for explanations alone; let `write` store no place."""
        self.generic_visit(node)
        if node.name in GONE:
            node.body = [ast.Pass()]
        if node.name == "write":
            kept = []
            for statement in node.body:
                text = ast.unparse(statement)
                if text.startswith(("code =", "lasti =", "if code is not")):
                    continue
                kept.append(
                    ast.parse(text.replace("code, lasti)", "None, 0)")).body[0] if "record =" in text else statement
                )
            if len(node.body) - len(kept) != 3:
                raise SystemExit("`write` looks different now: see what of it is provenance")
            node.body = kept
        return node


class Loader(SourceFileLoader):
    """Compiles a module without its provenance."""

    def source_to_code(self, data, path, *, _optimize=-1):
        """Take the provenance out first."""
        tree = ast.fix_missing_locations(WithoutProvenance().visit(ast.parse(data)))
        return compile(tree, path, "exec", dont_inherit=True, optimize=_optimize)

    def get_code(self, fullname):
        """Compile anew, past the cache of what Python compiled of the same file."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class Finder(MetaPathFinder):
    """Gives the modules that record, and no others, such a loader."""

    def find_spec(self, fullname, path, target=None):
        """Claim `gradtape.arrays.*`."""
        del target
        if not fullname.startswith("gradtape.arrays."):
            return None
        if fullname == "gradtape.arrays._core":
            raise ImportError("nothing can be taken out of what is compiled")
        spec = PathFinder.find_spec(fullname, path)
        spec.loader = Loader(fullname, spec.origin)
        return spec


def chain(links: int = 200) -> Callable[[], object]:
    """Run operations on ten numbers: they cost next to nothing, so that recording is nearly all there is."""
    import numpy as np

    import gradtape as gt

    start = np.linspace(0, 1, 10).astype(np.float32)

    def run() -> object:
        x = gt.Variable(start)
        with gt.GradientTape() as tape:
            y = x
            for _ in range(links):
                y = np.sin(y) * 1.01 + 0.1
        return tape.gradient(y, x)

    return run


def network(batch: int = 32, width: int = 64) -> Callable[[], object]:
    """Take a training step of a small network: what people use a tape for, at sizes where recording still shows."""
    import numpy as np

    import gradtape as gt

    rng = np.random.default_rng(0)
    sizes = (width, width, width, 10)
    weights = [gt.Variable(rng.normal(0, 0.1, (a, b)).astype(np.float32)) for a, b in pairwise(sizes)]
    offsets = [gt.Variable(np.zeros(b, np.float32)) for b in sizes[1:]]
    x = rng.normal(size=(batch, width)).astype(np.float32)
    labels = np.eye(10, dtype=np.float32)[rng.integers(0, 10, batch)]

    def run() -> object:
        with gt.GradientTape() as tape:
            h = x
            for w, b in zip(weights, offsets, strict=True):
                h = np.tanh(h @ w + b)
            loss = -np.mean(np.sum(labels * (h - np.log(np.sum(np.exp(h), axis=1, keepdims=True))), axis=1))
        gradients = tape.gradient(loss, [*weights, *offsets])
        for variable, gradient in zip([*weights, *offsets], gradients, strict=True):
            variable.assign_sub(0.1 * gradient)
        return loss

    return run


PROGRAMS = {
    "a chain of 600 operations on 10 numbers, forward and backward": chain,
    "a training step of a network, 32 x 64": network,
    "the same, 128 x 256": lambda: network(128, 256),
}


TURN = 0.02
"""Seconds that a turn takes, about."""


def serve(which: str) -> None:
    """Run programs on request: a line names one and how often, the answer is how long once took."""
    if which == "without":
        sys.meta_path.insert(0, Finder())
    runs = {name: make() for name, make in PROGRAMS.items()}
    for run in runs.values():
        run()
    print("ready", flush=True)
    for line in sys.stdin:
        times, _, name = line.rstrip("\n").partition(" ")
        run = runs[name]
        began = time.perf_counter()
        for _ in range(int(times)):
            run()
        print((time.perf_counter() - began) / int(times), flush=True)


class Contender:
    """A process that runs the programs."""

    def __init__(self, which: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve", which],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"GRADTAPE_CORE": "0"},  # what is taken out is taken out of the sources in Python
        )
        self.process.stdout.readline()  # it is ready

    def time(self, name: str, times: int) -> float:
        """Return the seconds that a program takes, run so many times."""
        print(times, name, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def close(self) -> None:
        """Let the process end."""
        self.process.communicate()


def measure(rounds: int) -> dict[str, tuple[float, float, float]]:
    """Return for each program the median times with and without, and the median of the ratios of each round."""
    contenders = {which: Contender(which) for which in ("with", "without")}
    result = {}
    for name in PROGRAMS:
        times: dict[str, list[float]] = {which: [] for which in contenders}
        once = min(contender.time(name, 10) for contender in contenders.values())
        for k in range(rounds):
            order = list(contenders.items())
            for which, contender in order if k % 2 else reversed(order):
                times[which].append(contender.time(name, max(1, round(TURN / once))))
        ratios = [a / b for a, b in zip(times["with"], times["without"], strict=True)]
        result[name] = (*(statistics.median(t) for t in times.values()), statistics.median(ratios))
    for contender in contenders.values():
        contender.close()
    return result


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="turns of each contender (default 100)")
    parser.add_argument("--serve", choices=("with", "without"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    print("| program | with provenance | without | ratio |\n|---|---:|---:|---:|")
    for name, (with_it, without, ratio) in measure(options.rounds).items():
        print(f"| {name} | {with_it * 1e3:.2f} ms | {without * 1e3:.2f} ms | {ratio:.3f} x |")


if __name__ == "__main__":
    main()
