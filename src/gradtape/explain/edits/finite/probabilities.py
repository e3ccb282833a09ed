"""Edits of logarithms of probabilities: taken together with what makes those, a softmax, a sigmoid, a sum of `exp`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import assigned_before, parts, simple_name, statements_of

if TYPE_CHECKING:
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.edits.pen import Pen


def log_together(pen: Pen, node: ast.expr, inner: ast.expr, file: str) -> Changes:
    """Write `log_softmax(z)[k]` for `log(p[k])`, and `log_sigmoid(-z)` for `log(1 - p)`, where `p` is made of `z`."""
    summed = log_of_sum(pen, node, inner, file)
    if summed:
        return summed
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
    logits = _logits(made, file, negative=rest) if pen.knows("log_sigmoid") else None
    if logits is None or (picked and not logits.isidentifier()):
        return ()
    return builders.replace(node, file, pen.call("log_sigmoid", logits) + picked)


def _logits(made: ast.expr, file: str, *, negative: bool) -> str | None:
    """Write what a sigmoid was taken of, or the negative of it; None for any other expression."""
    if isinstance(made, ast.Call) and simple_name(made) == "sigmoid":
        value = builders.worked_on(made, file)
        if value is None:
            return None
        return f"-{builders.operand(value, file)}" if negative else builders.written(value, file)
    exponent = exponent_of(made, file)
    if exponent is None:
        return None
    return builders.written(exponent, file) if negative else negated(exponent, file)


def exponent_of(node: ast.expr, file: str) -> ast.expr | None:
    """Return the exponent in `1 / (1 + exp(x))`; None for any other expression."""
    below = node.right if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) else None
    if not isinstance(node, ast.BinOp) or not isinstance(below, ast.BinOp) or not isinstance(below.op, ast.Add):
        return None
    ones = [n for n in (node.left, below.left, below.right) if syntax.text_of(n) in {"1", "1.0"}]
    raised = [n for n in (below.left, below.right) if simple_name(n) == "exp"]
    return builders.worked_on(raised[0], file) if len(ones) == 2 and len(raised) == 1 and ones[0] is node.left else None


def negated(node: ast.expr, file: str) -> str:
    """Write the negative of an expression, without two signs."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return builders.written(node.operand, file)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        left = node.left
        if isinstance(left, ast.UnaryOp) and isinstance(left.op, ast.USub):
            sign = "*" if isinstance(node.op, ast.Mult) else "/"
            return f"{builders.written(left.operand, file)} {sign} {builders.written(node.right, file)}"
    return f"-{builders.operand(node, file)}"


def logarithms_of(case: Case, pen: Pen) -> Changes:
    """Take the logarithms of a probability that is made at the place, and of its rest, together with what makes it."""
    statement, scope = case.statement, case.function
    name = syntax.text_of(statement.targets[0]) if isinstance(statement, ast.Assign) else ""
    later = [n for s in (statements_of(scope) if scope is not None else ()) for n in parts(s)]
    logs = [n for n in dict.fromkeys(later) if simple_name(n) == "log" and n.lineno > case.at.line]
    found: list[Change] = []
    for log in logs if name else ():
        inner = builders.worked_on(log, case.file)
        if inner is not None and name in syntax.names_in(inner, ast.Load):
            found += log_together(pen, log, inner, case.file)
    return tuple(found)


def log_of_sum(pen: Pen, node: ast.expr, inner: ast.expr, file: str) -> Changes:
    """Write `logsumexp(z)` for `log(sum(exp(z)))`, which leaves the range of numbers on the way."""
    total = _made(inner, file)
    if not isinstance(total, ast.Call) or simple_name(total) not in {"sum", "reduce_sum"}:
        return ()
    exp = builders.worked_on(total, file)
    exponent = builders.worked_on(exp, file) if isinstance(exp, ast.Call) and simple_name(exp) == "exp" else None
    if exponent is None or (total is not inner and not _is_the_same(exponent, total, node, file)):
        return ()
    text = builders.written(exponent, file)
    more = [builders.written(k, file) for k in (*total.args, *total.keywords) if k is not exp]
    if pen.dialect == "torch" and not more:
        text, more = f"{builders.operand(exponent, file)}.flatten()", ["0"]
    return builders.replace(node, file, pen.call("logsumexp", text, *more))


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
    scope = _scope(node, file)
    return assigned_before(scope, node.id, node.lineno) if isinstance(node, ast.Name) and scope is not None else node


def _is_the_same(value: ast.expr, first: ast.expr, then: ast.expr, file: str) -> bool:
    """Whether a name stands for the same at two places of a function; no other expression is taken for the same."""
    scope = _scope(then, file)
    if not isinstance(value, ast.Name) or scope is None:
        return False
    return assigned_before(scope, value.id, first.lineno) is assigned_before(scope, value.id, then.lineno)


def _scope(node: ast.expr, file: str) -> ast.AST | None:
    return syntax.function_at(syntax.span_of(node, file)) or syntax.parse_file(file)
