"""GT505: a tape that is not persistent gave its gradients before."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.edits import builders, sources
from gradtape.explain.report import Finding


def detect(context: Context) -> Finding | None:
    used_at = context.question.used_at
    if used_at is None:
        return None
    return context.finding(
        "tape-used-up",
        context.question.call.span,
        "asks a tape that is not persistent for a second set of gradients",
        labels=((used_at.span, "the tape gave its gradients here and dropped what it needs for more"),),
        headline=f"no second set of gradients, from `{context.question.target_name}` to `{context.source.name}`",
        helps=("ask for all gradients in one call, or make the tape with `GradientTape(persistent=True)`",),
        suggestion=builders.safe(*sources.with_argument(context.entered_at, "persistent", "True")),
    )


CAUSE = Cause("tape-used-up", Stage.CALL, detect)
