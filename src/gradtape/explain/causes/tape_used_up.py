"""GT505: a tape that is not persistent gave its gradients before, or a graph was walked and dropped."""

from gradtape.explain.cause import Cause, Context, Stage
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
        helps=(context.words.again,),
    )


def detect_failure(context: Context) -> Finding | None:
    """Tell of a graph that was walked before; `at` is what it still holds, `also` where it was walked."""
    failure = context.question.failure
    if failure is not None and failure.once:
        return context.failed(
            "tape-used-up",
            f"no second set of gradients of `{context.question.target_name}`: a part of the graph was used up",
            f"`{failure.detail}` keeps what is computed here, together with the graph of the first time",
            helps=("compute it anew whenever it is used: what it is computed from learns",),
        )
    return context.failed(
        "tape-used-up",
        f"no second set of gradients of `{context.question.target_name}`: the graph was used up",
        "this part of the graph gave its gradients before and dropped what it needs for more",
        helps=(context.words.again,),
    )


CAUSE = Cause("tape-used-up", Stage.CALL, detect)
FAILURE = Cause("tape-used-up", Stage.FAILURE, detect_failure)
