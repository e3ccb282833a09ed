"""GT304: a stop_gradient ends the path on purpose."""

from gradtape.explain.cause import Cause, Context, Stage, break_labels, route_note
from gradtape.explain.edits import leaving
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation = group.links[0].operation
    return context.finding(
        "stop-gradient",
        operation.site.span,
        "stop_gradient ends the path here, because the program says so",
        labels=break_labels(group),
        notes=route_note(context, route),
        helps=(f"leave out the stop_gradient if `{context.source.name}` is meant to learn through this value",),
        suggestion=leaving.through_stop(operation.site.span),
        route=route,
    )


CAUSE = Cause("stop-gradient", Stage.BREAK, detect, frozenset({BreakKind.STOP}))
