"""Remarks on gradients that flow: what a reader might take for a problem and is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.diagnostics import Annotation, Diagnostic, Severity
from gradtape.explain.report import Status

if TYPE_CHECKING:
    from gradtape.diagnostics import Span
    from gradtape.explain.cause import Context

LARGE = 1e6


def remarks(context: Context, status: Status) -> tuple[Diagnostic, ...]:
    """Return the remarks on one gradient."""
    if status is Status.ZERO:
        name = context.source.name
        text = f"every element is zero: `{name}` is connected, and the target does not change with it at this point"
        return (_note(text, context.question.call.span),)
    if status is not Status.OK:
        return ()
    return (*_branches(context), *_assignments(context), *_size(context))


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


def _size(context: Context) -> tuple[Diagnostic, ...]:
    fact = context.question.steepest
    if fact is None or not fact.gradient >= LARGE:
        return ()
    text = f"the gradient is large, up to {fact.gradient:.3g}, but size never makes a gradient None"
    if fact.operation is None:
        return (_note(text, context.question.call.span),)
    factor = (
        f"{text}; the largest factor on its way is the derivative of {fact.operation.name} here, {fact.derivative:.3g}"
    )
    return (_note(factor, fact.operation.site.span),)


def _during(context: Context, seq: int) -> bool:
    tape = context.run.tape
    return tape is None or not tape.entered or seq > tape.entered[0][0]


def _note(text: str, span: Span) -> Diagnostic:
    return Diagnostic(None, Severity.NOTE, text, (Annotation(span, primary=True),))
