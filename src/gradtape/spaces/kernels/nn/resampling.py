"""The kernel of the row in `ops/nn/resampling.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _resample(x: Any, weights: Any, axis: int) -> Any:
    return np.moveaxis(np.tensordot(weights, x, axes=(1, axis)), 0, axis)


KERNELS: dict[str, Callable[..., Any]] = {
    "resample": _resample,
}
