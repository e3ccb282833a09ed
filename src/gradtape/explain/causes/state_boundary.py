"""GT504: the value went through an assignment to a variable, which is not part of the gradient."""

from gradtape.explain.cause import Cause, Context, Stage, break_labels, route_note
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation = group.links[0].operation
    made = operation.name != "assign"
    return context.finding(
        "state-boundary",
        operation.site.span,
        "a Variable made from a tensor takes its value and starts a new path"
        if made
        else "an assignment stores the value; the variable starts a new path, and nothing flows back through it",
        labels=break_labels(group),
        notes=route_note(context, route),
        helps=(
            "use the tensor itself where the gradient is needed, and assign it to the variable after `gradient(...)`",
        ),
        route=route,
    )


CAUSE = Cause("state-boundary", Stage.BREAK, detect, frozenset({BreakKind.STATE}))
