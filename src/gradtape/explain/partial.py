"""A gradient of which a part is lost: one route flows, and on another the value left and came back as a constant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradtape.explain import scores, wording
from gradtape.explain.causes import BY_KIND
from gradtape.explain.graph import BreakKind
from gradtape.explain.search import BreakGroup, Link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.explain.cause import Context
    from gradtape.explain.graph import Run
    from gradtape.explain.report import Finding
    from gradtape.explain.search import Route

LOST = frozenset(
    {
        BreakKind.LEFT_AS_ARRAY,
        BreakKind.LEFT_AS_NUMBER,
        BreakKind.REBUILT,
        BreakKind.ARRAY_WRITE,
        BreakKind.OPAQUE,
        BreakKind.STATE,
    }
)
"""What ends a route without anybody's having said so. A stop_gradient is on purpose, a comparison or a rounding on the
second route is how masks and straight-through estimators are written, what ran outside the tape was kept out of it, and
parameters are loaded to start anew.
"""


def findings(context: Context) -> tuple[Finding, ...]:
    """Tell every place at which a part of a gradient is lost that arrived on another route; only what is certain.

    What weighs log-probabilities is meant to be a constant, and is remarked on alone.
    """
    told: list[Finding] = []
    for link in ends_of_routes(context, LOST):
        if scores.weighs(context, link.operation.output):
            continue
        group = BreakGroup(link.breaks[0].kind, (link,), link.breaks[0])
        cause = BY_KIND.get(group.kind)
        route = wording.route_through(context, link.operation, link.position)
        found = cause.detect(context, route, group) if cause is not None else None
        if found is not None and all(found.diagnostic.primary != f.diagnostic.primary for f in told):
            told.append(_reworded(context, found, link, route))
    return tuple(told)


def _reworded(context: Context, found: Finding, link: Link, route: Route) -> Finding:
    target, source = context.question.target_name, context.source.name
    kept = wording.way_note(context, route, link.operation)
    message = replace(
        found.diagnostic,
        headline=f"a part of the gradient from `{target}` to `{source}` is lost",
        notes=(*kept, "what comes back on the other routes does arrive"),
        helps=(*found.diagnostic.helps, f"if that is meant, say so: `{context.words.stop.format(x='x')}`"),
    )
    return replace(found, diagnostic=message)


def ends_of_routes(context: Context, kinds: Iterable[BreakKind]) -> list[Link]:
    """Return the links that end a route from the source to the target for one of these reasons alone, and certainly.

    What leads to them flows, and what they lead to flows or is lost once more for a reason of these. No route ends
    where a source gets its next value from itself, as the parameters of a module do that is moved to a device.
    """
    wanted, targets = frozenset(kinds), context.question.target_ids
    crossing, leads = context.run.once((wanted, targets), lambda: _leading(context.run, wanted, targets))
    return [
        link
        for link in crossing
        if link.operation.inputs[link.position] in context.moving
        and link.operation.output in leads
        and not _comes_home(context, link.operation.output)
    ]


MOST_ON_THE_WAY = 20
"""Through how many values a source may get its next value from itself."""


def _comes_home(context: Context, value: int) -> bool:
    """Whether a value goes on to the source alone, whose next value it becomes."""
    if len(context.source.ids) < 2:
        return False
    uses, outputs, home = context.run.columns.uses, context.run.columns.outputs, context.source.ids
    waiting, seen = [value], {value}
    while waiting:
        here = waiting.pop()
        if here in home:
            continue
        new = {outputs[number] for number, _ in uses.get(here, ())} - seen
        seen |= new
        waiting += new
        if here in context.question.target_ids or len(seen) > MOST_ON_THE_WAY:
            return False
    return not seen.isdisjoint(home)


def _leading(run: Run, wanted: frozenset[BreakKind], targets: frozenset[int]) -> tuple[list[Link], set[int]]:
    """Return the links that are broken for these reasons alone, and the values that flow to a target behind them.

    What leaves and comes back within one call of a library may have been looked at only, for a shape or a sign: nobody
    can see that it went on, and on another route the gradient did arrive.
    """
    columns = run.columns
    ends = {
        (number, position)
        for number, broken in columns.broken.items()
        for position, breaks in enumerate(broken)
        if breaks and all(b.kind in wanted and b.proven for b in breaks)
    }
    if not ends:
        return [], set()
    crossing = [Link(columns[number], position) for number, position in sorted(ends)]
    left_at = {link.operation.output: link.operation.site.span for link in crossing}
    leads = set(targets)
    for number in range(len(columns) - 1, -1, -1):
        if columns.outputs[number] not in leads:
            continue
        values, breaks = columns.inputs[number], columns.broken.get(number)
        if breaks is not None or not left_at.keys().isdisjoint(values):
            values = tuple(
                value
                for k, value in enumerate(values)
                if (breaks is None or not breaks[k] or (number, k) in ends)
                and left_at.get(value) != columns[number].site.span
            )
        leads.update(values)
    leads.discard(0)
    return crossing, leads
