"""Systems whose matrix has few diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf.calls import operands, run_row, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.linalg.diagonals import diag_part, set_diag
from gradtape.tf.linalg.products import turned


def _three(diagonals: Any, form: str) -> Any:
    """Store three diagonals as TensorFlow's compact form, the superdiagonal first, padded at its end."""
    if form == "compact":
        return tensor(diagonals)
    if form == "matrix":
        return diag_part(tensor(diagonals), k=(-1, 1), align="LEFT_RIGHT")
    if form != "sequence":
        raise InvalidArgumentError(f"diagonals_format must be 'compact', 'sequence' or 'matrix'; got {form!r}")
    above, middle, below = (tensor(d) for d in operands(*diagonals))
    n = middle.shape[-1]
    zero = 0.0 * middle[..., :1]
    if above.shape[-1] == n - 1:
        above = run_row("concatenate", [above, zero], axis=-1)
    if below.shape[-1] == n - 1:
        below = run_row("concatenate", [zero, below], axis=-1)
    return run_row("stack", [above, middle, below], axis=-2)


def _as_lapack(compact: Any) -> Any:
    """Store three diagonals as LAPACK does, each element in its column."""
    zero = 0.0 * compact[..., :1, :1]
    above = run_row("concatenate", [zero, compact[..., :1, :-1]], axis=-1)
    below = run_row("concatenate", [compact[..., 2:, 1:], zero], axis=-1)
    return run_row("concatenate", [above, compact[..., 1:2, :], below], axis=-2)


def tridiagonal_solve(
    diagonals: Any,
    rhs: Any,
    diagonals_format: str = "compact",
    transpose_rhs: bool = False,
    conjugate_rhs: bool = False,
    name: str | None = None,
    partial_pivoting: bool = True,
    perturb_singular: bool = False,
) -> Any:
    """Solve systems with three diagonals; LAPACK always pivots."""
    compact = _three(diagonals, diagonals_format)
    b = tensor(operands(compact, rhs)[1])
    if conjugate_rhs:
        b = run_row("conjugate", b)
    if vector := b.ndim == compact.ndim - 1:
        b = run_row("expand_dims", b, -1)
    elif transpose_rhs:
        b = turned(b, True, False)
    x = run_row("banded_solve", _as_lapack(compact), b, lower=1, upper=1)
    return run_row("squeeze", x, -1) if vector else x


def tridiagonal_matmul(diagonals: Any, rhs: Any, diagonals_format: str = "compact", name: str | None = None) -> Any:
    """Multiply matrices with three diagonals by matrices."""
    compact = _three(diagonals, diagonals_format)
    b = tensor(operands(compact, rhs)[1])
    above, middle, below = (run_row("expand_dims", compact[..., k, :], -1) for k in range(3))
    zero = 0.0 * b[..., :1, :]
    up = run_row("concatenate", [b[..., 1:, :], zero], axis=-2)
    down = run_row("concatenate", [zero, b[..., :-1, :]], axis=-2)
    return above * up + middle * b + below * down


def banded_triangular_solve(
    bands: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Any:
    """Solve systems with a triangular matrix of few diagonals, stored with subdiagonals padded on the left."""
    packed, b = operands(tensor(bands), rhs)
    b = tensor(b)
    if vector := b.ndim == packed.ndim - 1:
        b = run_row("expand_dims", b, -1)
    count, n = packed.shape[-2:]
    limits = (1 - count, 0) if lower else (0, count - 1)
    empty = np.zeros((*packed.shape[:-2], n, n), packed.dtype)
    matrix = set_diag(empty, packed, k=limits, align="LEFT_RIGHT")
    x = run_row("triangular_solve", turned(matrix, False, adjoint), b, lower=lower != adjoint)
    return run_row("squeeze", x, -1) if vector else x
