"""GT504: the value went through state, an assignment or a metric or a data set, which is not part of the gradient."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    return context.broken(
        "state-boundary",
        route,
        group,
        group.first.reason
        or "an assignment stores the value; the variable starts a new path, and nothing flows back through it",
        helps=(f"use the {context.words.array} itself where the gradient is needed, and store it afterwards",),
    )


def detect_failure(context: Context) -> Finding | None:
    """Tell of an error because state outside of the function cannot keep what is differentiated."""
    return context.failed(
        "state-boundary",
        f"no gradient of `{context.question.target_name}`: a value was written into state outside of it",
        "this writes a value that is being differentiated into state that was made outside, and has no part in it",
        helps=("carry the state as a value: take it as an argument, and return the new one",),
    )


FAILURE = Cause("state-boundary", Stage.FAILURE, detect_failure)
CAUSE = Cause("state-boundary", Stage.BREAK, detect, frozenset({BreakKind.STATE, BreakKind.LOADED}))
