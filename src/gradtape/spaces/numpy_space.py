"""Raw NumPy: the kernels that run a user's operations, and the namespace of an ordinary sweep. No dispatch here."""

from __future__ import annotations

from math import prod
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.ops import OPS
from gradtape.spaces.space import build_space

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.ops import Op

add_reduce: Callable[..., Any] = np.add.reduce
max_reduce: Callable[..., Any] = np.maximum.reduce
min_reduce: Callable[..., Any] = np.minimum.reduce
LARGE = 10_000_000
"""From how many products on `einsum` is worth a search for a cheaper order."""

BASIC = (int, slice, type(Ellipsis), type(None), np.integer)
"""What an index is made of that never names an element twice and is read as a view."""


def _sum(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Sum without the Python layer of `np.sum`, which costs as much again on small arrays."""
    return add_reduce(a, axis, keepdims=keepdims)


def _max(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return max_reduce(a, axis, keepdims=keepdims)


def _min(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return min_reduce(a, axis, keepdims=keepdims)


def _reshape(a: Any, shape: Any) -> Any:
    return np.reshape(a, shape)


def _cast(x: Any, dtype: Any) -> Any:
    return np.asarray(x).astype(dtype)[()]


def _copy(a: Any) -> Any:
    return np.array(a)[()]


def _same(x: Any) -> Any:
    return x


def _constant(value: Any) -> Any:
    return value if hasattr(value, "dtype") else np.asarray(value)[()]


def _like(fill: Callable[..., Any]) -> Callable[..., Any]:
    def kernel(a: Any, shape: Any = None) -> Any:
        return fill(np.shape(a) if shape is None else shape, getattr(a, "dtype", None))[()]

    return kernel


def _divide_no_nan(a: Any, b: Any) -> Any:
    zero = np.equal(b, 0)
    return np.where(zero, 0.0, np.divide(a, np.where(zero, 1.0, b)))[()]


def _where(condition: Any, a: Any, b: Any) -> Any:
    return np.where(condition, a, b)[()]


def _logsumexp(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    top = max_reduce(a, axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        result = np.log(add_reduce(np.exp(a - top), axis, keepdims=True)) + top
    if keepdims:
        return result
    return np.squeeze(result, axis=axis)[()]


def _vector_norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.sqrt(add_reduce(np.square(x), axis, keepdims=keepdims))


def _pad(array: Any, pad_width: Any, value: Any = 0) -> Any:
    return np.pad(array, pad_width, constant_values=value)


def _einsum(*operands: Any, subscripts: str) -> Any:
    large = prod(map(np.size, operands)) > LARGE
    return np.einsum(subscripts, *operands, optimize=large)


def _count_nonzero(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.asarray(np.count_nonzero(a, axis, keepdims=keepdims))[()]


def _histogram_fixed_width(values: Any, value_range: Any, nbins: int = 100) -> Any:
    low, high = value_range
    places = np.floor((np.ravel(values) - low) / (high - low) * nbins)
    return np.bincount(np.clip(places, 0, nbins - 1).astype(np.intp), minlength=nbins).astype(np.int32)


def _poisson(lam: Any, size: Any = None, seed: Any = 0) -> Any:
    return np.asarray(np.random.default_rng(seed).poisson(lam, size))[()]


def _argsort(a: Any, axis: Any = -1, kind: Any = None) -> Any:
    return np.argsort(a, axis, kind=kind or "stable")


def add_at(total: Any, index: Any, values: Any) -> None:
    """Add values to the elements that an `Index` names, in place; an element named twice gets both."""
    brackets = index.value
    parts = brackets if isinstance(brackets, tuple) else (brackets,)
    if all(isinstance(p, BASIC) or getattr(p, "dtype", None) == np.bool_ for p in parts):
        total[brackets] += values
    else:
        np.add.at(total, brackets, values)


def add_taken(total: Any, indices: Any, values: Any, axis: int | None, mode: str) -> None:
    """Add values to the elements that `take` reads, in place."""
    n = total.size if axis is None else total.shape[axis]
    if mode != "raise":
        indices = np.mod(indices, n) if mode == "wrap" else np.clip(indices, 0, n - 1)
    if axis is None:
        np.add.at(total.reshape(-1), indices, values)
    else:
        np.add.at(total, (slice(None),) * (axis % total.ndim) + (indices,), values)


def _scatter_add(values: Any, index: Any, shape: tuple[int, ...]) -> Any:
    total = np.zeros(shape, getattr(values, "dtype", np.float64))
    add_at(total, index, values)
    return total


def _untake(values: Any, indices: Any, shape: tuple[int, ...], axis: int | None = None, mode: str = "raise") -> Any:
    total = np.zeros(shape, values.dtype)
    add_taken(total, indices, values, axis, mode)
    return total


def _untake_along_axis(values: Any, indices: Any, shape: tuple[int, ...], axis: int | None = -1) -> Any:
    total = np.zeros(shape, values.dtype)
    if axis is None:
        np.add.at(total.reshape(-1), indices, values)
        return total
    axis %= len(shape)
    places = list(np.ogrid[tuple(slice(n) for n in np.shape(indices))])
    places[axis] = np.asarray(indices)
    np.add.at(total, tuple(places), values)
    return total


KERNELS: dict[str, Callable[..., Any]] = {
    "argsort": _argsort,
    "cast": _cast,
    "cast_to_integer": _cast,
    "concatenate": lambda *arrays, axis=0: np.concatenate(arrays, axis),
    "constant": _constant,
    "convolve_full": np.convolve,
    "convolve_valid": lambda a, v: np.convolve(a, v, "valid"),
    "copy": _copy,
    "count_nonzero": _count_nonzero,
    "divide_no_nan": _divide_no_nan,
    "clip": lambda a, low, high: np.minimum(np.maximum(a, low), high),
    "einsum": _einsum,
    "empty_like": _like(np.empty),
    "getitem": lambda x, index: x[index.value],
    "histogram_fixed_width": _histogram_fixed_width,
    "identity": _same,
    "logsumexp": _logsumexp,
    "max": _max,
    "min": _min,
    "ones_like": _like(np.ones),
    "pad": _pad,
    "poisson": _poisson,
    "rank_of": lambda x: np.int64(np.ndim(x)),
    "reshape": _reshape,
    "rsqrt": lambda x: 1.0 / np.sqrt(x),
    "scatter_add": _scatter_add,
    "shape_of": lambda x: np.asarray(np.shape(x), np.int64),
    "size_of": lambda x: np.int64(np.size(x)),
    "stack": lambda *arrays, axis=0: np.stack(arrays, axis),
    "stop_gradient": _same,
    "sum": _sum,
    "untake": _untake,
    "untake_along_axis": _untake_along_axis,
    "vector_norm": _vector_norm,
    "where": _where,
    "zeros_like": _like(np.zeros),
}
"""Kernels of the rows that are no function of NumPy, and those that have a faster door into it."""


def kernel(op: Op) -> Callable[..., Any]:
    """Return the function that computes an operation on NumPy's arrays.

    Raises
    ------
    LookupError
        If the row names no function of NumPy and there is no kernel for it here.
    """
    made = KERNELS.get(op.name)
    if made is None:
        if op.numpy is None:
            raise LookupError(f"row {op.name} names no function of NumPy and numpy_space has no kernel for it")
        made = attrgetter(op.numpy)(np)
    return made


def in_one_list(op: Op) -> Callable[..., Any]:
    """Return the kernel as the namespace offers it: a variadic one takes a list."""
    function = kernel(op)
    return (lambda arrays, **params: function(*arrays, **params)) if op.variadic else function


for _op in OPS.values():
    _op.kernel = kernel(_op)

xp = build_space(in_one_list)
"""The namespace of an ordinary reverse sweep."""
xp.add_at = add_at
xp.add_taken = add_taken

IN_PLACE = ("add_at", "add_taken")
"""Names that only this namespace has, for `Rule.into`."""
