"""Linear algebra: `tf.linalg`, and the short names of the most common of its functions."""

from __future__ import annotations

from typing import Any

from gradtape.tf.calls import refuse
from gradtape.tf.creation import eye
from gradtape.tf.linalg import experimental
from gradtape.tf.linalg.bands import banded_triangular_solve, tridiagonal_matmul, tridiagonal_solve
from gradtape.tf.linalg.diagonals import band_part, diag, diag_part, set_diag, tensor_diag, tensor_diag_part
from gradtape.tf.linalg.factors import (
    eig,
    eigh,
    eigh_tridiagonal,
    eigvals,
    eigvalsh,
    expm,
    logm,
    lu,
    lu_matrix_inverse,
    lu_reconstruct,
    lu_solve,
    qr,
    sqrtm,
    svd,
)
from gradtape.tf.linalg.norms import clip_by_global_norm, clip_by_norm, clip_by_value, global_norm, norm, normalize
from gradtape.tf.linalg.operators import (
    LinearOperator,
    LinearOperatorAdjoint,
    LinearOperatorBlockDiag,
    LinearOperatorBlockLowerTriangular,
    LinearOperatorCirculant,
    LinearOperatorComposition,
    LinearOperatorDiag,
    LinearOperatorFullMatrix,
    LinearOperatorHouseholder,
    LinearOperatorIdentity,
    LinearOperatorInversion,
    LinearOperatorKronecker,
    LinearOperatorLowerTriangular,
    LinearOperatorLowRankUpdate,
    LinearOperatorPermutation,
    LinearOperatorScaledIdentity,
    LinearOperatorToeplitz,
    LinearOperatorTridiag,
    LinearOperatorZeros,
)
from gradtape.tf.linalg.products import (
    adjoint,
    cross,
    einsum,
    matmul,
    matrix_transpose,
    matvec,
    tensordot,
    trace,
)
from gradtape.tf.linalg.solves import (
    cholesky,
    cholesky_solve,
    det,
    inv,
    logdet,
    lstsq,
    matrix_rank,
    pinv,
    slogdet,
    solve,
    triangular_solve,
)

__all__ = [
    "LinearOperator",
    "LinearOperatorAdjoint",
    "LinearOperatorBlockDiag",
    "LinearOperatorBlockLowerTriangular",
    "LinearOperatorCirculant",
    "LinearOperatorComposition",
    "LinearOperatorDiag",
    "LinearOperatorFullMatrix",
    "LinearOperatorHouseholder",
    "LinearOperatorIdentity",
    "LinearOperatorInversion",
    "LinearOperatorKronecker",
    "LinearOperatorLowRankUpdate",
    "LinearOperatorLowerTriangular",
    "LinearOperatorPermutation",
    "LinearOperatorScaledIdentity",
    "LinearOperatorToeplitz",
    "LinearOperatorTridiag",
    "LinearOperatorZeros",
    "adjoint",
    "band_part",
    "banded_triangular_solve",
    "cholesky",
    "cholesky_solve",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "cross",
    "det",
    "diag",
    "diag_part",
    "eig",
    "eigh",
    "eigh_tridiagonal",
    "eigvals",
    "eigvalsh",
    "einsum",
    "experimental",
    "expm",
    "eye",
    "global_norm",
    "inv",
    "logdet",
    "logm",
    "lstsq",
    "lu",
    "lu_matrix_inverse",
    "lu_reconstruct",
    "lu_solve",
    "matmul",
    "matrix_rank",
    "matrix_transpose",
    "matvec",
    "norm",
    "normalize",
    "pinv",
    "qr",
    "set_diag",
    "slogdet",
    "solve",
    "sqrtm",
    "svd",
    "tensor_diag",
    "tensor_diag_part",
    "tensordot",
    "trace",
    "triangular_solve",
    "tridiagonal_matmul",
    "tridiagonal_solve",
]


def __getattr__(name: str) -> Any:
    if name == "l2_normalize":
        from gradtape.tf.nn import l2_normalize

        return l2_normalize
    raise refuse("tf.linalg", name)
