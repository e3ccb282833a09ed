"""GT901: our model of the run and the actual result disagree. Say so instead of a story."""

from gradtape.explain.cause import Context
from gradtape.explain.report import Finding


def unexplained(context: Context) -> Finding:
    """Say that the recorded operations do not explain why the gradient is missing."""
    source = context.source
    lost = bool(context.run.horizon) and any(
        0 < i < context.run.horizon for i in source.ids | context.question.target_ids
    )
    notes = (
        ("operations this old are no longer remembered; `gradtape.config(ambient_records=...)` keeps more",)
        if lost
        else ()
    )
    return context.finding(
        "not-explained",
        context.question.call.span,
        "the recorded operations do not explain this result",
        notes=notes,
        helps=("please report the program: a result without a reason is a defect of gradtape",) if not lost else (),
        proven=False,
        route=context.routes[0] if context.routes else (),
    )
