"""Rows of the operations that move a value without computing: copies, casts, the stop; and new arrays from old ones."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import Cotangents, IntegerCast, Linear, NoTangent, Stopped
from gradtape.ops.registry import composite, op

SHAPE_ONLY = NoTangent("reads the shape of its argument, not its values")
LIKE = "a, ~dtype=None, ~order='K', ~subok=True, shape=None, ~device=None"

op("identity", "x", numpy=None, x=Linear(lambda xp, g, y, x: g), cases=(case((2, 3)),))
op("copy", "a, ~order='K'", methods=("copy",), a=Linear(lambda xp, g, y, a: g), cases=(case((2, 3)),))
op("stop_gradient", "x", numpy=None, x=Stopped("ends the path on purpose"), cases=(case((2, 3)),))
op(
    "cast",
    "x, dtype",
    numpy=None,
    x=Linear(lambda xp, g, y, x, dtype: xp.cast(xp.real(g) if x.dtype.kind != "c" else g, dtype=x.dtype)),
    cases=(case((2, 3), dtype="float32"), case((2, 3), dtype="float64")),
)
op(
    "cast_to_integer",
    "x, dtype",
    numpy=None,
    x=IntegerCast("gives a dtype whose values cannot move a little, so nothing can flow back"),
    cases=(case((2, 3), dtype="int64"),),
)
op(
    "part",
    "whole, place",
    numpy=None,
    plumbing=True,
    whole=Linear(lambda xp, g, y, whole, place: Cotangents({place: g})),
)
op(
    "bitcast",
    "x, dtype",
    numpy=None,
    x=NoTangent("reads the bits of its argument as another type, and bits do not move a little"),
    cases=(case((2, 3), dtype="int64"),),
)
op("shape_of", "x", numpy=None, x=SHAPE_ONLY, cases=(case((2, 3)),))
op("size_of", "x", numpy=None, x=SHAPE_ONLY, cases=(case((2, 3)),))
op("rank_of", "x", numpy=None, x=SHAPE_ONLY, cases=(case((2, 3)),))
op("constant", "value", numpy=None, value=NoTangent("makes a new tensor from plain data"), cases=(case((2, 3)),))
op("zeros_like", LIKE, a=SHAPE_ONLY, cases=(case((2, 3)),))
op("ones_like", LIKE, a=SHAPE_ONLY, cases=(case((2, 3)),))
op("empty_like", LIKE, a=SHAPE_ONLY)


def shaped(xp: Any, value: Any) -> Any:
    """Return what has a shape as it is, and make an array of a number or a list; tensors in a list stay on the tape."""
    if hasattr(value, "shape"):
        return value
    return xp.identity(value) if isinstance(value, list | tuple) else xp.constant(value)


def astype(xp: Any, x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    """Cast: NumPy's function and method of that name."""
    return xp.cast(x, dtype=dtype)


def full_like(
    xp: Any,
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    """Fill an array of the same shape; the fill value has a derivative."""
    a = shaped(xp, a)
    return xp.broadcast_to(xp.cast(fill_value, dtype=dtype or a.dtype), shape=a.shape if shape is None else shape)


def linspace(
    xp: Any,
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """Place points evenly between two ends, both of which have a derivative."""
    start, stop = xp.shaped(start) * 1.0, xp.shaped(stop) * 1.0
    parts = num - 1 if endpoint else num
    ndim = max(start.ndim, stop.ndim)
    share = xp.cast([k / max(parts, 1) for k in range(num)], dtype=xp.real(start + stop).dtype)
    share = xp.reshape(share, shape=(num,) + (1,) * ndim)
    points = start * (1.0 - share) + stop * share
    if dtype is not None:
        whole = str(dtype).strip("<>|='").rpartition(".")[2].startswith(("int", "uint"))
        points = xp.cast(xp.floor(points) if whole else points, dtype=dtype)
    points = xp.moveaxis(points, 0, axis) if axis != 0 else points
    return (points, (stop - start) / parts if parts else start * float("nan")) if retstep else points


def logspace(
    xp: Any,
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Place points evenly between two exponents; both exponents and the base have a derivative."""
    exponents = linspace(xp, start, stop, num, endpoint)
    base = xp.shaped(base)
    lower = (1,) * (exponents.ndim - 1 - base.ndim) + tuple(base.shape)
    exponents = xp.reshape(exponents, shape=(num, *(1,) * (base.ndim + 1 - exponents.ndim), *exponents.shape[1:]))
    points = xp.power(xp.reshape(base, shape=lower), exponents)
    points = points if dtype is None else xp.cast(points, dtype=dtype)
    return xp.moveaxis(points, 0, axis) if axis != 0 else points


def geomspace(
    xp: Any, start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """Place points at equal ratios between two ends of one sign, both of which have a derivative."""
    start, stop = xp.shaped(start) * 1.0, xp.shaped(stop) * 1.0
    if bool(xp.any(xp.logical_or(xp.equal(start, 0.0), xp.equal(stop, 0.0)))):
        raise ValueError("Geometric sequence cannot include zero")
    parts = num - 1 if endpoint else num
    share = xp.cast([k / max(parts, 1) for k in range(num)], dtype=xp.real(start + stop).dtype)
    share = xp.reshape(share, shape=(num,) + (1,) * max(start.ndim, stop.ndim))
    points = start * xp.exp(xp.log(stop / start) * share)
    points = points if dtype is None else xp.cast(points, dtype=dtype)
    return xp.moveaxis(points, 0, axis) if axis != 0 else points


def meshgrid(xp: Any, *xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    """Spread one-dimensional arrays over a grid."""
    if indexing not in {"xy", "ij"}:
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    arrays = [xp.ravel(a) for a in xi]
    places = list(range(len(arrays)))
    if indexing == "xy" and len(arrays) > 1:
        places[0], places[1] = 1, 0
    lengths = [0] * len(arrays)
    for place, a in zip(places, arrays, strict=True):
        lengths[place] = a.size
    grids = [
        xp.reshape(a, shape=(1,) * p + (-1,) + (1,) * (len(arrays) - p - 1))
        for p, a in zip(places, arrays, strict=True)
    ]
    return tuple(grids if sparse else [xp.broadcast_to(g, shape=tuple(lengths)) for g in grids])


composite("shaped", shaped, numpy=None)
composite("astype", astype)
composite("full_like", full_like)
composite("linspace", linspace)
composite("logspace", logspace)
composite("geomspace", geomspace)
composite("meshgrid", meshgrid)
