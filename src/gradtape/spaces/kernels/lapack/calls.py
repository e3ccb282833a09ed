"""Kernels of the rows in `ops/lapack/calls.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.spaces.kernels.lapack.stacks import stacked

if TYPE_CHECKING:
    from collections.abc import Callable


def _mirrored(a: Any, lower: bool = False, conjugate: bool = True) -> Any:
    """Read one triangle, and the diagonal of a Hermitian matrix as real."""
    triangle, diagonal = (np.tril(a) if lower else np.triu(a)), np.tril(np.triu(a))
    other = np.swapaxes(triangle, -1, -2)
    if not conjugate:
        return triangle + other - diagonal
    return triangle + np.conjugate(other) - (np.real(diagonal) if np.iscomplexobj(a) else diagonal)


def order_of_exchanges(exchanges: Any, rows: int) -> Any:
    """Return the order of rows that exchanging them one after the other gives."""
    order = np.arange(rows)
    for k, other in enumerate(exchanges):
        order[[k, other]] = order[[other, k]]
    return order


KERNELS: dict[str, Callable[..., Any]] = {
    "checked_finite": np.asarray_chkfinite,
    "mirrored": _mirrored,
    "order_of_exchanges": stacked(order_of_exchanges, 1),
}
