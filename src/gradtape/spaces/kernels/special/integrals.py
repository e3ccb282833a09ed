"""Kernels of the rows in `ops/special/integrals.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Callable


def expn(n: Any, x: Any) -> Any:
    """Return the exponential integral of a whole order, negative ones (DLMF 8.19.1) too, in the precision of `x`."""
    n, place = np.asarray(n), np.asarray(x)
    below = np.where(n < 0, -n, 0).astype(np.float64)
    size = place.astype(np.float64)
    falling = special.gammaincc(below + 1.0, size) * special.gamma(below + 1.0) / size ** (below + 1.0)
    value = np.where(n < 0, falling, special.expn(np.maximum(n, 0), size))
    return value.astype(place.dtype if place.dtype.kind == "f" else np.float64)[()]


KERNELS: dict[str, Callable[..., Any]] = {"expn": expn}
