"""GT306: a value was drawn at random, and how it was drawn from its parameters has no derivative."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    reason = group.first.reason or "draws at random, and what was drawn has no derivative in the parameters of the draw"
    return context.broken(
        "sampled", route, group, f"{group.links[0].operation.name} {reason}", helps=(context.words.draw,)
    )


CAUSE = Cause("sampled", Stage.BREAK, detect, frozenset({BreakKind.SAMPLED}))
