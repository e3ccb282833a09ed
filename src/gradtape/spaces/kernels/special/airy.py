"""Kernels of the rows in `ops/special/airy.py`: Struve's functions in their order and argument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from gradtape.spaces.kernels.special.stencils import by_differences

if TYPE_CHECKING:
    from collections.abc import Callable


def reach(v: Any, x: Any) -> tuple[Any, Any]:
    """Return how far the order and the argument may move: the power of `x` begins at 0."""
    return 1.0 / (np.pi + np.arcsinh((np.abs(v) + 1.0) / np.abs(x))), np.minimum(1.0, 0.3 * np.abs(x))


KERNELS: dict[str, Callable[..., Any]] = {
    "struve_slope": by_differences(special.struve, reach),
    "modstruve_slope": by_differences(special.modstruve, reach),
}
