"""Rows and composites of the reductions that pass NaN over: an element that is NaN has no part in value or gradient."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.masked import deviations, freedom, how_many, masked
from gradtape.ops.model import NoTangent, Unsupported, is_floating
from gradtape.ops.registry import composite, op

PLACE = NoTangent("answers with a position, and positions are integers")
CHOICE = "a, axis=None, ~out=None, keepdims=False"
op("nanargmax", CHOICE, a=PLACE, cases=(case((2, 3)), case((2, 3), axis=1)))
op("nanargmin", CHOICE, a=PLACE, cases=(case((2, 3)), case((2, 3), axis=1)))


def filled(xp: Any, a: Any, value: float, dtype: Any = None) -> Any:
    """Put a number in the place of every NaN."""
    a = xp.shaped(a) if dtype is None else xp.cast(a, dtype=dtype)
    return xp.where(xp.isnan(a), value, a) if is_floating(a.dtype) else a


def counted(xp: Any, a: Any, where: Any) -> Any:
    """Return which elements count: those that are asked for and not NaN."""
    known = xp.logical_not(xp.isnan(a))
    return known if where is True else xp.logical_and(known, where)


def nan_sum(
    xp: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = 0,
    where: Any = True,
) -> Any:
    """Sum what is not NaN."""
    return xp.masked_sum(filled(xp, a, 0.0, dtype), axis=axis, keepdims=keepdims, initial=initial, where=where)


def nan_prod(
    xp: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = 1,
    where: Any = True,
) -> Any:
    """Multiply what is not NaN."""
    return xp.masked_prod(filled(xp, a, 1.0, dtype), axis=axis, keepdims=keepdims, initial=initial, where=where)


def nan_mean(
    xp: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Any:
    """Average what is not NaN."""
    a = xp.shaped(a) if dtype is None else xp.cast(a, dtype=dtype)
    known = counted(xp, a, where)
    return xp.sum(xp.where(known, a, 0.0), axis=axis, keepdims=keepdims) / how_many(xp, known, axis, keepdims, a)


def nan_var(
    xp: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """Return the variance of what is not NaN."""
    a = xp.shaped(a) if dtype is None else xp.cast(a, dtype=dtype)
    known = counted(xp, a, where)
    apart = deviations(xp, a, axis, known, mean)
    squares = xp.real(apart * xp.conjugate(apart)) if a.dtype.kind == "c" else xp.square(apart)
    n = freedom(xp, known, axis, keepdims, ddof if correction is None else correction, a)
    return xp.sum(squares, axis=axis, keepdims=keepdims) / n


def nan_std(
    xp: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """Return the standard deviation of what is not NaN; its derivative is 0 where all are equal."""
    a = xp.shaped(a) if dtype is None else xp.cast(a, dtype=dtype)
    known = counted(xp, a, where)
    apart = deviations(xp, a, axis, known, mean)
    n = freedom(xp, known, axis, keepdims, ddof if correction is None else correction, a)
    return xp.vector_norm(apart, axis=axis, keepdims=keepdims) / xp.sqrt(n)


def nan_extremum(xp: Any, which: str, a: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    """Return the largest or the smallest of what is not NaN; NaN where nothing is left."""
    a = xp.shaped(a)
    reduce, choose, worst = (
        (xp.max, xp.maximum, float("-inf")) if which == "max" else (xp.min, xp.minimum, float("inf"))
    )
    if a.dtype.kind == "c":
        raise Unsupported(f"nan{which} has no place for complex numbers here")
    if not is_floating(a.dtype):
        return (xp.masked_max if which == "max" else xp.masked_min)(
            a, axis=axis, keepdims=keepdims, initial=initial, where=where
        )
    known = counted(xp, a, where)
    best = reduce(masked(xp, a, known, worst), axis=axis, keepdims=keepdims)
    if initial is not None:
        return choose(best, initial)
    return xp.where(xp.any(known, axis=axis, keepdims=keepdims), best, float("nan"))


def nan_max(
    xp: Any,
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Return the largest of what is not NaN."""
    return nan_extremum(xp, "max", a, axis, keepdims, initial, where)


def nan_min(
    xp: Any,
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Return the smallest of what is not NaN."""
    return nan_extremum(xp, "min", a, axis, keepdims, initial, where)


composite("nansum", nan_sum)
composite("nanprod", nan_prod)
composite("nanmean", nan_mean)
composite("nanvar", nan_var)
composite("nanstd", nan_std)
composite("nanmax", nan_max)
composite("nanmin", nan_min)
composite("nancumsum", lambda xp, a, axis=None, dtype=None, out=None: xp.cumsum(filled(xp, a, 0.0, dtype), axis=axis))
composite("nancumprod", lambda xp, a, axis=None, dtype=None, out=None: xp.cumprod(filled(xp, a, 1.0, dtype), axis=axis))
