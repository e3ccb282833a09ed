"""Where the time of a gradient goes: the program itself, recording it, the sweep, and the question around the sweep.

    python benchmarks/where.py --page docs/benchmarks.md

In multiples of the same derivative by hand, as in `run.py`, for the workloads that are one gradient of a scalar. The
program itself is run on plain arrays; recording is what the same run takes longer under a tape; the question is what
`tape.gradient` does besides the sweep: it checks arguments, makes the seed, looks for odd gradients, leaves events.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradtape as gt
import report
from gradtape.tape import query
from peers import by_hand, gradtape_numpy
from workloads import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Callable

    from workloads.workload import Workload

MARK = "<!-- where -->"


def per_run(run: Callable[[], Any], seconds: float) -> float:
    """Return the processor time of one run, by running it for so long."""
    runs, began, wall = 0, time.process_time(), time.perf_counter()
    while time.perf_counter() - wall < seconds:
        run()
        runs += 1
    return (time.process_time() - began) / runs


def parts(workload: Workload, rounds: int, seconds: float) -> list[float]:
    """Return program, recording, sweep and question, in multiples of the derivative by hand."""
    inputs, data = workload.made()
    hand = by_hand.PEER.gradient(workload.by_hand, inputs, data)
    xp, variables = gradtape_numpy.PEER.xp, [gt.Variable(x) for x in inputs]
    swept = [0.0]
    sweep = query.sweep

    def timed(*args: Any, **options: Any) -> Any:
        began = time.process_time()
        found = sweep(*args, **options)
        swept[0] += time.process_time() - began
        return found

    def recorded() -> Any:
        with gt.GradientTape() as tape:
            return tape, workload.program(xp, variables, data)

    def gradient() -> None:
        tape, y = recorded()
        tape.gradient(y, variables)

    rows = []
    for _ in range(rounds):
        whole = per_run(gradient, seconds)
        swept[0], runs = 0.0, 0
        query.sweep = timed
        try:
            began = time.perf_counter()
            while not runs or time.perf_counter() - began < seconds:
                gradient()
                runs += 1
        finally:
            query.sweep = sweep
        in_sweep, base = swept[0] / runs, per_run(hand, seconds)
        plain = per_run(lambda: workload.program(xp, inputs, data), seconds)
        forward = per_run(recorded, seconds)
        rows.append([plain / base, (forward - plain) / base, in_sweep / base, (whole - forward - in_sweep) / base])
    return [statistics.median(column) for column in zip(*rows, strict=True)]


def table(found: dict[str, list[float]]) -> str:
    """Return the table in Markdown."""
    rows = ["| workload | the program | recording it | the sweep | the question |", "|---|---:|---:|---:|---:|"]
    rows += [f"| {name} | {' | '.join(f'{max(0.0, part):.2f}' for part in of)} |" for name, of in found.items()]
    return "\n".join(rows)


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured (default 5)")
    parser.add_argument("--seconds", type=float, default=0.05, help="how long each time (default 0.05)")
    parser.add_argument("--only", default="", help="workloads whose names have this in them")
    parser.add_argument("--page", type=Path, help="put the table into a page, between its two marks")
    options = parser.parse_args()
    found = {
        name: parts(workload, options.rounds, options.seconds)
        for name, workload in WORKLOADS.items()
        if workload.kind == "gradient" and options.only in name and "scatter" not in name
    }
    text = table(found)
    print(text)
    if options.page:
        report.put(options.page, text, MARK)


if __name__ == "__main__":
    main()
