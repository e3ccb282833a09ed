"""Kernels of the rows in `ops/sampling.py`: random draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _poisson(lam: Any, size: Any = None, seed: Any = 0) -> Any:
    return np.asarray(np.random.default_rng(seed).poisson(lam, size))[()]


KERNELS: dict[str, Callable[..., Any]] = {
    "poisson": _poisson,
}
