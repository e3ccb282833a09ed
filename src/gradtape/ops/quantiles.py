"""Rows of the medians and quantiles, with every method of NumPy, of several axes, and beside NaN.

A quantile lies between two neighbours in the sorted values; they share the cotangent as they share the value. Where the
quantile stands among the sorted values is a row of its own, and depends on `q` alone.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import REAL, Domain, case
from gradtape.ops.model import General, NoTangent, spec
from gradtape.ops.reductions import axes_of, in_rows
from gradtape.ops.registry import composite, op

QUANTILE = (
    "a, q, axis=None, ~out=None, ~overwrite_input=False, method='linear', keepdims=False, "
    "~weights=None, ~interpolation=None"
)
MEDIAN = "a, axis=None, ~out=None, ~overwrite_input=False, keepdims=False"
LEVELS = (REAL, Domain(0.1, 0.9))
QUANTILES = (
    case((5,), ()),
    case((4,), 0.3),
    case((3, 4), [0.2, 0.7], axis=1),
    case((3, 4), [[0.2], [0.7]], axis=0, keepdims=True),
    case((2, 3, 2), (2,), axis=(0, -1)),
    *(
        case((5,), [0.07, 0.33, 0.91], method=method)
        for method in (
            "inverted_cdf",
            "averaged_inverted_cdf",
            "closest_observation",
            "interpolated_inverted_cdf",
            "hazen",
            "weibull",
            "median_unbiased",
            "normal_unbiased",
            "lower",
            "higher",
            "midpoint",
            "nearest",
        )
    ),
    case((6,), (2,), method="hazen"),
)
MEDIANS = (
    case((5,)),
    case((4, 3), axis=0),
    case((2, 3, 2), axis=(0, 2), keepdims=True),
    case((1,)),
    case((3,), axis=-1),
)
COUNTED = NoTangent("is only counted: how many values there are says where a quantile stands among them")

op(
    "quantile",
    QUANTILE,
    domain=LEVELS,
    cases=QUANTILES,
    a=General(lambda xp, g, y, a, q, axis, method, keepdims: unquantile(xp, g, y, a, q, axis, method)),
    q=General(lambda xp, g, y, a, q, axis, method, keepdims: along_levels(xp, g, a, q, axis, method)),
)
op(
    "nanquantile",
    QUANTILE,
    domain=LEVELS,
    cases=(*QUANTILES[:5], case([1.0, float("nan"), 3.0, 2.0, float("nan")], [0.1, 0.6])),
    a=General(lambda xp, g, y, a, q, axis, method, keepdims: unquantile(xp, g, y, a, q, axis, method)),
    q=General(lambda xp, g, y, a, q, axis, method, keepdims: along_levels(xp, g, a, q, axis, method)),
)
op(
    "median",
    MEDIAN,
    a=General(lambda xp, g, y, a, axis, keepdims: unquantile(xp, g, y, a, 0.5, axis, "linear")),
    cases=MEDIANS,
)
op(
    "nanmedian",
    MEDIAN,
    a=General(lambda xp, g, y, a, axis, keepdims: unquantile(xp, g, y, a, 0.5, axis, "linear")),
    cases=MEDIANS,
)
op("quantile_below", "values, q, method", numpy=None, values=COUNTED, q=NoTangent("is asked for a position"))
op(
    "quantile_part",
    "values, q, method",
    numpy=None,
    values=COUNTED,
    q=General(lambda xp, g, y, values, q, method: flow_to_levels(xp, g * sloped(xp, g, values, q, method), q)),
    domain=LEVELS,
    cases=(case((5, 2), (2,), method="linear"), case((4,), (), method="hazen"), case((4,), (2,), method="lower")),
)
op("quantile_slope", "values, q, method", numpy=None, values=COUNTED, q=NoTangent("is asked for a constant slope"))


def out_of_rows(xp: Any, rows: Any, shape: tuple[int, ...], axis: Any) -> Any:
    """Undo `in_rows` for an array that had that shape."""
    axes = axes_of(len(shape), axis)
    order = axes + tuple(k for k in range(len(shape)) if k not in axes)
    back = tuple(sorted(range(len(shape)), key=lambda k: order[k]))
    return xp.transpose(xp.reshape(rows, shape=tuple(shape[k] for k in order)), axes=back)


def neighbours(xp: Any, rows: Any, q: Any, method: str) -> tuple[Any, Any, Any]:
    """Return the positions of both neighbours among the sorted values, and the part of the way to the upper one."""
    low = xp.quantile_below(rows, q, method=method)
    return low, xp.minimum(low + 1, rows.shape[0] - 1), xp.quantile_part(rows, q, method=method)


def sloped(xp: Any, g: Any, values: Any, q: Any, method: str) -> Any:
    """Return how far a quantile's place moves with its level, in the dtype of a cotangent."""
    return xp.cast(xp.quantile_slope(values, q, method=method), dtype=g.dtype)


def unquantile(xp: Any, g: Any, y: Any, a: Any, q: Any, axis: Any, method: str) -> Any:
    """Send the cotangent of each quantile to its two neighbours; one that is NaN stays seen."""
    rows = in_rows(xp, a, axis)
    low, high, part = neighbours(xp, rows, q, method)
    part = xp.cast(part, dtype=y.dtype)
    g = xp.reshape(g * xp.where(xp.isnan(y), y, 1.0), shape=part.shape)
    pulled = xp.untake_along_axis(g * (1.0 - part), low, shape=rows.shape, axis=0) + xp.untake_along_axis(
        g * part, high, shape=rows.shape, axis=0
    )
    order = xp.argsort(rows, axis=0)
    return out_of_rows(xp, xp.take_along_axis(pulled, xp.argsort(order, axis=0), axis=0), a.shape, axis)


def along_levels(xp: Any, g: Any, a: Any, q: Any, axis: Any, method: str) -> Any:
    """Pull back to `q`: a quantile grows by the distance of its neighbours while its place moves by one."""
    rows = in_rows(xp, a, axis)
    low, high, part = neighbours(xp, rows, q, method)
    ordered = xp.sort(rows, axis=0)
    gap = xp.take_along_axis(ordered, high, axis=0) - xp.take_along_axis(ordered, low, axis=0)
    return flow_to_levels(xp, xp.reshape(g, shape=part.shape) * gap * sloped(xp, g, rows, q, method), q)


def flow_to_levels(xp: Any, flow: Any, q: Any) -> Any:
    """Sum what arrives at each level and give it the shape of `q`."""
    return xp.reshape(xp.sum(flow, axis=tuple(range(1, flow.ndim))), shape=spec(q).shape)


def in_hundredths(xp: Any, q: Any) -> Any:
    """Turn percents into parts."""
    return q / 100 if isinstance(q, int | float) else xp.shaped(q) / 100


def percentile(
    xp: Any,
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
) -> Any:
    """Return quantiles whose levels are given in percent."""
    return xp.quantile(a, in_hundredths(xp, q), axis=axis, method=method, keepdims=keepdims)


def nanpercentile(
    xp: Any,
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
) -> Any:
    """Return quantiles of what is not NaN, their levels in percent."""
    return xp.nanquantile(a, in_hundredths(xp, q), axis=axis, method=method, keepdims=keepdims)


composite("percentile", percentile)
composite("nanpercentile", nanpercentile)
