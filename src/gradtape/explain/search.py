"""What a search over a run gives: routes, what breaks them, what lies before and behind a value.

The passes over the run are those of `ways.py`; everything is linear in its size and iterative, so depth has no limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, overload

from gradtape.explain.columns import Given
from gradtape.explain.graph import OUTSIDE, Break, BreakKind, Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Iterator

    from gradtape.diagnostics import Span
    from gradtape.explain.columns import Columns
    from gradtape.explain.graph import Run

NONE: Columns = Given(())
"""No operations: what an empty route leads through."""

DISCRETE = {BreakKind.NO_DERIVATIVE, BreakKind.INTEGER_CAST}
"""An argmax and the cast of its positions are one cause."""


CAUSE = 1 << 40
"""The price of a cause, a break that continues none of its kind; every step costs 1 besides."""

Kinds = frozenset["BreakKind"]
Key = tuple["Hashable", Kinds]
"""A place where a way ends: one instruction of the program, and what breaks there, however often it ran."""

Move = tuple[int, int]
"""A step of a way: the number of an operation, and the position of the input at which it is entered."""

WHOLE: Kinds = frozenset()
"""The kinds of what breaks a step that breaks nowhere."""


class Link(NamedTuple):
    """One operation on a route, entered through the input at `position`."""

    operation: Operation
    position: int

    @property
    def breaks(self) -> tuple[Break, ...]:
        """What ends the path here; empty where the gradient flows."""
        return self.operation.breaks[self.position]


class Route(Sequence[Link]):
    """A way from a source to a target: a list of numbers, whose links are made when somebody looks at them.

    Parameters
    ----------
    columns : Columns
        The operations of the run.
    numbers, positions : sequence of int
        The operation of each step, and the input at which it is entered.
    """

    __slots__ = ("columns", "numbers", "positions")

    def __init__(self, columns: Columns = NONE, numbers: Sequence[int] = (), positions: Sequence[int] = ()) -> None:
        self.columns, self.numbers, self.positions = columns, numbers, positions

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, k: int) -> Link: ...

    @overload
    def __getitem__(self, k: slice) -> Route: ...

    def __getitem__(self, k: int | slice) -> Link | Route:
        if isinstance(k, slice):
            return Route(self.columns, self.numbers[k], self.positions[k])
        return Link(self.columns[self.numbers[k]], self.positions[k])

    def __add__(self, other: Route) -> Route:
        return Route(self.columns, [*self.numbers, *other.numbers], [*self.positions, *other.positions])

    @property
    def broken(self) -> Iterator[tuple[int, Link]]:
        """The links that are broken, each with its place on the route."""
        broken = self.columns.broken
        for k, number in enumerate(self.numbers):
            if number in broken and broken[number][self.positions[k]]:
                yield k, self[k]

    @property
    def told(self) -> list[int]:
        """The numbers of the operations that messages may name."""
        plumbing = self.columns.plumbing
        return [number for number in self.numbers if number not in plumbing] if plumbing else list(self.numbers)

    def ran_at(self, span: Span) -> Operation | None:
        """Return the first operation of the route that ran at a place; each place is looked up once."""
        places, asked = self.columns.places, set()
        for number in self.numbers:
            place = places[number]
            if place not in asked:
                asked.add(place)
                if self.columns[number].site.span == span:
                    return self.columns[number]
        return None

    def all_at(self, span: Span) -> list[Operation]:
        """Return the operations of the route that ran at a place, as those of a model do where it is called."""
        places, first = self.columns.places, self.ran_at(span)
        number = self.columns.number_of(first) if first is not None else None
        return [self.columns[n] for n in self.numbers if number is not None and places[n] == places[number]]


NO_ROUTE = Route()


class BreakGroup(NamedTuple):
    """Neighbouring links broken for the same kind of reason: one cause to tell."""

    kind: BreakKind
    links: tuple[Link, ...]
    first: Break


def shortest_route(run: Run, sources: Collection[int], targets: Collection[int]) -> Route | None:
    """Return a route with the fewest causes, and among those with the fewest steps; None if there is no route."""
    return run.ways(frozenset(targets)).best(sources)


def way_to(run: Run, sources: Collection[int], value: int) -> Route | None:
    """Return a route without a break and with the fewest steps that leads to a value; None if there is none."""
    found: Behind = run.once(("behind", value), lambda: Behind(run.columns, value))
    return found.way_from(sources)


class Behind:
    """What lies behind a value on ways without breaks, the nearest first; looked at only as far as somebody asks."""

    def __init__(self, columns: Columns, value: int) -> None:
        self._columns = columns
        self._onward: dict[int, int] = {value: -1}
        self._level = [value]

    def way_from(self, sources: Collection[int]) -> Route | None:
        """Return a way with the fewest steps from the nearest of some values, None if there is none."""
        onward = self._onward
        arrived = [source for source in sources if source in onward]
        wanted = frozenset(sources)
        maker, inputs, broken = self._columns.maker, self._columns.inputs, self._columns.broken
        level = self._level
        while level and not arrived:  # one step before all that was looked at; the latest operation first
            makers = [maker[made] for made in level if made in maker]
            if len(makers) > 1:
                makers.sort(key=self._columns.seqs.__getitem__, reverse=True)
            level = []
            for number in makers:
                for before in inputs[number] if number not in broken else self._columns.open_inputs(number):
                    if before and before not in onward:
                        onward[before] = number
                        level.append(before)
            if not wanted.isdisjoint(level):
                arrived = [source for source in sources if source in onward]
        self._level = level
        return min(map(self._from, arrived), key=len, default=None)

    def _from(self, source: int) -> Route:
        inputs, outputs, broken = self._columns.inputs, self._columns.outputs, self._columns.broken
        numbers, positions = [], []
        here = source
        while (number := self._onward[here]) >= 0:
            position = inputs[number].index(here)
            while number in broken and broken[number][position]:
                position = inputs[number].index(here, position + 1)
            numbers.append(number)
            positions.append(position)
            here = outputs[number]
        return Route(self._columns, numbers, positions)


def broken_routes(run: Run, sources: Collection[int], targets: Collection[int]) -> tuple[tuple[Route, ...], bool]:
    """Return routes that break at different places, fewest breaks first, and whether these are all such places."""
    return run.ways(frozenset(targets)).fan((frozenset(sources),)).routes(0)


def group_breaks(route: Route) -> tuple[BreakGroup, ...]:
    """Group the breaks of a route, first break first: neighbours of one kind are one cause.

    Operations outside the tape count as one kind, and what else is wrong with them is a cause of its own. Where they
    end in a derivative that was not recorded the derivative is the cause: it comes first among the links.
    """
    groups: list[tuple[BreakKind, list[Link], Break]] = []
    previous: set[BreakKind] = set()
    last = -1
    for place, link in route.broken:
        breaks = link.breaks
        if place != last + 1:
            previous = set()
        last = place
        kinds: set[BreakKind] = set()
        for found in breaks:
            match = None
            if touches(previous | kinds, found.kind):
                match = next((k for k in reversed(range(len(groups))) if _continues(groups[k][0], found.kind)), None)
            if match is None:
                groups.append((found.kind, [link], found))
            elif _same(groups[match][0], found.kind):
                groups[match][1].append(link)
            else:
                groups[match] = (found.kind, [link, *groups[match][1]], found)
            kinds.add(found.kind)
        previous = kinds
    return tuple(BreakGroup(kind, tuple(links), first) for kind, links, first in groups)


def kinds_of(breaks: tuple[Break, ...]) -> frozenset[BreakKind]:
    """Return the kinds of what ends the path at a link."""
    return ALONE[breaks[0].kind] if len(breaks) == 1 else frozenset([found.kind for found in breaks])


ALONE = {kind: frozenset([kind]) for kind in BreakKind}


@lru_cache(maxsize=1024)
def causes_in(kinds: frozenset[BreakKind], after: frozenset[BreakKind]) -> int:
    """Count the causes among the kinds of one step's breaks, those left out that the next step's breaks continue."""
    found: list[BreakKind] = []
    for kind in kinds:
        if not any(_continues(kind, next_one) for next_one in after) and not touches(found, kind):
            found.append(kind)
    return len(found)


def touches(previous: Collection[BreakKind], kind: BreakKind) -> bool:
    """Whether a break continues the one before it."""
    return any(_continues(p, kind) for p in previous)


def _continues(before: BreakKind, after: BreakKind) -> bool:
    """Whether two breaks in a row are one cause: of one kind, or what a derivative that nobody recorded is of."""
    unrecorded = before in OUTSIDE or before is BreakKind.GRADIENTS_OFF
    return _same(before, after) or (unrecorded and after is BreakKind.INNER_GRADIENT)


def _same(a: BreakKind, b: BreakKind) -> bool:
    alike = a is b and a is not BreakKind.OPAQUE  # each callback is one of its own
    return alike or (a in OUTSIDE and b in OUTSIDE) or {a, b} == DISCRETE


def forward_cone(run: Run, values: Iterable[int]) -> set[int]:
    """Return the ids that depend on any of the values, themselves included."""
    reached = set(values)
    for inputs, output in zip(run.columns.inputs, run.columns.outputs, strict=True):
        if not reached.isdisjoint(inputs):
            reached.add(output)
    return reached


def backward_cone(run: Run, values: Iterable[int]) -> set[int]:
    """Return the ids that any of the values depends on, themselves included."""
    reached = set(values)
    for inputs, output in zip(reversed(run.columns.inputs), reversed(run.columns.outputs), strict=True):
        if output in reached:
            reached.update(inputs)
    reached.discard(0)
    return reached


def flowing_cone(run: Run, values: Iterable[int]) -> set[int]:
    """Return the ids that a gradient of any of the values reaches, themselves included: no break is on the way."""
    columns, reached = run.columns, set(values)
    for number in range(len(columns) - 1, -1, -1):
        if columns.outputs[number] in reached:
            breaks = columns.broken.get(number)
            inputs = columns.inputs[number]
            reached.update(v for k, v in enumerate(inputs) if breaks is None or not breaks[k])
    reached.discard(0)
    return reached


def route_of(columns: Columns, backwards: Sequence[Move]) -> Route:
    """Return the route of some steps that were found from its end."""
    return Route(columns, [number for number, _ in reversed(backwards)], [at for _, at in reversed(backwards)])
