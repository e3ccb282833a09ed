"""GT601: a gradient is of one real number, and the target is something else."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.report import Finding

COMPLEX = {"complex32", "complex64", "complex128"}


def detect_failure(context: Context) -> Finding | None:
    failure, question = context.question.failure, context.question
    target = question.target_name
    what = failure.detail if failure is not None and failure.detail else "not a single real number"
    if what in COMPLEX:
        return context.failed(
            "nonscalar-output",
            f"`{target}` is {what}, and only a real number has a gradient",
            f"`{target}` is {what}",
            labels=((question.call.span, "the gradient is asked for here"),),
            helps=("take a real number of it: `.abs()` for its size, `.real` for its real part",),
        )
    if "has_aux" in what:
        return context.failed(
            "nonscalar-output",
            f"`{target}` gives no pair of a number and the rest, so it has no gradient",
            f"this is {what}",
            labels=((question.call.span, "the gradient is asked for here"),),
            helps=("return `loss, rest`, or ask without `has_aux=True` where nobody takes the rest",),
        )
    made = context.made_at(question.targets[0]) if question.targets else None
    return context.failed(
        "nonscalar-output",
        f"`{target}` is not one real number, so it has no gradient",
        f"`{target}` is {what}",
        labels=((made, "computed here"), (question.call.span, "the gradient is asked for here")),
        helps=(context.words.scalar,),
    )


FAILURE = Cause("nonscalar-output", Stage.FAILURE, detect_failure)
