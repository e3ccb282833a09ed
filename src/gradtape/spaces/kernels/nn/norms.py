"""Kernels of the rows in `ops/nn/norms.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _standardized(x: Any, axis: Any = -1, epsilon: float = 0.0, centered: bool = True) -> Any:
    if centered:
        x = x - np.mean(x, axis=axis, keepdims=True)
    return x / np.sqrt(np.mean(np.square(x), axis=axis, keepdims=True) + epsilon)


KERNELS: dict[str, Callable[..., Any]] = {"standardized": _standardized}
