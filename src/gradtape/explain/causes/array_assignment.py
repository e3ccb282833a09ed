"""GT205: the value was written into an element of a plain array, which takes the number and forgets the tensor."""

from itertools import islice

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


MOST_UNREAD = 100
"""How many values that nothing reads are looked at."""


def detect_dropped(context: Context) -> Finding | None:
    """Look for JAX's `a.at[i].set(x)` as a statement: it leaves `a` as it is, and nobody takes the new array."""
    columns, after = context.run.columns, context.after_source
    if context.question.dialect != "jax":
        return None
    unread = (k for k in range(len(columns)) if columns.outputs[k] in after and columns.outputs[k] not in columns.uses)
    for number in islice(unread, MOST_UNREAD):
        span = columns[number].site.span
        array = syntax.dropped_update(syntax.statement_at(span))
        if array is not None:
            return context.finding(
                "array-assignment",
                span,
                f"this gives a new array and leaves `{syntax.text_of(array)}` as it is; nobody takes the new one",
                helps=(f"give the new array the name: `{syntax.text_of(array)} = ...`",),
            )
    return None


def _helps(context: Context) -> tuple[str, ...]:
    return (context.words.write,)


DROPPED = Cause("array-assignment", Stage.ABSENCE, detect_dropped)
CAUSE = Cause("array-assignment", Stage.BREAK, detect, frozenset({BreakKind.ARRAY_WRITE}))
FAILURE = Cause("array-assignment", Stage.FAILURE, detect_failure)
