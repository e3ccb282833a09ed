"""GT107: the source or the target has a dtype whose values cannot move a little."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.edits import sources
from gradtape.explain.report import Finding


def detect(context: Context) -> Finding | None:
    end = context.source
    if end.differentiable:
        whole = [t for t in context.question.targets if t.kind in {"tensor", "variable"}]
        if not whole or any(t.differentiable for t in whole) or any(link.breaks for r in context.routes for link in r):
            return None
        end = whole[0]
    return context.finding(
        "integer-source",
        context.made_at(end),
        f"`{end.name}` is {end.dtype}, and only floating-point values have a gradient",
        labels=((context.question.call.span, "asked for here"),),
        helps=(f"make `{end.name}` floating point: write `3.0` for `3`, or pass a float dtype",),
        suggestion=sources.floats(context.made_at(end)),
    )


CAUSE = Cause("integer-source", Stage.SOURCE, detect)
