"""Where a value left its framework and came back as a constant: the two ends are recorded, the way between is read.

A value that became an ndarray or a number is followed through the names of the source text: assignments, returns,
containers. The link is certain where the text leaves no choice (the conversion stands in the operand itself, or every
name on the way is assigned once), otherwise it is marked as possible. Every recorder
brings its own exits and operations.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import syntax
from gradtape.explain.columns import Columns, Given
from gradtape.explain.graph import Break, BreakKind, Operation
from gradtape.recorders.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Mapping, Sequence

    from gradtape.diagnostics import Site, Span
    from gradtape.explain.graph import End

Origin = tuple["Site", tuple["Site", ...]]
"""Where a value left: the place, and the calls that were running."""

MOST_AT_ONCE = 1000
"""How many values may have gone into one constant; a longer history is cut."""


class Exit(NamedTuple):
    """A value that became a plain array or number.

    Parameters
    ----------
    seq : int
        When.
    value : int
        Its id in the graph, of a variable the version that it had then.
    kind : BreakKind
        What it became: `LEFT_AS_ARRAY`, `LEFT_AS_NUMBER`, `REBUILT`, ...
    site : Site
    callers : tuple of Site
        The user's frames around the site, nearest first.
    instead : str
        Where the function that took it stays on the tape, as `Break.instead`.
    picks : bool
        Whether it only picked a position in another value.
    name : str
        What messages call the step.
    reason : str
        Why it leaves there, as `Break.reason`.
    """

    seq: int
    value: int
    kind: BreakKind
    site: Site
    callers: tuple[Site, ...] = ()
    instead: str = ""
    picks: bool = False
    name: str = "leave the tape"
    reason: str = ""


class Call(NamedTuple):
    """The call that asked for the gradients: where, when, and when its tape began.

    `receiver` is the target in the source where it is no argument of the call: `loss` of `loss.backward()`.
    `returned` says that the targets are what a function returned to the call, not arguments of it.
    """

    site: Site
    seq: int
    began: int = 0
    receiver: ast.expr | None = None
    returned: bool = False


def operand_of(operation: Operation, position: int) -> ast.expr | None:
    """Return what the source says for one operand of an operation; None for a literal or where it cannot be told."""
    return syntax.operand_at(operation.site.span, position, len(operation.inputs))


def find_crossings(
    operations: list[Operation] | Columns,
    exits: Sequence[Exit],
    *,
    roots: Collection[int],
    call: Call,
    fresh: Callable[[], int],
    targets: tuple[End, ...] = (),
    operand: Callable[[Operation, int], ast.expr | None] = operand_of,
    known: Mapping[tuple[int, int], Sequence[Exit]] | None = None,
) -> list[Operation]:
    """Return pseudo-operations that lead from a value that left to the operand, or target, that it became.

    Parameters
    ----------
    operations : list of Operation, or Columns
        All operations in the order of the run; an input 0 is a constant. They are changed in place: an operand that was
        found gets an id of its own.
    exits : sequence of Exit
        In the order of the run.
    roots : collection of ids
        The sources with all their versions: only values that depend on them are followed.
    call : Call
        The question.
    fresh : callable
        Gives an id that the graph does not have yet.
    targets : tuple of End
        The targets; one that is a plain array or number is linked as well.
    operand : callable, optional
        The source text of one operand of an operation.
    known : mapping from (number of the operation, position) to exits, optional
        Operands that are seen to be values that left: the very same array.
    """
    if not exits:
        return []
    columns = operations if isinstance(operations, Columns) else Given(operations)
    crossings = Crossings(columns, exits, roots, call, fresh, operand)
    crossings.link_known(known or {})
    return crossings.find(targets)


class Crossings:
    """Links the places where values left with the places where constants came in.

    Only values that depend on a source are followed, in rounds: what came back may leave again.
    """

    def __init__(
        self,
        columns: Columns,
        exits: Sequence[Exit],
        roots: Collection[int],
        call: Call,
        fresh: Callable[[], int],
        operand: Callable[[Operation, int], ast.expr | None],
    ) -> None:
        self.columns = columns
        self.roots = roots
        self.call = call
        self.fresh = fresh
        self.operand = operand
        self.exits: dict[Origin, list[Exit]] = defaultdict(list)
        for left in exits:
            self.exits[left.site, left.callers].append(left)
        self.recorded = frozenset(columns.spans(range(len(columns))))
        self.flows: dict[Origin, Flow] = {}
        self.found = _index_links(columns, self.exits)

    def link_known(self, known: Mapping[tuple[int, int], Sequence[Exit]]) -> None:
        """Link the operands that are seen to be values that left."""
        for (number, position), exits in known.items():
            constant = self.fresh()
            self.found += [_crossing(left, constant, proven=True) for left in exits]
            self.columns.read_instead(number, position, constant)

    def find(self, targets: tuple[End, ...]) -> list[Operation]:
        """Link until nothing new leaves."""
        while self._follow_more():
            self._link_operands()
        self._link_targets(targets)
        return self.found

    def _follow_more(self) -> bool:
        """Follow the values that leave and depend on a source; whether there are any that were not followed before."""
        reached, columns, begin = set(self.roots), self.columns, 0
        for link in (*sorted(self.found, key=lambda link: link.seq), None):
            end = len(columns) if link is None else bisect_right(columns.seqs, link.seq)
            for inputs, output in zip(columns.inputs[begin:end], columns.outputs[begin:end], strict=True):
                if not reached.isdisjoint(inputs):
                    reached.add(output)
            if link is not None and not reached.isdisjoint(link.inputs):
                reached.add(link.output)
            begin = end
        new = {
            origin: Flow(origin[0].span, origin[1], self.recorded)
            for origin, exits in self.exits.items()
            if origin not in self.flows and any(left.value in reached for left in exits[-MOST_AT_ONCE:])
        }
        self.flows |= new
        return bool(new)

    def _link_operands(self) -> None:
        entries: dict[tuple[Hashable, int, int], list[tuple[Origin, bool]]] = {}
        since: dict[tuple[Hashable, int, int], int] = {}
        columns = self.columns
        places = columns.places
        for number, inputs in enumerate(columns.inputs):
            if all(inputs):
                continue
            for position, value in enumerate(inputs):
                if value:
                    continue
                key = (places[number], position, len(inputs))
                if key not in entries:
                    entries[key] = self._origins(columns[number], position)
                if not entries[key]:
                    continue
                constant = self.fresh()
                links = []
                last, span, seq = since.get(key, 0), columns[number].site.span, columns.seqs[number]
                came = [
                    (origin[0], sure, _left(self.exits[origin], last, seq, self.flows[origin], span))
                    for origin, sure in entries[key]
                ]
                # what left at a place in an earlier call gives way to what left there in this one
                newest = {
                    place: max(e.seq for p, _, many in came if p == place for e in many)
                    for place, _, left in came
                    if left
                }
                for place, sure, left in came:
                    if left and left[-1].seq > min(last, newest[place] - 1):
                        links += [_crossing(exit_, constant, sure) for exit_ in left]
                since[key] = seq
                if links:
                    self.found += links
                    columns.read_instead(number, position, constant)

    def _origins(self, operation: Operation, position: int) -> list[tuple[Origin, bool]]:
        """Return the places where the constant operand of an operation left, and whether that is certain."""
        node = self.operand(operation, position)
        if node is None:
            return []
        span = operation.site.span
        whole = syntax.span_of(node, span.file)
        # a conversion that stands in the operand itself is nearer than any that names lead to; one at the place of the
        # whole operation happened inside of the library that the program calls
        inside = (origin for origin in self.exits if whole.contains(origin[0].span))
        nested = [origin for origin in inside if whole != span or origin[0].span != span]
        flows = {origin: self.flows[origin] for origin in nested or self.flows if origin in self.flows}
        found = [(origin, sure) for origin, flow in flows.items() if (sure := flow.reaches(node, span)) is not None]
        if isinstance(node, ast.Subscript) and not syntax.has_name_as_key(node):  # which element it is, nobody knows
            found = [(origin, sure and self.flows[origin].overwrites) for origin, sure in found]
        return [(origin, sure) for origin, sure in found if sure == any(certain for _, certain in found)]

    def _link_targets(self, targets: tuple[End, ...]) -> None:
        """Connect a target that is a plain array or number with the values that left on its way."""
        span = self.call.site.span
        for position, target in enumerate(targets):
            if target.kind not in {"array", "number"}:
                continue
            for origin, flow in self.flows.items():
                if self.call.receiver is not None:
                    sure = flow.reaches(self.call.receiver, span)
                elif self.call.returned:
                    sure = flow.arrives_at(span)
                else:
                    sure = flow.reaches_argument(span, 0, "target", position)
                if sure is not None:
                    id = next(iter(target.ids))
                    left = _left(self.exits[origin], self.call.began, self.call.seq, flow, span)
                    self.found += [_crossing(exit_, id, sure) for exit_ in left]


def _left(exits: list[Exit], since: int, until: int, flow: Flow, place: Span) -> list[Exit]:
    """Return what left at one place since the last time, or else the newest, if a constant may be used again here."""
    first = bisect_right(exits, since, key=lambda e: e.seq)
    last = bisect_left(exits, until, key=lambda e: e.seq)
    fresh = exits[max(first, last - MOST_AT_ONCE) : last]
    if not fresh and last and not flow.could_be_stale(place):
        fresh = exits[bisect_left(exits, exits[last - 1].seq, key=lambda e: e.seq) : last]  # all that left at once
    return fresh[-1:] if flow.overwrites else fresh


def _crossing(left: Exit, output: int, proven: bool) -> Operation:
    broken = (Break(left.kind, left.reason, proven, left.instead),)
    return Operation(left.seq, left.name, (left.value,), output, left.site, (broken,), left.callers)


def _index_links(columns: Columns, exits: Mapping[Origin, list[Exit]]) -> list[Operation]:
    """Connect tensors that stood in the brackets of another with the value that was picked: positions carry nothing."""
    picked = [left for many in exits.values() for left in many if left.picks]
    if not picked:
        return []
    there: dict[Hashable, list[int]] = {(id(left.site.code), left.site.lasti): [] for left in picked}
    for number, place in enumerate(columns.places):
        if place in there:
            there[place].append(number)
    found = []
    for left in picked:
        here = there[id(left.site.code), left.site.lasti]
        k = bisect_right(here, left.seq, key=columns.seqs.__getitem__)
        if k < len(here):
            output = columns.outputs[here[k]]
            broken = (Break(BreakKind.NO_DERIVATIVE, "picks by position, and positions are integers"),)
            found.append(Operation(left.seq, "getitem", (left.value,), output, left.site, (broken,)))
    return found
