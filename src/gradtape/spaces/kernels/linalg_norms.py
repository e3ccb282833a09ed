"""Kernels of the rows in `ops/linalg_norms.py`: norms of an order that is no whole number of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _p_norm(x: Any, ord: float, axis: Any = None, keepdims: bool = False) -> Any:
    """Compute as NumPy's `norm` does, over any number of axes."""
    total = np.sum(np.abs(x) ** ord, axis=axis, keepdims=keepdims)
    return total ** np.reciprocal(ord, dtype=total.dtype)


KERNELS: dict[str, Callable[..., Any]] = {"p_norm": _p_norm}
