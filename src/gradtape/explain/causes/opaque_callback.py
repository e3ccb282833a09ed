"""GT204: a function that nobody can see into computed the value: a callback, or an external one without a rule."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    reason = group.first.reason or "runs where nothing is recorded, so nothing flows back through it"
    return context.broken(
        "opaque-callback", route, group, f"{group.links[0].operation.name} {reason}", helps=_helps(context)
    )


def detect_failure(context: Context) -> Finding | None:
    failure = context.question.failure
    return context.failed(
        "opaque-callback",
        f"no gradient of `{context.question.target_name}`: a callback stands in its way",
        f"{failure.detail} runs where nothing is recorded, so nothing flows back through it"
        if failure is not None and failure.detail
        else "runs where nothing is recorded, so nothing flows back through it",
        helps=_helps(context),
    )


def _helps(context: Context) -> tuple[str, ...]:
    words = context.words
    return (
        f"compute it with the functions of {words.name}, which are recorded",
        f"or give it a derivative of its own with `{words.own_rule}`",
    )


CAUSE = Cause("opaque-callback", Stage.BREAK, detect, frozenset({BreakKind.OPAQUE}))
FAILURE = Cause("opaque-callback", Stage.FAILURE, detect_failure)
