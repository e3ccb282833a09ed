"""Second chances: what a row has no place for (`where=`, `initial=`, `order="F"`), composed of the rows that there are.

These composites stand for a function of NumPy that is a row, too. A call goes to the row first.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.model import Unsupported, is_floating
from gradtape.ops.registry import composite


def masked(xp: Any, a: Any, where: Any, other: Any) -> Any:
    """Put another value in the place of the elements that do not count."""
    return a if where is True else xp.where(where, a, other)


def of_dtype(xp: Any, a: Any, dtype: Any) -> Any:
    """Return an array in the dtype that a call asks for."""
    return xp.shaped(a) if dtype is None else xp.cast(a, dtype=dtype)


def masked_all(xp: Any, a: Any, axis: Any = None, *, keepdims: bool = False, where: Any = True) -> Any:
    """Answer whether all of the elements that count are true."""
    return xp.all(masked(xp, a, where, True), axis=axis, keepdims=keepdims)


def masked_any(xp: Any, a: Any, axis: Any = None, *, keepdims: bool = False, where: Any = True) -> Any:
    """Answer whether one of the elements that count is true."""
    return xp.any(masked(xp, a, where, False), axis=axis, keepdims=keepdims)


def known_elements(xp: Any, a: Any, where: Any) -> Any:
    """Write out for each element whether it counts."""
    return xp.cast(xp.broadcast_to(where, shape=a.shape), dtype="bool")


def how_many(xp: Any, known: Any, axis: Any, keepdims: bool, like: Any) -> Any:
    """Count what counts, in the real dtype of an array, so that a division keeps that dtype."""
    real = xp.real(like) if like.dtype.kind == "c" else like
    dtype = real.dtype if is_floating(real.dtype) else "float64"
    return xp.cast(xp.sum(known, axis=axis, keepdims=keepdims), dtype=dtype)


def deviations(xp: Any, a: Any, axis: Any, known: Any, mean: Any) -> Any:
    """Return the distances of the elements that count from their mean, or from one that is given; 0 for the others."""
    if mean is None:
        mean = xp.sum(xp.where(known, a, 0.0), axis=axis, keepdims=True) / how_many(xp, known, axis, True, a)
    return xp.where(known, a - mean, 0.0)


def freedom(xp: Any, known: Any, axis: Any, keepdims: bool, ddof: float, like: Any) -> Any:
    """Return what a sum of squares is divided by: NaN where nothing is left."""
    n = how_many(xp, known, axis, keepdims, like) - ddof
    return xp.where(xp.greater(n, 0.0), n, float("nan"))


def masked_sum(
    xp: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    *,
    keepdims: bool = False,
    initial: Any = 0,
    where: Any = True,
) -> Any:
    """Sum the elements that count, and one value more."""
    a = of_dtype(xp, a, dtype)
    return xp.sum(masked(xp, a, where, 0), axis=axis, keepdims=keepdims) + initial


def masked_prod(
    xp: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    *,
    keepdims: bool = False,
    initial: Any = 1,
    where: Any = True,
) -> Any:
    """Multiply the elements that count, and one value more."""
    a = of_dtype(xp, a, dtype)
    return xp.prod(masked(xp, a, where, 1), axis=axis, keepdims=keepdims) * initial


def masked_mean(
    xp: Any, a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, where: Any = True
) -> Any:
    """Average the elements that count."""
    a = of_dtype(xp, a, dtype)
    known = known_elements(xp, a, where)
    return xp.sum(xp.where(known, a, 0), axis=axis, keepdims=keepdims) / how_many(xp, known, axis, keepdims, a)


def masked_var(
    xp: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """Return the variance of the elements that count, from their mean or from one that is given."""
    a = of_dtype(xp, a, dtype)
    known = known_elements(xp, a, where)
    apart = deviations(xp, a, axis, known, mean)
    squares = xp.real(apart * xp.conjugate(apart)) if a.dtype.kind == "c" else xp.square(apart)
    n = freedom(xp, known, axis, keepdims, ddof if correction is None else correction, a)
    return xp.sum(squares, axis=axis, keepdims=keepdims) / n


def masked_std(
    xp: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """Return the standard deviation of the elements that count; its derivative is 0 where all are equal."""
    a = of_dtype(xp, a, dtype)
    known = known_elements(xp, a, where)
    apart = deviations(xp, a, axis, known, mean)
    n = freedom(xp, known, axis, keepdims, ddof if correction is None else correction, a)
    return xp.vector_norm(apart, axis=axis, keepdims=keepdims) / xp.sqrt(n)


def masked_extremum(xp: Any, which: str, a: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    """Return the best of the elements that count and one value more."""
    if initial is None and where is not True:
        raise Unsupported(f"{which} wants `initial` with `where`")
    a = xp.shaped(a)
    reduce, choose = (xp.max, xp.maximum) if which == "max" else (xp.min, xp.minimum)
    if initial is None:
        return reduce(a, axis=axis, keepdims=keepdims)
    if not a.size:
        return xp.sum(a, axis=axis, keepdims=keepdims) + initial
    return choose(reduce(masked(xp, a, where, initial), axis=axis, keepdims=keepdims), initial)


def masked_max(
    xp: Any, a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Return the largest of the elements that count and one value more."""
    return masked_extremum(xp, "max", a, axis, keepdims, initial, where)


def masked_min(
    xp: Any, a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Return the smallest of the elements that count and one value more."""
    return masked_extremum(xp, "min", a, axis, keepdims, initial, where)


def amax(
    xp: Any,
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Return the largest of the elements that count; an older name."""
    return masked_extremum(xp, "max", a, axis, keepdims, initial, where)


def amin(
    xp: Any,
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Return the smallest of the elements that count; an older name."""
    return masked_extremum(xp, "min", a, axis, keepdims, initial, where)


def reshape_columns_first(xp: Any, a: Any, shape: Any, order: str = "C", *, copy: Any = None) -> Any:
    """Reshape with the first axis running fastest: the reversal of the ordinary way between two reversals."""
    if order != "F":
        raise Unsupported(f"reshape has no place for order={order!r} here")
    shape = tuple(shape) if hasattr(shape, "__len__") else (shape,)
    return xp.transpose(xp.reshape(xp.transpose(a, axes=None), shape=shape[::-1]), axes=None)


composite("masked_sum", masked_sum, numpy="sum")
composite("masked_prod", masked_prod, numpy="prod")
composite("masked_mean", masked_mean, numpy="mean")
composite("masked_all", masked_all, numpy="all")
composite("masked_any", masked_any, numpy="any")
composite("masked_var", masked_var, numpy="var")
composite("masked_std", masked_std, numpy="std")
composite("masked_max", masked_max, numpy="max")
composite("masked_min", masked_min, numpy="min")
composite("amax", amax)
composite("amin", amin)
composite("reshape_columns_first", reshape_columns_first, numpy="reshape")
