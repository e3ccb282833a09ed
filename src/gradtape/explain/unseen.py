"""Where a value may have come back unseen: it left, and the target was made from a constant of unknown origin."""

from __future__ import annotations

import ast
from bisect import bisect_left
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.diagnostics import Span
    from gradtape.explain.cause import Context
    from gradtape.explain.graph import Event, Operation
    from gradtape.explain.report import Finding


def unseen(
    context: Context, slug: str, kind: str, label: Callable[[Event], str], helps: Callable[[Event], tuple[str, ...]]
) -> Finding | None:
    """Tell where a value of the source last left while the tape recorded, and where a constant came in after it.

    None if there is no such pair, or if the last value left in another way than `kind`, the word of the event. A target
    that is a plain array or number itself is such a constant.

    Parameters
    ----------
    context : Context
    slug : str
        Of the cause.
    kind : str
    label, helps : callable
        What to say of the event.
    """
    tape = context.run.tape
    began = tape.entered[-1][0] if tape is not None and tape.entered else 0
    entry = _unexplained_constant(context, began) or _set_by_what_left(context, began)
    until, place = (entry.seq, entry.site.span) if entry is not None else (0, context.question.call.span)
    if entry is None and not any(target.kind in {"array", "number"} for target in context.question.targets):
        return None
    left = _last_exit(context, began, until)
    if left is None or left.kind != kind:
        return None
    return context.finding(
        slug,
        left.site.span,
        label(left),
        labels=((place, "a constant comes in here that may be made from it"),),
        helps=helps(left),
        proven=False,
    )


def _unexplained_constant(context: Context, began: int) -> Operation | None:
    """Return the last operation on the way to the target that took a constant which is no literal."""
    before, asked = context.before_target, set()
    columns = context.run.columns
    for number in range(bisect_left(columns.seqs, began), len(columns))[::-1]:
        inputs = columns.inputs[number]
        if all(inputs) or columns.outputs[number] not in before:
            continue
        place = columns.places[number], inputs.index(0), len(inputs)
        if inputs.count(0) == 1 and place in asked:
            continue
        operation = columns[number]
        span = operation.site.span
        if operation.custom and not inputs[0]:  # the function itself, which the text of the call does not pass
            inputs = inputs[1:]
        for position, value in enumerate(inputs):
            place = columns.places[number], position, len(inputs)
            if value or place in asked:
                continue
            asked.add(place)  # the text says the same however often it ran
            operand = syntax.operand_at(span, position, len(inputs))
            if operand is not None and not _made_from_others(context, operand, span):
                return operation
    return None


def _set_by_what_left(context: Context, began: int) -> Operation | None:
    """Return the last operation on the way to the target that is told by a number that left: the bounds of a slice."""
    left = [e for e in context.run.left if e.seq > began and e.kind == "left as number"]
    others = {e.site.span for e in left if e.value not in context.after_source}  # which of them it was nobody knows
    places = dict.fromkeys(e.site.span for e in left if e.value in context.after_source)
    exits = [(place, set(syntax.assigned_names(place))) for place in places if place not in others]
    columns, before, asked = context.run.columns, context.before_target, set()
    for number in range(bisect_left(columns.seqs, began), len(columns))[::-1] if exits else ():
        if columns.outputs[number] not in before or columns.places[number] in asked:
            continue
        asked.add(columns.places[number])
        span = columns[number].site.span
        node = syntax.expression_at(span)
        read = syntax.names_in(node, ast.Load) if node is not None else set()
        for place, names in exits:
            here = syntax.function_at(place) is syntax.function_at(span) and place.file == span.file
            if here and (span.contains(place) or (names & read and place.line <= span.line)):
                return columns[number]
    return None


def _made_from_others(context: Context, operand: ast.expr, span: Span) -> bool:
    """Whether a constant is seen to come from a value that does not depend on the source, here or in a helper."""
    whole = syntax.span_of(operand, span.file)
    read = syntax.names_in(operand, ast.Load)
    mine: set[Span] = set()
    others: set[Span] = set()
    called: set[Span] = set()
    for event in context.run.left:
        if event.value in context.after_source:
            mine.update(site.span for site in event.callers)
        else:
            others.add(event.site.span)
            called.update(site.span for site in event.callers)
    others |= called - mine
    return any(whole.contains(place) or read.intersection(syntax.assigned_names(place)) for place in others)


def _last_exit(context: Context, began: int, until: int) -> Event | None:
    return next(
        (
            event
            for event in reversed(context.run.events)
            if began < event.seq
            and (event.seq < until or not until)
            and event.kind.startswith("left")
            and event.detail != "index"
            and event.value in context.after_source
            and all(syntax.value_goes_on(site.span) for site in (event.site, *event.callers))
        ),
        None,
    )
