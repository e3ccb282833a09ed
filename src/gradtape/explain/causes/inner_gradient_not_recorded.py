"""GT506: a derivative on the way was computed where nothing recorded it, so it cannot be differentiated again."""

from gradtape.explain.cause import Cause, Context, Stage, place_in
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation, tape = group.links[0].operation, context.run.tape
    # with a tape, the call to move stands where the outer tape stands, not in the helper that differentiates
    place = place_in(operation, tape.entered[0][1].code) if tape is not None and tape.entered else operation.site
    return context.broken(
        "inner-gradient-not-recorded",
        route,
        group,
        group.first.reason or "this derivative is computed where nothing records it, so it is a constant from here on",
        at=place.span,
        labels=(
            (operation.site.span, "differentiated here"),
            (context.entered_at, "the outer tape records only inside this block"),
        ),
        helps=(_help(context),),
    )


def detect_failure(context: Context) -> Finding | None:
    return context.failed(
        "inner-gradient-not-recorded",
        f"no gradient of `{context.question.target_name}`: it holds a derivative that was not recorded",
        "this derivative is computed where nothing records it",
        helps=(_help(context),),
    )


def _help(context: Context) -> str:
    return f"{context.words.inner}: then this derivative can be differentiated again"


CAUSE = Cause("inner-gradient-not-recorded", Stage.BREAK, detect, frozenset({BreakKind.INNER_GRADIENT}))
FAILURE = Cause("inner-gradient-not-recorded", Stage.FAILURE, detect_failure)
