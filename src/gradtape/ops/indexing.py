"""Rows of the operations that pick elements and put them back. Positions have no tangent."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import Index, Linear, NoTangent
from gradtape.ops.registry import composite, op

POSITIONS = NoTangent("picks by position, and positions are integers")
PLACES = NoTangent("answers with positions, and positions are integers")
ORDER = [[0, 2, 1], [1, 1, 0]]

op(
    "getitem",
    "x, index",
    numpy=None,
    x=Linear(
        lambda xp, g, y, x, index: xp.scatter_add(g, index, shape=x.shape),
        into=lambda xp, total, g, y, x, index: xp.add_at(total, index, g),
    ),
    index=POSITIONS,
    cases=(
        case((4, 3), Index(1)),
        case((4, 3), Index([0, 2, 2])),
        case((4,), Index([True, False, True, True])),
        case((4, 3), Index((slice(None, None, -2), None, Ellipsis))),
        case((4, 3), Index(([0, 0, 3], [1, 1, 2]))),
        case((4,), Index(2)),
        case((4,), Index(slice(3, 3))),
    ),
)
op(
    "scatter_add",
    "values, index, shape",
    numpy=None,
    values=Linear(lambda xp, g, y, values, index, shape: xp.getitem(g, index)),
    index=POSITIONS,
    cases=(case((3, 2), Index([0, 2, 2]), shape=(4, 2)), case((2,), Index((slice(1, 3),)), shape=(4,))),
)
op(
    "setitem",
    "x, values, index",
    numpy=None,
    x=Linear(lambda xp, g, y, x, values, index: xp.setitem(g, 0.0, index)),
    values=Linear(lambda xp, g, y, x, values, index: written(xp, g, values.shape, index)),
    index=POSITIONS,
    cases=(
        case((4, 3), (3,), Index(1)),
        case((4, 3), (), Index(1)),
        case((4, 3), (1, 1, 3), Index(1)),
        case((4, 3), (3, 3), Index([0, 2, 2])),
        case((4,), (3,), Index([True, False, True, True])),
        case((4, 3), (1, 2, 1, 3), Index((slice(None, None, -2), None, Ellipsis))),
        case((4, 3), (3,), Index(([0, 0, 3], [1, 1, 2]))),
        case((4,), (), Index(2)),
        case((), (), Index(())),
    ),
)
op(
    "getitem_last",
    "x, index",
    numpy=None,
    x=Linear(lambda xp, g, y, x, index: xp.setitem(xp.zeros_like(g, shape=x.shape), g, index)),
    index=POSITIONS,
    cases=(case((4, 3), Index([0, 2, 2])), case((4,), Index([0, 1])), case((4, 3), Index(([0, 0, 3], [1, 1, 2])))),
)
op(
    "take",
    "a, indices, axis=None, ~out=None, mode='raise'",
    methods=("take",),
    a=Linear(
        lambda xp, g, y, a, indices, axis, mode: xp.untake(g, indices, shape=a.shape, axis=axis, mode=mode),
        into=lambda xp, total, g, y, a, indices, axis, mode: xp.add_taken(total, indices, g, axis, mode),
    ),
    indices=POSITIONS,
    cases=(
        case((4, 3), [0, 2, 2]),
        case((4, 3), [[0, 2], [1, 1]], axis=1),
        case((4, 3), [-1, 0], axis=-2),
        case((4,), 2),
        case((4,), [5, -7], mode="wrap"),
        case((4,), [5, -7, 1], mode="clip"),
    ),
)
op(
    "untake",
    "values, indices, shape, axis=None, mode='raise'",
    numpy=None,
    values=Linear(lambda xp, g, y, values, indices, shape, axis, mode: xp.take(g, indices, axis=axis, mode=mode)),
    indices=POSITIONS,
    cases=(
        case((3,), [0, 2, 2], shape=(4,)),
        case((4, 2), [0, 2], shape=(4, 3), axis=1),
        case((3,), [5, -7, 1], shape=(4,), mode="wrap"),
    ),
)
op(
    "gather",
    "params, indices",
    numpy=None,
    params=Linear(
        lambda xp, g, y, params, indices: xp.untake(g, indices, shape=params.shape, axis=0),
        into=lambda xp, total, g, y, params, indices: xp.add_taken(total, indices, g, 0, "raise"),
        picks=lambda params, indices: indices,
    ),
    indices=POSITIONS,
    cases=(case((4, 3), [0, 2, 2]), case((4,), [[1, 1], [0, 3]]), case((4, 3), 2)),
)
op(
    "take_along_axis",
    "arr, indices, axis=-1",
    arr=Linear(lambda xp, g, y, arr, indices, axis: xp.untake_along_axis(g, indices, shape=arr.shape, axis=axis)),
    indices=POSITIONS,
    cases=(case((2, 3), ORDER, axis=1), case((2, 3), ORDER, axis=-1), case((3, 2), [[0, 1]], axis=0)),
)
op(
    "untake_along_axis",
    "values, indices, shape, axis=-1",
    numpy=None,
    values=Linear(lambda xp, g, y, values, indices, shape, axis: xp.take_along_axis(g, indices, axis=axis)),
    indices=POSITIONS,
    cases=(case((2, 3), ORDER, shape=(2, 3), axis=1), case((1, 2), [[0, 1]], shape=(3, 2), axis=0)),
)
op("argwhere", "a", a=PLACES, cases=(case((2, 3)),))
op("flatnonzero", "a", a=PLACES, cases=(case((2, 3)),))


def written(xp: Any, g: Any, shape: tuple[int, ...], index: Index) -> Any:
    """Pull a cotangent back to the values that were written: of several in one place, only the last one is there."""
    piece = (xp.getitem if names_once(index.value) else xp.getitem_last)(g, index)
    if len(shape) > piece.ndim:
        piece = xp.reshape(piece, shape=(1,) * (len(shape) - piece.ndim) + tuple(piece.shape))
    return xp.unbroadcast(piece, shape)


def names_once(brackets: Any) -> bool:
    """Whether an index can name no element twice: numbers, slices and masks cannot."""
    parts = brackets if isinstance(brackets, tuple) else (brackets,)
    return all(
        p is None
        or p is Ellipsis
        or isinstance(p, int | slice)
        or getattr(getattr(p, "dtype", None), "kind", "") == "b"
        for p in parts
    )


def nonzero(xp: Any, a: Any) -> tuple[Any, ...]:
    """Return the positions of the elements that are not zero, one array for each axis."""
    places = xp.argwhere(a)
    return tuple(xp.getitem(places, Index((slice(None), k))) for k in range(xp.shaped(a).ndim))


def compress(xp: Any, condition: Any, a: Any, axis: int | None = None) -> Any:
    """Keep the elements (the slices along an axis) where the condition holds."""
    return xp.take(a, xp.flatnonzero(condition), axis=axis)


def select(xp: Any, condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Choose from the first list whose condition holds."""
    result = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        result = xp.where(condition, choice, result)
    return result


def choose(xp: Any, a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """Take each element from the array that the first argument names for its place."""
    pieces = xp.stack(list(xp.broadcast_arrays(a, *choices))[1:], axis=0)
    chosen = xp.broadcast_to(a, shape=pieces.shape[1:])
    if mode == "wrap":
        chosen = xp.remainder(chosen, pieces.shape[0])
    elif mode == "clip":
        chosen = xp.minimum(xp.maximum(chosen, 0), pieces.shape[0] - 1)
    elif bool(xp.any(xp.logical_or(xp.less(chosen, 0), xp.greater_equal(chosen, pieces.shape[0])))):
        raise ValueError("invalid entry in choice array")
    return xp.getitem(xp.take_along_axis(pieces, xp.expand_dims(chosen, 0), axis=0), Index(0))


composite("nonzero", nonzero, methods=("nonzero",))
composite("compress", compress)
composite(
    "compress_method",
    lambda xp, a, condition, axis=None, out=None: xp.compress(condition, a, axis=axis),
    numpy=None,
    methods=("compress",),
)
composite("extract", lambda xp, condition, arr: xp.compress(xp.ravel(condition), xp.ravel(arr)))
composite("select", select)
composite("choose", choose, methods=("choose",))
