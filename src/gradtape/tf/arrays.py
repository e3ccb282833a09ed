"""Functions that move elements: shapes, joining, picking, scattering, ordering."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import gradtape as gt
from gradtape.arrays import doors
from gradtape.tf.calls import of_dtype, operands, row, static, tensor
from gradtape.tf.errors import InvalidArgumentError, InvalidPositionError

_tensor, _cut, _ALL = tensor, slice, slice(None)  # the builtin and the helper, whose names TensorFlow takes


class TopK(NamedTuple):
    """What `top_k` returns."""

    values: Any
    indices: Any


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Any:
    """Give the elements another shape; one length may be -1."""
    return row("reshape")(_tensor(tensor), shape=static(shape))


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: str | None = None) -> Any:
    """Permute the axes; reverse them unless `perm` is given."""
    a = _tensor(a)
    return row("transpose")(row("conjugate")(a) if conjugate else a, axes=None if perm is None else static(perm))


def expand_dims(input: Any, axis: Any, name: str | None = None) -> Any:
    """Add an axis of length 1."""
    x, place = _tensor(input), static(axis)
    place = place if place >= 0 else place + x.ndim + 1
    return row("reshape")(x, shape=(*x.shape[:place], 1, *x.shape[place:]))


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Any:
    """Drop the axes of length 1, or those in `axis`."""
    x = _tensor(input)
    axes = static(axis) if axis is not None else tuple(k for k, n in enumerate(x.shape) if n == 1)
    dropped = {a % x.ndim for a in ((axes,) if isinstance(axes, int) else axes)}
    if any(x.shape[a] != 1 for a in dropped):
        raise InvalidArgumentError(f"squeeze: axes {sorted(dropped)} of shape {x.shape} are not all of length 1")
    return row("reshape")(x, shape=tuple(n for k, n in enumerate(x.shape) if k not in dropped))


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Any:
    """Repeat along the axes of length 1 and along new ones."""
    return row("broadcast_to")(_tensor(input), shape=static(shape))


def concat(values: Any, axis: Any, name: str | None = None) -> Any:
    """Join along an axis that is there already."""
    parts = operands(*values) if isinstance(values, list | tuple) else [values]
    return row("concatenate")(tuple(parts), axis=static(axis))


def stack(values: Any, axis: Any = 0, name: str | None = None) -> Any:
    """Join along a new axis."""
    return row("stack")(tuple(operands(*values)), axis=static(axis))


def parallel_stack(values: Any, name: str | None = None) -> Any:
    """Join along a new first axis."""
    return stack(values, 0)


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str | None = None) -> list[Any]:
    """Take apart along an axis, which goes."""
    x = _tensor(value)
    before = (_ALL,) * (axis % x.ndim)
    return [x[(*before, k)] for k in range(x.shape[axis])]


def split(value: Any, num_or_size_splits: Any, axis: Any = 0, num: Any = None, name: str | None = None) -> list[Any]:
    """Cut along an axis into equal parts, or into parts of given lengths, one of which may be -1."""
    x, place, sizes = _tensor(value), static(axis), static(num_or_size_splits)
    length = x.shape[place]
    if isinstance(sizes, int):
        if length % sizes:
            raise InvalidArgumentError(f"split: axis {place} of length {length} has no {sizes} equal parts")
        sizes = (length // sizes,) * sizes
    sizes = [length - sum(s for s in sizes if s >= 0) if s < 0 else s for s in sizes]
    if sum(sizes) != length:
        raise InvalidArgumentError(f"split: parts of {sizes} do not make up axis {place} of length {length}")
    before = (_ALL,) * (place % x.ndim)
    ends = np.cumsum(sizes).tolist()
    return [x[(*before, _cut(end - n, end))] for n, end in zip(sizes, ends, strict=True)]


def tile(input: Any, multiples: Any, name: str | None = None) -> Any:
    """Repeat the whole along each axis."""
    return row("tile")(_tensor(input), static(multiples))


def repeat(input: Any, repeats: Any, axis: Any = None, name: str | None = None) -> Any:
    """Repeat each element."""
    return row("repeat")(_tensor(input), static(repeats), axis=static(axis))


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: str | None = None) -> Any:
    """Add elements around: a constant, or the neighbours mirrored (`REFLECT`, `SYMMETRIC`)."""
    x, widths = _tensor(tensor), static(paddings)
    if mode.upper() == "CONSTANT":
        return row("pad_call")(x, widths, "constant", constant_values=static(constant_values))
    return row("pad_call")(x, widths, mode.lower())


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Any:
    """Turn the order of the elements round along axes."""
    x, axes = _tensor(tensor), static(axis)
    turned = {a % x.ndim for a in ((axes,) if isinstance(axes, int) else axes)}
    return x[tuple(_cut(None, None, -1) if k in turned else _ALL for k in range(x.ndim))]


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Any:
    """Move the elements along axes, those that fall out come in again on the other side."""
    return row("roll")(_tensor(input), static(shift), axis=static(axis))


def meshgrid(*args: Any, indexing: str = "xy", name: str | None = None) -> list[Any]:
    """Spread vectors over the grid that they span."""
    vectors = [_tensor(a) for a in args]
    lengths = [v.shape[0] for v in vectors]
    order = [1, 0, *range(2, len(vectors))] if indexing == "xy" and len(vectors) > 1 else list(range(len(vectors)))
    full = tuple(lengths[k] for k in order)
    shapes = [tuple(-1 if order[place] == k else 1 for place in range(len(full))) for k in range(len(vectors))]
    return [row("broadcast_to")(row("reshape")(v, shape=s), shape=full) for v, s in zip(vectors, shapes, strict=True)]


def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Any:
    """Cut a block out: where it begins and how long it is along each axis, -1 for all the rest."""
    x = _tensor(input_)
    starts, sizes = static(begin), static(size)
    return x[tuple(_cut(b, None if n == -1 else b + n) for b, n in zip(starts, sizes, strict=True))]


def strided_slice(input_: Any, begin: Any, end: Any, strides: Any = None, name: str | None = None) -> Any:
    """Cut a block out with steps."""
    steps = static(strides) if strides is not None else (1,) * len(static(begin))
    return _tensor(input_)[tuple(_cut(*part) for part in zip(static(begin), static(end), steps, strict=True))]


def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    axis: Any = None,
    batch_dims: int = 0,
    name: str | None = None,
) -> Any:
    """Pick slices by position along an axis; along the first one, the gradient is `IndexedSlices`.

    Raises
    ------
    InvalidArgumentError
        If a position is negative or too large.
    """
    x, positions = _tensor(params), positions_of(indices)
    place = batch_dims if axis is None else static(axis) % x.ndim
    _check_positions("gather", positions, x.shape[place])
    if not batch_dims and place == 0:
        return row("gather")(x, positions)
    if not batch_dims:
        return x[(*(_ALL,) * place, positions)]
    if place != batch_dims:
        raise NotImplementedError("gather: `batch_dims` goes with the axis right after the batch")
    return x[(*_batch_grids(positions.shape, batch_dims), positions)]


def gather_nd(params: Any, indices: Any, batch_dims: int = 0, name: str | None = None) -> Any:
    """Pick elements or slices by rows of positions."""
    x, positions = _tensor(params), positions_of(indices)
    parts = [positions[..., k] for k in range(positions.shape[-1])]
    for k, part in enumerate(parts):
        _check_positions("gather_nd", part, x.shape[batch_dims + k])
    if len(parts) == 1 and not batch_dims:
        return row("gather")(x, parts[0])
    return x[(*_batch_grids(positions.shape[:-1], batch_dims), *parts)]


def boolean_mask(tensor: Any, mask: Any, axis: int | None = None, name: str = "") -> Any:
    """Pick the slices where `mask` is true."""
    return _tensor(tensor)[(*(_ALL,) * (axis or 0), positions_of(mask).astype(bool))]


def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Any:
    """Add updates into zeros at rows of positions."""
    positions, whole = positions_of(indices), static(shape)
    for k in range(positions.shape[-1]):
        _check_positions("scatter_nd", positions[..., k], whole[k])
    return doors.scatter(_tensor(updates), tuple(positions[..., k] for k in range(positions.shape[-1])), whole)


def tensor_scatter_nd_add(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Any:
    """Add updates to a tensor at rows of positions."""
    x, new = _tensor(tensor), operands(tensor, updates)[1]
    return x + scatter_nd(indices, new, x.shape)


def tensor_scatter_nd_sub(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Any:
    """Subtract updates from a tensor at rows of positions."""
    x, new = _tensor(tensor), operands(tensor, updates)[1]
    return x - scatter_nd(indices, new, x.shape)


def tensor_scatter_nd_update(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Any:
    """Replace the elements at rows of positions; of two updates of one place the last counts."""
    x, new, positions = _tensor(tensor), _tensor(operands(tensor, updates)[1]), positions_of(indices)
    depth = positions.shape[-1]
    rows = positions.reshape(-1, depth)
    places, first = np.unique(rows[::-1], axis=0, return_index=True)
    flat = row("reshape")(new, shape=(-1, *x.shape[depth:]))[len(rows) - 1 - first]
    touched = np.zeros(x.shape, bool)
    touched[tuple(places.T)] = True
    return row("where")(touched, scatter_nd(places, flat, x.shape), x)


def tensor_scatter_nd_max(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Any:
    """Keep the larger of what is there and the updates at rows of positions; equal ones share the gradient."""
    return _scatter_extreme(np.maximum, tensor, indices, updates)


def tensor_scatter_nd_min(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Any:
    """Keep the smaller of what is there and the updates at rows of positions; equal ones share the gradient."""
    return _scatter_extreme(np.minimum, tensor, indices, updates)


def _scatter_extreme(choose: Any, tensor: Any, indices: Any, updates: Any) -> Any:
    x, new, positions = _tensor(tensor), _tensor(operands(tensor, updates)[1]), positions_of(indices)
    places = tuple(np.moveaxis(positions, -1, 0))
    result = np.array(x._value)
    choose.at(result, places, new._value)
    kept, won = result == x._value, result[places] == new._value
    shares = kept.astype(x.dtype)
    np.add.at(shares, places, won.astype(x.dtype))
    added = scatter_nd(positions, row("where")(won, new, 0.0), x.shape)
    return (row("where")(kept, x, 0.0) + added) / shares


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """Take `x` where the condition holds and `y` elsewhere; with the condition alone, its true positions."""
    chosen = condition if isinstance(condition, gt.Tensor) else np.asarray(condition)
    if x is None and y is None:
        return _tensor(np.argwhere(positions_of(chosen)))
    return row("where")(chosen, *operands(x, y))


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Any:
    """Order the elements along an axis."""
    x = _tensor(values)
    if direction.upper() == "ASCENDING":
        return row("sort")(x, axis=axis)
    return _along(x, positions_of(_order(x, axis, direction)), axis)


def argsort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False, name: str | None = None
) -> Any:
    """Return the positions that would order the elements; nothing flows back."""
    return _order(_tensor(values), axis, direction)


def top_k(input: Any, k: Any = 1, sorted: bool = True, index_type: Any = np.int32, name: str | None = None) -> TopK:
    """Return the `k` largest elements of the last axis, the earlier one first among equals, and their positions."""
    x = _tensor(input)
    order = _order(x, -1, "DESCENDING", index_type)[..., : static(k)]
    return TopK(_along(x, positions_of(order), -1), order)


def searchsorted(
    sorted_sequence: Any, values: Any, side: str = "left", output_type: Any = np.int32, name: str | None = None
) -> Any:
    """Return where values belong in a sorted sequence, along the last axis; nothing flows back."""
    sequence, wanted = operands(_tensor(sorted_sequence), values)
    if sequence.ndim == 1:
        return of_dtype(row("searchsorted")(sequence, wanted, side=side), output_type)
    pairs = zip(unstack(sequence), unstack(wanted), strict=True)
    return stack([searchsorted(a, v, side, output_type) for a, v in pairs])


def _order(x: Any, axis: int, direction: str, dtype: Any = np.int32) -> Any:
    return row("order")(x, axis=axis, descending=direction.upper() != "ASCENDING", dtype=np.dtype(dtype).name)


def _along(x: Any, order: Any, axis: int) -> Any:
    """Pick by positions along one axis, each line by its own."""
    place = axis % x.ndim
    grids = [np.arange(n).reshape([-1 if j == k else 1 for j in range(x.ndim)]) for k, n in enumerate(order.shape)]
    return x[tuple(order if k == place else grid for k, grid in enumerate(grids))]


def positions_of(value: Any) -> Any:
    """Take positions or truth values as a plain array."""
    return np.asarray(value._value if isinstance(value, gt.Tensor) else value)


def _check_positions(what: str, positions: Any, length: int) -> None:
    wrong = positions[(positions < 0) | (positions >= length)] if positions.size else positions
    if wrong.size:
        raise InvalidPositionError(
            f"{what}: position {wrong.flat[0]} is not in [0, {length}); negative ones do not count from the end"
        )


def _batch_grids(shape: tuple[int, ...], batch_dims: int) -> list[Any]:
    return [np.arange(shape[k]).reshape([-1 if j == k else 1 for j in range(len(shape))]) for k in range(batch_dims)]


def one_hot_positions(positions: Any, depth: int, dtype: Any) -> Any:
    """Mark positions in plain zeros."""
    return (positions_of(positions)[..., None] == np.arange(depth)).astype(dtype)
