"""TensorFlow's `Tensor`: the engine's tensor under TensorFlow's law.

Operators do not promote dtypes, NumPy's functions take it off the tape, an index is what TensorFlow takes for one, and
errors are those of `tf.errors`.
"""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

import gradtape as gt
from gradtape.arrays import dispatch, doors, protocols
from gradtape.arrays.dispatch import NO_PARAMS, apply
from gradtape.arrays.failures import located
from gradtape.arrays.leaving import leave, plain_index
from gradtape.arrays.record import EventKind, next_id
from gradtape.errors import OperandError, PositionError, ShapeError
from gradtape.ops import OPS, Index, Op
from gradtape.tf.errors import InvalidShapeError, translated
from gradtape.tf.promotion import plain_value, same_dtype
from gradtape.tf.shapes import TensorShape

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


class Reference:
    """Stands for a tensor in sets and as a key of dicts; two of one tensor are equal."""

    __slots__ = ("_held",)

    def __init__(self, held: Any) -> None:
        self._held = held

    def deref(self) -> Any:
        """Return the tensor."""
        return self._held

    def __hash__(self) -> int:
        return hash(self._held._id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._held._id == other._held._id

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._held!r}>"


def run(name: str, args: tuple[Any, ...], frame: FrameType) -> Any:
    """Run a row of the table; what it refuses is refused with TensorFlow's error."""
    try:
        return apply(OPS[name], args, NO_PARAMS, frame)
    except (ShapeError, PositionError) as error:
        raise translated(error) from error


def _binary(name: str, least_ndim: int = 0) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    def operator(self: Any, other: Any) -> Any:
        frame = _getframe(1)
        other = neighbour(name, other, self, frame)
        if least_ndim:
            _insist_on_axes(name, (self, other), least_ndim, frame)
        return run(name, (self, other), frame)

    def reflected(self: Any, other: Any) -> Any:
        frame = _getframe(1)
        other = neighbour(name, other, self, frame)
        if least_ndim:
            _insist_on_axes(name, (other, self), least_ndim, frame)
        return run(name, (other, self), frame)

    return operator, reflected


def _insist_on_axes(name: str, values: Any, least: int, frame: FrameType) -> None:
    for value in values:
        shape = np.shape(getattr(value, "_value", value))  # a question about the shape lets no value leave the tape
        if len(shape) < least:
            raise located(
                InvalidShapeError,
                f"{name}: an operand of shape {shape} has fewer than {least} axes",
                frame,
                "for vectors use `tf.tensordot(a, b, 1)` or `tf.linalg.matvec(a, b)`",
            )


WEAK = {float: "fc", int: "fciu"}
"""Kinds of dtypes that a Python number takes on by itself, beside an array of that kind."""


def neighbour(name: str, other: Any, tensor: Any, frame: FrameType) -> Any:
    """Give a plain operand the dtype of the tensor beside it, and insist on it where the operand is a tensor, too."""
    dtype = tensor._value.dtype
    if isinstance(other, gt.Tensor):
        if other._value.dtype != dtype:
            same_dtype(name, (tensor, other), frame)
        return other
    # an exponent stays an array: its rule keeps a live path where a Python number's ends, and so does TensorFlow's
    if name != "power" and dtype.kind in WEAK.get(type(other), ""):
        return other
    return plain_value(other, like=dtype)


REFLECTED = {
    "add": "__radd__",
    "subtract": "__rsub__",
    "multiply": "__rmul__",
    "divide": "__rtruediv__",
    "floor_divide": "__rfloordiv__",
    "remainder": "__rmod__",
    "power": "__rpow__",
    "matmul": "__rmatmul__",
    "less": "__gt__",
    "less_equal": "__ge__",
    "greater": "__lt__",
    "greater_equal": "__le__",
    "equal": "__eq__",
    "not_equal": "__ne__",
}
"""What Python would have called of the tensor on the right, had NumPy's array on the left not been asked first."""


