"""Kernels of the rows in `ops/complexes.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def complex_of(real: Any, imag: Any) -> Any:
    """Put two parts together; written part by part, because `1j * inf` has a real part that is NaN."""
    real, imag = np.broadcast_arrays(real, imag)
    made = np.empty(real.shape, np.result_type(real, imag, np.complex64))
    made.real, made.imag = real, imag
    return made[()]


KERNELS: dict[str, Callable[..., Any]] = {"complex_of": complex_of}
