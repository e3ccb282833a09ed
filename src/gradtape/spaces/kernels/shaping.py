"""Kernels of the rows in `ops/shaping.py`: moves of elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _reshape(a: Any, shape: Any) -> Any:
    return np.reshape(a, shape)


KERNELS: dict[str, Callable[..., Any]] = {
    "repeated_places": lambda repeats, n: np.repeat(np.arange(n), repeats),
    "reshape": _reshape,
}
