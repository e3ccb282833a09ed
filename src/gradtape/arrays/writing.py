"""Writing into a tensor: what looks like a write makes a new value, recorded, and the tensor stands for that value.

`t[i] = v`, `out=t`, `np.add.at(t, ...)`, `t.sort()` and their like leave what was recorded before as it was, and no
other tensor changes: a view that was taken earlier keeps its values. The old array is overwritten only where nobody
else holds it, which cannot be seen from outside and spares a copy for each write.
"""

from __future__ import annotations

from sys import getrefcount
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays import dispatch
from gradtape.arrays.dispatch import NO_PARAMS, Node, apply
from gradtape.arrays.failures import describe, located
from gradtape.arrays.leaving import leaving_frame, plain_index
from gradtape.arrays.record import EventKind, note_event
from gradtape.errors import OperandError, ShapeError
from gradtape.ops import OPS, Index
from gradtape.spaces.kernels.indexing import REUSED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_SETITEM = OPS["setitem"]


def refuse_variable(target: Node, how: str, frame: FrameType) -> None:
    """Raise if the target is a variable, whose value changes by `assign` alone.

    Raises
    ------
    OperandError
        With the advice to assign.
    """
    if dispatch.is_variable(target):
        raise located(
            OperandError,
            f"a variable cannot be overwritten {how}",
            frame,
            "use `variable.assign(...)`, or write into a tensor of its own: `t = variable.read_value()`",
        )


def set_item(target: Node, index: Any, value: Any, frame: FrameType) -> None:
    """Do `target[index] = value`."""
    refuse_variable(target, "in place", frame)
    write_at(target, Index(plain_index(index, frame)), value, frame)


def write_at(target: Node, place: Index, value: Any, frame: FrameType) -> None:
    """Replace the elements at a place, recorded; the target stands for the result."""
    value = of_dtype(value, target._value.dtype, frame)
    alone = held_once(target)
    REUSED.array = target._value if alone else None
    try:
        result = apply(_SETITEM, (target, value, place), NO_PARAMS, frame)
    finally:
        REUSED.array = None
    become(target, result, frame)


def become(target: Node, result: Node, frame: FrameType) -> None:
    """Let a tensor stand for another one's value, and note under which id it was known before."""
    before = target._id
    target._value, target._id = result._value, result._id
    note_event(EventKind.WRITE, target._id, frame, before)


def of_dtype(value: Any, dtype: Any, frame: FrameType) -> Any:
    """Cast a tensor, or a list with tensors, to a dtype; NumPy casts anything else as it writes it."""
    if isinstance(value, list | tuple) and dispatch.holds_tensor(value):
        value = dispatch.stack_nested(value, frame)
    if isinstance(value, Node) and value._value.dtype != dtype:
        return dispatch.cast(value, dtype, frame)
    return value


def holders(node: Node) -> int:
    """Count the references to a tensor's array, this function's own included."""
    return getrefcount(node._value)


_ALONE = holders(Node(np.empty(1), 0))
"""What `holders` says of an array that nothing but its tensor holds."""


def held_once(node: Node) -> bool:
    """Whether nobody but this tensor has its array: no tape, no view, no other tensor. When in doubt, somebody has."""
    return (
        holders(node) == _ALONE
        and type(node._value) is np.ndarray
        and node._value.base is None
        and node._value.flags.writeable
    )


def stand_for(target: Node, result: Any, frame: FrameType, name: str) -> Node:
    """Let a tensor stand for another one's value, in its own shape and dtype.

    Raises
    ------
    ShapeError
        If the value does not broadcast to the target's shape.
    OperandError
        If the target is a variable, or the value's dtype does not fit into the target's as NumPy sees it.
    """
    refuse_variable(target, "through `out=`", frame)
    mine, theirs = target._value, result._value
    if theirs.dtype != mine.dtype:
        if not np.can_cast(theirs.dtype, mine.dtype, "same_kind"):
            raise located(
                OperandError,
                f"{name}: the result is {describe(theirs)}, which does not fit into the {describe(mine)} that it is "
                "written to",
                frame,
                "cast the result, or give `out=` a tensor of its dtype",
            )
        result = dispatch.cast(result, mine.dtype, frame)
    if theirs.shape != mine.shape:
        try:
            result = apply(OPS["broadcast_to"], (result,), {"shape": mine.shape}, frame)
        except ShapeError:
            raise located(
                ShapeError, f"{name}: the result is {describe(theirs)}, `out` has shape {mine.shape}", frame
            ) from None
    become(target, result, frame)
    return target


def deliver(result: Any, out: Any, frame: FrameType, name: str) -> Any:
    """Put the result of a call where its `out=` says, and return what goes on.

    A tensor stands for the result; a plain array is written too, and the result goes on as a tensor, so that the
    gradient survives `a += t`.
    """
    if isinstance(out, tuple):
        if not isinstance(result, tuple):
            (out,) = out
        else:
            return tuple(deliver(r, o, frame, name) for r, o in zip(result, out, strict=True))
    if out is None:
        return result
    if isinstance(out, Node):
        return stand_for(out, result, frame, name)
    np.copyto(out, result._value, casting="same_kind")
    # the tensor goes on, so this is no leak; but whoever reads the plain array reads a constant
    note_event(EventKind.LEFT_AS_ARRAY, result._id, leaving_frame(frame))
    return result


