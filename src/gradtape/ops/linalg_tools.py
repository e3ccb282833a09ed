"""What the rules of linear algebra share: transposes, products, and quotients that stay finite at repeated values.

Everything works on stacks of matrices, the last two axes.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.linalg import diagonal_index
from gradtape.ops.model import Index
from gradtape.ops.registry import composite

EPSILON: dict[int, float] = {2: 2.0**-10, 4: 2.0**-23, 8: 2.0**-52, 16: 2.0**-63}
"""The distance from 1 to the next number, by the bytes of a real number."""


def is_complex(x: Any) -> bool:
    """Whether an array has complex elements."""
    return bool(x.dtype.kind == "c")


def rounding(dtype: Any) -> float:
    """Return the relative rounding error of a real or complex dtype."""
    return EPSILON[dtype.itemsize // 2 if dtype.kind == "c" else dtype.itemsize]


def turned(xp: Any, x: Any) -> Any:
    """Transpose matrices."""
    return xp.swapaxes(x, -1, -2)


def conjugated(xp: Any, x: Any) -> Any:
    """Conjugate; real arrays are not copied."""
    return xp.conjugate(x) if is_complex(x) else x


def adjoint(xp: Any, x: Any) -> Any:
    """Transpose and conjugate."""
    return conjugated(xp, turned(xp, x))


def product(xp: Any, *factors: Any) -> Any:
    """Multiply matrices from left to right."""
    result, *rest = factors
    for factor in rest:
        result = xp.matmul(result, factor)
    return result


def as_column(xp: Any, v: Any) -> Any:
    """Give vectors a last axis of length 1."""
    return xp.reshape(v, shape=(*v.shape, 1))


def as_row(xp: Any, v: Any) -> Any:
    """Give vectors a last axis but one of length 1, so that they multiply the columns of matrices."""
    return xp.reshape(v, shape=(*v.shape[:-1], 1, v.shape[-1]))


def columns(xp: Any, x: Any, start: int | None, stop: int | None) -> Any:
    """Take some columns of matrices."""
    return xp.getitem(x, Index((Ellipsis, slice(start, stop))))


def rows(xp: Any, x: Any, start: int | None, stop: int | None) -> Any:
    """Take some rows of matrices."""
    return xp.getitem(x, Index((Ellipsis, slice(start, stop), slice(None))))


def diagonal_of(xp: Any, x: Any, offset: int = 0) -> Any:
    """Read a diagonal of square matrices."""
    *_, n = x.shape
    return xp.getitem(x, diagonal_index(x.ndim, n, n, offset))


def matrix_diag(xp: Any, v: Any, offset: int = 0) -> Any:
    """Make matrices with this diagonal and zeros elsewhere."""
    v = xp.shaped(v)
    n = v.shape[-1] + abs(offset)
    return xp.scatter_add(v, diagonal_index(v.ndim + 1, n, n, offset), shape=(*v.shape[:-1], n, n))


def hermitian_part(xp: Any, x: Any) -> Any:
    """Return the symmetric (Hermitian) half of matrices: what a function of symmetric matrices can feel."""
    return 0.5 * (x + adjoint(xp, x))


def trace_of_product(xp: Any, a: Any, b: Any) -> Any:
    """Sum the products of elements, per matrix, with two axes left for what is multiplied with it."""
    return xp.sum(a * b, axis=(-2, -1), keepdims=True)


def matrix_sized(xp: Any, g: Any) -> Any:
    """Give the cotangent of one number per matrix two axes of length 1."""
    return xp.reshape(g, shape=(*g.shape, 1, 1))


def guarded_inverse(xp: Any, x: Any, smallest: Any) -> Any:
    """Return `1 / x`, and 0 where `x` is no larger than rounding: there the derivative does not exist."""
    lost = xp.less_equal(xp.abs(x), smallest)
    return xp.where(lost, 0.0, 1.0 / xp.where(lost, 1.0, x))


def gaps(xp: Any, w: Any) -> Any:
    """Return `1 / (w[j] - w[i])` at `i, j`, 0 where the two are equal but for rounding."""
    smallest = rounding(w.dtype) * xp.sum(xp.abs(w), axis=-1, keepdims=True)
    return guarded_inverse(xp, as_row(xp, w) - as_column(xp, w), as_column(xp, smallest))


def one_of_two(xp: Any, total: Any, more: Any) -> Any:
    """Add two cotangents of which either may be missing."""
    return more if total is None else total if more is None else total + more


composite("matrix_diag", matrix_diag, numpy=None)
