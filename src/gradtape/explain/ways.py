"""The ways from sources to the targets of a run, found once for all sources that were asked for together.

One pass backwards tells of every value whether it reaches a target, and at what price: the fewest breaks, then the
fewest steps. One pass forwards tells for all sources at once which breaks stand first on their ways. All passes are
linear in the size of the run and iterative, so neither length nor depth has a limit.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gradtape.explain.search import Link, causes_in, group_breaks, kinds_of, touches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gradtape.explain.graph import BreakKind, Operation, Run
    from gradtape.explain.search import BreakGroup, Route

CAUSE = 1 << 40
"""The price of a cause, a break that continues none of its kind; every step costs 1 besides."""

MOST_PLACES = 12
"""How many places that end ways of one source are told."""

MOST_WAYS = 1000
"""Ways are counted up to here."""

Kinds = frozenset["BreakKind"]
Key = tuple[int, int, Kinds]
"""A place where a way ends: one instruction of the program, and what breaks there, however often it ran."""

WHOLE: Kinds = frozenset()
"""The kinds of what breaks a step that breaks nowhere."""


class Ways:
    """All that leads to some targets, and how far it is from each value.

    What a way costs behind a value may depend on what breaks just before it: neighbours of one kind are one cause. So
    where the next step can break the cheapest way is kept for each kind of break.
    """

    def __init__(self, run: Run, targets: frozenset[int]) -> None:
        self.run = run
        self.targets = targets
        self.price: dict[int, int] = dict.fromkeys(targets, 0)
        self.relevant: list[Operation] = []
        """The operations that a target depends on, in order."""
        self._onward: dict[int, Operation] = {}
        self._forks: dict[int, dict[Kinds, tuple[int, Link | None]]] = {}
        self._fans: dict[tuple[frozenset[int], ...], Fan] = {}
        self._groups: dict[int, tuple[Route, tuple[BreakGroup, ...]]] = {}
        self._rests: dict[tuple[int, int, int], Route] = {}
        price, onward, forks, relevant = self.price, self._onward, self._forks, self.relevant
        for operation in reversed(run.operations):
            ahead = price.get(operation.output)
            if ahead is None:
                continue
            relevant.append(operation)
            ahead += 1
            for position, value in enumerate(operation.inputs):
                if not value:
                    continue
                known = price.get(value)
                if operation.breaks[position]:
                    cost = self._fork(value, Link(operation, position), known)
                else:
                    cost = ahead
                    if value in forks and cost < forks[value].get(WHOLE, (cost + 1,))[0]:
                        forks[value][WHOLE] = cost, Link(operation, position)
                if known is None or cost < known:
                    price[value] = cost
                    onward[value] = operation
        relevant.reverse()

    def _fork(self, value: int, link: Link, known: int | None) -> int:
        """Keep a step that breaks among those from a value; return what the way costs."""
        found = self._forks.get(value)
        if found is None:
            found = self._forks[value] = {}
            if known is not None:
                found[WHOLE] = known, self._step(value) if value in self._onward else None
        kinds = kinds_of(link)
        cost = self.cost(link)
        if kinds not in found or cost < found[kinds][0]:
            found[kinds] = cost, link
        return cost

    def cost(self, link: Link) -> int:
        """Return the price of the cheapest way that begins with a step."""
        return self._behind(link)[0]

    def _behind(self, link: Link) -> tuple[int, Link | None]:
        """Return the price of the cheapest way that begins with a step, and the step after it, None at a target."""
        kinds, output = kinds_of(link), link.operation.output
        forks = self._forks.get(output)
        if not kinds or forks is None:
            return self.price[output] + 1 + CAUSE * causes_in(kinds, WHOLE), self._step(output)
        options = ((cost + 1 + CAUSE * causes_in(kinds, after), step) for after, (cost, step) in forks.items())
        return min(options, key=lambda option: option[0])

    def _step(self, value: int) -> Link | None:
        """Return the first step on the cheapest way from a value, None from a target."""
        operation = self._onward.get(value)
        if operation is None:
            return None
        inputs = operation.inputs
        if inputs.count(value) == 1:
            return Link(operation, inputs.index(value))
        return min((Link(operation, position) for position, i in enumerate(inputs) if i == value), key=self.cost)

    def flow_from(self, values: Iterable[int]) -> bool:
        """Whether a way without a break leads from one of the values to a target."""
        return any(self.price.get(value, CAUSE) < CAUSE for value in values)

    def best(self, values: Iterable[int]) -> Route | None:
        """Return the cheapest way from any of the values to a target, None if there is none."""
        start = min((i for i in values if i in self.price), key=self.price.__getitem__, default=None)
        if start is None:
            return None
        step = self._step(start)
        return () if step is None else self.along(step)

    def along(self, link: Link) -> Route:
        """Return the cheapest way that begins with a step."""
        key = link.operation.seq, link.operation.output, link.position
        if key not in self._rests:
            links = []
            here: Link | None = link
            while here is not None:
                links.append(here)
                output = here.operation.output
                here = self._behind(here)[1] if output in self._forks else self._step(output)
            self._rests[key] = tuple(links)
        return self._rests[key]

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

    @cached_property
    def unknown(self) -> frozenset[int]:
        """The values on the way that nobody remembers making, variables and what was watched left out."""
        made = {operation.output for operation in self.relevant}
        told = {event.value for event in self.run.events if event.kind in {"create", "watch"}}
        return frozenset(i for i in self.price.keys() - made - told - self.run.variables if i > 0)

    @cached_property
    def counts(self) -> dict[int, int]:
        """How many ways lead from each value to a target, counted up to `MOST_WAYS`.

        What one operation does with a value in two places is one way, and so is what one instruction does with one
        value on its way to one constant.
        """
        counts = dict.fromkeys(self.targets, 1)
        outputs = [operation.output for operation in self.relevant]
        joined: set[tuple[int, int]] | None = set() if len(set(outputs)) < len(outputs) else None
        for operation in reversed(self.relevant):
            ahead = counts[operation.output]
            inputs = operation.inputs
            for value in inputs if len(inputs) == 1 else set(inputs):
                if not value or (joined is not None and (value, operation.output) in joined):
                    continue
                if joined is not None:
                    joined.add((value, operation.output))
                counts[value] = min(counts[value] + ahead, MOST_WAYS) if value in counts else ahead
        return counts

    def fan(self, sources: Sequence[frozenset[int]]) -> Fan:
        """Return what a forward pass from all of these sources finds; the pass is made once."""
        key = tuple(sources)
        if key not in self._fans:
            self._fans[key] = Fan(self, key)
        return self._fans[key]


class Reach:
    """What depends on each of several sources, breaks or not: one pass for all, with a bit for each source.

    If it is to be on ways that are `whole`, then without breaks.
    """

    def __init__(self, run: Run, sources: tuple[frozenset[int], ...], *, whole: bool = False) -> None:
        masks: dict[int, int] = {}
        for k, ids in enumerate(sources):
            for value in ids:
                masks[value] = masks.get(value, 0) | 1 << k
        for operation in run.operations:
            inputs = operation.inputs
            if masks.keys().isdisjoint(inputs):
                continue
            if whole and any(operation.breaks):
                inputs = tuple([value for k, value in enumerate(inputs) if not operation.breaks[k]])
            mask = 0
            for value in inputs:
                mask |= masks.get(value, 0)
            if mask:
                masks[operation.output] = masks.get(operation.output, 0) | mask
        self._masks = masks

    def of(self, k: int) -> Reached:
        """Return what depends on the source `k`."""
        return Reached(self._masks, k)


class Reached(NamedTuple):
    """The values that depend on one source, itself included; ask with `in`."""

    masks: dict[int, int]
    k: int

    def __contains__(self, value: object) -> bool:
        return bool(self.masks.get(value, 0) >> self.k & 1)  # type: ignore[call-overload]


class Place:
    """A place in the program where ways end, with every link that is broken there and the sources whose ways those are.

    `mask` has a bit for each source.
    """

    __slots__ = ("links", "mask")

    def __init__(self) -> None:
        self.links: list[tuple[Link, int]] = []
        self.mask = 0

    def add(self, link: Link, mask: int) -> None:
        """Add a link."""
        self.links.append((link, mask))
        self.mask |= mask

    def best(self, bit: int, price: Callable[[Link], int]) -> Link:
        """Return the link with the cheapest way onward among those of one source; the earliest of equals."""
        return min((link for link, mask in self.links if mask & bit), key=price)


class Fan:
    """Which breaks stand first on the ways of each source."""

    def __init__(self, ways: Ways, sources: tuple[frozenset[int], ...]) -> None:
        self.ways = ways
        self.sources = sources
        self.places: dict[Key, Place] = {}
        self._reached: dict[int, int] = {}
        self._came: dict[int, Operation] = {}
        reached, came = self._reached, self._came
        for k, ids in enumerate(sources):
            for value in ids:
                if value in ways.price:
                    reached[value] = reached.get(value, 0) | 1 << k
        for operation in ways.relevant:
            mask = 0
            for position, value in enumerate(operation.inputs):
                here = reached.get(value)
                if here is None:
                    continue
                if operation.breaks[position]:
                    place(self.places, operation, position).add(Link(operation, position), here)
                else:
                    mask |= here
            if mask:
                reached[operation.output] = reached.get(operation.output, 0) | mask
                came[operation.output] = operation

    def routes(self, k: int) -> tuple[tuple[Route, ...], bool]:
        """Return a way of the source `k` through each place where its ways end, and whether these are all such places.

        Fewest causes first, then the earliest. A source whose gradient flows has one way, without a break.
        """
        ids, ways = self.sources[k], self.ways
        if ways.flow_from(ids):
            return (ways.best(ids) or (),), False
        if ids.isdisjoint(ways.price.keys()):
            return (), True
        bit = 1 << k
        first = [(key, p.best(bit, ways.cost)) for key, p in self.places.items() if p.mask & bit]
        first.sort(key=lambda pair: (ways.cost(pair[1]), pair[1].operation.seq))
        found: list[Route] = []
        seen = {key for key, _ in first}
        complete = len(first) <= MOST_PLACES
        waiting = deque((self._before(link, k), link) for _, link in first[:MOST_PLACES])
        while waiting:
            before, link = waiting.popleft()
            alone = ways.cost(link) < CAUSE * (causes_in(kinds_of(link), WHOLE) + 1)
            new = [] if alone else [(key, way) for key, way in _beyond(ways, link) if key not in seen]
            room = MOST_PLACES - len(found) - len(waiting)
            complete = complete and len(new) <= room
            if not new or room <= 0:
                found.append((*before, *ways.along(link)))
                continue
            for key, way in new[:room]:
                seen.add(key)
                waiting.append(((*before, link, *way[:-1]), way[-1]))
        found.sort(key=ways.rank)
        fewest = min(ways.price[i] for i in ids & ways.price.keys()) // CAUSE
        if fewest < ways.rank(found[0])[0]:  # behind a place that other ways had led to before
            found.insert(0, ways.best(ids) or ())
        return tuple(found), complete

    def _before(self, link: Link, k: int) -> Route:
        """Return a way without a break from the source `k` to the value that a link reads."""
        links: list[Link] = []
        value = link.operation.inputs[link.position]
        while value not in self.sources[k]:
            step = self._step_to(value, self._came[value], k)
            assert step is not None  # noqa: S101 - the pass came this way
            links.append(step)
            value = step.operation.inputs[step.position]
        return tuple(reversed(links))

    def _step_to(self, value: int, maker: Operation, k: int) -> Link | None:
        """Return a step without a break that leads from the source `k` to a value."""
        for position, before in enumerate(maker.inputs):
            if not maker.breaks[position] and self._reached.get(before, 0) >> k & 1:
                return Link(maker, position)
        others = (op for op in self.ways.relevant if op.output == value and op is not maker)
        return next((link for op in others if (link := self._step_to(0, op, k)) is not None), None)

    def count(self, k: int) -> int:
        """Count the ways of the source `k`."""
        counts = self.ways.counts
        return min(sum(counts.get(value, 0) for value in self.sources[k]), MOST_WAYS)


def place(places: dict[Key, Place], operation: Operation, position: int) -> Place:
    """Return the place of a broken link, made anew if it is not there."""
    site = operation.site
    key = (id(site.code), site.lasti, kinds_of(Link(operation, position)))
    found = places.get(key)
    if found is None:
        found = places[key] = Place()
    return found


class _Step(NamedTuple):
    """How a value behind a break was reached: the link, and the kinds of the break that it still touches."""

    link: Link | None
    touching: Kinds


def _beyond(ways: Ways, first: Link) -> list[tuple[Key, Route]]:
    """Return the next breaks behind one, each with the way to it from there: those that are causes of their own.

    A break that touches the one before it and is of the same kind belongs to the same cause.
    """
    reached = {first.operation.output: _Step(None, kinds_of(first))}
    found: dict[Key, Place] = {}
    begin = bisect_right(ways.relevant, first.operation.seq, key=lambda operation: operation.seq)
    for operation in ways.relevant[begin:]:
        best: _Step | None = None
        for position, value in enumerate(operation.inputs):
            before = reached.get(value)
            if before is None:
                continue
            link = Link(operation, position)
            kinds = kinds_of(link)
            if not kinds:
                best = best or _Step(link, WHOLE)
            elif all(touches(before.touching, kind) for kind in kinds):
                best = _Step(link, kinds)
            else:
                place(found, operation, position).add(link, 1)
        if best is not None:
            reached.setdefault(operation.output, best)
    pairs = [(key, p.best(1, ways.cost)) for key, p in found.items()]
    pairs.sort(key=lambda pair: (ways.cost(pair[1]), pair[1].operation.seq))
    return [(key, (*_back(reached, link), link)) for key, link in pairs]


def _back(reached: dict[int, _Step], link: Link) -> Route:
    links = []
    before = reached[link.operation.inputs[link.position]].link
    while before is not None:
        links.append(before)
        before = reached[before.operation.inputs[before.position]].link
    return tuple(reversed(links))
