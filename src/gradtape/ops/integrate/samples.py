"""Integrals of samples by Newton's, Cotes' and Romberg's rules; the heights and the places have derivatives."""

from __future__ import annotations

from typing import Any

from gradtape.ops.model import Index, Unsupported
from gradtape.ops.registry import composite


def moved_last(xp: Any, y: Any, x: Any, axis: int) -> tuple[Any, Any]:
    """Put the axis last, and return the distances of neighbouring places, None if they are not given.

    Raises
    ------
    ValueError
        If there are not as many places as samples.
    """
    y = xp.shaped(y)
    if x is None:
        return xp.moveaxis(y, axis, -1), None
    x = xp.shaped(x)
    x = x if x.ndim == 1 else xp.moveaxis(x, axis, -1)
    if x.shape[-1] != y.shape[axis]:
        raise ValueError("If given, length of x along axis must be the same as y.")
    return xp.moveaxis(y, axis, -1), xp.diff(x, axis=-1)


def cut(xp: Any, y: Any, start: int | None, stop: int | None, step: int | None = None) -> Any:
    """Cut the last axis."""
    return xp.getitem(y, Index((..., slice(start, stop, step))))


def behind(xp: Any, sums: Any, initial: Any, axis: int) -> Any:
    """Put a first value in front of running sums, and the axis where it was."""
    if initial is not None:
        first = xp.broadcast_to(xp.cast(initial, dtype=sums.dtype), shape=(*sums.shape[:-1], 1))
        sums = xp.concatenate([first, sums], axis=-1)
    return xp.moveaxis(sums, -1, axis)


def cumulative_trapezoid(xp: Any, y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: Any = None) -> Any:
    """Integrate from the first sample to each other one by the trapezoidal rule."""
    y, widths = moved_last(xp, y, x, axis)
    if y.shape[-1] == 0:
        raise ValueError("At least one point is required along `axis`.")
    pairs = (cut(xp, y, 1, None) + cut(xp, y, None, -1)) * 0.5
    return behind(xp, xp.cumsum(pairs * (dx if widths is None else widths), axis=-1), initial, axis)


def parabolas(xp: Any, y: Any, h0: Any, h1: Any) -> Any:
    """Integrate the parabola through three samples over both intervals."""
    left, middle, right = (cut(xp, y, k, y.shape[-1] - 2 + k, 2) for k in range(3))
    whole, ratio = h0 + h1, h0 / h1
    middle_weight = whole * whole / (h0 * h1)
    return whole / 6.0 * (left * (2.0 - 1.0 / ratio) + middle * middle_weight + right * (2.0 - ratio))


def simpson(xp: Any, y: Any, x: Any = None, *, dx: Any = 1.0, axis: int = -1) -> Any:
    """Integrate by Simpson's rule; of an even number of samples the last interval by Cartwright's correction."""
    y, widths = moved_last(xp, y, x, axis)
    n = y.shape[-1]
    if widths is None:
        widths = xp.broadcast_to(xp.cast(dx, dtype=real_dtype(y)), shape=(max(n - 1, 0),))
    if n == 1:
        return xp.getitem(y, Index((..., 0))) * 0.0
    if n == 2:
        return xp.sum(y * widths * 0.5, axis=-1)
    odd = n - (n % 2 == 0)
    inner = cut(xp, widths, 0, odd - 1)
    pieces = parabolas(xp, cut(xp, y, 0, odd), cut(xp, inner, 0, None, 2), cut(xp, inner, 1, None, 2))
    total = xp.sum(pieces, axis=-1)
    if odd == n:
        return total
    h0, h1 = (xp.getitem(widths, Index((..., k))) for k in (-2, -1))
    y0, y1, y2 = (xp.getitem(y, Index((..., k))) for k in (-3, -2, -1))
    alpha = (2.0 * h1 * h1 + 3.0 * h0 * h1) / (6.0 * (h1 + h0))
    beta = (h1 * h1 + 3.0 * h0 * h1) / (6.0 * h0)
    eta = h1 * h1 * h1 / (6.0 * h0 * (h0 + h1))
    return total + alpha * y2 + beta * y1 - eta * y0


def real_dtype(y: Any) -> str:
    """Return the dtype of a real number beside these."""
    return "float32" if y.dtype.name in {"float32", "complex64"} else "float64"


def first_halves(xp: Any, y: Any, h: Any) -> Any:
    """Integrate the parabola through three samples over the first interval."""
    a, b, c = (cut(xp, y, k, y.shape[-1] - 2 + k) for k in range(3))
    h0, h1 = cut(xp, h, None, -1), cut(xp, h, 1, None)
    whole = h0 / (h0 + h1)
    product = whole * (h0 / h1)
    return h0 / 6.0 * ((3.0 - whole) * a + (3.0 + product + whole) * b - product * c)


def cumulative_simpson(xp: Any, y: Any, *, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: Any = None) -> Any:
    """Integrate from the first sample to each other one by Simpson's rule."""
    y, widths = moved_last(xp, y, x, axis)
    n = y.shape[-1]
    if n < 3:
        sums = cumulative_trapezoid(xp, y, None, dx if widths is None else widths)
        return behind(xp, sums if initial is None else sums + initial, initial, axis)
    if widths is None:
        widths = xp.broadcast_to(xp.cast(dx, dtype=real_dtype(y)), shape=(n - 1,))
    forward = first_halves(xp, y, widths)
    backward = xp.flip(first_halves(xp, xp.flip(y, axis=-1), xp.flip(widths, axis=-1)), axis=-1)
    # even intervals look forward, odd ones and the last one back
    order = [k if k % 2 == 0 and k < n - 2 else n - 2 + k - 1 for k in range(n - 1)]
    parts = xp.take(xp.concatenate([forward, backward], axis=-1), order, axis=-1)
    sums = xp.cumsum(parts, axis=-1)
    if initial is not None:
        sums = sums + initial
    return behind(xp, sums, initial, axis)


def romb(xp: Any, y: Any, dx: Any = 1.0, axis: int = -1, show: bool = False) -> Any:
    """Integrate `2**k + 1` samples by Romberg's rule."""
    if show:
        raise Unsupported("romb does not print its table here (show=False)")
    y, _ = moved_last(xp, y, None, axis)
    intervals = y.shape[-1] - 1
    if intervals < 1 or intervals & (intervals - 1):
        raise ValueError("Number of samples must be one plus a non-negative power of 2.")
    row = [(xp.getitem(y, Index((..., 0))) + xp.getitem(y, Index((..., -1)))) * 0.5 * float(intervals)]
    step = intervals
    while step > 1:
        middles = xp.sum(cut(xp, y, step // 2, None, step), axis=-1)
        finer = [0.5 * (row[0] + middles * float(step))]
        for k, coarse in enumerate(row, 1):
            finer.append(finer[-1] + (finer[-1] - coarse) / float(4**k - 1))
        row, step = finer, step // 2
    return row[-1] * dx


composite(
    "scipy_trapezoid",
    lambda xp, y, x=None, dx=1.0, axis=-1: xp.trapezoid(y, x, dx, axis),
    scipy="integrate.trapezoid",
)
composite("cumulative_trapezoid", cumulative_trapezoid, scipy="integrate.cumulative_trapezoid")
composite("simpson", simpson, scipy="integrate.simpson")
composite("cumulative_simpson", cumulative_simpson, scipy="integrate.cumulative_simpson")
composite("romb", romb, scipy="integrate.romb")
