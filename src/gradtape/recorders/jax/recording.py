"""What one transformed function did: its operations in order, who read what, which constants came from outside."""

from __future__ import annotations

import contextlib
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.recorders.jax import private
from gradtape.recorders.jax.places import here

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from gradtape.explain.graph import BreakKind
    from gradtape.recorders.jax.places import Place

MOST_BYTES = 1 << 29
"""How much of constants a recording keeps alive; a larger one explains connections and no numbers."""


class Entry(NamedTuple):
    """One operation that ran under the transformation.

    `custom` is the call of a function with a rule of its own, to be made again: what JAX passes on works only once.
    """

    primitive: Any
    params: dict[str, Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    place: Place | None
    custom: CustomCall | None = None


class Value(NamedTuple):
    """Stands for a traced value among arguments."""

    number: int


class CustomCall(NamedTuple):
    """A call of a `custom_jvp` or `custom_vjp` function: the leaves of its arguments, with `Value` for traced ones."""

    function: Any
    leaves: list[Any]
    tree: Any


class Left(NamedTuple):
    """A value that became a plain array, number or truth value: when (how many entries there were), and where."""

    when: int
    value: int
    kind: BreakKind | None
    """What it became; None where it only decided a branch."""
    place: Place
    plain: Any = None


class Recording:
    """The operations of one function under one transformation.

    Values are numbered; the numbers are found again by identity as long as the program holds the value. Nothing is kept
    alive but constants, which JAX mostly keeps too.
    """

    def __init__(self, trace: Any) -> None:
        self.trace = trace
        self.entries: list[Entry] = []
        self.left: list[Left] = []
        self.sources: list[int] = []
        self.targets: list[int] = []
        self.constants: dict[int, Any] = {}
        """Values that were not made here, by number: arrays and numbers, or `Outside`."""
        self.outer: list[Any] = []
        """Traced values of what runs around the function; forgotten as soon as they are handed over."""
        self.bytes = 0
        self.too_large = False
        self.failed_in: tuple[Entry, BaseException] | None = None
        self._known: dict[int, tuple[Any, int]] = {}
        self._count = 0

    @property
    def story(self) -> Hashable:
        """What ran, so that the same run is explained once."""
        return hash(
            tuple((entry.primitive.name, entry.place and entry.place.site, entry.inputs) for entry in self.entries)
        )

    def number(self, value: Any) -> int:
        """Return the number of a value; one that nothing here made is a constant."""
        known = self.known(value)
        return self._constant(value) if known is None else known

    def known(self, value: Any) -> int | None:
        """Return the number of a value that was seen before."""
        found = self._known.get(id(value))
        return found[1] if found is not None and found[0]() is value else None

    def source(self, value: Any) -> int:
        """Take in a value that is differentiated by."""
        number = self._new(value)
        self._keep(number, private.primal(value))
        self.sources.append(number)
        return number

    def add(
        self, primitive: Any, arguments: Sequence[Any], params: dict[str, Any], result: Any, custom: Any = None
    ) -> None:
        """Write down an operation that ran."""
        outputs = result if isinstance(result, list | tuple) else (result,)
        inputs = tuple(map(self.number, arguments))
        self.entries.append(Entry(primitive, params, inputs, tuple(map(self._new, outputs)), here(), custom))

    def failed(self, primitive: Any, arguments: Sequence[Any], params: dict[str, Any], error: BaseException) -> None:
        """Write down the operation in which an error came up; the innermost is the first to say so."""
        if self.failed_in is None or self.failed_in[1] is not error:
            entry = Entry(primitive, params, tuple(map(self.number, arguments)), (), here())
            self.failed_in = entry, error

    def alive(self) -> list[tuple[Any, int]]:
        """Return the values that somebody still holds, with their numbers."""
        held = [(reference(), number) for reference, number in self._known.values()]
        return [(value, number) for value, number in held if value is not None]

    def made_at(self, number: int) -> Place | None:
        """Return where a value was made; None for an argument or a constant."""
        return next((entry.place for entry in self.entries if number in entry.outputs), None)

    def close(self) -> list[Any]:
        """Let go of the trace; return the traced values around the function, in the order of their `Outside`."""
        self.trace = None
        self._known = {}
        outer, self.outer = self.outer, []
        return outer

    def _new(self, value: Any) -> int:
        self._count += 1
        with contextlib.suppress(TypeError):  # a plain number cannot be found again
            self._known[id(value)] = (weakref.ref(value), self._count)
        return self._count

    def _constant(self, value: Any) -> int:
        number = self._new(value)
        self._keep(number, private.primal(value))
        return number

    def _keep(self, number: int, value: Any) -> None:
        if isinstance(value, private.Tracer):
            value, tracer = Outside(len(self.outer)), value
            self.outer.append(tracer)
        else:
            self.bytes += getattr(value, "nbytes", 0)
            if self.bytes > MOST_BYTES:
                self.too_large = True
                value = None
        self.constants[number] = value


class Outside(NamedTuple):
    """Stands for a traced value of what runs around the function, until its numbers are known."""

    position: int
