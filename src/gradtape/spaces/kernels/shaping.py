"""Kernels of the rows in `ops/shaping.py`: moves of elements."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _reshape(a: Any, shape: Any) -> Any:
    return a.reshape(shape) if type(a) in KNOWN else np.reshape(a, shape)


def _transpose(a: Any, axes: Any = None) -> Any:
    return a.transpose(axes) if type(a) is np.ndarray else np.transpose(a, axes)


SMALL = 1000
"""Up to so many elements it takes less time to write them than to make a view that repeats one."""


def _broadcast_to(array: Any, shape: Any) -> Any:
    if type(shape) is tuple and type(array) in KNOWN and prod(shape) <= SMALL:
        whole = np.empty(shape, array.dtype)
        whole[...] = array
        return whole if shape else whole[()]
    return np.broadcast_to(array, shape)


KNOWN = {np.ndarray, np.float64, np.float32}

KERNELS: dict[str, Callable[..., Any]] = {
    "broadcast_to": _broadcast_to,
    "repeated_places": lambda repeats, n: np.repeat(np.arange(n), repeats),
    "reshape": _reshape,
    "transpose": _transpose,
}
