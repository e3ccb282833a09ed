"""Decompositions and functions of matrices."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradtape.tf.calls import operands, run_row, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.linalg.diagonals import band_part
from gradtape.tf.linalg.products import matmul, matrix_transpose


class Qr(NamedTuple):
    """What `qr` returns."""

    q: Any
    r: Any


class Lu(NamedTuple):
    """What `lu` returns: both factors in one matrix, and the order of the rows."""

    lu: Any
    p: Any


def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> Qr:
    """Factor matrices into an orthogonal and an upper triangular one."""
    return Qr(*run_row("qr_complete" if full_matrices else "qr", tensor(input)))


def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None) -> Any:
    """Return singular values, left and right singular vectors (as columns, unlike NumPy's), or the values alone."""
    x = operands(tensor)[0]
    if not compute_uv:
        return run_row("svdvals", x)
    u, s, vh = run_row("svd", x, full_matrices=full_matrices)
    return s, u, matrix_transpose(vh, conjugate=True)


def eigh(tensor: Any, name: str | None = None) -> tuple[Any, Any]:
    """Return eigenvalues and eigenvectors of symmetric matrices, of which the lower triangle is read."""
    e, v = run_row("eigh", operands(tensor)[0])
    return e, v


def eigvalsh(tensor: Any, name: str | None = None) -> Any:
    """Return eigenvalues of symmetric matrices, of which the lower triangle is read."""
    return run_row("eigvalsh", operands(tensor)[0])


def _complex(x: Any) -> Any:
    return run_row("cast", x, dtype=np.result_type(np.dtype(x.dtype), np.complex64))


def eig(tensor: Any, name: str | None = None) -> tuple[Any, Any]:
    """Return eigenvalues and eigenvectors, always complex."""
    e, v = run_row("eig", operands(tensor)[0])
    return _complex(e), _complex(v)


def eigvals(tensor: Any, name: str | None = None) -> Any:
    """Return eigenvalues, always complex."""
    return _complex(run_row("eigvals", operands(tensor)[0]))


def eigh_tridiagonal(
    alpha: Any,
    beta: Any,
    eigvals_only: bool = True,
    select: str = "a",
    select_range: Any = None,
    tol: Any = None,
    name: str | None = None,
) -> Any:
    """Return eigenvalues of symmetric matrices given by diagonal and off-diagonal, and eigenvectors if wanted."""
    if select not in {"a", "all"}:
        raise InvalidArgumentError(f"eigh_tridiagonal: select={select!r} is not here; take all and cut them out")
    w, v = run_row("tridiagonal_eigh", *operands(tensor(alpha), beta))
    return w if eigvals_only else (w, v)


def expm(input: Any, name: str | None = None) -> Any:
    """Return the exponential of matrices."""
    return run_row("expm", tensor(input))


def logm(input: Any, name: str | None = None) -> Any:
    """Return the logarithm of matrices."""
    return run_row("logm", tensor(input))


def sqrtm(input: Any, name: str | None = None) -> Any:
    """Return the square root of matrices."""
    return run_row("sqrtm", tensor(input))


def lu(input: Any, output_idx_type: Any = np.int32, name: str | None = None) -> Lu:
    """Factor square matrices into triangular ones, with exchanges of rows."""
    packed, _, order = run_row("lu_rows", tensor(input))
    return Lu(packed, order.astype(np.dtype(output_idx_type)))


def lu_reconstruct(lower_upper: Any, perm: Any, validate_args: bool = False, name: str | None = None) -> Any:
    """Multiply the factors and put the rows back."""
    packed = tensor(lower_upper)
    lower = band_part(packed, -1, 0)
    lower = lower - band_part(packed, 0, 0) + np.eye(packed.shape[-1], dtype=packed.dtype)
    product = matmul(lower, band_part(packed, 0, -1))
    order = np.argsort(np.asarray(perm), axis=-1)[..., None]
    return run_row("take_along_axis", product, np.broadcast_to(order, product.shape), axis=-2)


def lu_solve(lower_upper: Any, perm: Any, rhs: Any, validate_args: bool = False, name: str | None = None) -> Any:
    """Solve systems of equations, given the factors of their matrices."""
    packed, b = operands(tensor(lower_upper), rhs)
    b = tensor(b)
    order = np.asarray(perm)[..., None]
    batch = np.broadcast_shapes(tuple(packed.shape[:-2]), tuple(b.shape[:-2]))
    b = run_row("broadcast_to", b, shape=(*batch, *b.shape[-2:]))
    ordered = run_row("take_along_axis", b, np.broadcast_to(order, b.shape), axis=-2)
    forward = run_row("triangular_solve", packed, ordered, lower=True, unit=True)
    return run_row("triangular_solve", packed, forward, lower=False)


def lu_matrix_inverse(lower_upper: Any, perm: Any, validate_args: bool = False, name: str | None = None) -> Any:
    """Invert matrices, given their factors."""
    packed = tensor(lower_upper)
    return lu_solve(packed, perm, np.eye(packed.shape[-1], dtype=packed.dtype))