def array_ufunc(_self: Any, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
    """Receive a ufunc of NumPy's: as in TensorFlow it computes on plain arrays, and the tape cannot follow.

    An operator with NumPy's array on its left comes here, too, and is an operation on tensors. What has no derivative
    anyway is recorded, so that this is the reason that is told.
    """
    frame = _getframe(1)
    if method == "__call__" and len(args) == 2 and not kwargs and isinstance(args[0], np.ndarray | np.generic):
        reflected = REFLECTED.get(ufunc.__name__)
        if reflected is not None:
            return getattr(args[1], reflected)(args[0])
    row = protocols.row_of(ufunc)
    if method == "__call__" and isinstance(row, Op) and not row.connects:
        return protocols.array_ufunc(_self, ufunc, method, *args, **kwargs)
    return left(getattr(ufunc, method), args, kwargs, frame)


def array_function(_self: Any, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
    """Receive any other function of NumPy's; see `array_ufunc`."""
    row = protocols.row_of(function)
    if isinstance(row, Op) and not row.connects:
        return protocols.array_function(_self, function, types, args, kwargs)
    return left(function, args, kwargs, _getframe(1))


def left(function: Callable[..., Any], args: Any, kwargs: Any, frame: FrameType) -> Any:
    """Call a function with plain arrays in the place of tensors, and note that those left the tape."""
    for node in doors.nodes_in([args, kwargs]):
        leave(node, EventKind.LEFT_AS_ARRAY, frame)
    return function(*doors.plain_values(args), **doors.plain_values(kwargs))


class Law:
    """What tensors and variables share: operators, indices, identity, and the way they look."""

    __slots__ = ()
    _value: Any
    _id: int
    __array_ufunc__ = array_ufunc
    __array_function__ = array_function
    __add__, __radd__ = _binary("add")
    __sub__, __rsub__ = _binary("subtract")
    __mul__, __rmul__ = _binary("multiply")
    __truediv__, __rtruediv__ = _binary("divide")
    __floordiv__, __rfloordiv__ = _binary("floor_divide")
    __mod__, __rmod__ = _binary("remainder")
    __pow__, __rpow__ = _binary("power")
    __matmul__, __rmatmul__ = _binary("matmul", least_ndim=2)
    __and__, __rand__ = _binary("bitwise_and")
    __or__, __ror__ = _binary("bitwise_or")
    __xor__, __rxor__ = _binary("bitwise_xor")
    __lt__, _ = _binary("less")
    __le__, _ = _binary("less_equal")
    __gt__, _ = _binary("greater")
    __ge__, _ = _binary("greater_equal")

    def __eq__(self, other: object) -> Any:
        return other is not None and run("equal", (self, neighbour("equal", other, self, _getframe(1))), _getframe(1))

    def __ne__(self, other: object) -> Any:
        return other is None or run(
            "not_equal", (self, neighbour("not_equal", other, self, _getframe(1))), _getframe(1)
        )

    def __hash__(self) -> int:
        raise TypeError(f"{type(self).__name__} is unhashable. Instead, use tensor.ref() as the key.")

    def __getitem__(self, index: Any) -> Any:
        frame = _getframe(1)
        return run("getitem", (self, Index(checked_index(index, frame))), frame)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise located(
            OperandError,
            f"{type(self).__name__} object does not support item assignment",
            _getframe(1),
            "use `tf.tensor_scatter_nd_update(x, indices, updates)`, or `v[i].assign(value)` on a variable",
        )

    def __len__(self) -> int:
        if self._value.ndim == 0:
            raise TypeError("Scalar tensor has no `len()`")
        return len(self._value)

    @property
    def shape(self) -> TensorShape:
        """The lengths of the axes."""
        return TensorShape(self._value.shape)

    def get_shape(self) -> TensorShape:
        """Return the lengths of the axes."""
        return self.shape

    def ref(self) -> Reference:
        """Return what stands for this tensor in sets and dicts."""
        return Reference(self)

    def __repr__(self) -> str:
        value = self._value
        return f"<tf.Tensor: shape={tuple(value.shape)}, dtype={value.dtype.name}, numpy={_numbers(value)}>"

    def __str__(self) -> str:
        value = self._value
        return f"tf.Tensor({_text(value)}, shape={tuple(value.shape)}, dtype={value.dtype.name})"


def _text(value: Any) -> str:
    return str(value.item()) if value.ndim == 0 and value.dtype.kind in "iub" else str(np.asarray(value))


def _numbers(value: Any) -> str:
    if value.ndim == 0:
        return _text(value)
    return repr(np.asarray(value))


class Tensor(Law, gt.Tensor):
    """A value under TensorFlow's law: what `tf.constant` and every operation on such values give.

    Attributes
    ----------
    shape : TensorShape
    dtype : dtype

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> tf.constant([1.0, 2.0]) * 2
    <tf.Tensor: shape=(2,), dtype=float32, numpy=array([2., 4.], dtype=float32)>
    """

    __slots__ = ()
    __hash__ = Law.__hash__  # type: ignore[assignment]

    def __reduce__(self) -> Any:
        leave(self, EventKind.LEFT_AS_ARRAY, _getframe(1))
        return _rebuild, (np.array(self._value),)


def _rebuild(value: Any) -> Tensor:
    return Tensor(value[()] if value.ndim == 0 else value, next_id())


def checked_index(index: Any, frame: FrameType) -> Any:
    """Turn what stands in the brackets of `x[...]` into NumPy's form of it.

    A list is read as a tuple, as TensorFlow does; truth values select; other arrays of positions are more than
    TensorFlow takes.

    Raises
    ------
    OperandError
        If a part is no integer, slice, `...`, None or array of integers.
    """
    parts = index if isinstance(index, list | tuple) else (index,)
    for part in parts:
        dtype = getattr(part, "dtype", None)
        whole = isinstance(part, int | slice | np.integer) or part is None or part is Ellipsis
        if not (whole or (dtype is not None and dtype.kind in "iub")):
            raise OperandError(
                "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar tf.int32/tf.int64 "
                f"tensors are valid indices, got {part!r}"
            )
    plain = plain_index(tuple(parts), frame)
    return plain if isinstance(index, list | tuple) else plain[0]


dispatch.RELATED[Tensor] = Tensor


def tf_tensor(value: Any) -> Any:
    """Put tensors that stand under no law, also in lists and tuples, under TensorFlow's; variables stay variables."""
    return value if isinstance(value, gt.Variable) else dispatch.in_family(value, Tensor)
