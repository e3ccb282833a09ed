"""Composites on samples of a function: differences, slopes, integrals and interpolation."""

from __future__ import annotations

from typing import Any

from gradtape.ops.model import Index, is_floating
from gradtape.ops.registry import composite
from gradtape.ops.scans import part
from gradtape.ops.shaping import axes_tuple


def diff(xp: Any, a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Subtract neighbours, `n` times; what is put before and behind has a derivative."""
    a = xp.shaped(a)
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    (axis,) = axes_tuple(axis, a.ndim)
    if not n:
        return a
    pieces = [edge(xp, prepend, a, axis), a, edge(xp, append, a, axis)]
    pieces = [p for p in pieces if p is not None]
    a = xp.concatenate(pieces, axis=axis) if len(pieces) > 1 else a
    for _ in range(n):
        above, below = xp.getitem(a, part(axis, 1, None)), xp.getitem(a, part(axis, 0, -1))
        a = xp.not_equal(above, below) if a.dtype.kind == "b" else above - below
    return a


def edge(xp: Any, values: Any, a: Any, axis: int) -> Any:
    """Return what is put at an end, a number as a slice of the array's shape."""
    if values is None:
        return None
    values = xp.shaped(values)
    shape = tuple(1 if k == axis else n for k, n in enumerate(a.shape))
    return values if values.ndim else xp.broadcast_to(values, shape=shape)


def ediff1d(xp: Any, ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Subtract neighbours of the flattened array, and put other values at the ends."""
    pieces = [to_begin, xp.diff(xp.ravel(xp.shaped(ary))), to_end]
    pieces = [xp.ravel(xp.shaped(p)) for p in pieces if p is not None]
    return xp.concatenate(pieces, axis=0) if len(pieces) > 1 else pieces[0]


def trapezoid(xp: Any, y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Integrate by the trapezoidal rule; the heights and the places have a derivative."""
    y = xp.shaped(y)
    axis %= y.ndim
    pairs = xp.getitem(y, part(axis, 1, None)) + xp.getitem(y, part(axis, 0, -1))
    width = dx if x is None else xp.diff(x, axis=-1 if xp.shaped(x).ndim == 1 else axis)
    if getattr(width, "ndim", 0) == 1:
        width = xp.reshape(width, shape=(-1,) + (1,) * (y.ndim - axis - 1))
    return xp.sum(pairs * width * 0.5, axis=axis)


def gradient(xp: Any, f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Return slopes: central differences inside, one-sided ones of first or second order at the ends.

    The spacing of each axis is one number, or the places along it; it has a derivative.
    """
    f = xp.shaped(f)
    f = f if is_floating(f.dtype) else xp.cast(f, dtype="float64")
    axes = tuple(range(f.ndim)) if axis is None else axes_tuple(axis, f.ndim)
    if len(varargs) not in {0, 1, len(axes)}:
        raise TypeError("invalid number of arguments")
    if edge_order not in {1, 2}:
        raise ValueError("'edge_order' greater than 2 not supported")
    steps = varargs if len(varargs) == len(axes) else (varargs or (1.0,)) * len(axes)
    slopes = tuple(slope_along(xp, f, h, k, edge_order) for h, k in zip(steps, axes, strict=True))
    return slopes if len(slopes) != 1 else slopes[0]


def slope_along(xp: Any, f: Any, h: Any, axis: int, edge_order: int) -> Any:
    """Return the slopes along one axis."""
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ValueError(
            "Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) needed."
        )

    def at(start: int, stop: int | None) -> Any:
        return xp.getitem(f, part(axis, start, stop))

    if getattr(h, "ndim", 0) == 0 and not isinstance(h, list | tuple):
        rises = (at(1, None) - at(0, -1)) / h
        inner = (at(2, None) - at(0, -2)) / (2.0 * h)
        ratio: Any = [1.0, 1.0]
    else:
        widths = xp.diff(h)
        if widths.shape[0] != n - 1:
            raise ValueError("when 1d, distances must match the length of the corresponding dimension")
        left, right = xp.getitem(widths, Index(slice(0, -1))), xp.getitem(widths, Index(slice(1, None)))
        along = (-1,) + (1,) * (f.ndim - axis - 1)
        rises = (at(1, None) - at(0, -1)) / xp.reshape(widths, shape=along)
        share = xp.reshape(left / (left + right), shape=along)
        inner = (1.0 - share) * xp.getitem(rises, part(axis, 0, -1)) + share * xp.getitem(rises, part(axis, 1, None))
        ratio = (
            [xp.getitem(widths, Index(k)) / xp.getitem(widths, Index(j)) for k, j in ((0, 1), (-1, -2))]
            if n > 2
            else [1.0, 1.0]
        )
    first, last = xp.getitem(rises, part(axis, 0, 1)), xp.getitem(rises, part(axis, n - 2, None))
    if edge_order == 2:
        second, before = xp.getitem(rises, part(axis, 1, 2)), xp.getitem(rises, part(axis, n - 3, n - 2))
        first = first + (first - second) * (ratio[0] / (1.0 + ratio[0]))
        last = last + (last - before) * (ratio[1] / (1.0 + ratio[1]))
    return xp.concatenate([first, inner, last], axis=axis)


def interp(space: Any, x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Interpolate linearly between points in order; what stands beyond the ends is constant, or the period goes on."""
    return interpolated(space, x, xp, fp, left, right, period)


def interpolated(xp: Any, x: Any, places: Any, heights: Any, left: Any, right: Any, period: Any) -> Any:
    """Do the work of `interp`, with the namespace in its usual place."""
    x, places = xp.cast(x, dtype="float64"), xp.cast(places, dtype="float64")
    heights = xp.shaped(heights)
    heights = xp.cast(heights, dtype="complex128" if heights.dtype.kind == "c" else "float64")
    if places.shape != heights.shape or places.ndim != 1:
        raise ValueError("fp and xp are not of the same length.")
    if not places.size:
        raise ValueError("array of sample points is empty")
    if period is not None:
        x, places, heights = around(xp, x, places, heights, period)
        left = right = None
    n = places.shape[0]
    first, last = (xp.getitem(heights, Index(k)) for k in (0, -1))
    low, high = (xp.getitem(places, Index(k)) for k in (0, -1))
    if n == 1:
        result = xp.where(xp.isnan(x), x, first)
    else:
        inside = xp.clip(x, low, high)
        end = xp.equal(inside, high)
        below = xp.minimum(xp.maximum(xp.searchsorted(places, inside, side="right") - 1, 0), n - 2)
        x0, x1, y0, y1 = (xp.take(v, k) for v in (places, heights) for k in (below, below + 1))
        slope = xp.divide_no_nan(y1 - y0, x1 - x0)
        result = slope * (inside - xp.where(end, x1, x0)) + xp.where(end, y1, y0)
    result = xp.where(xp.less(x, low), first if left is None else left, result)
    return xp.where(xp.greater(x, high), last if right is None else right, result)


def around(xp: Any, x: Any, places: Any, heights: Any, period: Any) -> tuple[Any, Any, Any]:
    """Bring everything into one period and put a point of the neighbouring periods at each end."""
    period = xp.abs(period)
    x, places = xp.remainder(x, period), xp.remainder(places, period)
    order = xp.argsort(places)
    places, heights = xp.take(places, order), xp.take(heights, order)
    ends = [Index(slice(-1, None)), Index(slice(0, 1))]
    before, behind = (xp.getitem(places, e) for e in ends)
    places = xp.concatenate([before - period, places, behind + period], axis=0)
    return x, places, xp.concatenate([xp.getitem(heights, ends[0]), heights, xp.getitem(heights, ends[1])], axis=0)


def open_mesh(xp: Any, *args: Any) -> tuple[Any, ...]:
    """Return one-dimensional sequences, each along an axis of its own; a mask becomes the positions where it holds."""
    found = []
    for k, a in enumerate(args):
        v = xp.shaped(a)
        if v.ndim != 1:
            raise ValueError("Cross index must be 1 dimensional")
        v = xp.flatnonzero(v) if v.dtype.kind == "b" else v
        found.append(xp.reshape(v, shape=tuple(-1 if j == k else 1 for j in range(len(args)))))
    return tuple(found)


composite("diff", diff)
composite("ediff1d", ediff1d)
composite("trapezoid", trapezoid)
composite("gradient", gradient)
composite("interp", interp)
composite("ix_", open_mesh)
