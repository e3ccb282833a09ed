"""Rows of the reductions.

`max` and `min` share the derivative equally among ties; `prod` multiplies all the other elements instead of dividing;
`std` and the norm have derivative 0 at their minimum, a subgradient.
"""

from __future__ import annotations

from math import prod
from typing import Any

from gradtape.ops.domains import NONZERO, case
from gradtape.ops.model import General, Linear, NoTangent
from gradtape.ops.registry import composite, op

AXES = (
    case((2, 3)),
    case((2, 3), axis=0),
    case((2, 3, 4), axis=(0, -1), keepdims=True),
    case(()),
    case((0, 3), axis=0),
    case((2, 3, 4), axis=1),
    case((3, 2), axis=(-1,)),
)
FULL_AXES = tuple(c for c in AXES if 0 not in c.args[0])
REDUCTION = "a, axis=None, ~dtype=None, ~out=None, keepdims=False"
CHOICE = "a, axis=None, ~out=None, keepdims=False"
SPREAD = "a, axis=None, ~dtype=None, ~out=None, ddof=0, keepdims=False"
PLACE = NoTangent("answers with a position, and positions are integers")

op(
    "sum",
    REDUCTION,
    methods=("sum",),
    a=Linear(
        lambda xp, g, y, a, axis, keepdims: xp.broadcast_to(xp.unreduce(g, a.ndim, axis, keepdims), shape=a.shape)
    ),
    cases=AXES,
)
op(
    "mean",
    REDUCTION,
    methods=("mean",),
    a=Linear(
        lambda xp, g, y, a, axis, keepdims: xp.broadcast_to(
            xp.unreduce(g / count(a.shape, axis), a.ndim, axis, keepdims), shape=a.shape
        )
    ),
    cases=FULL_AXES,
)
op(
    "prod",
    REDUCTION,
    methods=("prod",),
    a=General(lambda xp, g, y, a, axis, keepdims: xp.unreduce(g, a.ndim, axis, keepdims) * others(xp, a, axis)),
    cases=AXES,
)
op(
    "max",
    CHOICE,
    methods=("max",),
    a=General(lambda xp, g, y, a, axis, keepdims: share(xp, g, y, a, axis, keepdims)),
    cases=FULL_AXES,
)
op(
    "min",
    CHOICE,
    methods=("min",),
    a=General(lambda xp, g, y, a, axis, keepdims: share(xp, g, y, a, axis, keepdims)),
    cases=FULL_AXES,
)
op(
    "var",
    SPREAD,
    methods=("var",),
    a=General(
        lambda xp, g, y, a, axis, ddof, keepdims: (
            deviation(xp, a, axis) * (xp.unreduce(g, a.ndim, axis, keepdims) * (2.0 / (count(a.shape, axis) - ddof)))
        )
    ),
    cases=(*FULL_AXES, case((2, 3), axis=1, ddof=1)),
)
op(
    "std",
    SPREAD,
    methods=("std",),
    a=General(
        lambda xp, g, y, a, axis, ddof, keepdims: (
            deviation(xp, a, axis)
            * xp.unreduce(g * xp.divide_no_nan(1.0, y * (count(a.shape, axis) - ddof)), a.ndim, axis, keepdims)
        )
    ),
    cases=tuple(c for c in (*FULL_AXES, case((2, 3), axis=1, ddof=1)) if c.args[0]),
)
op(
    "logsumexp",
    "a, axis=None, keepdims=False",
    numpy=None,
    a=General(lambda xp, g, y, a, axis, keepdims: xp.unreduce(g, a.ndim, axis, keepdims) * softmax(xp, a, axis)),
    cases=FULL_AXES,
)
op(
    "vector_norm",
    "x, axis=None, keepdims=False",
    numpy=None,
    x=General(
        lambda xp, g, y, x, axis, keepdims: (
            xp.conjugate(x) * xp.unreduce(g * xp.divide_no_nan(1.0, y), x.ndim, axis, keepdims)
        ),
    ),
    domain=NONZERO,
    cases=(case((2, 3)), case((2, 3), axis=0), case((2, 3, 4), axis=(0, -1), keepdims=True), case((2, 3), axis=(-1,))),
)
op("argmax", CHOICE, methods=("argmax",), a=PLACE, cases=(case((2, 3)), case((2, 3), axis=1)))
op("argmin", CHOICE, methods=("argmin",), a=PLACE, cases=(case((2, 3)), case((2, 3), axis=1)))


