"""`Variable`: a tensor whose value can be assigned, and that tapes watch by themselves."""

from __future__ import annotations

from functools import partial
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays import dispatch, doors
from gradtape.arrays.dispatch import NO_PARAMS, Node, apply
from gradtape.arrays.failures import describe, located
from gradtape.arrays.leaving import leave
from gradtape.arrays.record import EventKind, next_id, note_event, note_events
from gradtape.arrays.tensor import Tensor, _repr
from gradtape.errors import OperandError, RebindingError, ShapeError
from gradtape.ops import OPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import FrameType


class Variable(Tensor):
    """A tensor that keeps its identity while its value changes.

    A trainable variable is watched by every open tape that reads it. The gradient uses the values that were read;
    assignments are not operations, so nothing flows through them.

    Parameters
    ----------
    initial_value : array_like
        The first value; its shape and dtype stay.
    trainable : bool
        Whether tapes watch it by themselves.
    name : str, optional
        Shown in messages; the name in the program is found anyway.
    dtype : dtype, optional
        Cast the initial value to this.
    constraint : callable, optional
        What an optimizer applies to the value after each step.

    Examples
    --------
    >>> import gradtape as gt
    >>> w = gt.Variable([1.0, 2.0], name="w")
    >>> with gt.GradientTape() as tape:
    ...     loss = (w * w).sum()
    >>> tape.gradient(loss, w)
    Tensor([2., 4.])
    """

    __slots__ = ("constraint", "name", "trainable")

    def __init__(
        self,
        initial_value: Any,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
        constraint: Any = None,
    ) -> None:
        frame = _getframe(1)
        origin = initial_value._id if isinstance(initial_value, Node) else 0
        value = array_value(initial_value, dtype, frame)
        super().__init__(value, next_id())
        self.trainable = trainable
        self.name = name
        self.constraint = constraint
        note_event(EventKind.CREATE, self._id, frame, origin)

    def __repr__(self) -> str:
        return _repr("Variable" if self.name is None else f"Variable {self.name!r} ", self._value)

    def _set(self, value: Any, frame: FrameType, source: Any) -> Variable:
        """Replace the value; the old array stays as it is, because a tape may need it."""
        origin = source._id if isinstance(source, Node) else 0
        new = self._incoming(value, frame)
        if new.shape != self.shape:
            raise located(
                ShapeError,
                f"assign: the variable has shape {self.shape}, the value has shape {new.shape}",
                frame,
                "a variable keeps its shape; make a new one, or reshape the value",
            )
        self._value = new
        note_event(EventKind.ASSIGN, self._id, frame, origin)
        return self

    def _incoming(self, value: Any, frame: FrameType) -> Any:
        """Turn what is to be assigned into an array of the variable's dtype."""
        return array_value(value, self._value.dtype, frame)

    def assign(
        self,
        value: Any,
        use_locking: bool = False,  # noqa: ARG002
        name: str | None = None,  # noqa: ARG002
        read_value: bool = True,  # noqa: ARG002
    ) -> Variable:
        """Replace the value by another of the same shape; nothing flows through an assignment.

        Parameters
        ----------
        value : array_like
            Cast to the variable's dtype.
        use_locking, name, read_value : optional
            Accepted for TensorFlow's sake.

        Returns
        -------
        Variable
            The variable itself.

        Raises
        ------
        ShapeError
            If the shapes differ.
        """
        return self._set(value, _getframe(1), value)

    def assign_add(
        self,
        delta: Any,
        use_locking: bool = False,  # noqa: ARG002
        name: str | None = None,  # noqa: ARG002
        read_value: bool = True,  # noqa: ARG002
    ) -> Variable:
        """Add to the value; see `assign`."""
        frame = _getframe(1)
        return self._set(self._value + self._incoming(delta, frame), frame, delta)

    def assign_sub(
        self,
        delta: Any,
        use_locking: bool = False,  # noqa: ARG002
        name: str | None = None,  # noqa: ARG002
        read_value: bool = True,  # noqa: ARG002
    ) -> Variable:
        """Subtract from the value; see `assign`."""
        frame = _getframe(1)
        return self._set(self._value - self._incoming(delta, frame), frame, delta)

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Variable:  # noqa: ARG002
        """Replace the elements at rows of positions; see `assign`.

        Parameters
        ----------
        indices : array_like of int
            One row per element: its position along the first axes.
        updates : array_like
            The new elements.
        name : str, optional
            Accepted for TensorFlow's sake.
        """
        frame = _getframe(1)
        new = np.array(self._value)
        new[tuple(np.moveaxis(np.asarray(array_value(indices, None, frame)), -1, 0))] = array_value(
            updates, self.dtype, frame
        )
        return self._set(new, frame, updates)

    def read_value(self) -> Any:
        """Return the value as a tensor of its own, recorded."""
        return apply(OPS["identity"], (self,), NO_PARAMS, _getframe(1))

    value = read_value

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        made = type(self)(np.array(self._value), trainable=self.trainable, name=self.name, constraint=self.constraint)
        note_event(EventKind.COPY, made._id, _getframe(1), self._id)
        return made

    def __reduce__(self) -> Any:
        leave(self, EventKind.LEFT_AS_ARRAY, _getframe(1))
        options = {"trainable": self.trainable, "name": self.name, "constraint": self.constraint}
        return partial(type(self), **options), (np.array(self._value),)

    def _no_rebinding(self, other: Any) -> Any:  # noqa: ARG002
        raise located(
            RebindingError,
            "an augmented assignment would replace the variable by a tensor",
            _getframe(1),
            "use `variable.assign_add(...)` to change it, or give the new tensor a name of its own",
        )

    __iadd__ = __isub__ = __imul__ = __itruediv__ = __ipow__ = __imatmul__ = _no_rebinding


