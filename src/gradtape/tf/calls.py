"""How a TensorFlow name becomes an operation: TensorFlow's names for its arguments, and dtypes for plain values."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

import gradtape as gt
from gradtape.arrays import doors
from gradtape.arrays.dispatch import NO_PARAMS, apply
from gradtape.arrays.failures import MatrixError, located
from gradtape.errors import DTypeError, PositionError, ShapeError
from gradtape.ops import COMPOSITES, OPS, NotYet, load_families
from gradtape.tape.structure import HOLDERS
from gradtape.tf.errors import InvalidDTypeError, translated
from gradtape.tf.tensors import tf_tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

DOORS: dict[str, Callable[..., Any]] = {}
"""The doors that were asked for so far, by row."""


def row(name: str) -> Callable[..., Any]:
    """Return the door of a row of the table.

    Raises
    ------
    AttributeError
        If this version has no such row.
    """
    found = DOORS.get(name)
    if found is None:
        if name not in OPS and name not in COMPOSITES:
            load_families()
        try:
            found = DOORS[name] = doors.door(name)
        except KeyError:
            raise AttributeError(f"this version of gradtape has no operation `{name}`") from None
    return found


def run_row(name: str, *args: Any, **params: Any) -> Any:
    """Run a row on values, as TensorFlow would: the results are its tensors, and so are the errors.

    Raises
    ------
    InvalidArgumentError
        If shapes or positions do not fit, or a matrix is singular.
    """
    try:
        return tf_tensor(row(name)(*args, **params))
    except (ShapeError, PositionError, MatrixError) as error:
        raise translated(error) from error


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


def tensor(value: Any, dtype: Any = None) -> Any:
    """Turn anything into a tensor; tensors stay as they are, on their tape."""
    if dtype is None and isinstance(value, gt.Tensor):
        return value
    return tf_tensor(gt.constant(plain_value(value, dtype), dtype))


def of_dtype(x: Any, dtype: Any) -> Any:
    """Cast where the dtype is another: a cast of whole numbers would end the path that has ended already once more."""
    return x if x.dtype == np.dtype(dtype) else x.astype(dtype)


def static(value: Any) -> Any:
    """Take a shape, an axis or a size out of a tensor, an array or nested lists of them: plain Python ints."""
    if isinstance(value, list | tuple):
        return tuple(static(v) for v in value)
    if isinstance(value, gt.Tensor):
        value = value.numpy()
    if isinstance(value, np.ndarray):
        value = value.tolist()
        return tuple(value) if isinstance(value, list) else value
    return value.item() if isinstance(value, np.generic) else value


def elementwise(operation: str, *names: str) -> Callable[..., Any]:
    """Make TensorFlow's function for a row of one or two arrays; `names` are its arguments there."""

    def function(*args: Any, name: str | None = None, **kwargs: Any) -> Any:
        given = arguments(operation, names, args, kwargs)
        for value in given:
            if type(value) in HOLDERS:
                return value.each(function, given)
        return run_row(operation, *operands(*given))

    function.__name__ = function.__qualname__ = operation
    function.__doc__ = f"Record `{operation}` of {', '.join(f'`{n}`' for n in names)}."
    return function


def reduction(operation: str) -> Callable[..., Any]:
    """Make TensorFlow's function for a row that reduces over axes."""

    def function(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
        if type(input_tensor) in HOLDERS:
            return input_tensor.reduced(operation, axis, keepdims)
        return run_row(operation, tensor(input_tensor), axis=static(axis), keepdims=bool(keepdims))

    function.__name__ = function.__qualname__ = f"reduce_{operation}"
    function.__doc__ = f"Record `{operation}` over `axis`, or over everything."
    return function


def extreme(operation: str, of_nothing: float) -> Callable[..., Any]:
    """Make TensorFlow's function for the largest or smallest element, which an empty axis has, too."""
    reduce = reduction(operation)

    def function(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
        if type(input_tensor) in HOLDERS:
            return reduce(input_tensor, axis, keepdims)
        x = tensor(input_tensor)
        if x._value.size or x.dtype.kind != "f":
            return reduce(x, axis, keepdims)
        nothing = run_row("sum", x, axis=static(axis), keepdims=bool(keepdims))
        return run_row("add", nothing, np.asarray(of_nothing, x.dtype)[()])

    function.__name__, function.__doc__ = reduce.__name__, reduce.__doc__
    return function


def refused(name: str, operation: str, *names: str, use: str) -> Callable[..., Any]:
    """Make TensorFlow's function for a row that has a derivative, where TensorFlow's own operation has none."""
    from gradtape.arrays.external import dynamic_row

    status = NotYet(f"has no gradient in TensorFlow, and here it has none under that name: {use}")
    refusing = dynamic_row(name, ", ".join(names), dict.fromkeys(names, status))

    def function(*args: Any, **kwargs: Any) -> Any:
        kwargs.pop("name", None)
        refusing.kernel = OPS[operation].kernel
        given = operands(*arguments(name, names, args, kwargs))
        return tf_tensor(apply(refusing, tuple(given), NO_PARAMS, _getframe(1)))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Compute `{operation}`; a gradient that would have to pass is a `NoGradientError`: {use}."
    return function


def arguments(what: str, names: Sequence[str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """Line up a call's positional and keyword arguments with their names."""
    given = dict(zip(names, args, strict=False)) | kwargs
    if len(args) > len(names) or set(given) != set(names) or len(given) < len(args) + len(kwargs):
        raise TypeError(
            f"{what} takes {', '.join(names)}; got {len(args)} by position and {', '.join(kwargs) or 'none'} by name"
        )
    return [given[n] for n in names]


def refuse(module: str, name: str) -> AttributeError:
    """Say that a name of TensorFlow's is not here."""
    return AttributeError(
        f"`{module}.{name}` is not in this version's stand-in for TensorFlow; "
        "write it with the operations that are, or wrap a NumPy function with `gradtape.external`"
    )
