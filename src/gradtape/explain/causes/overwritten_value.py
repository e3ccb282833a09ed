"""GT507: a value was overwritten after it was used: the source itself, or one that the backward pass needs."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import Event
from gradtape.explain.report import Finding, Status


def detect(context: Context) -> Finding | None:
    source, question = context.source, context.question
    write = _first_write_after_use(context) if source.kind == "tensor" else None
    if write is None:
        return None
    uses = [op for op, _ in context.run.readers([write.detail]) if op.output in context.before_target]
    used = uses[-1].site.span if uses else None
    copied = context.words.copy.format(x=source.name)
    return context.finding(
        "overwritten-value",
        write.site.span,
        f"from here on `{source.name}` stands for a new value; `{question.target_name}` was computed from the old one",
        labels=((used, "the old value is used here"),),
        helps=(f"write to a copy, `{copied}`, and ask for the gradient in `{source.name}` itself",),
    )


def detect_failure(context: Context) -> Finding | None:
    """Tell of a write that the framework refused, or found out about on the way back."""
    failure = context.question.failure
    what = f"`{failure.detail}`" if failure is not None and failure.detail else "a value"
    if context.question.dialect == "jax":  # whose arrays nobody can write to
        return context.failed(
            "overwritten-value",
            f"{what} was given away, and is read afterwards",
            "this call may use its memory for a result, because the compiled function donates its arguments",
            helps=("read the result from here on, or leave `donate_argnums` out",),
        )
    once = failure is not None and failure.once
    others = ("compute a new value instead of writing into this one", "or write after the gradient was taken")
    helps = (f"compute what is kept anew whenever it is used: {what} has learned since",) if once else others
    return context.failed(
        "overwritten-value",
        f"{what} was overwritten, and its old value is needed",
        "overwritten here",
        helps=helps,
    )


def detect_cleared(context: Context) -> Finding | None:
    """Tell of gradients that came, and were thrown away before a step of an optimizer took them."""
    failure, status = context.question.failure, context.question.status
    if failure is None or failure.kind != "overwritten-value" or status is Status.ERROR or failure.at is None:
        return None
    left = "no gradient any more" if status is Status.NONE else "a gradient of zeros"
    return context.finding(
        "overwritten-value",
        failure.at.span,
        "this throws away gradients that no step has taken yet",
        labels=tuple((site.span, text) for site, text in failure.also),
        helps=("clear the gradients after the step, or before the next backward pass, not between the two",),
        headline=f"`{context.source.name}` has {left} at the step",
    )


def _first_write_after_use(context: Context) -> Event | None:
    """Go back from the source's value to those that its tensor had before, to one that the target depends on."""
    writes = {event.value: event for event in context.run.events if event.kind == "write"}
    value = next(iter(context.source.ids), 0)
    while value in writes:
        write = writes[value]
        if write.detail in context.before_target:
            return write
        value = write.detail
    return None


CAUSE = Cause("overwritten-value", Stage.ABSENCE, detect)
CLEARED = Cause("overwritten-value", Stage.SOURCE, detect_cleared)
FAILURE = Cause("overwritten-value", Stage.FAILURE, detect_failure)
