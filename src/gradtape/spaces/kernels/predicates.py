"""Kernels of the rows in `ops/predicates.py`: tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _count_nonzero(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.asarray(np.count_nonzero(a, axis, keepdims=keepdims))[()]


KERNELS: dict[str, Callable[..., Any]] = {
    "count_nonzero": _count_nonzero,
}
