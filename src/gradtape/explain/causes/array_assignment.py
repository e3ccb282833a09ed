"""GT205: the value was written into an element of a plain array, which takes the number and forgets the tensor."""

from gradtape.diagnostics import syntax
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route

TAKES = "a plain array takes the numbers that are written into it and forgets where they came from"


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    return context.broken(
        "array-assignment",
        route,
        group,
        group.first.reason or TAKES,
        at=syntax.stored_whole(group.links[0].operation.site.span),
        helps=_helps(context),
    )


def detect_failure(context: Context) -> Finding | None:
    return context.failed(
        "array-assignment",
        f"no gradient of `{context.question.target_name}`: a value was written into an array",
        "this array cannot take what is written into it",
        helps=_helps(context),
    )


def _helps(context: Context) -> tuple[str, ...]:
    return (context.words.write,)


CAUSE = Cause("array-assignment", Stage.BREAK, detect, frozenset({BreakKind.ARRAY_WRITE}))
FAILURE = Cause("array-assignment", Stage.FAILURE, detect_failure)
