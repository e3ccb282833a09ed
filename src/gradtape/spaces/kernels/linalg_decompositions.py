"""Kernels of the rows in `ops/linalg_decompositions.py`: forms of NumPy's decompositions, and a slope by blocks."""

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


BLOCK = 32
"""So many columns at a time: products of smaller blocks are slow, inverses of larger ones."""


def _cholesky_slope(g: Any, y: Any) -> Any:
    """Send the cotangent of a lower factor back block by block, from the last columns to the first.

    A sixth of the operations of the closed form, nearly all in products of matrices (Murray, 2016, section 4.2). What
    is left of the columns before a block is kept in `rest`; only lower triangles are read.
    """
    rest, slope, n = g.copy(), np.empty_like(y), y.shape[-1]
    for stop in range(n, 0, -BLOCK):
        start = max(0, stop - BLOCK)
        here, before, after = slice(start, stop), slice(0, start), slice(stop, n)
        inverse = np.linalg.inv(y[here, here])
        below = rest[after, here] @ inverse
        inner = np.tril(y[here, here].T @ (rest[here, here] - below.T @ y[after, here]))
        inner[np.diag_indices(stop - start)] *= 0.5
        own = inverse.T @ inner @ inverse
        own = own + own.T
        rest[here, before] -= own @ y[here, before] + below.T @ y[after, before]
        rest[after, before] -= below @ y[here, before]
        np.multiply(below, 0.5, out=slope[after, here])
        np.multiply(below.T, 0.5, out=slope[here, after])
        np.multiply(own, 0.5, out=slope[here, here])
    return slope


KERNELS: dict[str, Callable[..., Any]] = {
    "cholesky_slope": _cholesky_slope,
    "eig_in_order": _eig_in_order,
    "qr_complete": lambda a: np.linalg.qr(a, mode="complete"),
    "svd_hermitian": lambda a: np.linalg.svd(a, hermitian=True),
}
