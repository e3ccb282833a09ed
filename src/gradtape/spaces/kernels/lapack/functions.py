"""Kernels of the rows in `ops/lapack/functions.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg

from gradtape.spaces.kernels.lapack.stacks import of_width, stacked

if TYPE_CHECKING:
    from collections.abc import Callable


def in_double(a: Any) -> Any:
    """Widen single precision: SciPy measures the error of a logarithm against double precision, and warns."""
    return a.astype(np.result_type(a, np.float64))


KERNELS: dict[str, Callable[..., Any]] = {
    "expm": lambda a: of_width(linalg.expm(a), a),
    "fractional_power": stacked(lambda a, t: of_width(linalg.fractional_matrix_power(in_double(a), float(t)), a), 2, 0),
    "logm": stacked(lambda a: of_width(linalg.logm(in_double(a)), a), 2),
    "sqrtm": stacked(lambda a: of_width(linalg.sqrtm(a), a), 2),
    "sylvester": stacked(linalg.solve_sylvester, 2, 2, 2),
}
