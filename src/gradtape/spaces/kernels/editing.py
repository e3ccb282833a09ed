"""Kernels of the rows in `ops/editing.py`: the positions that NumPy's own functions keep, add or cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _opened(obj: Any) -> Any:
    return getattr(obj, "value", obj)


def _without(obj: Any, n: int) -> Any:
    return np.delete(np.arange(n), _opened(obj))


def _with(obj: Any, n: int, more: int) -> Any:
    """Let NumPy insert the positions of the new elements, which stand behind the old ones, among those of the old."""
    return np.insert(np.arange(n), _opened(obj), np.arange(n, n + more))


def _inside(filt: Any, trim: str, axis: int) -> Any:
    kept = np.any(filt != 0, axis=tuple(k for k in range(filt.ndim) if k != axis % filt.ndim))
    (places,) = np.nonzero(kept)
    if not len(places):
        return places
    start = places[0] if "f" in trim else 0
    stop = places[-1] + 1 if "b" in trim else len(kept)
    return np.arange(start, stop)


def _triangle(like: Any, k: int, upper: bool) -> Any:
    return (np.triu_indices_from if upper else np.tril_indices_from)(like, k)


KERNELS: dict[str, Callable[..., Any]] = {
    "places_without": _without,
    "places_with": _with,
    "places_inside": _inside,
    "triangle_places": _triangle,
}
