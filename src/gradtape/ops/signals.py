"""Rows of the convolution, and composites from NumPy's shelves of signals, polynomials and statistics."""

from __future__ import annotations

from typing import Any

from gradtape.ops.model import Index, Multilinear, Unsupported, case
from gradtape.ops.registry import composite, op

op(
    "convolve_full",
    "a, v",
    numpy=None,
    a=Multilinear(lambda xp, g, y, a, v: xp.convolve_valid(g, xp.flip(v, axis=0))),
    v=Multilinear(lambda xp, g, y, a, v: xp.convolve_valid(g, xp.flip(a, axis=0))),
    cases=(case((4,), (2,)), case((2,), (5,)), case((1,), (1,))),
)
op(
    "convolve_valid",
    "a, v",
    numpy=None,
    a=Multilinear(lambda xp, g, y, a, v: xp.convolve_full(g, xp.flip(v, axis=0))),
    v=Multilinear(lambda xp, g, y, a, v: xp.flip(xp.convolve_valid(a, xp.flip(g, axis=0)), axis=0)),
    cases=(case((4,), (2,)), case((5,), (5,)), case((3,), (1,))),
)


def windows(xp: Any, x: Any, window_shape: Any, axis: Any = None) -> Any:
    """Read all windows of one length along one axis; the window becomes the last axis."""
    x = xp.shaped(x)
    if axis is None and x.ndim == 1:
        axis = 0
    if not isinstance(axis, int):
        raise Unsupported("sliding_window_view wants one axis here")
    length = window_shape if isinstance(window_shape, int) else window_shape[0]
    axis %= x.ndim
    count = x.shape[axis] - length + 1
    if count < 1:
        raise ValueError("window shape cannot be larger than input array shape")
    before = (slice(None),) * axis
    return xp.stack([xp.getitem(x, Index((*before, slice(k, k + count)))) for k in range(length)], axis=-1)


def convolve(xp: Any, a: Any, v: Any, mode: str = "full") -> Any:
    """Convolve two vectors."""
    a, v = xp.shaped(a), xp.shaped(v)
    if a.shape[0] < v.shape[0]:
        a, v = v, a
    n, m = a.shape[0], v.shape[0]
    if mode == "valid":
        return xp.convolve_valid(a, v)
    if mode not in {"full", "same"}:
        raise ValueError(f"mode is 'full', 'same' or 'valid', not {mode!r}")
    whole = xp.convolve_full(a, v)
    start = (m - 1) // 2
    return whole if mode == "full" else xp.getitem(whole, Index(slice(start, start + n)))


def correlate(xp: Any, a: Any, v: Any, mode: str = "valid") -> Any:
    """Correlate two vectors: a convolution with the second one reversed."""
    a, v = xp.shaped(a), xp.shaped(v)
    if a.shape[0] < v.shape[0] and mode != "full":
        raise Unsupported("correlate wants the longer vector first here")
    return convolve(xp, a, xp.flip(v, axis=0), mode)


def polyval(xp: Any, p: Any, x: Any) -> Any:
    """Evaluate a polynomial by Horner's scheme."""
    coefficients, x = xp.shaped(p), xp.shaped(x)
    result = xp.zeros_like(x)
    for k in range(coefficients.shape[0]):
        result = result * x + xp.getitem(coefficients, Index(k))
    return result


def gradient(xp: Any, f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Return central differences inside and one-sided ones at the ends, for a spacing that is one number."""
    f = xp.shaped(f)
    if axis is None and f.ndim == 1:
        axis = 0
    if len(varargs) > 1 or not isinstance(axis, int) or edge_order != 1 or any(hasattr(h, "__len__") for h in varargs):
        raise Unsupported("gradient wants one axis and one spacing here")
    axis %= f.ndim

    def part(start: int | None, stop: int | None) -> Any:
        return xp.getitem(f, Index((slice(None),) * axis + (slice(start, stop),)))

    inner = (part(2, None) - part(0, -2)) * 0.5
    parts = [part(1, 2) - part(0, 1), inner, part(-1, None) - part(-2, -1)]
    joined = xp.concatenate(parts, axis=axis)
    return joined / varargs[0] if varargs else joined


def cov(xp: Any, m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None) -> Any:
    """Return the covariance of the rows."""
    if y is not None:
        raise Unsupported("cov has no place for `y` here")
    x = xp.atleast_2d(m)
    x = x if rowvar or x.shape[0] == 1 else xp.matrix_transpose(x)
    apart = x - xp.mean(x, axis=1, keepdims=True)
    freedom = (0 if bias else 1) if ddof is None else ddof
    return xp.squeeze(xp.matmul(apart, xp.matrix_transpose(apart)) / (x.shape[1] - freedom))


def corrcoef(xp: Any, x: Any, y: Any = None, rowvar: bool = True) -> Any:
    """Return the correlation of the rows."""
    c = cov(xp, x, y, rowvar)
    if c.ndim == 0:
        return c / c
    size = xp.sqrt(xp.diagonal(c))
    return c / xp.outer(size, size)


def interp(xp: Any, x: Any, xp_points: Any, fp: Any) -> Any:
    """Interpolate linearly between points in order; constant beyond the ends."""
    places, heights, x = xp.shaped(xp_points), xp.shaped(fp), xp.shaped(x)
    n = places.shape[0]
    if n < 2:
        raise Unsupported("interp wants two points or more here")
    inside = xp.clip(x, xp.getitem(places, Index(0)), xp.getitem(places, Index(-1)))
    right = xp.searchsorted(xp.getitem(places, Index(slice(1, -1))), xp.stop_gradient(inside), side="right") + 1
    left = right - 1
    x0, x1, y0, y1 = xp.take(places, left), xp.take(places, right), xp.take(heights, left), xp.take(heights, right)
    return y0 + (y1 - y0) * ((inside - x0) / (x1 - x0))


def bincount(xp: Any, x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """Add up the weights that belong to each whole number."""
    if weights is None or not hasattr(x, "dtype"):
        raise Unsupported("bincount wants an array of positions, and weights, here")
    length = max(int(x.max()) + 1 if x.size else 0, minlength)
    return xp.untake(xp.shaped(weights), x, shape=(length,), axis=0)


composite("bincount", bincount)
composite("sliding_window_view", windows, numpy="lib.stride_tricks.sliding_window_view")
composite("convolve", convolve)
composite("correlate", correlate)
composite("polyval", polyval)
composite("gradient", gradient)
composite("cov", cov)
composite("corrcoef", corrcoef)
composite("interp", lambda space, x, xp, fp: interp(space, x, xp, fp))
