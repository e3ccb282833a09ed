"""What one transformed function did: its operations in order, who read what, which constants came from outside."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.recorders.jax import private
from gradtape.recorders.jax.places import here

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from gradtape.explain.graph import BreakKind
    from gradtape.recorders.jax.asking import Asked
    from gradtape.recorders.jax.places import Place

MOST_BYTES = 1 << 29
"""How much of constants a recording keeps alive; a larger one explains connections and no numbers."""


class Entry(NamedTuple):
    """One operation that ran under the transformation.

    `custom` is the call of a function with a rule of its own, to be made again: what JAX passes on works only once.
    `by_rule` is an operation that stands in nobody's program: it came with the derivative of another.
    """

    primitive: Any
    params: dict[str, Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    place: Place | None
    custom: CustomCall | None = None
    by_rule: bool = False


class Value(NamedTuple):
    """Stands for a traced value among arguments."""

    number: int


class CustomCall(NamedTuple):
    """A call of a `custom_jvp` or `custom_vjp` function: the leaves of its arguments, with `Value` for traced ones.

    Between the call and who recorded it `vmap` may stand: `batched` has the axes of the traced leaves for each,
    innermost first, and `shapes` those of the results.
    """

    function: Any
    leaves: list[Any]
    tree: Any
    batched: tuple[tuple[int | None, ...], ...] = ()
    shapes: tuple[tuple[int, ...], ...] = ()


class Left(NamedTuple):
    """A value that became a plain array, number or truth value: when (how many entries there were), and where."""

    when: int
    value: int
    kind: BreakKind | None
    """What it became; None where it only decided a branch."""
    place: Place
    plain: Any = None


class Taken(NamedTuple):
    """A gradient that a function took inside: whose, and the numbers of what it was taken by, of, and what came out.

    A number is 0 where the value was never seen.
    """

    asked: Asked
    sources: tuple[int, ...]
    targets: tuple[int, ...]
    gradients: tuple[int, ...]


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
        self.results: list[Outside | None] = []
        """What the targets are to the code around, where that is traced too."""
        self.taken: list[Taken] = []
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

    def constant_or_known(self, value: Any) -> int:
        """Return the number of a value that was seen before, or has numbers; 0 for what is traced elsewhere."""
        return self.known(value) or (0 if isinstance(value, private.Tracer) else self.number(value))

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

    def target(self, value: Any) -> None:
        """Take in a value that the function gives back."""
        self.targets.append(self.number(value))
        outside = private.primal(value)
        self.results.append(self._outside(outside) if isinstance(outside, private.Tracer) else None)

    def add(
        self,
        primitive: Any,
        arguments: Sequence[Any],
        params: dict[str, Any],
        result: Any,
        custom: CustomCall | None = None,
        *,
        by_rule: bool = False,
    ) -> None:
        """Write down an operation that ran."""
        outputs = result if isinstance(result, list | tuple) else (result,)
        inputs = tuple(map(self.number, arguments))
        made = tuple(map(self._new, outputs))
        self.entries.append(Entry(primitive, params, inputs, made, here(), custom, by_rule))

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
        try:
            self._known[id(value)] = (weakref.ref(value), self._count)
        except TypeError:  # a plain number: JAX goes on with the very object that an operation gave
            self._known[id(value)] = (lambda: value, self._count)
        return self._count

    def _constant(self, value: Any) -> int:
        number = self._new(value)
        self._keep(number, private.primal(value))
        return number

    def _keep(self, number: int, value: Any) -> None:
        if isinstance(value, private.Tracer):
            value = self._outside(value)
        else:
            self.bytes += getattr(value, "nbytes", 0)
            if self.bytes > MOST_BYTES:
                self.too_large = True
                value = None
        self.constants[number] = value

    def _outside(self, tracer: Any) -> Outside:
        self.outer.append(tracer)
        return Outside(len(self.outer) - 1)


class Outside(NamedTuple):
    """Stands for a traced value of what runs around the function, until its numbers are known."""

    position: int
