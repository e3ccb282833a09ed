"""The memory of a run as the neutral graph of one question."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING

from gradtape.explain import graph
from gradtape.recorders.crossings import find_crossings
from gradtape.recorders.tensorflow.frames import site as site_of
from gradtape.recorders.tensorflow.frames import sites
from gradtape.recorders.tensorflow.happened import Happenings
from gradtape.recorders.tensorflow.memory import Happening, Ran
from gradtape.recorders.tensorflow.ran import Running
from gradtape.recorders.tensorflow.reading import operand_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.diagnostics import Site
    from gradtape.explain.graph import Operation
    from gradtape.recorders.crossings import Call
    from gradtape.recorders.tensorflow.draft import Draft


@dataclass
class Built:
    """The graph, and what is needed to find tensors in it."""

    run: graph.Run
    ids: dict[int, int]
    """The newest id in the graph of each tensor, by TensorFlow's number; of a variable the first."""
    versions: dict[int, list[int]]
    watched: set[int]
    """The numbers of the tensors and variables that the tape follows, as far as it is known."""
    values: dict[int, graph.Summary]
    """What values are like: the run's own, to be filled by who looks at them."""
    by_record: dict[tuple[int, int], Operation] = field(default_factory=dict)
    """The operations by when they ran and which of their results they made."""


class Builder:
    """Builds the graph of one question from a draft that is still empty."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def build(self, call: Call, sources: Iterable[int]) -> Built:
        """Put the graph together."""
        draft = self.draft
        memory, made = draft.memory, draft.made
        self._read()
        roots = {version for number in sources for version in draft.versions.get(number, [draft.id_of(number)])}
        crossed = find_crossings(
            made, draft.exits, roots=roots, call=call, fresh=draft.fresh, operand=operand_of, known=draft.known
        )
        by_record = {key: made[number] for key, number in draft.by_record.items()}
        everything = sorted([*made, *crossed], key=lambda op: op.seq)
        seen = memory.summaries or {}
        values = {draft.ids[number]: known for number, known in seen.items() if number in draft.ids}
        run = graph.Run(
            tuple(everything),
            tuple(draft.events),
            self._tape(),
            draft.horizon,
            frozenset(v for many in draft.versions.values() for v in many),
            self._names(),
            values,
        )
        return Built(run, draft.ids, draft.versions, draft.watched, values, by_record)

    def _read(self) -> None:
        """Go through everything that is remembered, in the order of the run."""
        draft, memory = self.draft, self.draft.memory
        if draft.window.life is not None:
            draft.wanted.update(h.tensor for h in draft.window.life.watches)
        happenings, running = Happenings(draft), Running(draft)
        ran: Iterable[Ran | Happening] = map(Ran._make, list(memory.operations))
        for item in merge(ran, list(memory.happenings), key=attrgetter("seq")):
            if isinstance(item, Happening):
                happenings.add(item)
            else:
                running.add(item)
        draft.mark_late()

    def _names(self) -> dict[int, str]:
        found = {}
        for number, known in self.draft.memory.variables.items():
            if known.name:
                for version in self.draft.versions.get(number, ()):
                    found[version] = known.name
        return found

    def _tape(self) -> graph.Tape | None:
        life = self.draft.window.life
        if life is None:
            return None
        entered = tuple((seq, site_of(places[0])) for seq, what, places in life.changes if what == "enter" and places)
        watches: dict[int, tuple[int, Site]] = {}
        for happening in life.watches:
            if happening.places:
                watches.setdefault(self.draft.id_of(happening.tensor), (happening.seq, site_of(happening.places[0])))
        first = next((places for _, what, places in life.changes if what == "enter" and places), ())
        return graph.Tape(entered, life.auto_watch, watches, sites(first[1:]))
