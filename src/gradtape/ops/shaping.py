"""Rows of the operations that move elements without changing them."""

from gradtape.ops.model import Linear, case
from gradtape.ops.registry import composite, op

op(
    "reshape",
    "a, shape",
    a=Linear(lambda xp, g, y, a, shape: xp.reshape(g, shape=a.shape)),
    cases=(case((2, 3), shape=(3, 2)), case((2, 3), shape=-1), case((0, 3), shape=(3, 0))),
)
op(
    "transpose",
    "a, axes=None",
    aliases=("permute_dims",),
    a=Linear(lambda xp, g, y, a, axes: xp.transpose(g, axes=inverse_order(axes, a.ndim))),
    cases=(case((2, 3, 4)), case((2, 3, 4), axes=(2, 0, 1)), case((3,))),
)
op(
    "broadcast_to",
    "array, shape",
    array=Linear(lambda xp, g, y, array, shape: xp.unbroadcast(g, array.shape)),
    cases=(case((3,), shape=(2, 3)), case((2, 1), shape=(4, 2, 3)), case((), shape=(2,))),
)


def inverse_order(axes, ndim):  # noqa: ANN001, ANN201
    """Return the permutation that undoes `axes`; None (the reversal) undoes itself."""
    return None if axes is None else tuple(sorted(range(ndim), key=lambda k: axes[k] % ndim))


def unbroadcast(xp, g, shape):  # noqa: ANN001, ANN201
    """Sum a cotangent over the axes along which a value of that shape was broadcast."""
    extra = g.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(k + extra for k, n in enumerate(shape) if n == 1 and g.shape[k + extra] != 1)
    return xp.reshape(xp.sum(g, axis=axes, keepdims=False), shape=shape) if axes else g


def unreduce(xp, g, ndim, axis, keepdims):  # noqa: ANN001, ANN201
    """Give a reduced value its lost axes back, each of length 1."""
    if keepdims or axis is None:
        return g if keepdims else xp.reshape(g, shape=(1,) * ndim)
    axes = {a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))}
    kept = iter(g.shape)
    return xp.reshape(g, shape=tuple(1 if k in axes else next(kept) for k in range(ndim)))


composite("unbroadcast", unbroadcast, numpy=None)
composite("unreduce", unreduce, numpy=None)
composite("swapaxes", lambda xp, a, axis1, axis2: xp.transpose(a, axes=swapped(a.ndim, axis1, axis2)), methods=("swapaxes",))


def swapped(ndim, axis1, axis2):  # noqa: ANN001, ANN201
    """Return the order of axes with two of them exchanged."""
    order = list(range(ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return tuple(order)
