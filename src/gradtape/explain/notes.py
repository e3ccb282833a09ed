"""Remarks on gradients that flow: what a reader might take for a problem and is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.diagnostics import Annotation, Diagnostic, Severity
from gradtape.explain import scores, sizes, wording
from gradtape.explain.cancelling import added_alike, constants, flows_besides
from gradtape.explain.cause import Stage
from gradtape.explain.causes.flat_region import row_of
from gradtape.explain.graph import BreakKind
from gradtape.explain.numbers import JOINING, forward, readers_of, target_is_finite
from gradtape.explain.partial import LOST, ends_of_routes
from gradtape.explain.report import Status
from gradtape.explain.spots import Trouble
from gradtape.explain.wording import numbers_at

if TYPE_CHECKING:
    from gradtape.diagnostics import Span
    from gradtape.explain.cause import Context
    from gradtape.explain.graph import Operation

LARGE = 1e6
MOST = 4
"""How many places are remarked on for one reason."""


def remarks(context: Context, status: Status) -> tuple[Diagnostic, ...]:
    """Return the remarks on one gradient."""
    if status is Status.ZERO:
        return (*_stationary(context), *_steps(context))
    if status is not Status.OK:
        return ()
    return (
        *_added_alike(context),
        *_branches(context),
        *_assignments(context),
        *_stops(context),
        *_weights(context),
        *_size(context),
        *_lost_target(context),
        *_contradiction(context),
    )


def _lost_target(context: Context) -> tuple[Diagnostic, ...]:
    """Say where a target got lost although its gradient is finite: a loss that prints NaN needs a reason."""
    if target_is_finite(context):
        return ()
    told = {}
    for spot in forward(context):
        if spot.operation is not None:
            lost, name = context.question.target_name, wording.name_of(spot.operation)
            text = f"`{lost}` is not finite, though its gradient is: the first value that is not comes from {name}"
            told[spot.operation.site.span] = text
    return tuple(_note(text, span) for span, text in list(told.items())[:MOST])


def _contradiction(context: Context) -> tuple[Diagnostic, ...]:
    """Say where a gradient came that the recorded operations do not explain: then other reasons may be wrong too."""
    if context.flows or not context.run.operations or context.origin_unknown or context.run.horizon:
        return ()
    source, target = context.source.name, context.question.target_name
    text = f"not explained: a gradient came, and no recorded operations lead from `{source}` to `{target}`"
    return (_note(f"{text} without a break", context.question.call.span),)


def _stationary(context: Context) -> tuple[Diagnostic, ...]:
    """Say why a gradient is zero and right: the source is connected, and this is a stationary point."""
    found = context.spots
    told = {}
    for spot in found:
        row = row_of(context, spot)
        constant = spot.trouble is Trouble.CONSTANT
        if spot.operation is None or (constant and not added_alike(context)) or (row is not None and not row.harmless):
            continue
        if spot.operation.own and spot.trouble is Trouble.ZERO:  # a cause speaks of it
            continue
        name = wording.name_of(spot.operation)
        if constant:
            text = ALIKE.format(context.source.name)
        elif spot.trouble is Trouble.CANCELLED:
            text = "what comes back on several ways adds up to zero here"
        else:
            text = row.says.format(f=name) if row is not None else f"the derivative of {name} is zero here"
            if spot.operation.function in JOINING:
                text = _of_a_part(context, spot.operation)
            elif spot.pull is not None and numbers_at(spot.pull):
                text += f": {numbers_at(spot.pull)}"
        told[spot.operation.site.span] = f"{ZERO} {text}"
    if not found:
        name = context.source.name
        text = f"every element is zero: `{name}` is connected, and the target does not change with it at this point"
        return (_note(text, context.question.call.span),)
    return tuple(_note(text, span) for span, text in list(told.items())[:MOST])


ZERO = "the gradient is zero because"
ALIKE = "`{}` is added alike to both that are subtracted here, and is not meant to count"


def _added_alike(context: Context) -> tuple[Diagnostic, ...]:
    """Say why a gradient is zero, or rounding alone, and right: two outputs have the source alike."""
    if not context.question.pulls or Stage.NUMBERS in context.question.unseen:
        return ()
    found = constants(context)
    if not found or not added_alike(context) or flows_besides(context, found):
        return ()
    spans = dict.fromkeys(spot.operation.site.span for spot in found if spot.operation is not None)
    return tuple(_note(f"{ZERO} {ALIKE.format(context.source.name)}", span) for span in list(spans)[:MOST])


TAKING = frozenset({"getitem", "take", "take_along_axis", "split", "unstack", "where", "max", "min", "sort", "top_k"})
"""Operations that take some elements and leave others."""


def _of_a_part(context: Context, joined: Operation) -> str:
    """Say that nothing comes back for one of several values that are put together."""
    readers, name = readers_of(context, joined), context.source.name
    if len(readers) == 1 and readers[0].function not in TAKING:
        return f"the derivative of {wording.name_of(readers[0])} is zero in all elements that came from `{name}`"
    return f"what uses {wording.name_of(joined)}'s result takes none of the elements that came from `{name}`"


def _steps(context: Context) -> tuple[Diagnostic, ...]:
    """Say of a gradient that is zero where another route ends, at a rounding or the like."""
    if Stage.BREAK in context.question.unseen:
        return ()
    told = {}
    for link in ends_of_routes(context, {BreakKind.PIECEWISE_CONSTANT}):
        text = f"another route ends at {wording.name_of(link.operation)}, which is constant between its steps"
        told[link.operation.site.span] = f"{text}: it adds nothing to the gradient"
    return tuple(_note(text, span) for span, text in list(told.items())[:MOST])


def linear(context: Context, function: str) -> Diagnostic:
    """Say that a derivative of a derivative is zero because the function is linear there, which is no fault."""
    name = context.source.name
    text = f"`{function}` is linear in `{name}` here, so its derivative does not change with `{name}`"
    return _note(text, context.question.call.span)


def _branches(context: Context) -> tuple[Diagnostic, ...]:
    """Remark on branches: the side that was taken is recorded, the choice itself has no derivative."""
    found = {}
    for event in context.run.events:
        if event.kind == "branch" and event.value in context.after_source and _during(context, event.seq):
            found[event.site.span] = event
    return tuple(_note("the branch itself carries no gradient; the side that was taken does", span) for span in found)


def _assignments(context: Context) -> tuple[Diagnostic, ...]:
    found = {}
    for event in context.run.events:
        if event.kind == "assign" and event.value in context.source.ids and _during(context, event.seq):
            found[event.site.span] = event
    return tuple(
        _note(
            f"the assignment is not part of the gradient; it uses the values of `{context.source.name}` that were read",
            span,
        )
        for span in found
    )


def _weights(context: Context) -> tuple[Diagnostic, ...]:
    """Remark on values that left the tape and weigh log-probabilities, where a constant is meant."""
    links = (link for link in ends_of_routes(context, LOST) if scores.weighs(context, link.operation.output))
    spans = dict.fromkeys(link.operation.site.span for link in links)
    text = (
        f"a constant made of `{context.source.name}` weighs log-probabilities from here on, as an advantage is meant to"
    )
    return tuple(_note(text, span) for span in list(spans)[:MOST])


def _stops(context: Context) -> tuple[Diagnostic, ...]:
    """Remark on routes that end on purpose beside others that flow."""
    name = context.source.name
    spans = dict.fromkeys(link.operation.site.span for link in ends_of_routes(context, {BreakKind.STOP}))
    text = f"one route from `{name}` ends here on purpose; the gradient is what comes back on the others"
    return tuple(_note(text, span) for span in list(spans)[:MOST])


def _size(context: Context) -> tuple[Diagnostic, ...]:
    gradient = context.question.gradient
    if gradient is None or not gradient.largest >= LARGE or context.spots:
        return ()
    text = f"the gradient is large, up to {gradient.largest:.3g}, but size never makes a gradient None"
    steepest, factor = sizes.steepest(context.pulls)
    if steepest is None or not factor:
        return (_note(text, context.question.call.span),)
    name = steepest.operation.name
    return (_note(f"{text}; the largest factor on its way is {name}'s, {factor:.3g}", steepest.operation.site.span),)


def _during(context: Context, seq: int) -> bool:
    tape = context.run.tape
    return tape is None or not tape.entered or seq > tape.entered[0][0]


def _note(text: str, span: Span) -> Diagnostic:
    return Diagnostic(None, Severity.NOTE, text, (Annotation(span, primary=True),))
