"""The most memory that a gradient needs at a time, beside other libraries, and how much of it the recording holds.

    python benchmarks/memory.py --page docs/benchmarks.md

Each library runs in a process of its own, on one thread, and each workload there twice: the first run pays for what is
loaded once, the second is looked at. "held" is what is in use when the program ran under the tape and nothing was asked
yet: what a sweep that frees as it goes could not go below.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

import report
from contender import Contender, Refused, who

MARK = "<!-- memory -->"
PEERS = ("NumPy by hand", "gradtape.numpy", "gradtape.numpy, core", "PyTorch", "autograd")
NAMES = (
    "chain of 600, n = 100,000",
    "MLP 256-512-512-1, batch 512",
    "convolution net",
    "Hill-type muscles, 2,000 steps",
)


def measure(python: str, names: tuple[str, ...], rounds: int) -> dict[str, dict[str, tuple[float, float | None]]]:
    """Return for each workload and each library the peak of its memory and what its recording holds, in bytes."""
    found: dict[str, dict[str, tuple[float, float | None]]] = {}
    for peer in (p for p in PEERS if p in who(python)):
        for name in names:
            runs = []
            for _ in range(rounds):
                contender = Contender(peer, python)
                try:
                    contender.ask("prepare", name)
                    runs.append(contender.ask("memory"))
                except Refused as reason:
                    print(f"{peer}: {name}: {reason}", file=sys.stderr)
                contender.close()
            if runs:
                held = [h for _, h in runs if h is not None]
                peak = statistics.median(p for p, _ in runs)
                found.setdefault(name, {})[peer] = (peak, statistics.median(held) if held else None)
    return found


def table(found: dict[str, dict[str, tuple[float, float | None]]]) -> str:
    """Return it in Markdown."""
    peers = [p for p in PEERS if any(p in of for of in found.values())]
    rows = [f"| peak of | {' | '.join(peers)} |", f"|---|{'---:|' * len(peers)}"]
    for name, of_peers in found.items():
        cells = []
        for peer in peers:
            peak, held = of_peers.get(peer, (None, None))
            cells.append("-" if peak is None else f"{in_mb(peak)} MB{'' if held is None else f' ({in_mb(held)} held)'}")
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def in_mb(size: float) -> str:
    """Write a size in megabytes."""
    return f"{size / 1e6:.1f}"


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="processes per workload and library (default 3)")
    parser.add_argument("--only", default="", help="workloads whose names have this in them")
    parser.add_argument("--page", type=Path, help="put the table into a page, between its two marks")
    options = parser.parse_args()
    text = table(measure(sys.executable, tuple(n for n in NAMES if options.only in n), options.rounds))
    print(text)
    if options.page:
        report.put(options.page, text, MARK)


if __name__ == "__main__":
    main()
