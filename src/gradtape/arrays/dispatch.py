"""The one place where an operation runs and is offered to the open tapes.

Every door (an operator, a NumPy protocol, a function of `gradtape.numpy`) ends in `apply`. It is the hot path: what is
not needed to run the operation and to write its record is done later, by whoever asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from gradtape.arrays.core import CORE, LOOPS
from gradtape.arrays.failures import operand_error, operation_error
from gradtape.arrays.frames import is_user_file, user_callers, user_frame
from gradtape.arrays.record import STATE, Recording, next_id, open_recordings
from gradtape.ops import OPS, Index, Op
from gradtape.ops.model import RealShape, Spec, is_floating, spec
from gradtape.spaces.numpy_space import FASTER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType, FrameType

    from gradtape.arrays.record import Written
    from gradtape.diagnostics import Site

new = object.__new__
make = tuple.__new__
"""Makes a named tuple from a tuple, in a third of the time of its class."""

NO_PARAMS: dict[str, Any] = {}
FAILURES = (TypeError, ValueError, IndexError, ArithmeticError)
"""What a kernel raises where its arguments do not fit; it becomes an error at the user's line."""
_PART = OPS["part"]


class Node:
    """What tensors and variables share: a value, and the id under which records speak of it."""

    __slots__ = ("__weakref__", "_id", "_value")

    _value: Any
    _id: int

    def __init__(self, value: Any, id: int) -> None:
        self._value = value
        self._id = id


class Latest:
    """The user's code that called a door last: the next call is likely to come from there too."""

    __slots__ = ("code",)
    code: Any


LATEST = Latest()
LATEST.code = None

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
    if CORE is not None:
        FASTER.update(LOOPS)
        CORE.set_up(
            "apply",
            {
                "apply": in_python,
                "fail": fail,
                "find_site": find_site,
                "latest": LATEST,
                "loops": LOOPS,
                "mark_real": mark_real,
                "watch_read": watch_read,
                "save_outside": save_outside,
                "failures": FAILURES,
                "may_share_memory": np.may_share_memory,
                "no_params": NO_PARAMS,
                "plain": PLAIN,
                "spec": spec,
                "Node": Node,
                "Tensor": tensor,
                "Variable": variable,
                "Index": Index,
                "Latest": Latest,
                "Op": Op,
                "RealShape": RealShape,
                "Spec": Spec,
            },
        )


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
    except FAILURES as error:
        fail(op, args, values, frame, error)
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
                if shares_memory(y, value):
                    y = np.array(y)
                if saved is not None:
                    saved = keep_apart(saved, value)
    result = write(op, tuple(inputs), y, params, shapes, saved, frame, recordings, made)
    return result if not op.parts else unpack(y, result, frame)


def apply_to(op: Op, args: tuple[Any, ...], params: dict[str, Any], frame: FrameType) -> Any:
    """Do what `apply` does, by the shortest way for so many arguments."""
    count = len(args)
    if op.variadic:  # their savers keep a list
        return apply(op, args, params, frame)
    if count == 1:
        return apply_to_one(op, args[0], params, frame)
    return apply_to_two(op, args[0], args[1], params, frame) if count == 2 else apply(op, args, params, frame)


def fail(op: Op, args: Any, values: Any, frame: FrameType, error: Exception) -> NoReturn:
    """Raise the error that the user gets for one of a kernel."""
    raise operation_error(op, args, values, frame, error) from error


def apply_to_one(op: Op, x: Any, params: dict[str, Any], frame: FrameType) -> Any:
    """Do what `apply` does to one argument; the usual case, a tensor under a tape, in fewer steps."""
    recordings = open_recordings()
    kind = type(x)
    if not recordings or op.parts or not (kind is _Tensor or kind is _Variable):
        return apply(op, (x,), params, frame)
    if kind is _Variable:
        watch_read(x)
    value = x._value
    try:
        y = op.kernel(value, **params) if params else op.kernel(value)
    except FAILURES as error:
        fail(op, (x,), (value,), frame, error)
    shapes = saved = None
    if op.connects:
        if y.dtype.kind == "c":
            shapes = mark_real(None, (value,), y)
        saved = (op.savers.get(1) or op.make_saver(1))(y, (value,))
    return write(op, (x._id,), y, params, shapes, saved, frame, recordings, _Tensor)


