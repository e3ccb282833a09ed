"""GT901: our model of the run and the actual result disagree. Say so instead of a story."""

from gradtape.explain.cause import Context
from gradtape.explain.report import Finding, Status


def unexplained(context: Context) -> Finding:
    """Say that the recorded operations do not explain why the gradient is missing."""
    unseen = context.question.unseen.values()
    notes = tuple(dict.fromkeys(text for texts in unseen for text in texts))
    if not notes and context.origin_unknown:
        forgotten = ", or so long ago that it is forgotten (`gradtape.config(ambient_records=...)` keeps more)"
        where = "in another thread or process, as those of a data loader's workers are" + (
            forgotten if context.run.horizon else ""
        )
        notes = (f"a tensor on the way to `{context.question.target_name}` was made {where}",)
    odd = context.question.status is Status.NAN
    if odd and not notes:
        notes = (
            "no step of the backward pass that was seen makes it from finite numbers: a step inside may be hidden",
        )
    return context.finding(
        "not-explained",
        context.question.call.span,
        "the recorded operations do not explain this result",
        notes=notes,
        helps=() if notes else ("please report the program: a result without a reason is a defect of gradtape",),
        proven=False,
        headline=f"the gradient from `{context.question.target_name}` to `{context.source.name}` is not finite"
        if odd
        else None,
        route=context.route,
    )
