"""Kernels of the rows in `ops/ordering.py`: sorts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _histogram_fixed_width(values: Any, value_range: Any, nbins: int = 100) -> Any:
    low, high = value_range
    places = np.floor((np.ravel(values) - low) / (high - low) * nbins)
    return np.bincount(np.clip(places, 0, nbins - 1).astype(np.intp), minlength=nbins).astype(np.int32)


def _argsort(a: Any, axis: Any = -1, kind: Any = None) -> Any:
    return np.argsort(a, axis, kind=kind or "stable")


KERNELS: dict[str, Callable[..., Any]] = {
    "argsort": _argsort,
    "histogram_fixed_width": _histogram_fixed_width,
}
