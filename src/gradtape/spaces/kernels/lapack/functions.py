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


def apart(w: Any) -> Any:
    """Return 1 if all eigenvalues differ, and refuse them otherwise: the derivative needs more than is known."""
    gap = np.abs(w[..., :, None] - w[..., None, :]) + np.where(np.eye(w.shape[-1], dtype=bool), np.inf, 0.0)
    smallest = w.shape[-1] * np.finfo(w.dtype).eps * np.abs(w).max(initial=0.0)
    if (gap <= smallest).any():
        raise np.linalg.LinAlgError("funm has a gradient only where all eigenvalues differ; some are equal")
    return w.dtype.type(1.0)


def _real_part_if_real(x: Any) -> Any:
    small = 1e3 * np.finfo(x.dtype).eps * np.abs(x).max(initial=0.0)
    return np.real(x) if np.iscomplexobj(x) and (np.abs(np.imag(x)) <= small).all() else x


KERNELS: dict[str, Callable[..., Any]] = {
    "apart": apart,
    "distinct": lambda w: w,
    "expm": lambda a: of_width(linalg.expm(a), a),
    "fractional_power": stacked(lambda a, t: of_width(linalg.fractional_matrix_power(in_double(a), float(t)), a), 2, 0),
    "logm": stacked(lambda a: of_width(linalg.logm(in_double(a)), a), 2),
    "real_part_if_real": _real_part_if_real,
    "sqrtm": stacked(lambda a: of_width(linalg.sqrtm(a), a), 2),
    "sylvester": stacked(linalg.solve_sylvester, 2, 2, 2),
}
