"""GT406: the gradient is too large for any optimizer, or left the range of its dtype in the backward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.explain import wording
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.causes.singular_point import too_large
from gradtape.explain.spots import Spot, Trouble

if TYPE_CHECKING:
    from gradtape.explain.report import Finding


def detect(context: Context, spot: Spot) -> Finding | None:
    pull, gradient = spot.pull, context.question.gradient
    if pull is None or gradient is None:
        return None
    overflowed = spot.trouble is Trouble.BACKWARD and too_large(pull)
    if not overflowed and spot.trouble is not Trouble.LARGE:
        return None
    operation = pull.operation
    route = wording.route_through(context, operation, pull.position)
    if overflowed:
        label = f"{wording.name_of(operation)} makes it larger than {pull.came.dtype} can hold"
        size = f"what comes back here is up to {wording.number(pull.came.largest)} already"
    else:
        label = f"{wording.name_of(operation)} makes it {wording.number(spot.factor)} times larger"
        label += f", in {spot.times} steps" if spot.times > 1 else ""
        size = f"its largest element is {wording.number(gradient.largest)}: no step is small enough for it"
    return context.finding(
        "exploding",
        operation.site.span,
        label,
        notes=(size, *wording.way_note(context, route, operation)),
        helps=(
            "keep the factors near 1: scale the initial weights, normalise between the layers, or shorten the chain",
            "clip the gradient by its norm if single steps are to blame",
        ),
        route=route,
        headline=f"the gradient from `{context.question.target_name}` to `{context.source.name}` has exploded",
    )


CAUSE = Cause("exploding", Stage.NUMBERS, detect)
