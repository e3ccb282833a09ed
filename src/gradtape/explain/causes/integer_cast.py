"""GT303: a value on the way is cast to integers or booleans."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    mended = context.words.straight_through.format(f="f", x="x")
    return context.broken(
        "integer-cast",
        route,
        group,
        "this cast gives whole numbers or truth values, which cannot move a little, so nothing flows back through it",
        helps=(f"stay in floating point; if whole numbers are needed forward, use `{mended}`",),
    )


CAUSE = Cause("integer-cast", Stage.BREAK, detect, frozenset({BreakKind.INTEGER_CAST}))
