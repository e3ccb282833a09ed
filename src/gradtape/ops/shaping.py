"""Rows of the operations that move elements without changing them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gradtape.ops.domains import case
from gradtape.ops.model import Linear, NoTangent, RealShape
from gradtape.ops.registry import composite, op

if TYPE_CHECKING:
    from collections.abc import Sequence

op(
    "reshape",
    "a, shape, ~order='C', ~copy=None",
    a=Linear(lambda xp, g, y, a, shape: xp.reshape(g, shape=a.shape)),
    cases=(case((2, 3), shape=(3, 2)), case((2, 3), shape=-1), case((0, 3), shape=(3, 0))),
)
op(
    "transpose",
    "a, axes=None",
    aliases=("permute_dims",),
    a=Linear(lambda xp, g, y, a, axes: xp.transpose(g, axes=inverse_order(axes, a.ndim))),
    cases=(case((2, 3, 4)), case((2, 3, 4), axes=(2, 0, 1)), case((2, 3, 4), axes=(-1, 0, 1)), case((3,))),
)
op(
    "broadcast_to",
    "array, shape, ~subok=False",
    array=Linear(lambda xp, g, y, array, shape: xp.unbroadcast(g, array.shape)),
    cases=(case((3,), shape=(2, 3)), case((2, 1), shape=(4, 2, 3)), case((), shape=(2,)), case((1,), shape=(0,))),
)
op(
    "flip",
    "m, axis=None",
    m=Linear(lambda xp, g, y, m, axis: xp.flip(g, axis=axis)),
    cases=(case((2, 3)), case((2, 3), axis=1), case((2, 3, 2), axis=(0, -1))),
)
op(
    "roll",
    "a, shift, axis=None",
    a=Linear(lambda xp, g, y, a, shift, axis: xp.roll(g, shift=backwards(shift), axis=axis)),
    cases=(
        case((5,), shift=2),
        case((2, 3), shift=1),
        case((2, 3), shift=-1, axis=1),
        case((2, 3), shift=(1, 2), axis=(0, 1)),
    ),
)


op(
    "repeated_places",
    "repeats, n",
    numpy=None,
    repeats=NoTangent("says how often an element comes, which is a whole number"),
    cases=(case([1, 0, 2], n=3),),
)


def inverse_order(axes: Sequence[int] | None, ndim: int) -> tuple[int, ...] | None:
    """Return the permutation that undoes `axes`; None (the reversal) undoes itself."""
    return None if axes is None else tuple(sorted(range(ndim), key=lambda k: axes[k] % ndim))


def backwards(shift: Any) -> Any:
    """Return the opposite shift, of one axis or of several."""
    return tuple(-s for s in shift) if isinstance(shift, tuple | list) else -shift


def unbroadcast(xp: Any, g: Any, shape: tuple[int, ...]) -> Any:
    """Sum a cotangent over the axes along which a value of that shape was broadcast."""
    if type(shape) is RealShape and g.dtype.kind == "c":
        g = xp.real(g)
    if g.shape == shape:
        return g
    axes, lost = broadcast_axes(g.shape, shape)
    if not axes:
        return g
    total = xp.sum(g, axis=axes, keepdims=False)
    return xp.reshape(total, shape=shape) if lost else total


@lru_cache(maxsize=1000)
def broadcast_axes(wide: tuple[int, ...], shape: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
    """Return the axes along which a shape was repeated, and whether summing over them loses axes that it has."""
    extra = len(wide) - len(shape)
    inside = tuple(k + extra for k, n in enumerate(shape) if n == 1 and wide[k + extra] != 1)
    return (*range(extra), *inside), bool(inside)


def unreduce(xp: Any, g: Any, ndim: int, axis: Any, keepdims: bool) -> Any:
    """Give a reduced value its lost axes back, each of length 1."""
    if keepdims or axis is None:
        return g if keepdims else xp.reshape(g, shape=(1,) * ndim)
    axes = {a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))}
    kept = iter(g.shape)
    return xp.reshape(g, shape=tuple(1 if k in axes else next(kept) for k in range(ndim)))


def swapped(ndim: int, axis1: int, axis2: int) -> tuple[int, ...]:
    """Return the order of axes with two of them exchanged."""
    order = list(range(ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return tuple(order)


def swapaxes(xp: Any, a: Any, axis1: int, axis2: int) -> Any:
    """Exchange two axes."""
    a = xp.shaped(a)
    return xp.transpose(a, axes=swapped(a.ndim, axis1, axis2))


def ravel(xp: Any, a: Any, order: str = "C") -> Any:
    """Write the elements in a row, the last axis fastest (`order="F"`: the first)."""
    a = xp.transpose(a, axes=None) if order == "F" else a
    return xp.reshape(a, shape=(-1,))


def axes_tuple(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return one or several axes as a tuple, none negative."""
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    for k in axes:
        if not -ndim <= k < ndim:
            raise ValueError(f"axis {k} is out of bounds for array of dimension {ndim}")
    return tuple(k % ndim for k in axes)