def count(shape: tuple[int, ...], axis: Any) -> int:
    """Return how many elements each result is made of."""
    return prod(shape) if axis is None else prod(shape[k] for k in axes_of(len(shape), axis))


def axes_of(ndim: int, axis: Any) -> tuple[int, ...]:
    """Return the axes that are reduced, none of them negative."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(k % ndim for k in axis) if isinstance(axis, tuple) else (axis % ndim,)


def in_rows(xp: Any, a: Any, axis: Any) -> Any:
    """Bring the axes that are reduced together to the front, as one."""
    axes = axes_of(a.ndim, axis)
    kept = tuple(k for k in range(a.ndim) if k not in axes)
    n = prod(a.shape[k] for k in axes)
    return xp.reshape(xp.transpose(a, axes=axes + kept), shape=(n, *(a.shape[k] for k in kept)))


def deviation(xp: Any, a: Any, axis: Any) -> Any:
    """Return the distance of each element from the mean, conjugated: of complex numbers the squared size is summed."""
    return xp.conjugate(a - xp.mean(a, axis=axis, keepdims=True))


def share(xp: Any, g: Any, y: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    """Share a cotangent equally among the elements that are equal to the result."""
    wins = xp.cast(xp.equal(a, xp.unreduce(y, a.ndim, axis, keepdims)), dtype=a.dtype)
    return wins * (xp.unreduce(g, a.ndim, axis, keepdims) / xp.sum(wins, axis=axis, keepdims=True))


def softmax(xp: Any, a: Any, axis: Any) -> Any:
    """Return each element's share of a log-sum-exp: of +inf the elements that are +inf have one each, of -inf nobody.

    From the distances to the largest element and not from the result, whose rounding grows with its size.
    """
    top = xp.stop_gradient(xp.max(a, axis=axis, keepdims=True))
    distance = a - xp.where(xp.equal(top, float("-inf")), 0.0, top)
    parts = xp.exp(xp.where(xp.equal(a, float("inf")), 0.0, distance))
    return xp.divide_no_nan(parts, xp.sum(parts, axis=axis, keepdims=True))


def others(xp: Any, a: Any, axis: Any) -> Any:
    """Return for each element the product of all the others reduced with it; no division, so zeros are exact."""
    axes = axes_of(a.ndim, axis)
    kept = tuple(k for k in range(a.ndim) if k not in axes)
    order = kept + axes
    moved = xp.transpose(a, axes=order)
    flat = xp.reshape(moved, shape=(*moved.shape[: len(kept)], count(a.shape, axis)))
    product = xp.products_before(flat) * xp.flip(xp.products_before(xp.flip(flat, axis=-1)), axis=-1)
    back = tuple(sorted(range(a.ndim), key=lambda k: order[k]))
    return xp.transpose(xp.reshape(product, shape=moved.shape), axes=back)


def average(
    xp: Any, a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    """Average with weights, both of which have a derivative; `returned` also gives the sums of the weights."""
    a = xp.shaped(a)
    if weights is None:
        result = xp.mean(a, axis=axis, keepdims=keepdims)
        return (result, xp.ones_like(result) * count(a.shape, axis)) if returned else result
    weights = xp.shaped(weights)
    if weights.shape != a.shape:
        axes = axes_of(a.ndim, axis)
        if axis is None or tuple(weights.shape) != tuple(a.shape[k] for k in axes):
            raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
        order = sorted(range(len(axes)), key=lambda k: axes[k])
        weights = xp.transpose(weights, axes=tuple(order))
        weights = xp.reshape(weights, shape=tuple(n if k in axes else 1 for k, n in enumerate(a.shape)))
    weights = xp.broadcast_to(weights, shape=a.shape)
    total = xp.sum(weights, axis=axis, keepdims=keepdims)
    result = xp.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (result, xp.cast(total, dtype=result.dtype)) if returned else result


composite(
    "ptp",
    lambda xp, a, axis=None, *, keepdims=False: (
        xp.max(a, axis=axis, keepdims=keepdims) - xp.min(a, axis=axis, keepdims=keepdims)
    ),
)
composite("average", average)
