"""Functions that take rows to groups by number, and together again: segments, partitions, stitches."""

from __future__ import annotations

from sys import _getframe
from typing import Any

import numpy as np

from gradtape.arrays.dispatch import NO_PARAMS, apply
from gradtape.arrays.external import dynamic_row
from gradtape.ops import NoTangent, NotYet
from gradtape.tf.arrays import positions_of, scatter_nd
from gradtape.tf.calls import row, static, tensor
from gradtape.tf.errors import InvalidArgumentError


def _sorted_ids(what: str, segment_ids: Any) -> tuple[Any, int]:
    ids = positions_of(segment_ids)
    if ids.ndim != 1 or (np.diff(ids) < 0).any() or (ids < 0).any():
        raise InvalidArgumentError(f"{what}: the numbers of segments are not one sorted list from 0 on: {ids.tolist()}")
    return ids, int(ids[-1]) + 1 if ids.size else 0


def _flat(what: str, data: Any, segment_ids: Any, count: int) -> tuple[Any, Any]:
    """Make the ids one list, and leave out the rows that belong nowhere, whose id is negative."""
    x, ids = tensor(data), positions_of(segment_ids)
    if x.shape[: ids.ndim] != ids.shape:
        raise InvalidArgumentError(f"{what}: ids of shape {ids.shape} for data of shape {x.shape}")
    if (ids >= count).any():
        raise InvalidArgumentError(f"{what}: segment {ids.max()} is not in [0, {count})")
    x = row("reshape")(x, shape=(-1, *x.shape[ids.ndim :]))
    flat = ids.reshape(-1)
    return (x, flat) if (flat >= 0).all() else (x[np.flatnonzero(flat >= 0)], flat[flat >= 0])


def _added(x: Any, ids: Any, count: int) -> Any:
    return scatter_nd(ids[:, None], x, (count, *x.shape[1:]))


def _averaged(x: Any, ids: Any, count: int, power: float = 1.0) -> Any:
    sizes = np.maximum(np.bincount(ids, minlength=count), 1) ** power
    return _added(x, ids, count) / sizes.astype(x.dtype).reshape(-1, *(1,) * (x.ndim - 1))


def _best(operation: str, x: Any, ids: Any, count: int, empty: Any) -> Any:
    """Return the largest or smallest rows of each segment, element by element."""
    return row(operation)(x, ids, count=count, empty=empty)


def _product(x: Any, ids: Any, count: int) -> Any:
    """Multiply the rows of each segment: written side by side, and ones behind the shorter ones."""
    sizes = np.bincount(ids, minlength=count)
    longest = int(sizes.max(initial=0))
    if not longest:
        return tensor(np.ones((count, *x.shape[1:]), x.dtype))
    if count * longest > 8 * ids.size + 1000:
        return _product_one_by_one(x, ids, count)
    starts = np.cumsum(sizes) - sizes
    there = np.arange(longest) < sizes[:, None]
    order = np.argsort(ids, kind="stable")
    places = order[np.where(there, starts[:, None] + np.arange(longest), 0)]
    wide = row("where")(there.reshape(*there.shape, *(1,) * (x.ndim - 1)), x[places], np.ones((), x.dtype)[()])
    return row("prod")(wide, axis=1)


def _product_one_by_one(x: Any, ids: Any, count: int) -> Any:
    """Multiply the rows of each segment, where one is so long that all written side by side would not fit."""
    parts = [row("prod")(x[np.flatnonzero(ids == k)], axis=0) for k in range(count)]
    return row("stack")(tuple(parts), axis=0)


def _lowest(x: Any) -> Any:
    return np.finfo(x.dtype).min if x.dtype.kind == "f" else np.iinfo(x.dtype).min


def _highest(x: Any) -> Any:
    return np.finfo(x.dtype).max if x.dtype.kind == "f" else np.iinfo(x.dtype).max


def segment_sum(data: Any, segment_ids: Any, name: str | None = None) -> Any:
    """Add up the rows of each segment; the ids are sorted."""
    ids, count = _sorted_ids("segment_sum", segment_ids)
    return _added(*_flat("segment_sum", data, ids, count), count)


def segment_mean(data: Any, segment_ids: Any, name: str | None = None) -> Any:
    """Average the rows of each segment; the ids are sorted."""
    ids, count = _sorted_ids("segment_mean", segment_ids)
    return _averaged(*_flat("segment_mean", data, ids, count), count)


def segment_max(data: Any, segment_ids: Any, name: str | None = None) -> Any:
    """Return the largest elements of each segment, 0 for one that is empty; the ids are sorted."""
    ids, count = _sorted_ids("segment_max", segment_ids)
    return _best("segment_max", *_flat("segment_max", data, ids, count), count, 0)


def segment_min(data: Any, segment_ids: Any, name: str | None = None) -> Any:
    """Return the smallest elements of each segment, 0 for one that is empty; the ids are sorted."""
    ids, count = _sorted_ids("segment_min", segment_ids)
    return _best("segment_min", *_flat("segment_min", data, ids, count), count, 0)


