"""Kernels of the rows in `ops/special/noncentral.py`: differences of SciPy's distribution functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from gradtape.spaces.kernels.special.stencils import by_differences

if TYPE_CHECKING:
    from collections.abc import Callable


def above_zero(*numbers: Any) -> list[Any]:
    """Return how far arguments may move that all end at 0."""
    return [np.minimum(0.5, 0.3 * n) for n in numbers]


def of_student(df: Any, nc: Any, t: Any) -> list[Any]:
    """Return how far the arguments may move: all but the degrees of freedom take any number."""
    return [np.minimum(0.5, 0.3 * df), np.full(nc.shape, 0.5), np.full(t.shape, 0.5)]


KERNELS: dict[str, Callable[..., Any]] = {
    "chndtr_slope": by_differences(special.chndtr, above_zero),
    "ncfdtr_slope": by_differences(special.ncfdtr, above_zero),
    "nctdtr_slope": by_differences(special.nctdtr, of_student),
}
