"""GT502: the program had turned gradients off where an operation on the way ran.

Where an operation simply ran outside the block of its tape the cause is GT501; here the program asked for it:
`stop_recording`, `no_grad`, `inference_mode`, a checkpoint without an input that could get a gradient.
"""

from gradtape.diagnostics import syntax
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.causes import rebound_name
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route

PLAIN = (
    "make it under `torch.no_grad()`, which gives ordinary tensors without a history",
    "or go on with a copy of it, `.clone()`, made outside of the block",
)
"""What to do with a value that was made in inference mode and is used outside."""


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation = group.links[0].operation
    if rebound_name.is_update_of(context, operation):
        return rebound_name.detect_update(context, route, group)
    off = group.first.at.span if group.first.at is not None else None
    return context.broken(
        "gradients-off",
        route,
        group,
        group.first.reason
        or ("gradients are off from here on" if off else "ran while gradients were off")
        + f", so nothing flows back through {operation.name}",
        at=syntax.with_header(off) if off is not None else None,
        labels=((operation.site.span, f"{operation.name} ran here"),),
        helps=(f"pass `{group.first.instead}`",) if group.first.instead else (context.words.on_again,),
    )


def detect_failure(context: Context) -> Finding | None:
    failure = context.question.failure
    if failure is not None and failure.detail:
        return context.failed(
            "gradients-off", f"a value made in {failure.detail} can be no part of a graph", "made in here", helps=PLAIN
        )
    return context.failed(
        "gradients-off",
        f"no gradient of `{context.question.target_name}`: it was computed while gradients were off",
        "ran while gradients were off, so nothing flows back through it",
        helps=(context.words.on_again,),
    )


CAUSE = Cause("gradients-off", Stage.BREAK, detect, frozenset({BreakKind.GRADIENTS_OFF}))
FAILURE = Cause("gradients-off", Stage.FAILURE, detect_failure)
