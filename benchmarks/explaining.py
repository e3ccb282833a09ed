"""What an explanation costs: `tape.why` on long tapes, rendered, and how the cost grows with the tape.

The programs differ in what there is to find: nothing, breaks, values that left and came back, numbers that got lost on
the way back (then the backward pass is looked at step by step), one source or many, and code without loops, in which
every operation has a place of its own. Each runs in a thread of its own, whose memory of what ran outside the tape is
its own too. The memory is what an explanation takes at its peak besides what the program and its tape hold.

Beside each explanation stands what `tape.gradient` takes for the same question, missing gradients filled in without a
reason: the ordinary sweep, which an explanation takes as well, and a second one where the gradient is not finite.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

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


def zero(length: int) -> Question:
    """Build a chain with a clip in the middle, outside whose bounds the value lies."""
    w = gt.Variable(0.5)
    with gt.GradientTape() as tape:
        loss = w
        for k in range(length // 2):
            loss = np.negative(loss) + 0.25
            if k == length // 4:
                loss = np.clip(loss, 2.0, 3.0)
    return lambda: tape.why(loss, w)


def cancelling(length: int) -> Question:
    """Build two chains that lead to the same numbers and are subtracted."""
    w = gt.Variable(0.5)
    with gt.GradientTape() as tape:
        a = b = w
        for _ in range(length // 4):
            a, b = np.sin(a) * 1.25, np.sin(b) * 1.25
        loss = (a - b) ** 2
    return lambda: tape.why(loss, w)


def not_a_number(length: int) -> Question:
    """Build a chain with a root at zero in the middle: the backward pass makes something infinite, then NaN."""
    w = gt.Variable(0.5)
    with gt.GradientTape() as tape:
        loss = w
        for k in range(length // 2):
            loss = np.sin(loss) * 1.25
            if k == length // 4:
                loss = np.sqrt(loss * 0.0)
    return lambda: tape.why(loss, w)


def overflowing(length: int) -> Question:
    """Build a chain in which `exp` overflows early, so that all values behind it are not finite."""
    w = gt.Variable(0.5)
    with gt.GradientTape() as tape, np.errstate(all="ignore"):
        loss = np.exp(w * 2000.0)
        for _ in range(length // 2):
            loss = np.negative(loss) + 0.25
    return lambda: tape.why(loss, w)


def exploding(length: int) -> Question:
    """Build a chain that makes the gradient larger at each step, up to nearly the largest number."""
    w = gt.Variable(0.5)
    factor = 10.0 ** (500.0 / length)
    with gt.GradientTape() as tape:
        loss = w
        for _ in range(length // 2):
            loss = np.negative(loss) * factor
        loss = np.sin(loss)
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


def many_dead_sources(length: int) -> Question:
    """Use a hundred sources whose sum is clipped, outside the bounds."""
    variables = [gt.Variable(0.5) for _ in range(100)]
    with gt.GradientTape() as tape:
        loss = gt.constant(0.0)
        for k in range(length // 3):
            loss = loss + np.sin(variables[k % 100]) * 0.5
        loss = np.clip(loss, -2.0, -1.0)
    return lambda: tape.why(loss, variables)


def many_bad_sources(length: int) -> Question:
    """Use a hundred sources, and the root of a zero that none of them is kept from."""
    variables = [gt.Variable(0.5) for _ in range(100)]
    with gt.GradientTape() as tape:
        loss = gt.constant(0.0)
        for k in range(length // 3):
            loss = loss + np.sin(variables[k % 100]) * 0.5
        loss = np.sqrt(loss * 0.0)
    return lambda: tape.why(loss, variables)


def unused(length: int) -> Question:
    """Ask about a source that nothing uses."""
    w, other = gt.Variable(0.5), gt.Variable(0.5)
    with gt.GradientTape() as tape:
        loss = other
        for _ in range(length // 2):
            loss = np.negative(loss) + 0.25
    return lambda: tape.why(loss, w)


def a_part_lost(length: int) -> Question:
    """Build a chain beside which the same value leaves and comes back as a constant."""
    w = gt.Variable(0.5)
    with gt.GradientTape() as tape:
        y = w
        for _ in range(length // 4):
            y = np.negative(y) + 0.25
        loss = y * float(y)
        for _ in range(length // 4):
            loss = np.negative(loss) + 0.25
    return lambda: tape.why(loss, w)


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
    "a part left and came back": a_part_lost,
    "a source that nothing uses": unused,
    "a hundred sources, half of them broken": many_sources,
    "zero: a clip in the middle": zero,
    "zero: two ways cancel": cancelling,
    "zero: a hundred sources": many_dead_sources,
    "NaN: a root of zero in the middle": not_a_number,
    "NaN: a hundred sources": many_bad_sources,
    "NaN: an overflow at the beginning": overflowing,
    "a gradient that vanishes": vanishing,
    "a gradient that explodes": exploding,
    "10,000 lines without a loop": without_loops,
}
SHORT = {"10,000 lines without a loop"}
"""Not tried with a million operations: nobody writes a million lines."""


class Cost(NamedTuple):
    """Seconds of the wall clock and of the processor, medians; bytes at the peak."""

    wall: float
    processor: float
    memory: int
    gradient: float
    """Seconds of the processor that the gradient alone takes, without reasons."""


def measure(name: str, length: int, rounds: int) -> Cost:
    """Return what an explanation costs, as text."""
    question = PROGRAMS[name](length)
    str(question())  # the first one imports, and compiles and parses the program's own text
    walls, processors, gradients = [], [], []
    asked = gradient_of(question)
    for _ in range(rounds):
        before = time.thread_time()
        asked()
        gradients.append(time.thread_time() - before)
        wall, processor = time.perf_counter(), time.thread_time()
        str(question())
        walls.append(time.perf_counter() - wall)
        processors.append(time.thread_time() - processor)
    tracemalloc.start()
    str(question())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Cost(statistics.median(walls), statistics.median(processors), peak, statistics.median(gradients))


def gradient_of(question: Question) -> Question:
    """Return the question for the gradient alone that a question for reasons goes with."""
    asked = dict(zip(question.__code__.co_freevars, (c.cell_contents for c in question.__closure__ or ()), strict=True))
    tape, loss, sources = asked["tape"], asked["loss"], asked.get("variables", asked.get("w"))
    tape._persistent = True
    return lambda: tape.gradient(loss, sources, unconnected_gradients="zero")


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="explanations of each kind (default 5)")
    parser.add_argument("--long", type=int, default=1_000_000, help="operations of the long tapes (default a million)")
    parser.add_argument("--only", default="", help="only kinds with this in their names")
    parser.add_argument("--lengths", type=int, nargs="+", help="operations of the tapes, in the place of both")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}\n")
    print("| operations | what there is to find | time | on the processor | the gradient alone | memory |")
    print("|---:|---|---:|---:|---:|---:|", flush=True)
    for length in options.lengths or (10_000, options.long):
        rounds = options.rounds * (4 if length <= 10_000 else 1)
        for name in PROGRAMS:
            if (length <= 10_000 or name not in SHORT) and options.only in name:
                with ThreadPoolExecutor(1) as thread:
                    cost = thread.submit(measure, name, length, rounds).result()
                times = " | ".join(f"{t * 1e3:,.0f} ms" for t in (cost.wall, cost.processor, cost.gradient))
                print(f"| {length:,} | {name} | {times} | {cost.memory / 1e6:,.0f} MB |", flush=True)


if __name__ == "__main__":
    main()
