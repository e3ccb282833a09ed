"""GT201: the value became a plain ndarray, or an unknown function computed it, and it came back as a constant."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route
from gradtape.explain.unseen import unseen


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    label = group.first.reason or _became(context)
    return context.broken(
        "left-through-numpy",
        route,
        group,
        label,
        helps=_helps(context, group.first.instead),
    )


def detect_unseen(context: Context) -> Finding | None:
    return unseen(
        context,
        "left-through-numpy",
        "left as array",
        lambda _: _became(context),
        lambda left: _helps(context, left.detail or ""),
    )


def detect_failure(context: Context) -> Finding | None:
    """Tell of an error because a value could not become an array."""
    return context.failed(
        "left-through-numpy",
        f"no gradient of `{context.question.target_name}`: a value was to become an ndarray",
        _became(context),
        helps=_helps(context),
    )


def _became(context: Context) -> str:
    return f"the value becomes a plain ndarray here; {context.words.cannot_follow}"


def _helps(context: Context, instead: str = "") -> tuple[str, ...]:
    own = f"if another library must compute it, give its derivative: `{context.words.own_rule}`"
    if not instead:
        return (context.words.keep, own)
    if instead.endswith("*"):
        return (f"the functions of `{instead[:-2]}` stay on the tape; if this one is not there: {own}",)
    return (f"call `{instead}`: it computes the same and stays on the tape",)


CAUSE = Cause("left-through-numpy", Stage.BREAK, detect, frozenset({BreakKind.LEFT_AS_ARRAY}))
UNSEEN = Cause("left-through-numpy", Stage.ABSENCE, detect_unseen)
FAILURE = Cause("left-through-numpy", Stage.FAILURE, detect_failure)
