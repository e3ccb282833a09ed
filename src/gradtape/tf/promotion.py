"""Which dtype a plain value gets, and which tensors go together: TensorFlow's rules, which are not NumPy's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import gradtape as gt
from gradtape.arrays.failures import located
from gradtape.errors import DTypeError
from gradtape.tf.errors import InvalidDTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType


def plain_value(value: Any, dtype: Any = None, like: Any = None) -> Any:
    """Turn a Python number or list into an array as TensorFlow would: float32, int32, or the dtype of its neighbour.

    NumPy's arrays and scalars keep their dtype, unless there is a neighbour.

    Parameters
    ----------
    value : array_like
        Tensors and values that are no numbers come back as they are.
    dtype : dtype, optional
        Decides alone where given.
    like : dtype, optional
        The dtype of the tensor that the value will meet.
    """
    if isinstance(value, gt.Tensor) or value is None:
        return value
    if isinstance(value, list | tuple) and _holds_tensor(value):
        return value
    array = np.asarray(value, dtype)
    if dtype is not None:
        if np.dtype(dtype).kind in "iu" and np.asarray(value).dtype.kind == "f":
            raise DTypeError(f"{value!r} is no integer, and dtype {np.dtype(dtype).name} was asked for")
        return array[()]
    if array.dtype.kind not in "fiubcV":
        return array[()]
    if like is not None:
        return fitted(value, array, like)
    if isinstance(value, np.ndarray | np.generic) or _numpy_inside(value):
        return array[()]
    if array.dtype == np.float64:
        return array.astype(np.float32)[()]
    if array.dtype == np.int64 and (array == array.astype(np.int32)).all():
        return array.astype(np.int32)[()]
    return array[()]


def fitted(value: Any, array: Any, like: Any) -> Any:
    """Cast a plain value to the dtype of its neighbour.

    Raises
    ------
    DTypeError
        If that would lose its kind: a fraction among integers, an imaginary part among real numbers.
    """
    order = "biufcV"
    here, there = (order.find(dtype.kind.replace("u", "i")) for dtype in (array.dtype, like))
    if here > there and array.dtype.kind != "V":
        raise DTypeError(
            f"Cannot convert {value!r} to a tensor of dtype {like.name}; cast the tensor beside it: `tf.cast(x, dtype)`"
        )
    return array.astype(like)[()]


def same_dtype(what: str, values: Any, frame: FrameType) -> None:
    """Insist that the tensors among an operation's arguments have one dtype.

    Raises
    ------
    InvalidDTypeError
    """
    dtypes = [value._value.dtype for value in values if isinstance(value, gt.Tensor)]
    if any(dtype != dtypes[0] for dtype in dtypes):
        raise located(
            InvalidDTypeError,
            f"cannot compute {what}: the tensors have dtypes {' and '.join(dtype.name for dtype in dtypes)}",
            frame,
            "cast one of them: `tf.cast(x, dtype)`; NumPy's arrays are float64 unless made otherwise",
        )


def _holds_tensor(items: Any) -> bool:
    return any(isinstance(i, gt.Tensor) or (isinstance(i, list | tuple) and _holds_tensor(i)) for i in items)


def _numpy_inside(value: Any) -> bool:
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, np.ndarray | np.generic)


def common_dtype(values: Sequence[Any]) -> Any:
    """Return the dtype of the first tensor among values, which plain neighbours adopt; None if there is none."""
    for value in values:
        if isinstance(value, gt.Tensor):
            return value.dtype
        if isinstance(value, list | tuple) and (inner := common_dtype(value)) is not None:
            return inner
    return None


def operands(*values: Any) -> list[Any]:
    """Give the plain values among an operation's arguments the dtypes that TensorFlow would give them.

    Tensors of several dtypes stay as they are, and promote: operators are stricter (`same_dtype`).
    """
    like = common_dtype(values)
    return [plain_value(value, like=like) for value in values]
