"""GT105: nothing on the way to the target uses the source."""

import ast

from gradtape.diagnostics import Span, syntax
from gradtape.explain.cause import Cause, Context, Stage, harmless
from gradtape.explain.edits.blocks import ASKING
from gradtape.explain.report import Finding
from gradtape.explain.unread import (
    Early,
    Unread,
    only_shape,
    overwritten,
    read_too_early,
    taken_apart,
    told_overwritten,
    unread,
)


def detect(context: Context) -> Finding | None:
    source, question = context.source, context.question
    if not question.targets:
        return _given_none(context)
    if context.origin_unknown:
        return None
    lost = overwritten(context)
    if lost is not None:
        return told_overwritten(context, "not-used", lost)
    used = context.run.columns.readers(context.source.ids)
    early = read_too_early(context)
    if early is not None:
        return _told_early(context, early)
    target = question.targets[0]
    lying = unread(context)
    recorded = "recorded " if context.may_have_left else ""
    nothing = f"nothing {recorded}on the way to `{question.target_name}`"
    at, text = question.call.span, f"{nothing} uses `{source.name}`"
    over = None
    if lying is not None:
        at, text = _where_it_ends(context, lying, nothing)
        over = syntax.span_of(lying.overwritten, at.file) if lying.overwritten is not None else None
    elsewhere = context.run.operations[used[-1]].site.span if used else None
    remembered = "that is still remembered " if context.run.horizon else "of the run "
    notes = () if used else (f"no operation {remembered}used `{source.name}`",)
    if _is_derivative(context):
        zero = f"by `{source.name}` its derivative is zero"
        notes = (*notes, f"`{question.target_name}` is a derivative, and does not contain `{source.name}`: {zero}")
    return context.finding(
        "not-used",
        at,
        text,
        labels=(
            (context.made_at(target), f"`{question.target_name}` is computed here"),
            (elsewhere, f"`{source.name}` is used here, but the result never reaches `{question.target_name}`"),
            (context.made_at(source), f"`{source.name}` is made here"),
            (question.call.span if lying is not None else None, "the gradient is asked for here"),
            (over, "it is overwritten here"),
        ),
        notes=notes,
        excuse=harmless(context),
        helps=(f"use `{source.name}` in `{question.target_name}`, or leave it out of the sources if that is meant",),
        proven=not context.may_have_left,
    )


def _where_it_ends(context: Context, lying: Unread, nothing: str) -> tuple[Span, str]:
    """Return the place where what was computed from the source stops being read, and what to say there."""
    source, taken = context.source.name, taken_apart(lying.at)
    if not lying.name and taken:
        at = syntax.span_of(taken[0], lying.at.file)
        return at, f"another part of this result is computed from `{source}`, and {nothing} reads that"
    if lying.overwritten is not None:
        return lying.at, f"`{lying.name}` is computed from `{source}` here, and overwritten before anybody reads it"
    return lying.at, f"`{lying.name}` is computed from `{source}` here, and {nothing} reads it"


def _is_derivative(context: Context) -> bool:
    """Whether the target goes by a name that a call for gradients gave it: of what is linear, they are constant."""
    given = syntax.values_given_to(context.question.target_name, context.question.call.span)
    calls = [value for value in given if isinstance(value, ast.Call)]
    return any(syntax.text_of(call.func).rpartition(".")[2] in {*ASKING, "grad"} for call in calls)


def detect_shape(context: Context) -> Finding | None:
    """Tell of a value of which nothing but the shape goes on: one place for all sources before it."""
    read = only_shape(context) if context.question.targets and not context.origin_unknown else None
    if read is None:
        return None
    target, made = context.question.target_name, context.run.producers.get(read.value)
    return context.finding(
        "not-used",
        read.site.span,
        f"only a shape is read here, and no value goes on to `{target}`",
        labels=((made.site.span if made is not None else None, "it is the shape of this value"),),
        excuse=harmless(context),
        helps=("use the values as well, or leave out of the sources what is not meant to learn",),
        proven=not context.may_have_left,
    )


def _told_early(context: Context, early: Early) -> Finding:
    """Tell of what the target was computed with, before the source came into it."""
    source, target = context.source.name, context.question.target_name
    return context.finding(
        "not-used",
        early.at,
        f"`{target}` is computed with the `{early.name}` from before `{source}` comes into it",
        labels=((early.written, f"here `{source}` comes into `{early.name}`, and nobody reads that"),),
        helps=(f"compute the new `{early.name}` first",),
        proven=not context.may_have_left,
    )


def never_asked(context: Context) -> Finding | None:
    """Tell of an optimizer that got no gradient, because nobody had asked for it."""
    failure = context.question.failure
    if failure is None or failure.kind != "not-used":
        return None
    return _no_backward(context) if context.question.targets else _given_none(context)


def _given_none(context: Context) -> Finding:
    """Tell of None that was handed to an optimizer, though nobody had asked for the gradient."""
    name, failure = context.source.name, context.question.failure
    places = failure.also if failure is not None else ()
    computed = failure is not None and failure.detail
    why = "though one was computed" if computed else "and nobody asked for one"
    ask = "pass on what was computed" if computed else "ask for it together with the others"
    return context.finding(
        "not-used",
        context.question.call.span,
        f"None is given here as the gradient of `{name}`, {why}",
        labels=(
            *((site.span, text) for site, text in places),
            (context.made_at(context.source), f"`{name}` is made here"),
        ),
        helps=(f"{ask}, or leave `{name}` out of what the optimizer is given",),
        headline=f"`{name}` is given no gradient",
    )


def _no_backward(context: Context) -> Finding:
    target, made = context.question.target_name, context.made_at(context.question.targets[0])
    return context.finding(
        "not-used",
        context.question.call.span,
        "no backward pass has run so far, so there is no gradient that this step could take",
        labels=((made, f"`{target}` is computed here, and nothing more is done"),),
        helps=(f"call `{target}.backward()` before the step takes the gradients",),
        headline=f"`{context.source.name}` is given no gradient",
    )


SHAPE = Cause("not-used", Stage.ABSENCE, detect_shape)
NEVER_ASKED = Cause("not-used", Stage.SOURCE, never_asked)
CAUSE = Cause("not-used", Stage.ABSENCE, detect)
