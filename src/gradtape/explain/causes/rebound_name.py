"""GT103: the name of the source now holds a tensor that was computed from what the name held before."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, syntax
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import Operation
from gradtape.explain.search import backward_cone

if TYPE_CHECKING:
    from gradtape.explain.report import Finding
    from gradtape.explain.search import BreakGroup, Route


def detect(context: Context) -> Finding | None:
    source = context.source
    made = source.made
    if source.kind != "tensor" or source.watched or not isinstance(made, Operation):
        return None
    if not source.leaf and not _is_update(context, made):
        return None  # the name moved on to a value on the way: it is the leaf that keeps the gradient
    found = _rebound(context, made)
    if found is None:
        return None
    name, before = found
    bound = _bound_at(made, name, context.source.name)
    inside = made.site.span if bound != made.site.span else None
    return context.finding(
        "rebound-name",
        bound,
        f"`{name}` now names the result of this operation, {context.words.unfollowed}",
        labels=((before, f"before, `{name}` was this one"), (inside, "it is computed here")),
        helps=(
            context.words.in_place.format(x=name),
            context.words.watch_again.format(x=source.name),
        ),
        route=context.route,
    )


def _bound_at(made: Operation, *names: str) -> Span:
    """Return where the name gets the new value: the call of the function that computed it, if that is so."""
    places = [site.span for site in (made.site, *made.callers)]
    return next((p for p in places if set(names) & set(syntax.assigned_names(p))), places[0])


def _is_update(context: Context, made: Operation) -> bool:
    """Whether a value was computed with a gradient: a step of training."""
    producers = context.run.producers
    before = backward_cone(context.run, [i for i in made.inputs if i])
    return any(producers[i].function == "gradient" for i in before if i in producers)


def is_update_of(context: Context, operation: Operation) -> bool:
    """Whether an operation computes a step of training: a new value from the source and from its gradient."""
    if context.source.ids.isdisjoint(operation.inputs):
        return False
    producers = context.run.producers
    before = backward_cone(context.run, [i for i in operation.inputs if i and i not in context.source.ids])
    gradients = [producers[i] for i in before if i in producers and producers[i].function == "gradient"]
    return any(not context.source.ids.isdisjoint(gradient.inputs) for gradient in gradients)


def detect_update(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    """Tell of a step that makes a new tensor, from which the next round computes, in the place of the source."""
    return context.broken(
        "rebound-name",
        route,
        group,
        f"a step of training makes a new tensor here in the place of `{context.source.name}`, "
        f"{context.words.unfollowed}",
        helps=(context.words.in_place.format(x=context.source.name),),
    )


def _rebound(context: Context, made: Operation) -> tuple[str, Span] | None:
    """Return the name that was bound anew and where its earlier value was made or is read.

    The earlier value must be one that had a gradient, a variable or a watched tensor: a name that moves from one plain
    tensor to another loses nothing. Either the names agree, or the statement says so itself, `w = w - ...`, or the same
    question was asked before and was about a variable then.
    """
    run = context.run
    cone = backward_cone(run, [i for i in made.inputs if i])
    followed = sorted(cone & (run.variables | {e.value for e in run.events if e.kind == "watch"}), reverse=True)
    if not followed:
        return None
    statement = syntax.statement_at(made.site.span)
    places = {value: _made_at(context, value) for value in followed}
    for value in followed:
        span = places[value]
        if value in context.source.before and span is not None:
            return context.source.name, span
    for name in syntax.assigned_names(made.site.span):
        for span in places.values():
            if span is not None and syntax.statement_at(span) is not statement and name in syntax.assigned_names(span):
                return name, span
        read = _read_before(made.site.span, name)
        if read is not None and _held_it(context, made, name, set(followed)):
            return name, read
    before = next((value for value in followed if value in made.inputs), 0)
    there = places.get(before)
    if there is not None and _is_update(context, made) and not _is_new_name(context, made, there):
        return context.source.name, there  # by another name, in a function of its own
    return None


def _read_before(span: Span, name: str) -> Span | None:
    """Return where a statement that gives a name a new value reads the one before."""
    right = getattr(syntax.statement_at(span), "value", None)
    read = syntax.mentions(right, name) if right is not None else []
    return syntax.span_of(read[0], span.file) if read else None


def _held_it(context: Context, made: Operation, name: str, followed: set[int]) -> bool:
    """Whether a name held one of the values that had a gradient, before statements gave it one new value after another.

    `x = x.clamp(0, 1)` says that the name moved on, not from what: `x = image + step` before it was its beginning.
    """
    producers = context.run.producers
    pending, seen = [made], {made.output}
    while pending:
        operation = pending.pop()
        for position, value in enumerate(operation.inputs):
            before = producers.get(value)
            if value in followed:
                operand = syntax.operand_at(operation.site.span, position, len(operation.inputs))
                if not isinstance(operand, ast.Name | ast.Attribute) or syntax.text_of(operand) == name:
                    return True
            elif before is not None and value not in seen and _gives(before, name):
                seen.add(value)
                pending.append(before)
    return False


def _gives(operation: Operation, name: str) -> bool:
    """Whether an operation is a part of a statement that gives a name its next value, made from the one before."""
    places = [site.span for site in (operation.site, *operation.callers)]
    return any(name in syntax.assigned_names(span) and _read_before(span, name) is not None for span in places)


def _is_new_name(context: Context, made: Operation, before: Span) -> bool:
    """Whether the source's name is given for the first time by the statement that made it: `adv = x + eps * g`."""
    name = context.source.name
    given = [site.span for site in (made.site, *made.callers) if name in syntax.assigned_names(site.span)]
    return (
        bool(given)
        and name not in syntax.assigned_names(before)
        and not any(_read_before(span, name) for span in given)
    )


def _made_at(context: Context, value: int) -> Span | None:
    producer = context.run.producers.get(value)
    if producer is not None and producer.name != "assign":
        return producer.site.span
    return next((e.site.span for e in context.run.events if e.kind == "create" and e.value == value), None)


CAUSE = Cause("rebound-name", Stage.SOURCE, detect)
