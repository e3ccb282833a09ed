"""GT306: a value was drawn at random, and how it was drawn from its parameters has no derivative."""

import ast

from gradtape.diagnostics import syntax
from gradtape.explain import wording
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route
from gradtape.explain.unseen import unseen

DRAWN = "draws at random, and what was drawn has no derivative in the parameters of the draw"


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation = group.links[0].operation
    calls = (n for n in syntax.around(operation.site.span) if isinstance(n, ast.Call))
    takes = any(syntax.text_of(n.func).rpartition(".")[2] == operation.name for n in calls)  # what stands at the place
    name = operation.name if takes else wording.called(operation) or operation.name
    label = f"{name} {group.first.reason or DRAWN}"
    return context.broken("sampled", route, group, label, helps=(context.words.draw,))


def detect_unseen(context: Context) -> Finding | None:
    helps = (context.words.draw,)
    return unseen(context, "sampled", "left into a draw", lambda left: f"{left.detail} {DRAWN}", lambda _: helps)


CAUSE = Cause("sampled", Stage.BREAK, detect, frozenset({BreakKind.SAMPLED}))
UNSEEN = Cause("sampled", Stage.ABSENCE, detect_unseen)
