"""Kernels of the rows in `ops/ndimage/lines.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Callable


def _correlate_line(x: Any, w: Any, axis: int = -1) -> Any:
    """Correlate where the weights lie inside the signal entirely."""
    count = x.shape[axis] - w.shape[0] + 1
    dtype = np.result_type(x, w)
    plain = w.conj() if w.dtype.kind == "c" else w  # SciPy's correlation conjugates
    full = ndimage.correlate1d(x, plain, axis=axis, output=dtype, mode="constant")
    start = w.shape[0] // 2
    return full[(slice(None),) * (axis % x.ndim) + (slice(start, start + count),)]


def _spline_filter(input: Any, order: int = 3, axis: int = -1, mode: str = "mirror") -> Any:
    return ndimage.spline_filter1d(input, order, axis, output=input.dtype, mode=mode)


SHORT = 40
"""Up to this length SciPy's filter is not quite the inverse of a banded matrix, and its own matrix is used."""


def _spline_filter_turned(input: Any, order: int = 3, axis: int = -1, mode: str = "mirror") -> Any:
    """Apply the transpose of the spline filter.

    The filter is the inverse of a banded matrix. This is symmetric if the signal goes on periodically or mirrored
    between samples; mirrored on its first and last sample, it is symmetric if these two have half the weight.
    """
    n = input.shape[axis]
    moved = np.moveaxis(input, axis, -1)
    if n <= SHORT:
        matrix = ndimage.spline_filter1d(np.eye(n), order, 1, mode=mode)
        return np.moveaxis((moved @ matrix.T).astype(input.dtype), -1, axis)
    if mode in {"reflect", "grid-mirror", "nearest", "grid-wrap"}:
        return _spline_filter(input, order, axis, mode)
    weights = np.ones(n, input.dtype)
    weights[[0, -1]] = 2.0
    return np.moveaxis(_spline_filter(moved * weights, order, -1, mode) / weights, -1, axis)


KERNELS: dict[str, Callable[..., Any]] = {
    "correlate_line": _correlate_line,
    "spline_filter1d": _spline_filter,
    "spline_filter1d_turned": _spline_filter_turned,
}
