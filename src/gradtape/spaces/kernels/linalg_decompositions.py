"""Kernels of the rows in `ops/linalg_decompositions.py`: forms of NumPy's decompositions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _eig_in_order(a: Any, values: Any) -> Any:
    """Decompose so that the eigenvalues stand as in `values`: LAPACK finds them in another order without vectors."""
    result = np.linalg.eig(a)
    found = np.asarray(result.eigenvalues)
    scale = np.abs(found).max(initial=0.0)
    if np.allclose(found, values, rtol=0.0, atol=1e-9 * scale):
        return result
    order = np.empty(found.shape, np.intp)
    for place in np.ndindex(found.shape[:-1]):
        distance = np.abs(np.asarray(values)[place][:, None] - found[place])
        for k in range(found.shape[-1]):
            order[place][k] = distance[k].argmin()
            distance[:, order[place][k]] = np.inf
    vectors = np.take_along_axis(result.eigenvectors, order[..., None, :], -1)
    return type(result)(np.take_along_axis(found, order, -1), vectors)


KERNELS: dict[str, Callable[..., Any]] = {
    "eig_in_order": _eig_in_order,
    "qr_complete": lambda a: np.linalg.qr(a, mode="complete"),
    "svd_hermitian": lambda a: np.linalg.svd(a, hermitian=True),
}
