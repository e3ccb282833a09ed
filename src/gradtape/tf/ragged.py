"""Ragged tensors, whose rows differ in length: `tf.ragged`. The values are on the tape, the ends of rows are plain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import gradtape as gt
from gradtape.tape.structure import HOLDERS
from gradtape.tf import math
from gradtape.tf.arrays import boolean_mask as mask_rows
from gradtape.tf.arrays import positions_of, scatter_nd
from gradtape.tf.calls import of_dtype, operands, refuse, row, static, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.segments import (
    unsorted_segment_max,
    unsorted_segment_mean,
    unsorted_segment_min,
    unsorted_segment_prod,
    unsorted_segment_sum,
)

if TYPE_CHECKING:
    from collections.abc import Callable

REDUCTIONS = {
    "sum": unsorted_segment_sum,
    "mean": unsorted_segment_mean,
    "max": unsorted_segment_max,
    "min": unsorted_segment_min,
    "prod": unsorted_segment_prod,
}
"""What adds the elements of a row up, by the name of the row of the table that does it to everything."""


def _arithmetic(name: str) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    def operator(self: RaggedTensor, other: Any) -> Any:
        return getattr(math, name)(self, other)

    def reflected(self: RaggedTensor, other: Any) -> Any:
        return getattr(math, name)(other, self)

    return operator, reflected


class RaggedTensor:
    """Rows of different lengths, one after the other in `values`; made by the functions `RaggedTensor.from_...`.

    Parameters
    ----------
    values : array_like or RaggedTensor
        The elements of all rows.
    row_splits : array_like of int
        Where rows begin and end: row `k` is `values[row_splits[k]:row_splits[k + 1]]`.

    Raises
    ------
    InvalidArgumentError
        If the rows do not make up the values.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> tf.RaggedTensor.from_row_lengths([1.0, 2.0, 3.0], [2, 1])
    <tf.RaggedTensor [[1.0, 2.0], [3.0]]>
    """

    def __init__(self, values: Any, row_splits: Any) -> None:
        self.values = values if isinstance(values, RaggedTensor) else tensor(values)
        splits = positions_of(row_splits).astype(np.int64)
        count = _count(self.values)
        if splits.ndim != 1 or not splits.size or splits[0] != 0 or splits[-1] != count or (np.diff(splits) < 0).any():
            raise InvalidArgumentError(
                f"RaggedTensor: rows that end at {splits.tolist()} do not make up {count} values"
            )
        self.row_splits = gt.constant(splits)

    @classmethod
    def from_row_splits(
        cls, values: Any, row_splits: Any, name: str | None = None, validate: bool = True
    ) -> RaggedTensor:
        """Make rows from where they begin and end."""
        return cls(values, row_splits)

    @classmethod
    def from_row_lengths(
        cls, values: Any, row_lengths: Any, name: str | None = None, validate: bool = True
    ) -> RaggedTensor:
        """Make rows of given lengths."""
        return cls(values, np.concatenate([[0], np.cumsum(positions_of(row_lengths))]))

    @classmethod
    def from_row_starts(
        cls, values: Any, row_starts: Any, name: str | None = None, validate: bool = True
    ) -> RaggedTensor:
        """Make rows from where they begin."""
        inner = values if isinstance(values, RaggedTensor) else tensor(values)
        return cls(inner, np.append(positions_of(row_starts), _count(inner)))

    @classmethod
    def from_row_limits(
        cls, values: Any, row_limits: Any, name: str | None = None, validate: bool = True
    ) -> RaggedTensor:
        """Make rows from where they end."""
        return cls(values, np.concatenate([[0], positions_of(row_limits)]))

    @classmethod
    def from_value_rowids(
        cls, values: Any, value_rowids: Any, nrows: Any = None, name: str | None = None, validate: bool = True
    ) -> RaggedTensor:
        """Make rows from the number of the row of each value, in order."""
        ids = positions_of(value_rowids)
        if (np.diff(ids) < 0).any():
            raise InvalidArgumentError(f"RaggedTensor: the numbers of rows are not in order: {ids.tolist()}")
        count = (int(ids[-1]) + 1 if ids.size else 0) if nrows is None else int(static(nrows))
        return cls.from_row_lengths(values, np.bincount(ids, minlength=count))

    @classmethod
    def from_tensor(
        cls, tensor: Any, lengths: Any = None, padding: Any = None, ragged_rank: int = 1, name: str | None = None
    ) -> RaggedTensor:
        """Make rows of a dense tensor: all of their elements, `lengths` of them, or those before the last `padding`."""
        if ragged_rank != 1:
            raise NotImplementedError("RaggedTensor.from_tensor: only `ragged_rank=1` is in this version")
        x = _tensor(tensor)
        high, wide = x.shape[:2]
        if padding is not None:
            there = (positions_of(x) != positions_of(padding)).reshape(high, wide, -1).any(-1)
            lengths = np.where(there, np.arange(1, wide + 1), 0).max(1, initial=0)
        sizes = np.full(high, wide) if lengths is None else positions_of(lengths)
        kept = np.arange(wide) < sizes[:, None]
        return cls.from_row_lengths(x[np.nonzero(kept)], sizes)

    @property
    def flat_values(self) -> Any:
        """The elements without any rows."""
        return self.values.flat_values if isinstance(self.values, RaggedTensor) else self.values

    @property
    def nested_row_splits(self) -> tuple[Any, ...]:
        """The row ends of all axes, the outermost first."""
        inner = self.values.nested_row_splits if isinstance(self.values, RaggedTensor) else ()
        return (self.row_splits, *inner)

    @property
    def ragged_rank(self) -> int:
        """How many axes have rows of different lengths."""
        return len(self.nested_row_splits)

    @property
    def dtype(self) -> Any:
        """The dtype of the elements."""
        return self.flat_values.dtype

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The lengths of the axes, None for those that differ."""
        return (len(self), None, *self.values.shape[1:])

    def __len__(self) -> int:
        return int(self.row_splits._value.size - 1)

    def nrows(self) -> Any:
        """Return the number of rows."""
        return gt.constant(np.int64(len(self)))

    def row_starts(self) -> Any:
        """Return where rows begin."""
        return self.row_splits[:-1]

    def row_limits(self) -> Any:
        """Return where rows end."""
        return self.row_splits[1:]

    def row_lengths(self) -> Any:
        """Return how long rows are."""
        return gt.constant(np.diff(self.row_splits._value))

    def value_rowids(self) -> Any:
        """Return the number of the row of each value."""
        return gt.constant(self._ids())

    def _ids(self) -> Any:
        return np.repeat(np.arange(len(self)), np.diff(self.row_splits._value))

    def with_values(self, new_values: Any) -> Any:
        """Return the same rows of other values; of no values, None."""
        return None if new_values is None else RaggedTensor(new_values, self.row_splits)

    def with_flat_values(self, new_values: Any) -> Any:
        """Return the same rows, on all axes, of other values."""
        inner = self.values.with_flat_values(new_values) if isinstance(self.values, RaggedTensor) else new_values
        return self.with_values(inner)

    def __getitem__(self, index: Any) -> Any:
        rows, *rest = index if isinstance(index, tuple) else (index,)
        if isinstance(rows, slice):
            if rest:
                raise NotImplementedError("RaggedTensor: slices of columns are not in this version; take row by row")
            kept = range(len(self))[rows]
            bounds = [(int(self.row_splits._value[k]), int(self.row_splits._value[k + 1])) for k in kept]
            places = np.array([place for first, last in bounds for place in range(first, last)], int)
            if isinstance(self.values, RaggedTensor):
                raise NotImplementedError(
                    "RaggedTensor: slices of nested rows are not in this version; take row by row"
                )
            return RaggedTensor.from_row_lengths(self.values[places], [last - first for first, last in bounds])
        k = range(len(self))[int(static(rows))]
        picked = self.values[int(self.row_splits._value[k]) : int(self.row_splits._value[k + 1])]
        return picked[tuple(rest)] if rest else picked

    def to_tensor(self, default_value: Any = None, name: str | None = None, shape: Any = None) -> Any:
        """Write the rows out, with 0 or `default_value` behind the shorter ones."""
        inner = self.values.to_tensor(default_value) if isinstance(self.values, RaggedTensor) else self.values
        ids, splits = self._ids(), self.row_splits._value
        places = np.stack([ids, np.arange(len(ids)) - splits[ids]], 1)
        wide = int(np.diff(splits).max(initial=0))
        if shape is not None and static(shape)[1] is not None:
            wide = static(shape)[1]
            inner, places = inner[np.flatnonzero(places[:, 1] < wide)], places[places[:, 1] < wide]
        whole = scatter_nd(places, inner, (len(self), wide, *inner.shape[1:]))
        if default_value is None:
            return whole
        there = np.zeros((len(self), wide), bool)
        there[tuple(places.T)] = True
        return row("where")(there.reshape(*there.shape, *(1,) * (inner.ndim - 1)), *operands(whole, default_value))

    def to_list(self) -> list[Any]:
        """Return nested lists of numbers."""
        return [part.to_list() if isinstance(part, RaggedTensor) else part.numpy().tolist() for part in self]

    def __iter__(self) -> Any:
        return (self[k] for k in range(len(self)))

    def numpy(self) -> Any:
        """Return an array of the rows, each an array."""
        made = np.empty(len(self), object)
        made[:] = [part.numpy() for part in self]
        return made

    def __repr__(self) -> str:
        return f"<tf.RaggedTensor {self.to_list()}>"

    __add__, __radd__ = _arithmetic("add")
    __sub__, __rsub__ = _arithmetic("subtract")
    __mul__, __rmul__ = _arithmetic("multiply")
    __truediv__, __rtruediv__ = _arithmetic("divide")
    __floordiv__, __rfloordiv__ = _arithmetic("floordiv")
    __mod__, __rmod__ = _arithmetic("floormod")
    __pow__, __rpow__ = _arithmetic("pow")

    def __neg__(self) -> Any:
        return math.negative(self)

    def __abs__(self) -> Any:
        return math.abs(self)

    def each(self, function: Callable[..., Any], values: Any) -> Any:
        """Apply an elementwise function to arguments of which some are ragged; a dense one has an element per row."""
        flat = []
        for value in values:
            if isinstance(value, RaggedTensor):
                if [s._value.tolist() for s in value.nested_row_splits] != [
                    s._value.tolist() for s in self.nested_row_splits
                ]:
                    raise InvalidArgumentError("ragged tensors whose rows have other lengths do not go together")
                flat.append(value.flat_values)
                continue
            near = tensor(operands(self.flat_values, value)[1])
            if near.ndim:
                if self.ragged_rank != 1 or near.shape[0] != len(self) or near.shape[1:2] not in {(), (1,)}:
                    raise InvalidArgumentError(
                        f"a dense tensor of shape {tuple(near.shape)} beside {len(self)} ragged rows has an element "
                        f"per row: shape ({len(self)}, 1)"
                    )
                near = row("reshape")(near, shape=(len(self), *near.shape[2:]))[self._ids()]
            flat.append(near)
        return self.with_flat_values(function(*flat))

    def reduced(self, operation: str, axis: Any, keepdims: bool) -> Any:
        """Reduce the rows (axis 1), the columns (axis 0), axes inside of them, or everything."""
        where = static(axis)
        if where is None:
            return row(operation)(self.flat_values)
        if operation not in REDUCTIONS or not isinstance(where, int) or keepdims:
            raise NotImplementedError(
                f"reduce_{operation} of a ragged tensor goes over one axis, without `keepdims`, in this version; the "
                "rows of `to_tensor()` are dense"
            )
        where %= len(self.shape)
        if where > 1:
            inner = self.values
            made = (
                inner.reduced(operation, where - 1, keepdims)
                if isinstance(inner, RaggedTensor)
                else row(operation)(inner, axis=where - 1)
            )
            return self.with_values(made)
        ids = self._ids()
        if where == 0:
            ids = np.arange(len(ids)) - self.row_splits._value[ids]
        count = len(self) if where else int(np.diff(self.row_splits._value).max(initial=0))
        if isinstance(self.values, RaggedTensor):
            raise NotImplementedError("reductions of ragged rows of ragged rows are not in this version")
        return REDUCTIONS[operation](self.values, ids, count)


