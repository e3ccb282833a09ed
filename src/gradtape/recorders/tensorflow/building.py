"""The memory of a run as the neutral graph: versions of variables, breaks of operations, what left and came back."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from gradtape.diagnostics import Site
from gradtape.explain import graph
from gradtape.explain.graph import Break, BreakKind, Operation
from gradtape.recorders.crossings import Call, Exit, find_crossings
from gradtape.recorders.tensorflow import operations as table
from gradtape.recorders.tensorflow import private
from gradtape.recorders.tensorflow.callbacks import PY_FUNCTION
from gradtape.recorders.tensorflow.frames import site as site_of
from gradtape.recorders.tensorflow.frames import sites
from gradtape.recorders.tensorflow.leaving import ARRAY, NUMBER
from gradtape.recorders.tensorflow.memory import Happening, Ran
from gradtape.recorders.tensorflow.reading import operand_of
from gradtape.recorders.tensorflow.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.recorders.tensorflow.memory import Life, Memory
    from gradtape.recorders.tensorflow.private import Names

READS = frozenset({"ReadVariableOp", "ResourceGather", "ResourceGatherNd"})
ASSIGNS = {"AssignVariableOp": "assign", "AssignAddVariableOp": "assign_add", "AssignSubVariableOp": "assign_sub"}
KINDS = {ARRAY: BreakKind.LEFT_AS_ARRAY, NUMBER: BreakKind.LEFT_AS_NUMBER}
INTERNAL = frozenset({"constant", "custom", "captured", "given", "inside", "gradient", "callback"})
"""Happenings that the builder turns into operations; the others are events of the graph."""


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
    """Builds the graph of one question.

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
        self.made: list[Operation] = []
        self.by_record: dict[tuple[int, int], int] = {}
        self.events: list[graph.Event] = []
        self.exits: list[Exit] = []
        self.known: dict[tuple[int, int], list[Exit]] = {}
        self.left: dict[int, Exit] = {}
        self.recent: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.standing: dict[int, int] = {}
        """Where it is written what placeholders stand for."""
        self.inside: tuple[int, list[int], list[int]] | None = None
        """The newest run of a function that TensorFlow called back: when it began, what it was given, what it gave."""
        self.late: list[tuple[int, int, int]] = []
        self._fresh = 0
        self._unknown = 0
        self.oldest = memory.operations[0][0] if memory.operations else 0
        self.horizon = memory.horizon
        first = memory.operations[0] if memory.horizon and memory.operations else None
        self.forgotten = max([private.NO_TENSOR, *first[2], *first[3]]) if first is not None else private.NO_TENSOR

    # -- ids -------------------------------------------------------------------------------------------------------

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

    # -- the run ---------------------------------------------------------------------------------------------------

    def build(self, call: Call, sources: Iterable[int]) -> Built:
        """Put the graph together."""
        memory = self.memory
        if self.window.life is not None:
            self.wanted.update(h.tensor for h in self.window.life.watches)
        ran: Iterable[Ran | Happening] = map(Ran._make, list(memory.operations))
        for item in merge(ran, list(memory.happenings), key=attrgetter("seq")):
            if isinstance(item, Happening):
                self._happening(item)
            else:
                self._ran(item)
        self._mark_late()
        roots = {version for number in sources for version in self.versions.get(number, [self.id_of(number)])}
        made = self.made
        crossed = find_crossings(
            made, self.exits, roots=roots, call=call, fresh=self.fresh, operand=operand_of, known=self.known
        )
        by_record = {key: made[number] for key, number in self.by_record.items()}
        everything = sorted([*made, *crossed], key=lambda op: op.seq)
        seen = memory.summaries or {}
        values = {self.ids[number]: known for number, known in seen.items() if number in self.ids}
        run = graph.Run(
            tuple(everything),
            tuple(self.events),
            self._tape(),
            self.horizon,
            frozenset(v for many in self.versions.values() for v in many),
            self._names(),
            values,
        )
        return Built(run, self.ids, self.versions, self.watched, values, by_record)

    def _names(self) -> dict[int, str]:
        found = {}
        for number, known in self.memory.variables.items():
            if known.name:
                for version in self.versions.get(number, ()):
                    found[version] = known.name
        return found

    def _tape(self) -> graph.Tape | None:
        life = self.window.life
        if life is None:
            return None
        entered = tuple((seq, site_of(places[0])) for seq, what, places in life.changes if what == "enter" and places)
        watches: dict[int, tuple[int, Site]] = {}
        for happening in life.watches:
            if happening.places:
                watches.setdefault(self.id_of(happening.tensor), (happening.seq, site_of(happening.places[0])))
        return graph.Tape(entered, life.auto_watch, watches)

    # -- what happened -----------------------------------------------------------------------------------------------

    def _happening(self, item: Happening) -> None:
        if not item.places:
            return
        kind, number = item.kind, item.tensor
        site, callers = site_of(item.places[0]), sites(item.places[1:])
        if kind == "constant":
            self._constant(item, site, callers)
        elif kind == "gradient":
            self._gradient(item, site, callers)
        elif kind == "custom":
            if item.detail[0] not in self.memory.graphs:  # a traced function is followed where it is called
                self._custom(item, site, callers)
        elif kind == "captured":
            self._captured(item, site)
        elif kind == "callback":
            self._callback(item, site, callers)
        elif kind == "predict":
            self._predicted(item, site, callers)
        elif kind == "given":
            for given in item.detail:
                self.ids[given] = self.fresh()
        elif kind == "inside":
            self.inside = item.detail
        elif kind in KINDS:
            values = [number] if number >= 0 else [*item.detail, *self._made_inside(item)]
            for value in dict.fromkeys(values):
                known = self.id_of(value)
                if known:
                    exit_ = Exit(item.seq, known, KINDS[kind], site, callers)
                    self.exits.append(exit_)
                    self.left[item.seq] = exit_
                    self.events.append(graph.Event(item.seq, kind, known, site, None, callers))
        else:
            if kind == "watch" and self.window.watches(item):
                self.watched.add(number)
            self.events.append(graph.Event(item.seq, kind, self.id_of(number), site, item.detail, callers))

    def _constant(self, item: Happening, site: Site, callers: tuple[Site, ...]) -> None:
        """Write down where a plain value came in; TensorFlow hands out the same tensor for equal numbers again."""
        number = item.tensor
        if number in self.wanted and number not in self.targets:
            if number not in self.ids:
                self.events.append(graph.Event(item.seq, "create", self.id_of(number), site, None, callers))
            return
        if not self.memory.something_left and number not in self.targets:
            return
        output = self.ids[number] = item.seq
        operation = Operation(
            item.seq, "constant", (0,), output, site, ((),), callers, plumbing=True, params={"value": item.detail}
        )
        came = self.left.get(item.detail.seq) if isinstance(item.detail, Happening) else None
        if came is not None:
            self.known[len(self.made), 0] = [came]
        self.made.append(operation)

    def _made_inside(self, item: Happening) -> list[int]:
        """Return what operations made inside the arguments of a call of NumPy's."""
        code, lasti = item.places[0]
        whole = Site(code, lasti).span
        newest: dict[Any, int] = {}
        for place, outs in self.recent.get(id(code), ())[-64:]:
            span = Site(code, place).span
            if whole.contains(span) and span != whole:
                newest[span] = outs
        return [number for span, number in newest.items() if not any(o.contains(span) and o != span for o in newest)]

    def _gradient(self, item: Happening, site: Site, callers: tuple[Site, ...]) -> None:
        """Connect gradients that no tape recorded with what they were computed from."""
        targets, results = item.detail
        inputs = tuple(i for i in map(self.id_of, targets) if i)
        outside = () if self.window.life is None else (Break(BreakKind.INNER_GRADIENT),)
        for k, number in enumerate(results):
            if number < 0:
                continue
            output = self.ids[number] = item.seq + k
            self.updates.add(output)
            self.made.append(Operation(output, "gradient", inputs, output, site, (outside,) * len(inputs), callers))

    def _custom(self, item: Happening, site: Site, callers: tuple[Site, ...]) -> None:
        """Connect the results of a custom gradient with its arguments: its own operations are no part of the way."""
        name, ins, outs = item.detail
        inputs = tuple(map(self.id_of, ins))
        recorded = self.window.open_at(item.seq) and not self.watched.isdisjoint(ins)
        for k, number in enumerate(outs):
            output = self.ids[number] = item.seq + k
            self.by_record[item.seq, k] = len(self.made)
            broken = tuple(
                self._broken(item.seq, position, ins[position], None, recorded=recorded) if value else ()
                for position, value in enumerate(inputs)
            )
            self.made.append(Operation(output, name, inputs, output, site, broken, callers, custom=True))
            if not self.updates.isdisjoint(inputs):
                self.updates.add(output)
        if recorded:
            self.watched.update(outs)

    def _callback(self, item: Happening, site: Site, callers: tuple[Site, ...]) -> None:
        """Connect what a callback gave with what it was given and with what left inside it: nobody sees the way."""
        begin, name, ins, outs = item.detail
        inside = [e for e in self.exits if e.seq > begin]
        self.exits = self.exits[: len(self.exits) - len(inside)]
        inputs = tuple(dict.fromkeys(i for i in (*map(self.id_of, ins), *(e.value for e in inside)) if i))
        broken = ((Break(BreakKind.OPAQUE),),) * len(inputs)
        for k, number in enumerate(outs):
            output = self.ids[number] = item.seq + k
            self.made.append(Operation(output, name, inputs, output, site, broken, callers))

    def _predicted(self, item: Happening, site: Site, callers: tuple[Site, ...]) -> None:
        """Tell what left inside `predict`, and what went into its data set, as one way out."""
        for number, exit_ in enumerate(self.exits):
            if exit_.seq > item.detail:
                self.exits[number] = exit_._replace(site=site, callers=callers, kind=BreakKind.LEFT_AS_ARRAY)
        for number in range(len(self.made) - 1, -1, -1):
            operation = self.made[number]
            if operation.seq < item.detail:
                break
            if any(b.kind is BreakKind.STATE for broken in operation.breaks for b in broken):
                left = (Break(BreakKind.LEFT_AS_ARRAY, "`predict` takes and gives plain arrays"),)
                breaks = tuple(
                    left if any(b.kind is BreakKind.STATE for b in broken) else broken for broken in operation.breaks
                )
                self.made[number] = replace(operation, breaks=breaks)

    def _opaque(self) -> Break | None:
        """Say whether the function that was just called back keeps no way from its arguments to its results."""
        if self.inside is None:
            return None
        begin, ins, outs = self.inside
        reached = {self.ids[n] for n in ins}
        for operation in self.made:
            if operation.seq > begin and any(
                i in reached and not broken for i, broken in zip(operation.inputs, operation.breaks, strict=True)
            ):
                reached.add(operation.output)
        if any(self.ids.get(n) in reached for n in outs):
            return None
        self.exits = [e for e in self.exits if e.seq < begin]
        return Break(BreakKind.OPAQUE, "is called back, and its body leaves TensorFlow")

    # -- what ran ----------------------------------------------------------------------------------------------------

    def _ran(self, ran: Ran) -> None:
        if not ran.places:
            return
        places = self.memory.step_of.get(ran.step, ran.places) if ran.step else ran.places
        site, callers = site_of(places[0]), sites(places[1:])
        if ran.type in ASSIGNS:
            self._assign(ran, site, callers)
            return
        if ran.type == "MakeIterator":
            self.ids[ran.ins[1]] = self.id_of(ran.ins[0])
            return
        if ran.type == "Placeholder":
            self.ids[ran.outs[0]] = ran.seq
            return
        if ran.type in self.memory.graphs and self._called(ran, site, callers):
            return
        inputs = () if ran.type in table.SHAPES else tuple(map(self.id_of, ran.ins))
        recorded = self._follow(ran)
        facts = table.facts(self.names, ran.type)
        if ran.type == PY_FUNCTION:
            facts = facts._replace(name="py_function", everywhere=self._opaque())
        updated = not self.updates.isdisjoint(inputs)
        for k, number in enumerate(ran.outs):
            output = ran.seq + k
            if ran.type == "VarHandleOp":
                continue
            self.ids[number] = output
            self.dtypes[number] = ran.dtypes[k]
            if updated:
                self.updates.add(output)
            breaks = tuple(
                self._breaks(ran, facts, (k, position), value, recorded=recorded)
                for position, value in enumerate(inputs)
            )
            self.by_record[ran.seq, k] = len(self.made)
            plumbing = ran.type == "ReadVariableOp"
            self.made.append(
                Operation(
                    output,
                    facts.name,
                    inputs,
                    output,
                    site,
                    breaks,
                    callers,
                    plumbing,
                    function=facts.function,
                    params=_params(ran),
                )
            )
        for code, lasti in ran.places:
            recent = self.recent[id(code)]
            if ran.outs:
                recent.append((lasti, ran.outs[0]))
            if len(recent) > 512:
                del recent[:256]

    def _called(self, ran: Ran, site: Site, callers: tuple[Site, ...]) -> bool:
        """Connect a call of a traced function with what was recorded when it was traced; whether that is known."""
        traced = self.memory.graphs[ran.type]
        inside = [self.ids.get(n) for n in traced.outs]
        if len(traced.ins) != len(ran.ins) or not inside or inside[0] is None:
            return False
        self._follow(ran)
        for outer, placeholder in zip(map(self.id_of, ran.ins), traced.ins, strict=True):
            if outer and placeholder in self.ids:
                self._stand_for(self.ids[placeholder], outer, site)
        outside = self.window.outside(ran.seq) if self.window.life is not None else None
        broken = ((() if outside is None else (Break(outside),)),)
        for k, (number, value) in enumerate(zip(ran.outs, inside, strict=False)):
            output = self.ids[number] = ran.seq + k
            self.dtypes[number] = ran.dtypes[k]
            if value is None:  # what only the backward function needs
                continue
            self.made.append(Operation(output, "call", (value,), output, site, broken, callers, plumbing=True))
        return True

    def _stand_for(self, placeholder: int, outer: int, site: Site) -> None:
        """Let a placeholder of a traced function stand for a value outside; that of the newest call counts."""
        known = self.standing.get(placeholder)
        operation = Operation(placeholder, "argument", (outer,), placeholder, site, ((),), (), plumbing=True)
        if known is None:
            self.standing[placeholder] = len(self.made)
            self.made.append(operation)
        else:
            self.made[known] = operation

    def _captured(self, item: Happening, site: Site) -> None:
        """Connect a value with the placeholder that a traced function has for it."""
        outer = self.id_of(item.detail)
        if outer:
            self._stand_for(self.ids.setdefault(item.tensor, item.seq), outer, site)

    def _follow(self, ran: Ran) -> bool:
        """Do what the tape does: follow the results of an operation that reads something followed; whether it does."""
        if not self.window.open_at(ran.seq):
            return False
        if self.window.auto_watch:
            for number in ran.ins:
                known = self.memory.variables.get(number)
                if known is not None and known.trainable:
                    self.watched.add(number)
        if self.watched.isdisjoint(ran.ins):
            return False
        if ran.type == "StopGradient":  # the one operation whose result TensorFlow does not follow at all
            return True
        self.watched.update(
            number
            for number, dtype in zip(ran.outs, ran.dtypes, strict=True)
            if dtype in private.FLOATING or dtype == private.VARIANT
        )
        return True

    def _assign(self, ran: Ran, site: Site, callers: tuple[Site, ...]) -> None:
        handle, value = ran.ins[0], ran.ins[1]
        first = handle not in self.versions
        source = self.id_of(value)
        if first and ran.type == "AssignVariableOp":
            self.versions[handle] = [ran.seq]
            self.ids[handle] = version = ran.seq
        else:
            self.id_of(handle)
            version = ran.seq
            self.versions[handle].append(version)
            self.events.append(graph.Event(ran.seq, "assign", version, site, None, callers))
        if source and source not in self.updates:
            name = "Variable" if first else ASSIGNS[ran.type]
            self.made.append(Operation(ran.seq, name, (source,), version, site, ((Break(BreakKind.STATE),),), callers))

    def _breaks(
        self, ran: Ran, facts: table.Facts, way: tuple[int, int], value: int, *, recorded: bool
    ) -> tuple[Break, ...]:
        """Say why nothing flows from one of an operation's results to one of its inputs; empty if something does."""
        if not value:
            return ()
        result, position = way
        found = self._why(ran, facts, position, ran.dtypes[result])
        gap = table.INCOMPLETE.get((ran.type, result, position))
        if gap is not None and found is None:
            found = Break(BreakKind.MISSING_RULE, gap)
        return self._broken(ran.seq, position, ran.ins[position], found, recorded=recorded, traced=ran.graph)

    def _broken(
        self, seq: int, position: int, number: int, found: Break | None, *, recorded: bool, traced: bool = False
    ) -> tuple[Break, ...]:
        """Put together why nothing flows: what the operation is, what the backward pass showed, when it ran."""
        counted = self.dtypes.get(number, 1) not in private.FLOATING
        shown = self.given_none.get((seq, position)) if found is None and not counted else found
        breaks = () if shown is None else (shown,)
        if self.window.life is None or (traced and not self.window.life.traced):
            return breaks
        outside = self.window.outside(seq)
        if outside is not None:
            return (*breaks, Break(outside))
        if not recorded and not breaks:
            self.late.append((len(self.made), position, number))
        return breaks

    def _mark_late(self) -> None:
        """Mark what used a value before the tape watched it; whether it ever did is known only at the end."""
        for number, position, tensor in self.late:
            if tensor in self.watched:
                operation = self.made[number]
                breaks = list(operation.breaks)
                breaks[position] = (*breaks[position], Break(BreakKind.WATCHED_LATER))
                self.made[number] = replace(operation, breaks=tuple(breaks))

    def _why(self, ran: Ran, facts: table.Facts, position: int, dtype: int) -> Break | None:
        """Say why nothing flows back through one input by what the operation is, None if something does."""
        taken = self.dtypes.get(ran.ins[position])
        if taken is not None and taken not in private.FLOATING and taken not in (private.RESOURCE, private.VARIANT):
            return None  # whole numbers: the way ended where they were made
        if table.DATASETS.search(ran.type):
            return None if taken in (private.RESOURCE, private.VARIANT) else Break(BreakKind.STATE)
        whole = dtype not in private.FLOATING and dtype not in (private.RESOURCE, private.VARIANT)
        if facts.everywhere is not None and not (whole and facts.everywhere.kind is BreakKind.MISSING_RULE):
            return facts.everywhere
        if whole:
            return table.of_whole_numbers(ran.type)
        if position in table.CONSTANT_INPUTS.get(ran.type, ()):
            return Break(BreakKind.NO_DERIVATIVE, "only chooses between its arguments")
        return None


def _params(ran: Ran) -> dict[str, Any]:
    axis = ran.attr("axis")
    return {} if axis is None else {"axis": axis}
