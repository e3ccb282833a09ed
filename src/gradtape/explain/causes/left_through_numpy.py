"""GT201: the value became a plain ndarray, or an unknown function computed it, and it came back as a constant."""

from gradtape.explain.cause import Cause, Context, Stage, break_labels, route_note
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation = group.links[0].operation
    return context.finding(
        "left-through-numpy",
        operation.site.span,
        group.first.reason or "the value became a plain ndarray here; the tape cannot follow it",
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
