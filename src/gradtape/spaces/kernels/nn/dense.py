"""Kernel of the row in `ops/nn/dense.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _linear(x: Any, w: Any, b: Any) -> Any:
    return np.matmul(x, w) + b  # NumPy adds into the product where that is large


KERNELS: dict[str, Callable[..., Any]] = {"linear": _linear}
