"""Where a value left the tape and came back as a constant: the two ends are recorded, the way between is read.

A value that became an ndarray or a number is followed through the names of the source text: assignments, returns,
containers. The link is certain where the text leaves no choice (the conversion stands in the operand itself, or every
name on the way is assigned once), otherwise it is marked as possible.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from gradtape.arrays.record import LEAVING, EventKind
from gradtape.diagnostics import syntax
from gradtape.explain.graph import Break, BreakKind, Operation
from gradtape.ops import COMPOSITES, OPS, load_families
from gradtape.recorders.flow import Flow

if TYPE_CHECKING:
    from gradtape.arrays.record import Event
    from gradtape.diagnostics import Site, Span
    from gradtape.explain.graph import End
    from gradtape.recorders.native import Builder

Origin = tuple["Site", tuple["Site", ...]]
"""Where a value left: the place, and the calls that were running."""

MOST_AT_ONCE = 1000
"""How many values may have gone into one constant; a longer history is cut."""


def find_crossings(builder: Builder, operations: list[Operation], targets: tuple[End, ...]) -> list[Operation]:
    """Return pseudo-operations that lead from a value that left to the operand, or target, that it became.

    `operations` is changed in place: an operand that was found gets an id of its own.
    """
    exits: dict[Origin, list[Event]] = defaultdict(list)
    for event in builder.events:
        if event.kind in LEAVING:
            exits[event.site, event.callers].append(event)
    return Crossings(builder, operations, exits).find(targets) if exits else []


class Crossings:
    """Links the places where values left with the places where constants came in.

    Only values that depend on a source are followed, in rounds: what came back may leave again.
    """

    def __init__(self, builder: Builder, operations: list[Operation], exits: dict[Origin, list[Event]]) -> None:
        self.builder = builder
        self.operations = operations
        self.exits = exits
        self.recorded = frozenset(operation.site.span for operation in operations)
        self.flows: dict[Origin, Flow] = {}
        self.found = _index_links(builder, operations, exits)

    def find(self, targets: tuple[End, ...]) -> list[Operation]:
        """Link until nothing new leaves."""
        while self._follow_more():
            self._link_operands()
        self._link_targets(targets)
        return self.found

    def _follow_more(self) -> bool:
        """Follow the values that leave and depend on a source; whether there are any that were not followed before."""
        reached = {id for source in self.builder.source_ids for id in (source, *self.builder.versions.get(source, []))}
        for operation in sorted([*self.operations, *self.found], key=lambda op: op.seq):
            if not reached.isdisjoint(operation.inputs):
                reached.add(operation.output)
        new = {
            origin: Flow(events[0], self.recorded)
            for origin, events in self.exits.items()
            if origin not in self.flows
            and any(self.builder.version_at(e.value, e.seq) in reached for e in events[-MOST_AT_ONCE:])
        }
        self.flows |= new
        return bool(new)

    def _link_operands(self) -> None:
        entries: dict[tuple[Site, int, int], list[tuple[Origin, bool]]] = {}
        since: dict[tuple[Site, int, int], int] = {}
        for number, operation in enumerate(self.operations):
            for position, value in enumerate(operation.inputs):
                if value:
                    continue
                key = (operation.site, position, len(operation.inputs))
                if key not in entries:
                    entries[key] = self._origins(operation.site, position, len(operation.inputs))
                constant = self.builder.fresh()
                links = []
                for origin, sure in entries[key]:
                    flow = self.flows[origin]
                    left = _left(self.exits[origin], since.get(key, 0), operation.seq, flow, operation.site.span)
                    links += [_crossing(self.builder, event, constant, sure) for event in left]
                since[key] = operation.seq
                if links:
                    self.found += links
                    inputs = (*operation.inputs[:position], constant, *operation.inputs[position + 1 :])
                    operation = self.operations[number] = replace(operation, inputs=inputs)  # noqa: PLW2901

    def _origins(self, site: Site, position: int, count: int) -> list[tuple[Origin, bool]]:
        """Return the places where the constant operand of an operation left the tape, and whether that is certain."""
        node = syntax.operand_at(site.span, position, count)
        if node is None:
            return []
        whole = syntax.span_of(node, site.span.file)
        # a conversion that stands in the operand itself is nearer than any that names lead to
        nested = [origin for origin in self.exits if whole.contains(origin[0].span)]
        flows = {origin: self.flows[origin] for origin in nested or self.flows if origin in self.flows}
        found = [
            (origin, sure) for origin, flow in flows.items() if (sure := flow.reaches(node, site.span)) is not None
        ]
        if isinstance(node, ast.Subscript) and not syntax.has_name_as_key(node):  # which element it is, nobody knows
            found = [(origin, sure and self.flows[origin].overwrites) for origin, sure in found]
        return [(origin, sure) for origin, sure in found if sure == any(certain for _, certain in found)]

    def _link_targets(self, targets: tuple[End, ...]) -> None:
        """Connect a target that is a plain array or number with the values that left on its way."""
        asked = self.builder.asked
        for position, target in enumerate(targets):
            if target.kind not in {"array", "number"}:
                continue
            for origin, flow in self.flows.items():
                sure = flow.reaches_argument(asked.site.span, 0, "target", position)
                if sure is not None:
                    id = next(iter(target.ids))
                    left = _left(self.exits[origin], self.builder.began, asked.seq, flow, asked.site.span)
                    self.found += [_crossing(self.builder, event, id, sure) for event in left]


def _left(events: list[Event], since: int, until: int, flow: Flow, place: Span) -> list[Event]:
    """Return what left at one place since the last time, or else the newest, if a constant may be used again here."""
    first = bisect_right(events, since, key=lambda e: e.seq)
    last = bisect_left(events, until, key=lambda e: e.seq)
    fresh = events[max(first, last - MOST_AT_ONCE) : last]
    if not fresh and not flow.could_be_stale(place):
        fresh = events[max(last - 1, 0) : last]
    return fresh[-1:] if flow.overwrites else fresh


def _crossing(builder: Builder, event: Event, output: int, proven: bool) -> Operation:
    kind = BreakKind.LEFT_AS_NUMBER if event.kind is EventKind.LEFT_AS_NUMBER else BreakKind.LEFT_AS_ARRAY
    return Operation(
        event.seq,
        "leave the tape",
        (builder.version_at(event.value, event.seq),),
        output,
        event.site,
        ((Break(kind, "", proven, on_the_tape(event.detail)),),),
        event.callers,
    )


def on_the_tape(names: object) -> str:
    """Return where the outermost function of SciPy among those that converted a value stays on the tape."""
    if not isinstance(names, str):
        return ""
    for name in reversed(names.split()):
        *modules, function = name.split(".")
        public = [m for m in modules[1:] if not m.startswith("_")]
        if modules[0] == "scipy" and public:
            load_families()
            known = {row.scipy for rows in (OPS, COMPOSITES) for row in rows.values() if row.scipy}
            if ".".join([*public, function]) in known:
                return ".".join(["gradtape.scipy", *public, function])
            if any(home.startswith(f"{public[0]}.") for home in known):
                return f"gradtape.scipy.{public[0]}.*"
    return ""


def _index_links(builder: Builder, operations: list[Operation], exits: dict[Origin, list[Event]]) -> list[Operation]:
    """Connect tensors that stood in the brackets of another with the value that was picked: positions carry nothing."""
    picked = [e for events in exits.values() for e in events if e.detail == "index"]
    if not picked:
        return []
    by_site: dict[Site, list[Operation]] = defaultdict(list)
    for operation in operations:
        by_site[operation.site].append(operation)
    found = []
    for event in picked:
        picking = next((op for op in by_site[event.site] if op.seq > event.seq), None)
        if picking is not None:
            reason = "picks by position, and positions are integers"
            broken = (Break(BreakKind.NO_DERIVATIVE, reason),)
            source = builder.version_at(event.value, event.seq)
            found.append(Operation(event.seq, "getitem", (source,), picking.output, event.site, (broken,)))
    return found
