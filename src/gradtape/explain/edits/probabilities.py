"""Edits of logarithms of probabilities: computed together with the softmax or the sigmoid that makes them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import assigned_before, simple_name

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.edits.pen import Pen


def log_together(pen: Pen, node: ast.expr, inner: ast.expr, file: str) -> Changes:
    """Write `log_softmax(z)[k]` for `log(p[k])`, and `log_sigmoid(-z)` for `log(1 - p)`, where `p` is made of `z`."""
    whole = _of_softmax(pen, inner, file) if pen.knows("log_softmax") else None
    if whole is not None:
        return builders.replace(node, file, whole)
    rest = isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub) and syntax.text_of(inner.left) in {"1", "1.0"}
    probability = inner.right if isinstance(inner, ast.BinOp) and rest else inner
    picked = ""
    if isinstance(probability, ast.Subscript):
        picked = f"[{builders.written(probability.slice, file)}]"
        probability = probability.value
    made = _made(probability, file)
    if made is None:
        return ()
    if isinstance(made, ast.Call) and simple_name(made) == "sigmoid" and pen.knows("log_sigmoid"):
        value = builders.worked_on(made, file)
        if value is None or (picked and not isinstance(value, ast.Name)):
            return ()
        sign = f"-{builders.operand(value, file)}" if rest else builders.written(value, file)
        return builders.replace(node, file, pen.call("log_sigmoid", sign) + picked)
    return ()


def behind_softmax(case: Case, pen: Pen) -> Changes:
    """Find the logarithm that is taken of a saturated softmax, and take it together with that."""
    for link in case.route:
        if link.operation.function == "log" and link.operation.site.span.file == case.file:
            node = case.moved(link.operation.site.span).node
            inner = builders.worked_on(node, case.file) if node is not None and simple_name(node) == "log" else None
            changes = log_together(pen, node, inner, case.file) if node is not None and inner is not None else ()
            if changes:
                return changes
    return ()


PICKS = {"gather", "take_along_dim", "take_along_axis", "index_select", "select", "squeeze", "reshape", "view"}
"""Methods that pick elements, or put them into another shape: the logarithm may be taken before."""

BOUNDS = {"clamp", "clamp_min", "clip", "maximum"}
"""Methods that keep a probability from being zero: what a logarithm of a softmax never needs."""


def _of_softmax(pen: Pen, node: ast.expr, file: str) -> str | None:
    """Write what an expression made of a softmax is when the softmax gives logarithms; None for any other one."""
    if isinstance(node, ast.Name):
        made = _made(node, file)
        return _of_softmax(pen, made, file) if isinstance(made, ast.Call | ast.Subscript) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and isinstance(node.right, ast.Constant):
        return _of_softmax(pen, node.left, file)
    if isinstance(node, ast.Subscript):
        return _followed(pen, node, node.value, file)
    if not isinstance(node, ast.Call):
        return None
    name, method = simple_name(node), isinstance(node.func, ast.Attribute) and builders.is_method(node, file)
    if name == "softmax":
        held = f"{builders.written(node.func.value, file)}." if method and isinstance(node.func, ast.Attribute) else ""
        function = f"{held}log_softmax" if held else pen.call("log_softmax").removesuffix("()")
        return function + builders.arguments_of(node, file)
    if not method or not isinstance(node.func, ast.Attribute):
        return None
    if name in BOUNDS:
        return _of_softmax(pen, node.func.value, file)
    return _followed(pen, node, node.func.value, file) if name in PICKS else None


def _followed(pen: Pen, node: ast.expr, part: ast.expr, file: str) -> str | None:
    """Write an expression with another text in the place of the part that it starts with."""
    text = _of_softmax(pen, part, file)
    end, whole = syntax.span_of(part, file), syntax.span_of(node, file)
    rest = Span(file, end.end_line, end.end_column, whole.end_line, whole.end_column).text
    return None if text is None or rest.startswith(")") else text + rest


def _made(node: ast.expr, file: str) -> ast.expr | None:
    """Return what gives a value, here or where its name was assigned in the same function."""
    scope = syntax.function_at(syntax.span_of(node, file)) or syntax.parse_file(file)
    return assigned_before(scope, node.id, node.lineno) if isinstance(node, ast.Name) and scope is not None else node
