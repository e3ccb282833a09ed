"""Kernels of the rows in `ops/indexing.py`: picks and scatters."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

BASIC = frozenset({int, slice, type(Ellipsis), type(None), bool})
"""What an index is made of that never names an element twice."""


def names_once(brackets: Any) -> bool:
    """Whether an index names no element twice: it may hold numbers, slices and masks, but no arrays of positions."""
    for part in brackets if isinstance(brackets, tuple) else (brackets,):
        if type(part) not in BASIC and not isinstance(part, np.integer) and getattr(part, "dtype", None) != np.bool_:
            return False
    return True


def add_at(total: Any, index: Any, values: Any) -> None:
    """Add values to the elements that an `Index` names, in place; an element named twice gets both."""
    if names_once(index.value):
        total[index.value] += values
    else:
        np.add.at(total, index.value, values)


def add_taken(total: Any, indices: Any, values: Any, axis: int | None, mode: str) -> None:
    """Add values to the elements that `take` reads, in place."""
    n = total.size if axis is None else total.shape[axis]
    if mode != "raise":
        indices = np.mod(indices, n) if mode == "wrap" else np.clip(indices, 0, n - 1)
    if axis is None:
        np.add.at(total.reshape(-1), indices, values)
    else:
        np.add.at(total, (slice(None),) * (axis % total.ndim) + (indices,), values)


def _scatter_add(values: Any, index: Any, shape: tuple[int, ...]) -> Any:
    total = np.zeros(shape, getattr(values, "dtype", np.float64))
    add_at(total, index, values)
    return total


class Reused(threading.local):
    """The array that the next `setitem` of this thread may overwrite: its caller knows that nobody else holds it."""

    array: Any = None


REUSED = Reused()


def _setitem(x: Any, values: Any, index: Any) -> Any:
    y = x if x is REUSED.array and x is not None else np.array(x)
    y[index.value] = values
    return y if y.ndim else y[()]


def _getitem_last(x: Any, index: Any) -> Any:
    """Pick, but of an element that is picked several times only the last time counts: the others are 0."""
    picked = np.asarray(x[index.value])
    places = np.arange(picked.size).reshape(picked.shape)
    last = np.empty(np.shape(x), np.intp)
    last[index.value] = places
    return np.where(last[index.value] == places, picked, picked.dtype.type(0))[()]


def _untake(values: Any, indices: Any, shape: tuple[int, ...], axis: int | None = None, mode: str = "raise") -> Any:
    total = np.zeros(shape, values.dtype)
    add_taken(total, indices, values, axis, mode)
    return total


def _untake_along_axis(values: Any, indices: Any, shape: tuple[int, ...], axis: int | None = -1) -> Any:
    total = np.zeros(shape, values.dtype)
    if axis is None:
        np.add.at(total.reshape(-1), indices, values)
        return total
    axis %= len(shape)
    places = list(np.ogrid[tuple(slice(n) for n in np.shape(indices))])
    places[axis] = np.asarray(indices)
    np.add.at(total, tuple(places), values)
    return total


KERNELS: dict[str, Callable[..., Any]] = {
    "gather": lambda params, indices: np.take(params, indices, axis=0),
    "getitem": lambda x, index: x[index.value],
    "getitem_last": _getitem_last,
    "scatter_add": _scatter_add,
    "setitem": _setitem,
    "untake": _untake,
    "untake_along_axis": _untake_along_axis,
}
