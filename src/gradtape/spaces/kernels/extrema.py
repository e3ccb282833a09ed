"""Kernels of the rows in `ops/extrema.py`: choices between values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def relu(x: Any) -> Any:
    """Return the positive part of real numbers."""
    if np.asarray(x).dtype.kind == "c":
        raise TypeError("complex numbers have no positive part")
    return np.maximum(x, 0)


KERNELS: dict[str, Callable[..., Any]] = {
    "relu": relu,
    "clip": lambda a, low, high: np.minimum(np.maximum(a, low), high),
}
