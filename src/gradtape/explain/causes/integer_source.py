"""GT107: the source or the target has a dtype whose values cannot move a little."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import End
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
        _label(end),
        labels=((context.question.call.span, "asked for here"),),
        helps=(_help(end),),
    )


def detect_failure(context: Context) -> Finding | None:
    """Tell of an error about a dtype."""
    ends = (context.source, *context.question.targets)
    end = next((e for e in ends if not e.differentiable), context.source)
    return context.failed(
        "integer-source",
        f"`{end.name}` has a dtype without derivatives",
        _label(end),
        labels=((context.made_at(end), f"`{end.name}` is made here"),),
        helps=(_help(end),),
    )


def _label(end: End) -> str:
    return f"`{end.name}` is {end.dtype}, and only floating-point values have a gradient"


def _help(end: End) -> str:
    return f"make `{end.name}` floating point: write `3.0` for `3`, or pass a float dtype"


CAUSE = Cause("integer-source", Stage.SOURCE, detect)
FAILURE = Cause("integer-source", Stage.FAILURE, detect_failure)
