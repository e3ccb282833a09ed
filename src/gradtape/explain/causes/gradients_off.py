"""GT502: the program had turned gradients off where an operation on the way ran.

Where an operation simply ran outside the block of its tape the cause is GT501; here the program asked for it:
`stop_recording`, `no_grad`, `inference_mode`, a checkpoint without an input that could get a gradient.
"""

from gradtape.diagnostics import Span, syntax
from gradtape.explain.cause import Cause, Context, Stage, place_in
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation = group.links[0].operation
    place = place_in(operation, context.question.call.code)
    off = _turned_off(context, operation.seq)
    return context.broken(
        "gradients-off",
        route,
        group,
        group.first.reason or "ran while gradients were off, so nothing flows back through it",
        at=place.span,
        labels=(
            (operation.site.span if place is not operation.site else None, f"{operation.name} ran here"),
            (off, "gradients are off from here on"),
        ),
        helps=(context.words.on_again,),
    )


def detect_failure(context: Context) -> Finding | None:
    return context.failed(
        "gradients-off",
        f"no gradient of `{context.question.target_name}`: it was computed while gradients were off",
        "ran while gradients were off, so nothing flows back through it",
        helps=(context.words.on_again,),
    )


def _turned_off(context: Context, seq: int) -> Span | None:
    """Return where the program had last turned gradients off before a moment."""
    found = [event for event in context.run.events if event.kind == "pause" and event.seq < seq]
    return syntax.with_header(found[-1].site.span) if found else None


CAUSE = Cause("gradients-off", Stage.BREAK, detect, frozenset({BreakKind.GRADIENTS_OFF}))
FAILURE = Cause("gradients-off", Stage.FAILURE, detect_failure)