def segment_prod(data: Any, segment_ids: Any, name: str | None = None) -> Any:
    """Multiply the rows of each segment; the ids are sorted."""
    ids, count = _sorted_ids("segment_prod", segment_ids)
    return _product(*_flat("segment_prod", data, ids, count), count)


def unsorted_segment_sum(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
    """Add up the rows of each segment; rows with a negative id are left out."""
    count = static(num_segments)
    return _added(*_flat("unsorted_segment_sum", data, segment_ids, count), count)


def unsorted_segment_mean(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
    """Average the rows of each segment; rows with a negative id are left out."""
    count = static(num_segments)
    return _averaged(*_flat("unsorted_segment_mean", data, segment_ids, count), count)


def unsorted_segment_sqrt_n(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
    """Add up the rows of each segment and divide by the root of their number."""
    count = static(num_segments)
    return _averaged(*_flat("unsorted_segment_sqrt_n", data, segment_ids, count), count, 0.5)


def unsorted_segment_max(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
    """Return the largest elements of each segment; the lowest number there is for one that is empty."""
    count = static(num_segments)
    x, ids = _flat("unsorted_segment_max", data, segment_ids, count)
    return _best("segment_max", x, ids, count, _lowest(x))


def unsorted_segment_min(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
    """Return the smallest elements of each segment; the highest number there is for one that is empty."""
    count = static(num_segments)
    x, ids = _flat("unsorted_segment_min", data, segment_ids, count)
    return _best("segment_min", x, ids, count, _highest(x))


def unsorted_segment_prod(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
    """Multiply the rows of each segment; 1 for one that is empty."""
    count = static(num_segments)
    return _product(*_flat("unsorted_segment_prod", data, segment_ids, count), count)


def dynamic_partition(data: Any, partitions: Any, num_partitions: int, name: str | None = None) -> list[Any]:
    """Deal the rows out to lists by number."""
    x, ids = _flat("dynamic_partition", data, partitions, num_partitions)
    return [x[np.flatnonzero(ids == k)] for k in range(num_partitions)]


def dynamic_stitch(indices: Any, data: Any, name: str | None = None) -> Any:
    """Put rows where the positions say; of two rows for one place the last counts."""
    places = [positions_of(i) for i in indices]
    rows = [tensor(d) for d in data]
    joined = row("concatenate")(
        tuple(row("reshape")(d, shape=(-1, *d.shape[np.ndim(p) :])) for d, p in zip(rows, places, strict=True)),
        axis=0,
    )
    flat = np.concatenate([p.reshape(-1) for p in places])
    taken, last = np.unique(flat[::-1], return_index=True)
    whole = (int(flat.max()) + 1, *joined.shape[1:])
    return scatter_nd(taken[:, None], joined[flat.size - 1 - last], whole)


_UNIQUE = dynamic_row(
    "unique",
    "x, first",
    {
        "x": NotYet("has no gradient in TensorFlow, and here it has none: take the elements with `tf.gather`"),
        "first": NoTangent("picks by position, and positions are integers"),
    },
)
_UNIQUE.kernel = np.take


def _first_ones(x: Any, first: Any) -> Any:
    return apply(_UNIQUE, (x, first), NO_PARAMS, _getframe(1))


def unique(x: Any, out_idx: Any = np.int32, name: str | None = None) -> tuple[Any, Any]:
    """Return the different elements in the order of their first places, and where each element is among them.

    A gradient that would have to pass is a `NoGradientError`, as in TensorFlow.
    """
    values, places, _ = unique_with_counts(x, out_idx)
    return values, places


def unique_with_counts(x: Any, out_idx: Any = np.int32, name: str | None = None) -> tuple[Any, Any, Any]:
    """Do what `unique` does, and count."""
    _, first, places, counts = np.unique(positions_of(x), return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)
    rank = np.argsort(order)
    found = (rank[places.reshape(-1)], counts[order])
    return _first_ones(tensor(x), first[order]), *(tensor(f.astype(out_idx)) for f in found)


def reverse_sequence(
    input: Any, seq_lengths: Any, seq_axis: Any = None, batch_axis: Any = None, name: str | None = None
) -> Any:
    """Turn the first elements along `seq_axis` round, as many in each slice of `batch_axis` as its length says."""
    x, lengths = tensor(input), positions_of(seq_lengths)
    along, batch = static(seq_axis) % x.ndim, static(batch_axis or 0) % x.ndim
    place = np.arange(x.shape[along])
    order = np.where(place < lengths[:, None], lengths[:, None] - 1 - place, place)
    order = order if batch < along else order.T
    shape = [x.shape[k] if k in {along, batch} else 1 for k in range(x.ndim)]
    grids = [np.arange(n).reshape([-1 if j == k else 1 for j in range(x.ndim)]) for k, n in enumerate(x.shape)]
    grids[along] = order.reshape(shape)
    return x[tuple(grids)]
