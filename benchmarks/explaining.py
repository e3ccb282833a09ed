"""What an explanation costs: `tape.why` on long tapes, rendered, and how the cost grows with the tape.

The programs differ in what there is to find: nothing, a break in the middle, values that left and came back, a gradient
that vanishes (then the backward pass is run again and looked at), many sources at once, and code without loops, in
which every operation has a place of its own.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import gradtape as gt

if TYPE_CHECKING:
    from collections.abc import Callable

    Question = Callable[[], Any]


def nothing_to_find(length: int) -> Question:
    """Build a chain in which the gradient flows and stays of its size."""
    w = gt.Variable(0.5)
    with gt.GradientTape() as tape:
        loss = w
        for _ in range(length // 2):
            loss = np.negative(loss) + 0.25
    return lambda: tape.why(loss, w)


def a_break(length: int) -> Question:
    """Build a chain with a step function in the middle."""
    w = gt.Variable(0.5)
    with gt.GradientTape() as tape:
        loss = w
        for k in range(length // 2):
            loss = np.negative(loss) + 0.25
            if k == length // 4:
                loss = np.floor(loss)
    return lambda: tape.why(loss, w)


def left_and_came_back(length: int) -> Question:
    """Build a chain whose value becomes a number once and goes on as a constant."""
    w, b = gt.Variable(0.5), gt.Variable(1.0)
    with gt.GradientTape() as tape:
        y = w
        for _ in range(length // 4):
            y = np.negative(y) + 0.25
        rest = float(y)
        loss = b * rest
        for _ in range(length // 4):
            loss = np.negative(loss) + 0.25
    return lambda: tape.why(loss, w)


def vanishing(length: int) -> Question:
    """Build a chain in which the gradient becomes zero: every step of the backward pass is looked at."""
    w = gt.Variable(0.5)
    with gt.GradientTape() as tape:
        loss = w
        for _ in range(length // 2):
            loss = np.sin(loss) * 0.5
    return lambda: tape.why(loss, w)


def many_sources(length: int) -> Question:
    """Use a hundred sources, every second of which is rounded on its way."""
    variables = [gt.Variable(0.5) for _ in range(100)]
    with gt.GradientTape() as tape:
        loss = gt.constant(0.0)
        for k in range(length // 3):
            y = variables[k % 100]
            loss = loss + (np.floor(y) if k % 2 else np.negative(y)) * 0.5
    return lambda: tape.why(loss, variables)


def without_loops(length: int) -> Question:
    """Write a program of as many lines as operations: nothing can be looked up once for many."""
    lines = ["def program(np, gt):", "  w = gt.Variable(0.5)", "  with gt.GradientTape() as tape:", "    y = w"]
    lines += [f"    y = np.negative(y) + {k % 7}.25" for k in range(length // 2)]
    lines += ["    loss = np.floor(y)", "  return lambda: tape.why(loss, w)"]
    text = "\n".join(lines)
    from gradtape.diagnostics import sources

    name = f"<{length} lines>"
    sources.keep(name, text.encode())
    made: dict[str, Any] = {}
    exec(compile(text, name, "exec"), made)  # noqa: S102
    question: Question = made["program"](np, gt)
    return question


PROGRAMS: dict[str, Callable[[int], Question]] = {
    "nothing to find": nothing_to_find,
    "a break in the middle": a_break,
    "left and came back": left_and_came_back,
    "a gradient that vanishes": vanishing,
    "a hundred sources": many_sources,
    "10,000 lines without a loop": without_loops,
}
SHORT = {"10,000 lines without a loop"}
"""Not tried with a million operations: nobody writes a million lines."""


def measure(length: int, rounds: int, names: list[str]) -> dict[str, tuple[float, float]]:
    """Return the median seconds of the wall clock and of the processor that an explanation as text takes."""
    found = {}
    for name in names:
        question = PROGRAMS[name](length)
        str(question())  # the first one imports, and compiles and parses the program's own text
        walls, processors = [], []
        for _ in range(rounds):
            wall, processor = time.perf_counter(), time.process_time()
            str(question())
            walls.append(time.perf_counter() - wall)
            processors.append(time.process_time() - processor)
        found[name] = statistics.median(walls), statistics.median(processors)
    return found


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="explanations of each kind (default 5)")
    parser.add_argument("--long", type=int, default=1_000_000, help="operations of the long tapes (default a million)")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}\n")
    print("| operations | what there is to find | time | of it on the processor |\n|---:|---|---:|---:|")
    for length, rounds in ((10_000, 4 * options.rounds), (options.long, options.rounds)):
        names = [name for name in PROGRAMS if length <= 10_000 or name not in SHORT]
        for name, (wall, processor) in measure(length, rounds, names).items():
            print(f"| {length:,} | {name} | {wall * 1e3:,.0f} ms | {processor * 1e3:,.0f} ms |", flush=True)


if __name__ == "__main__":
    main()
