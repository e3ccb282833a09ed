"""GT202: the value became a Python number and came back as a constant."""

from gradtape.explain.cause import Cause, Context, Stage, break_labels, route_note
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    return context.finding(
        "left-through-number",
        group.links[0].operation.site.span,
        group.first.reason or "the value became a plain Python number here; the tape cannot follow it",
        labels=break_labels(group),
        notes=route_note(context, route),
        helps=(
            "use the tensor itself, not `float(...)`, `.item()` or a function of `math`: `np.sin(t)` stays on the tape",
        ),
        proven=group.first.proven,
        route=route,
    )


CAUSE = Cause("left-through-number", Stage.BREAK, detect, frozenset({BreakKind.LEFT_AS_NUMBER}))
