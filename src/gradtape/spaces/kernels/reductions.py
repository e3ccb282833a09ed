"""Kernels of the rows in `ops/reductions.py`: reductions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

add_reduce: Callable[..., Any] = np.add.reduce

max_reduce: Callable[..., Any] = np.maximum.reduce

min_reduce: Callable[..., Any] = np.minimum.reduce


FLOAT = np.dtype(np.float64)
WIDE = frozenset({FLOAT, np.dtype(np.float32)})
"""Dtypes in which `np.mean` adds up as they are."""
EXACT = 1 << 24
"""Up to here float32 holds every whole number."""


def _sum(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Sum without the Python layer of `np.sum`, which costs as much again on small arrays.

    Sums of `bfloat16` are kept in float32 on the way, as those of float16 are: its own stand still at 256 ones.
    """
    if getattr(a, "dtype", FLOAT).kind == "V":
        return add_reduce(a.astype(np.float32), axis, keepdims=keepdims).astype(a.dtype)
    return add_reduce(a, axis, keepdims=keepdims)


def _mean(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    a = a if isinstance(a, np.ndarray | np.generic) else np.asarray(a)
    if a.dtype.kind == "V":
        return np.mean(a, axis, np.float32, keepdims=keepdims).astype(a.dtype)
    if axis is None and a.dtype in WIDE and 0 < a.size <= EXACT:  # what `np.mean` does, without its Python layer
        return add_reduce(a, None, keepdims=keepdims) / a.size
    return np.mean(a, axis, keepdims=keepdims)


def _max(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return max_reduce(a, axis, keepdims=keepdims)


def _min(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return min_reduce(a, axis, keepdims=keepdims)


def _logsumexp(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    top = max_reduce(a, axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        result = np.log(add_reduce(np.exp(a - top), axis, keepdims=True)) + top
    if keepdims:
        return result
    return np.squeeze(result, axis=axis)[()]


def _vector_norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    squares = np.square(x) if np.asarray(x).dtype.kind != "c" else np.real(x * np.conjugate(x))
    return np.sqrt(add_reduce(squares, axis, keepdims=keepdims))


KERNELS: dict[str, Callable[..., Any]] = {
    "logsumexp": _logsumexp,
    "max": _max,
    "mean": _mean,
    "min": _min,
    "sum": _sum,
    "vector_norm": _vector_norm,
}
