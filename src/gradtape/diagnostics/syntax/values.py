"""What becomes of a value where it stands: whether it goes on, and into what it is written."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics.syntax.tree import around, span_of, statement_at

if TYPE_CHECKING:
    from gradtape.diagnostics.spans import Span


def in_comprehension(span: Span) -> bool:
    """Whether a place stands in a list, set or dict comprehension or a generator: it runs once per element."""
    return any(isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) for node in around(span))


NO_VALUE = {"len", "isinstance", "print", "range", "type", "str", "repr", "format", "hasattr", "id"}
"""Functions whose answer has nothing to do with how large their argument is."""


NO_VALUE_ATTRIBUTES = {"shape", "size", "ndim", "dtype"}


CONVERSIONS = {"float", "int", "complex", "bool"}


def _converts(node: ast.expr) -> bool:
    """Whether an expression does nothing but turn its argument into a number: it changes nothing else."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CONVERSIONS


def value_goes_on(span: Span, into: Span | None = None) -> bool:
    """Whether an expression's value takes part in what its statement computes, or in what stands at `into` around it.

    It does not where only its length or shape is asked for, where it is compared, decides a branch, or is printed, and
    where a number that nobody keeps is the whole statement.
    """
    for node in around(span):
        if into is not None and not into.contains(span_of(node, span.file)):
            continue  # what becomes of the whole: `print(tape.gradient(loss, w))` reads the loss
        if isinstance(node, ast.Expr) and span == span_of(node.value, span.file) and _converts(node.value):
            return False
        if isinstance(node, ast.Compare | ast.JoinedStr):
            return False
        if isinstance(node, ast.IfExp | ast.If | ast.While) and span_of(node.test, span.file).contains(span):
            return False
        if isinstance(node, ast.Attribute) and node.attr in NO_VALUE_ATTRIBUTES and span != span_of(node, span.file):
            return False
        called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
        if called in NO_VALUE and span != span_of(node, span.file):
            return False
    return True


def gives(node: ast.expr, span: Span) -> bool:
    """Whether an expression is what stands at a place, or a list of what is computed there."""
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        return gives(node.elt, span)
    if isinstance(node, ast.List | ast.Tuple):
        return any(gives(element, span) for element in node.elts)
    return span_of(node, span.file) == span


def stored_whole(span: Span) -> Span:
    """Return the whole statement if a span is the place that an assignment writes to, `R[0, 0]` in `R[0, 0] = x`."""
    statement = statement_at(span)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AugAssign):
        targets = [statement.target]
    targets = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
    written = any(isinstance(t, ast.Subscript) and span_of(t, span.file).contains(span) for t in targets)
    return span_of(statement, span.file) if written and statement is not None else span


def dropped_update(statement: ast.stmt | None) -> ast.expr | None:
    """Return the array of a statement that is no more than `a.at[i].set(x)`: a new array that gets no name."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    place = call.func.value if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else None
    at = place.value if isinstance(place, ast.Subscript) else None
    return at.value if isinstance(at, ast.Attribute) and at.attr == "at" else None
