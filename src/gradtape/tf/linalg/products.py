"""Products, transposes and traces."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf import math
from gradtape.tf.calls import operands, run_row, static, tensor
from gradtape.tf.linalg.diagonals import diag_part


def turned(x: Any, transpose: bool, adjoint: bool) -> Any:
    """Transpose the last two axes if either is wanted, and conjugate if it is the adjoint."""
    if not (transpose or adjoint):
        return x
    swapped = run_row("swapaxes", tensor(x), -1, -2)
    return run_row("conjugate", swapped) if adjoint and swapped.dtype.kind == "c" else swapped


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    name: str | None = None,
) -> Any:
    """Multiply matrices, or stacks of them."""
    left, right = operands(a, b)
    return run_row("matmul", turned(left, transpose_a, adjoint_a), turned(right, transpose_b, adjoint_b))


def matvec(a: Any, b: Any, transpose_a: bool = False, adjoint_a: bool = False, name: str | None = None) -> Any:
    """Multiply a matrix by a vector, or stacks of them."""
    left, right = operands(tensor(a), b)
    column = run_row("reshape", right, shape=(*np.shape(right), 1))
    product = run_row("matmul", turned(left, transpose_a, adjoint_a), column)
    return run_row("reshape", product, shape=product.shape[:-1])


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Any:
    """Multiply and add up over pairs of axes."""
    left, right = operands(tensor(a), b)
    return run_row("tensordot", left, right, axes=static(axes))


def einsum(equation: str, *inputs: Any, name: str | None = None) -> Any:
    """Multiply and add up as a formula says."""
    return run_row("einsum_call", equation, *operands(*inputs))


def matrix_transpose(a: Any, name: str | None = None, conjugate: bool = False) -> Any:
    """Exchange the last two axes."""
    return turned(a, transpose=True, adjoint=conjugate)


def trace(x: Any, name: str | None = None) -> Any:
    """Add up the diagonals of matrices."""
    return math.reduce_sum(diag_part(x), -1)


def adjoint(matrix: Any, name: str | None = None) -> Any:
    """Transpose and conjugate matrices."""
    return turned(matrix, transpose=True, adjoint=True)


def cross(a: Any, b: Any, name: str | None = None) -> Any:
    """Multiply vectors of length 3, the last axis."""
    return run_row("cross", *operands(tensor(a), b))
