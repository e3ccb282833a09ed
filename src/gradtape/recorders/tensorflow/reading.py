"""What the source says about a plain value that came into TensorFlow."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from gradtape.diagnostics import syntax
from gradtape.recorders import crossings

if TYPE_CHECKING:
    from gradtape.explain.graph import Operation


def operand_of(operation: Operation, position: int) -> ast.expr | None:
    """Return the expression that a constant comes from: the operand, or the whole expression where it was converted.

    None for a number that stands there as a literal.
    """
    if "value" not in operation.params:
        return crossings.operand_of(operation, position)
    node = syntax.expression_at(operation.site.span)
    if node is None:
        return None
    value = operation.params["value"]
    return None if isinstance(value, float | int) and _stands_there(node, value) else node


def _stands_there(node: ast.expr, value: Any) -> bool:
    return any(isinstance(n, ast.Constant) and n.value == value for n in ast.walk(node))
