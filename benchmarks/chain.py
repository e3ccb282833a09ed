"""A chain of small operations, forward and backward: what recording costs, against hand-written NumPy and two rivals.

Every contender takes one turn per round, so that a busy machine is busy for all of them; the table has the medians.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

import gradtape as gt

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[[], np.ndarray]

START = np.linspace(0, 1, 10).astype(np.float32)


def by_hand(links: int) -> Run:
    """NumPy with the derivative written out."""

    def run() -> np.ndarray:
        y = START
        passed = []
        for _ in range(links):
            passed.append(y)
            y = np.sin(y) * 1.01 + 0.1
        g = np.ones_like(y)
        for y in reversed(passed):
            g = g * 1.01 * np.cos(y)
        return g

    return run


def with_gradtape(links: int, sin: Callable) -> Run:
    """Record with the tape, on a given sine."""

    def run() -> np.ndarray:
        x = gt.Variable(START)
        with gt.GradientTape() as tape:
            y = x
            for _ in range(links):
                y = sin(y) * 1.01 + 0.1
        return np.asarray(tape.gradient(y, x))

    return run


def with_autograd(links: int) -> Run:
    """HIPS autograd."""
    import autograd
    import autograd.numpy as anp

    def total(x: np.ndarray) -> np.ndarray:
        for _ in range(links):
            x = anp.sin(x) * 1.01 + 0.1
        return anp.sum(x)

    gradient = autograd.grad(total)
    return lambda: gradient(START)


def with_torch(links: int) -> Run:
    """PyTorch, eager, on one thread, as everybody else here."""
    import torch

    torch.set_num_threads(1)

    def run() -> np.ndarray:
        x = torch.tensor(START, requires_grad=True)
        y = x
        for _ in range(links):
            y = torch.sin(y) * 1.01 + 0.1
        y.sum().backward()
        return x.grad.numpy()

    return run


def contenders(links: int) -> tuple[dict[str, Run], list[str]]:
    """Return who takes part, and a note for each one that is not installed."""
    from importlib.metadata import version

    found = {"NumPy by hand": by_hand(links), "gradtape, `np.sin`": with_gradtape(links, np.sin)}
    absent = []
    makers: dict[str, Callable[[], Run]] = {
        "gradtape, `gradtape.numpy.sin`": lambda: with_gradtape(links, __import__("gradtape.numpy").numpy.sin),
        "autograd": lambda: with_autograd(links),
        "torch": lambda: with_torch(links),
    }
    for name, make in makers.items():
        try:
            run = make()
        except ImportError as error:
            absent.append(f"{name} is left out: {error}")
        else:
            found[name if name.startswith("gradtape") else f"{name} {version(name)}"] = run
    return found, absent


def measure(runs: dict[str, Run], rounds: int) -> dict[str, float]:
    """Return the median time of each, in seconds; stop if two do not agree on the gradient."""
    expected = runs["NumPy by hand"]()
    for name, run in runs.items():
        if not np.allclose(run(), expected, rtol=1e-4):
            sys.exit(f"{name} gives another gradient than NumPy by hand")
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in times.items()}


def table(medians: dict[str, float], links: int) -> str:
    """Return the table in Markdown."""
    base = medians["NumPy by hand"]
    rows = ["| forward and backward | median | per operation | against NumPy by hand |", "|---|---:|---:|---:|"]
    for name, median in sorted(medians.items(), key=lambda item: item[1]):
        each = median / (3 * links) * 1e6
        rows.append(f"| {name} | {median * 1e3:.2f} ms | {each:.2f} us | {median / base:.2f} x |")
    return "\n".join(rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="turns of each contender (default 40)")
    parser.add_argument("--links", type=int, default=200, help="links of the chain (default 200)")
    options = parser.parse_args()
    runs, absent = contenders(options.links)
    medians = measure(runs, options.rounds)
    print(
        f"{options.links} rounds of `y = sin(y) * 1.01 + 0.1` on {START.size} float32 numbers, {options.rounds} turns;"
    )
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, gradtape {gt_version()}, {platform.machine()}\n"
    )
    print(table(medians, options.links))
    for note in absent:
        print(f"\n{note}")


def gt_version() -> str:
    """Return the installed version, or that it runs from a checkout."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("gradtape")
    except PackageNotFoundError:
        return "from a checkout"


if __name__ == "__main__":
    main()