_tensor = tensor  # `tensor` is an argument's name in TensorFlow
HOLDERS.add(RaggedTensor)


def _count(values: Any) -> int:
    return len(values) if isinstance(values, RaggedTensor) else int(values.shape[0])


def constant(
    pylist: Any, dtype: Any = None, ragged_rank: int | None = None, inner_shape: Any = None, name: str | None = None
) -> Any:
    """Make a ragged tensor of nested lists, whose innermost ones are rows."""
    depth, level = 0, pylist
    while any(isinstance(item, list | tuple) for item in level):
        level = [inner for item in level for inner in item]
        depth += 1
    if not depth:
        return tensor(pylist, dtype)
    made: Any = tensor(list(level) if level else np.zeros(0, dtype or np.float32), dtype)
    for step in range(depth, 0, -1):
        made = RaggedTensor.from_row_lengths(made, [len(item) for item in _level(pylist, step)])
    return made


def _level(items: Any, depth: int) -> Any:
    for _ in range(depth - 1):
        items = [inner for item in items for inner in item]
    return items


def map_flat_values(op: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Apply a function to the elements of ragged tensors, and put the results into the same rows."""
    first = next((a for a in (*args, *kwargs.values()) if isinstance(a, RaggedTensor)), None)
    if first is None:
        return op(*args, **kwargs)

    def flat(value: Any) -> Any:
        return value.flat_values if isinstance(value, RaggedTensor) else value

    return first.with_flat_values(op(*map(flat, args), **{k: flat(v) for k, v in kwargs.items()}))


def boolean_mask(data: Any, mask: Any, name: str | None = None) -> RaggedTensor:
    """Keep the elements of each row for which a truth value is given."""
    chosen = mask if isinstance(mask, RaggedTensor) else RaggedTensor.from_tensor(mask)
    rows = data if isinstance(data, RaggedTensor) else RaggedTensor.from_tensor(data)
    kept = positions_of(chosen.values).astype(bool)
    return RaggedTensor.from_value_rowids(mask_rows(rows.values, kept), rows._ids()[kept], len(rows))


def row_splits_to_segment_ids(splits: Any, name: str | None = None, out_type: Any = None) -> Any:
    """Return the number of the row of each value."""
    ends = positions_of(splits)
    return of_dtype(tensor(np.repeat(np.arange(len(ends) - 1), np.diff(ends))), out_type or ends.dtype)


def segment_ids_to_row_splits(
    segment_ids: Any, num_segments: Any = None, out_type: Any = None, name: str | None = None
) -> Any:
    """Return where the rows of numbered values begin and end."""
    ids = positions_of(segment_ids)
    sizes = np.bincount(ids, minlength=0 if num_segments is None else int(static(num_segments)))
    return of_dtype(tensor(np.concatenate([[0], np.cumsum(sizes)])), out_type or ids.dtype)


def __getattr__(name: str) -> Any:
    raise refuse("tf.ragged", name)
