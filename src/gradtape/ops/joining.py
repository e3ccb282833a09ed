"""Rows of the operations that join arrays and take them apart again."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import Index, Linear
from gradtape.ops.registry import composite, op


def part_of(xp: Any, g: Any, specs: Any, k: int, axis: int | None) -> Any:
    """Cut out of a cotangent the piece that belongs to the k-th of the joined arrays."""
    if axis is None:
        start = sum(s.size for s in specs[:k])
        piece = xp.getitem(g, Index(slice(start, start + specs[k].size)))
        return xp.reshape(piece, shape=specs[k].shape)
    start = sum(s.shape[axis] for s in specs[:k])
    cut = (slice(None),) * (axis % g.ndim) + (slice(start, start + specs[k].shape[axis]),)
    return xp.getitem(g, Index(cut))


op(
    "concatenate",
    "*arrays, axis=0, ~out=None, ~dtype=None, ~casting='same_kind'",
    aliases=("concat",),
    arrays=Linear(lambda xp, g, y, arrays, k, axis: part_of(xp, g, arrays, k, axis)),
    cases=(case((2, 3), (1, 3)), case((2, 3), (2, 1), axis=-1), case((2, 3), (4,), axis=None), case((0,), (2,))),
)
op(
    "stack",
    "*arrays, axis=0, ~out=None, ~dtype=None, ~casting='same_kind'",
    arrays=Linear(lambda xp, g, y, arrays, k, axis: xp.getitem(g, Index((slice(None),) * (axis % g.ndim) + (k,)))),
    cases=(case((2, 3), (2, 3)), case((2, 3), (2, 3), axis=-1), case((), ())),
)


def listed(result: Any) -> list[Any]:
    """Return one or several arrays as a list."""
    return list(result) if isinstance(result, tuple) else [result]


def in_dtype(xp: Any, arrays: list[Any], dtype: Any) -> list[Any]:
    """Cast all arrays if a dtype is asked for."""
    return arrays if dtype is None else [xp.cast(a, dtype=dtype) for a in arrays]


def vstack(xp: Any, tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """Join along the first axis; one-dimensional arrays are rows."""
    return xp.concatenate(in_dtype(xp, listed(xp.atleast_2d(*tup)), dtype), axis=0)


def hstack(xp: Any, tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """Join along the second axis, or the first of one-dimensional arrays."""
    arrays = in_dtype(xp, listed(xp.atleast_1d(*tup)), dtype)
    return xp.concatenate(arrays, axis=0 if arrays[0].ndim == 1 else 1)


def column(xp: Any, a: Any) -> Any:
    """Make a one-dimensional array a column."""
    a = xp.shaped(a)
    return xp.reshape(a, shape=(-1, 1)) if a.ndim < 2 else a


def cuts(n: int, sections: Any, *, even: bool) -> list[tuple[int, int]]:
    """Return where the pieces of a length begin and end."""
    if hasattr(sections, "__len__"):
        edges = [0, *sections, n]
        return [(int(a), int(b)) for a, b in pairwise(edges)]
    if even and n % sections:
        raise ValueError("array split does not result in an equal division")
    short, longer = divmod(n, sections)
    edges = [k * short + min(k, longer) for k in range(sections + 1)]
    return list(pairwise(edges))


def split(xp: Any, ary: Any, indices_or_sections: Any, axis: int = 0, *, even: bool = True) -> list[Any]:
    """Cut an array into pieces along an axis: so many of equal length, or at these places."""
    ary = xp.shaped(ary)
    axis %= ary.ndim
    before = (slice(None),) * axis
    return [
        xp.getitem(ary, Index((*before, slice(start, stop))))
        for start, stop in cuts(ary.shape[axis], indices_or_sections, even=even)
    ]


def unstack(xp: Any, x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """Take an array apart along an axis, which goes away."""
    x = xp.shaped(x)
    before = (slice(None),) * (axis % x.ndim)
    return tuple(xp.getitem(x, Index((*before, k))) for k in range(x.shape[axis]))


def append(xp: Any, arr: Any, values: Any, axis: int | None = None) -> Any:
    """Join two arrays, flattened unless an axis is given."""
    if axis is None:
        return xp.concatenate([xp.ravel(xp.shaped(arr)), xp.ravel(xp.shaped(values))], axis=0)
    return xp.concatenate([arr, values], axis=axis)


def block(xp: Any, arrays: Any) -> Any:
    """Assemble an array from nested lists of blocks."""
    depth, ndim = nesting(xp, arrays)
    return joined(xp, arrays, 1, depth, max(depth, ndim))


def nesting(xp: Any, arrays: Any) -> tuple[int, int]:
    """Return how deep the lists go, and the most axes of any block."""
    if not isinstance(arrays, list):
        return 0, xp.shaped(arrays).ndim
    inner = [nesting(xp, a) for a in arrays]
    return 1 + inner[0][0], max(n for _, n in inner)


def joined(xp: Any, arrays: Any, level: int, depth: int, ndim: int) -> Any:
    """Join the blocks of one level along its axis."""
    if not isinstance(arrays, list):
        a = xp.shaped(arrays)
        return xp.reshape(a, shape=(1,) * (ndim - a.ndim) + tuple(a.shape))
    parts = [joined(xp, a, level + 1, depth, ndim) for a in arrays]
    return xp.concatenate(parts, axis=-(depth - level + 1))


composite("vstack", vstack)
composite("hstack", hstack)
composite("dstack", lambda xp, tup: xp.concatenate(listed(xp.atleast_3d(*tup)), axis=2))
composite("column_stack", lambda xp, tup: xp.concatenate([column(xp, a) for a in tup], axis=1))
composite("split", lambda xp, ary, indices_or_sections, axis=0: split(xp, ary, indices_or_sections, axis))
composite(
    "array_split", lambda xp, ary, indices_or_sections, axis=0: split(xp, ary, indices_or_sections, axis, even=False)
)
composite("vsplit", lambda xp, ary, indices_or_sections: split(xp, ary, indices_or_sections, 0))
composite(
    "hsplit", lambda xp, ary, indices_or_sections: split(xp, ary, indices_or_sections, min(xp.shaped(ary).ndim - 1, 1))
)
composite("dsplit", lambda xp, ary, indices_or_sections: split(xp, ary, indices_or_sections, 2))
composite("unstack", unstack)
composite("append", append)
composite("block", block)
composite("broadcast_arrays", lambda xp, *args: broadcast_arrays(xp, args))


def broadcast_arrays(xp: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give all arrays the shape that they have together."""
    arrays = [xp.shaped(a) for a in args]
    ndim = max((a.ndim for a in arrays), default=0)
    columns = zip(*[(1,) * (ndim - a.ndim) + tuple(a.shape) for a in arrays], strict=True)
    shape = tuple(next((n for n in lengths if n != 1), 1) for lengths in columns)
    return tuple(xp.broadcast_to(a, shape=shape) for a in arrays)
