"""Functions that make tensors: from data, from shapes, from other tensors' shapes."""

from __future__ import annotations

from sys import _getframe
from typing import Any

import numpy as np

import gradtape as gt
from gradtape.arrays import doors
from gradtape.arrays.variable import make_constant
from gradtape.tf import dtypes
from gradtape.tf.calls import elementwise, operands, plain_value, row, static, tensor
from gradtape.tf.slices import dense
from gradtape.tf.tensors import tf_tensor


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """Make a tensor; Python floats become float32, ints int32, NumPy's arrays keep their dtype.

    Parameters
    ----------
    value : array_like
    dtype : dtype, optional
    shape : tuple of int, optional
        Reshape or, for a single number, fill.
    name : str, optional
        Ignored.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> tf.constant([1.0, 2.0])
    <tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>
    """
    made = make_constant(plain_value(value, dtype), dtype, None if shape is None else static(shape), _getframe(1))
    return tf_tensor(made)


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None) -> Any:
    """Make a tensor of anything that is one or holds numbers; see `constant`."""
    return tf_tensor(dense(make_constant(plain_value(value, dtype), dtype, None, _getframe(1))))


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor or a variable."""
    return isinstance(x, gt.Tensor)


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """Cast to a dtype; a cast to integers or booleans ends the path of the gradient."""
    return doors.cast(tensor(x), dtype, _getframe(1))


def bitcast(input: Any, type: Any, name: str | None = None) -> Any:
    """Read the bits of a tensor as another dtype."""
    return row("bitcast")(tensor(input), dtype=np.dtype(type))


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Any:
    """Cast to a dtype, after bounding the elements by the least and the largest number that it holds."""
    x, wanted = tensor(value), np.dtype(dtype)
    if wanted.kind in "iu":
        limits = np.iinfo(wanted)
        x = row("clip")(x, np.asarray(limits.min, x.dtype)[()], np.asarray(limits.max, x.dtype)[()])
    return doors.cast(x, wanted, _getframe(1))


def zeros(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Any:
    """Make a tensor of zeros."""
    return tensor(np.zeros(static(shape), dtype))


def ones(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Any:
    """Make a tensor of ones."""
    return tensor(np.ones(static(shape), dtype))


def fill(dims: Any, value: Any, name: str | None = None) -> Any:
    """Repeat one value, a number or a tensor, over a shape."""
    return row("broadcast_to")(tensor(value), shape=static(dims))


def zeros_like(input: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Make zeros in the shape of a tensor; nothing flows back to it."""
    made = row("zeros_like")(tensor(input))
    return made if dtype is None else doors.cast(made, dtype, _getframe(1))


def ones_like(input: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Make ones in the shape of a tensor; nothing flows back to it."""
    made = row("ones_like")(tensor(input))
    return made if dtype is None else doors.cast(made, dtype, _getframe(1))


def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Any:
    """Make an identity matrix, or one per entry of `batch_shape`."""
    matrix = np.eye(static(num_rows), None if num_columns is None else static(num_columns), dtype=dtype)
    return tensor(np.broadcast_to(matrix, (*(static(batch_shape) if batch_shape is not None else ()), *matrix.shape)))


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str | None = None) -> Any:
    """Count from `start` to below `limit` in steps of `delta`."""
    first, last = (0, start) if limit is None else (start, limit)
    return tensor(plain_value(np.arange(*[static(v) for v in (first, last, delta)]).tolist(), dtype), dtype)


def linspace(start: Any, stop: Any, num: Any, name: str | None = None, axis: int = 0) -> Any:
    """Make `num` evenly spaced values from `start` to `stop`, recorded for both."""
    first, last = operands(tensor(start), stop)
    steps = np.linspace(0.0, 1.0, static(num), dtype=getattr(first, "dtype", np.float32))
    low, high = (row("expand_dims")(v, axis=axis) if np.ndim(v) else v for v in (first, last))
    shape = [1] * max(np.ndim(low), 1)
    shape[axis] = -1
    return low + (high - low) * steps.reshape(shape)


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = 1.0,
    off_value: Any = 0.0,
    axis: int = -1,
    dtype: Any = None,
    name: str | None = None,
) -> Any:
    """Mark positions: `on_value` where the new axis counts to the index, `off_value` elsewhere; nothing flows back."""
    positions = tensor(indices)
    place = axis if axis >= 0 else axis + positions.ndim + 1
    shape = [1] * (positions.ndim + 1)
    shape[place] = static(depth)
    chosen = row("equal")(
        row("reshape")(positions, shape=(*positions.shape[:place], 1, *positions.shape[place:])),
        np.arange(static(depth)).reshape(shape),
    )
    values = (plain_value(v, dtype) for v in (on_value, off_value))
    return row("where")(chosen, *[row("stop_gradient")(v) if isinstance(v, gt.Tensor) else v for v in values])


def shape(input: Any, out_type: Any = dtypes.int32, name: str | None = None) -> Any:
    """Return the shape as an integer tensor; nothing flows back."""
    return doors.cast(row("shape_of")(tensor(input)), out_type, _getframe(1))


def size(input: Any, out_type: Any = dtypes.int32, name: str | None = None) -> Any:
    """Return the number of elements as an integer tensor; nothing flows back."""
    return doors.cast(row("size_of")(tensor(input)), out_type, _getframe(1))


def rank(input: Any, name: str | None = None) -> Any:
    """Return the number of axes as an integer tensor; nothing flows back."""
    return doors.cast(row("rank_of")(tensor(input)), dtypes.int32, _getframe(1))


identity = elementwise("identity", "input")
stop_gradient = elementwise("stop_gradient", "input")