def take_over(variables: Sequence[Variable], values: Iterable[Any], frame: FrameType) -> None:
    """Give variables new values of their own shape and dtype: arrays that nobody else holds, as optimizers make them.

    Nothing is copied and nothing flows, as in a training update (decision 13); explanations know when it was. `values`
    may compute each value when its turn has come, so that an old array is free before the next new one is made.
    """
    for variable, value in zip(variables, values, strict=True):
        variable._value = value if value.ndim else value[()]
    note_events(EventKind.ASSIGN, [variable._id for variable in variables], frame)


def array_value(value: Any, dtype: Any, frame: FrameType) -> Any:
    """Turn what a user passes as a value into an array or NumPy scalar of our own."""
    if isinstance(value, Node):
        value = value._value
    elif isinstance(value, list | tuple) and dispatch.holds_tensor(value):
        value = dispatch.stack_nested(value, frame)._value
    try:
        array = np.array(value, dtype)
    except (TypeError, ValueError) as error:
        raise located(OperandError, f"{describe(value)} is no array: {error}", frame) from None
    if array.dtype == object:
        raise located(OperandError, f"{describe(value)} is no array of numbers", frame, "are its rows of equal length?")
    return array[()] if array.ndim == 0 else array


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:  # noqa: ARG001
    """Make a tensor from data; a tensor stays what it is, and stays on its tape.

    Parameters
    ----------
    value : array_like
        Numbers, nested lists, an ndarray; tensors inside lists are stacked, recorded.
    dtype : dtype, optional
        NumPy's choice unless given: Python floats become float64.
    shape : tuple of int, optional
        Reshape or, for a single number, fill.
    name : str, optional
        Accepted for TensorFlow's sake.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.constant([1.0, 2.0]) + 1
    Tensor([2., 3.])
    """
    return make_constant(value, dtype, shape, _getframe(1))


def make_constant(value: Any, dtype: Any, shape: Any, frame: FrameType) -> Any:
    """Do the work of `constant` for a door that knows its caller's frame."""
    if isinstance(value, list | tuple) and dispatch.holds_tensor(value):
        value = dispatch.stack_nested(value, frame)
    if isinstance(value, Node):
        result = value if dtype is None or value._value.dtype == dtype else doors.cast(value, dtype, frame)
        if shape is not None:
            result = apply(OPS["reshape"], (result,), {"shape": shape}, frame)
        return result if not isinstance(result, Variable) else result.read_value()
    array = array_value(value, dtype, frame)
    if shape is not None:
        array = np.full(shape, array) if array.size == 1 else np.reshape(array, shape)
    return apply(CONSTANT, (array,), NO_PARAMS, frame)


CONSTANT = OPS["constant"]

dispatch.bind(Tensor, Variable)
