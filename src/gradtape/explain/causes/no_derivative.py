"""GT301: an operation without a derivative: positions, orders, comparisons, counts."""

from gradtape.explain import wording
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    return context.broken(
        "no-derivative",
        route,
        group,
        f"{wording.name_of(group.links[0].operation)} {group.first.reason}",
        helps=(f"use a smooth one: {context.words.smooth}",),
    )


CAUSE = Cause("no-derivative", Stage.BREAK, detect, frozenset({BreakKind.NO_DERIVATIVE}))
