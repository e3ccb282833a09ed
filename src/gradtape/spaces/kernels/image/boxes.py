"""Kernels of the rows in `ops/image/boxes.py`: the best box first, then the best of those that overlap it little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _overlaps(boxes: Any) -> Any:
    """Return the area that each two boxes share, divided by the area of both; corners may come in any order."""
    low, high = np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])
    area = np.prod(high - low, axis=1)
    shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    common = np.prod(np.maximum(shared, 0.0), axis=2)
    both = area[:, None] + area - common
    return np.where(both > 0.0, common / np.where(both > 0.0, both, 1.0), 0.0)


def _kept(overlaps: Any, scores: Any, count: int, threshold: float = 0.5, least: float | None = None) -> Any:
    order = np.argsort(-scores, kind="stable")
    if least is not None:
        order = order[scores[order] > least]
    kept: list[int] = []
    free = np.ones(len(scores), bool)
    for k in order:
        if len(kept) == count:
            break
        if free[k]:
            kept.append(int(k))
            free &= overlaps[k] <= threshold
    return np.array(kept, np.int32)


def _non_max_suppression(
    boxes: Any, scores: Any, count: int, threshold: float = 0.5, least: float | None = None
) -> Any:
    return _kept(_overlaps(boxes), scores, count, threshold, least)


KERNELS: dict[str, Callable[..., Any]] = {
    "non_max_suppression": _non_max_suppression,
    "non_max_suppression_overlaps": _kept,
}
