"""Time and memory per operation of chains of 10^3 to 10^6 operations, and the time that an import takes.

    python benchmarks/scaling.py --page docs/benchmarks.md

Both must stay the same however long the chain is: a tape is a list. Every length runs in a process of its own, on one
number, so that nearly all the memory is what is written down per operation.
"""

from __future__ import annotations

import argparse
import compileall
import statistics
import subprocess
import sys
from pathlib import Path

import report
from contender import FOLDER, Contender, Refused, environment, who

MARK = "<!-- scaling -->"
LENGTHS = (1_000, 10_000, 100_000, 1_000_000)
PEERS = ("gradtape.numpy", "gradtape.numpy, core", "PyTorch", "autograd")


def measure(python: str, lengths: tuple[int, ...], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return seconds and bytes per operation of each library that is installed, for each length."""
    found: dict[str, list[tuple[float, float]]] = {}
    for name in (n for n in PEERS if n in who(python)):
        for length in lengths:
            runs = []
            for _ in range(rounds):
                contender = Contender(name, python)
                try:
                    contender.ask("chain", 300)  # what the first run of a program costs is no cost per operation
                    runs.append(contender.ask("chain", length))
                except Refused as reason:
                    print(f"{name} {reason} after {length} operations", file=sys.stderr)
                contender.close()
            if runs:
                seconds, used = (statistics.median(column) for column in zip(*runs, strict=True))
                found.setdefault(name, []).append((seconds, used))
    return found


def import_times(python: str, rounds: int) -> dict[str, float]:
    """Return the median processor time of importing one thing, in a process of its own, from compiled files."""
    compileall.compile_dir(FOLDER.parent / "src" / "gradtape", quiet=1)
    code = "import time; began = time.process_time(); import {}; print(time.process_time() - began)"
    found: dict[str, list[float]] = {"numpy": [], "gradtape": []}
    for _ in range(rounds):
        for name, times in found.items():
            done = subprocess.run(
                [python, "-c", code.format(name)], env=environment(), check=True, capture_output=True, text=True
            )
            times.append(float(done.stdout))
    return {name: statistics.median(times) for name, times in found.items()}


def table(found: dict[str, list[tuple[float, float]]], lengths: tuple[int, ...], imports: dict[str, float]) -> str:
    """Return both tables in Markdown."""
    rows = [
        f"| per operation | {' | '.join(f'{n:,}' for n in lengths)} |",
        f"|---|{'---:|' * len(lengths)}",
    ]
    for name, of_lengths in found.items():
        cells = [f"{seconds * 1e6:.2f} us, {used:,.0f} bytes" for seconds, used in of_lengths]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    ratio = imports["gradtape"] / imports["numpy"]
    told = (
        f"`import numpy` takes {imports['numpy'] * 1e3:.0f} ms of processor time, `import gradtape` "
        f"{imports['gradtape'] * 1e3:.0f} ms, NumPy's included: {ratio:.2f} times as long."
    )
    return "\n".join([*rows, "", told])


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="processes per length and library (default 3)")
    parser.add_argument("--longest", type=int, default=LENGTHS[-1], help="the longest chain (default 1,000,000)")
    parser.add_argument("--page", type=Path, help="put the tables into a page, between its two marks")
    options = parser.parse_args()
    lengths = tuple(n for n in LENGTHS if n <= options.longest)
    text = table(
        measure(sys.executable, lengths, options.rounds), lengths, import_times(sys.executable, 5 * options.rounds)
    )
    print(text)
    if options.page:
        report.put(options.page, text, MARK)


if __name__ == "__main__":
    main()
