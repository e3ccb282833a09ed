"""GT601: a gradient is of one real number, and the target is something else."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.report import Finding


def detect_failure(context: Context) -> Finding | None:
    failure, question = context.question.failure, context.question
    target = question.target_name
    what = failure.detail if failure is not None and failure.detail else "not a single real number"
    made = context.made_at(question.targets[0]) if question.targets else None
    return context.failed(
        "nonscalar-output",
        f"`{target}` is not one real number, so it has no gradient",
        f"`{target}` is {what}",
        labels=((made, "computed here"), (question.call.span, "the gradient is asked for here")),
        helps=(context.words.scalar,),
    )


FAILURE = Cause("nonscalar-output", Stage.FAILURE, detect_failure)
