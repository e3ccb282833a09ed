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
    failure = context.question.failure
    label, helps = KNOWN.get(failure.detail if failure is not None else "", (_became(context), (context.words.number,)))
    return context.failed(
        "left-through-number",
        f"no gradient of `{context.question.target_name}`: a value was to become a Python number",
        label,
        helps=helps,
    )


KNOWN = {
    "size": (
        "a size has to be a plain number here, and a traced value has none yet",
        (
            "pass the size as a plain value: name its argument in `static_argnames` of `jax.jit`",
            "or keep all elements, and let `jnp.where(mask, x, 0.0)` choose those that count",
        ),
    ),
    "count": (
        "how many elements come out depends on traced values, and a size has to be known before",
        ("keep all elements, and let `jnp.where(mask, x, 0.0)` choose those that count",),
    ),
    "text": (
        "a text with a format needs the plain number here, and a traced value has none yet",
        ("print with `jax.debug.print`, which waits for the numbers",),
    ),
}
"""What needs a plain number other than to compute with it, by the recorder's word for it."""


def _became(context: Context) -> str:
    return f"the value becomes a plain Python number here; {context.words.cannot_follow}"


CAUSE = Cause("left-through-number", Stage.BREAK, detect, frozenset({BreakKind.LEFT_AS_NUMBER}))
UNSEEN = Cause("left-through-number", Stage.ABSENCE, detect_unseen)
FAILURE = Cause("left-through-number", Stage.FAILURE, detect_failure)
