"""What there is to draw of a run: the rows of its tape, their lanes, the rounds that may be folded, the routes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gradtape.explain.search import backward_cone, forward_cone
from gradtape.render import lanes, rounds
from gradtape.render.rounds import Fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from gradtape.diagnostics import Site, Span
    from gradtape.explain.cause import Context
    from gradtape.explain.graph import Break, End, Operation, Run, Summary
    from gradtape.explain.report import Finding, GradientReport
    from gradtape.explain.search import Route
    from gradtape.render.lanes import Lanes

MOST = 50_000
"""Rows that are drawn; of a longer tape the newest."""
MOST_TOGETHER = 200_000
"""Rows of all runs together, after which no more runs are drawn."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the picture: an operation, or a value that no operation made.

    Parameters
    ----------
    name : str
    value : int
        The id in the graph of what it makes.
    operation : Operation or None
        None for a source, a target or another value that has a name.
    inputs : tuple of int
        The rows that made its inputs, -1 where none did.
    """

    name: str
    value: int
    operation: Operation | None = None
    inputs: tuple[int, ...] = ()

    @property
    def site(self) -> Site | None:
        """Where the program wrote it."""
        return None if self.operation is None else self.operation.site

    @property
    def breaks(self) -> tuple[tuple[Break, ...], ...]:
        """What ends the path at each of its inputs."""
        return () if self.operation is None else self.operation.breaks


@dataclass(frozen=True)
class Picture:
    """The tape of one run, ready to be drawn.

    Parameters
    ----------
    run : Run
    rows : tuple of Row
        In the order of the run.
    row_of : dict
        The row that shows each value of the graph.
    left_out : int
        How many older rows are not drawn.
    """

    run: Run
    rows: tuple[Row, ...]
    row_of: dict[int, int]
    left_out: int = 0

    @cached_property
    def lanes(self) -> Lanes:
        """The lanes of the rows."""
        return lanes.assign([row.inputs for row in self.rows])

    @cached_property
    def folds(self) -> list[Fold]:
        """The rounds of loops. A value that stands alone belongs to the operation after it."""
        ran = [(k, row.operation) for k, row in enumerate(self.rows) if row.operation is not None]
        found = rounds.find([(operation.name, operation.site) for _, operation in ran])
        return [Fold(ran[fold.first][0], ran[fold.end - 1][0] + 1, fold.rounds) for fold in found]

    @cached_property
    def values(self) -> dict[int, Summary]:
        """What is known of the value that each row makes; what reads it unchanged counts as well."""
        found: dict[int, Summary] = {}
        for value, row in self.row_of.items():
            known = self.run.values.get(value)
            if known is not None and (row not in found or value == self.rows[row].value):
                found[row] = known
        return found

    def shown(self, ids: Iterable[int]) -> tuple[int, ...]:
        """Return the rows of some values, in order."""
        return tuple(sorted({self.row_of[i] for i in ids if i in self.row_of}))

    def source(self, end: End) -> tuple[int, ...]:
        """Return the rows of a source; one that no graph knows has a row that bears its name."""
        unknown = (k for k, row in enumerate(self.rows) if not row.value and row.name == end.name)
        return self.shown(end.ids) or tuple(unknown)

    def route(self, route: Route) -> tuple[tuple[int, int], ...]:
        """Return a route as `(row, position)` of its operations, those left out that no row shows."""
        found = []
        for link in route:
            row = self.row_of.get(link.operation.output, -1)
            shown = self.rows[row].operation if row >= 0 else None
            if shown is not None and shown.seq == link.operation.seq:
                found.append((row, link.position))
        return tuple(found)

    def place_of(self, report: GradientReport, finding: Finding) -> int:
        """Return the row that a finding is about, -1 if it is not drawn.

        It is where a route breaks, or an operation on the finding's path at its place; of a finding without a path the
        source.
        """
        context, primary = report.context, finding.diagnostic.primary
        if context is None:
            return -1
        links = [(row, position) for route in context.routes for row, position in self.route(route)]
        broken = [row for row, position in links if self.rows[row].breaks[position]]
        there = [row for row in broken if primary is not None and self._at(row, primary.span)]
        if not there and primary is not None and finding.path:
            steps = {(step.op, step.span) for step in finding.path if _touch(step.span, primary.span)}
            sites = {site for site in self.sites if any(span == site.span for _, span in steps)}
            there = [row for row, shown in enumerate(self.rows) if shown.site in sites]
        sources = self.source(context.source)
        return next(iter((*there, *(broken or sources))), -1)

    def way(self, begins: Iterable[int], ends: Collection[int]) -> tuple[tuple[int, int], ...]:
        """Return a shortest way from some rows to others, as `(row, position)` of its steps; empty if there is none."""
        came: dict[int, tuple[int, int]] = dict.fromkeys(begins, (-1, -1))
        queue = deque(came)
        while queue:
            row = queue.popleft()
            if row in ends:
                steps = []
                while came[row][0] >= 0:
                    before, position = came[row]
                    steps.append((row, position))
                    row = before
                return tuple(reversed(steps))
            for user, position in self.users.get(row, ()):
                if user not in came:
                    came[user] = (row, position)
                    queue.append(user)
        return ()

    @cached_property
    def users(self) -> dict[int, list[tuple[int, int]]]:
        """The rows that read what each row makes, with the position of the input."""
        found: dict[int, list[tuple[int, int]]] = {}
        for row, shown in enumerate(self.rows):
            for position, source in enumerate(shown.inputs):
                found.setdefault(source, []).append((row, position))
        return found

    @cached_property
    def sites(self) -> set[Site]:
        """The places of all rows."""
        return {row.site for row in self.rows if row.site is not None}

    def _at(self, row: int, span: Span) -> bool:
        site = self.rows[row].site
        return site is not None and _touch(site.span, span)


def _touch(a: Span, b: Span) -> bool:
    return a.contains(b) or b.contains(a)


def of(reports: Sequence[GradientReport]) -> list[tuple[Picture, list[GradientReport]]]:
    """Return a picture for each run among some reports, with the reports that are about it; the first runs if many."""
    groups: dict[int, list[GradientReport]] = {}
    for report in reports:
        if report.context is not None:
            groups.setdefault(id(report.context.run), []).append(report)
    found = []
    room = MOST_TOGETHER
    for told in groups.values():
        if room <= 0:
            break
        drawn = _picture([r.context for r in told if r.context is not None])
        room -= len(drawn.rows)
        found.append((drawn, told))
    return found


def of_run(run: Run) -> Picture:
    """Return a picture of everything in a run, for which nobody asked a question yet."""
    return _drawn(run, list(run.operations), {}, {}, ())


def _picture(contexts: list[Context]) -> Picture:
    run = contexts[0].run
    sources = {i: c.source.name for c in contexts for i in sorted(c.source.ids)}
    targets = {i: t.name for c in contexts for t in c.question.targets for i in sorted(t.ids)}
    operations = _worth_showing(run, sources.keys(), targets.keys())
    return _drawn(run, operations, sources, targets, [c.source for c in contexts])


def _drawn(
    run: Run, operations: list[Operation], sources: dict[int, str], targets: dict[int, str], asked: Iterable[End]
) -> Picture:
    """Put the rows together: each value that nobody made before its first use, sources without any at the top."""
    wanted = operations[-MOST:]
    rows: list[Row] = []
    row_of: dict[int, int] = {}
    names = {**dict.fromkeys(run.variables, "variable"), **run.names, **targets, **sources}
    seen = {i for op in wanted for i in (*op.inputs, op.output)}
    several: dict[object, int] = {}
    made = run.producers

    def add(row: Row) -> None:
        row_of[row.value] = len(rows)
        rows.append(row)

    for source in asked:
        if seen.isdisjoint(source.ids):
            add(Row(source.name, min(source.ids, default=0)))
    for op in wanted:
        for value in op.inputs:
            if value and value not in row_of and value not in made and value in names:
                add(Row(names[value], value))
        one = (op.seq, op.name, op.inputs)  # of several results
        if one in several:
            row_of[op.output] = several[one]
            continue
        inputs = tuple(row_of.get(value, -1) if value else -1 for value in op.inputs)
        if op.plumbing and len(inputs) == 1 and not any(op.breaks):
            if inputs[0] >= 0:
                row_of[op.output] = inputs[0]
            continue
        several[one] = len(rows)
        add(Row(op.name, op.output, op, inputs))
    for value, name in targets.items():
        if value not in row_of and value not in made:
            add(Row(name, value))
    return Picture(run, tuple(rows), row_of, len(operations) - len(wanted))


def _worth_showing(run: Run, sources: Iterable[int], targets: Iterable[int]) -> list[Operation]:
    """Return what ran on the tape up to the target, what the target came from, and what the sources went into."""
    before = backward_cone(run, targets)
    after = forward_cone(run, sources)
    made = [op.seq for op in run.operations if op.output in before]
    entered = [seq for seq, _ in run.tape.entered] if run.tape is not None else []
    end = max(made, default=max((op.seq for op in run.operations), default=0))
    begin = min((*entered[:1], *made), default=0)
    taped = entered[0] if entered else end + 1
    return [
        op
        for op in run.operations
        if op.output in before or taped <= op.seq <= end or (begin <= op.seq <= end and op.output in after)
    ]
