"""Sparse tensors, lists of positions and values: `tf.sparse`. The values are on the tape, the positions are plain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import gradtape as gt
from gradtape.tf import math
from gradtape.tf.arrays import positions_of, scatter_nd
from gradtape.tf.calls import operands, refuse, row, static, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.segments import unsorted_segment_max

if TYPE_CHECKING:
    from collections.abc import Callable


class SparseTensor:
    """A tensor of zeros but for listed elements.

    Parameters
    ----------
    indices : array_like of int
        The positions, of shape (count, axes).
    values : array_like
        What stands there, of shape (count,).
    dense_shape : sequence of int
        The shape of the whole.

    Raises
    ------
    InvalidArgumentError
        If the shapes do not fit together.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> tf.sparse.to_dense(tf.SparseTensor([[0], [2]], [1.0, 2.0], [3]))
    <tf.Tensor: shape=(3,), dtype=float32, numpy=array([1., 0., 2.], dtype=float32)>
    """

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        places, whole = positions_of(indices).astype(np.int64), static(dense_shape)
        whole = tuple(int(n) for n in ((whole,) if isinstance(whole, int) else whole))
        places = places.reshape(-1, len(whole)) if not places.size else places
        self.values = tensor(values)
        if places.ndim != 2 or places.shape[1] != len(whole) or self.values.shape != places.shape[:1]:
            raise InvalidArgumentError(
                f"SparseTensor: indices of shape {places.shape} and values of shape {tuple(self.values.shape)} for a "
                f"tensor of {len(whole)} axes"
            )
        self.indices, self.dense_shape = gt.constant(places), gt.constant(np.array(whole, np.int64))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the whole."""
        return tuple(self.dense_shape._value.tolist())

    @property
    def dtype(self) -> Any:
        """The dtype of the values."""
        return self.values.dtype

    def with_values(self, new_values: Any) -> SparseTensor:
        """Return other values at the same positions."""
        return SparseTensor(self.indices, new_values, self.dense_shape)

    def __mul__(self, other: Any) -> SparseTensor:
        return self.with_values(math.multiply(self.values, _at(self, other)))

    def __truediv__(self, other: Any) -> SparseTensor:
        return self.with_values(math.divide(self.values, _at(self, other)))

    def __repr__(self) -> str:
        return f"SparseTensor(indices={self.indices!r}, values={self.values!r}, dense_shape={self.shape})"


def _at(sp: SparseTensor, dense: Any) -> Any:
    """Read a dense tensor at the positions of a sparse one, after broadcasting."""
    near = tensor(operands(sp.values, dense)[1])
    if not near.ndim:
        return near
    whole = row("broadcast_to")(near, shape=sp.shape)
    return whole[tuple(_places(sp).T)]


def _places(sp: SparseTensor) -> Any:
    if not isinstance(sp, SparseTensor):
        raise InvalidArgumentError(
            f"expected a SparseTensor, got {type(sp).__name__}; make one with `tf.sparse.from_dense`"
        )
    return positions_of(sp.indices)


def from_dense(tensor: Any, name: str | None = None) -> SparseTensor:
    """List the elements that are not 0."""
    whole = _tensor(tensor)
    places = np.argwhere(positions_of(whole))
    return SparseTensor(places, whole[tuple(places.T)], whole.shape)


_tensor = tensor  # `tensor` is an argument's name in TensorFlow


def to_dense(
    sp_input: SparseTensor, default_value: Any = None, validate_indices: bool = True, name: str | None = None
) -> Any:
    """Write all elements out; those that are not listed are 0, or `default_value`."""
    places, shape = _places(sp_input), sp_input.shape
    _check_repeats("to_dense", places)
    dense = scatter_nd(places, sp_input.values, shape)
    if default_value is None:
        return dense
    there = np.zeros(shape, bool)
    there[tuple(places.T)] = True
    return row("where")(there, *operands(dense, default_value))


def _check_repeats(what: str, places: Any) -> None:
    if len(np.unique(places, axis=0)) < len(places):
        raise InvalidArgumentError(f"{what}: a position is listed twice; add the values up with `tf.scatter_nd`")


