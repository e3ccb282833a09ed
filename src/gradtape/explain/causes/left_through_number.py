"""GT202: the value became a Python number and came back as a constant."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route
from gradtape.explain.unseen import unseen


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    label = group.first.reason or _became(context)
    return context.broken("left-through-number", route, group, label, helps=(context.words.number,))


def detect_unseen(context: Context) -> Finding | None:
    return unseen(
        context, "left-through-number", "left as number", lambda _: _became(context), lambda _: (context.words.number,)
    )


def detect_failure(context: Context) -> Finding | None:
    """Tell of an error because a value could not become a number."""
    return context.failed(
        "left-through-number",
        f"no gradient of `{context.question.target_name}`: a value was to become a Python number",
        _became(context),
        helps=(context.words.number,),
    )


def _became(context: Context) -> str:
    return f"the value becomes a plain Python number here; {context.words.cannot_follow}"


CAUSE = Cause("left-through-number", Stage.BREAK, detect, frozenset({BreakKind.LEFT_AS_NUMBER}))
UNSEEN = Cause("left-through-number", Stage.ABSENCE, detect_unseen)
FAILURE = Cause("left-through-number", Stage.FAILURE, detect_failure)
