"""Rows of the convolution, and windows with the Bessel function of one of them."""

from __future__ import annotations

from math import sqrt
from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import Index, Multilinear, Partial, Unsupported
from gradtape.ops.registry import composite, op

op("i0", "x", numpy="i0", scipy="special.i0", x=Partial(lambda xp, y, x: xp.i1(x)))
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


def windows(
    xp: Any, x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    """Read all windows of a shape; the axes inside a window become the last ones."""
    x = xp.shaped(x)
    lengths = tuple(window_shape) if hasattr(window_shape, "__len__") else (window_shape,)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    if len(lengths) != len(axes):
        raise ValueError("window_shape and axis must have the same length, or window_shape one length for each axis")
    ndim = x.ndim
    for length, k in zip(lengths, axes, strict=True):
        count = x.shape[k % ndim] - length + 1
        if count < 1:
            raise ValueError("window shape cannot be larger than input array shape")
        before = (slice(None),) * (k % ndim)
        pieces = [xp.getitem(x, Index((*before, slice(start, start + count)))) for start in range(length)]
        x = xp.stack(pieces, axis=-1)
    return x


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
    """Correlate two vectors: a convolution with the conjugate of the second one, reversed."""
    a, v = xp.shaped(a), xp.conjugate(xp.flip(xp.shaped(v), axis=0))
    n, m = a.shape[0], v.shape[0]
    if n >= m or mode != "same":
        return convolve(xp, a, v, mode)
    # of an even number of products that overlap partly, NumPy gives one more at the side of the shorter vector's end
    return xp.getitem(xp.convolve_full(v, a), Index(slice(n // 2, n // 2 + m)))


def kaiser(xp: Any, M: int, beta: Any) -> Any:  # noqa: N803 - NumPy's name
    """Return a Kaiser window; its shape `beta` has a derivative. NumPy's own function takes plain numbers only."""
    if M < 2:
        return xp.cast([1.0] * M, dtype="float64")
    half = (M - 1) / 2.0
    inside = [sqrt(max(0.0, 1.0 - ((k - half) / half) ** 2)) for k in range(M)]
    beta = xp.shaped(beta)
    return xp.i0(beta * xp.cast(inside, dtype="float64")) / xp.i0(beta)


def unwrap(xp: Any, p: Any, discont: float | None = None, axis: int = -1, *, period: Any = 6.283185307179586) -> Any:
    """Add periods to angles so that neighbours are close; the angles and the period have derivatives."""
    p = xp.shaped(p)
    if p.dtype.kind != "f":
        raise Unsupported("unwrap has no derivative for whole numbers")
    axis %= p.ndim

    def part(start: int | None, stop: int | None) -> Any:
        return xp.getitem(p, Index((slice(None),) * axis + (slice(start, stop),)))

    steps = xp.stop_gradient(part(1, None) - part(0, -1))
    whole = xp.stop_gradient(xp.shaped(period))
    rounds = xp.floor((steps + whole / 2.0) / whole)
    left = steps - rounds * whole
    upwards = xp.logical_and(xp.equal(left, -whole / 2.0), xp.greater(steps, 0.0))
    rounds = xp.where(upwards, rounds - 1.0, rounds)
    rounds = xp.where(xp.less(xp.abs(steps), whole / 2.0 if discont is None else discont), 0.0, rounds)
    moved = part(1, None) - xp.cumsum(rounds, axis=axis) * period
    return xp.concatenate([part(0, 1), moved], axis=axis)


composite("sliding_window_view", windows, numpy="lib.stride_tricks.sliding_window_view")
composite("convolve", convolve)
composite("correlate", correlate)
composite("kaiser", kaiser)
composite("unwrap", unwrap)
