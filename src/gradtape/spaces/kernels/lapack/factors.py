"""Kernels of the rows in `ops/lapack/factors.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scipy import linalg

from gradtape.spaces.kernels.lapack.calls import order_of_exchanges
from gradtape.spaces.kernels.lapack.stacks import of_width, stacked

if TYPE_CHECKING:
    from collections.abc import Callable


def _lu_rows(a: Any) -> tuple[Any, Any, Any]:
    """Return both factors in one matrix, LAPACK's row exchanges, and the order of rows that they amount to."""
    packed, exchanges = linalg.lu_factor(a)
    return packed, exchanges, order_of_exchanges(exchanges, a.shape[0])


def _hessenberg(a: Any) -> tuple[Any, Any]:
    h, q = linalg.hessenberg(a, calc_q=True)
    return of_width(h, a), of_width(q, a)


KERNELS: dict[str, Callable[..., Any]] = {
    "hessenberg_form": stacked(_hessenberg, 2),
    "lu_rows": stacked(_lu_rows, 2),
    "polar_factors": stacked(linalg.polar, 2),
    "rq_complete": stacked(linalg.rq, 2),
    "rq_reduced": stacked(lambda a: linalg.rq(a, mode="economic"), 2),
    "schur_form": stacked(linalg.schur, 2),
}
