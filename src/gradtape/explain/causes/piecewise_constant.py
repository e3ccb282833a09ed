"""GT302: an operation that is constant between its steps, so its derivative is zero wherever it exists."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Applicability, Edit, Span, Suggestion, syntax
from gradtape.explain.cause import Cause, Context, Stage, break_labels, route_note
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
    mended = _straight_through(span)
    line = syntax.with_replaced(span, mended) if mended is not None else None
    return context.finding(
        "piecewise-constant",
        span,
        f"{operation.name} {group.first.reason}",
        labels=break_labels(group),
        notes=route_note(context, route),
        helps=(
            f"use a smooth or straight-through {operation.name}"
            + (f": `{mended}` keeps the value and lets the gradient pass" if mended is not None else ""),
            *(f"`gradtape.{name}(x, temperature=...)` is smooth" for name in SMOOTH.get(operation.name, ())),
        ),
        suggestion=Suggestion(Applicability.LIKELY, (Edit(span.file, span.line, line),)) if line is not None else None,
        route=route,
    )


def _straight_through(span: Span) -> str | None:
    """Write a call of one argument so that its value stays and its gradient passes, with what the file imports."""
    node = syntax.expression_at(span)
    if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
        return None
    function, argument = syntax.text_of(node.func), syntax.text_of(node.args[0])
    ours = syntax.imported_as(span.file, "gradtape")
    if ours is not None:
        return f"{ours}.straight_through({function}, {argument})"
    theirs = syntax.imported_as(span.file, "tensorflow") or syntax.imported_as(span.file, "gradtape.tf")
    if theirs is None or not isinstance(node.args[0], ast.Name | ast.Attribute):
        return None
    return f"{argument} + {theirs}.stop_gradient({function}({argument}) - {argument})"


CAUSE = Cause("piecewise-constant", Stage.BREAK, detect, frozenset({BreakKind.PIECEWISE_CONSTANT}))
