"""Kernels of the rows in `ops/lapack/factorizations.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg

from gradtape.spaces.kernels.lapack.stacks import stacked

if TYPE_CHECKING:
    from collections.abc import Callable


def _column_order(a: Any) -> Any:
    return linalg.qr(a, mode="r", pivoting=True)[-1]


def _complex_schur(t: Any) -> tuple[Any, Any]:
    if np.iscomplexobj(t):
        raise TypeError("a complex Schur form needs no other one")
    return linalg.rsf2csf(np.triu(t, -1), np.eye(t.shape[0], dtype=t.dtype))  # type: ignore[no-any-return]


KERNELS: dict[str, Callable[..., Any]] = {
    "column_order": stacked(_column_order, 2),
    "complex_schur": stacked(_complex_schur, 2),
}
