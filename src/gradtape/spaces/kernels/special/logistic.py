"""Kernels of the rows in `ops/special/logistic.py`: what SciPy has only since its version 1.17."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

KERNELS: dict[str, Callable[..., Any]] = {"softplus": lambda x: np.logaddexp(0.0, x)}
