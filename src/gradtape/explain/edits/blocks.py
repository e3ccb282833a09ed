"""The block of a tape, the `with` statement that enters it; its name there, and what it is asked."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax

if TYPE_CHECKING:
    from gradtape.diagnostics import Span

ASKING = {"gradient", "jacobian", "batch_jacobian", "gradients"}
"""The calls that ask for gradients: what is written in them is not recorded any more."""


def is_asked(node: ast.expr, file: str, *others: str) -> bool:
    """Whether an expression stands in a call that asks for gradients, or in one of other names."""
    calls = syntax.calls_around(syntax.span_of(node, file))
    return any(syntax.text_of(call.func).rpartition(".")[2] in {*ASKING, *others} for call in calls)


def tape_block(place: Span) -> ast.With | ast.AsyncWith | None:
    """Return the `with` statement that enters a tape at a place."""
    return next((n for n in reversed(syntax.around(place)) if isinstance(n, ast.With | ast.AsyncWith)), None)


def tape_name(block: ast.With | ast.AsyncWith, place: Span) -> str | None:
    """Return how the block calls the tape that is entered at a place."""
    for item in block.items:
        if syntax.span_of(item.context_expr, place.file) == place:
            if item.optional_vars is not None:
                return syntax.text_of(item.optional_vars)
            return (
                syntax.text_of(item.context_expr) if isinstance(item.context_expr, ast.Name | ast.Attribute) else None
            )
    return None
