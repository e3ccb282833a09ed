"""Kernels of the rows in `ops/signal/convolutions.py`."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import signal

if TYPE_CHECKING:
    from collections.abc import Callable


def _convolve(mode: str) -> Callable[..., Any]:
    def compute(a: Any, v: Any, axes: tuple[int, ...], method: str = "fft") -> Any:
        if a.ndim == v.ndim == len(axes) and method != "fft":
            return signal.convolve(a, v, mode, method)
        if a.ndim != v.ndim:
            ndim = max(a.ndim, v.ndim)
            a, v = (x.reshape((1,) * (ndim - x.ndim) + x.shape) for x in (a, v))
        return signal.fftconvolve(a, v, mode, axes=axes)

    return compute


def _resampled_products(u: Any, x: Any, count: int, up: int = 1, down: int = 1, axis: int = -1) -> Any:
    """Sum `u[n] x[k]` over all pairs with `n down - k up = m`, for each `m` below `count`."""
    u, x = np.moveaxis(u, axis, -1), np.moveaxis(x, axis, -1)
    products = np.zeros(count, np.result_type(u, x))
    common = gcd(up, down)
    period, stride = up // common, down // common
    inverse = pow(stride, -1, period) if period > 1 else 0
    for m in range(0, count, common):
        n = m // common * inverse % period
        k = (n * down - m) // up
        behind = max(0, -(k // stride))  # steps until x begins
        left, right = u[..., n + behind * period :: period], x[..., k + behind * stride :: stride]
        pairs = min(left.shape[-1], right.shape[-1])
        products[m] = np.sum(left[..., :pairs] * right[..., :pairs])
    return products


KERNELS: dict[str, Callable[..., Any]] = {
    "convolve_axes_full": _convolve("full"),
    "convolve_axes_valid": _convolve("valid"),
    "resampling_filter": signal.upfirdn,
    "resampled_products": _resampled_products,
}
