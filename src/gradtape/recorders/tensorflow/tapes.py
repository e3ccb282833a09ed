"""The lives of gradient tapes: when each one records, what it is told to watch, and what is asked of it."""

from __future__ import annotations

from functools import wraps
from sys import _getframe
from typing import TYPE_CHECKING, Any

from gradtape.recorders.tensorflow import frames, private
from gradtape.recorders.tensorflow.memory import Life

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.recorders.patches import Patches
    from gradtape.recorders.tensorflow.asking import Asking
    from gradtape.recorders.tensorflow.memory import Memory
    from gradtape.recorders.tensorflow.private import Names

STARTS = {"stop_recording": "resume", "reset": "reset"}
STOPS = {"stop_recording": "pause", "reset": "drop"}
"""What it means that a tape starts or stops, by the method that made it; otherwise it is entered or left."""


class Tapes:
    """Follows every tape; hands the questions that are asked to `Asking`."""

    def __init__(
        self, memory: Memory, names: Names, asking: Asking, before_tape: Callable[[], None], listen: Callable[[], None]
    ) -> None:
        self.memory = memory
        self.names = names
        self.asking = asking
        self.listen = listen
        """Begins to hear operations in a thread that nobody saw start."""
        self.before_tape = before_tape
        """What is done before a tape starts, and before a question if no tape was seen to start."""

    def install(self, patches: Patches) -> None:
        """Hang hooks on the class GradientTape."""
        cls = self.names.backprop.GradientTape
        memory, asking = self.memory, self.asking
        push, pop, watch = cls._push_tape, cls._pop_tape, cls.watch
        executing_eagerly = self.names.tf.executing_eagerly

        def life_of(tape: Any) -> Life:
            life = memory.lives.get(tape)
            if life is None:
                life = memory.lives[tape] = Life(
                    auto_watch=private.watches_variables(tape), persistent=private.is_persistent(tape)
                )
                life.traced = not executing_eagerly()
            return life

        def push_seen(tape: Any) -> Any:
            self.listen()
            self.before_tape()
            result = push(tape)
            life = life_of(tape)
            frame = _getframe(1)
            what = STARTS.get(frame.f_code.co_name, "enter" if not life.changes else "resume")
            life.changes.append((memory.clock(), what, frames.stack(frame)))
            memory.open.append(life)
            return result

        def pop_seen(tape: Any) -> Any:
            result = pop(tape)
            life = life_of(tape)
            frame = _getframe(1)
            what = STOPS.get(frame.f_code.co_name, "exit")
            life.changes.append((memory.clock(), what, frames.stack(frame)))
            if life in memory.open:
                memory.open.remove(life)
            return result

        @wraps(watch)
        def watch_seen(tape: Any, tensor: Any) -> Any:
            frame = _getframe(1)
            try:
                result = watch(tape, tensor)
            except Exception as error:
                asking.refused("tape.watch", tensor, error, frame)
                raise
            if not memory.hidden:
                life = life_of(tape)
                for value in _tensors(self.names, tensor):
                    handle = private.handle_of(value)
                    number = private.tensor_id(value if handle is None else handle)
                    life.watches.append(memory.happened("watch", number, frames.stack(frame)))
            return result

        patches.set(cls, "_push_tape", push_seen)
        patches.set(cls, "_pop_tape", pop_seen)
        patches.set(cls, "watch", watch_seen)
        for name in ("gradient", "jacobian", "batch_jacobian"):
            patches.set(cls, name, self._asked(name, getattr(cls, name)))

        tf = self.names.tf
        for module in (tf, tf.compat.v1):
            patches.set(module, "gradients", self._asked_of_graph(module.gradients))

    def _asked_of_graph(self, gradients: Callable[..., Any]) -> Callable[..., Any]:
        asking = self.asking

        @wraps(gradients)
        def asked(ys: Any, xs: Any, *args: Any, **options: Any) -> Any:
            if asking.busy:
                return gradients(ys, xs, *args, **options)
            self.before_tape()
            return asking.ask("tf.gradients", None, ys, xs, lambda: gradients(ys, xs, *args, **options))

        return asked

    def _asked(self, name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        asking, kind = self.asking, f"tape.{name}"

        @wraps(ask)
        def asked(tape: Any, target: Any, sources: Any = None, *args: Any, **options: Any) -> Any:
            if sources is None and "source" in options:
                return asked(tape, target, options.pop("source"), *args, **options)
            if asking.busy:
                return ask(tape, target, sources, *args, **options)
            self.before_tape()
            return asking.ask(kind, tape, target, sources, lambda: ask(tape, target, sources, *args, **options))

        return asked


def _tensors(names: Names, tensor: Any) -> list[Any]:
    """Return the tensors and variables in what `watch` was given."""
    return list(private.tensors_in(names, tensor))