def sparse_dense_matmul(
    sp_a: SparseTensor, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Any:
    """Multiply a sparse matrix and a dense one; the gradient reaches the values and the dense matrix.

    Only the listed elements are touched. If the second matrix is the sparse one, so is the product done the other way.
    """
    if not isinstance(sp_a, SparseTensor):
        turned = sparse_dense_matmul(b, _adjoint(tensor(sp_a), not adjoint_a), not adjoint_b)
        return row("transpose")(turned)
    places = _places(sp_a)
    values, dense = map(tensor, operands(sp_a.values, b))
    dense = _adjoint(dense, adjoint_b)
    out, along = (places[:, 1], places[:, 0]) if adjoint_a else (places[:, 0], places[:, 1])
    rows, columns = sp_a.shape[::-1] if adjoint_a else sp_a.shape
    if dense.ndim != 2 or dense.shape[0] != columns:
        raise InvalidArgumentError(f"sparse_dense_matmul: {(rows, columns)} times {tuple(dense.shape)}")
    weights = row("conjugate")(values) if adjoint_a else values
    pieces = row("reshape")(weights, shape=(-1, 1)) * dense[along]
    return scatter_nd(out[:, None], pieces, (rows, dense.shape[1]))


def _adjoint(x: Any, wanted: bool) -> Any:
    return row("transpose")(row("conjugate")(x)) if wanted else x


def reduce_sum(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: bool = False,
    output_is_sparse: bool = False,
    name: str | None = None,
) -> Any:
    """Add up over axes, or everything; the result is dense unless `output_is_sparse`."""
    groups, shape, narrow = _grouped(sp_input, axis)
    total = scatter_nd(groups[:, None], sp_input.values, (int(np.prod(narrow)),))
    return _reduced(total, groups, shape if keepdims else narrow, output_is_sparse)


def reduce_max(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: bool = False,
    output_is_sparse: bool = False,
    name: str | None = None,
) -> Any:
    """Return the largest listed elements over axes; 0 where none is listed. Equal ones share the gradient."""
    groups, shape, narrow = _grouped(sp_input, axis)
    count = int(np.prod(narrow))
    best = unsorted_segment_max(sp_input.values, groups, count)
    best = row("where")(np.isin(np.arange(count), groups), best, 0.0)
    return _reduced(best, groups, shape if keepdims else narrow, output_is_sparse)


def _grouped(sp: SparseTensor, axis: Any) -> tuple[Any, tuple[int, ...], tuple[int, ...]]:
    """Return the place of each listed element in the flat result, and the result's shape with and without its axes."""
    places, shape = _places(sp), sp.shape
    given = static(axis)
    axes = range(len(shape)) if given is None else (given,) if isinstance(given, int) else given
    gone = {k % len(shape) for k in axes}
    kept = [k for k in range(len(shape)) if k not in gone]
    narrow = tuple(shape[k] for k in kept)
    groups = np.ravel_multi_index(tuple(places[:, kept].T), narrow) if kept else np.zeros(len(places), np.int64)
    return groups, tuple(1 if k in gone else n for k, n in enumerate(shape)), narrow


def _reduced(flat: Any, groups: Any, shape: tuple[int, ...], sparse: bool) -> Any:
    if not sparse:
        return row("reshape")(flat, shape=shape)
    there = np.unique(groups)
    return SparseTensor(np.stack(np.unravel_index(there, shape), 1), flat[there], shape)


def reorder(sp_input: SparseTensor, name: str | None = None) -> SparseTensor:
    """Put the elements in the order of their positions."""
    places = _places(sp_input)
    order = np.lexsort(tuple(places.T[::-1]))
    return SparseTensor(places[order], sp_input.values[order], sp_input.shape)


def transpose(sp_input: SparseTensor, perm: Any = None, name: str | None = None) -> SparseTensor:
    """Permute the axes."""
    order = list(reversed(range(len(sp_input.shape)))) if perm is None else list(static(perm))
    moved = SparseTensor(_places(sp_input)[:, order], sp_input.values, [sp_input.shape[k] for k in order])
    return reorder(moved)


def reshape(sp_input: SparseTensor, shape: Any, name: str | None = None) -> SparseTensor:
    """Give the whole another shape; one length may be -1."""
    places, old = _places(sp_input), sp_input.shape
    size = int(np.prod(old))
    wanted = [int(n) for n in static(shape)]
    if -1 in wanted:
        wanted[wanted.index(-1)] = size // max(-int(np.prod(wanted)), 1)
    if int(np.prod(wanted)) != size:
        raise InvalidArgumentError(f"reshape: {old} has {size} elements, {tuple(wanted)} has others")
    new = np.stack(np.unravel_index(np.ravel_multi_index(tuple(places.T), old), wanted), 1)
    return SparseTensor(new, sp_input.values, wanted)


def add(a: Any, b: Any, threshold: Any = 0) -> Any:
    """Add two tensors, one of them or both sparse; two sparse ones give a sparse one."""
    if not isinstance(a, SparseTensor):
        a, b = b, a
    if not isinstance(b, SparseTensor):
        dense = tensor(operands(a.values, b)[1])
        return dense + scatter_nd(_places(a), a.values, a.shape)
    if a.shape != b.shape:
        raise InvalidArgumentError(f"add: a sparse tensor of shape {a.shape} and one of shape {b.shape}")
    places = np.concatenate([_places(a), _places(b)])
    taken, groups = np.unique(places, axis=0, return_inverse=True)
    values = row("concatenate")(tuple(operands(a.values, b.values)), axis=0)
    return SparseTensor(taken, scatter_nd(groups.reshape(-1, 1), values, (len(taken),)), a.shape)


def concat(axis: int, sp_inputs: Any, expand_nonconcat_dims: bool = False, name: str | None = None) -> SparseTensor:
    """Join along an axis."""
    place = axis % len(sp_inputs[0].shape)
    offsets = np.cumsum([0, *(sp.shape[place] for sp in sp_inputs)])
    parts = []
    for sp, offset in zip(sp_inputs, offsets, strict=False):
        moved = _places(sp).copy()
        moved[:, place] += offset
        parts.append(moved)
    shape = np.max([sp.shape for sp in sp_inputs], axis=0)
    shape[place] = offsets[-1]
    values = row("concatenate")(tuple(operands(*[sp.values for sp in sp_inputs])), axis=0)
    return reorder(SparseTensor(np.concatenate(parts), values, shape.tolist()))


def retain(sp_input: SparseTensor, to_retain: Any) -> SparseTensor:
    """Keep the listed elements for which a truth value is given."""
    kept = np.flatnonzero(positions_of(to_retain))
    return SparseTensor(_places(sp_input)[kept], sp_input.values[kept], sp_input.shape)


def expand_dims(sp_input: SparseTensor, axis: int | None = None, name: str | None = None) -> SparseTensor:
    """Add an axis of length 1, the last one unless given."""
    shape = list(sp_input.shape)
    place = len(shape) if axis is None else axis % (len(shape) + 1)
    shape.insert(place, 1)
    return SparseTensor(np.insert(_places(sp_input), place, 0, axis=1), sp_input.values, shape)


def map_values(op: Callable[..., Any], *args: Any, **kwargs: Any) -> SparseTensor:
    """Apply a function to the values of sparse tensors that list the same positions."""
    found = [a for a in (*args, *kwargs.values()) if isinstance(a, SparseTensor)]
    if not found or any(not np.array_equal(_places(found[0]), _places(sp)) for sp in found):
        raise InvalidArgumentError("map_values: needs sparse tensors, all with the same positions")
    values = [a.values if isinstance(a, SparseTensor) else a for a in args]
    named = {k: a.values if isinstance(a, SparseTensor) else a for k, a in kwargs.items()}
    return found[0].with_values(op(*values, **named))


def softmax(sp_input: SparseTensor, name: str | None = None) -> SparseTensor:
    """Turn the listed scores of each line of the last axis into weights that add up to 1."""
    groups, _, narrow = _grouped(sp_input, -1)
    count = int(np.prod(narrow))
    top = np.full(count, -np.inf, sp_input.dtype)
    np.maximum.at(top, groups, positions_of(sp_input.values))
    parts = math.exp(sp_input.values - top[groups])
    return sp_input.with_values(parts / scatter_nd(groups[:, None], parts, (count,))[groups])


def eye(
    num_rows: int, num_columns: int | None = None, dtype: Any = np.float32, name: str | None = None
) -> SparseTensor:
    """Make a sparse identity matrix."""
    columns = num_rows if num_columns is None else num_columns
    places = np.arange(min(num_rows, columns))
    return SparseTensor(np.stack([places, places], 1), np.ones(len(places), dtype), [num_rows, columns])


def __getattr__(name: str) -> Any:
    raise refuse("tf.sparse", name)
