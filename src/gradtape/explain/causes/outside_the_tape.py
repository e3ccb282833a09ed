"""GT501: operations between source and target ran while the tape was not recording."""

from itertools import takewhile

from gradtape.diagnostics import Passage, Site, syntax
from gradtape.explain import earlier
from gradtape.explain.cause import Cause, Context, Stage, route_note
from gradtape.explain.graph import OUTSIDE, BreakKind, Operation
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route

MOVE = {
    BreakKind.BEFORE_TAPE: "move it into the `with` block",
    BreakKind.AFTER_TAPE: "move it into the `with` block, before `gradient(...)`",
    BreakKind.OTHER_THREAD: "a tape records the thread that it is entered in: run it there",
}


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation = group.links[0].operation
    place = _to_move(context, operation)
    inner = operation.site.span if place is not operation.site else None
    last = group.links[-1].operation
    when = f"ran {group.kind.value}"
    kept = _kept(operation) if group.kind is BreakKind.BEFORE_TAPE else None
    step = MOVE.get(group.kind, "run it while the tape records")
    return context.finding(
        "outside-the-tape",
        place.span,
        f"{when}, so the tape does not know it",
        labels=(
            (inner, f"{operation.name} ran here"),
            (last.site.span if last is not operation and inner is None else None, "this one too"),
            (context.entered_at, "the tape records only inside this block"),
        ),
        notes=route_note(context, route),
        helps=(step if kept is None else f"{kept} is computed once and kept: compute it anew in each round",),
        route=route,
    )


def _kept(operation: Operation) -> str | None:
    """Name what the program computes once and keeps; None if it computes it each time."""
    span = operation.site.span
    if syntax.cached_by(span) is not None:
        return f"what `{getattr(syntax.function_at(span), 'name', '')}` returns"
    if syntax.filled_once(span) is None:
        return None
    return next((f"`{name}`" for name in syntax.assigned_names(span)), "it")


def _to_move(context: Context, operation: Operation) -> Site | Passage:
    """Return the call to move; where the result was stored in an object and not returned, what is stored there."""
    beside = context.beside_tape(operation)
    inner = takewhile(lambda site: site != beside, (operation.site, *operation.callers))
    stored = (site for site in inner if any("." in name for name in syntax.assigned_names(site.span)))
    return next(stored, beside)


def detect_before(context: Context) -> Finding | None:
    """Look for what a function of JAX's reads, and what the program computed from the source before it ran."""
    if context.question.dialect != "jax" or context.run.columns.readers(context.source.ids):
        return None
    made = earlier.computed_before(context)
    if made is None:
        return None
    source, target = context.source.name, context.question.target_name
    return context.finding(
        "outside-the-tape",
        made.at,
        f"`{made.name}` is computed from `{source}` here, before `{target}` runs: in `{target}` it is a constant",
        labels=(
            *((span, f"`{source}` is read here") for span in made.reads),
            (context.question.call.span, "the gradient is asked for here, and follows what runs inside only"),
        ),
        proven=False,
        doubt="what ran before the function was read from the program's text",
        helps=(f"compute `{made.name}` inside `{target}`",),
    )


BEFORE = Cause("outside-the-tape", Stage.ABSENCE, detect_before)
CAUSE = Cause("outside-the-tape", Stage.BREAK, detect, OUTSIDE)
