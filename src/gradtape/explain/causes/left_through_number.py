"""GT202: the value became a Python number and came back as a constant."""

from gradtape.explain.cause import Cause, Context, Stage, break_labels, left_at, route_note
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    span, label = left_at(group, "Python number")
    return context.finding(
        "left-through-number",
        span,
        label,
        labels=break_labels(group),
        notes=route_note(context, route),
        helps=(
            "use the tensor itself, not `float(...)`, `.item()` or a function of `math`: `np.sin(t)` stays on the tape",
        ),
        proven=group.first.proven,
        route=route,
    )


CAUSE = Cause("left-through-number", Stage.BREAK, detect, frozenset({BreakKind.LEFT_AS_NUMBER}))