def squeeze(xp: Any, a: Any, axis: Any = None) -> Any:
    """Drop axes of length 1."""
    a = xp.shaped(a)
    gone = {k for k, n in enumerate(a.shape) if n == 1} if axis is None else set(axes_tuple(axis, a.ndim))
    if any(a.shape[k] != 1 for k in gone):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return xp.reshape(a, shape=tuple(n for k, n in enumerate(a.shape) if k not in gone))


def expand_dims(xp: Any, a: Any, axis: Any) -> Any:
    """Insert axes of length 1."""
    a = xp.shaped(a)
    count = len(axis) if isinstance(axis, tuple | list) else 1
    new = axes_tuple(axis, a.ndim + count)
    kept = iter(a.shape)
    return xp.reshape(a, shape=tuple(1 if k in new else next(kept) for k in range(a.ndim + count)))


def moveaxis(xp: Any, a: Any, source: Any, destination: Any) -> Any:
    """Move axes to new places, the others stay in order."""
    a = xp.shaped(a)
    sources, places = axes_tuple(source, a.ndim), axes_tuple(destination, a.ndim)
    if len(sources) != len(places):
        raise ValueError("`source` and `destination` arguments must have the same number of elements")
    order = [k for k in range(a.ndim) if k not in sources]
    for place, k in sorted(zip(places, sources, strict=True)):
        order.insert(place, k)
    return xp.transpose(a, axes=tuple(order))


def rollaxis(xp: Any, a: Any, axis: int, start: int = 0) -> Any:
    """Move an axis in front of another, as NumPy's older function of that name."""
    a = xp.shaped(a)
    axis, start = axis % a.ndim, start % a.ndim if start < 0 else start
    return moveaxis(xp, a, axis, start - 1 if axis < start else start)


def at_least(xp: Any, arrays: tuple[Any, ...], widen: Any) -> Any:
    """Apply `widen(shape)` to each array; one array alone comes back alone."""
    shaped = [xp.shaped(a) for a in arrays]
    made = tuple(xp.reshape(a, shape=widen(a.shape)) for a in shaped)
    return made[0] if len(made) == 1 else made


def three(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return NumPy's three-dimensional form of a shape."""
    return {0: (1, 1, 1), 1: (1, *shape, 1), 2: (*shape, 1)}.get(len(shape), shape)


def tile(xp: Any, A: Any, reps: Any) -> Any:  # noqa: N803
    """Repeat the whole array along its axes."""
    a = xp.shaped(A)
    reps = tuple(reps) if hasattr(reps, "__len__") else (int(reps),)
    ndim = max(a.ndim, len(reps))
    shape = (1,) * (ndim - a.ndim) + tuple(a.shape)
    reps = (1,) * (ndim - len(reps)) + reps
    apart = tuple(n for r, n in zip(reps, shape, strict=True) for n in (1, n))
    wide = tuple(n for r, n in zip(reps, shape, strict=True) for n in (r, n))
    spread = xp.broadcast_to(xp.reshape(a, shape=apart), shape=wide)
    return xp.reshape(spread, shape=tuple(r * n for r, n in zip(reps, shape, strict=True)))


def repeat(xp: Any, a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Repeat each element; `repeats` is one number, or one for each."""
    a = xp.shaped(a)
    if axis is None:
        a, axis = xp.reshape(a, shape=(-1,)), 0
    axis %= a.ndim
    n = a.shape[axis]
    if hasattr(repeats, "__len__") and len(repeats) > 1:
        return xp.take(a, xp.repeated_places(repeats, n=n), axis=axis)
    times = int(repeats[0] if hasattr(repeats, "__len__") else repeats)
    before, after = tuple(a.shape[: axis + 1]), tuple(a.shape[axis + 1 :])
    spread = xp.broadcast_to(xp.reshape(a, shape=(*before, 1, *after)), shape=(*before, times, *after))
    return xp.reshape(spread, shape=(*before[:-1], n * times, *after))


composite("unbroadcast", unbroadcast, numpy=None)
composite("unreduce", unreduce, numpy=None)
composite("swapaxes", swapaxes, methods=("swapaxes",))
composite("ravel", ravel, methods=("ravel",))
composite("flatten", ravel, numpy=None, methods=("flatten",))
composite("squeeze", squeeze, methods=("squeeze",))
composite("expand_dims", expand_dims)
composite("moveaxis", moveaxis)
composite("rollaxis", rollaxis)
composite("matrix_transpose", lambda xp, x, /: xp.swapaxes(x, -1, -2))
composite("atleast_1d", lambda xp, *arys: at_least(xp, arys, lambda s: s or (1,)))
composite("atleast_2d", lambda xp, *arys: at_least(xp, arys, lambda s: s if len(s) > 1 else (1, *(s or (1,)))))
composite("atleast_3d", lambda xp, *arys: at_least(xp, arys, three))
composite("tile", tile)
composite("repeat", repeat, methods=("repeat",))
composite("fliplr", lambda xp, m: xp.flip(m, axis=1))
composite("flipud", lambda xp, m: xp.flip(m, axis=0))
