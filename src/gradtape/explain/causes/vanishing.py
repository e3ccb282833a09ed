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
    operation = pull.operation
    route = wording.route_through(context, operation, pull.position)
    return context.finding(
        "vanishing",
        operation.site.span,
        f"{wording.name_of(operation)} makes it {wording.number(1 / spot.factor)} times smaller"
        + (f", in {spot.times} steps" if spot.times > 1 else ""),
        notes=(
            "what is left is smaller than the smallest number of its precision"
            if gradient.all_zero
            else f"its largest element is {wording.number(gradient.largest)}: a step that large is lost in rounding",
            *wording.way_note(context, route, operation),
        ),
        helps=(
            "keep the factors near 1: scale the inputs and the initial weights, or normalise between the layers",
            "let the value also pass beside them: a residual connection",
        ),
        route=route,
        headline=f"the gradient from `{context.question.target_name}` to `{context.source.name}` has vanished",
    )


CAUSE = Cause("vanishing", Stage.NUMBERS, detect)
