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


def _softmax(x: Any, axis: Any = None) -> Any:
    parts = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return parts / np.sum(parts, axis=axis, keepdims=True)


def _log_softmax(x: Any, axis: Any = None) -> Any:
    distance = x - np.max(x, axis=axis, keepdims=True)
    return distance - np.log(np.sum(np.exp(distance), axis=axis, keepdims=True))


KERNELS: dict[str, Callable[..., Any]] = {
    "expit": expit,
    "log_softmax": _log_softmax,
    "softmax": _softmax,
    "softplus": lambda x: np.logaddexp(0.0, x),
}
