"""Matrices that are known by what they do: `tf.linalg.LinearOperator` and the common classes of it.

A class gives `_matrix()`, or cheaper ways to multiply and to solve where it has them; everything else follows.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from gradtape.tf import math
from gradtape.tf.calls import run_row, static, tensor
from gradtape.tf.creation import eye
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.linalg.bands import tridiagonal_matmul, tridiagonal_solve
from gradtape.tf.linalg.diagonals import band_part, diag, diag_part
from gradtape.tf.linalg.factors import eigvals, eigvalsh
from gradtape.tf.linalg.products import adjoint as adjoint_of
from gradtape.tf.linalg.products import matmul, trace
from gradtape.tf.linalg.solves import cholesky, det, slogdet, solve, triangular_solve
from gradtape.tf.shapes import TensorShape


class LinearOperator:
    """A matrix, or a stack of them.

    Parameters
    ----------
    is_non_singular, is_self_adjoint, is_positive_definite, is_square : bool, optional
        What the caller promises; it is not checked.
    name : str, optional
        Its name.
    """

    def __init__(
        self,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str | None = None,
    ) -> None:
        self.is_non_singular = is_non_singular
        self.is_self_adjoint = is_self_adjoint
        self.is_positive_definite = is_positive_definite
        self._is_square = is_square
        self.name = name or type(self).__name__

    def _matrix(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} gives no matrix")

    def _multiply(self, x: Any, adjoint: bool) -> Any:
        matrix = self._matrix()
        return matmul(adjoint_of(matrix) if adjoint else matrix, x)

    def _solve(self, rhs: Any, adjoint: bool) -> Any:
        return solve(self._matrix(), rhs, adjoint=adjoint)

    @property
    def shape(self) -> TensorShape:
        """The shape of the matrices."""
        return TensorShape(self._matrix().shape)

    @property
    def dtype(self) -> Any:
        """The dtype of the elements."""
        return self._matrix().dtype

    @property
    def batch_shape(self) -> TensorShape:
        """The shape of the stack."""
        return TensorShape(tuple(self.shape)[:-2])

    @property
    def domain_dimension(self) -> int:
        """How many columns the matrices have."""
        return int(tuple(self.shape)[-1])

    @property
    def range_dimension(self) -> int:
        """How many rows the matrices have."""
        return int(tuple(self.shape)[-2])

    @property
    def tensor_rank(self) -> int:
        """How many axes there are."""
        return len(tuple(self.shape))

    @property
    def is_square(self) -> bool:
        """Whether the matrices are square."""
        return self.domain_dimension == self.range_dimension if self._is_square is None else self._is_square

    def matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str | None = None) -> Any:
        """Multiply matrices, or another operator, from the left."""
        if isinstance(x, LinearOperator):
            left = self.adjoint() if adjoint else self
            return LinearOperatorComposition([left, x.adjoint() if adjoint_arg else x])
        x = tensor(x, None)
        return self._multiply(adjoint_of(x) if adjoint_arg else x, adjoint)

    def __matmul__(self, x: Any) -> Any:
        return self.matmul(x)

    def matvec(self, x: Any, adjoint: bool = False, name: str | None = None) -> Any:
        """Multiply vectors from the left."""
        return run_row("squeeze", self._multiply(run_row("expand_dims", tensor(x), -1), adjoint), -1)

    def solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str | None = None) -> Any:
        """Solve systems of equations."""
        rhs = tensor(rhs)
        return self._solve(adjoint_of(rhs) if adjoint_arg else rhs, adjoint)

    def solvevec(self, rhs: Any, adjoint: bool = False, name: str | None = None) -> Any:
        """Solve systems of equations with one vector on the right."""
        return run_row("squeeze", self._solve(run_row("expand_dims", tensor(rhs), -1), adjoint), -1)

    def to_dense(self, name: str | None = None) -> Any:
        """Write the matrices out."""
        return self._matrix()

    def adjoint(self, name: str | None = None) -> LinearOperator:
        """Return the operator with transposed and conjugated matrices."""
        return self if self.is_self_adjoint else LinearOperatorAdjoint(self)

    H = property(adjoint)

    def inverse(self, name: str | None = None) -> LinearOperator:
        """Return the operator that solves."""
        return LinearOperatorInversion(self)

    def cholesky(self, name: str | None = None) -> LinearOperator:
        """Return the lower triangular factor."""
        return LinearOperatorLowerTriangular(cholesky(self._matrix()), is_non_singular=True)

    def determinant(self, name: str | None = None) -> Any:
        """Return the determinants."""
        return det(self._matrix())

    def log_abs_determinant(self, name: str | None = None) -> Any:
        """Return the logarithms of the sizes of the determinants."""
        return slogdet(self._matrix()).log_abs_determinant

    def trace(self, name: str | None = None) -> Any:
        """Add up the diagonals."""
        return trace(self._matrix())

    def diag_part(self, name: str | None = None) -> Any:
        """Take the diagonals out."""
        return diag_part(self._matrix())

    def eigvals(self, name: str | None = None) -> Any:
        """Return the eigenvalues."""
        return (eigvalsh if self.is_self_adjoint else eigvals)(self._matrix())

    def cond(self, name: str | None = None) -> Any:
        """Return the condition numbers."""
        return run_row("cond", self._matrix())

    def add_to_tensor(self, x: Any, name: str | None = None) -> Any:
        """Add the matrices to a tensor."""
        return self._matrix() + tensor(x)


class LinearOperatorFullMatrix(LinearOperator):
    """A matrix with all of its elements."""

    def __init__(self, matrix: Any, *flags: Any, **more: Any) -> None:
        super().__init__(*flags, **more)
        self._full = tensor(matrix)

    def _matrix(self) -> Any:
        return self._full


class LinearOperatorLowerTriangular(LinearOperator):
    """The lower triangle of a matrix; the other one is not read."""

    def __init__(self, tril: Any, *flags: Any, **more: Any) -> None:
        super().__init__(*flags, **more)
        self._tril = tensor(tril)

    def _matrix(self) -> Any:
        return band_part(self._tril, -1, 0)

    def _solve(self, rhs: Any, adjoint: bool) -> Any:
        return triangular_solve(self._tril, rhs, adjoint=adjoint)

    def determinant(self, name: str | None = None) -> Any:
        """Return the determinants."""
        return math.reduce_prod(diag_part(self._tril), -1)

    def log_abs_determinant(self, name: str | None = None) -> Any:
        """Return the logarithms of the sizes of the determinants."""
        return math.reduce_sum(math.log(math.abs(diag_part(self._tril))), -1)


class LinearOperatorDiag(LinearOperator):
    """A diagonal matrix."""

    def __init__(self, diag: Any, *flags: Any, **more: Any) -> None:
        super().__init__(*flags, **more)
        self.diag = tensor(diag)

    def _matrix(self) -> Any:
        return diag(self.diag)

    def _column(self, adjoint: bool) -> Any:
        column = run_row("expand_dims", self.diag, -1)
        return run_row("conjugate", column) if adjoint else column

    def _multiply(self, x: Any, adjoint: bool) -> Any:
        return self._column(adjoint) * x

    def _solve(self, rhs: Any, adjoint: bool) -> Any:
        return rhs / self._column(adjoint)

    def determinant(self, name: str | None = None) -> Any:
        """Return the determinants."""
        return math.reduce_prod(self.diag, -1)

    def log_abs_determinant(self, name: str | None = None) -> Any:
        """Return the logarithms of the sizes of the determinants."""
        return math.reduce_sum(math.log(math.abs(self.diag)), -1)

    def diag_part(self, name: str | None = None) -> Any:
        """Take the diagonals out."""
        return self.diag


class LinearOperatorIdentity(LinearOperator):
    """The matrix that changes nothing."""

    def __init__(
        self, num_rows: Any, batch_shape: Any = None, dtype: Any = np.float32, *flags: Any, **more: Any
    ) -> None:
        super().__init__(*flags, **more)
        if self.is_self_adjoint is None:
            self.is_self_adjoint = self.is_positive_definite = self.is_non_singular = True
        self._eye = eye(static(num_rows), batch_shape=batch_shape, dtype=dtype)

    def _matrix(self) -> Any:
        return self._eye


class LinearOperatorScaledIdentity(LinearOperatorDiag):
    """A multiple of the matrix that changes nothing."""

    def __init__(self, num_rows: Any, multiplier: Any, *flags: Any, **more: Any) -> None:
        self.multiplier = tensor(multiplier)
        column = run_row("expand_dims", self.multiplier, -1)
        super().__init__(column * np.ones(static(num_rows), column.dtype), *flags, **more)


class LinearOperatorZeros(LinearOperator):
    """A matrix of zeros."""

    def __init__(
        self,
        num_rows: Any,
        num_columns: Any = None,
        batch_shape: Any = None,
        dtype: Any = np.float32,
        *flags: Any,
        **more: Any,
    ) -> None:
        super().__init__(*flags, **more)
        rows = static(num_rows)
        columns = rows if num_columns is None else static(num_columns)
        self._zeros = tensor(np.zeros((*static(batch_shape or ()), rows, columns), dtype))

    def _matrix(self) -> Any:
        return self._zeros

    def _solve(self, rhs: Any, adjoint: bool) -> Any:
        raise InvalidArgumentError("a matrix of zeros cannot be solved with")


class LinearOperatorTridiag(LinearOperator):
    """A matrix with three diagonals."""

    def __init__(self, diagonals: Any, diagonals_format: str = "compact", *flags: Any, **more: Any) -> None:
        super().__init__(*flags, **more)
        if diagonals_format == "sequence":
            self._diagonals: Any = [tensor(d) for d in diagonals]
        else:
            self._diagonals = tensor(diagonals)
        self._form = diagonals_format

    def _matrix(self) -> Any:
        if self._form == "matrix":
            return band_part(self._diagonals, 1, 1)
        n = self._diagonals[1].shape[-1] if self._form == "sequence" else self._diagonals.shape[-1]
        dtype = (self._diagonals[1] if self._form == "sequence" else self._diagonals).dtype
        return tridiagonal_matmul(self._diagonals, np.eye(n, dtype=dtype), self._form)

    def _multiply(self, x: Any, adjoint: bool) -> Any:
        return super()._multiply(x, adjoint) if adjoint else tridiagonal_matmul(self._diagonals, x, self._form)

    def _solve(self, rhs: Any, adjoint: bool) -> Any:
        return super()._solve(rhs, adjoint) if adjoint else tridiagonal_solve(self._diagonals, rhs, self._form)


class LinearOperatorToeplitz(LinearOperator):
    """A matrix whose diagonals are constant, given by its first column and first row."""

    def __init__(self, col: Any, row: Any, *flags: Any, **more: Any) -> None:
        super().__init__(*flags, **more)
        self.col, self.row = tensor(col), tensor(row)

    def _matrix(self) -> Any:
        n = self.col.shape[-1]
        gap = np.arange(n)[:, None] - np.arange(n)
        below = run_row("take", self.col, np.maximum(gap, 0), axis=-1)
        return run_row("where", gap >= 0, below, run_row("take", self.row, np.maximum(-gap, 0), axis=-1))


class LinearOperatorCirculant(LinearOperator):
    """A matrix whose columns are one column turned round, given by the Fourier transform of that."""

    def __init__(self, spectrum: Any, input_output_dtype: Any = np.complex64, *flags: Any, **more: Any) -> None:
        super().__init__(*flags, **more)
        self.spectrum = tensor(spectrum)
        self._out = np.dtype(input_output_dtype)

    def _matrix(self) -> Any:
        n = self.spectrum.shape[-1]
        power = np.outer(np.arange(n), np.arange(n)) * (2j * np.pi / n)
        column = math.reduce_sum(run_row("expand_dims", self.spectrum, -2) * np.exp(power), -1) / n
        turned = (np.arange(n)[:, None] - np.arange(n)) % n
        matrix = run_row("take", column, turned, axis=-1)
        return run_row("cast", matrix if self._out.kind == "c" else run_row("real", matrix), dtype=self._out)


class LinearOperatorHouseholder(LinearOperator):
    """The reflection at the plane that is orthogonal to a vector."""

    def __init__(self, reflection_axis: Any, *flags: Any, **more: Any) -> None:
        super().__init__(*flags, **more)
        self.reflection_axis = tensor(reflection_axis)

    def _matrix(self) -> Any:
        v = run_row("expand_dims", self.reflection_axis, -1)
        size = math.reduce_sum(self.reflection_axis * run_row("conjugate", self.reflection_axis), -1)
        n = self.reflection_axis.shape[-1]
        return np.eye(n, dtype=v.dtype) - 2.0 * matmul(v, adjoint_of(v)) / size[..., None, None]

    def _solve(self, rhs: Any, adjoint: bool) -> Any:
        return self._multiply(rhs, not adjoint)


class LinearOperatorPermutation(LinearOperator):
    """The matrix that puts rows into an order: row `i` of the product is row `perm[i]`."""

    def __init__(self, perm: Any, dtype: Any = np.float32, *flags: Any, **more: Any) -> None:
        super().__init__(*flags, **more)
        self.perm = tensor(perm)
        order = np.asarray(self.perm)
        self._rows = tensor((order[..., None] == np.arange(order.shape[-1])).astype(dtype))

    def _matrix(self) -> Any:
        return self._rows

    def _solve(self, rhs: Any, adjoint: bool) -> Any:
        return self._multiply(rhs, not adjoint)


class LinearOperatorLowRankUpdate(LinearOperator):
    """A base operator plus `u diag(d) vH`."""

    def __init__(
        self, base_operator: LinearOperator, u: Any, diag_update: Any = None, v: Any = None, *flags: Any, **more: Any
    ) -> None:
        more.pop("is_diag_update_positive", None)
        super().__init__(*flags, **more)
        self.base_operator = base_operator
        self.u = tensor(u)
        self.v = self.u if v is None else tensor(v)
        self.diag_update = None if diag_update is None else tensor(diag_update)

    def _matrix(self) -> Any:
        left = self.u if self.diag_update is None else self.u * run_row("expand_dims", self.diag_update, -2)
        return self.base_operator.to_dense() + matmul(left, adjoint_of(self.v))


class LinearOperatorAdjoint(LinearOperator):
    """The transposed and conjugated matrices of another operator."""

    def __init__(self, operator: LinearOperator, *flags: Any, **more: Any) -> None:
        super().__init__(*flags, **more)
        self.operator = operator

    def _matrix(self) -> Any:
        return adjoint_of(self.operator.to_dense())

    def _multiply(self, x: Any, adjoint: bool) -> Any:
        return self.operator._multiply(x, not adjoint)

    def _solve(self, rhs: Any, adjoint: bool) -> Any:
        return self.operator._solve(rhs, not adjoint)

    def adjoint(self, name: str | None = None) -> LinearOperator:
        """Return the operator that this is the adjoint of."""
        return self.operator

    H = property(adjoint)


class LinearOperatorInversion(LinearOperator):
    """The inverses of another operator's matrices."""

    def __init__(self, operator: LinearOperator, *flags: Any, **more: Any) -> None:
        super().__init__(*flags, **more)
        self.operator = operator

    def _matrix(self) -> Any:
        shape = tuple(self.operator.shape)
        return self.operator._solve(tensor(np.broadcast_to(np.eye(shape[-1], dtype=self.operator.dtype), shape)), False)

    def _multiply(self, x: Any, adjoint: bool) -> Any:
        return self.operator._solve(x, adjoint)

    def _solve(self, rhs: Any, adjoint: bool) -> Any:
        return self.operator._multiply(rhs, adjoint)

    def inverse(self, name: str | None = None) -> LinearOperator:
        """Return the operator that this is the inverse of."""
        return self.operator


