"""Which breaks stand first on the ways of sources, and which behind those.

One pass forwards tells it for all sources that were asked for together, over what the pass backwards (`ways.py`) left.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from gradtape.explain.search import CAUSE, NO_ROUTE, WHOLE, Key, Kinds, Move, Route, causes_in, route_of, touches

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.explain.columns import Columns
    from gradtape.explain.ways import Ways

MOST_PLACES = 12
"""How many places that end ways of one source are told."""


class Place:
    """A place in the program where ways end, with every step that is broken there and the sources whose ways those are.

    `mask` has a bit for each source.
    """

    __slots__ = ("_best", "mask", "moves")

    def __init__(self) -> None:
        self.moves: list[tuple[Move, int]] = []
        self.mask = 0
        self._best: list[tuple[Move, int]] = []

    def add(self, move: Move, mask: int) -> None:
        """Add a step."""
        self.moves.append((move, mask))
        self.mask |= mask

    def best(self, bit: int, price: Callable[[Move], int]) -> Move:
        """Return the step with the cheapest way onward among those of one source; the earliest of equals."""
        if not self._best:
            left = self.mask
            for move, mask in sorted(self.moves, key=lambda found: price(found[0])):
                if mask & left:
                    self._best.append((move, mask & left))
                    left &= ~mask
                if not left:
                    break
        return next(move for move, mask in self._best if mask & bit)


class Fan:
    """Which breaks stand first on the ways of each source."""

    def __init__(self, ways: Ways, sources: tuple[frozenset[int], ...]) -> None:
        self.ways = ways
        self.sources = sources
        self.places: dict[Key, Place] = {}
        self._reached: dict[int, int] = {}
        self._came: dict[int, int] = {}
        reached, came, columns = self._reached, self._came, ways.columns
        inputs, outputs, broken = columns.inputs, columns.outputs, columns.broken
        for k, ids in enumerate(sources):
            for value in ids:
                if value in ways.price:
                    reached[value] = reached.get(value, 0) | 1 << k
        known, at = reached.keys(), reached.get
        for number in ways.relevant:
            values = inputs[number]
            if known.isdisjoint(values):
                continue
            if number in broken:
                for position, value in enumerate(values):
                    if value in reached and broken[number][position]:
                        place(self.places, ways, (number, position)).add((number, position), reached[value])
                values = columns.open_inputs(number)
            mask = 0
            for value in values:
                mask |= at(value, 0)
            if mask:
                output = outputs[number]
                reached[output] = at(output, 0) | mask
                came[output] = number

    def routes(self, k: int) -> tuple[tuple[Route, ...], bool]:
        """Return a way of the source `k` through each place where its ways end, and whether these are all such places.

        Fewest causes first, then the earliest. A source whose gradient flows has one way, without a break.
        """
        ids, ways = self.sources[k], self.ways
        if ways.flow_from(ids):
            return (ways.best(ids) or NO_ROUTE,), False
        if ids.isdisjoint(ways.price.keys()):
            return (), True
        bit = 1 << k
        first = [(key, p.best(bit, ways.cost)) for key, p in self.places.items() if p.mask & bit]
        first.sort(key=ways.order)
        found: list[Route] = []
        seen = {key for key, _ in first}
        complete = len(first) <= MOST_PLACES
        waiting = deque((self._before(move, k), move) for _, move in first[:MOST_PLACES])
        while waiting:
            before, move = waiting.popleft()
            alone = ways.cost(move) < CAUSE * (causes_in(ways.kinds(move), WHOLE) + 1)
            new = [] if alone else [(key, way, after) for key, way, after in _beyond(ways, move) if key not in seen]
            room = MOST_PLACES - len(found) - len(waiting)
            complete = complete and len(new) <= room
            if not new or room <= 0:
                found.append(before + ways.along(move))
                continue
            for key, way, after in new[:room]:
                seen.add(key)
                waiting.append((before + Route(ways.columns, [move[0]], [move[1]]) + way, after))
        found.sort(key=ways.rank)
        fewest = min(ways.price[i] for i in ids & ways.price.keys()) // CAUSE
        if fewest < ways.rank(found[0])[0]:  # behind a place that other ways had led to before
            found.insert(0, ways.best(ids) or NO_ROUTE)
        return tuple(found), complete

    def _before(self, move: Move, k: int) -> Route:
        """Return a way without a break from the source `k` to the value that a step reads."""
        inputs, moves = self.ways.columns.inputs, []
        value = inputs[move[0]][move[1]]
        while value not in self.sources[k]:
            step = self._step_to(value, self._came[value], k)
            assert step is not None  # noqa: S101 - the pass came this way
            moves.append(step)
            value = inputs[step[0]][step[1]]
        return route_of(self.ways.columns, moves)

    def _step_to(self, value: int, maker: int, k: int) -> Move | None:
        """Return a step without a break that leads from the source `k` to a value."""
        columns = self.ways.columns
        breaks = columns.broken.get(maker)
        for position, before in enumerate(columns.inputs[maker]):
            if not (breaks and breaks[position]) and self._reached.get(before, 0) >> k & 1:
                return maker, position
        others = (n for n in self.ways.relevant if columns.outputs[n] == value and n != maker)
        return next((move for n in others if (move := self._step_to(0, n, k)) is not None), None)

    def count(self, k: int) -> int:
        """Count the ways of the source `k`."""
        return self.ways.count(self.sources[k])


def place(places: dict[Key, Place], ways: Ways, move: Move) -> Place:
    """Return the place of a broken step, made anew if it is not there."""
    key = ways.columns.places[move[0]], ways.kinds(move)
    found = places.get(key)
    if found is None:
        found = places[key] = Place()
    return found


class _Step(NamedTuple):
    """How a value behind a break was reached: the step, and the kinds of the break that it still touches."""

    move: Move | None
    touching: Kinds


def _beyond(ways: Ways, first: Move) -> list[tuple[Key, Route, Move]]:
    """Return the next breaks behind one, each with the way to it from there: those that are causes of their own.

    A break that touches the one before it and is of the same kind belongs to the same cause.
    """
    columns = ways.columns
    inputs, outputs = columns.inputs, columns.outputs
    reached = {outputs[first[0]]: _Step(None, ways.kinds(first))}
    found: dict[Key, Place] = {}
    seqs = columns.seqs
    begin = bisect_right(ways.relevant, seqs[first[0]], key=seqs.__getitem__)
    for number in islice(ways.relevant, begin, None):
        values = inputs[number]
        if reached.keys().isdisjoint(values):
            continue
        best: _Step | None = None
        for position, value in enumerate(values):
            before = reached.get(value)
            if before is None:
                continue
            move = number, position
            kinds = ways.kinds(move)
            if not kinds:
                best = best or _Step(move, WHOLE)
            elif all(touches(before.touching, kind) for kind in kinds):
                best = _Step(move, kinds)
            else:
                place(found, ways, move).add(move, 1)
        if best is not None:
            reached.setdefault(outputs[number], best)
    pairs = [(key, p.best(1, ways.cost)) for key, p in found.items()]
    pairs.sort(key=ways.order)
    return [(key, _back(columns, reached, move), move) for key, move in pairs]


def _back(columns: Columns, reached: dict[int, _Step], move: Move) -> Route:
    moves = []
    before = reached[columns.inputs[move[0]][move[1]]].move
    while before is not None:
        moves.append(before)
        before = reached[columns.inputs[before[0]][before[1]]].move
    return route_of(columns, moves)
