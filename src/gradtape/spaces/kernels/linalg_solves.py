"""Kernels of the rows in `ops/linalg_solves.py`: cofactors, triangular systems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

WELL_CONDITIONED = 1e5
"""Up to this product of norms of a matrix and its inverse, cofactors come from the inverse."""


def _products_of_others(s: Any, pairs: bool) -> Any:
    """Return for each number (for each pair) the product of all the others, without a division."""
    n = s.shape[-1]
    own = np.eye(n, dtype=bool)
    left_out = own[:, None, :] | own[None, :, :] if pairs else own
    return np.prod(
        np.where(left_out, 1.0, s[(..., *(None,) * (2 if pairs else 1), slice(None))]), axis=-1, dtype=s.dtype
    )


def _rotations(a: Any) -> tuple[Any, Any, Any, Any]:
    """Return the singular value decomposition, its factors conjugated, and the product of their determinants."""
    u, s, vh = np.linalg.svd(a)
    turn = np.linalg.det(u) * np.linalg.det(vh)
    return np.conjugate(u), s, np.conjugate(vh), turn[..., None, None]


def _cofactor(a: Any) -> Any:
    """Return the matrix of cofactors: of a singular matrix too."""
    a = np.asarray(a)
    try:
        inverse = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return _cofactor_by_svd(a)
    size = np.abs(a).sum(-1, keepdims=True).sum(-2, keepdims=True)
    if not (np.abs(inverse).sum((-2, -1), keepdims=True) * size < WELL_CONDITIONED).all():
        return _cofactor_by_svd(a)
    return np.linalg.det(a)[..., None, None] * np.swapaxes(inverse, -1, -2)


def _cofactor_by_svd(a: Any) -> Any:
    u, s, vh, turn = _rotations(a)
    return turn * ((u * _products_of_others(s, pairs=False)[..., None, :]) @ vh)


def _cofactor_slope(h: Any, a: Any) -> Any:
    """Return the gradient of `sum(h * cofactor(a))`, from the products of all singular values but two."""
    u, s, vh, turn = _rotations(np.asarray(a))
    inside = np.swapaxes(u, -1, -2) @ h @ np.swapaxes(vh, -1, -2)
    rest = _products_of_others(s, pairs=True)
    own = np.eye(s.shape[-1], dtype=bool)
    rest = np.where(own, 0.0, rest).astype(s.dtype)
    diagonal = (rest @ np.diagonal(inside, axis1=-2, axis2=-1)[..., None]) * own
    return turn * (u @ (diagonal - rest * np.swapaxes(inside, -1, -2)) @ vh)


def _triangular_solve(a: Any, b: Any, lower: bool = True, unit: bool = False) -> Any:
    """Solve with the triangle of a matrix that is named, and with ones on its diagonal if `unit`."""
    triangle = np.tril(a) if lower else np.triu(a)
    if unit:
        n = triangle.shape[-1]
        triangle[..., np.arange(n), np.arange(n)] = 1.0
    return np.linalg.solve(triangle, b)


def _matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, rtol: Any = None) -> Any:  # noqa: N803
    return np.linalg.matrix_rank(A, tol, hermitian, rtol=rtol)


KERNELS: dict[str, Callable[..., Any]] = {
    "cofactor": _cofactor,
    "cofactor_slope": _cofactor_slope,
    "matrix_rank": _matrix_rank,
    "triangular_solve": _triangular_solve,
}
