"""Kernels of our own compute in double precision and answer in the precision of their arrays."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def in_double(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Give a kernel float64 arrays by position, and its result the dtype of what came."""
    inner = in_double_or_complex(kernel)

    @wraps(kernel)
    def run(*arrays: Any, **params: Any) -> Any:
        if any(np.iscomplexobj(a) for a in arrays):
            raise TypeError(f"{kernel.__name__} takes real numbers only")
        return inner(*arrays, **params)

    return run


def in_double_or_complex(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Give a kernel float64 or complex128 arrays by position, and its result the dtype of what came."""

    @wraps(kernel)
    def run(*arrays: Any, **params: Any) -> Any:
        moving = [a for a in arrays if np.asarray(a).dtype.kind in "fc"]  # whole numbers do not widen the others
        kind = np.result_type(*moving) if moving else np.dtype(np.float64)
        wide = [np.asarray(a) for a in arrays]
        wide = [a.astype(np.complex128 if a.dtype.kind == "c" else np.float64) for a in wide]
        result = kernel(*wide, **params)
        return tuple(_narrow(part, kind) for part in result) if isinstance(result, tuple) else _narrow(result, kind)

    return run


def _narrow(result: Any, kind: Any) -> Any:
    if result.dtype.kind == "c":
        kind = np.result_type(kind, np.complex64)
    return result.astype(kind)[()]


def in_last(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function, which computes in float64 where the first arguments are whole, the precision of its last one."""

    def run(*arrays: Any, **params: Any) -> Any:
        kind = np.asarray(arrays[-1]).dtype
        return np.asarray(function(*arrays, **params)).astype(kind if kind.kind in "fc" else np.float64)[()]

    return run
