"""Every workload against every library that is installed: how much longer than the same derivative written by hand.

    python benchmarks/run.py                                    # everything that this environment has
    python benchmarks/run.py --python /path/to/other/python     # and what another environment has
    python benchmarks/run.py --only chain --peers gradtape      # a part

Each library runs in a process of its own, on one thread; they take turns, and the order changes with every round. What
is told is the median over rounds of the ratio to the turn of NumPy by hand in the same round, with its quartiles.
A library whose result is not that of NumPy by hand is not timed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np

import report
from contender import Contender, Refused, who
from peers import BASE, CONTENDERS
from workloads import WORKLOADS


def differs(expected: list[np.ndarray], found: list[np.ndarray], rtol: float) -> bool:
    """Whether results are not the same, relative to the largest element of each."""
    if [a.shape for a in expected] != [a.shape for a in found]:
        return True
    return any(
        not np.allclose(b, a, rtol=rtol, atol=rtol * max(1e-300, float(np.abs(a).max(initial=0.0))))
        for a, b in zip(expected, found, strict=True)
    )


def ready(name: str, contenders: list[Contender]) -> tuple[list[Contender], dict[str, str]]:
    """Let everybody prepare a workload; return who did, and what was in the way of the others."""
    taking_part, refused = [], {}
    expected = next(c for c in contenders if c.name == BASE).ask("prepare", name)
    for contender in contenders:
        try:
            if contender.name != BASE:
                found = contender.ask("prepare", name)
                if differs(expected, found, WORKLOADS[name].rtol):
                    raise Refused("gives another result")  # noqa: TRY301
        except Refused as reason:
            refused[contender.name] = str(reason)
        else:
            taking_part.append(contender)
    return taking_part, refused


def measure(name: str, contenders: list[Contender], rounds: int, seconds: float) -> dict[str, Any]:
    """Let everybody take turns, and return times and ratios; who needs long for one run gets fewer turns."""
    taking_part, refused = ready(name, contenders)
    times: dict[str, list[tuple[float, float]]] = {c.name: [] for c in taking_part}
    left = {c.name: rounds for c in taking_part}
    base = next(c for c in taking_part if c.name == BASE)
    for k in range(rounds):
        by_hand = base.ask("turn", seconds)
        times[BASE].append((by_hand, by_hand))
        for contender in taking_part if k % 2 else reversed(taking_part):
            if contender is base or left[contender.name] <= k:
                continue
            taken = contender.ask("turn", seconds)
            times[contender.name].append((taken, by_hand))
            if taken > 10 * seconds:
                left[contender.name] = min(left[contender.name], 3)
    found = {}
    for who_, turns in times.items():
        ratios = [a / b for a, b in turns]
        low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
        found[who_] = {"median": statistics.median(a for a, _ in turns), "ratio": middle, "quartiles": [low, high]}
    return {"aim": WORKLOADS[name].aim, "results": found, "refused": refused}


def chosen(pythons: list[str], peers: str | None) -> list[Contender]:
    """Start everybody who is installed somewhere, in the first environment that has him."""
    found: dict[str, Contender] = {}
    for python in pythons:
        for name in who(python):
            wanted = name == BASE or peers is None or any(p.strip() in name for p in peers.split(","))
            if name not in found and wanted:
                try:
                    found[name] = Contender(name, python)
                except Refused as reason:
                    print(f"{name} is left out: {reason}", file=sys.stderr)
    return [found[name] for name in CONTENDERS if name in found]


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", default=[], help="another environment's Python; repeatable")
    parser.add_argument("--only", default="", help="workloads whose names have this in them")
    parser.add_argument("--peers", help="only libraries whose names have one of these in them, with commas between")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each (default 15)")
    parser.add_argument("--seconds", type=float, default=0.05, help="how long a turn is at least (default 0.05)")
    parser.add_argument("--json", type=Path, help="write everything that was measured")
    parser.add_argument("--plot", type=Path, help="draw it (needs matplotlib)")
    parser.add_argument("--page", type=Path, help="put the table into a page, between its two marks")
    options = parser.parse_args()
    names = [name for name in WORKLOADS if options.only in name]
    if not names:
        parser.error(f"no workload has {options.only!r} in its name; there are {', '.join(WORKLOADS)}")
    contenders = chosen([sys.executable, *options.python], options.peers)
    measured = {}
    for name in names:
        print(f"{name} ...", end=" ", flush=True, file=sys.stderr)
        measured[name] = measure(name, contenders, options.rounds, options.seconds)
        print(report.in_short(measured[name]), file=sys.stderr)
    whole = report.whole(measured, {c.name: c.version for c in contenders}, options.rounds)
    for contender in contenders:
        contender.close()
    print(report.table(whole))
    if options.json:
        options.json.write_text(report.as_json(whole))
    if options.page:
        report.put(options.page, report.table(whole))
    if options.plot:
        report.draw(options.plot, whole)


if __name__ == "__main__":
    main()
