"""Raw NumPy: the kernels that run a user's operations, and the namespace of an ordinary sweep. No dispatch, no records."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.ops import OPS
from gradtape.spaces.space import build_space

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.ops import Op

add_reduce = np.add.reduce


def _sum(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Sum without the Python layer of `np.sum`, which costs as much again on small arrays."""
    return add_reduce(a, axis, keepdims=keepdims)


def _cast(x: Any, dtype: Any) -> Any:
    return np.asarray(x).astype(dtype)[()]


def _scatter_add(values: Any, index: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape, getattr(values, "dtype", np.float64))
    np.add.at(out, index.value, values)
    return out


def _same(x: Any) -> Any:
    return x


KERNELS: dict[str, Callable[..., Any]] = {
    "sum": _sum,
    "cast": _cast,
    "cast_to_integer": _cast,
    "identity": _same,
    "constant": _same,
    "shape_of": lambda x: np.asarray(np.shape(x), np.int64),
    "size_of": lambda x: np.int64(np.size(x)),
    "rank_of": lambda x: np.int64(np.ndim(x)),
    "stack": lambda *arrays, axis: np.stack(arrays, axis),
    "concatenate": lambda *arrays, axis: np.concatenate(arrays, axis),
    "stop_gradient": _same,
    "rsqrt": lambda x: 1.0 / np.sqrt(x),
    "getitem": lambda x, index: x[index.value],
    "scatter_add": _scatter_add,
}
"""Kernels of the rows that are no function of NumPy, and those that have a faster door into it."""


def kernel(op: Op) -> Callable[..., Any]:
    """Return the function that computes an operation on NumPy's arrays."""
    made = KERNELS.get(op.name)
    if made is None:
        if op.numpy is None:
            raise LookupError(f"row {op.name} names no function of NumPy and numpy_space has no kernel for it")
        made = attrgetter(op.numpy)(np)
    return made


for _op in OPS.values():
    _op.kernel = kernel(_op)

xp = build_space(kernel)
"""The namespace of an ordinary reverse sweep."""
