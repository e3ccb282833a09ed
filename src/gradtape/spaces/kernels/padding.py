"""Kernels of the rows in `ops/padding.py`: padding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _pad(array: Any, pad_width: Any, value: Any = 0) -> Any:
    return np.pad(array, pad_width, constant_values=value)


KERNELS: dict[str, Callable[..., Any]] = {
    "pad": _pad,
}
