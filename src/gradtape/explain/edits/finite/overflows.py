"""Edits where numbers become too large: functions that do not overflow in the place of those that do, or a bound."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Suggestion, scopes, syntax
from gradtape.diagnostics.changes import Change
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, assigned_before, parts, simple_name, statements_of
from gradtape.explain.edits.finite import probabilities
from gradtape.explain.edits.finite.numbers import ARCS, minus_infinity, safe_in_expression, settings

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen

LARGEST = "80.0"
"""The largest argument of `exp` that leaves room in float32."""


def without_overflow(case: Case) -> Suggestion | None:
    """Write what overflows in a form that does not: a sigmoid, a softplus, a softmax, or with a bound."""
    pen = case.pen
    wider = _wider(case) if pen.dialect in {"torch", "jax"} else ()
    if wider:
        return builders.likely(*wider)
    infinite = minus_infinity(case)
    if infinite is not None:
        return builders.likely(*builders.replace(infinite, case.file, "-1e9"))
    start = case.node
    if start is None:
        return None
    masked = _log_of_mask(case, start)
    if masked:
        return builders.likely(*masked)
    spread = next((n for n in parts(start) if simple_name(n) == "var" and pen.dialect == "torch"), None)
    if spread is not None:
        return builders.likely(*safe_in_expression(pen, spread, case.file))
    exponentials = [n for n in parts(start) if simple_name(n) == "exp"]
    exponentials += [n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.expr) and simple_name(n) == "exp"]
    for node in exponentials:
        logistic = _logistic(pen, node, case.file)
        if logistic:  # the same number wherever there was one
            logs = probabilities.logarithms_of(case, pen)
            return (builders.likely if logs else builders.safe)(*logistic, *logs, *pen.imports)
        changes = _shifted(case, pen, node) or _stable(pen, node, case.file) or _bounded(pen, node, case.file)
        if changes:
            return builders.likely(*changes, *pen.imports)
    arc = next((n for n in parts(start) if simple_name(n) in ARCS and pen.dialect == "jax"), None)
    if arc is not None:
        return builders.likely(*safe_in_expression(pen, arc, case.file), *pen.imports)
    hyperbolic = _log_cosh(pen, start, case.file)
    if hyperbolic:
        return builders.likely(*hyperbolic, *pen.imports)
    named = [n for n in parts(start) if isinstance(n, ast.Name) and case.function is not None]
    for name in named:
        value = assigned_before(case.function, name.id, start.lineno) if case.function is not None else None
        if value is not None and simple_name(value) == "exp":
            return builders.likely(*_bounded(pen, value, case.file), *pen.imports)
    return None


def _log_of_mask(case: Case, node: ast.expr) -> Changes:
    """Keep the logarithm of a mask finite: where a row has nothing else, a softmax makes NaN of it."""
    logs = [n for n in parts(node) if simple_name(n) == "log" and isinstance(n, ast.Call)]
    inner = builders.worked_on(logs[0], case.file) if len(logs) == 1 else None
    made = [s.operation for s in case.context.spots if s.operation is not None and s.operation.site.span == case.at]
    known = [case.context.values.get(operation.output) for operation in made]
    if inner is None or not known or any(summary is None or summary.nans or not summary.infs for summary in known):
        return ()
    return builders.replace(inner, case.file, f"{builders.term(inner, case.file)} + 1e-9")


def _log_cosh(pen: Pen, node: ast.expr, file: str) -> Changes:
    """Write `log(cosh(x))` by a function that never leaves the logarithm."""
    outer, inner = builders.parent_of(node, file), builders.worked_on(node, file)
    if simple_name(node) != "cosh" or not isinstance(outer, ast.Call) or simple_name(outer) != "log" or inner is None:
        return ()
    if pen.dialect != "jax" or any(isinstance(n, ast.Call) for n in parts(inner)):
        return ()
    text = builders.operand(inner, file)
    return builders.replace(outer, file, f"({pen.call('logaddexp', text, f'-{text}')} - {pen.call('log', '2.0')})")


def _wider(case: Case) -> Changes:
    """Let a program compute in bfloat16, which has the range of float32, where it does in float16."""
    context, tree = case.context, syntax.parse_file(case.file)
    made = [s.operation.output for s in context.spots if s.operation is not None and s.operation.site.span == case.at]
    known = [context.values.get(value) for value in made]
    if tree is None or not any(s is not None and s.dtype == "float16" for s in known):
        return ()
    found: list[Change] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or node.attr not in {"half", "float16"}:
            continue
        span, call = syntax.span_of(node, case.file), builders.parent_of(node, case.file)
        method = isinstance(call, ast.Call) and call.func is node and not call.args
        if method or scopes.is_module(node.value, case.file):
            found.append(Change(span, f"{builders.written(node.value, case.file)}.bfloat16"))
    return tuple(found)


def _logistic(pen: Pen, node: ast.expr, file: str) -> Changes:
    """Write `1 / (1 + exp(-x))` as the function that it is."""
    inner = builders.worked_on(node, file)
    around = (n for n in builders.path_to(node, file) if isinstance(n, ast.expr))
    outer = next((n for n in around if probabilities.exponent_of(n, file) is inner), None)
    if inner is None or outer is None:
        return ()
    return builders.replace(outer, file, pen.call("sigmoid", probabilities.negated(inner, file)))


def _stable(pen: Pen, node: ast.expr, file: str) -> Changes:
    """Rewrite the expression around an exponential, if it is one of the forms that have a stable function."""
    inner = builders.worked_on(node, file)
    if inner is None:
        return ()
    exponent = builders.written(inner, file)
    exp = syntax.text_of(node)
    for outer in reversed(builders.path_to(node, file)):
        if not isinstance(outer, ast.expr):
            return ()
        text = syntax.text_of(outer)
        if text in {f"{exp} / (1 + {exp})", f"{exp} / (1.0 + {exp})", f"{exp} / ({exp} + 1)"}:
            return builders.replace(outer, file, pen.call("sigmoid", exponent))
        if text in {f"{exp} / (1 + {exp}) ** 2", f"{exp} / (1.0 + {exp}) ** 2"}:
            once = pen.call("sigmoid", exponent)
            return builders.replace(outer, file, f"{once} * (1 - {once})")
        shares = _shares(pen, outer, exp, exponent, file)
        if shares:
            return shares
        last = simple_name(outer)
        argument = builders.worked_on(outer, file) if isinstance(outer, ast.Call) else None
        if argument is None:
            continue
        inside = syntax.text_of(argument)
        if (last == "log" and inside in {f"1 + {exp}", f"1.0 + {exp}", f"{exp} + 1"}) or (
            last == "log1p" and inside == exp
        ):
            return builders.replace(outer, file, pen.call("softplus", exponent))
        both = argument if isinstance(argument, ast.BinOp) and isinstance(argument.op, ast.Add) else None
        terms = [both.left, both.right] if both is not None and last == "log" and pen.dialect == "jax" else []
        exponents = [builders.worked_on(t, file) for t in terms if simple_name(t) == "exp"]
        if len(exponents) == 2:
            return builders.replace(
                outer, file, pen.call("logaddexp", *(builders.written(e, file) for e in exponents if e is not None))
            )
        if last == "log" and builders.worked_on(argument, file) is node:
            return probabilities.log_of_sum(pen, outer, argument, file)
    return ()


def _shares(pen: Pen, outer: ast.expr, exp: str, exponent: str, file: str) -> Changes:
    """Write `exp(x) / sum(exp(x))` as the softmax that it is."""
    total = outer.right if isinstance(outer, ast.BinOp) and isinstance(outer.op, ast.Div) else None
    if not isinstance(outer, ast.BinOp) or not isinstance(total, ast.Call) or syntax.text_of(outer.left) != exp:
        return ()
    summed = builders.worked_on(total, file)
    if pen.dialect != "jax" or simple_name(total) != "sum" or summed is None or syntax.text_of(summed) != exp:
        return ()
    axis = builders.argument(total, 1, "axis")
    return builders.replace(
        outer, file, pen.call("softmax", exponent, f"axis={builders.written(axis, file) if axis is not None else None}")
    )


def _shifted(case: Case, pen: Pen, node: ast.expr) -> Changes:
    """Take the largest exponent away where the exponentials are divided by their sum: the ratio stays what it is."""
    scope, statement = case.function, case.statement
    inner = builders.worked_on(node, case.file)
    if scope is None or inner is None or not isinstance(statement, ast.Assign) or statement.value is not node:
        return ()
    name = syntax.text_of(statement.targets[0])
    for part in (n for s in statements_of(scope) for n in parts(s)):
        total = part.right if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Div) else None
        if not isinstance(part, ast.BinOp) or not isinstance(total, ast.Call) or syntax.text_of(part.left) != name:
            continue
        if (
            simple_name(total) in {"sum", "reduce_sum"}
            and syntax.text_of(builders.worked_on(total, case.file) or total) == name
        ):
            exponent = builders.written(inner, case.file)
            given = settings(pen, total, case.file)
            largest = "amax" if pen.dialect == "torch" else "max"
            return builders.replace(inner, case.file, f"{exponent} - {pen.call(largest, exponent, *given)}")
    return ()


def _bounded(pen: Pen, node: ast.expr, file: str) -> Changes:
    inner = builders.worked_on(node, file)
    if inner is None:
        return ()
    bound = f"torch.tensor({LARGEST})" if pen.dialect == "torch" else LARGEST
    return builders.replace(inner, file, pen.call("minimum", builders.written(inner, file), pen.say(bound)))
