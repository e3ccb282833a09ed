"""What a search over a run gives: routes, what breaks them, what lies before and behind a value.

The passes over the run are those of `ways.py`; everything is linear in its size and iterative, so depth has no limit.
"""

from __future__ import annotations

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


def broken_routes(run: Run, sources: Collection[int], targets: Collection[int]) -> tuple[tuple[Route, ...], bool]:
    """Return routes that break at different places, fewest breaks first, and whether these are all such places."""
    return run.ways(frozenset(targets)).fan((frozenset(sources),)).routes(0)


def group_breaks(route: Route) -> tuple[BreakGroup, ...]:
    """Group the breaks of a route, first break first: neighbours of one kind are one cause.

    Operations outside the tape count as one kind, and what else is wrong with them is a cause of its own.
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
                match = next((g for g in reversed(groups) if _same(g[0], found.kind)), None)
            if match is None:
                groups.append((found.kind, [link], found))
            else:
                match[1].append(link)
            kinds.add(found.kind)
        previous = kinds
    return tuple(BreakGroup(kind, tuple(links), first) for kind, links, first in groups)


def kinds_of(link: Link) -> frozenset[BreakKind]:
    """Return the kinds of what ends the path at a link."""
    return frozenset(found.kind for found in link.breaks)


def causes_in(kinds: Collection[BreakKind], after: Collection[BreakKind]) -> int:
    """Count the causes among the kinds of one step's breaks, those left out that the next step's breaks continue."""
    found: list[BreakKind] = []
    for kind in kinds:
        if not touches(after, kind) and not touches(found, kind):
            found.append(kind)
    return len(found)


def touches(previous: Collection[BreakKind], kind: BreakKind) -> bool:
    """Whether a break continues the one before it: both are of one kind."""
    return any(_same(p, kind) for p in previous)


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
