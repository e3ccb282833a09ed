"""GT302: an operation that is constant between its steps, so its derivative is zero wherever it exists."""

from gradtape.explain.cause import Cause, Context, Stage, break_labels, route_note
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation = group.links[0].operation
    return context.finding(
        "piecewise-constant",
        operation.site.span,
        f"{operation.name} {group.first.reason}",
        labels=break_labels(group),
        notes=route_note(context, route),
        helps=(
            f"a smooth {operation.name} helps, or `gradtape.straight_through(f, x)`: the value stays, the gradient passes",
        ),
        route=route,
    )


CAUSE = Cause("piecewise-constant", Stage.BREAK, detect, frozenset({BreakKind.PIECEWISE_CONSTANT}))
