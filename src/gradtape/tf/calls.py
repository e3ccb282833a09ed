"""How a TensorFlow name becomes an operation: TensorFlow's names for its arguments, and dtypes for plain values."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

import gradtape as gt
from gradtape.arrays import doors
from gradtape.arrays.dispatch import NO_PARAMS, apply
from gradtape.arrays.failures import MatrixError
from gradtape.errors import PositionError, ShapeError
from gradtape.ops import OPS, NotYet
from gradtape.tape.structure import HOLDERS
from gradtape.tf.errors import translated
from gradtape.tf.promotion import operands, plain_value
from gradtape.tf.tensors import tf_tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "arguments",
    "elementwise",
    "extreme",
    "of_dtype",
    "operands",
    "plain_value",
    "reduction",
    "refuse",
    "refused",
    "row",
    "run_row",
    "static",
    "tensor",
]

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
