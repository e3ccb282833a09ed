"""Kernels of the rows in `ops/elementwise.py`: elementwise operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _divide_no_nan(a: Any, b: Any) -> Any:
    zero = np.equal(b, 0)
    quotient = np.divide(a, b if isinstance(b, float | int) and b else np.where(zero, 1.0, b))
    return np.where(zero, 0.0, quotient)[()]


def _where(condition: Any, a: Any, b: Any) -> Any:
    return np.where(condition, a, b)[()]


def _conjugate(x: Any) -> Any:
    """Return real numbers as they are: rules conjugate whatever comes, and a copy would cost what it saves."""
    return np.conjugate(x) if np.asarray(x).dtype.kind == "c" else x


KERNELS: dict[str, Callable[..., Any]] = {
    "conjugate": _conjugate,
    "divide_no_nan": _divide_no_nan,
    "multiply_no_nan": lambda a, b: np.where(np.equal(b, 0), 0.0, np.multiply(a, b))[()],
    "rsqrt": lambda x: 1.0 / np.sqrt(x),
    "where": _where,
}
