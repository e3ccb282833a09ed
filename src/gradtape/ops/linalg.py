"""Rows of the products of matrices and tensors."""

from __future__ import annotations

from math import prod
from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import Index, Linear, Multilinear, Unsupported
from gradtape.ops.registry import composite, op

BAND = (case((3, 4)), case((2, 3, 3), k=1), case((3, 2), k=-1))


def in_one(xp: Any, x: Any) -> Any:
    """Put the matrices of a stack below each other: one product takes less time than many small ones and their sum."""
    return x if x.ndim == 2 else xp.reshape(x, shape=(prod(x.shape[:-1]), x.shape[-1]))


def matmul_left(xp: Any, g: Any, shape: tuple[int, ...], b: Any) -> Any:
    """Transpose of `a -> a @ b`; a one-dimensional argument is a row on the left and a column on the right."""
    if b.ndim == 2 <= len(shape):
        back = xp.swapaxes(b, -1, -2)
        return xp.matmul(g, back) if len(shape) == 2 else xp.reshape(xp.matmul(in_one(xp, g), back), shape=shape)
    column = b.ndim == 1
    g = xp.reshape(g, shape=(*g.shape, 1)) if column else g
    b = xp.reshape(b, shape=(*b.shape, 1)) if column else b
    if len(shape) == 1:
        g = xp.reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1]))
    ga = xp.matmul(g, xp.swapaxes(b, -1, -2))
    return xp.unbroadcast(ga, shape)


def matmul_right(xp: Any, g: Any, a: Any, shape: tuple[int, ...]) -> Any:
    """Transpose of `b -> a @ b`."""
    if len(shape) == 2 <= a.ndim:
        return xp.matmul(xp.swapaxes(in_one(xp, a), -1, -2), in_one(xp, g))
    row = a.ndim == 1
    if len(shape) == 1:
        g = xp.reshape(g, shape=(*g.shape, 1))
    if row:
        g = xp.reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1]))
        a = xp.reshape(a, shape=(1, *a.shape))
    gb = xp.matmul(xp.swapaxes(a, -1, -2), g)
    if len(shape) == 1:
        return xp.reshape(xp.unbroadcast(gb, (*shape, 1)), shape=shape)
    return xp.unbroadcast(gb, shape)


op(
    "matmul",
    "a, b",
    a=Multilinear(lambda xp, g, y, a, b: matmul_left(xp, g, a.shape, b)),
    b=Multilinear(lambda xp, g, y, a, b: matmul_right(xp, g, a, b.shape)),
    cases=(
        case((2, 3), (3, 4)),
        case((3,), (3,)),
        case((3,), (3, 2)),
        case((2, 3), (3,)),
        case((5, 2, 3), (3, 4)),
        case((3,), (5, 3, 2)),
        case((5, 2, 3), (3,)),
        case((1, 2, 3), (5, 3, 1)),
        case((0, 3), (3, 2)),
    ),
)
op("tril", "m, k=0", m=Linear(lambda xp, g, y, m, k: xp.tril(g, k=k)), cases=BAND)
op("triu", "m, k=0", m=Linear(lambda xp, g, y, m, k: xp.triu(g, k=k)), cases=BAND)


