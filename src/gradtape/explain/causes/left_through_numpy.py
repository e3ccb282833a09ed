"""GT201: the value became a plain ndarray, or an unknown function computed it, and it came back as a constant."""

from gradtape.explain.cause import Cause, Context, Stage, break_labels, left_at, route_note
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    span, label = left_at(group, "ndarray")
    return context.finding(
        "left-through-numpy",
        span,
        label,
        labels=break_labels(group),
        notes=route_note(context, route),
        helps=(
            "keep the tensor: plain `np.*` functions and operators work on it and stay on the tape",
            "if another library must compute it, give its derivative: `gradtape.external(f, vjp=...)`",
        ),
        proven=group.first.proven,
        route=route,
    )


CAUSE = Cause("left-through-numpy", Stage.BREAK, detect, frozenset({BreakKind.LEFT_AS_ARRAY}))
