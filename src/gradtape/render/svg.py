"""The routes alone, as a picture for a README or a bug report: text as text, light and dark, nothing to load."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gradtape.explain.report import Status
from gradtape.render import compact, concise, lanes, layout, paths, picture
from gradtape.render.markup import Markup, join, tag
from gradtape.render.page import asset

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradtape.explain.report import Finding, GradientReport
    from gradtape.render.picture import Picture

WIDTH = 860
ROW = 24
LANE = 16
LEFT = 26
CHARACTER = 7.25
"""The width of a character of code, about: there is no font to ask."""
SPARE = 2
"""Of operations that only pass a value on, so many stay at each end of a long chain."""
COLOURS = ("paper", "ink", "muted", "faint", "line", "bad", *(f"g{k}" for k in range(8)))

LEGEND = "solid: connected to its source; dotted: cut off"

SHAPES = """
text {
  font: 12px ui-monospace, "Cascadia Code", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  fill: var(--muted);
}
.title, .name { font-weight: 600; fill: var(--ink); }
.bad { fill: var(--bad); }
.label { font-family: system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--bad); }
.where { text-anchor: end; }
.panel { fill: var(--paper); stroke: var(--line); }
.edge { fill: none; stroke-width: 2.2; stroke: currentColor; }
.dead { stroke-dasharray: 2.5 3.5; }
.node { fill: currentColor; stroke: currentColor; stroke-width: 1.6; }
.empty { fill: var(--paper); }
.cross { fill: var(--bad); }
.arms { fill: none; stroke: var(--paper); stroke-width: 1.8; }
.pill { fill: none; stroke: currentColor; }
.pilled { font-weight: 600; fill: currentColor; }
.whole { color: var(--ink); }
"""


@dataclass
class Node:
    """A line of the picture; several rows of the tape where a chain is cut short.

    Parameters
    ----------
    row : int
        The row of the tape, -1 for operations that are only counted.
    inputs : dict
        The nodes that routes come from, each with the colour of the route and whether a gradient flows there.
    told : tuple of Finding
        What is said about it.
    """

    row: int
    inputs: dict[int, Stroke] = field(default_factory=dict)
    told: tuple[Finding, ...] = ()
    hidden: int = 0
    colour: int = -1
    flows: bool = False


class Stroke(NamedTuple):
    """How the line of a route looks."""

    colour: int
    flows: bool


def routes(reports: Sequence[GradientReport]) -> str:
    """Return a picture of the routes of the gradients that do not flow; of all where all do.

    Parameters
    ----------
    reports : sequence of GradientReport
        With the graphs that they were worked out from.
    """
    numbers = {id(report): k for k, report in enumerate(reports)}
    broken = [r for r in reports if r.status is not Status.OK]
    drawings = picture.of(broken or reports)
    parts: list[Markup] = []
    y = 0
    title = layout.tally(reports)
    parts.append(tag("text", title, x=LEFT - 8, y=30, class_="title"))
    y = 44
    for drawn, told in drawings:
        parts.append(tag("text", compact.title_of(told[0]), x=LEFT - 8, y=y + 6))
        block, height = _block(drawn, told, numbers, y + 20)
        parts += block
        y += height + 34
    for report in [r for r in broken if r.context is None]:
        parts.append(tag("text", concise.gradient(report)[:110], x=LEFT - 8, y=y + 6, class_="bad"))
        y += ROW
    parts.append(tag("text", LEGEND, x=WIDTH - 18, y=30, class_="where"))
    description = "\n".join(concise.gradient(r) for r in broken) or title
    return _document(parts, y + 6, description, title) + "\n"


def _document(parts: Sequence[Markup], height: int, description: str, title: str) -> Markup:
    panel = tag("rect", x=0.5, y=0.5, width=WIDTH - 1, height=height - 1, rx=8, class_="panel")
    return tag(
        "svg",
        tag("title", title),
        tag("desc", description),
        tag("style", Markup(_style())),
        panel,
        join(parts, Markup("\n")),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height}",
        width=WIDTH,
        height=height,
        role="img",
    )


def _style() -> str:
    """Return the style sheet, with the page's own colours."""
    found = dict.fromkeys(COLOURS, ("", ""))
    for name, light, dark in re.findall(r"--(\w+): light-dark\((#\w+), (#\w+)\)", asset("words.css")):
        if name in found:
            found[name] = (light, dark)
    light, dark = ("; ".join(f"--{name}: {pair[k]}" for name, pair in found.items()) for k in (0, 1))
    hues = " ".join(f".g{k} {{ color: var(--g{k}); }}" for k in range(8))
    return f"svg {{ {light} }} @media (prefers-color-scheme: dark) {{ svg {{ {dark} }} }} {hues}{SHAPES}"


# -- what to draw ------------------------------------------------------------------------------------------------------


def _nodes(drawn: Picture, told: Sequence[GradientReport], numbers: dict[int, int]) -> list[Node]:
    """Return the rows that lie on a route, in order, with the lines between them."""
    nodes: dict[int, Node] = {}
    for report in told:
        context = report.context
        assert context is not None  # noqa: S101 - a picture is made of reports that have one
        colour = numbers[id(report)] % 8
        about = {finding: drawn.place_of(report, finding) for finding in report.findings}
        sources = drawn.shown(context.source.ids)
        stopped = not set(sources).isdisjoint(about.values())
        for route in context.routes or ((),):
            steps = drawn.route(route)
            before = next((s for s in _inputs(drawn, steps[:1]) if s in sources), sources[0] if sources else -1)
            arrives = not stopped
            if before >= 0:
                start = nodes.setdefault(before, Node(before))
                start.colour = colour
            for row, position in steps:
                flows = arrives and not drawn.rows[row].breaks[position]
                node = nodes.setdefault(row, Node(row))
                known = node.inputs.get(before)
                if before >= 0 and (known is None or (arrives and not known.flows)):
                    node.inputs[before] = Stroke(colour, arrives)
                if node.colour < 0 or (flows and not node.flows):
                    node.colour, node.flows = colour, flows
                before, arrives = row, flows
        for finding, row in about.items():
            if row in nodes and all(f.code != finding.code for f in nodes[row].told):
                nodes[row].told += (finding,)
    return [nodes[row] for row in sorted(nodes)]


