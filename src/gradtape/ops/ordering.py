"""Rows of the sorts. An order is made of positions; the sorted values move with the elements they are."""

from __future__ import annotations

from typing import Any

from gradtape.ops.model import General, NoTangent, Unsupported, Zero, case
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
op("argpartition", "a, kth, axis=-1", a=ORDER, cases=(case((5,), kth=2), case((2, 3), kth=1, axis=0)))
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


def stable_sort(xp: Any, a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """Sort, stably if that is asked for."""
    if order is not None:
        raise Unsupported("sort has no place for `order` here")
    return xp.sort(a, axis=axis, kind="stable" if stable else kind)


def stable_argsort(xp: Any, a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """Return the order, a stable one if that is asked for."""
    if order is not None:
        raise Unsupported("argsort has no place for `order` here")
    return xp.argsort(a, axis=axis, kind="stable" if stable else kind)


def sort_complex(xp: Any, a: Any) -> Any:
    """Sort along the last axis and make the numbers complex."""
    result = xp.sort(a)
    return result if result.dtype.kind == "c" else xp.cast(result, dtype="complex128")


composite("partition", partition)
composite("stable_sort", stable_sort, numpy="sort")
composite("stable_argsort", stable_argsort, numpy="argsort")
composite("sort_complex", sort_complex)
