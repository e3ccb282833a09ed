"""Rows of the products and decompositions of matrices."""

from gradtape.ops.model import Multilinear, case
from gradtape.ops.registry import op


def matmul_left(xp, g, shape, b):  # noqa: ANN001, ANN201
    """Transpose of `a -> a @ b`; a one-dimensional argument is a row on the left and a column on the right."""
    column = b.ndim == 1
    g = xp.reshape(g, shape=(*g.shape, 1)) if column else g
    b = xp.reshape(b, shape=(*b.shape, 1)) if column else b
    if len(shape) == 1:
        g = xp.reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1]))
    ga = xp.matmul(g, xp.swapaxes(b, -1, -2))
    return xp.reshape(xp.unbroadcast(ga, (1, *shape) if len(shape) == 1 else shape), shape=shape)


def matmul_right(xp, g, a, shape):  # noqa: ANN001, ANN201
    """Transpose of `b -> a @ b`."""
    row = a.ndim == 1
    if len(shape) == 1:
        g = xp.reshape(g, shape=(*g.shape, 1))
    if row:
        g = xp.reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1]))
        a = xp.reshape(a, shape=(1, *a.shape))
    gb = xp.matmul(xp.swapaxes(a, -1, -2), g)
    return xp.reshape(xp.unbroadcast(gb, (*shape, 1) if len(shape) == 1 else shape), shape=shape)


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
        case((1, 2, 3), (5, 3, 1)),
        case((0, 3), (3, 2)),
    ),
)
