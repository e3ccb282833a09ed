"""GT405: the source is connected, but its gradient is too small for any optimizer to move it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.explain import flat, wording
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.spots import Spot, Trouble

if TYPE_CHECKING:
    from gradtape.explain.report import Finding


def detect(context: Context, spot: Spot) -> Finding | None:
    pull, gradient = spot.pull, context.question.gradient
    if spot.trouble is not Trouble.SMALL or pull is None or gradient is None:
        return None
    row = flat.at_step(pull)
    if row is not None and row.harmless:
        return None  # close to a minimum a gradient is small, and right
    change = f"makes it {wording.number(1 / spot.factor)} times smaller{wording.in_steps(spot)}"
    left = f"its largest element is {wording.number(gradient.largest)}: a step that large is lost in rounding"
    if gradient.all_zero:
        left = "what is left is smaller than the smallest number of its precision"
    return wording.about_size(context, "vanishing", pull, ("has vanished", change, left), HELPS)


HELPS = (
    "keep the factors near 1: scale the inputs and the initial weights, or normalise between the layers",
    "let the value also pass beside them: a residual connection",
)

CAUSE = Cause("vanishing", Stage.NUMBERS, detect)
