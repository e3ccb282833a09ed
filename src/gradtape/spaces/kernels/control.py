"""Kernels of the rows in `ops/control.py`: copies, casts and new arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _cast(x: Any, dtype: Any) -> Any:
    return np.asarray(x).astype(dtype)[()]


def _copy(a: Any) -> Any:
    return np.array(a)[()]


def _same(x: Any) -> Any:
    return x


def _constant(value: Any) -> Any:
    return value if hasattr(value, "dtype") else np.asarray(value)[()]


def _like(fill: Callable[..., Any]) -> Callable[..., Any]:
    def kernel(a: Any, shape: Any = None) -> Any:
        return fill(np.shape(a) if shape is None else shape, getattr(a, "dtype", None))[()]

    return kernel


KERNELS: dict[str, Callable[..., Any]] = {
    "bitcast": lambda x, dtype: np.asarray(x).view(dtype)[()],
    "cast": _cast,
    "cast_to_integer": _cast,
    "constant": _constant,
    "copy": _copy,
    "empty_like": _like(np.empty),
    "identity": _same,
    "ones_like": _like(np.ones),
    "part": lambda whole, place: whole[place],
    "rank_of": lambda x: np.int64(np.ndim(x)),
    "shape_of": lambda x: np.asarray(np.shape(x), np.int64),
    "size_of": lambda x: np.int64(np.size(x)),
    "stop_gradient": _same,
    "zeros_like": _like(np.zeros),
}
