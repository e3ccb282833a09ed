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
from typing import TYPE_CHECKING, Any

from gradtape.arrays.record import LEAVING, EventKind
from gradtape.diagnostics import syntax
from gradtape.explain.graph import Break, BreakKind, Operation
from gradtape.recorders.flow import Flow

if TYPE_CHECKING:
    from gradtape.arrays.record import Event
    from gradtape.diagnostics import Site, Span
    from gradtape.explain.graph import End
    from gradtape.recorders.native import Builder

MOST_AT_ONCE = 1000
"""How many values may have gone into one constant; a longer history is cut."""


def find_crossings(builder: Builder, operations: list[Operation], targets: tuple[End, ...]) -> list[Operation]:
    """Return pseudo-operations that lead from a value that left to the operand, or target, that it became.

    `operations` is changed in place: an operand that was found gets an id of its own.
    """
    exits: dict[Site, list[Event]] = defaultdict(list)
    for event in builder.events:
        if event.kind in LEAVING:
            exits[event.site].append(event)
    if not exits:
        return []
    recorded = frozenset(operation.site.span for operation in operations)
    flows = {site: Flow(events[0], recorded) for site, events in exits.items()}
    found = _index_links(builder, operations, exits)
    entries: dict[tuple[Site, int, int], list[tuple[Site, bool]]] = {}
    since: dict[tuple[Site, int, int], int] = {}
    for number, operation in enumerate(operations):
        for position, value in enumerate(operation.inputs):
            if value:
                continue
            key = (operation.site, position, len(operation.inputs))
            if key not in entries:
                entries[key] = _origins(flows, operation.site, position, len(operation.inputs))
            constant = builder.fresh()
            links = [
                _crossing(builder, event, constant, sure)
                for origin, sure in entries[key]
                for event in _left(exits[origin], since.get(key, 0), operation.seq)
            ]
            since[key] = operation.seq
            if not links:
                continue
            found += links
            inputs = (*operation.inputs[:position], constant, *operation.inputs[position + 1 :])
            operation = operations[number] = replace(operation, inputs=inputs)  # noqa: PLW2901
    found += _target_links(builder, flows, exits, targets)
    return found


def _left(events: list[Event], since: int, until: int) -> list[Event]:
    """Return what left at one place since the last time, or else the newest: a constant may be used again."""
    first = bisect_right(events, since, key=lambda e: e.seq)
    last = bisect_left(events, until, key=lambda e: e.seq)
    return events[max(first, last - MOST_AT_ONCE) : last] or events[max(last - 1, 0) : last]


def _crossing(builder: Builder, event: Event, output: int, proven: bool) -> Operation:
    kind = BreakKind.LEFT_AS_NUMBER if event.kind is EventKind.LEFT_AS_NUMBER else BreakKind.LEFT_AS_ARRAY
    return Operation(
        event.seq,
        "leave the tape",
        (builder.version_at(event.value, event.seq),),
        output,
        event.site,
        ((Break(kind, "", proven),),),
        event.callers,
    )


def _index_links(builder: Builder, operations: list[Operation], exits: dict[Site, list[Event]]) -> list[Operation]:
    """Connect tensors that stood in the brackets of another with the value that was picked: positions carry nothing."""
    picked = [e for events in exits.values() for e in events if e.detail == "index"]
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


def _target_links(
    builder: Builder, flows: dict[Site, Flow], exits: dict[Site, list[Event]], targets: tuple[End, ...]
) -> list[Operation]:
    """Connect a target that is a plain array or number with the values that left on its way."""
    found = []
    for position, target in enumerate(targets):
        if target.kind not in {"array", "number"}:
            continue
        for site, flow in flows.items():
            sure = flow.reaches_argument(builder.asked.site.span, 0, "target", position)
            if sure is not None:
                id = next(iter(target.ids))
                left = _left(exits[site], builder.began, builder.asked.seq)
                found += [_crossing(builder, event, id, sure) for event in left]
    return found


def _origins(flows: dict[Site, Flow], site: Site, position: int, count: int) -> list[tuple[Site, bool]]:
    """Return the places where the constant operand of an operation left the tape, and whether that is certain."""
    node = _operand(site.span, position, count)
    if node is None:
        return []
    whole = syntax.span_of(node, site.span.file)
    found = [(origin, sure) for origin, flow in flows.items() if (sure := flow.reaches(node, site.span)) is not None]
    # a conversion that stands in the operand itself is nearer than any that names lead to
    ranks = [(whole.contains(origin.span), sure) for origin, sure in found]
    return [pair for pair, rank in zip(found, ranks, strict=True) if rank == max(ranks)]


def _operand(span: Span, position: int, count: int) -> ast.expr | None:
    """Return the source text of one operand of the operation at a span; None for a literal."""
    node: Any = syntax.expression_at(span)
    if node is None:
        statement = syntax.statement_at(span)
        node = statement.value if isinstance(statement, ast.AugAssign) else None
    if isinstance(node, ast.BinOp):
        node = (node.left, node.right)[min(position, 1)]
    elif isinstance(node, ast.Compare) and len(node.comparators) == 1:
        node = (node.left, node.comparators[0])[min(position, 1)]
    elif (
        isinstance(node, ast.Call)
        and len(node.args) >= count
        and not any(isinstance(a, ast.Starred) for a in node.args)
    ):
        node = node.args[position]
    literal = isinstance(node, ast.Constant) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)
    )
    return None if node is None or literal else node