def tensordot(xp: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    """Sum products over pairs of axes."""
    a, b = xp.shaped(a), xp.shaped(b)
    if isinstance(axes, int):
        left, right = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        left, right = ([k] if isinstance(k, int) else list(k) for k in axes)
    left, right = [k % a.ndim for k in left], [k % b.ndim for k in right]
    if [a.shape[k] for k in left] != [b.shape[k] for k in right]:
        raise ValueError(f"tensordot: shapes {a.shape} and {b.shape} do not match over axes {left} and {right}")
    free_a, free_b = [k for k in range(a.ndim) if k not in left], [k for k in range(b.ndim) if k not in right]
    inner = 1
    for k in left:
        inner *= a.shape[k]
    shape_a, shape_b = tuple(a.shape[k] for k in free_a), tuple(b.shape[k] for k in free_b)
    rows = columns = 1
    for n in shape_a:
        rows *= n
    for n in shape_b:
        columns *= n
    matrix_a = xp.reshape(xp.transpose(a, axes=(*free_a, *left)), shape=(rows, inner))
    matrix_b = xp.reshape(xp.transpose(b, axes=(*right, *free_b)), shape=(inner, columns))
    return xp.reshape(xp.matmul(matrix_a, matrix_b), shape=(*shape_a, *shape_b))


def dot(xp: Any, a: Any, b: Any, out: Any = None) -> Any:
    """Multiply as NumPy's `dot`: numbers, vectors and matrices, and the last axis with the last but one of the rest."""
    if out is not None:
        raise Unsupported("dot has no place for `out` here")
    a, b = xp.shaped(a), xp.shaped(b)
    if a.ndim == 0 or b.ndim == 0:
        return xp.multiply(a, b)
    if b.ndim == 1 or (a.ndim <= 2 and b.ndim == 2):
        return xp.matmul(a, b)
    return tensordot(xp, a, b, ((-1,), (-2,)))


def inner(xp: Any, a: Any, b: Any) -> Any:
    """Multiply over the last axis of both."""
    a, b = xp.shaped(a), xp.shaped(b)
    return xp.multiply(a, b) if a.ndim == 0 or b.ndim == 0 else tensordot(xp, a, b, ((-1,), (-1,)))


def outer(xp: Any, a: Any, b: Any) -> Any:
    """Multiply every element with every other."""
    return xp.reshape(xp.shaped(a), shape=(-1, 1)) * xp.reshape(xp.shaped(b), shape=(1, -1))


def kron(xp: Any, a: Any, b: Any) -> Any:
    """Put a multiple of the second array in the place of each element of the first."""
    a, b = xp.shaped(a), xp.shaped(b)
    ndim = max(a.ndim, b.ndim)
    shape_a, shape_b = (1,) * (ndim - a.ndim) + tuple(a.shape), (1,) * (ndim - b.ndim) + tuple(b.shape)
    wide_a = tuple(n for pair in zip(shape_a, (1,) * ndim, strict=True) for n in pair)
    wide_b = tuple(n for pair in zip((1,) * ndim, shape_b, strict=True) for n in pair)
    product = xp.reshape(a, shape=wide_a) * xp.reshape(b, shape=wide_b)
    return xp.reshape(product, shape=tuple(m * n for m, n in zip(shape_a, shape_b, strict=True)))


def diagonal_index(ndim: int, rows: int, columns: int, offset: int) -> Index:
    """Write the brackets that read a diagonal of the last two axes."""
    start_row, start_column = (0, offset) if offset > 0 else (-offset, 0)
    places = list(zip(range(start_row, rows), range(start_column, columns), strict=False))
    return Index((slice(None),) * (ndim - 2) + ([i for i, _ in places], [j for _, j in places]))


def diagonal(xp: Any, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Read a diagonal of two axes; it becomes the last axis."""
    a = xp.moveaxis(a, (axis1, axis2), (-2, -1))
    return xp.getitem(a, diagonal_index(a.ndim, a.shape[-2], a.shape[-1], offset))


def diag(xp: Any, v: Any, k: int = 0) -> Any:
    """Read a diagonal of a matrix, or make a matrix with this diagonal."""
    v = xp.shaped(v)
    if v.ndim == 2:
        return diagonal(xp, v, k)
    if v.ndim != 1:
        raise ValueError("Input must be 1- or 2-d.")
    n = v.shape[0] + abs(k)
    return xp.scatter_add(v, diagonal_index(2, n, n, k), shape=(n, n))


def trace(xp: Any, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
    """Sum a diagonal."""
    values = diagonal(xp, a, offset, axis1, axis2)
    return xp.sum(values if dtype is None else xp.cast(values, dtype=dtype), axis=-1)


def cross(xp: Any, a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """Return the cross product of vectors of length three."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = xp.moveaxis(a, axisa, -1), xp.moveaxis(b, axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise Unsupported("cross wants vectors of length three here")
    (a0, a1, a2), (b0, b1, b2) = xp.unstack(a, axis=-1), xp.unstack(b, axis=-1)
    return xp.moveaxis(xp.stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], axis=-1), -1, axisc)


def vecdot(xp: Any, x1: Any, x2: Any, *, axis: int = -1) -> Any:
    """Multiply vectors elementwise and sum."""
    products = xp.conjugate(x1) * x2
    total = xp.sum(products, axis=axis)
    return xp.cast(total, dtype=products.dtype) if products.dtype.kind in "iu" else total  # sums of integers are wider


def matvec(xp: Any, x1: Any, x2: Any) -> Any:
    """Multiply matrices and vectors."""
    return xp.squeeze(xp.matmul(x1, xp.expand_dims(x2, -1)), axis=-1)


def vecmat(xp: Any, x1: Any, x2: Any) -> Any:
    """Multiply vectors and matrices."""
    return xp.squeeze(xp.matmul(xp.expand_dims(xp.conjugate(x1), -2), x2), axis=-2)


composite("tensordot", tensordot)
composite("dot", dot, methods=("dot",))
composite("inner", inner)
composite("vdot", lambda xp, a, b, /: xp.matmul(xp.conjugate(xp.ravel(xp.shaped(a))), xp.ravel(xp.shaped(b))))
composite("outer", outer)
composite("kron", kron)
composite("diagonal", diagonal, methods=("diagonal",))
composite("diag", diag)
composite("diagflat", lambda xp, v, k=0: xp.diag(xp.ravel(v), k))
composite("trace", trace, methods=("trace",))
composite("cross", cross)
composite("vecdot", vecdot)
composite("matvec", matvec)
composite("vecmat", vecmat)
composite("linalg_outer", lambda xp, x1, x2, /: xp.outer(x1, x2), numpy="linalg.outer")
composite("linalg_diagonal", lambda xp, x, /, *, offset=0: xp.diagonal(x, offset, -2, -1), numpy="linalg.diagonal")
composite(
    "linalg_trace",
    lambda xp, x, /, *, offset=0, dtype=None: xp.trace(x, offset, -2, -1, dtype=dtype),
    numpy="linalg.trace",
)
composite("linalg_tensordot", lambda xp, x1, x2, /, *, axes=2: xp.tensordot(x1, x2, axes), numpy="linalg.tensordot")
composite("linalg_matmul", lambda xp, x1, x2, /: xp.matmul(x1, x2), numpy="linalg.matmul")
composite("linalg_vecdot", lambda xp, x1, x2, /, *, axis=-1: xp.vecdot(x1, x2, axis=axis), numpy="linalg.vecdot")
composite("linalg_cross", lambda xp, x1, x2, /, *, axis=-1: xp.cross(x1, x2, axis=axis), numpy="linalg.cross")
composite("linalg_matrix_transpose", lambda xp, x, /: xp.swapaxes(x, -1, -2), numpy="linalg.matrix_transpose")
