"""GT303: a value on the way is cast to integers or booleans."""

from gradtape.explain.cause import Cause, Context, Stage, break_labels, route_note
from gradtape.explain.edits import steps
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation = group.links[0].operation
    return context.finding(
        "integer-cast",
        operation.site.span,
        "this cast gives whole numbers or truth values, which cannot move a little, so nothing flows back through it",
        labels=break_labels(group),
        notes=route_note(context, route),
        helps=("stay in floating point; if whole numbers are needed forward, use `gradtape.straight_through(f, x)`",),
        suggestion=steps.around_cast(context, group, route),
        route=route,
    )


CAUSE = Cause("integer-cast", Stage.BREAK, detect, frozenset({BreakKind.INTEGER_CAST}))
