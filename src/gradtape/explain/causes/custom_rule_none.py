"""GT307: a derivative that the program gives itself returned None, zeros, or the wrong number or shape."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route

HELP = "return one gradient per argument of the function, each of its argument's shape"


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    reason = group.first.reason or "was given a derivative of its own, which returned None for this argument"
    return context.broken("custom-rule-none", route, group, f"{group.links[0].operation.name} {reason}", helps=(HELP,))


def detect_zeros(context: Context) -> Finding | None:
    """Look on the way back for a derivative of the user's own that turned something into nothing."""
    for pull in context.question.pulls:
        if pull.operation.custom and not pull.came.all_zero and pull.gave.all_zero:
            name = context.source.name
            return context.finding(
                "custom-rule-none",
                pull.operation.site.span,
                f"{pull.operation.name} was given a derivative of its own, which returned zeros for this argument",
                headline=f"the gradient of `{context.question.target_name}` is zero in all of `{name}`",
                helps=(HELP,),
            )
    return None


def detect_failure(context: Context) -> Finding | None:
    failure = context.question.failure
    return context.failed(
        "custom-rule-none",
        f"no gradient of `{context.question.target_name}`: a derivative that was given does not fit",
        failure.detail
        if failure is not None and failure.detail
        else "the derivative that was given for this function returned something that does not fit",
        helps=(HELP,),
    )


CAUSE = Cause("custom-rule-none", Stage.BREAK, detect, frozenset({BreakKind.CUSTOM_NONE}))
ZEROS = Cause("custom-rule-none", Stage.NUMBERS, detect_zeros)
FAILURE = Cause("custom-rule-none", Stage.FAILURE, detect_failure)