class LinearOperatorComposition(LinearOperator):
    """One operator after another: the product of their matrices."""

    def __init__(self, operators: Any, *flags: Any, **more: Any) -> None:
        super().__init__(*flags, **more)
        self.operators = list(operators)

    def _matrix(self) -> Any:
        return reduce(matmul, [o.to_dense() for o in self.operators])

    def _multiply(self, x: Any, adjoint: bool) -> Any:
        for operator in self.operators if adjoint else reversed(self.operators):
            x = operator._multiply(x, adjoint)
        return x

    def _solve(self, rhs: Any, adjoint: bool) -> Any:
        for operator in reversed(self.operators) if adjoint else self.operators:
            rhs = operator._solve(rhs, adjoint)
        return rhs


class LinearOperatorKronecker(LinearOperator):
    """The Kronecker product of the matrices of several operators."""

    def __init__(self, operators: Any, *flags: Any, **more: Any) -> None:
        super().__init__(*flags, **more)
        self.operators = list(operators)

    def _matrix(self) -> Any:
        return reduce(_kronecker, [o.to_dense() for o in self.operators])


def _kronecker(a: Any, b: Any) -> Any:
    (m, n), (p, q) = tuple(a.shape)[-2:], tuple(b.shape)[-2:]
    wide = a[..., :, None, :, None] * b[..., None, :, None, :]
    return run_row("reshape", wide, shape=(*tuple(wide.shape)[:-4], m * p, n * q))


