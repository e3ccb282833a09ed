"""The hook that sees every call of PyTorch: a function mode, entered when recording starts.

This is the hot path. An ordinary operation costs a few microseconds: its row, the user's frames, the ids of its inputs
and outputs, one tuple. Whatever else is to be known is worked out when somebody asks.
"""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any, Protocol
from weakref import ref

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from gradtape.explain.graph import BreakKind
from gradtape.recorders.torch import private
from gradtape.recorders.torch.frames import Frames, is_direct, user_frames
from gradtape.recorders.torch.functions import Function, Role, describe
from gradtape.recorders.torch.hooks import Hook, code_of
from gradtape.recorders.torch.memory import WRITTEN, Entry, Happening, Memory, Number, Off

if TYPE_CHECKING:
    from types import FrameType

    from torch import Tensor

    from gradtape.recorders.torch.raised import Raised
    from gradtape.recorders.torch.taken import Taken

TENSOR, NUMBER, INTEGER, MANY, OTHER = range(5)
"""What a recorder sees in an argument."""

NO_SETTINGS: dict[str, Any] = {}

WRITTEN_THROUGH = Function(".data", "data", kind=BreakKind.STOP)
"""A tensor changed because its `.data`, or what `detach()` gave, was written to."""


class Desk(Protocol):
    """Who is told of what may be a question about a gradient."""

    taken: Taken
    raised: Raised

    def read_grad(self, func: Any, tensor: Tensor, frame: FrameType) -> Any:
        """`.grad` is read by the user's own code."""

    def backward(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], frames: Frames) -> Any:
        """`backward()` is called."""

    def grad(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], frames: Frames) -> Any:
        """`torch.autograd.grad` is called."""


def _sort(kind: type) -> int:
    if issubclass(kind, torch.Tensor):
        return TENSOR
    if issubclass(kind, bool | torch.Size):
        return OTHER
    if issubclass(kind, int | np.integer):
        return INTEGER
    if issubclass(kind, float | complex | np.ndarray | np.generic):
        return NUMBER
    return MANY if issubclass(kind, list | tuple) else OTHER


