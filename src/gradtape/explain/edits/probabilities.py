"""Edits of logarithms of probabilities: computed together with the softmax or the sigmoid that makes them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import assigned_before, simple_name

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen


def log_together(pen: Pen, node: ast.expr, inner: ast.expr, file: str) -> Changes:
    """Write `log_softmax(z)[k]` for `log(p[k])`, and `log_sigmoid(-z)` for `log(1 - p)`, where `p` is made of `z`."""
    rest = isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub) and syntax.text_of(inner.left) in {"1", "1.0"}
    probability = inner.right if isinstance(inner, ast.BinOp) and rest else inner
    picked = ""
    if isinstance(probability, ast.Subscript):
        picked = f"[{builders.written(probability.slice, file)}]"
        probability = probability.value
    made = _made(probability, file)
    if made is None:
        return ()
    if simple_name(made) == "softmax" and pen.knows("log_softmax") and not rest:
        function = pen.call("log_softmax").removesuffix("()")
        return builders.replace(node, file, function + builders.arguments_of(made, file) + picked)
    if simple_name(made) == "sigmoid" and pen.knows("log_sigmoid"):
        value = builders.worked_on(made, file)
        if value is None or (picked and not isinstance(value, ast.Name)):
            return ()
        sign = f"-{builders.operand(value, file)}" if rest else builders.written(value, file)
        return builders.replace(node, file, pen.call("log_sigmoid", sign) + picked)
    return ()


def _made(node: ast.expr, file: str) -> ast.Call | None:
    """Return the call that gives a value, here or where its name was assigned in the same function."""
    scope = syntax.function_at(syntax.span_of(node, file)) or syntax.parse_file(file)
    made = assigned_before(scope, node.id, node.lineno) if isinstance(node, ast.Name) and scope is not None else node
    return made if isinstance(made, ast.Call) else None
