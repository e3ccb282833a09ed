"""Kernels of the rows in `ops/nn/ranking.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Count the larger scores; a class that is none, and any class among scores that are not finite, is not there."""
    known = (targets >= 0) & (targets < predictions.shape[1])
    own = np.take_along_axis(predictions, np.where(known, targets, 0)[:, None], 1)
    return known & np.isfinite(predictions).all(axis=1) & ((predictions > own).sum(axis=1) < k)


def _order(a: Any, axis: int = -1, descending: bool = False, dtype: Any = "int32") -> Any:
    """Return the positions in order; among equals the earlier one comes first, also from the largest down."""
    if not descending:
        return np.argsort(a, axis=axis, kind="stable").astype(dtype)
    turned = np.argsort(np.flip(a, axis), axis=axis, kind="stable")
    return (a.shape[axis] - 1 - np.flip(turned, axis)).astype(dtype)


KERNELS: dict[str, Callable[..., Any]] = {
    "order": _order,
    "in_top_k": _in_top_k,
}
