"""Kernels of the rows in `ops/framing.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _frames(x: Any, length: int, step: int) -> Any:
    if x.shape[-1] < length:
        return np.zeros((*x.shape[:-1], 0, length), x.dtype)
    return np.lib.stride_tricks.sliding_window_view(x, length, axis=-1)[..., ::step, :].copy()


def _overlap_add(x: Any, step: int, size: int | None = None) -> Any:
    """Add up piece by piece of `step` samples: the pieces at one place of all frames do not overlap."""
    *batch, count, length = x.shape
    pieces = -(-length // step)
    total = np.zeros((*batch, (count + pieces) * step), x.dtype)
    for k in range(pieces):
        piece = x[..., k * step : (k + 1) * step]
        whole = np.zeros((*batch, count, step), x.dtype)
        whole[..., : piece.shape[-1]] = piece
        total[..., k * step : (k + count) * step] += whole.reshape(*batch, count * step)
    wanted = max((count - 1) * step + length, 0) if size is None else size
    if wanted > total.shape[-1]:
        total = np.concatenate([total, np.zeros((*batch, wanted - total.shape[-1]), x.dtype)], axis=-1)
    return total[..., :wanted].copy()


KERNELS: dict[str, Callable[..., Any]] = {
    "frames": _frames,
    "overlap_add": _overlap_add,
}
