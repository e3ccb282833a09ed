"""Kernels of the rows in `ops/signals.py`: convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


KERNELS: dict[str, Callable[..., Any]] = {
    "convolve_full": np.convolve,
    "convolve_valid": lambda a, v: np.convolve(a, v, "valid"),
}
