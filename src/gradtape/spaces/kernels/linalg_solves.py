"""Kernels of the rows in `ops/linalg_solves.py`: cofactors, triangular systems."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _products_of_others(s: Any) -> Any:
    """Return for each number the product of all the others, without a division."""
    own = np.eye(s.shape[-1], dtype=bool)
    return np.prod(np.where(own, 1.0, s[..., None, :]), axis=-1, dtype=s.dtype)


def _products_of_other_pairs(s: Any) -> Any:
    """Return for each pair of numbers the product of all the others, and 0 for a number with itself."""
    n = s.shape[-1]
    rest = np.zeros((*s.shape, n), s.dtype)
    for k in range(n):
        without = s.copy()
        without[..., k] = 1.0
        rest[..., k, :] = _products_of_others(without)
        rest[..., k, k] = 0.0
    return rest


def _rotations(a: Any) -> tuple[Any, Any, Any, Any]:
    """Return the singular value decomposition, its factors conjugated, and the product of their determinants."""
    u, s, vh = np.linalg.svd(a)
    turn = np.linalg.det(u) * np.linalg.det(vh)
    return np.conjugate(u), s, np.conjugate(vh), turn[..., None, None]


def _good_inverse(a: Any) -> Any:
    """Return the inverses of matrices that are far from singular, all of them; None otherwise."""
    try:
        inverse = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return None
    condition = np.abs(inverse).sum(-1).max(-1, initial=0.0) * np.abs(a).sum(-1).max(-1, initial=0.0)
    return inverse if (condition < np.finfo(a.dtype).eps ** -0.5).all() else None


def _cofactor(a: Any) -> Any:
    """Return the matrix of cofactors: of a singular matrix too."""
    a = np.asarray(a)
    inverse = _good_inverse(a)
    if inverse is None:
        return _cofactor_by_svd(a)
    return np.linalg.det(a)[..., None, None] * np.swapaxes(inverse, -1, -2)


def _cofactor_by_svd(a: Any) -> Any:
    u, s, vh, turn = _rotations(a)
    return turn * ((u * _products_of_others(s)[..., None, :]) @ vh)


def _cofactor_slope(h: Any, a: Any) -> Any:
    """Return the gradient of `sum(h * cofactor(a))`."""
    a = np.asarray(a)
    inverse = _good_inverse(a)
    if inverse is None:
        return _cofactor_slope_by_svd(h, a)
    back = np.swapaxes(inverse, -1, -2)
    along = np.sum(back * h, axis=(-2, -1), keepdims=True) * back
    return np.linalg.det(a)[..., None, None] * (along - back @ np.swapaxes(h, -1, -2) @ back)


def _cofactor_slope_by_svd(h: Any, a: Any) -> Any:
    """Return it from the products of all singular values but two."""
    u, s, vh, turn = _rotations(a)
    inside = np.swapaxes(u, -1, -2) @ h @ np.swapaxes(vh, -1, -2)
    rest = _products_of_other_pairs(s)
    diagonal = (rest @ np.diagonal(inside, axis1=-2, axis2=-1)[..., None]) * np.eye(s.shape[-1], dtype=s.dtype)
    return turn * (u @ (diagonal - rest * np.swapaxes(inside, -1, -2)) @ vh)


@cache
def _substitution() -> Any:
    """Return SciPy's substitution if SciPy is there: NumPy can only factor the matrix once more."""
    return import_module("scipy.linalg").solve_triangular if find_spec("scipy") else None


def _triangular_solve(a: Any, b: Any, lower: bool = True, unit: bool = False) -> Any:
    """Solve with the triangle of a matrix that is named, and with ones on its diagonal if `unit`."""
    substitute = _substitution()
    if substitute is not None and np.ndim(a) == np.ndim(b) == 2:
        return substitute(a, b, lower=lower, unit_diagonal=unit, check_finite=False)
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