def _inputs(drawn: Picture, steps: Sequence[tuple[int, int]]) -> list[int]:
    return [drawn.rows[row].inputs[position] for row, position in steps]


def _shortened(nodes: list[Node], ends: frozenset[int]) -> list[Node]:
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
            by_row[inner[0]].hidden = len(inner)
    kept = [node for node in nodes if hidden.get(node.row, node.row) == node.row]
    for node in kept:
        node.inputs = {hidden.get(source, source): stroke for source, stroke in node.inputs.items()}
    return kept


# -- drawing -----------------------------------------------------------------------------------------------------------


def _block(
    drawn: Picture, told: Sequence[GradientReport], numbers: dict[int, int], top: int
) -> tuple[list[Markup], int]:
    targets = {row: r.target for r in told if r.context for row in drawn.shown(r.context.question.target_ids)}
    nodes = _shortened(_nodes(drawn, told, numbers), frozenset(targets))
    place = {node.row: k for k, node in enumerate(nodes)}
    lane = lanes.assign([[place[source] for source in node.inputs] for node in nodes])
    y = []
    below = top
    for node in nodes:
        y.append(below + ROW // 2)
        below += ROW + 18 * len(node.told)
    parts: list[Markup] = []
    x = [LEFT + LANE * k for k in lane.lane]
    for k, node in enumerate(nodes):
        for source, stroke in node.inputs.items():
            j = place[source]
            parts.append(_edge((x[j], y[j]), (x[k], y[k]), stroke))
    indent = LEFT + LANE * lane.width + 4
    for k, node in enumerate(nodes):
        parts.append(_dot(x[k], y[k], node, value=drawn.rows[node.row].operation is None))
        parts += _words(drawn, node, indent, y[k], targets.get(node.row))
    return parts, below - top


def _edge(start: tuple[int, int], end: tuple[int, int], stroke: Stroke) -> Markup:
    (x, y), (to_x, to_y) = start, end
    turn = to_y - 20
    bend = "" if x == to_x else f"V{max(turn, y)}C{x} {to_y - 4} {to_x} {to_y - 16} "
    path = f"M{x} {y}V{to_y}" if not bend else f"M{x} {y}{bend}{to_x} {to_y}"
    return tag("path", d=path, class_=f"edge g{stroke.colour}{'' if stroke.flows else ' dead'}")


def _dot(x: int, y: int, node: Node, *, value: bool) -> Markup:
    if node.told:
        cross = tag("path", d=f"M{x - 2.5} {y - 2.5}l5 5m0 -5l-5 5", class_="arms")
        return join((tag("circle", cx=x, cy=y, r=6, class_="cross"), cross))
    hue = f"g{node.colour}"
    if node.hidden:
        return join(tag("circle", cx=x, cy=y + k, r=1.4, class_=f"node {hue}") for k in (-5, 0, 5))
    if value:
        return tag("rect", x=x - 5, y=y - 5, width=10, height=10, rx=2.5, class_=f"node {hue}")
    return tag("circle", cx=x, cy=y, r=4.2, class_=f"node {hue}{'' if node.flows else ' empty'}")


def _words(drawn: Picture, node: Node, x: float, y: int, target: str | None) -> Iterator[Markup]:
    row = drawn.rows[node.row]
    base = y + 4
    if node.hidden:
        yield tag("text", f"{node.hidden} more operations", x=x, y=base)
        return
    if row.operation is None:
        yield _pill(row.name, x, y, f"g{node.colour}")
    else:
        span = row.operation.site.span
        place = f"{paths.shown(span.file)}:{span.line}"
        name = tag("tspan", row.name, class_="name")
        end = f" {target}" if target else ""
        room = int((WIDTH - x - 30) / CHARACTER) - len(row.name) - len(place) - len(end) - 4
        expression = " ".join(span.text.split())
        shown = expression if len(expression) <= room else f"{expression[: max(room - 3, 0)]}..."
        yield tag("text", name, f"  {shown}", x=x, y=base, xml_space="preserve")
        if target:
            yield _pill(target, x + (len(row.name) + len(shown) + 3) * CHARACTER, y, "whole")
        yield tag("text", place, x=WIDTH - 18, y=base, class_="where")
    for k, finding in enumerate(node.told):
        primary = finding.diagnostic.primary
        reason = primary.label if primary is not None and primary.label else finding.diagnostic.headline
        room = int((WIDTH - x - 20) / 6.3) - len(str(finding.code))
        told = reason if len(reason) <= room else f"{reason[: room - 3]}..."
        code = tag("tspan", f"{finding.code}{'' if finding.proven else ', possible'}: ", class_="bad")
        yield tag("text", code, told.replace("`", ""), x=x, y=base + 18 * (k + 1), class_="label")


def _pill(name: str, x: float, y: int, hue: str) -> Markup:
    width = round(len(name) * CHARACTER + 16, 1)
    box = tag("rect", x=round(x - 1, 1), y=y - 9, width=width, height=18, rx=9, class_="pill")
    return tag("g", box, tag("text", name, x=round(x + 7, 1), y=y + 4, class_="pilled"), class_=hue)
