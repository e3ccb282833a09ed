"""GT201 and GT202 where nothing shows the way back: a value left, and the target was made from unknown constants."""

import ast

from gradtape.diagnostics import Span, syntax
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import Event, Operation
from gradtape.explain.report import Finding


def detect(context: Context) -> Finding | None:
    """Look for a value of the source that left while the tape recorded, before an unknown constant came in."""
    tape = context.run.tape
    began = tape.entered[-1][0] if tape is not None and tape.entered else 0
    entry = _unexplained_constant(context, began)
    if entry is None:
        return None
    left = _last_exit(context, began, entry.seq)
    if left is None:
        return None
    number = left.kind.endswith("number")
    became = "Python number" if number else "ndarray"
    return context.finding(
        "left-through-number" if number else "left-through-numpy",
        left.site.span,
        f"the value became a plain {became} here; the tape cannot follow it",
        labels=((entry.site.span, "a constant comes in here that may be made from it"),),
        helps=("keep the tensor: plain `np.*` functions and operators work on it and stay on the tape",),
        proven=False,
    )


def _unexplained_constant(context: Context, began: int) -> Operation | None:
    """Return the last operation on the way to the target that took a constant which is no literal."""
    for operation in reversed(context.run.operations):
        if operation.output not in context.before_target or operation.seq < began:
            continue
        for position, value in enumerate(operation.inputs):
            operand = syntax.operand_at(operation.site.span, position, len(operation.inputs))
            if not value and operand is not None and not _made_from_others(context, operand, operation.site.span):
                return operation
    return None


def _made_from_others(context: Context, operand: ast.expr, span: Span) -> bool:
    """Whether a constant is seen to come from a value that does not depend on the source."""
    whole = syntax.span_of(operand, span.file)
    read = syntax.names_in(operand, ast.Load)
    others = {
        event.site.span
        for event in context.run.events
        if event.kind.startswith("left") and event.value not in context.after_source
    }
    return any(whole.contains(place) or read.intersection(syntax.assigned_names(place)) for place in others)


def _last_exit(context: Context, began: int, until: int) -> Event | None:
    return next(
        (
            event
            for event in reversed(context.run.events)
            if began < event.seq < until
            and event.kind.startswith("left")
            and event.detail != "index"
            and event.value in context.after_source
            and all(syntax.value_goes_on(site.span) for site in (event.site, *event.callers))
        ),
        None,
    )


CAUSE = Cause("left-through-numpy", Stage.ABSENCE, detect)
