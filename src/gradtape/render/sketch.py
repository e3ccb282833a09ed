"""What a picture shows of a tape: the rows on a route, or its first rows, with the lines between them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from gradtape.render import layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradtape.explain.report import Finding, GradientReport
    from gradtape.explain.search import Route
    from gradtape.render.picture import Picture

SPARE = 2
"""Of operations that only pass a value on, so many stay at each end of a long chain."""


class Stroke(NamedTuple):
    """How a line looks: the number of its colour, -1 for none, and whether it is connected to its source."""

    colour: int
    flows: bool


PLAIN = Stroke(0, flows=True)


@dataclass
class Node:
    """A line of the picture.

    Parameters
    ----------
    row : int
        The row of the tape, of several the first.
    inputs : dict
        The rows that lines come from.
    source : str
        The name of the source that it is, empty if it is none.
    told : tuple of Finding
        What is said about it.
    speaks : bool
        Whether that is written beside it: not where another line said the same.
    hidden : str
        Says how many operations stand for this line, empty where it is one.
    colour : int
    flows : bool
        Whether a gradient flows through it.
    """

    row: int
    inputs: dict[int, Stroke] = field(default_factory=dict)
    source: str = ""
    told: tuple[Finding, ...] = ()
    speaks: bool = True
    hidden: str = ""
    colour: int = -1
    flows: bool = False


def routes(drawn: Picture, told: Sequence[GradientReport], numbers: dict[int, int]) -> list[Node]:
    """Return the rows that lie on a route, in order, long chains cut short.

    Parameters
    ----------
    drawn : Picture
    told : sequence of GradientReport
    numbers : dict
        The number of each report, by its id; it chooses the colour.
    """
    nodes: dict[int, Node] = {}
    ends: set[int] = set()
    for report in told:
        context = report.context
        assert context is not None  # noqa: S101 - a picture is made of reports that have one
        about = {finding: drawn.place_of(report, finding) for finding in report.findings}
        sources = drawn.source(context.source)
        targets = drawn.shown(context.question.target_ids)
        ends.update(targets)
        stopped = not set(sources).isdisjoint(about.values())
        for steps in _ways(drawn, context.routes, sources, targets, set(about.values())):
            first = [drawn.rows[row].inputs[position] for row, position in steps[:1]]
            begin = next((s for s in first if s in sources), sources[0] if sources else -1)
            _follow(drawn, nodes, begin, steps, Stroke(numbers[id(report)], not stopped))
        for finding, row in about.items():
            if row in nodes and all(f.code != finding.code for f in nodes[row].told):
                nodes[row].told += (finding,)
        for row in sources:
            if row in nodes:
                nodes[row].source = report.source
    said: set[object] = set()
    for node in nodes.values():
        words = {layout.told_of(finding) for finding in node.told}
        node.speaks = not words <= said
        said |= words
    return _shortened([nodes[row] for row in sorted(nodes)], ends)


def _ways(
    drawn: Picture, found: Sequence[Route], sources: Sequence[int], targets: Sequence[int], about: set[int]
) -> list[tuple[tuple[int, int], ...]]:
    """Return the routes, and one through each row that a finding is about and no route passes."""
    ways = [drawn.route(route) for route in found]
    passed = {row for steps in ways for row, _ in steps} | set(sources)
    missed = [(drawn.way(sources, {row}), drawn.way([row], targets)) for row in sorted(about - passed) if row >= 0]
    through = [(*before, *after) for before, after in missed if before and after]
    whole = not any(drawn.rows[row].breaks[position] for steps in ways for row, position in steps)
    return (through if whole and through else ways + through) or [()]


def _follow(
    drawn: Picture, nodes: dict[int, Node], begin: int, steps: Sequence[tuple[int, int]], stroke: Stroke
) -> None:
    """Add a route; where several share a line, it looks like the first that is connected."""
    before, arrives = begin, stroke.flows
    if before >= 0:
        nodes.setdefault(before, Node(before)).colour = stroke.colour
    for row, position in steps:
        flows = arrives and not drawn.rows[row].breaks[position]
        node = nodes.setdefault(row, Node(row))
        known = node.inputs.get(before)
        if before >= 0 and (known is None or (arrives and not known.flows)):
            node.inputs[before] = Stroke(stroke.colour, arrives)
        if node.colour < 0 or (flows and not node.flows):
            node.colour, node.flows = stroke.colour, flows
        before, arrives = row, flows


def _shortened(nodes: list[Node], ends: set[int]) -> list[Node]:
    """Cut long chains of operations that only pass a value on: what matters is where routes meet and break."""
    uses: dict[int, list[int]] = {}
    for node in nodes:
        for source in node.inputs:
            uses.setdefault(source, []).append(node.row)
    by_row = {node.row: node for node in nodes}

    def passes(row: int) -> bool:
        node = by_row[row]
        return len(node.inputs) == 1 and len(uses.get(row, ())) == 1 and not node.told and row not in ends

    hidden: dict[int, int] = {}
    done: set[int] = set()
    for node in nodes:
        chain = []
        row = node.row
        while row not in done and passes(row):
            done.add(row)
            chain.append(row)
            row = uses[row][0]
        inner = chain[SPARE:-SPARE]
        if len(inner) > 1:
            hidden |= dict.fromkeys(inner, inner[0])
            by_row[inner[0]].hidden = f"{len(inner)} more operations"
    return _kept(nodes, hidden)


def beginning(drawn: Picture, most: int) -> list[Node]:
    """Return the first rows of a tape, the rounds of its loops folded."""
    hidden: dict[int, int] = {}
    nodes = [
        Node(row, {s: PLAIN for s in shown.inputs if s >= 0}, colour=PLAIN.colour, flows=True)
        for row, shown in enumerate(drawn.rows)
    ]
    for first, end, rounds in drawn.folds:
        if first not in hidden:
            hidden |= dict.fromkeys(range(first, end), first)
            nodes[first].hidden = f"{rounds:,} more rounds, {end - first:,} operations"
    return _kept(nodes, hidden)[:most]


def _kept(nodes: list[Node], hidden: dict[int, int]) -> list[Node]:
    """Leave out the rows that another stands for, which takes over their inputs."""
    kept: dict[int, Node] = {}
    for node in nodes:
        place = hidden.get(node.row, node.row)
        shown = kept.setdefault(place, replace(node, row=place, inputs={}))
        for source, stroke in node.inputs.items():
            begin = hidden.get(source, source)
            if begin != place:
                shown.inputs.setdefault(begin, stroke)
    return list(kept.values())
