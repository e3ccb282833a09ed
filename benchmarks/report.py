"""What was measured, as a table, as a page and as a picture."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING, Any

from peers import BASE, CONTENDERS

if TYPE_CHECKING:
    from pathlib import Path

MARK = "<!-- measured -->"


def whole(measured: dict[str, Any], versions: dict[str, str], rounds: int) -> dict[str, Any]:
    """Put together what a file should know."""
    machine = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
    return {"schema": 1, "machine": machine, "rounds": rounds, "versions": versions, "workloads": measured}


def in_short(one: dict[str, Any]) -> str:
    """Return the ratios of one workload in a line, and what was in the way of the others."""
    ratios = [f"{name} {r['ratio']:.2f}" for name, r in one["results"].items() if name != BASE]
    return "; ".join([", ".join(ratios), *(f"{name} {reason}" for name, reason in one["refused"].items())])


def spread(result: dict[str, Any]) -> str:
    """Return a ratio and its quartiles."""
    low, high = result["quartiles"]
    figures = 2 if result["ratio"] < 10 else 1 if result["ratio"] < 100 else 0
    return f"{result['ratio']:.{figures}f} ({low:.{figures}f} to {high:.{figures}f})"


def table(whole: dict[str, Any]) -> str:
    """Return the table in Markdown: a row per workload, a column per library; bold where the aim is met."""
    names = [n for n in CONTENDERS if n in whole["versions"] and n != BASE]
    machine = whole["machine"]
    rows = [
        f"Processor time as a multiple of NumPy by hand: medians of {whole['rounds']} rounds, quartiles in brackets; "
        f"one thread each; Python {machine['python']}, {machine['system']} {machine['machine']}; "
        + ", ".join(f"{n} {whole['versions'][n]}" for n in [BASE, *names])
        + ".",
        "",
        f"| workload | by hand | aim | {' | '.join(names)} |",
        f"|---|---:|---:|{'---:|' * len(names)}",
    ]
    for workload, one in whole["workloads"].items():
        results = one["results"]
        cells = []
        for name in names:
            if name not in results:
                cells.append("-")
                continue
            met = name.startswith("gradtape") and results[name]["ratio"] <= one["aim"]
            cells.append(f"**{spread(results[name])}**" if met else spread(results[name]))
        base = results[BASE]["median"]
        rows.append(f"| {workload} | {base * 1e3:.3g} ms | {one['aim']} | {' | '.join(cells)} |")
    return "\n".join([*rows, "", *reasons(whole)])


def reasons(whole: dict[str, Any]) -> list[str]:
    """Say why a library is missing from a row."""
    found: dict[str, list[str]] = {}
    for workload, one in whole["workloads"].items():
        for name, reason in one["refused"].items():
            found.setdefault(f"{name} {reason}", []).append(workload)
    return [f"- {reason}: {', '.join(names)}" for reason, names in found.items()]


def as_json(whole: dict[str, Any]) -> str:
    """Return everything that was measured, a line per workload."""
    lines = [f"  {json.dumps(name)}: {json.dumps(one)}" for name, one in whole["workloads"].items()]
    head = {key: value for key, value in whole.items() if key != "workloads"}
    start = json.dumps(head)[:-1]
    return f'{start}, "workloads": {{\n' + ",\n".join(lines) + "\n}}\n"


def put(page: Path, text: str, mark: str = MARK) -> None:
    """Replace what stands between the two marks of a page."""
    before, first, rest = page.read_text().partition(mark)
    _, second, after = rest.partition(mark)
    if not (first and second):
        raise SystemExit(f"{page} does not have {mark} twice")
    page.write_text(f"{before}{mark}\n{text}\n{mark}{after}")


def draw(file: Path, whole: dict[str, Any]) -> None:
    """Draw a row per workload and a mark per library, on a logarithmic axis."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    workloads = list(whole["workloads"])
    figure, axes = plt.subplots(figsize=(9, 0.42 * len(workloads) + 1.4), layout="constrained")
    for k, name in enumerate(n for n in CONTENDERS if n in whole["versions"] and n != BASE):
        found = [(whole["workloads"][w]["results"].get(name), i) for i, w in enumerate(workloads)]
        points = [(r["ratio"], i) for r, i in found if r is not None]
        if points:
            ours = name.startswith("gradtape")
            style = {"s": 60, "zorder": 3} if ours else {"s": 26, "alpha": 0.75}
            axes.scatter(*zip(*points, strict=True), label=name, marker="DsovP^Xd<"[k], **style)
    for i, workload in enumerate(workloads):
        axes.plot([whole["workloads"][workload]["aim"]] * 2, [i - 0.4, i + 0.4], color="black", lw=2, zorder=2)
    axes.axvline(1.0, color="grey", lw=0.8)
    axes.set_xscale("log")
    axes.set_yticks(range(len(workloads)), workloads)
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.set_xlabel("processor time, as a multiple of NumPy with the derivative by hand (bars: the aim)")
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.08), ncols=4, frameon=False)
    plt.rcParams["svg.fonttype"] = "none"  # text stays text, and the file small
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
    plt.close(figure)
