"""Inverses, determinants and systems of equations."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradtape.tf import math
from gradtape.tf.calls import operands, run_row, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.linalg.diagonals import diag_part
from gradtape.tf.linalg.products import adjoint as adjoint_of
from gradtape.tf.linalg.products import matmul, turned


class SlogDeterminant(NamedTuple):
    """What `slogdet` returns."""

    sign: Any
    log_abs_determinant: Any


def inv(input: Any, adjoint: bool = False, name: str | None = None) -> Any:
    """Invert square matrices.

    Raises
    ------
    InvalidArgumentError
        If one is singular.
    """
    return run_row("inv", turned(tensor(input), False, adjoint))


def det(input: Any, name: str | None = None) -> Any:
    """Return determinants; the gradient is the matrix of cofactors, also of a singular matrix."""
    return run_row("det", tensor(input))


def slogdet(input: Any, name: str | None = None) -> SlogDeterminant:
    """Return sign and logarithm of the size of determinants."""
    return SlogDeterminant(*run_row("slogdet", tensor(input)))


def logdet(matrix: Any, name: str | None = None) -> Any:
    """Return the logarithm of the determinant of positive definite matrices."""
    return 2.0 * math.reduce_sum(math.log(math.real(diag_part(cholesky(matrix)))), -1)


def cholesky(input: Any, name: str | None = None) -> Any:
    """Factor positive definite matrices; the gradient is symmetric.

    Raises
    ------
    InvalidArgumentError
        If one is not positive definite.
    """
    return run_row("cholesky", tensor(input))


def solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Any:
    """Solve systems of equations."""
    a, b = operands(tensor(matrix), rhs)
    return run_row("solve", turned(a, False, adjoint), b)


def triangular_solve(matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None) -> Any:
    """Solve systems whose matrix is triangular; the other triangle is not read and gets no gradient."""
    a, b = operands(tensor(matrix), rhs)
    return run_row("triangular_solve", turned(a, False, adjoint), b, lower=lower != adjoint)


def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Any:
    """Solve systems of equations, given the Cholesky factors of their matrices."""
    factor = tensor(chol)
    return triangular_solve(factor, triangular_solve(factor, rhs), adjoint=True)


def pinv(a: Any, rcond: Any = None, validate_args: bool = False, name: str | None = None) -> Any:
    """Return pseudo-inverses; singular values below `rcond` times the largest count as zero."""
    x = tensor(a)
    cutoff = 10.0 * max(x.shape[-2:]) * np.finfo(np.dtype(x.dtype)).eps if rcond is None else rcond
    return run_row("pinv", x, rcond=cutoff)


def matrix_rank(a: Any, tol: Any = None, validate_args: bool = False, name: str | None = None) -> Any:
    """Count independent rows."""
    return run_row("matrix_rank", tensor(a), tol=tol).astype(np.int32)


def lstsq(matrix: Any, rhs: Any, l2_regularizer: float = 0.0, fast: bool = True, name: str | None = None) -> Any:
    """Solve systems in the sense of least squares, and with the smallest solution where there are many.

    `fast` solves the normal equations, which squares the condition; otherwise the pseudo-inverse is used.
    """
    a, b = operands(tensor(matrix), rhs)
    if not fast:
        if l2_regularizer != 0:
            raise InvalidArgumentError("lstsq: `l2_regularizer` needs fast=True")
        return matmul(pinv(a), b)
    wide = a.shape[-2] < a.shape[-1]
    other = adjoint_of(a)
    gram = matmul(a, other) if wide else matmul(other, a)
    if l2_regularizer != 0:
        gram = gram + l2_regularizer * np.eye(gram.shape[-1], dtype=gram.dtype)
    factor = cholesky(gram)
    if wide:
        return matmul(other, cholesky_solve(factor, b))
    return cholesky_solve(factor, matmul(other, b))
