"""Kernels of the rows in `ops/sets.py`: the positions of the elements that set functions keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _unique_places(a: Any, axis: int | None = None, equal_nan: bool = True) -> Any:
    found: Any = np.unique(a, True, True, True, axis, equal_nan=equal_nan)
    return found[1], found[2], found[3]


def _intersect_places(a: Any, b: Any, assume_unique: bool = False) -> Any:
    found = np.intersect1d(a, b, assume_unique, return_indices=True)
    return found[1], found[2]


def _setdiff_places(a: Any, b: Any, assume_unique: bool = False) -> Any:
    places = np.arange(a.size) if assume_unique else np.unique(a, return_index=True)[1]
    return places[~np.isin(a[places], b)]


def _setxor_places(a: Any, b: Any, assume_unique: bool = False) -> Any:
    """Positions in both arrays after one another."""
    in_a = np.arange(a.size) if assume_unique else np.unique(a, return_index=True)[1]
    in_b = np.arange(b.size) if assume_unique else np.unique(b, return_index=True)[1]
    places = np.concatenate([in_a[~np.isin(a[in_a], b)], a.size + in_b[~np.isin(b[in_b], a)]])
    return places[np.argsort(np.concatenate([a, b])[places], kind="stable")]


KERNELS: dict[str, Callable[..., Any]] = {
    "unique_places": _unique_places,
    "intersect_places": _intersect_places,
    "setdiff_places": _setdiff_places,
    "setxor_places": _setxor_places,
}
