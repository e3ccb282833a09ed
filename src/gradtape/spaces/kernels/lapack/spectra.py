"""Kernels of the rows in `ops/lapack/spectra.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scipy import linalg

from gradtape.spaces.kernels.lapack.stacks import stacked

if TYPE_CHECKING:
    from collections.abc import Callable

KERNELS: dict[str, Callable[..., Any]] = {
    "generalised_eig": stacked(linalg.eig, 2, 2),
    "generalised_eigh": stacked(linalg.eigh, 2, 2),
    "lapack_eigh": stacked(linalg.eigh, 2),
    "lapack_svd": stacked(linalg.svd, 2),
}
