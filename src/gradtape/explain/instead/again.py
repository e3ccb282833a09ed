"""The same computation, run another time: what a target uses in the place of a source that computes the same."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.graph import Operation

if TYPE_CHECKING:
    from gradtape.explain.cause import Context
    from gradtape.explain.graph import Event

DEPTH = 12


def run_again(context: Context, made: Operation | Event) -> Operation | None:
    """Return the same operation, run another time for the target: at the same place, or at one that reads the same."""
    if not isinstance(made, Operation):
        return None
    text = made.site.span.text
    alike: Operation | None = None
    columns = context.run.columns
    for operation in (columns[number] for number in reversed(context.ways.relevant)):
        if operation.name != made.name or operation is made:
            continue
        if operation.site == made.site or (text and operation.site.span.text == text):
            return operation
        if alike is None and _same_computation(context, operation, made):
            alike = operation
    return alike


def computed_again(context: Context, made: Operation | Event) -> bool:
    """Whether another run of an operation, for the target, computes the same from the same values."""
    again = run_again(context, made) if isinstance(made, Operation) else None
    return isinstance(made, Operation) and again is not None and _same_computation(context, again, made)


def _same_computation(context: Context, a: Operation, b: Operation, depth: int = DEPTH) -> bool:
    """Whether two operations compute the same thing: the same steps, from the same values on."""
    if a.name != b.name or len(a.inputs) != len(b.inputs) or not depth or _set_otherwise(a, b):
        return False
    producers = context.run.producers
    for one, other in zip(a.inputs, b.inputs, strict=True):
        if one == other:
            continue
        first, second = producers.get(one), producers.get(other)
        if first is None or second is None or not _same_computation(context, first, second, depth - 1):
            return False
    return any(a.inputs)


def _set_otherwise(a: Operation, b: Operation) -> bool:
    """Whether two operations of one name are told to do other things: along another axis, or with other elements."""
    if a.params.get("axis") != b.params.get("axis"):
        return True
    one, other = syntax.expression_at(a.site.span), syntax.expression_at(b.site.span)
    if not isinstance(one, ast.Subscript) or not isinstance(other, ast.Subscript):
        return False
    return syntax.text_of(one.slice) != syntax.text_of(other.slice)
