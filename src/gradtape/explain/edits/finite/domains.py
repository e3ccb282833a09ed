"""Edits of functions that get numbers for which they have no value, while a choice made elsewhere hides the result."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import parts, simple_name
from gradtape.explain.edits.finite.numbers import ARCS, POWERS

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.graph import Summary


class Domain(NamedTuple):
    """Where a function has a value and a slope: a test, and a number inside.

    The number is one where further functions have a value and a slope as well; 1 is an end for many.
    """

    low: float
    high: float
    test: str
    inside: str


POSITIVE = Domain(0.0, float("inf"), "{x} > 0", "0.5")
DOMAINS = (
    dict.fromkeys(("sqrt", "rsqrt", "log", "log2", "log10"), POSITIVE)
    | dict.fromkeys(ARCS, Domain(-1.0, 1.0, "abs({x}) < 1", "0.0"))
    | dict.fromkeys(("acosh", "arccosh"), Domain(1.0, float("inf"), "{x} > 1", "2.0"))
)


def kept_inside(case: Case) -> Changes:
    """Let functions at a place choose what they work on by that itself: the choice around them is in another function.

    Only what has no value otherwise is changed, and the choice leaves that out.
    """
    whole = _expression(case)
    found = [(n, d) for n in parts(whole) if (d := _left(case, n)) is not None] if whole is not None else []
    spans = [syntax.span_of(n, case.file) for n, _ in found]
    if not any(case.at.contains(span) for span in spans):
        return ()
    inner = [pair for k, pair in enumerate(found) if not any(spans[k].contains(s) for s in spans if s != spans[k])]
    return tuple(c for node, domain in inner for c in _chosen(case, node, domain))


def _expression(case: Case) -> ast.AST | None:
    """Return what is computed around a place in one go: the body of a lambda, else the value of the statement."""
    inside = syntax.around(case.at)
    return next((n.body for n in reversed(inside) if isinstance(n, ast.Lambda)), getattr(case.statement, "value", None))


def _left(case: Case, node: ast.expr) -> Domain | None:
    """Return the domain of a function that got numbers outside of it; None for all others."""
    power = (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)) or simple_name(node) in POWERS
    domain = POSITIVE if power else DOMAINS.get(simple_name(node))
    if domain is None or _operand(node, case.file) is None:
        return None
    columns, values, span = case.context.run.columns, case.context.values, syntax.span_of(node, case.file)
    for number in range(len(columns)):
        if not columns.inputs[number] or columns[number].site.span != span:
            continue
        first = columns.inputs[number][0]
        if _beyond(values.get(first), domain):
            return domain
        bare = simple_name(node) == "sqrt" or domain is not POSITIVE  # which is finite at the ends
        if bare and values.finite(first) is not False and values.finite(columns.outputs[number]) is False:
            return domain
    return None


def _beyond(known: Summary | None, domain: Domain) -> bool:
    return known is not None and (known.low < domain.low or known.high > domain.high)


def _operand(node: ast.expr, file: str) -> ast.expr | None:
    if isinstance(node, ast.BinOp):
        return node.left
    pair = builders.two_operands(node, file) if isinstance(node, ast.Call) else None
    return pair[0] if pair is not None else builders.worked_on(node, file)


def _chosen(case: Case, node: ast.expr, domain: Domain) -> Changes:
    operand, pen, file = _operand(node, case.file), case.pen, case.file
    if operand is None:
        return ()
    value = builders.written(operand, file)
    name = value if isinstance(operand, ast.Name) else scopes.free_name(file, "safe")
    first = value if isinstance(operand, ast.Name) else f"({name} := {value})"
    chosen = pen.call("where", domain.test.format(x=first), name, domain.inside)
    return (*builders.replace(operand, file, chosen), *pen.imports)
