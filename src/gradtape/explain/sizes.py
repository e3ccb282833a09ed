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
    cames, gaves = pulls.came, pulls.gave
    if not sum(cames) + sum(gaves) < INFINITE:  # of the finite ones among others
        looked = [c < INFINITE and g < INFINITE for c, g in zip(cames, gaves, strict=True)]
        cames = [c if seen else pulls[k].came.largest for k, (c, seen) in enumerate(zip(cames, looked, strict=True))]
        gaves = [g if seen else pulls[k].gave.largest for k, (g, seen) in enumerate(zip(gaves, looked, strict=True))]
    return [gave / came if came > 0 and gave > 0 else 0.0 for came, gave in zip(cames, gaves, strict=True)]


def steepest(pulls: Pulls) -> tuple[Pull | None, float]:
    """Return the step that made the gradient largest, and how many times larger."""
    factors = growths(pulls)
    most = max(factors, default=0.0)
    return (pulls[factors.index(most)] if factors else None), most


def most_of(context: Context, trouble: Trouble) -> list[Spot]:
    """Return the expression at which the sizes changed most, over all steps there."""
    sign = 1 if trouble is Trouble.SMALL else -1
    pulls = context.pulls
    factors = growths(pulls)
    places: dict[Hashable, list[int]] = {}
    for k, place in enumerate(pulls.places):
        if factors[k]:
            places.setdefault(place, []).append(k)
    if not places:
        return []
    products = {place: _product([factors[k] for k in there]) for place, there in places.items()}
    place = min(products, key=lambda place: sign * products[place])
    there = places[place]
    pull = pulls[min(there, key=lambda k: sign * factors[k])]
    return [Spot(trouble, pull.operation, pull, times=len(there), factor=products[place])]


def _product(factors: list[float]) -> float:
    """Return what many steps together made of the size; they may leave the range of numbers."""
    product = 1.0
    for factor in factors:
        product *= factor
        if product < 1e-300:
            product = 1e-300
        elif product > 1e300:
            product = 1e300
    return product


SMALLEST = {"bfloat16": 1e-36, "float16": 1e-6, "float32": 1e-36, "complex64": 1e-36}
"""Where the numbers of a dtype come to their end, a little above; that of double precision for all others is 1e-300."""


def underflows(dtype: str, largest: float) -> bool:
    """Whether what comes back is so small that the next factor below 1 may leave nothing of it."""
    return 0 < largest < SMALLEST.get(dtype, 1e-300)
