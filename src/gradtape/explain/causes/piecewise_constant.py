"""GT302: an operation that is constant between its steps, so its derivative is zero wherever it exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.explain.cause import Cause, Context, Stage, break_labels, route_note
from gradtape.explain.edits import steps
from gradtape.explain.graph import BreakKind

if TYPE_CHECKING:
    from gradtape.explain.report import Finding
    from gradtape.explain.search import BreakGroup, Route


SMOOTH = {
    "floor": ("soft_floor",),
    "ceil": ("soft_ceil",),
    "round": ("soft_round",),
    "rint": ("soft_round",),
    "sign": ("soft_sign",),
    "heaviside": ("soft_step",),
}
"""The smooth replacements of operations, by the operation's name."""


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation = group.links[0].operation
    span = operation.site.span
    suggestion, mended = steps.pass_through(context, span)
    return context.finding(
        "piecewise-constant",
        span,
        f"{operation.name} {group.first.reason}",
        labels=break_labels(group),
        notes=route_note(context, route),
        helps=(
            f"use a smooth or straight-through {operation.name}"
            + (f": `{mended}` keeps the value and lets the gradient pass" if mended else ""),
            *(f"`gradtape.{name}(x, temperature=...)` is smooth" for name in SMOOTH.get(operation.name, ())),
        ),
        suggestion=suggestion,
        route=route,
    )


CAUSE = Cause("piecewise-constant", Stage.BREAK, detect, frozenset({BreakKind.PIECEWISE_CONSTANT}))
