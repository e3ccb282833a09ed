"""GT304: a stop_gradient ends the path on purpose."""

from gradtape.explain import wording
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation = group.links[0].operation
    name, called = operation.name, wording.called(operation)
    inside = called is not None and not wording.alike(operation.name.removeprefix("."), called)
    label = f"{name} ends the path here, because the program says so"
    if inside:
        label = f"{called} gives the value without its history here: there is a {name} in it"
    return context.broken(
        "stop-gradient",
        route,
        group,
        group.first.reason or label,
        helps=(f"leave out the {name} if `{context.source.name}` is meant to learn through this value",),
    )


CAUSE = Cause("stop-gradient", Stage.BREAK, detect, frozenset({BreakKind.STOP}))
