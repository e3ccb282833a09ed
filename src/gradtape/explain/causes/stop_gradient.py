"""GT304: a stop_gradient ends the path on purpose."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    name = group.links[0].operation.name
    return context.broken(
        "stop-gradient",
        route,
        group,
        group.first.reason or f"{name} ends the path here, because the program says so",
        helps=(f"leave out the {name} if `{context.source.name}` is meant to learn through this value",),
    )


CAUSE = Cause("stop-gradient", Stage.BREAK, detect, frozenset({BreakKind.STOP}))
