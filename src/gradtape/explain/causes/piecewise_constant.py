"""GT302: an operation that is constant between its steps, so its derivative is zero wherever it exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.explain import flat, wording
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.edits.case import Case
from gradtape.explain.edits.smooth import steps
from gradtape.explain.graph import BreakKind

if TYPE_CHECKING:
    from gradtape.explain.report import Finding
    from gradtape.explain.search import BreakGroup, Route


SMOOTH = {
    "floor": "soft_floor",
    "ceil": "soft_ceil",
    "round": "soft_round",
    "rint": "soft_round",
    "sign": "soft_sign",
    "heaviside": "soft_step",
}
"""The smooth replacements of operations, by the operation's name."""


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation = group.links[0].operation
    span = operation.site.span
    if group.first.reason == flat.KINKS:  # a gradient of a gradient
        whole = operation.name if operation.name in flat.STRAIGHT else wording.called(operation) or operation.name
        message = f"{whole} {group.first.reason}"
        return context.broken("piecewise-constant", route, group, message, helps=(flat.SMOOTH_TWICE,))
    mended = steps.straight_through(Case(context, span, route))
    soft = SMOOTH.get(operation.function or operation.name) if context.words.soft else None
    return context.broken(
        "piecewise-constant",
        route,
        group,
        f"{operation.name} {group.first.reason}",
        helps=(
            f"use a smooth or straight-through {operation.name}"
            + (f": `{mended}` keeps the value and lets the gradient pass" if mended else ""),
            *((f"{context.words.soft.format(f=soft)} is smooth",) if soft else ()),
        ),
    )


CAUSE = Cause("piecewise-constant", Stage.BREAK, detect, frozenset({BreakKind.PIECEWISE_CONSTANT}))
