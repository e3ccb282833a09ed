"""Rows of the sorts. An order is made of positions; the sorted values move with the elements they are."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import General, NoTangent, Unsupported, Zero
from gradtape.ops.registry import composite, op

ORDER = NoTangent("answers with an order, and an order is made of positions")
PLACE = NoTangent("answers with a position, and positions are integers")
ALONG = (case((2, 3)), case((3, 2), axis=0), case((5,)), case((2, 3), axis=None), case((0, 3)))

op(
    "sort",
    "a, axis=-1, kind=None, ~order=None",
    a=General(lambda xp, g, y, a, axis, kind: unsort(xp, g, a, axis)),
    cases=ALONG,
)
op("argsort", "a, axis=-1, kind=None, ~order=None", methods=("argsort",), a=ORDER, cases=ALONG)
op(
    "argpartition",
    "a, kth, axis=-1, ~kind=None, ~order=None",
    a=ORDER,
    cases=(case((5,), kth=2), case((2, 3), kth=1, axis=0)),
)
op("lexsort", "keys, axis=-1", keys=ORDER, cases=(case((2, 3)),))
op("searchsorted", "a, v, side='left'", methods=("searchsorted",), a=PLACE, v=PLACE, cases=(case([0.0, 1.0], (3,)),))
COUNT = Zero("counts elements, and a count is constant until an element crosses the edge of a bin")
op(
    "histogram_fixed_width",
    "values, value_range, nbins=100",
    numpy=None,
    values=COUNT,
    value_range=COUNT,
    cases=(case((2, 3), [-1.0, 1.0], nbins=4),),
)
op("digitize", "x, bins, right=False", x=PLACE, bins=PLACE, cases=(case((3,), [0.0, 1.0]),))


def unsort(xp: Any, g: Any, a: Any, axis: Any) -> Any:
    """Send each sorted element's cotangent back to where the element came from."""
    if axis is None:
        return xp.reshape(unsort(xp, g, xp.reshape(a, shape=(-1,)), 0), shape=a.shape)
    order = xp.argsort(a, axis=axis, kind="stable")
    return xp.take_along_axis(g, xp.argsort(order, axis=axis, kind="stable"), axis=axis)


def partition(xp: Any, a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None) -> Any:
    """Move the k-th smallest element to its place in the order, smaller ones before it and larger ones behind."""
    if order is not None:
        raise Unsupported("partition has no place for `order` here")
    if axis is None:
        a, axis = xp.ravel(a), -1
    a = xp.shaped(a)
    return xp.take_along_axis(a, xp.argpartition(a, kth=kth, axis=axis), axis=axis)


def sort_as_asked(
    xp: Any,
    a: Any,
    axis: Any = -1,
    kind: Any = None,
    order: Any = None,
    *,
    stable: Any = None,
    descending: bool = False,
) -> Any:
    """Sort, stably or from the largest down if that is asked for."""
    if order is not None:
        raise Unsupported("sort has no place for `order` here")
    result = xp.sort(a, axis=axis, kind="stable" if stable else kind)
    return xp.flip(result, axis=-1 if axis is None else axis) if descending else result


def argsort_as_asked(
    xp: Any,
    a: Any,
    axis: Any = -1,
    kind: Any = None,
    order: Any = None,
    *,
    stable: Any = None,
    descending: bool = False,
) -> Any:
    """Return the order, from the largest down if that is asked for: equal elements stay as they stand."""
    if order is not None:
        raise Unsupported("argsort has no place for `order` here")
    if not descending:
        return xp.argsort(a, axis=axis, kind="stable" if stable else kind)
    a, axis = (xp.ravel(a), 0) if axis is None else (xp.shaped(a), axis)
    from_behind = xp.flip(xp.argsort(xp.flip(a, axis=axis), axis=axis, kind="stable"), axis=axis)
    return a.shape[axis] - 1 - from_behind


def searchsorted_in_order(xp: Any, a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Search an array that another one puts in order."""
    return xp.searchsorted(a if sorter is None else xp.take(a, sorter), v, side=side)


def sort_complex(xp: Any, a: Any) -> Any:
    """Sort along the last axis and make the numbers complex."""
    result = xp.sort(a)
    return result if result.dtype.kind == "c" else xp.cast(result, dtype="complex128")


composite("partition", partition)
composite("sort_as_asked", sort_as_asked, numpy="sort")
composite("argsort_as_asked", argsort_as_asked, numpy="argsort")
composite("searchsorted_in_order", searchsorted_in_order, numpy="searchsorted")
composite("sort_complex", sort_complex)
