"""Every operation that runs: TensorFlow's own callback, and what its fast path reads without telling anybody."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from sys import _getframe
from threading import get_ident, local
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.recorders.summaries import summary
from gradtape.recorders.tensorflow import frames, private
from gradtape.recorders.tensorflow.memory import MOST_OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.explain.graph import Summary
    from gradtape.recorders.patches import Patches
    from gradtape.recorders.tensorflow.memory import Memory
    from gradtape.recorders.tensorflow.private import Names

READ = "ReadVariableOp"


def callback_for(memory: Memory, names: Names, thread: int) -> Callable[..., None]:
    """Make the function that TensorFlow calls after every operation in a thread, with parameters by its own names."""
    clock, operations = memory.clock, memory.operations
    raw, stack = memory.raw, frames.stack
    tensor_id, eager_dtype, graph_dtype = private.tensor_id, private.eager_dtype, private.graph_dtype
    eager_tensor = names.eager_tensor

    def on_operation(
        op_type: Any, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None
    ) -> None:
        del op_name
        if memory.hidden:
            if op_type == "AddN" and memory.sums is not None:
                memory.sums[outputs[0]._id] = list(map(tensor_id, inputs))
            return
        if type(op_type) is bytes:
            op_type = op_type.decode()
        places = stack(_getframe(1))
        ins = list(map(tensor_id, inputs))
        if graph is None:
            if raw and raw[-1][1] == op_type:
                _note_raw(memory, raw[-1], ins, places, eager_tensor, thread)
            dtypes = list(map(eager_dtype, outputs))
        else:
            dtypes = list(map(graph_dtype, outputs))
        outs = list(map(tensor_id, outputs))
        seq = clock()
        for _ in islice(outs, 1, None):
            clock()
        operations.append((seq, op_type, ins, outs, dtypes, attrs, places, graph is not None, memory.step, thread))
        if op_type == "AddN" and memory.sums is not None:
            memory.sums[outs[0]] = ins

    return on_operation


def callback_that_looks(memory: Memory, summaries: dict[int, Summary], eager_tensor: type[Any]) -> Callable[..., None]:
    """Make the function that counts what every result is like, for a run that is to be drawn."""

    def on_operation(
        op_type: Any, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None
    ) -> None:
        del op_type, inputs, attrs, op_name
        if memory.hidden or graph is not None:
            return
        for result in outputs:
            if type(result) is eager_tensor:
                with suppress(Exception):  # handles of variables and the like have no numbers
                    summaries[result._id] = summary(private.numbers_of(result))
        while len(summaries) > MOST_OPERATIONS:
            del summaries[next(iter(summaries))]

    return on_operation


def _note_raw(
    memory: Memory,
    raw: tuple[Any, ...],
    ins: list[int],
    places: tuple[frames.Place, ...],
    eager_tensor: type[Any],
    thread: int,
) -> None:
    """Note what the fast path took that was no tensor: a variable, which C++ reads unseen, or an array or number."""
    position, count = 0, len(ins)
    for argument in islice(raw, 3, None):
        if position >= count:
            return
        if type(argument) is eager_tensor:
            if argument._id != ins[position]:  # another thread's call
                return
            position += 1
            continue
        for part in argument if type(argument) in (list, tuple) else (argument,):
            if position >= count:
                return
            if type(part) is not eager_tensor:
                handle = private.handle_of(part)
                if handle is not None:
                    seq, read = memory.clock(), [ins[position]]
                    dtype = [part.dtype.as_datatype_enum]
                    ran = (seq, READ, [handle._id], read, dtype, (), places, False, memory.step, thread)
                    memory.operations.append(ran)
                elif memory.something_left and isinstance(part, np.ndarray | np.generic | float | int):
                    memory.happened("constant", ins[position], places, came_from(memory, part))
            position += 1


def came_from(memory: Memory, value: Any) -> Any:
    """Return where a plain value left TensorFlow, if it is the very array that did; else the number itself."""
    if isinstance(value, np.ndarray):
        here: Any = value
        while isinstance(here, np.ndarray):
            known = memory.arrays.get(id(here))
            if known is not None and known[0]() is here:
                return known[1]
            here = here.base
        return None
    return value if isinstance(value, float | int | np.generic) else None


class Operations:
    """Hears of every operation in this thread, and in every thread that calls `listen`."""

    def __init__(self, memory: Memory, names: Names) -> None:
        self.memory = memory
        self.names = names
        self._threads = local()

    def install(self, patches: Patches) -> None:
        """Start to listen in this thread, and see what the fast path and constants are given."""
        memory, names = self.memory, self.names
        self.listen_once()
        fast_path = getattr(names.pywrap, private.FAST_PATH)
        raw = memory.raw

        def fast_path_seen(*args: Any) -> Any:
            raw.append(args)
            try:
                return fast_path(*args)
            finally:
                raw.pop()

        patches.set(names.pywrap, private.FAST_PATH, fast_path_seen)
        convert = getattr(names.constant_op, private.CONVERT)

        def convert_seen(value: Any, ctx: Any, dtype: Any = None) -> Any:
            made = convert(value, ctx, dtype)
            if not memory.hidden and type(value) is not names.eager_tensor and type(value) is not str:
                detail = came_from(memory, value) if memory.something_left else None
                memory.happened("constant", made._id, frames.stack(_getframe(1)), detail)
            return made

        patches.set(names.constant_op, private.CONVERT, convert_seen)
        size = getattr(names.array_ops, private.SIZE)

        def size_seen(input: Any, *args: Any, **kwargs: Any) -> Any:
            made = size(input, *args, **kwargs)
            if not memory.hidden and type(input) is type(made) is names.eager_tensor:
                self._note_size(input._id, made, frames.stack(_getframe(1)))
            return made

        patches.set(names.array_ops, private.SIZE, size_seen)

    def _note_size(self, counted: int, made: Any, places: tuple[frames.Place, ...]) -> None:
        """Note how many elements a tensor has as what an operation gives: TensorFlow makes a constant of it."""
        memory = self.memory
        dtypes = [private.eager_dtype(made)]
        ran = (memory.clock(), "Size", [counted], [made._id], dtypes, (), places, False, memory.step, get_ident())
        memory.operations.append(ran)

    def listen_once(self, *, users: bool = True) -> None:
        """Listen in the current thread, if nobody does yet; TensorFlow's own are no threads of the `user`'s."""
        if self._listening():
            return
        memory = self.memory
        callbacks = [callback_for(memory, self.names, get_ident() if users else 0)]
        if memory.summaries is not None:
            callbacks.append(callback_that_looks(memory, memory.summaries, self.names.eager_tensor))
        self._threads.callbacks = callbacks
        for callback in callbacks:
            self.names.op_callbacks.add_op_callback(callback)

    def _listening(self) -> list[Callable[..., None]]:
        found: list[Callable[..., None]] = getattr(self._threads, "callbacks", [])
        return found

    def stop(self) -> None:
        """Listen no longer in the current thread; in others the callback has nothing more to do."""
        for callback in self._listening():
            with suppress(KeyError):
                self.names.op_callbacks.remove_op_callback(callback)
