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
    "a, axis=-1, kind=None",
    a=General(lambda xp, g, y, a, axis, kind: unsort(xp, g, a, axis)),
    cases=ALONG,
)
op("argsort", "a, axis=-1, kind=None", methods=("argsort",), a=ORDER, cases=ALONG)
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


def median(xp: Any, a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the middle element, or the mean of the two in the middle."""
    return quantile(xp, a, 0.5, axis, keepdims=keepdims)


def quantile(xp: Any, a: Any, q: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return one quantile, with NumPy's linear interpolation."""
    if not isinstance(q, int | float) or isinstance(axis, tuple):
        raise Unsupported("quantile wants one number and one axis here")
    a = xp.shaped(a)
    where = 0 if axis is None else axis % a.ndim
    values = xp.sort(xp.ravel(a) if axis is None else a, axis=where)
    place = q * (values.shape[where] - 1)
    below = int(place)
    above = min(below + 1, values.shape[where] - 1)
    low, high = (xp.take(values, k, axis=where) for k in (below, above))
    result = low + (high - low) * (place - below)
    return xp.unreduce(result, a.ndim, axis, False) if keepdims else result


composite("median", median)
composite("quantile", quantile)
composite("percentile", lambda xp, a, q, axis=None, *, keepdims=False: xp.quantile(a, q / 100, axis, keepdims=keepdims))
