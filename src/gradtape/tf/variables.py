"""`Variable`: a tensor whose value can be assigned, whole, in slices, and at positions."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

import gradtape as gt
from gradtape.arrays import dispatch
from gradtape.arrays.dispatch import Node
from gradtape.arrays.failures import located
from gradtape.arrays.variable import array_value
from gradtape.errors import DTypeError
from gradtape.ops import Index
from gradtape.tf.calls import plain_value, static
from gradtape.tf.slices import IndexedSlices
from gradtape.tf.tensors import Law, Tensor, checked_index, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

__all__ = ["IndexedSlices", "Variable"]


class Variable(Law, gt.Variable):
    """A tensor whose value can be assigned: a `gradtape.Variable` under TensorFlow's law.

    Parameters
    ----------
    initial_value : array_like or callable
        Python floats become float32 and ints int32; NumPy's arrays keep their dtype.
    trainable : bool, optional
        Whether tapes watch it by themselves; they do unless it is False.
    name : str, optional
        Shown in messages.
    dtype : dtype, optional
        Cast the initial value to this.
    validate_shape, caching_device, variable_def, import_scope, constraint, synchronization, aggregation, shape
        Accepted for TensorFlow's sake.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> tf.Variable(3.0).dtype
    dtype('float32')
    """

    __slots__ = ()
    __hash__ = Law.__hash__  # type: ignore[assignment]

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        import_scope: Any = None,
        constraint: Any = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
    ) -> None:
        if initial_value is None:
            raise ValueError("tf.Variable needs an `initial_value`")
        value = initial_value() if callable(initial_value) else initial_value
        super().__init__(plain_value(value, dtype), trainable is not False, name, dtype, constraint)

    def __repr__(self) -> str:
        value = self._value
        numbers = repr(np.asarray(value)) if value.ndim else str(value)
        named = f"'{self.name or 'Variable'}:0'"
        return f"<tf.Variable {named} shape={tuple(value.shape)} dtype={value.dtype.name}, numpy={numbers}>"

    __str__ = __repr__

    def _incoming(self, value: Any, frame: FrameType) -> Any:
        """Insist on the variable's dtype where the value is a tensor."""
        dtype = self._value.dtype
        if isinstance(value, Node) and value._value.dtype != dtype:
            raise located(
                DTypeError,
                f"assign: the variable has dtype {dtype}, the tensor has dtype {value._value.dtype}",
                frame,
                "cast the tensor: `tf.cast(value, variable.dtype)`",
            )
        return array_value(plain_value(value, dtype), dtype, frame)

    def __getitem__(self, index: Any) -> Any:
        frame = _getframe(1)
        parts = checked_index(index, frame)
        picked = run("getitem", (self, Index(parts)), frame)
        return VariableSlice(picked, self, parts)

    def sparse_read(self, indices: Any, name: str | None = None) -> Any:
        """Pick slices along the first axis; the gradient is `IndexedSlices`."""
        from gradtape.tf.arrays import gather

        return gather(self, indices)

    def gather_nd(self, indices: Any, name: str | None = None) -> Any:
        """Pick elements or slices by rows of positions."""
        from gradtape.tf.arrays import gather_nd

        return gather_nd(self, indices)

    def is_initialized(self) -> bool:
        """Whether it has a value; it always has."""
        return True

    def _changed(self, change: Callable[..., None], places: Any, given: Any, frame: FrameType) -> Any:
        """Assign a copy that `change(copy, places, values)` worked on."""
        new = np.array(self._value)
        try:
            change(new, places, self._incoming(given, frame))
        except IndexError as error:
            from gradtape.tf.errors import InvalidPositionError

            raise located(InvalidPositionError, f"variable: {error}", frame) from None
        return self._set(new, frame, given)


class VariableSlice(Tensor):
    """What brackets pick from a variable: a tensor that can write to the place it was picked from."""

    __slots__ = ("_places", "_whole")

    def __init__(self, picked: Any, whole: Variable, places: Any) -> None:
        super().__init__(picked._value, picked._id)
        self._whole = whole
        self._places = places

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Replace this part of the variable, and return the variable; nothing flows through it."""
        return self._whole._changed(_replace, self._places, value, _getframe(1))

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Add to this part of the variable, and return the variable."""
        return self._whole._changed(_add, self._places, delta, _getframe(1))

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Subtract from this part of the variable, and return the variable."""
        return self._whole._changed(_subtract, self._places, delta, _getframe(1))


def _replace(new: Any, places: Any, values: Any) -> None:
    new[places] = values


_add, _subtract, _multiply, _divide = np.add.at, np.subtract.at, np.multiply.at, np.divide.at
_largest, _smallest = np.maximum.at, np.minimum.at


def _scatter(word: str, change: Callable[..., None]) -> Callable[..., Any]:
    def scatter(self: Variable, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        if not isinstance(sparse_delta, IndexedSlices):
            raise TypeError(f"sparse_delta is not IndexedSlices: {sparse_delta!r}")
        return self._changed(change, sparse_delta.indices._value, sparse_delta.values, _getframe(1))

    scatter.__doc__ = f"{word} the slices of `IndexedSlices` at their positions; nothing flows through it."
    return scatter


def _scatter_nd(word: str, change: Callable[..., None]) -> Callable[..., Any]:
    def scatter_nd(self: Variable, indices: Any, updates: Any, name: str | None = None) -> Any:
        places = np.asarray(static(indices))
        return self._changed(change, tuple(np.moveaxis(places, -1, 0)), updates, _getframe(1))

    scatter_nd.__doc__ = f"{word} elements or slices at rows of positions; nothing flows through it."
    return scatter_nd


for _name, _word, _change in (
    ("update", "Replace by", _replace),
    ("add", "Add", _add),
    ("sub", "Subtract", _subtract),
    ("mul", "Multiply by", _multiply),
    ("div", "Divide by", _divide),
    ("max", "Keep the larger of what is there and", _largest),
    ("min", "Keep the smaller of what is there and", _smallest),
):
    setattr(Variable, f"scatter_{_name}", _scatter(_word, _change))
    setattr(Variable, f"scatter_nd_{_name}", _scatter_nd(_word, _change))

dispatch.RELATED[Variable] = Tensor
dispatch.RELATED[VariableSlice] = Tensor
