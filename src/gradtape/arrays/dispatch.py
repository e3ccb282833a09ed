"""The one place where an operation runs and is offered to the open tapes.

Every door (an operator, a NumPy protocol, a function of `gradtape.numpy`) ends in `apply`. It is the hot path: what is
not needed to run the operation and to write its record is done later, by whoever asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.failures import operand_error, operation_error
from gradtape.arrays.record import (
    STATE,
    USER_FILES,
    is_user_file,
    next_id,
    open_recordings,
    user_callers,
    user_frame,
)
from gradtape.ops import OPS, Index
from gradtape.ops.model import RealShape, is_floating

if TYPE_CHECKING:
    from types import CodeType, FrameType

    from gradtape.arrays.record import Recording, Written
    from gradtape.diagnostics import Site
    from gradtape.ops import Op

NO_PARAMS: dict[str, Any] = {}
_PART = OPS["part"]


class Node:
    """What tensors and variables share: a value, and the id under which records speak of it."""

    __slots__ = ("__weakref__", "_id", "_value")

    _value: Any
    _id: int

    def __init__(self, value: Any, id: int) -> None:
        self._value = value
        self._id = id


_Tensor: type[Node] = Node
_Variable: type[Any] = Node

PLAIN = {float, int, bool, complex, np.ndarray, Index} | set(np.sctypeDict.values())
"""Types of operands that NumPy takes as they are; any other is looked at once more by `plain_operand`."""


RELATED: dict[type[Any], type[Node]] = {}
"""Classes derived from the two, and for each the class of tensors that its operations give."""


def bind(tensor: type[Node], variable: type[Node]) -> None:
    """Say what `apply` wraps its results in; called once, by the module that defines the two classes."""
    global _Tensor, _Variable
    _Tensor, _Variable = tensor, variable


def apply(op: Op, args: tuple[Any, ...], params: dict[str, Any], frame: FrameType) -> Any:
    """Run an operation on values, and write its record.

    Parameters
    ----------
    op : Op
        The row of the table.
    args : tuple
        The array arguments in the order of the row: tensors, variables, arrays or numbers.
    params : dict
        The parameters by name.
    frame : FrameType
        The frame that called the door; if it is not the user's, the nearest one outwards that is.

    Returns
    -------
    Tensor
    """
    recordings = open_recordings()
    inputs = []
    values = []
    mask = 0
    bit = 1
    arrays = 0
    plain = 0
    made = _Tensor
    for arg in args:
        kind = type(arg)
        if kind is _Tensor or kind is _Variable:
            inputs.append(arg._id)
            values.append(arg._value)
            mask |= bit
            arrays += 1
            if kind is _Variable and recordings and arg.trainable:
                for recording in recordings:
                    if recording.auto_watch:
                        watch_variable(recording, arg)
        elif kind is float or kind is int:
            inputs.append(0)
            values.append(arg)
        elif kind in PLAIN:
            inputs.append(0)
            values.append(arg)
            arrays += 1
            if kind is np.ndarray:
                plain |= bit
        elif kind in RELATED:
            made = RELATED[kind]
            inputs.append(arg._id)
            values.append(arg._value)
            mask |= bit
            arrays += 1
            if recordings and isinstance(arg, _Variable):
                watch_read(arg)
        else:
            position = len(inputs)
            known = plain_operand(op, arg, position, frame)
            return apply(op, (*args[:position], known, *args[position + 1 :]), params, frame)
        bit += bit
    try:
        y = op.kernel(*values, **params) if params else op.kernel(*values)
    except (TypeError, ValueError, IndexError, ArithmeticError) as error:
        raise operation_error(op, args, values, frame, error) from error
    output = next_id()
    ids = tuple(inputs)
    code = frame.f_code
    lasti = frame.f_lasti
    if not USER_FILES.get(code.co_filename):
        code, lasti = find_site(frame)
    shapes = saved = None
    if mask and op.connects:
        if arrays > 1 and op.elementwise:
            shapes = broadcast_shapes(values, y[0] if op.parts else y)
        if op.parts or y.dtype.kind == "c":
            shapes = mark_real(shapes, values, y)
        saver = op.savers.get(mask) or op.make_saver(mask)
        saved = saver(y, values)
    if plain:
        for k, value in enumerate(values):
            if plain >> k & 1:
                if y is value or (type(y) is np.ndarray and y.base is not None and np.may_share_memory(y, value)):
                    y = np.array(y)
                if saved is not None:
                    saved = keep_apart(saved, value)
    record = (op, ids, output, params, shapes, code, lasti)
    followed = False
    for recording in recordings:
        recording.written.append(record)
        if saved is None or recording.known.isdisjoint(ids):
            recording.saved.append(None)
        else:
            followed = True
            recording.known.add(output)
            recording.saved.append(saved)
    if saved is not None and not followed:
        STATE.ambient.save(output, saved)
    if not recordings:
        remember_outside(record, frame)
    return made(y, output) if not op.parts else unpack(y, output, frame, made)


def keep_apart(saved: tuple[Any, ...], plain: Any) -> tuple[Any, ...]:
    """Let residuals hold a copy of a plain array, which the user may overwrite before the derivative is asked for."""
    for k, part in enumerate(saved):
        if part is plain:
            return (*saved[:k], plain.copy(), *saved[k + 1 :])
        if type(part) is list:  # the arguments of a variadic operation
            return (*saved[:k], [v.copy() if v is plain else v for v in part], *saved[k + 1 :])
    return saved


def unpack(y: tuple[Any, ...], output: int, frame: FrameType, made: type[Node] | None = None) -> tuple[Any, ...]:
    """Make a tensor of each result of a row with several; the results are a named tuple where NumPy's are."""
    whole = (made or _Tensor)(y, output)
    parts = [apply(_PART, (whole,), {"place": k}, frame) for k in range(len(y))]
    return tuple(parts) if type(y) is tuple else type(y)(*parts)


