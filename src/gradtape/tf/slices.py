"""`IndexedSlices`: the gradient of what was only picked from, as the picked slices and where they were picked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import gradtape as gt
from gradtape.arrays import dispatch
from gradtape.arrays.dispatch import Node
from gradtape.arrays.doors import SPACE
from gradtape.arrays.tensor import wrap
from gradtape.spaces.numpy_space import xp as numpy_xp
from gradtape.tape.asked import Leaf
from gradtape.tape.query import in_the_form_of
from gradtape.tf.tensors import Tensor, tf_tensor

if TYPE_CHECKING:
    from types import FrameType


class IndexedSlices(Tensor):
    """Slices of a tensor that is zero elsewhere; slices at one position add up.

    It behaves as the full tensor in every operation, for NumPy, and as the target of a gradient; `values`, `indices`
    and `dense_shape` say what it is made of.

    Parameters
    ----------
    values : Tensor
        The slices, one after the other along the first axis.
    indices : Tensor
        Where along the first axis of the full tensor each of them belongs.
    dense_shape : Tensor, optional
        The shape of the full tensor; as long as the largest position needs unless given.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> table = tf.Variable([1.0, 2.0, 3.0])
    >>> with tf.GradientTape() as tape:
    ...     y = tf.gather(table, [1, 1])
    >>> slices = tape.gradient(y, table)
    >>> slices.indices.numpy(), slices.numpy()
    (array([1, 1]), array([0., 2., 0.], dtype=float32))
    """

    __slots__ = ("_dense_shape", "indices", "values")

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        from gradtape.tf.calls import static, tensor

        self.values = tensor(values)
        self.indices = tensor(indices)
        positions = self.indices._value
        whole = static(dense_shape) if dense_shape is not None else None
        shape = whole or (int(positions.max(initial=-1)) + 1, *self.values.shape[1:])
        self._dense_shape = tuple(shape)
        # recorded, so that whoever differentiates the full tensor again finds its way to the slices
        full = SPACE.untake(dispatch.usual(self.values), positions, shape=self._dense_shape, axis=0)
        super().__init__(full._value, full._id)

    @property
    def dense_shape(self) -> Any:
        """The shape of the full tensor, as a tensor."""
        return tf_tensor(wrap(np.array(self._dense_shape, np.int32)))

    def __repr__(self) -> str:
        return f"IndexedSlices(indices={self.indices!r}, values={self.values!r}, dense_shape={list(self._dense_shape)})"

    __str__ = __repr__


dispatch.RELATED[IndexedSlices] = Tensor


def slices_of(pieces: list[tuple[Any, Any]], source: Any, frame: FrameType) -> IndexedSlices:
    """Make the gradient of a source from the pieces that its picks gave, last one first."""
    shape = source._value.shape
    xp = SPACE if any(isinstance(g, Node) for g, _ in pieces) else numpy_xp
    rows = [xp.reshape(g, shape=(-1, *shape[1:])) for g, _ in reversed(pieces)]
    values = rows[0] if len(rows) == 1 else xp.concatenate(rows, axis=0)
    positions = np.concatenate([np.ravel(p) for _, p in reversed(pieces)])
    leaf = Leaf("", source)
    return IndexedSlices(in_the_form_of(leaf, values, frame), positions, shape)


def dense(value: Any) -> Any:
    """Return the full tensor of slices as one that is nothing else; any other value as it is."""
    return Tensor(value._value, value._id) if isinstance(value, IndexedSlices) else value


def with_values(slices: Any, function: Any) -> Any:
    """Apply a function to the slices alone, or to a whole tensor."""
    if not isinstance(slices, IndexedSlices):
        return function(slices)
    return IndexedSlices(function(slices.values), slices.indices, slices._dense_shape)


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor or a variable."""
    return isinstance(value, gt.Tensor)
