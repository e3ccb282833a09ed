"""GT404: the source is connected, but the target does not change with it around this point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain import flat, wording
from gradtape.explain.cancelling import SAME, added_alike
from gradtape.explain.cause import Cause, Context, Stage, place_in
from gradtape.explain.numbers import flat_at, underflow
from gradtape.explain.spots import Spot, Trouble

if TYPE_CHECKING:
    from gradtape.explain.graph import Operation, Summary
    from gradtape.explain.pulls import Pull
    from gradtape.explain.report import Finding


def detect(context: Context, spot: Spot) -> Finding | None:
    operation = spot.operation
    if operation is None or spot.trouble not in {Trouble.ZERO, Trouble.CONSTANT, Trouble.CANCELLED}:
        return None
    if spot.trouble is Trouble.CONSTANT:
        return _constant(context, spot)
    row = row_of(context, spot)
    if row is None or row.harmless or spot.pull is None:
        return None
    route = wording.route_through(context, operation, spot.pull.position)
    behind, row = _behind(context, spot.pull, row)
    at = behind or operation
    aside = behind is not None and not at.site.span.contains(operation.site.span)
    return context.finding(
        "flat-region",
        at.site.span,
        row.says.format(f=wording.named_by(at, row)),
        labels=((operation.site.span, f"`{context.source.name}` is multiplied by that here"),) if aside else (),
        notes=(
            *(() if spot.whole or row is flat.UNDERFLOW else _facts(context, spot.pull)),
            *_compares_nan(context, spot.pull),
            *wording.again(spot),
            *wording.way_note(context, route, operation),
        ),
        helps=tuple(wording.filled(text, context, operation, row) for text in row.helps),
        route=route,
        headline=headline(context),
    )


def flat_twice(context: Context) -> Finding | None:
    """Tell that a gradient of a gradient is zero once it is recorded: every way leads through a slope that stays."""
    columns, reached, met = context.run.columns, set(context.source.ids), list[int]()
    for number, inputs in enumerate(columns.inputs):
        moving = [k for k, value in enumerate(inputs) if value in reached]
        if columns.functions[number] in flat.SLOPES_OF_STRAIGHT and moving == [1]:
            met.append(number)
        elif moving:
            reached.add(columns.outputs[number])
    met = [number for number in met if columns.outputs[number] in context.before_target]
    if not met or not reached.isdisjoint(context.question.target_ids):
        return None
    operation = columns[met[0]]
    return context.finding(
        "flat-region",
        operation.site.span,
        flat.SLOPE_STAYS,
        notes=("so the gradient is zero as soon as it is no longer missing",),
        helps=(flat.SMOOTH_TWICE,),
        route=wording.route_through(context, operation, 1),
    )


def _dead_factor(context: Context, pull: Pull) -> Operation | None:
    """Return the function whose result is the zeros that something is multiplied by: a relu that is dead everywhere."""
    for position, value in enumerate(pull.inputs):
        if position == pull.position or value is None or not value.all_zero:
            continue
        made = context.run.producers.get(pull.operation.inputs[position])
        while made is not None and made.function in SAME and made.inputs[0]:
            made = context.run.producers.get(made.inputs[0])
        if made is not None and made.function in flat.DEAD.functions:
            return made
    return None


def _behind(context: Context, pull: Pull, row: flat.Flat) -> tuple[Operation | None, flat.Flat]:
    """Return what made a factor zero, if that is the place to tell of, and the row that is said of it."""
    if row is flat.UNDERFLOW:
        return underflow(context, pull), row
    dead = _dead_factor(context, pull) if row is flat.ZEROS else None
    return dead, row if dead is None else flat.DEAD


def headline(context: Context) -> str:
    """Say what is wrong with the gradient."""
    return f"the gradient from `{context.question.target_name}` to `{context.source.name}` is zero"


def row_of(context: Context, spot: Spot) -> flat.Flat | None:
    """Return why the derivative is zero at a spot, None if no row knows."""
    if spot.trouble is Trouble.CANCELLED:
        if not spot.whole or spot.operation is None or spot.pull is None:
            return None
        return flat.by_name(wording.called(spot.operation), spot.pull)
    row = flat_at(context, spot.pull) if spot.pull is not None else None
    return (
        flat.as_called(row, wording.called(spot.operation)) if row is not None and spot.operation is not None else None
    )


def _facts(context: Context, pull: Pull) -> tuple[str, ...]:
    """Say what the numbers are there, once for all sources whose gradient is lost there."""
    facts: tuple[str, ...] = context.run.once_of("facts", pull, lambda: _facts_of(pull))
    return facts


def _facts_of(pull: Pull) -> tuple[str, ...]:
    facts = []
    before = pull.came.zeros
    if pull.came.all_zero:
        facts.append("a square or the like behind it is at its smallest here as well, where its slope is zero")
    elif before:
        facts.append(f"of the {pull.came.size} elements that come back here {before} are zero already")
    values = pull.inputs[0] if pull.operation.function in flat.RUNNING_PRODUCTS else None
    told = wording.numbers_at(pull) if values is None else ""
    if values is not None:
        facts.append(f"{values.zeros} of the {values.size} factors are 0")
    if told and pull.element is not None:
        place = f"at {list(pull.element.index)} " if pull.element.index else ""
        facts.append(f"{place}{told}")
    return tuple(facts)


COMPARING = frozenset({"greater", "greater_equal", "less", "less_equal", "equal"})
"""Comparisons that NaN never passes."""


def _compares_nan(context: Context, pull: Pull) -> tuple[str, ...]:
    """Say it where a mask is false because what it compares is not a number."""
    operation = pull.operation
    masks: tuple[int, ...] = ()
    if operation.function == "where" and pull.position == 1:
        masks = operation.inputs[:1]
    elif operation.function in flat.PRODUCTS:
        masks = tuple([i for k, i in enumerate(operation.inputs) if k != pull.position])
    for comparison in filter(None, (_comparison(context, mask) for mask in masks)):
        for position, value in enumerate(comparison.inputs):
            seen = context.values.again(value) if value else None
            if seen is not None and seen.nans:
                return (_nan_note(comparison, position, seen),)
    return ()


def _comparison(context: Context, value: int) -> Operation | None:
    """Return the comparison that a mask is the answer of, whatever form it was given since."""
    operation = context.run.producers.get(value)
    while operation is not None and operation.function in SAME and operation.inputs[0]:
        operation = context.run.producers.get(operation.inputs[0])
    return operation if operation is not None and operation.function in COMPARING else None


def _nan_note(comparison: Operation, position: int, seen: Summary) -> str:
    span = comparison.site.span
    compared = wording.quoted(syntax.operand_at(span, position, len(comparison.inputs)), "what is compared")
    whole = wording.quoted(syntax.expression_at(span), "the comparison")
    number = "is NaN" if seen.size == 1 else f"is NaN in {seen.nans} of {seen.size} elements"
    return f"{compared} {number}, and {whole} is false there: nothing is greater than NaN, less or equal"


def _constant(context: Context, spot: Spot) -> Finding | None:
    operation = spot.operation
    if operation is None or added_alike(context):
        return None
    name = context.source.name
    route = wording.route_through(context, operation)
    place = place_in(operation, context.question.call.code)
    inner = operation.site.span if place is not operation.site else None
    return context.finding(
        "flat-region",
        place.span,
        f"`{name}` cancels here: it is added on one way and subtracted on another, so the result does not depend on it",
        labels=((inner, "this is where"),),
        notes=wording.way_note(context, route, operation),
        helps=(
            f"stop one of the ways on purpose, `{context.words.stop.format(x='x')}`, if the other is meant to count",
        ),
        route=route,
        headline=headline(context),
    )


CAUSE = Cause("flat-region", Stage.NUMBERS, detect)