def remember_outside(record: Written, frame: FrameType) -> None:
    """Keep an operation that ran outside any tape, and the calls around it: a message may ask to move one of them."""
    ambient = STATE.ambient
    ambient.written.append(record)
    if frame.f_back is not None:
        ambient.callers.append((record[2], user_callers(user_frame(frame))))


def broadcast_shapes(values: list[Any], y: Any) -> tuple[tuple[int, ...], ...] | None:
    """Return the inputs' shapes if any differs from the output's, so that the sweep knows what to sum back."""
    shape = y.shape
    shapes = tuple([getattr(v, "shape", ()) for v in values])
    return None if all(s == shape for s in shapes) else shapes


def mark_real(shapes: tuple[tuple[int, ...], ...] | None, values: list[Any], y: Any) -> Any:
    """Mark the shapes of real inputs where a result is complex, so that the sweep takes the real part."""
    if not any(part.dtype.kind == "c" for part in (y if isinstance(y, tuple) else (y,))):
        return shapes
    kinds = [
        getattr(getattr(v, "dtype", None), "kind", "c" if isinstance(v, complex | tuple) else "f") for v in values
    ]  # a tuple is the whole of several results, of which one is taken: its cotangents keep their own kinds
    if "c" in kinds and all(kind == "c" for kind in kinds):
        return shapes
    known = shapes or tuple(getattr(v, "shape", ()) for v in values)
    return tuple(s if kind == "c" else RealShape(s) for s, kind in zip(known, kinds, strict=True))


def watch_variable(recording: Recording, variable: Any) -> None:
    """Let a recording follow a variable from now on, if its dtype has derivatives."""
    if variable._id not in recording.variables:
        recording.variables[variable._id] = variable
        if is_differentiable(variable._value):
            recording.known.add(variable._id)
            recording.roots.add(variable._id)
            recording.since[variable._id] = next_id()


