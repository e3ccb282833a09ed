"""GT203: a new tensor, array or variable was made from the values, and starts a path of its own."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route

NUMBERS = {
    "linspace": "scale even steps from 0 to 1 by operators: `start + (end - start) * steps`",
    "logspace": "scale even steps from 0 to 1 by operators, and take the power of those",
}
"""What helps where a function takes nothing of a tensor but its number."""


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation = group.links[0].operation
    if operation.name in {"Variable", "Parameter"}:
        label = f"a new {operation.name} takes the values and starts a path of its own"
        helps = (f"use the {context.words.array} itself; make a {operation.name} of it only to train it from here on",)
    else:
        label = group.first.reason or "a new array is made from the values here and forgets where they came from"
        helps = (NUMBERS.get(operation.function) or _stacked(context),)
    return context.broken("rebuilt-from-values", route, group, label, helps=helps)


def detect_failure(context: Context) -> Finding | None:
    """Tell of an error because an array was to be made of values that have no numbers yet."""
    return context.failed(
        "rebuilt-from-values",
        f"no gradient of `{context.question.target_name}`: an array was to be made of values",
        f"a new array would take the values here; {context.words.cannot_follow}",
        helps=(_stacked(context),),
    )


def _stacked(context: Context) -> str:
    return f"use `{context.words.stack}([...])`: it makes one {context.words.array} and lets the gradient pass"


CAUSE = Cause("rebuilt-from-values", Stage.BREAK, detect, frozenset({BreakKind.REBUILT}))
FAILURE = Cause("rebuilt-from-values", Stage.FAILURE, detect_failure)