def ufunc_at(name: str, compute: Callable[..., Any], target: Node, index: Any, values: Any, frame: FrameType) -> None:
    """Do `ufunc.at(target, index, values)`: an element that is named several times is changed as often.

    `compute` is the ufunc on tensors; `values` is left out, as Ellipsis, if it takes one argument.
    """
    refuse_variable(target, "in place", frame)
    index = plain_index(index, frame)
    shape = target._value.shape
    positions = np.arange(target._value.size).reshape(shape)[index]
    if values is not ...:
        values = apply(OPS["broadcast_to"], (values,), {"shape": np.shape(positions)}, frame)
    if name in {"add", "subtract"}:
        moved = apply(OPS["scatter_add"], (values, Index(index)), {"shape": shape}, frame)
        stand_for(target, apply(OPS[name], (target, moved), NO_PARAMS, frame), frame, name)
        return
    flat = np.ravel(positions)
    for chosen in turns(flat):
        place = Index(np.unravel_index(flat[chosen], shape))
        operands = [apply(OPS["getitem"], (target, place), NO_PARAMS, frame)]
        if values is not ...:
            row = apply(OPS["reshape"], (values,), {"shape": -1}, frame)
            operands.append(apply(OPS["getitem"], (row, Index(chosen)), NO_PARAMS, frame))
        write_at(target, place, compute(*operands), frame)


def turns(positions: Any) -> Iterator[Any]:
    """Split positions into groups in which none comes twice: all first times, all second times, and so on."""
    order = np.argsort(positions, kind="stable")
    new = np.append(True, np.diff(positions[order]) != 0)[: positions.size]
    first = np.maximum.accumulate(np.where(new, np.arange(positions.size), 0))
    turn = np.empty(positions.size, int)
    turn[order] = np.arange(positions.size) - first
    for k in range(turn.max(initial=-1) + 1):
        yield np.flatnonzero(turn == k)


def copyto(frame: FrameType, dst: Node, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    """Do `np.copyto` into a tensor."""
    refuse_variable(dst, "by `copyto`", frame)
    if isinstance(src, Node) and not np.can_cast(src._value.dtype, dst._value.dtype, casting):
        raise located(OperandError, f"copyto: {describe(src._value)} is not cast to {dst._value.dtype}", frame)
    value = of_dtype(src, dst._value.dtype, frame)
    if where is True:
        write_at(dst, Index(...), value, frame)
    else:
        stand_for(dst, apply(OPS["where"], (where, value, dst), NO_PARAMS, frame), frame, "copyto")


def put(frame: FrameType, a: Node, ind: Any, v: Any, mode: Any = "raise") -> None:
    """Do `np.put` into a tensor: the values repeat themselves until all positions have one."""
    flat = np.ravel(plain_index(ind, frame))
    write_flat(a, np.take(np.arange(a._value.size), flat, mode=mode), v, frame)


def write_flat(target: Node, places: Any, values: Any, frame: FrameType) -> None:
    """Write values, repeated as needed, at positions of the flattened target."""
    refuse_variable(target, "in place", frame)
    index = Index(np.unravel_index(places, target._value.shape))
    write_at(target, index, _repeated(values, np.arange(np.size(places)), frame), frame)


def place(frame: FrameType, arr: Node, mask: Any, vals: Any) -> None:
    """Do `np.place` into a tensor: the values in order, repeated, where the mask holds."""
    refuse_variable(arr, "by `place`", frame)
    chosen = np.nonzero(np.reshape(np.asarray(plain_index(mask, frame), bool), arr._value.shape))
    write_at(arr, Index(chosen), _repeated(vals, np.arange(chosen[0].size), frame), frame)


def putmask(frame: FrameType, a: Node, mask: Any, values: Any) -> None:
    """Do `np.putmask` into a tensor: each element has the value at its own place, repeated, where the mask holds."""
    refuse_variable(a, "by `putmask`", frame)
    flat = np.flatnonzero(np.asarray(plain_index(mask, frame), bool))
    write_at(a, Index(np.unravel_index(flat, a._value.shape)), _repeated(values, flat, frame), frame)


def fill_diagonal(frame: FrameType, a: Node, val: Any, wrap: bool = False) -> None:
    """Do `np.fill_diagonal` into a tensor."""
    refuse_variable(a, "by `fill_diagonal`", frame)
    marks = np.zeros(a._value.shape, bool)
    np.fill_diagonal(marks, val=True, wrap=wrap)
    chosen = np.nonzero(marks)
    write_at(a, Index(chosen), _repeated(val, np.arange(chosen[0].size), frame), frame)


def put_along_axis(frame: FrameType, arr: Node, indices: Any, values: Any, axis: int | None = -1) -> None:
    """Do `np.put_along_axis` into a tensor."""
    refuse_variable(arr, "by `put_along_axis`", frame)
    places = np.asarray(plain_index(indices, frame))
    if axis is None:
        write_at(arr, Index(np.unravel_index(places, arr._value.shape)), values, frame)
        return
    grid: list[Any] = list(np.ogrid[tuple(slice(n) for n in places.shape)])
    grid[axis] = places
    write_at(arr, Index(tuple(grid)), values, frame)


def _repeated(values: Any, places: Any, frame: FrameType) -> Any:
    """Take the values, repeated without end, at these places."""
    if not isinstance(values, Node | np.ndarray | list | tuple):
        return values
    size = values._value.size if isinstance(values, Node) else np.size(values)
    return apply(OPS["take"], (values, places % max(size, 1)), {"axis": None, "mode": "raise"}, frame)


WRITERS: dict[Any, Callable[..., None]] = {
    np.copyto: copyto,
    np.put: put,
    np.place: place,
    np.putmask: putmask,
    np.fill_diagonal: fill_diagonal,
    np.put_along_axis: put_along_axis,
}
"""NumPy's functions that write into their first argument."""
