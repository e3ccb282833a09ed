"""What a search over a run gives: routes, what breaks them, what lies before and behind a value.

The passes over the run are those of `ways.py`; everything is linear in its size and iterative, so depth has no limit.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from gradtape.explain.graph import OUTSIDE, Break, BreakKind, Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gradtape.explain.graph import Run

DISCRETE = {BreakKind.NO_DERIVATIVE, BreakKind.INTEGER_CAST}
"""An argmax and the cast of its positions are one cause."""


class Link(NamedTuple):
    """One operation on a route, entered through the input at `position`."""

    operation: Operation
    position: int

    @property
    def breaks(self) -> tuple[Break, ...]:
        """What ends the path here; empty where the gradient flows."""
        return self.operation.breaks[self.position]


Route = tuple[Link, ...]


class BreakGroup(NamedTuple):
    """Neighbouring links broken for the same kind of reason: one cause to tell."""

    kind: BreakKind
    links: tuple[Link, ...]
    first: Break


def shortest_route(run: Run, sources: Collection[int], targets: Collection[int]) -> Route | None:
    """Return a route with the fewest causes, and among those with the fewest steps; None if there is no route."""
    return run.ways(frozenset(targets)).best(sources)


def way_to(run: Run, sources: Collection[int], value: int) -> Route | None:
    """Return a route without a break and with the fewest steps that leads to a value; None if there is none.

    It is looked for from its end, so that nothing farther away than the nearest source is looked at.
    """
    onward: dict[int, Operation | None] = {value: None}
    level, arrived, producers = [value], value in sources, run.producers
    while level and not arrived:
        makers = []
        for made in level:
            maker = producers.get(made)
            if maker is not None:
                makers.append(maker)
        if len(makers) > 1:
            makers.sort(key=lambda operation: -operation.seq)
        level = []
        for maker in makers:
            breaks = maker.breaks
            for position, before in enumerate(maker.inputs):
                if before and before not in onward and not breaks[position]:
                    onward[before] = maker
                    level.append(before)
                    if before in sources:
                        arrived = True
    if not arrived:
        return None
    here = next(source for source in sources if source in onward)
    links: list[Link] = []
    while (operation := onward[here]) is not None:
        position = operation.inputs.index(here)
        while operation.breaks[position]:
            position = operation.inputs.index(here, position + 1)
        links.append(Link(operation, position))
        here = operation.output
    return tuple(links)


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
    for link in route:
        breaks = link.operation.breaks[link.position]
        if not breaks:
            previous = set()
            continue
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


def kinds_of(link: Link) -> frozenset[BreakKind]:
    """Return the kinds of what ends the path at a link."""
    breaks = link.operation.breaks[link.position]
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
    return _same(before, after) or (before in OUTSIDE and after is BreakKind.INNER_GRADIENT)


def _same(a: BreakKind, b: BreakKind) -> bool:
    return a is b or (a in OUTSIDE and b in OUTSIDE) or {a, b} == DISCRETE


def forward_cone(run: Run, values: Iterable[int]) -> set[int]:
    """Return the ids that depend on any of the values, themselves included."""
    reached = set(values)
    for operation in run.operations:
        if not reached.isdisjoint(operation.inputs):
            reached.add(operation.output)
    return reached


def backward_cone(run: Run, values: Iterable[int]) -> set[int]:
    """Return the ids that any of the values depends on, themselves included."""
    reached = set(values)
    for operation in reversed(run.operations):
        if operation.output in reached:
            reached.update(i for i in operation.inputs if i)
    return reached
