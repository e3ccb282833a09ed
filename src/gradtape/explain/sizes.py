"""Gradients that arrive and are too small or too large to be of use, and what made most of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.explain.spots import Spot, Trouble

if TYPE_CHECKING:
    from collections.abc import Hashable

    from gradtape.explain.cause import Context
    from gradtape.explain.graph import Summary
    from gradtape.explain.pulls import Pull, Pulls

EPSILON = {"bfloat16": 7.8e-3, "float16": 9.8e-4, "float32": 1.2e-7, "complex64": 1.2e-7}
"""The relative distance of neighbouring numbers by dtype; that of double precision for all others."""

INFINITE = float("inf")

ADAM = 1e-8
"""What Adam and its like add to the size of a gradient before they divide by it."""


def sizes(context: Context) -> list[Spot]:
    """Return where a gradient became too small or too large to be of use.

    The measure has no unit: by how much of itself the target changes when the source changes by as much as itself. If
    that is below rounding even after a division by `ADAM`, no optimizer can move the source; if it is above the
    inverse, no step is small enough.
    """
    gradient = context.question.gradient
    if gradient is None or not gradient.largest > 0:
        return []
    target = max((_size(context.values.get(i)) for i in context.question.target_ids), default=0.0) or 1.0
    source = max((_size(context.values.get(i)) for i in context.source.ids), default=0.0)
    limit = EPSILON.get(context.source.dtype, 2.2e-16) * ADAM
    if gradient.largest * max(source, 1.0) / target < limit:
        return most_of(context, Trouble.SMALL)
    if gradient.largest * (source or 1.0) / target > 1.0 / limit:
        return most_of(context, Trouble.LARGE)
    return []


def _size(values: Summary | None) -> float:
    return values.largest if values is not None and values.largest == values.largest else 0.0


def growths(pulls: Pulls) -> list[float]:
    """Return how many times larger each step made it, 0 if nothing came or was given."""
    found = []
    for k, (came, gave) in enumerate(zip(pulls.came, pulls.gave, strict=True)):
        if not (came < INFINITE and gave < INFINITE):  # of the finite ones among others
            came, gave = pulls[k].came.largest, pulls[k].gave.largest  # noqa: PLW2901
        found.append(gave / came if came > 0 and gave > 0 else 0.0)
    return found


def steepest(pulls: Pulls) -> tuple[Pull | None, float]:
    """Return the step that made the gradient largest, and how many times larger."""
    factors = growths(pulls)
    most = max(factors, default=0.0)
    return (pulls[factors.index(most)] if factors else None), most


def most_of(context: Context, trouble: Trouble) -> list[Spot]:
    """Return the expression at which the sizes changed most, over all steps there."""
    sign = 1 if trouble is Trouble.SMALL else -1
    places: dict[Hashable, _Place] = {}
    pulls = context.pulls
    for k, (place, factor) in enumerate(zip(pulls.places, growths(pulls), strict=True)):
        if factor:
            here = places.get(place)
            if here is None:
                here = places[place] = _Place(k, factor)
            here.times += 1
            here.product = min(max(here.product * factor, 1e-300), 1e300)  # many steps leave the range of numbers
            if sign * factor < sign * here.factor:
                here.step, here.factor = k, factor
    if not places:
        return []
    most = min(places.values(), key=lambda place: sign * place.product)
    pull = pulls[most.step]
    return [Spot(trouble, pull.operation, pull, times=most.times, factor=most.product)]


class _Place:
    """An expression, with what all steps there made of the size, and the number of the one that made most of it."""

    __slots__ = ("factor", "product", "step", "times")

    def __init__(self, step: int, factor: float) -> None:
        self.step, self.factor, self.product, self.times = step, factor, 1.0, 0


SMALLEST = {"bfloat16": 1e-36, "float16": 1e-6, "float32": 1e-36, "complex64": 1e-36}
"""Where the numbers of a dtype come to their end, a little above; that of double precision for all others is 1e-300."""


def underflows(dtype: str, largest: float) -> bool:
    """Whether what comes back is so small that the next factor below 1 may leave nothing of it."""
    return 0 < largest < SMALLEST.get(dtype, 1e-300)
