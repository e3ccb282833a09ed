"""Rows and composites that insert, delete and rearrange elements, and those that apply a function piecewise."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import Index, NoTangent
from gradtape.ops.registry import composite, op

POSITIONS = NoTangent("names positions, and positions are integers")
EDGES = NoTangent("is looked through for zeros at its edges, which answers with positions")

op(
    "places_without",
    "index, n",
    numpy=None,
    index=POSITIONS,
    cases=(case(Index(1), n=3), case(Index(slice(0, 2)), n=4)),
)
op("places_with", "index, n, more", numpy=None, index=POSITIONS, cases=(case(Index(1), n=3, more=2),))
op("places_inside", "filt, trim, axis", numpy=None, filt=EDGES, cases=(case([0.0, 1.0, 0.0], trim="fb", axis=0),))
op("triangle_places", "like, k, upper", numpy=None, like=POSITIONS, parts=2, cases=(case((2, 3), k=0, upper=True),))


def delete(xp: Any, arr: Any, obj: Any, axis: int | None = None) -> Any:
    """Leave out the elements (the slices along an axis) at these positions."""
    a = xp.shaped(arr)
    if axis is None:
        a, axis = xp.ravel(a), 0
    return xp.take(a, xp.places_without(opaque(obj), n=a.shape[axis]), axis=axis)


def insert(xp: Any, arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """Put values before these positions; all of them have a derivative."""
    a = xp.shaped(arr)
    if axis is None:
        a, axis = xp.ravel(a), 0
    axis %= a.ndim
    new = xp.cast(values, dtype=a.dtype)
    new = xp.reshape(new, shape=(1,) * (a.ndim - new.ndim) + tuple(new.shape))
    if isinstance(obj, int) or getattr(obj, "ndim", 1) == 0:
        new = xp.moveaxis(new, 0, axis)  # NumPy reads what is put at one place in another order
        more = new.shape[axis]
    else:
        more = many(obj, a.shape[axis])
        more = new.shape[axis] if more == 1 else more
    new = xp.broadcast_to(new, shape=tuple(more if k == axis else n for k, n in enumerate(a.shape)))
    order = xp.places_with(opaque(obj), n=a.shape[axis], more=more)
    return xp.take(xp.concatenate([a, new], axis=axis), order, axis=axis)


def opaque(obj: Any) -> Any:
    """Wrap what NumPy takes as positions, unless it is an array already."""
    return obj if hasattr(obj, "dtype") else Index(obj)


def many(obj: Any, n: int) -> int:
    """Return how many positions there are."""
    if isinstance(obj, slice):
        return len(range(*obj.indices(n)))
    if hasattr(obj, "dtype"):
        return int(obj.sum()) if obj.dtype.kind == "b" else int(obj.size)
    return sum(obj) if obj and isinstance(obj[0], bool) else len(obj)


def resize(xp: Any, a: Any, new_shape: Any) -> Any:
    """Repeat the elements until they fill a shape, or leave the last ones out."""
    a = xp.ravel(xp.shaped(a))
    shape = tuple(new_shape) if hasattr(new_shape, "__len__") else (new_shape,)
    size = prod(shape)
    if not a.size:
        return xp.reshape(xp.zeros_like(a, shape=shape), shape=shape)
    whole = xp.tile(a, -(-size // a.size)) if size > a.size else a
    return xp.reshape(xp.getitem(whole, Index(slice(0, size))), shape=shape)


def rot90(xp: Any, m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Turn by right angles in the plane of two axes."""
    m = xp.shaped(m)
    first, second = (axis % m.ndim for axis in axes)
    if first == second:
        raise ValueError("Axes must be different.")
    k %= 4
    if k == 0:
        return xp.positive(m)
    if k == 2:
        return xp.flip(m, axis=(first, second))
    return xp.flip(xp.swapaxes(m, first, second), axis=first if k == 1 else second)


