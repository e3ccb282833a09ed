"""Kernels of the rows in `ops/joining.py`: joins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


KERNELS: dict[str, Callable[..., Any]] = {
    "concatenate": lambda *arrays, axis=0: np.concatenate(arrays, axis),
    "stack": lambda *arrays, axis=0: np.stack(arrays, axis),
}
