"""The operations of a run as columns: passes read numbers and tuples, an `Operation` is made where a message needs it.

A run has millions of operations, and messages speak of a few hundred.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from gradtape.diagnostics import Site, Span
    from gradtape.explain.graph import Break, Operation

Breaks = tuple[tuple["Break", ...], ...]


class Columns(Sequence["Operation"]):
    """Operations by their number in the order of the run; each is one object, however often it is asked for.

    Parameters
    ----------
    inputs, outputs, seqs : list
        As in `Operation`.
    broken : dict
        The breaks of those operations that have one, by number.
    """

    def __init__(
        self, inputs: list[tuple[int, ...]], outputs: list[int], seqs: list[int], broken: dict[int, Breaks]
    ) -> None:
        self.inputs, self.outputs, self.seqs, self.broken = inputs, outputs, seqs, broken
        self._made: dict[int, Operation] = {}
        self._read: dict[frozenset[int], list[int]] = {}

    @abstractmethod
    def _make(self, number: int) -> Operation:
        """Make an operation."""

    @property
    @abstractmethod
    def functions(self) -> Sequence[str]:
        """`Operation.function` of each."""

    @property
    @abstractmethod
    def places(self) -> Sequence[Hashable]:
        """What is equal for operations of one instruction of the program, of each."""

    @property
    @abstractmethod
    def callers(self) -> Sequence[tuple[Site, ...]]:
        """`Operation.callers` of each."""

    @property
    @abstractmethod
    def plumbing(self) -> frozenset[int]:
        """The numbers of those that nobody wrote."""

    def __len__(self) -> int:
        return len(self.outputs)

    @overload
    def __getitem__(self, number: int) -> Operation: ...

    @overload
    def __getitem__(self, number: slice) -> list[Operation]: ...

    def __getitem__(self, number: int | slice) -> Operation | list[Operation]:
        if isinstance(number, slice):
            return [self[k] for k in range(len(self))[number]]
        if number < 0:
            number += len(self)
        made = self._made.get(number)
        if made is None:
            made = self._made[number] = self._make(range(len(self))[number])
        return made

    def read_instead(self, number: int, position: int, value: int) -> None:
        """Let an operation read a value of its own where it reads a constant; before anything is asked of these."""
        inputs = self.inputs[number]
        self.inputs[number] = (*inputs[:position], value, *inputs[position + 1 :])
        self._made.pop(number, None)

    @cached_property
    def maker(self) -> dict[int, int]:
        """The number of the operation that made each value."""
        return dict(zip(self.outputs, range(len(self)), strict=True))

    @cached_property
    def uses(self) -> dict[int, list[tuple[int, int]]]:
        """The operations that read each value, by their numbers, with the position of the input."""
        found: dict[int, list[tuple[int, int]]] = {}
        for number, inputs in enumerate(self.inputs):
            for position, value in enumerate(inputs):
                if value:
                    found.setdefault(value, []).append((number, position))
        return found

    def number_of(self, operation: Operation) -> int | None:
        """Return the number of an operation; of one that is not among these None."""
        number, seqs = self.maker.get(operation.output), self.seqs
        if number is None or seqs[number] == operation.seq:
            return number
        same = range(bisect_left(seqs, operation.seq), bisect_right(seqs, operation.seq))
        return next((k for k in same if self.outputs[k] == operation.output), None)

    def readers(self, values: Iterable[int]) -> list[int]:
        """Return the numbers of the operations that read any of a few values; one pass, whoever asks again."""
        wanted = frozenset(filter(None, values))
        if wanted not in self._read:
            self._read[wanted] = [k for k, inputs in enumerate(self.inputs) if not wanted.isdisjoint(inputs)]
        return self._read[wanted]

    def spans(self, numbers: Iterable[int]) -> list[Span]:
        """Return where operations stand in the program, each place once, in their order."""
        places = self.places
        first: dict[Hashable, int] = {}
        for number in numbers:
            first.setdefault(places[number], number)
        return [self[number].site.span for number in first.values()]

    def open_inputs(self, number: int) -> tuple[int, ...]:
        """Return what an operation reads where nothing is broken."""
        inputs, breaks = self.inputs[number], self.broken.get(number)
        return inputs if breaks is None else tuple([i for i, b in zip(inputs, breaks, strict=True) if not b])


class Given(Columns):
    """Operations that are there already, in a list where one of them may be changed."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._given = operations
        super().__init__(
            [operation.inputs for operation in operations],
            [operation.output for operation in operations],
            [operation.seq for operation in operations],
            {k: operation.breaks for k, operation in enumerate(operations) if any(operation.breaks)},
        )

    def _make(self, number: int) -> Operation:
        return self._given[number]

    def read_instead(self, number: int, position: int, value: int) -> None:
        """Let an operation read a value of its own, also in the list that these were made of."""
        super().read_instead(number, position, value)
        if isinstance(self._given, list):
            self._given[number] = replace(self._given[number], inputs=self.inputs[number])

    @cached_property
    def functions(self) -> Sequence[str]:
        """`Operation.function` of each."""
        return [operation.function for operation in self._given]

    @cached_property
    def places(self) -> Sequence[Hashable]:
        """What is equal for operations of one instruction, of each."""
        return [(id(operation.site.code), operation.site.lasti) for operation in self._given]

    @property
    def callers(self) -> Sequence[tuple[Site, ...]]:
        """`Operation.callers` of each."""
        return [operation.callers for operation in self._given]

    @cached_property
    def plumbing(self) -> frozenset[int]:
        """The numbers of those that nobody wrote."""
        return frozenset([k for k, operation in enumerate(self._given) if operation.plumbing])


class Producers(Mapping[int, "Operation"]):
    """The operation that made each value, by its id."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def __getitem__(self, value: int) -> Operation:
        return self._columns[self._columns.maker[value]]

    def __contains__(self, value: object) -> bool:
        return value in self._columns.maker

    def __iter__(self) -> Iterator[int]:
        return iter(self._columns.maker)

    def __len__(self) -> int:
        return len(self._columns.maker)
