"""Kernels of the rows in `ops/fourier.py`: the weights of half a spectrum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _weigh_middle(a: Any, factor: float, n: int, axis: int = -1) -> Any:
    weighed = a * factor
    moved, kept = np.moveaxis(weighed, axis, 0), np.moveaxis(a, axis, 0)
    moved[:1] = kept[:1]
    if n % 2 == 0:
        moved[n // 2 : n // 2 + 1] = kept[n // 2 : n // 2 + 1]
    return weighed


KERNELS: dict[str, Callable[..., Any]] = {
    "weigh_middle": _weigh_middle,
}
