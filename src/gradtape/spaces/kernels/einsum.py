"""Kernels of the rows in `ops/einsum.py`: sums of products."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

LARGE = 10_000_000
"""From how many products on `einsum` is worth a search for a cheaper order."""


def _einsum(*operands: Any, subscripts: str) -> Any:
    large = prod(map(np.size, operands)) > LARGE
    return np.einsum(subscripts, *operands, optimize=large)


KERNELS: dict[str, Callable[..., Any]] = {
    "einsum": _einsum,
}