def trim_zeros(xp: Any, filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """Cut the zeros off the edges."""
    a = xp.shaped(filt)
    if isinstance(axis, int):
        axis = (axis,)
    for k in range(a.ndim) if axis is None else axis:
        a = xp.take(a, xp.places_inside(a, trim=trim.lower(), axis=k), axis=k)
    return a


def piecewise(xp: Any, x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Apply to each element the function, or take the value, of the last condition that holds for it."""
    x = xp.shaped(x)
    if not isinstance(condlist, list | tuple) or getattr(condlist[0], "ndim", len(x.shape)) < x.ndim:
        condlist = [condlist]
    conditions = [xp.cast(c, dtype="bool") for c in condlist]
    if len(funclist) == len(conditions) + 1:
        rest = conditions[0]
        for c in conditions[1:]:
            rest = xp.logical_or(rest, c)
        conditions.append(xp.logical_not(rest))
    if len(funclist) != len(conditions):
        raise ValueError(f"with {len(conditions)} condition(s), either that many functions or one more are expected")
    result, flat = xp.zeros_like(x), xp.ravel(x)
    for condition, function in zip(conditions, funclist, strict=True):
        if not callable(function):
            result = xp.where(condition, xp.cast(function, dtype=x.dtype), result)
            continue
        places = xp.flatnonzero(condition)
        if not places.size:
            continue
        values = xp.cast(function(xp.take(flat, places, axis=0), *args, **kw), dtype=x.dtype)
        values = xp.broadcast_to(values, shape=places.shape)
        result = xp.where(condition, xp.reshape(xp.untake(values, places, shape=flat.shape), shape=x.shape), result)
    return result


def apply_along_axis(xp: Any, func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """Apply a function to all the rows along an axis; its results are stacked."""
    a = xp.moveaxis(arr, axis, -1)
    axis %= a.ndim
    outer = a.shape[:-1]
    if 0 in outer:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    results = [func1d(xp.getitem(a, Index(k)), *args, **kwargs) for k in product(*map(range, outer))]
    results = [xp.shaped(r) for r in results]
    inner = tuple(results[0].shape)
    whole = xp.reshape(xp.stack(results, axis=0), shape=(*outer, *inner))
    for k in range(len(inner)):
        whole = xp.moveaxis(whole, len(outer) + k, axis + k)
    return whole


def apply_over_axes(xp: Any, func: Any, a: Any, axes: Any) -> Any:
    """Apply a function over one axis after the other; what it reduces keeps length 1."""
    result = xp.shaped(a)
    ndim = result.ndim
    for axis in axes if hasattr(axes, "__len__") else (axes,):
        made = func(result, axis % ndim)
        result = made if made.ndim == ndim else xp.expand_dims(made, axis % ndim)
        if result.ndim != ndim:
            raise ValueError("function is not returning an array of the correct shape")
    return result


def maybe_real(xp: Any, a: Any, tol: float = 100) -> Any:
    """Drop imaginary parts if all of them are nearly zero: in units of the last place if `tol` is above one."""
    a = xp.shaped(a)
    if a.dtype.kind != "c":
        return a
    unit = 2.0**-23 if a.dtype.itemsize == 8 else 2.0**-52
    near = xp.less(xp.abs(xp.imag(a)), tol * unit if tol > 1 else tol)
    return xp.real(a) if bool(xp.all(near)) else a


def angle(xp: Any, z: Any, deg: bool = False) -> Any:
    """Return the angle of a complex number with the positive axis."""
    z = xp.shaped(z)
    turn = xp.arctan2(xp.imag(z), xp.real(z))
    return xp.degrees(turn) if deg else turn


composite("delete", delete)
composite("insert", insert)
composite("resize", resize)
composite("rot90", rot90)
composite("trim_zeros", trim_zeros)
composite("piecewise", piecewise)
composite("apply_along_axis", apply_along_axis)
composite("apply_over_axes", apply_over_axes)
composite("real_if_close", maybe_real)
composite("angle", angle)
composite("triu_indices_from", lambda xp, arr, k=0: xp.triangle_places(arr, k=k, upper=True))
composite("tril_indices_from", lambda xp, arr, k=0: xp.triangle_places(arr, k=k, upper=False))
