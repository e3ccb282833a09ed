"""Rows of the convolution, and windows."""

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
    """Correlate two vectors: a convolution with the second one reversed."""
    a, v = xp.shaped(a), xp.shaped(v)
    if a.shape[0] < v.shape[0] and mode != "full":
        raise Unsupported("correlate wants the longer vector first here")
    return convolve(xp, a, xp.flip(v, axis=0), mode)


composite("sliding_window_view", windows, numpy="lib.stride_tricks.sliding_window_view")
composite("convolve", convolve)
composite("correlate", correlate)
