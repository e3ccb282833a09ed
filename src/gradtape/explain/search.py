"""The search: routes from a source to the target with the fewest breaks, what lies before and behind a value.

Everything is linear in the size of the run (a 0-1 breadth-first search) and iterative, so depth has no limit.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from gradtape.explain.graph import OUTSIDE, Break, Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gradtape.explain.graph import BreakKind, Run

MAX_ROUTES = 4


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


def shortest_route(
    run: Run, sources: Collection[int], targets: Collection[int], without: Collection[Link] = ()
) -> Route | None:
    """Return a route with the fewest breaks, None if there is no route.

    Parameters
    ----------
    run : Run
    sources, targets : collections of ids
    without : collection of Link
        Links that the route may not use.
    """
    banned = {(link.operation.seq, link.operation.output, link.position) for link in without}
    came: dict[int, tuple[int, Link] | None] = dict.fromkeys(sources)
    cost = dict.fromkeys(sources, 0)
    queue = deque(sources)
    done: set[int] = set()
    while queue:
        value = queue.popleft()
        if value in done:
            continue
        done.add(value)
        if value in targets:
            return _trace(came, value)
        for operation, position in run.uses.get(value, ()):
            if (operation.seq, operation.output, position) in banned:
                continue
            link = Link(operation, position)
            price = cost[value] + (1 if link.breaks else 0)
            if operation.output not in cost or price < cost[operation.output]:
                cost[operation.output] = price
                came[operation.output] = (value, link)
                if link.breaks:
                    queue.append(operation.output)
                else:
                    queue.appendleft(operation.output)
    return None


def _trace(came: dict[int, tuple[int, Link] | None], value: int) -> Route:
    links: list[Link] = []
    step = came[value]
    while step is not None:
        value, link = step
        links.append(link)
        step = came[value]
    return tuple(reversed(links))


def broken_routes(run: Run, sources: Collection[int], targets: Collection[int]) -> tuple[tuple[Route, ...], bool]:
    """Return up to `MAX_ROUTES` routes that break at different places, best first, and whether these are all.

    After each route its first break is taken away and the search goes on: when no route is left, every connection
    between source and target runs through one of the breaks that were found.
    """
    routes: list[Route] = []
    removed: list[Link] = []
    while len(routes) < MAX_ROUTES:
        route = shortest_route(run, sources, targets, removed)
        if route is None:
            return _in_order(routes), True
        routes.append(route)
        broken = next((link for link in route if link.breaks), None)
        if broken is None:
            return _in_order(routes), False
        removed.append(broken)
    return _in_order(routes), shortest_route(run, sources, targets, removed) is None


def _in_order(routes: list[Route]) -> tuple[Route, ...]:
    """Sort routes: fewest breaks first, and among equals the earliest break of the run."""
    return tuple(sorted(routes, key=lambda route: (sum(bool(link.breaks) for link in route), _first_break(route))))


def _first_break(route: Route) -> int:
    return next((link.operation.seq for link in route if link.breaks), 0)


def group_breaks(route: Route) -> tuple[BreakGroup, ...]:
    """Group the breaks of a route, first break first: neighbours of one kind are one cause.

    Operations outside the tape count as one kind, and what else is wrong with them is a cause of its own.
    """
    groups: list[BreakGroup] = []
    previous: set[BreakKind] = set()
    for link in route:
        kinds: set[BreakKind] = set()
        for found in link.breaks:
            match = next(
                (
                    k
                    for k in reversed(range(len(groups)))
                    if _same(groups[k].kind, found.kind) and _touching(previous | kinds, found.kind)
                ),
                None,
            )
            if match is None:
                groups.append(BreakGroup(found.kind, (link,), found))
            else:
                groups[match] = groups[match]._replace(links=(*groups[match].links, link))
            kinds.add(found.kind)
        previous = kinds
    return tuple(groups)


def _same(a: BreakKind, b: BreakKind) -> bool:
    return a is b or (a in OUTSIDE and b in OUTSIDE)


def _touching(previous: set[BreakKind], kind: BreakKind) -> bool:
    return any(_same(p, kind) for p in previous)


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
