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
    if spot.trouble is Trouble.BACKWARD and too_large(pull):
        change = f"makes it larger than {pull.came.dtype} can hold"
        left = f"what comes back here is up to {wording.number(pull.came.largest)} already"
    elif spot.trouble is Trouble.LARGE:
        change = f"makes it {wording.number(spot.factor)} times larger{wording.in_steps(spot)}"
        left = f"its largest element is {wording.number(gradient.largest)}: no step is small enough for it"
    else:
        return None
    return wording.about_size(context, "exploding", pull, ("has exploded", change, left), HELPS)


HELPS = (
    "keep the factors near 1: scale the initial weights, normalise between the layers, or shorten the chain",
    "clip the gradient by its norm if single steps are to blame",
)

CAUSE = Cause("exploding", Stage.NUMBERS, detect)