def apply_to_two(op: Op, a: Any, b: Any, params: dict[str, Any], frame: FrameType) -> Any:
    """Do what `apply` does to two arguments; tensors, arrays and numbers under a tape, in fewer steps."""
    recordings = open_recordings()
    of_a, of_b = type(a), type(b)
    mask = 0
    plain = None
    if of_a is _Tensor or of_a is _Variable:
        mask, left, id_of_a = 1, a._value, a._id
    elif of_a is float or of_a is int:
        left, id_of_a = a, 0
    elif of_a is np.ndarray:
        left, id_of_a, plain = a, 0, a
    else:
        recordings = ()
    if of_b is _Tensor or of_b is _Variable:
        mask, right, id_of_b = mask | 2, b._value, b._id
    elif of_b is float or of_b is int or of_b is Index:
        right, id_of_b = b, 0
    elif of_b is np.ndarray:
        right, id_of_b, plain = b, 0, b
    else:
        recordings = ()
    if not recordings or not mask or op.parts:
        return apply(op, (a, b), params, frame)
    if of_a is _Variable:
        watch_read(a)
    if of_b is _Variable:
        watch_read(b)
    try:
        y = op.kernel(left, right, **params) if params else op.kernel(left, right)
    except FAILURES as error:
        fail(op, (a, b), (left, right), frame, error)
    shapes = saved = None
    if op.connects:
        if op.elementwise and (mask == 3 or plain is not None):
            shape, of_left, of_right = y.shape, left.shape, right.shape
            if of_left != shape or of_right != shape:
                shapes = (of_left, of_right)
        if y.dtype.kind == "c":
            shapes = mark_real(shapes, (left, right), y)
        saved = (op.savers.get(mask) or op.make_saver(mask))(y, (left, right))
    if plain is not None:
        if shares_memory(y, plain):
            y = np.array(y)
        if saved is not None:
            saved = keep_apart(saved, plain)
    return write(op, (id_of_a, id_of_b), y, params, shapes, saved, frame, recordings, _Tensor)


def write(
    op: Op,
    ids: tuple[int, ...],
    y: Any,
    params: dict[str, Any],
    shapes: Any,
    saved: tuple[Any, ...] | None,
    frame: FrameType,
    recordings: tuple[Recording, ...],
    made: type[Node],
) -> Any:
    """Write the record of an operation that ran, and return its result as a tensor."""
    output = next_id()
    code = frame.f_code
    lasti = frame.f_lasti
    if code is not LATEST.code:
        if is_user_file(code.co_filename):
            LATEST.code = code
        else:
            code, lasti = find_site(frame)
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
        save_outside(output, saved)
    if not recordings:
        remember_outside(record, frame)
    result = new(made)  # its __init__ would cost as much again as the two lines that it has
    result._value = y
    result._id = output
    return result


in_python = apply
"""`apply` as it is above, for what the core leaves to it."""

if CORE is not None:
    apply = apply_to = CORE.apply
    apply_to_one, apply_to_two = CORE.apply_to_one, CORE.apply_to_two


def save_outside(output: int, saved: tuple[Any, ...]) -> None:
    """Keep what the rules of an operation need that no tape follows."""
    STATE.ambient.save(output, saved)


def shares_memory(y: Any, plain: Any) -> bool:
    """Whether a result is a plain array that was given, or may be a view of it."""
    return y is plain or (type(y) is np.ndarray and y.base is not None and np.may_share_memory(y, plain))


def keep_apart(saved: tuple[Any, ...], plain: Any) -> tuple[Any, ...]:
    """Let residuals hold a copy of a plain array, which the user may overwrite before the derivative is asked for."""
    for k, part in enumerate(saved):
        if part is plain:
            return (*saved[:k], plain.copy(), *saved[k + 1 :])
        if type(part) is list:  # the arguments of a variadic operation
            return (*saved[:k], [v.copy() if v is plain else v for v in part], *saved[k + 1 :])
    return saved


def unpack(y: tuple[Any, ...], whole: Node, frame: FrameType) -> tuple[Any, ...]:
    """Make a tensor of each result of a row with several; the results are a named tuple where NumPy's are."""
    parts = [apply(_PART, (whole,), {"place": k}, frame) for k in range(len(y))]
    return tuple(parts) if type(y) is tuple else type(y)(*parts)


def remember_outside(record: Written, frame: FrameType) -> None:
    """Keep an operation that ran outside any tape, and the calls around it: a message may ask to move one of them."""
    STATE.ambient.remember(record, user_callers(frame if frame.f_code is LATEST.code else user_frame(frame)))


def broadcast_shapes(values: Sequence[Any], y: Any) -> tuple[tuple[int, ...], ...] | None:
    """Return the inputs' shapes if any differs from the output's, so that the sweep knows what to sum back."""
    shape = y.shape
    shapes = tuple([getattr(v, "shape", ()) for v in values])
    return None if all(s == shape for s in shapes) else shapes


def mark_real(shapes: tuple[tuple[int, ...], ...] | None, values: Sequence[Any], y: Any) -> Any:
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
        for recording in open_recordings():
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
