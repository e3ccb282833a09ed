"""Kernels of the rows in `ops/fourier.py`: the weights of half a spectrum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _weigh_middle(a: Any, factor: float, n: int, axis: int = -1) -> Any:
    weighed, before = np.multiply(a, factor), (slice(None),) * (axis % a.ndim)
    for k in (0, n // 2) if n % 2 == 0 else (0,):
        end = (*before, slice(k, k + 1))
        weighed[end] = a[end]
    return weighed


KERNELS: dict[str, Callable[..., Any]] = {
    "weigh_middle": _weigh_middle,
}
