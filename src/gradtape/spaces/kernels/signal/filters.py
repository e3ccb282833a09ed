"""Kernels of the rows in `ops/signal/filters.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import signal

if TYPE_CHECKING:
    from collections.abc import Callable


def _lag_products(u: Any, x: Any, count: int, axis: int = -1) -> Any:
    u, x = np.moveaxis(u, axis, -1), np.moveaxis(x, axis, -1)
    n = u.shape[-1]
    products = np.zeros(count, np.result_type(u, x))
    for lag in range(min(count, n)):
        products[lag] = np.sum(u[..., lag:] * x[..., : n - lag])
    return products


KERNELS: dict[str, Callable[..., Any]] = {
    "recursive_filter": signal.lfilter,
    "lag_products": _lag_products,
}
