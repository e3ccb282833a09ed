"""A graph that is being built: the ids of values, what is in it so far, and why nothing flows where nothing does."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from gradtape.explain.graph import Break, BreakKind, Operation
from gradtape.recorders.tensorflow import private
from gradtape.recorders.tensorflow.frames import site as site_of
from gradtape.recorders.tensorflow.windows import ELSEWHEN, Window

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType

    from gradtape.diagnostics import Site
    from gradtape.explain import graph
    from gradtape.recorders.crossings import Exit
    from gradtape.recorders.tensorflow.memory import Life, Memory
    from gradtape.recorders.tensorflow.private import Names


class Draft:
    """The graph of one question while it is put together: what is in it, and the ids of values.

    Parameters
    ----------
    memory : Memory
    names : Names
    life : Life or None
        The tape that was asked.
    wanted : collection of int
        TensorFlow's numbers of targets and sources: they have an id also if nobody remembers making them.
    targets : collection of int
        Those of the targets alone.
    given_none : mapping of (seq, position) to Break
        What the backward pass itself showed to give nothing.
    """

    def __init__(
        self,
        memory: Memory,
        names: Names,
        life: Life | None,
        wanted: Iterable[int],
        targets: Iterable[int] = (),
        given_none: dict[tuple[int, int], Break] | None = None,
    ) -> None:
        self.memory = memory
        self.names = names
        self.window = Window(life)
        self.wanted = set(wanted)
        self.targets = set(targets)
        self.given_none = given_none or {}
        self.ids: dict[int, int] = {}
        self.versions: dict[int, list[int]] = {}
        self.updates: set[int] = set()
        self.watched: set[int] = set()
        self.dtypes: dict[int, int] = {}
        self.sized: set[int] = set()
        """The tensors whose number of elements is decided by values."""
        self.made: list[Operation] = []
        self.by_record: dict[tuple[int, int], int] = {}
        self.events: list[graph.Event] = []
        self.exits: list[Exit] = []
        self.something_left = memory.something_left
        self.known: dict[tuple[int, int], list[Exit]] = {}
        self.left: dict[int, list[Exit]] = {}
        """What left at a happening: at `predict` everything that left inside."""
        self.recent: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.standing: dict[int, int] = {}
        """Where it is written what placeholders stand for."""
        self.inside: tuple[int, list[int], list[int]] | None = None
        """The newest run of a function that TensorFlow called back: when it began, what it was given, what it gave."""
        self.late: list[tuple[int, int, int]] = []
        self._fresh = 0
        self._unknown = 0
        self.horizon = memory.horizon
        first = memory.operations[0] if memory.horizon and memory.operations else None
        self.forgotten = max([private.NO_TENSOR, *first[2], *first[3]]) if first is not None else private.NO_TENSOR

    def fresh(self) -> int:
        """Return an id for a value that no operation made."""
        self._fresh -= 1
        return self._fresh

    def id_of(self, number: int) -> int:
        """Return the id of a tensor, of a variable its current version; 0 for a constant."""
        versions = self.versions.get(number)
        if versions is not None:
            return versions[-1]
        known = self.ids.get(number)
        if known is not None or number < 0:
            return known or 0
        if number in self.memory.variables:
            version = self.ids[number] = self.fresh()
            self.versions[number] = [version]
            return version
        if number in self.wanted:
            known = self.ids[number] = self.fresh()
            return known
        if number <= self.forgotten:
            self._unknown += 1
            known = self.ids[number] = self._unknown
            return known
        return 0

    def behind(self, value: int, seq: int) -> int:
        """Return a value, or what it stands for if it is a placeholder that was made only after a moment."""
        while value > seq and value in self.standing and self.made[self.standing[value]].inputs:
            value = self.made[self.standing[value]].inputs[0]
        return value

    def stand_for(self, placeholder: int, outer: int, site: Site) -> None:
        """Let a placeholder of a traced function stand for a value outside; that of the newest call counts."""
        known = self.standing.get(placeholder)
        operation = Operation(placeholder, "argument", (outer,), placeholder, site, ((),), (), plumbing=True)
        if known is None:
            self.standing[placeholder] = len(self.made)
            self.made.append(operation)
        else:
            self.made[known] = operation

    def placeholder(self, number: int, seq: int, site: Site) -> None:
        """Write down the placeholder of a function that is traced: it stands for nothing yet."""
        self.ids[number] = seq
        self.standing[seq] = len(self.made)
        self.made.append(Operation(seq, "argument", (), seq, site, (), (), plumbing=True))

    def broken(
        self,
        seq: int,
        position: int,
        number: int,
        found: Break | None,
        *,
        recorded: bool,
        traced: bool = False,
        thread: int = 0,
        code: CodeType | None = None,
        derivative: bool = False,
    ) -> tuple[Break, ...]:
        """Put together why nothing flows: what the operation is, what the backward pass showed, when it ran.

        Where the tape was paused by another function than the one that ran it, `code`, that place is to blame.
        """
        counted = self.dtypes.get(number, 1) not in private.FLOATING
        shown = self.given_none.get((seq, position)) if found is None and not counted else found
        breaks = () if shown is None else (shown,)
        if self.window.life is None or (traced and not self.window.life.traced):
            return breaks
        outside = self.window.outside(seq, thread)
        if derivative and outside in ELSEWHEN:
            return (*breaks, Break(BreakKind.INNER_GRADIENT))
        if outside is not None:
            paused = self.window.paused_at(seq) if outside is BreakKind.GRADIENTS_OFF else None
            elsewhere = paused is not None and code is not None and paused[0] is not code
            return (*breaks, Break(outside, at=site_of(paused) if paused is not None and elsewhere else None))
        if not recorded:
            self.late.append((len(self.made), position, number))
        return breaks

    def mark_late(self) -> None:
        """Mark what used a value before the tape watched it; whether it ever did is known only at the end."""
        for number, position, tensor in self.late:
            if tensor in self.watched:
                operation = self.made[number]
                breaks = list(operation.breaks)
                breaks[position] = (*breaks[position], Break(BreakKind.WATCHED_LATER))
                self.made[number] = replace(operation, breaks=tuple(breaks))
