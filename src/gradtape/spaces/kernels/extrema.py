"""Kernels of the rows in `ops/extrema.py`: choices between values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


KERNELS: dict[str, Callable[..., Any]] = {
    "relu": lambda x: np.maximum(x, 0),
    "clip": lambda a, low, high: np.minimum(np.maximum(a, low), high),
}
