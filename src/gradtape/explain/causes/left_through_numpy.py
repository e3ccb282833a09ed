"""GT201: the value became a plain ndarray, or an unknown function computed it, and it came back as a constant."""

from gradtape.explain.cause import Cause, Context, Stage, break_labels, left_at, route_note
from gradtape.explain.edits import leaving
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route
from gradtape.explain.unseen import unseen_way

HELPS = (
    "keep the tensor: plain `np.*` functions and operators work on it and stay on the tape",
    "if another library must compute it, give its derivative: `gradtape.external(f, vjp=...)`",
)


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    span, label = left_at(group, "ndarray")
    return context.finding(
        "left-through-numpy",
        span,
        label,
        labels=break_labels(group),
        notes=route_note(context, route),
        helps=helps(group.first.instead),
        suggestion=leaving.stay(context, span),
        proven=group.first.proven,
        route=route,
    )


def helps(instead: str) -> tuple[str, ...]:
    if not instead:
        return HELPS
    if instead.endswith("*"):
        return (f"the functions of `{instead[:-2]}` stay on the tape; if this one is not there: {HELPS[1]}",)
    return (f"call `{instead}`: it computes the same and stays on the tape",)


def detect_unseen(context: Context) -> Finding | None:
    way = unseen_way(context, "left as array")
    if way is None:
        return None
    left, entry = way
    return context.finding(
        "left-through-numpy",
        left,
        "the value became a plain ndarray here; the tape cannot follow it",
        labels=((entry, "a constant comes in here that may be made from it"),),
        helps=HELPS,
        suggestion=leaving.stay(context, left),
        proven=False,
    )


CAUSE = Cause("left-through-numpy", Stage.BREAK, detect, frozenset({BreakKind.LEFT_AS_ARRAY}))
UNSEEN = Cause("left-through-numpy", Stage.ABSENCE, detect_unseen)
