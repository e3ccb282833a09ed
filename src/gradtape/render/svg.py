"""The routes alone, as a picture for a README or a bug report: text as text, light and dark, nothing to load."""

from __future__ import annotations

from functools import cache
from string import Template
from typing import TYPE_CHECKING

from gradtape.explain.report import Status
from gradtape.render import compact, concise, lanes, layout, paths, picture, sketch
from gradtape.render.assets import colours
from gradtape.render.markup import Markup, join, tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradtape.diagnostics import Span
    from gradtape.explain.report import GradientReport
    from gradtape.render.picture import Picture
    from gradtape.render.sketch import Node, Stroke

WIDTH = 860
ROW = 24
LANE = 16
LEFT = 26
CHARACTER = 7.25
"""The width of a character of code, about: there is no font to ask."""
LONGEST_NAME = 36
HUES = 8
CLASS = "gradtape-picture"
LEGEND = "solid: connected to its source; dotted: cut off"

SHAPES = """\
text { font: 12px ui-monospace, "Cascadia Code", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
text { fill: $muted; }
.title, .name { font-weight: 600; fill: $ink; }
.bad { fill: $bad; }
.label { font-family: system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: $bad; }
.where { text-anchor: end; }
.panel { fill: $paper; stroke: $line; }
.edge { fill: none; stroke-width: 2.2; stroke: currentColor; }
.dead { stroke-dasharray: 2.5 3.5; }
.node { fill: currentColor; stroke: currentColor; stroke-width: 1.6; }
.empty { fill: $paper; }
.cross { fill: $bad; }
.arms { fill: none; stroke: $paper; stroke-width: 1.8; }
.pill { fill: none; stroke: currentColor; }
.pilled { font-weight: 600; fill: currentColor; }
.whole { color: $ink; }
.grey { color: $faint; }"""
"""Plain rules, one a line; a colour stands there by its name in `colours.css`."""


def routes(reports: Sequence[GradientReport]) -> str:
    """Return a picture of the routes of the gradients that do not flow; of all where all do.

    Parameters
    ----------
    reports : sequence of GradientReport
        With the graphs that they were worked out from.
    """
    numbers = {id(report): k for k, report in enumerate(reports)}
    broken = [r for r in reports if r.status is not Status.OK]
    title = layout.tally(reports)
    parts = [
        tag("text", title, x=LEFT - 8, y=30, class_="title"),
        tag("text", LEGEND, x=WIDTH - 18, y=30, class_="where"),
    ]
    y = 44
    for drawn, told in picture.of(broken or reports):
        parts.append(tag("text", compact.title_of(told[0]), x=LEFT - 8, y=y + 6))
        targets = {row: r.target for r in told if r.context for row in drawn.shown(r.context.question.target_ids)}
        block, height = _block(drawn, sketch.routes(drawn, told, numbers), targets, y + 20)
        parts += block
        y += height + 34
    for report in [r for r in broken if r.context is None]:
        parts.append(tag("text", _cut(concise.gradient(report), 110), x=LEFT - 8, y=y + 6, class_="bad"))
        y += ROW
    description = "\n".join(concise.gradient(r) for r in broken) or title
    return _document(parts, y + 6, description, title) + "\n"


def tape(drawn: Picture, title: str, most: int) -> Markup:
    """Return a picture of the beginning of a tape.

    Parameters
    ----------
    drawn : Picture
    title : str
    most : int
        How many lines it may have.
    """
    nodes = sketch.beginning(drawn, most)
    block, height = _block(drawn, nodes, {}, 14)
    left = len(sketch.beginning(drawn, len(drawn.rows))) - len(nodes)
    if left:
        block.append(tag("text", f"{left:,} more lines", x=LEFT - 8, y=height + 30))
        height += ROW
    return _document(block, height + 28, title, title)


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
        class_=CLASS,
    )


@cache
def _style() -> str:
    """Return the style sheet, with the page's colours written out: not every program that shows pictures has variables.

    Every rule is for this picture alone, which may stand in a page among others.
    """
    rules = []
    for rule in [f".g{k} {{ color: $g{k}; }}" for k in range(HUES)] + SHAPES.split("\n"):
        names, body = rule.split(" {", 1)
        rules.append(", ".join(f".{CLASS} {name}" for name in names.split(", ")) + " {" + body)
    sheet = Template("\n".join(rules))
    light, dark = (sheet.substitute({name: pair[k] for name, pair in colours().items()}) for k in (0, 1))
    return f"\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"


# -- drawing -----------------------------------------------------------------------------------------------------------


