"""Iterative solving without a matrix: `tf.linalg.experimental`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradtape.tf.calls import run_row, static, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.linalg.norms import norm


class CGState(NamedTuple):
    """Where the iteration stands: steps, solution, residual, direction, squared length of the residual."""

    i: Any
    x: Any
    r: Any
    p: Any
    gamma: Any


def conjugate_gradient(
    operator: Any,
    rhs: Any,
    preconditioner: Any = None,
    x: Any = None,
    tol: float = 1e-5,
    max_iter: int = 20,
    name: str | None = None,
) -> CGState:
    """Solve `operator x = rhs` by conjugate gradients; the derivative is that of the steps that were taken.

    Parameters
    ----------
    operator : LinearOperator
        Known to be self-adjoint and positive definite: it was made with both flags.
    rhs : tensor
        Vectors.
    preconditioner : LinearOperator, optional
        Close to the inverse.
    x : tensor, optional
        Where to start, zeros unless given.
    tol : float
        Stop when the residual has shrunk to this share of the right-hand side.
    max_iter : int
        Stop then in any case.

    Returns
    -------
    CGState
        The last state; `x` is the solution.

    Raises
    ------
    InvalidArgumentError
        If the operator does not promise to be self-adjoint and positive definite.
    """
    if not (operator.is_self_adjoint and operator.is_positive_definite):
        raise InvalidArgumentError(
            "conjugate_gradient needs an operator made with is_self_adjoint=True, is_positive_definite=True"
        )
    b = tensor(rhs)
    batch = np.broadcast_shapes(tuple(b.shape[:-1]), tuple(operator.batch_shape))
    r = run_row("broadcast_to", b, shape=(*batch, b.shape[-1]))
    smallest = tol * np.asarray(norm(r, axis=-1))
    if x is None:
        x = tensor(np.zeros(r.shape, np.dtype(r.dtype)))
    else:
        x = tensor(x)
        r = r - operator.matvec(x)
    p = r if preconditioner is None else preconditioner.matvec(r)
    gamma = _inner(r, p)
    i = 0
    while i < static(max_iter) and (np.asarray(norm(r, axis=-1)) > smallest).any():
        z = operator.matvec(p)
        alpha = gamma / _inner(p, z)
        x = x + alpha[..., None] * p
        r = r - alpha[..., None] * z
        q = r if preconditioner is None else preconditioner.matvec(r)
        before, gamma = gamma, _inner(r, q)
        p = q + (gamma / before)[..., None] * p
        i += 1
    return CGState(tensor(np.int32(i)), x, r, p, gamma)


def _inner(a: Any, b: Any) -> Any:
    return run_row("vecdot", a, b)