class Mode(TorchFunctionMode):
    """Records every call into a memory.

    Attributes
    ----------
    paused : int
        While above zero, operations are not recorded: inside an optimizer of PyTorch's, or a custom function.
    stopped : bool
        Whether recording has ended for good; questions are still heard.
    off : Off or None
        What turned gradients off the last time.
    """

    def __init__(self, memory: Memory, desk: Desk) -> None:
        super().__init__()
        self.memory = memory
        self.desk = desk
        self.rows: dict[Any, Function] = {}
        self.sorts: dict[type, int] = {torch.Tensor: TENSOR, torch.nn.Parameter: TENSOR}
        self.paused = 0
        self.stopped = False
        self.off: Off | None = None
        self.decorated: dict[Any, tuple[Any, int]] = {}

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        what = self.rows.get(func)
        if what is None:
            what = self.rows[func] = describe(func)
        role = what.role
        if role is Role.IGNORED or (role is Role.OPERATION and (self.paused or self.stopped)):
            return func(*args, **kwargs) if kwargs else func(*args)
        if role is not Role.OPERATION:
            return self._special(what, func, args, kwargs or {}, _getframe(1))
        frames = user_frames(_getframe(1))
        inputs, needs, places = self._inputs(what, args, kwargs)
        try:
            result = func(*args, **kwargs) if kwargs else func(*args)
        except Exception as error:
            self.desk.raised.by_operation(tuple(inputs), frames, error)
            raise
        self.record(what, args, kwargs, inputs, needs, places, result, frames)
        return result

    # -- an ordinary operation ------------------------------------------------------------------------------------

    def _inputs(
        self, what: Function, args: tuple[Any, ...], kwargs: dict[str, Any] | None
    ) -> tuple[list[int], int, list[tuple[int, int | str]]]:
        """Return the ids of the tensors among the arguments, which of them need gradients, where plain numbers are."""
        inputs: list[int] = []
        places: list[tuple[int, int | str]] = []
        needs = 0
        sorts, known = self.sorts, self.memory.known
        for place, value in enumerate(args):
            sort = sorts.get(type(value))
            if sort is None:
                sort = sorts[type(value)] = _sort(type(value))
            if sort == TENSOR:
                entry = known.get(id(value))
                if entry is None or entry.ref() is not value or entry.version != private.version_of(value):
                    entry = self.memory.meet(value)
                if value.requires_grad:
                    needs |= 1 << len(inputs)
                inputs.append(entry.id)
            elif sort == MANY:
                needs = self._inside(what, value, place, inputs, places, needs)
            elif what.numbers and sort != OTHER:
                places.append((len(inputs), place))
                inputs.append(0)
        if kwargs:
            for name, value in kwargs.items():
                if isinstance(value, torch.Tensor):
                    if name != "out":
                        needs |= int(value.requires_grad) << len(inputs)
                        inputs.append(self.memory.meet(value).id)
                elif isinstance(value, list | tuple) and not isinstance(value, torch.Size):
                    needs = self._inside(what, value, name, inputs, places, needs)
                elif what.numbers and isinstance(value, float | np.ndarray):
                    places.append((len(inputs), name))
                    inputs.append(0)
        return inputs, needs, places

    def _inside(
        self,
        what: Function,
        values: Any,
        place: int | str,
        inputs: list[int],
        places: list[tuple[int, int | str]],
        needs: int,
    ) -> int:
        """Look for tensors in a list; plain numbers in it count as one."""
        pending = [iter(values)]
        plain = False
        while pending:
            for value in pending[-1]:
                if isinstance(value, torch.Tensor):
                    needs |= int(value.requires_grad) << len(inputs)
                    inputs.append(self.memory.meet(value).id)
                elif isinstance(value, list | tuple):
                    pending.append(iter(value))
                    break
                elif not plain and isinstance(value, float | np.ndarray | np.generic):
                    plain = True
            else:
                pending.pop()
        if plain and what.numbers:
            places.append((len(inputs), place))
            inputs.append(0)
        return needs

    def record(
        self,
        what: Function,
        args: tuple[Any, ...],
        kwargs: dict[str, Any] | None,
        inputs: list[int],
        needs: int,
        places: list[tuple[int, int | str]],
        result: Any,
        frames: Frames,
        off: Off | None = None,
    ) -> None:
        """Write down a call that came back; `off` says what turned gradients off inside it."""
        memory = self.memory
        seq = next(memory.clock)
        if type(result) is torch.Tensor or isinstance(result, torch.Tensor):
            outputs = self._output(result, frames)
        elif result is None:
            written = args[0] if args else (kwargs or {}).get("tensor")
            outputs = self._output(written, frames) if isinstance(written, torch.Tensor) else ()
        elif what.parallel:
            self._record_each(what, inputs, needs, _flat(result), frames)
            return
        elif isinstance(result, list | tuple):
            outputs = tuple(out for one in _flat(result) for out in self._output(one, frames))
        else:
            return
        if not outputs:
            return
        if what.overwrites and inputs:
            inputs, needs = inputs[1:], needs >> 1
        arguments = None
        if places or what.settings:
            settings = _settings(what, args, kwargs) if what.settings else NO_SETTINGS
            same: tuple[tuple[int, int], ...] = ()
            if memory.arrays:
                same = memory.same_arrays(
                    (at, args[p] if isinstance(p, int) else (kwargs or {})[p]) for at, p in places
                )
            arguments = (len(args), tuple(places), settings, same)
        off = off or (None if torch.is_grad_enabled() else self.off)
        memory.records.append((seq, what, tuple(inputs), outputs, needs, frames, off, arguments))

    def _record_each(
        self, what: Function, inputs: list[int], needs: int, results: list[Tensor], frames: Frames
    ) -> None:
        """Write down a call whose results are each made from the argument at the same place alone."""
        off = None if torch.is_grad_enabled() else self.off
        for place, (source, result) in enumerate(zip(inputs, results, strict=False)):
            seq = next(self.memory.clock)
            outputs = self._output(result, frames)
            if outputs:
                self.memory.records.append((seq, what, (source,), outputs, needs >> place & 1, frames, off, None))

    def _output(self, result: Tensor, frames: Frames) -> tuple[tuple[int, bool, torch.dtype], ...]:
        """Give a result an id; empty where it is an argument, handed back as it came."""
        memory = self.memory
        entry = memory.known.get(id(result))
        if entry is not None and entry.ref() is result:
            if entry.version == private.version_of(result):
                return ()
            old = entry.id
            number = memory.renew(entry, result)
            memory.happened.append(Happening(number, "write", number, frames, old))
            self._spread(entry, result, frames)
        else:
            number = memory.name(result).id
        node = result.grad_fn
        if node is not None:
            tags = node.metadata
            tag = tags.get(private.KEY)
            if tag is None:
                tags[private.KEY] = {result.output_nr: number}
            else:
                tag[result.output_nr] = number
        memory.keep(number, result)
        return ((number, node is not None, result.dtype),)

    def _spread(self, entry: Entry, written: Tensor, frames: Frames) -> None:
        """Let what shares the memory of a tensor that was written to change with it."""
        memory = self.memory
        base = private.base_of(written)
        if base is not None:
            below = memory.meet(base) if memory.look(base) is None else memory.known[id(base)]
            old = below.id
            memory.renew(below, base)
            memory.happened.append(Happening(below.id, "write", below.id, frames, old))
            memory.write(
                below, base, WRITTEN, (old, entry.id), int(base.requires_grad) | int(written.requires_grad) << 1
            )
            if base.grad_fn is not None:
                base.grad_fn.metadata.setdefault(private.KEY, {})[base.output_nr] = below.id
            entry, written = below, base
        shared = entry.alias() if entry.alias is not None else None
        owner = memory.look(shared) if shared is not None else None
        if shared is not None and owner is not None:
            old = owner.id
            number = memory.renew(owner, shared)
            memory.happened.append(Happening(number, "write", number, frames, old))
            outputs = ((number, False, shared.dtype),)
            memory.records.append((number, WRITTEN_THROUGH, (entry.id,), outputs, 1, frames, None, None))

    # -- everything else ------------------------------------------------------------------------------------------

    def _special(
        self, what: Function, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType
    ) -> Any:
        role = what.role
        if role is Role.MODE:
            return self._switch(func, args, frame)
        if role is Role.READ_GRAD:
            return self.desk.read_grad(func, args[0], frame) if is_direct(frame) else func(*args)
        if role is Role.BACKWARD:
            return self.desk.backward(func, args, kwargs, user_frames(frame))
        if role is Role.GRAD:
            return self.desk.grad(func, args, kwargs, user_frames(frame))
        if self.paused or self.stopped:
            return func(*args, **kwargs)
        if role is Role.SET_GRAD:
            return self._set_grad(func, args, frame)
        frames = user_frames(frame)
        tensor = args[0] if args else kwargs.get("input")
        entry = self.memory.meet(tensor) if isinstance(tensor, torch.Tensor) else None
        before = entry.id if entry is not None else 0
        try:
            result = func(*args, **kwargs)
        except Exception as error:
            self.desk.raised.by_operation((before,), frames, error)
            raise
        if entry is not None:
            self._note(what, tensor, entry, before, args, result, frames, frame)
        return result

    def _set_grad(self, func: Any, args: tuple[Any, ...], frame: FrameType) -> Any:
        """`x.grad = None` and `del x.grad` throw a gradient away."""
        if args[-1] is None or len(args) == 1:
            with torch._C.DisableTorchFunction():
                self.desk.taken.cleared([args[0]], user_frames(frame))
        return func(*args)

    def _note(
        self,
        what: Function,
        tensor: Tensor,
        entry: Entry,
        before: int,
        args: tuple[Any, ...],
        result: Any,
        frames: Frames,
        frame: FrameType,
    ) -> None:
        role, memory = what.role, self.memory
        if role is Role.ALIAS or role is Role.FROM_NUMPY:
            if isinstance(result, torch.Tensor):
                self.record(what, args, None, [before], int(tensor.requires_grad), [], result, frames)
                made = memory.look(result)
                if made is not None and role is Role.ALIAS:
                    made.alias = ref(tensor)
        elif role is Role.SET_DATA:
            value = args[1]
            given = memory.meet(value).id
            number = memory.renew(entry, tensor)
            outputs = ((number, False, tensor.dtype),)
            memory.records.append((number, what, (given,), outputs, int(value.requires_grad), frames, None, None))
        elif role is Role.MARK:
            kind = "marked" if tensor.requires_grad else "unmarked"
            memory.happened.append(Happening(next(memory.clock), kind, entry.id, frames))
        elif role is Role.HOOK:
            value = entry.tensor_id if tensor.is_leaf else entry.id
            memory.hooks.append(Hook(value, frames, code_of(args[-1]), leaf=tensor.is_leaf))
        elif role is Role.BRANCH:
            if is_direct(frame):
                memory.happened.append(Happening(next(memory.clock), "branch", entry.id, frames))
        else:
            kind = "left as array" if role is Role.ARRAY else "left as number"
            seq = next(memory.clock)
            memory.happened.append(Happening(seq, kind, before, frames, what.name))
            if isinstance(result, float):
                memory.left(Number(before, result, frames))
            elif isinstance(result, np.ndarray):
                memory.arrays[id(result)] = (ref(result), seq)

    def _switch(self, func: Any, args: tuple[Any, ...], frame: FrameType) -> Any:
        """Remember where gradients are turned off, as the user wrote it."""
        if not args[0] and torch.is_grad_enabled() and frame.f_code.co_name != "__exit__":
            self.turned_off(frame)
        return func(*args)

    def turned_off(self, frame: FrameType | None) -> None:
        """Find who turned gradients off: a decorator of the user's, a library, or the line that runs."""
        frames = user_frames(frame)
        by = ""
        while frame is not None and not is_direct(frame):
            code = frame.f_code
            if code.co_name in private.DECORATED:
                place = self.decorated.get(frame.f_locals.get("func"))
                if place is not None:
                    frames = (place, *frames)
                    break
            elif "distributions" in code.co_filename:
                by = "distributions"
            elif code.co_filename.endswith("checkpoint.py"):
                by = "checkpoint"
            elif code.co_name in private.LOADING:
                by = "state"
            frame = frame.f_back
        self.off = Off(frames, by)


def _flat(values: Any) -> list[Tensor]:
    """Return the tensors in nested lists and tuples."""
    found: list[Any] = []
    pending = [values]
    while pending:
        for value in pending.pop():
            if isinstance(value, torch.Tensor):
                found.append(value)
            elif isinstance(value, list | tuple):
                pending.append(value)
    return found


def _settings(what: Function, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> dict[str, Any]:
    """Return the plain settings of a call by the names that causes know them by."""
    placed = zip(what.settings, args[1:], strict=False)
    named = {("axis" if name == "dim" else name): value for name, value in (kwargs or {}).items()}
    found = dict(placed) | {name: value for name, value in named.items() if name in what.settings}
    return {name: value for name, value in found.items() if not isinstance(value, torch.Tensor)}