def watch_read(variable: Any) -> None:
    """Let every open tape that watches what is read follow a variable."""
    if variable.trainable:
        for recording in STATE.recordings:
            if recording.auto_watch:
                watch_variable(recording, variable)


def family_of(items: Any) -> type[Node] | None:
    """Return the class of tensors that operations on these arguments give, None if it is the usual one."""
    for item in items:
        if type(item) in RELATED:
            return RELATED[type(item)]
        if isinstance(item, list | tuple) and (found := family_of(item)) is not None:
            return found
    return None


def usual(structure: Any) -> Any:
    """Give tensors, also in lists, tuples and dicts, the class of those that come from no family."""
    return in_family(structure, _Tensor)


def in_family(structure: Any, family: type[Node]) -> Any:
    """Give tensors, also in lists, tuples and dicts, another class; what records know them by stays."""
    if isinstance(structure, _Variable):
        watch_read(structure)
    if isinstance(structure, Node):
        return structure if type(structure) is family else family(structure._value, structure._id)
    if isinstance(structure, dict):
        return {key: in_family(value, family) for key, value in structure.items()}
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*[in_family(value, family) for value in structure])
    if type(structure) in {list, tuple}:
        return type(structure)(in_family(value, family) for value in structure)
    return structure


def is_differentiable(value: Any) -> bool:
    """Whether values of this array's dtype can move a little: floating point, real or complex, of any width."""
    return is_floating(value.dtype)


def find_site(frame: FrameType) -> tuple[CodeType, int]:
    """Find where a record belongs when the door was not called by the user's own code."""
    backward_of: Site | None = STATE.backward_of
    if backward_of is not None:
        return backward_of
    if is_user_file(frame.f_code.co_filename):
        return frame.f_code, frame.f_lasti
    here = user_frame(frame)
    return here.f_code, here.f_lasti


def is_variable(node: Node) -> bool:
    """Whether a node is a variable, whose value changes by assignment alone."""
    return isinstance(node, _Variable)


def cast(value: Any, dtype: Any, frame: FrameType) -> Any:
    """Cast a tensor, a variable or an array: floating point stays on the tape, everything else leaves it."""
    wanted = np.dtype(dtype)
    row = OPS["cast"] if is_differentiable(np.empty(0, wanted)) else OPS["cast_to_integer"]
    return apply(row, (value,), {"dtype": wanted}, frame)


def plain_operand(op: Op, arg: Any, position: int, frame: FrameType) -> Any:
    """Turn an operand of a rarer type into one that `apply` knows: a subclass, a list of numbers or of tensors."""
    if isinstance(arg, _Variable):
        raise operand_error(op, arg, position, frame)
    if isinstance(arg, np.ndarray | np.generic):
        value = np.asarray(arg)[()]
        if isinstance(value, np.generic):
            PLAIN.add(type(value))  # a number of a dtype that another library adds: `bfloat16`
        return value
    if isinstance(arg, list | tuple):
        if holds_tensor(arg):
            return stack_nested(arg, frame)
        array = np.asarray(arg)
        if array.dtype != object:
            return array
    if hasattr(arg, "__array__") and not isinstance(arg, type):
        return np.asarray(arg)
    raise operand_error(op, arg, position, frame)


def stack_nested(items: Any, frame: FrameType) -> Any:
    """Stack a nested list of tensors and numbers into one tensor, recorded: what `np.array` does to plain ones."""
    parts = tuple(stack_nested(i, frame) if isinstance(i, list | tuple) else i for i in items)
    return apply(OPS["stack"], parts, {"axis": 0}, frame)


def holds_tensor(items: Any) -> bool:
    """Whether a nested list has a tensor somewhere."""
    return any(isinstance(i, _Tensor) or (isinstance(i, list | tuple) and holds_tensor(i)) for i in items)
