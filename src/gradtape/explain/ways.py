"""The ways from sources to the targets of a run, found once for all sources that were asked for together.

One pass backwards tells of every value whether it reaches a target, and at what price: the fewest breaks, then the
fewest steps. One pass forwards tells for all sources at once which breaks stand first on their ways. All passes are
linear in the size of the run and iterative, so neither length nor depth has a limit.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING

from gradtape.explain.fan import Fan
from gradtape.explain.search import (
    CAUSE,
    NO_ROUTE,
    WHOLE,
    Key,
    Kinds,
    Move,
    Route,
    causes_in,
    group_breaks,
    kinds_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradtape.explain.graph import Run
    from gradtape.explain.search import BreakGroup

MOST_WAYS = 1000
"""Ways are counted up to here."""

index = tuple[int, ...].index

SOON = 8
"""Within how many steps the ways of two sources have met, if they meet at all: it costs a search at each."""


class Ways:
    """All that leads to some targets, and how far it is from each value.

    What a way costs behind a value may depend on what breaks just before it: neighbours of one kind are one cause. So
    where the next step can break the cheapest way is kept for each kind of break.
    """

    def __init__(self, run: Run, targets: frozenset[int]) -> None:
        self.run = run
        self.targets = targets
        self.columns = run.columns
        self.price: dict[int, int] = dict.fromkeys(targets, 0)
        self.relevant: list[int] = []
        """The numbers of the operations that a target depends on, in order."""
        self._onward: dict[int, int] = {}
        self._forks: dict[int, dict[Kinds, tuple[int, Move | None]]] = {}
        self._fans: dict[tuple[frozenset[int], ...], Fan] = {}
        self._groups: dict[int, tuple[Route, tuple[BreakGroup, ...]]] = {}
        self._rests: dict[Move, Route] = {}
        self._last = Route(self.columns, [], [])
        price, onward, forks, broken = self.price, self._onward, self._forks, self.columns.broken
        ahead_of, add = price.get, self.relevant.append
        single = not broken and len(targets) == 1
        self._forking: set[int] = set()
        inputs, outputs = self.columns.inputs, self.columns.outputs
        for number in range(len(outputs) - 1, -1, -1):
            cost = ahead_of(outputs[number])
            if cost is None:
                continue
            add(number)
            if number in broken:
                self._break_off(number)
                continue
            cost += 1
            for value in inputs[number]:
                if value:
                    if forks and value in forks and cost < forks[value].get(WHOLE, (cost + 1,))[0]:
                        forks[value][WHOLE] = cost, (number, inputs[number].index(value))
                    known = ahead_of(value)
                    if known is None:
                        price[value] = cost
                        onward[value] = number
                    else:
                        single = False
                        if onward.get(value) != number:
                            self._forking.add(value)
                        if cost < known:
                            price[value] = cost
                            onward[value] = number
        self.relevant.reverse()
        self._single = single

    def _break_off(self, number: int) -> None:
        """Note the steps of an operation that is broken somewhere."""
        price, forks, breaks = self.price, self._forks, self.columns.broken[number]
        for position, value in enumerate(self.columns.inputs[number]):
            if not value:
                continue
            known = price.get(value)
            if breaks[position]:
                cost = self._fork(value, (number, position), known)
            else:
                cost = price[self.columns.outputs[number]] + 1
                if value in forks and cost < forks[value].get(WHOLE, (cost + 1,))[0]:
                    forks[value][WHOLE] = cost, (number, position)
            if known is None or cost < known:
                price[value] = cost
                self._onward[value] = number

    def _fork(self, value: int, move: Move, known: int | None) -> int:
        """Keep a step that breaks among those from a value; return what the way costs."""
        found = self._forks.get(value)
        if found is None:
            found = self._forks[value] = {}
            if known is not None:
                found[WHOLE] = known, self._step(value) if value in self._onward else None
        kinds = self.kinds(move)
        cost = self.cost(move)
        if kinds not in found or cost < found[kinds][0]:
            found[kinds] = cost, move
        return cost

    def kinds(self, move: Move) -> Kinds:
        """Return the kinds of what breaks at a step."""
        breaks = self.columns.broken.get(move[0])
        return WHOLE if breaks is None else kinds_of(breaks[move[1]])

    def cost(self, move: Move) -> int:
        """Return the price of the cheapest way that begins with a step."""
        kinds, output = self.kinds(move), self.columns.outputs[move[0]]
        if not kinds or output not in self._forks:
            return self.price[output] + 1 + CAUSE * causes_in(kinds, WHOLE)
        return self._behind(move)[0]

    def _behind(self, move: Move) -> tuple[int, Move | None]:
        """Return the price of the cheapest way that begins with a step, and the step after it, None at a target."""
        kinds, output = self.kinds(move), self.columns.outputs[move[0]]
        forks = self._forks.get(output)
        if not kinds or forks is None:
            return self.price[output] + 1 + CAUSE * causes_in(kinds, WHOLE), self._step(output)
        options = ((cost + 1 + CAUSE * causes_in(kinds, after), step) for after, (cost, step) in forks.items())
        return min(options, key=lambda option: option[0])

    def _step(self, value: int) -> Move | None:
        """Return the first step on the cheapest way from a value, None from a target."""
        number = self._onward.get(value)
        if number is None:
            return None
        inputs = self.columns.inputs[number]
        if number not in self.columns.broken or inputs.count(value) == 1:
            return number, inputs.index(value)
        return min(((number, position) for position, i in enumerate(inputs) if i == value), key=self.cost)

    def flow_from(self, values: Iterable[int]) -> bool:
        """Whether a way without a break leads from one of the values to a target."""
        return any(self.price.get(value, CAUSE) < CAUSE for value in values)

    def best(self, values: Iterable[int]) -> Route | None:
        """Return the cheapest way from any of the values to a target, None if there is none."""
        start = min((i for i in values if i in self.price), key=self.price.__getitem__, default=None)
        if start is None:
            return None
        step = self._step(start)
        return NO_ROUTE if step is None else self.along(step)

    def along(self, move: Move) -> Route:
        """Return the cheapest way that begins with a step."""
        if move not in self._rests:
            self._last = self._rests[move] = self._follow(move)
        return self._rests[move]

    def _follow(self, move: Move) -> Route:
        """Follow the cheapest way from a step on; where it soon meets the last one followed, go on as that does."""
        inputs, outputs, broken = self.columns.inputs, self.columns.outputs, self.columns.broken
        forks, onward, last = self._forks, self._onward.get, self._last
        numbers: list[int] = []
        positions: list[int] = []
        here: Move | None = move
        while here is not None:
            gone = len(numbers)
            if gone < SOON:
                met = bisect_left(last.numbers, here[0])
                if last.numbers[met : met + 1] == [here[0]] and last.positions[met] == here[1]:
                    return Route(self.columns, [*numbers, *last.numbers[met:]], [*positions, *last.positions[met:]])
            numbers.append(here[0])
            positions.append(here[1])
            output = outputs[here[0]]
            if gone == SOON and not broken:  # nothing to choose, and perhaps a million steps
                rest = self._unbroken(output)
                entered = map(outputs.__getitem__, [here[0], *rest[:-1]])
                places = map(index, map(inputs.__getitem__, rest), entered)
                return Route(self.columns, numbers + rest, [*positions, *places])
            if output in forks:
                here = self._behind(here)[1]
                continue
            number = onward(output)
            if number is None:
                break
            here = self._step(output) if number in broken else (number, inputs[number].index(output))
        return Route(self.columns, numbers, positions)

    def _unbroken(self, value: int) -> list[int]:
        """Return the operations on the cheapest way from a value, in a run in which nothing is broken."""
        outputs, onward = self.columns.outputs, self._onward.get
        found = []
        number = onward(value)
        while number is not None:
            found.append(number)
            number = onward(outputs[number])
        return found

    def leading_to(self, sources: frozenset[int], value: int) -> Route | None:
        """Return the first part of the cheapest way, if that has no break and leads through a value.

        No other way to the value has fewer steps, or the cheapest one would take it.
        """
        best = self.best(sources) if self.flow_from(sources) else None
        number = self.columns.maker.get(value)
        if best is None or number is None or value in sources:
            return None
        at = bisect_left(best.numbers, number)
        return best[: at + 1] if best.numbers[at : at + 1] == [number] else None

    def groups(self, route: Route) -> tuple[BreakGroup, ...]:
        """Return the causes on a way; they are looked for once."""
        known = self._groups.get(id(route))
        if known is None or known[0] is not route:
            known = self._groups[id(route)] = route, group_breaks(route)
        return known[1]

    def rank(self, route: Route) -> tuple[int, int]:
        """Sort ways: fewest causes first, and among equals the earliest break of the run."""
        groups = self.groups(route)
        return len(groups), groups[0].links[0].operation.seq if groups else 0

    def order(self, found: tuple[Key, Move]) -> tuple[int, int]:
        """Sort breaks: the cheapest way onward first, and among equals the earliest."""
        return self.cost(found[1]), self.columns.seqs[found[1][0]]

    @cached_property
    def unknown(self) -> frozenset[int]:
        """The values on the way that nobody remembers making, without variables, what was watched, and known data."""
        unmade = self.price.keys() - self.columns.maker.keys()
        told = {event.value for event in self.run.events if event.kind in {"create", "watch", "data"}}
        return frozenset(i for i in unmade - told - self.run.variables if i > 0)

    def count(self, values: Iterable[int]) -> int:
        """Count the ways from any of the values, up to `MOST_WAYS`."""
        return min(sum(self.counts.get(value, 0) for value in values), MOST_WAYS)

    def one_way(self, values: frozenset[int]) -> bool:
        """Whether one way leads from the values to a target, and no other; mostly seen without counting them all."""
        if not values.isdisjoint(self._forking) and len(self.columns.maker) == len(self.columns.outputs):
            return False  # two operations read one of them
        return self.count(values) == 1

    @cached_property
    def counts(self) -> dict[int, int]:
        """How many ways lead from each value to a target, counted up to `MOST_WAYS`.

        What one operation does with a value in two places is one way, and so is what one instruction does with one
        value on its way to one constant.
        """
        if self._single:  # nothing was met twice
            return dict.fromkeys(self.price, 1)
        counts = dict.fromkeys(self.targets, 1)
        inputs, outputs = self.columns.inputs, self.columns.outputs
        joined: set[tuple[int, int]] | None = set() if len(self.columns.maker) < len(outputs) else None
        for number in reversed(self.relevant):
            output, values = outputs[number], inputs[number]
            ahead = counts[output]
            once = len(values) == 1 or (len(values) == 2 and values[0] != values[1])
            for value in values if once else set(values):
                if not value or (joined is not None and (value, output) in joined):
                    continue
                if joined is not None:
                    joined.add((value, output))
                counts[value] = min(counts[value] + ahead, MOST_WAYS) if value in counts else ahead
        return counts

    def fan(self, sources: Sequence[frozenset[int]]) -> Fan:
        """Return what a forward pass from all of these sources finds; the pass is made once."""
        key = tuple(sources)
        if key not in self._fans:
            self._fans[key] = Fan(self, key)
        return self._fans[key]
