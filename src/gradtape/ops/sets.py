"""Rows and composites of the set functions: which elements remain is a matter of positions, their values flow on.

Of equal elements the first one stands for all, so it alone gets the cotangent.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from gradtape.ops.domains import case
from gradtape.ops.model import NoTangent
from gradtape.ops.registry import composite, op

PLACES = NoTangent("answers with positions, and positions are integers")
TRUTH = NoTangent("answers True or False, and an answer has no derivative")
SOME = case([3.0, 1.0, 3.0, 2.0])
TWO = case([3.0, 1.0, 3.0, 2.0], [1.0, 5.0])

op("unique_places", "a, axis=None, equal_nan=True", numpy=None, parts=3, a=PLACES, cases=(SOME,))
op("intersect_places", "a, b, assume_unique=False", numpy=None, parts=2, a=PLACES, b=PLACES, cases=(TWO,))
op("setdiff_places", "a, b, assume_unique=False", numpy=None, a=PLACES, b=PLACES, cases=(TWO,))
op("setxor_places", "a, b, assume_unique=False", numpy=None, a=PLACES, b=PLACES, cases=(TWO,))
op(
    "isin",
    "element, test_elements, assume_unique=False, invert=False, ~kind=None",
    element=TRUTH,
    test_elements=TRUTH,
    cases=(TWO,),
)


class UniqueAllResult(NamedTuple):
    """What `unique_all` returns."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCountsResult(NamedTuple):
    """What `unique_counts` returns."""

    values: Any
    counts: Any


class UniqueInverseResult(NamedTuple):
    """What `unique_inverse` returns."""

    values: Any
    inverse_indices: Any


def distinct(xp: Any, a: Any, axis: int | None = None, equal_nan: bool = True) -> tuple[Any, Any, Any, Any]:
    """Return the different elements in order, where each stands first, which of them each element is, and how often."""
    a = xp.shaped(a)
    first, inverse, counts = xp.unique_places(a, axis=axis, equal_nan=equal_nan)
    return xp.take(xp.ravel(a) if axis is None else a, first, axis=axis or 0), first, inverse, counts


def unique(
    xp: Any,
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """Return the different elements, and what else is asked for."""
    found = distinct(xp, ar, axis, equal_nan)
    wanted = (True, return_index, return_inverse, return_counts)
    results = tuple(part for part, asked in zip(found, wanted, strict=True) if asked)
    return results if len(results) > 1 else results[0]


def unique_counts(xp: Any, x: Any) -> UniqueCountsResult:
    """Return the different elements and how often each is there."""
    values, _, _, counts = distinct(xp, x, equal_nan=False)
    return UniqueCountsResult(values, counts)


def unique_inverse(xp: Any, x: Any) -> UniqueInverseResult:
    """Return the different elements and which of them each element is."""
    values, _, inverse, _ = distinct(xp, x, equal_nan=False)
    return UniqueInverseResult(values, inverse)


def intersect1d(xp: Any, ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """Return what both arrays have; the values are those of the first."""
    a, b = xp.ravel(xp.shaped(ar1)), xp.ravel(xp.shaped(ar2))
    in_a, in_b = xp.intersect_places(a, b, assume_unique=assume_unique)
    values = xp.take(a, in_a, axis=0)
    return (values, in_a, in_b) if return_indices else values


def setdiff1d(xp: Any, ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """Return what the first array has and the second has not."""
    a = xp.ravel(xp.shaped(ar1))
    return xp.take(a, xp.setdiff_places(a, xp.ravel(xp.shaped(ar2)), assume_unique=assume_unique), axis=0)


def setxor1d(xp: Any, ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """Return what one of two arrays has and the other has not."""
    a, b = xp.ravel(xp.shaped(ar1)), xp.ravel(xp.shaped(ar2))
    return xp.take(xp.concatenate([a, b], axis=0), xp.setxor_places(a, b, assume_unique=assume_unique), axis=0)


composite("unique", unique)
composite("unique_all", lambda xp, x: UniqueAllResult(*distinct(xp, x, equal_nan=False)))
composite("unique_counts", unique_counts)
composite("unique_inverse", unique_inverse)
composite("unique_values", lambda xp, x: distinct(xp, x, equal_nan=False)[0])
composite("union1d", lambda xp, ar1, ar2: xp.unique(xp.concatenate([ar1, ar2], axis=None)))
composite("intersect1d", intersect1d)
composite("setdiff1d", setdiff1d)
composite("setxor1d", setxor1d)
