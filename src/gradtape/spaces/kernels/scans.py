"""Kernels of the rows in `ops/scans.py`: running positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _extremum_places(a: Any, axis: int, largest: bool) -> Any:
    """Return where the best element so far stands; the last one of equal ones, the first NaN once there is one."""
    best = (np.maximum if largest else np.minimum).accumulate(a, axis=axis)
    shape = tuple(-1 if k == axis % a.ndim else 1 for k in range(a.ndim))
    places = np.arange(a.shape[axis]).reshape(shape)
    return np.maximum.accumulate(np.where((a == best) | np.isnan(a), places, 0), axis=axis)


KERNELS: dict[str, Callable[..., Any]] = {
    "extremum_places": _extremum_places,
}
