"""Kernels of the rows in `ops/special/logistic.py`: what SciPy has only since 1.17, or networks need without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

try:
    from scipy.special import expit
except ModuleNotFoundError:

    def expit(x: Any) -> Any:
        """Return `1 / (1 + exp(-x))`, exact where it is tiny."""
        return np.exp(-np.logaddexp(0.0, -x))


KERNELS: dict[str, Callable[..., Any]] = {"expit": expit, "softplus": lambda x: np.logaddexp(0.0, x)}
