"""Functions are traced as the program would, and then run eagerly in place of their graphs, to be seen inside.

The trace is real: its errors, what it prints and what it leaves in lists and attributes come as ever. The eager run
that follows finds all plain Python as the trace found it, and leaves nothing behind.
"""

from __future__ import annotations

import builtins
from contextlib import contextmanager
from functools import wraps
from itertools import chain, repeat
from sys import _getframe
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from gradtape.recorders.tensorflow import frames, private
from gradtape.recorders.tensorflow.standing import Standing, undone

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator
    from types import FrameType

    from gradtape.recorders.patches import Patches
    from gradtape.recorders.tensorflow.memory import Memory
    from gradtape.recorders.tensorflow.private import Names
    from gradtape.recorders.tensorflow.standing import Undo

Seeds = dict["Hashable", list[Any]]
"""What random operations got for seeds, by their places, in order."""


class Replays:
    """Traces functions, and runs them eagerly under what their traces saw."""

    def __init__(self, memory: Memory, names: Names) -> None:
        self.memory = memory
        self.names = names
        self.running = False
        """Whether a function runs eagerly that was traced before."""
        self._known: WeakKeyDictionary[Any, Standing] = WeakKeyDictionary()
        """What the traces saw, by the traced functions; by the functions themselves where the traces failed."""
        self._tracing: tuple[Any, tuple[Any, ...]] | None = None
        self._seen: Standing | None = None
        self._standing: Standing | None = None
        self._undo: list[Undo] = []
        self._seeds: WeakKeyDictionary[Any, Seeds] = WeakKeyDictionary()
        """Which seeds random operations got in the traces, by the same."""
        self._drawn: Seeds | None = None
        """The seeds of the trace that runs."""
        self._to_draw: dict[Hashable, Iterator[Any]] = {}
        """The seeds of the trace whose function runs eagerly."""

    def install(self, patches: Patches) -> None:
        """Hear when a trace begins, and let what plain Python says of the way a function runs be as in a trace."""
        names = self.names
        make = getattr(names.func_graph, private.TRACE)

        @wraps(make)
        def begun(*args: Any, **options: Any) -> Any:
            tracing, self._tracing = self._tracing, None
            if tracing is None:  # a branch, a loop, another function in the one that is traced
                return make(*args, **options)
            self._seen, self._drawn = Standing(*tracing), {}
            try:
                return make(*args, **options)
            finally:
                self._tracing = tracing

        patches.set(names.func_graph, private.TRACE, begun)
        patches.set(builtins, "print", self._printed(builtins.print))
        eagerly = names.tf.executing_eagerly

        @wraps(eagerly)
        def executing_eagerly() -> bool:
            return bool(eagerly()) and not self._is_replayed(_getframe(1))

        patches.set(names.tf, "executing_eagerly", executing_eagerly)
        seed = getattr(names.random_seed, private.SEED)
        patches.set(names.random_seed, private.SEED, self._seeded(seed))

    def trace(self, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Trace a function as its call would, if it has not been yet; return the traced function."""
        python = private.python_function(function)
        self._tracing, self._seen = (python, (*args, *options.values())), None
        self.memory.hidden += 1
        self.memory.tracing, traced = True, function
        try:
            traced = private.trace(self.names, function, args, options)
        finally:
            self.memory.hidden -= 1
            self.memory.tracing = False
            seen, self._seen, self._tracing = self._seen, None, None
            drawn, self._drawn = self._drawn, None
            if seen is not None:
                seen.settle()
                self._known[traced], self._seeds[traced] = seen, drawn or {}
        return traced

    def seeds(self, traced: Any) -> Seeds:
        """Return the seeds that a traced function draws with."""
        return self._seeds.get(traced, {})

    @contextmanager
    def replayed(self, traced: Any) -> Iterator[None]:
        """Let plain Python be, in a `with` block, as it was when a function was traced."""
        self._standing = self._known.get(traced)
        self._to_draw = {place: chain(seeds, repeat(seeds[-1])) for place, seeds in self.seeds(traced).items()}
        self._put_back()
        try:
            yield
        finally:
            self._undone()
            self._standing = None

    @contextmanager
    def called_back(self) -> Iterator[None]:
        """Let plain Python be as the program has it: for functions that a graph calls in every run."""
        running = self.running
        if running:
            self._undone()
        try:
            yield
        finally:
            if running:
                self._put_back()

    def _put_back(self) -> None:
        self.running = True
        self._undo = self._standing.put_back() if self._standing is not None else []

    def _undone(self) -> None:
        undo, self._undo = self._undo, []
        undone(undo)
        self.running = False

    def _is_replayed(self, frame: FrameType) -> bool:
        return self.running and frames.is_users(frame.f_code)

    def _seeded(self, seed: Callable[..., Any]) -> Callable[..., Any]:
        """Let a random operation draw with the seed that it got in the trace; in a loop it has one for all rounds."""

        @wraps(seed)
        def seeded(*args: Any, **options: Any) -> Any:
            if self._drawn is None and not self.running:
                return seed(*args, **options)
            places = frames.stack(_getframe(1))
            place = frames.site(places[0]).span[:2] if places else None
            if self.running and place in self._to_draw:
                return next(self._to_draw[place])
            given = seed(*args, **options)
            if self._drawn is not None:
                self._drawn.setdefault(place, []).append(given)
            return given

        return seeded

    def _printed(self, print_: Callable[..., None]) -> Callable[..., None]:
        """Let nothing be printed again that was printed when the function was traced."""

        @wraps(print_)
        def printed(*args: Any, **options: Any) -> None:
            if not self._is_replayed(_getframe(1)):
                print_(*args, **options)

        return printed
