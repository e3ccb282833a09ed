"""GT202: the value became a Python number and came back as a constant."""

from gradtape.explain.cause import Cause, Context, Stage, break_labels, left_at, route_note
from gradtape.explain.edits import leaving
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route
from gradtape.explain.unseen import unseen_way

HELPS = ("use the tensor itself, not `float(...)`, `.item()` or a function of `math`: `np.sin(t)` stays on the tape",)


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    span, label = left_at(group, "Python number")
    return context.finding(
        "left-through-number",
        span,
        label,
        labels=break_labels(group),
        notes=route_note(context, route),
        helps=HELPS,
        suggestion=leaving.stay(context, span),
        proven=group.first.proven,
        route=route,
    )


def detect_unseen(context: Context) -> Finding | None:
    way = unseen_way(context, "left as number")
    if way is None:
        return None
    left, entry = way
    return context.finding(
        "left-through-number",
        left,
        "the value became a plain Python number here; the tape cannot follow it",
        labels=((entry, "a constant comes in here that may be made from it"),),
        helps=HELPS,
        suggestion=leaving.stay(context, left),
        proven=False,
    )


CAUSE = Cause("left-through-number", Stage.BREAK, detect, frozenset({BreakKind.LEFT_AS_NUMBER}))
UNSEEN = Cause("left-through-number", Stage.ABSENCE, detect_unseen)
