"""Kernels of the rows in `ops/lapack/banded.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scipy import linalg

from gradtape.spaces.kernels.lapack.stacks import stacked

if TYPE_CHECKING:
    from collections.abc import Callable


def _banded_solve(ab: Any, b: Any, lower: int, upper: int) -> Any:
    return linalg.solve_banded((lower, upper), ab, b)


KERNELS: dict[str, Callable[..., Any]] = {
    "banded_solve": stacked(_banded_solve, 2, 2),
    "tridiagonal_eigh": stacked(linalg.eigh_tridiagonal, 1, 1),
}