class LinearOperatorBlockDiag(LinearOperator):
    """The matrices of several operators along the diagonal."""

    def __init__(self, operators: Any, *flags: Any, **more: Any) -> None:
        super().__init__(*flags, **more)
        self.operators = list(operators)

    def _matrix(self) -> Any:
        return _blocks([[o if j == k else None for j in range(k + 1)] for k, o in enumerate(self.operators)])


class LinearOperatorBlockLowerTriangular(LinearOperator):
    """Operators as blocks, row by row, on and below the diagonal."""

    def __init__(self, operators: Any, *flags: Any, **more: Any) -> None:
        super().__init__(*flags, **more)
        self.operators = [list(row) for row in operators]

    def _matrix(self) -> Any:
        return _blocks(self.operators)


def _blocks(lines: list[list[Any]]) -> Any:
    """Write out operators as blocks; None and what is missing at the end of a line is zero."""
    last = [line[-1] for line in lines]
    widths = [o.domain_dimension for o in last]
    batch = np.broadcast_shapes(*(tuple(o.batch_shape) for line in lines for o in line if o is not None))
    dense = []
    for line, own in zip(lines, last, strict=True):
        parts = []
        for k, width in enumerate(widths):
            shape = (*batch, own.range_dimension, width)
            block = line[k] if k < len(line) else None
            zeros = np.zeros(shape, own.dtype)
            parts.append(zeros if block is None else run_row("broadcast_to", block.to_dense(), shape=shape))
        dense.append(run_row("concatenate", parts, axis=-1))
    return run_row("concatenate", dense, axis=-2)