def _block(drawn: Picture, nodes: list[Node], targets: dict[int, str], top: int) -> tuple[list[Markup], int]:
    """Draw the lines of a picture from a height on; return them and how high they are together."""
    place = {node.row: k for k, node in enumerate(nodes)}
    lane = lanes.assign([[place[source] for source in node.inputs] for node in nodes])
    y = []
    below = top
    for node in nodes:
        y.append(below + ROW // 2)
        below += ROW + (18 * len(node.told) if node.speaks else 0)
    parts: list[Markup] = []
    x = [LEFT + LANE * k for k in lane.lane]
    for k, node in enumerate(nodes):
        for source, stroke in node.inputs.items():
            j = place[source]
            parts.append(_edge((x[j], y[j]), (x[k], y[k]), stroke))
    indent = LEFT + LANE * lane.width + 4
    for k, node in enumerate(nodes):
        parts.append(_dot(x[k], y[k], node, value=bool(node.source) or drawn.rows[node.row].operation is None))
        parts += _words(drawn, node, indent, y[k], targets.get(node.row))
    return parts, below - top


def _edge(start: tuple[int, int], end: tuple[int, int], stroke: Stroke) -> Markup:
    (x, y), (to_x, to_y) = start, end
    turn = to_y - 20
    bend = "" if x == to_x else f"V{max(turn, y)}C{x} {to_y - 4} {to_x} {to_y - 16} "
    path = f"M{x} {y}V{to_y}" if not bend else f"M{x} {y}{bend}{to_x} {to_y}"
    return tag("path", d=path, class_=f"edge {_hue(stroke.colour)}{'' if stroke.flows else ' dead'}")


def _hue(colour: int) -> str:
    return f"g{colour % HUES}" if colour >= 0 else "grey"


def _dot(x: int, y: int, node: Node, *, value: bool) -> Markup:
    if node.told:
        cross = tag("path", d=f"M{x - 2.5} {y - 2.5}l5 5m0 -5l-5 5", class_="arms")
        return join((tag("circle", cx=x, cy=y, r=6, class_="cross"), cross))
    hue = _hue(node.colour)
    if node.hidden:
        return join(tag("circle", cx=x, cy=y + k, r=1.4, class_=f"node {hue}") for k in (-5, 0, 5))
    if value:
        return tag("rect", x=x - 5, y=y - 5, width=10, height=10, rx=2.5, class_=f"node {hue}")
    return tag("circle", cx=x, cy=y, r=4.2, class_=f"node {hue}{'' if node.flows else ' empty'}")


def _words(drawn: Picture, node: Node, x: float, y: int, target: str | None) -> Iterator[Markup]:
    """Yield what stands beside a line: the source's name, the operation, its place, and what is said about it below."""
    row = drawn.rows[node.row]
    base = y + 4
    if node.hidden:
        yield tag("text", node.hidden, x=x, y=base)
        return
    name = node.source or ("" if row.operation is not None else row.name)
    after = x
    if name:
        yield _pill(name, x, y, _hue(node.colour))
        after += min(len(name), LONGEST_NAME) * CHARACTER + 24
    if row.operation is not None:
        yield from _operation(row.name, row.operation.site.span, after, y, target)
    for k, finding in enumerate(node.told if node.speaks else ()):
        primary = finding.diagnostic.primary
        reason = primary.label if primary is not None and primary.label else finding.diagnostic.headline
        room = int((WIDTH - x - 20) / 6.3) - len(str(finding.code))
        code = tag("tspan", f"{finding.code}{'' if finding.proven else ', possible'}: ", class_="bad")
        yield tag("text", code, _cut(reason.replace("`", ""), room), x=x, y=base + 18 * (k + 1), class_="label")


def _operation(name: str, span: Span, x: float, y: int, target: str | None) -> Iterator[Markup]:
    place = f"{paths.shown(span.file)}:{span.line}"
    end = f" {_cut(target, LONGEST_NAME)}" if target else ""
    room = int((WIDTH - x - 30) / CHARACTER) - len(name) - len(place) - len(end) - 4
    shown = _cut(" ".join(span.text.split()), room)
    bold = tag("tspan", name, class_="name")
    yield tag("text", bold, tag("tspan", shown, dx=8), x=round(x, 1), y=y + 4)
    if target:
        yield _pill(target, x + (len(name) + len(shown) + 3) * CHARACTER, y, "whole")
    yield tag("text", place, x=WIDTH - 18, y=y + 4, class_="where")


def _cut(told: str, room: int) -> str:
    return told if len(told) <= room else f"{told[: max(room - 3, 0)]}..."


def _pill(name: str, x: float, y: int, hue: str) -> Markup:
    name = _cut(name, LONGEST_NAME)
    width = round(len(name) * CHARACTER + 16, 1)
    box = tag("rect", x=round(x - 1, 1), y=y - 9, width=width, height=18, rx=9, class_="pill")
    return tag("g", box, tag("text", name, x=round(x + 7, 1), y=y + 4, class_="pilled"), class_=hue)
