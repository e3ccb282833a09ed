"""Our own tape's run as a neutral graph: records, events, versions of variables, the tape's life, the ends' names."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape.arrays.dispatch import Node, is_differentiable
from gradtape.arrays.record import LEAVING, STATE, THREADS, EventKind, Recording, began, events_of
from gradtape.arrays.variable import Variable
from gradtape.diagnostics import Annotation, Diagnostic, Severity, Site, syntax
from gradtape.explain import Explanation, Status, engine, graph
from gradtape.explain.edits.together import reconciled
from gradtape.explain.flat import KINKS, STRAIGHT
from gradtape.explain.graph import Break, BreakKind
from gradtape.ops import Rule
from gradtape.recorders import on_scipy
from gradtape.recorders.backward import Backward, stands_in
from gradtape.recorders.columns import INPUTS, OP, OUTPUT, Recorded, operation_of, stand_in
from gradtape.recorders.crossings import Call, Exit, find_crossings
from gradtape.recorders.exits import purpose
from gradtape.recorders.naming import Later, Naming, is_plain
from gradtape.recorders.pulls import status_of, suspicious

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gradtape.arrays.record import Event, Written
    from gradtape.explain import GradientReport
    from gradtape.explain.columns import Breaks
    from gradtape.tape.asked import Asked, Leaf

KIND_OF_STATUS = {
    "piecewise-constant": BreakKind.PIECEWISE_CONSTANT,
    "no-derivative": BreakKind.NO_DERIVATIVE,
    "integer-cast": BreakKind.INTEGER_CAST,
    "stop-gradient": BreakKind.STOP,
    "missing-rule": BreakKind.MISSING_RULE,
    "opaque-callback": BreakKind.OPAQUE,
    "sampled": BreakKind.SAMPLED,
    "left-through-numpy": BreakKind.LEFT_AS_ARRAY,
}

MAKING = {EventKind.ASSIGN, EventKind.COPY, EventKind.CREATE, EventKind.GRADIENT}
"""Events by which a value comes about without an operation."""


ARGUMENTS = {
    "tape.watch": (("", -1), ("tensor", 0)),
    "tf.gradients": (("ys", 0), ("xs", 1)),
    "gradients": (("ys", 0), ("xs", 1)),
}
"""Where targets and sources stand in the calls that are not like `tape.gradient`: keyword and position."""


PIECEWISE = BreakKind.PIECEWISE_CONSTANT

BEFORE, AFTER, RESET = (Break(k) for k in (BreakKind.BEFORE_TAPE, BreakKind.AFTER_TAPE, BreakKind.OTHER_TAPE))


def explain(asked: Asked, *, to_draw: bool = False) -> Explanation:
    """Work out why the gradients of a question are what they are; `to_draw` also tells what all values are like."""
    builder = Builder(asked)
    places = ARGUMENTS.get(asked.kind, (("target", 0), ("sources", 1)))
    targets = builder.ends(*places[0], asked.targets)
    sources = builder.ends(*places[1], asked.sources)
    run = builder.run(targets)
    if to_draw:
        from gradtape.recorders.values import summaries

        values = {**summaries(asked, builder.version_at), **run.values}
        run = replace(run, values=values)
    targets = builder.linked(targets)
    sources = builder.linked(sources)
    backward = Backward(asked, run.columns, builder.version_at)
    numbers = backward.numbers()
    run = replace(run, values={**run.values, **numbers.values} if run.values else numbers.values)
    reports = []
    for source, gradient in zip(sources, numbers.gradients, strict=True):
        status = None if asked.results is None and gradient is None else status_of(gradient)
        question = graph.Question(
            run,
            asked.kind,
            asked.site,
            targets,
            source,
            Status.ERROR if asked.failure else status,
            asked.used_at,
            gradient=gradient,
            pulls=numbers.pulls if gradient is not None and suspicious(gradient) else (),
            pulls_are_own=True,
            failure=asked.failure,
            together=sources,
            dialect="tensorflow" if stands_in() else "gradtape",
        )
        report = engine.explain(question)
        reports.append(with_remark(report, STOPPED) if numbers.stopped and report.status is Status.NAN else report)
    backward.let_go()
    return Explanation(reconciled(reports))


STOPPED = "gradtape stops the zero that comes back there, and gave a number; TensorFlow does not"


def with_remark(report: GradientReport, text: str) -> GradientReport:
    """Add a remark to what was found."""
    note = Diagnostic(None, Severity.NOTE, text, (Annotation(report.call, primary=True),))
    return replace(report, notes=(*report.notes, note))


def kind_of(value: Any) -> str:
    """Say what a target or source is that is no tensor, in the words of `End.kind`."""
    if isinstance(value, np.ndarray | np.generic | bool | int | float | complex):
        return "array" if np.ndim(value) else "number"
    if value is None or isinstance(value, str | bytes):
        return "nothing" if value is None else "string"
    if hasattr(value, "trainable_variables") or hasattr(value, "variables"):
        return "model"
    return "function" if callable(value) else "object"


class Builder:
    """Builds the graph of one question.

    A variable has one id in the records; in the graph each assignment starts a new version with an id of its own.
    """

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.recording = asked.recording
        self.source_ids = [leaf.id for leaf in asked.sources if leaf.id]
        ambient = STATE.ambient
        own = [] if self.recording is None else self.recording.written
        self.taped = set(map(OUTPUT, own))
        others = {written[2]: written for written in ambient.written if written[2] not in self.taped}
        self.elsewhere = self._of_other_threads({*self.taped, *others})
        others |= self.elsewhere
        # a tape may hold millions of records: they stay the plain tuples that the hot path wrote
        self.written: list[Written] = sorted([*others.values(), *own], key=OUTPUT)
        mine = [] if self.recording is None else self.recording.noted
        noted = {entry[0]: entry for entry in (*ambient.noted, *mine)}
        self.events = events_of(sorted(noted.values(), key=began))
        self.own = events_of(entry for entry in mine if entry[2] == 0)
        self.began = next((e.seq for e in self.own if e.kind is EventKind.ENTER), 0)
        self.horizon = ambient.horizon
        self.callers = dict(ambient.callers)
        self.versions: dict[int, list[int]] = defaultdict(list)
        self.history: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.created: dict[int, Event] = {e.value: e for e in self.events if e.kind is EventKind.CREATE}
        self._lefts: dict[tuple[Site, EventKind, str], Left] = {}
        self.unanswered = {(e.value, e.detail) for e in self.events if e.kind is EventKind.NO_ANSWER}
        self.watched_at = {e.value: e.seq for e in reversed(self.events) if e.kind is EventKind.WATCH}
        self.round_began = max(
            (
                e.seq
                for e in self.events
                if e.kind is EventKind.GRADIENT and e.seq < asked.since and e.site == asked.site
            ),
            default=0,
        )
        """When this very call gave its last answer: what was differentiated up to then belongs to an earlier round."""
        self._fresh = 0

    def _of_other_threads(self, here: set[int]) -> dict[int, Written]:
        """Return what other threads ran, if something here was computed from what nobody here remembers."""
        if self.recording is None or len(THREADS) < 2:
            return {}
        read = {leaf.id for leaf in self.asked.targets}.union(*map(INPUTS, self.recording.written))
        unknown = read.difference(here, self.recording.roots, self.recording.variables)
        others = [shelves for shelves in THREADS if shelves is not STATE.ambient.shelves] if unknown else []
        ran = [written for shelves in others for shelf in shelves for written in shelf.written]
        found = dict(zip(map(OUTPUT, ran), ran, strict=True))
        if unknown.isdisjoint(found):
            return {}
        return {output: written for output, written in found.items() if output not in here}

    def fresh(self) -> int:
        """Return an id for a value that has none in the records."""
        self._fresh -= 1
        return self._fresh

    def version_at(self, id: int, seq: int) -> int:
        """Return the version of a value at a time; a tensor has one only."""
        history = self.history.get(id, [])
        place = bisect_left(history, seq, key=lambda pair: pair[0])
        return history[place - 1][1] if place else id

    # -- the ends -------------------------------------------------------------------------------------------------

    def ends(self, keyword: str, position: int, leaves: tuple[Leaf, ...]) -> tuple[graph.End, ...]:
        """Describe targets or sources, with the names that the caller's program gives them."""
        names = None
        if position < self.asked.spelled:
            names = syntax.argument_texts(self.asked.site.span, position, keyword, [leaf.path for leaf in leaves])
        elif self.asked.asker is not None:
            ours = {id(value): name for name, value in self.asked.asker.f_locals.items()}
            names = [
                self.naming.of(leaf.value) or ours.get(id(leaf.value)) or getattr(leaf.value, "name", None) or leaf.path
                for leaf in leaves
            ]
        elif any(leaf.path for leaf in leaves):
            names = [self.naming.of(leaf.value) or leaf.path for leaf in leaves]
        if names is None:
            names = [self.naming.of(leaf.value) or f"{keyword}{leaf.path}" for leaf in leaves]
        return tuple(self._end(self._better(name, leaf), leaf) for name, leaf in zip(names, leaves, strict=True))

    def _better(self, name: str, leaf: Leaf) -> str:
        """Return the program's own name where the text says little: an element of a list, of what a call returns."""
        if is_plain(name) and not (leaf.path and name.endswith(leaf.path)):
            return name
        return (self.naming.of(leaf.value) if isinstance(leaf.value, Node) else None) or name

    @cached_property
    def naming(self) -> Naming:
        """How the frame that asked calls things."""
        return Naming(self.asked.frame)

    def names_of_variables(self) -> dict[int, str]:
        """Return how the program calls the variables that the tape met, for every version of theirs."""
        found: dict[int, str] = {}
        for id, variable in (self.recording.variables if self.recording is not None else {}).items():
            name = self.naming.of(variable) or variable.name
            if name:
                found |= dict.fromkeys((id, *self.versions.get(id, ())), name)
        return found

    def _end(self, name: str, leaf: Leaf) -> graph.End:
        value = leaf.value
        if not isinstance(value, Node):
            kind = kind_of(value)
            dtype = str(np.asarray(value).dtype) if kind in {"array", "number"} else type(value).__name__
            return graph.End(name, frozenset({self.fresh()}), kind, dtype, differentiable=True)
        variable = isinstance(value, Variable)
        return graph.End(
            name,
            frozenset({value._id}),
            "variable" if variable else "tensor",
            str(value._value.dtype),
            is_differentiable(value._value),
            watched=self._watched(value._id),
            trainable=bool(getattr(value, "trainable", True)),
            made=self._made(value._id),
        )

    def _watched(self, id: int) -> bool:
        recording = self.recording
        return recording is None or id in recording.known or id in recording.roots

    def _made(self, id: int) -> graph.Operation | graph.Event | None:
        created = self.created.get(id)
        if created is not None:
            return self._event(created)
        k = bisect_left(self.written, id, key=OUTPUT)
        if k == len(self.written) or self.written[k][2] != id:
            return None
        made = self.written[k]
        return operation_of(made, made[1], ((),) * len(made[1]), Site(*made[-2:]), self.callers.get(id, ()))

    # -- the run --------------------------------------------------------------------------------------------------

    def run(self, targets: tuple[graph.End, ...]) -> graph.Run:
        """Put the graph together."""
        operations = self._operations()
        roots = {id for source in self.source_ids for id in (source, *self.versions.get(source, []))}
        call = Call(self.asked.site, self.asked.seq, self.began, returned=not self.asked.spelled)
        exits = list(self._exits())
        crossings = find_crossings(operations, exits, roots=roots, call=call, fresh=self.fresh, targets=targets)
        if crossings:
            operations = operations.with_others(crossings)
        variables = {*self.created, *self.versions, *(v for many in self.versions.values() for v in many)}
        if self.recording is not None:
            variables.update(self.recording.variables)
        events = tuple(map(self._event, self.events))
        names = Later(self.names_of_variables)
        return graph.Run(operations, events, self._tape(), self.horizon, frozenset(variables), names)

    def _exits(self) -> Iterable[Exit]:
        """Yield the values that left, as the versions that they were."""
        for event in self.events:
            if event.kind in LEAVING:
                left = self._left(event)
                value = self.version_at(event.value, event.seq)
                yield Exit(event.seq, value, left.kind, event.site, event.callers, left.instead, left.picks, left.name)

    def _left(self, event: Event) -> Left:
        """Say how and for what a value left; a loop leaves at one place many times."""
        key = (event.site, event.kind, event.detail if isinstance(event.detail, str) else "")
        if key not in self._lefts:
            picks = key[2] == "index"
            through = "" if picks else key[2]
            number = event.kind is EventKind.LEFT_AS_NUMBER
            kind = BreakKind.LEFT_AS_NUMBER if number else BreakKind.LEFT_AS_ARRAY
            span = event.site.span
            self._lefts[key] = Left(*purpose(span, kind, through), on_scipy.instead(through, span), picks)
        return self._lefts[key]

    def linked(self, ends: tuple[graph.End, ...]) -> tuple[graph.End, ...]:
        """Return the ends with all the versions of the variables among them."""
        return tuple(self._with_versions(t) for t in ends)

    def _with_versions(self, end: graph.End) -> graph.End:
        ids = end.ids.union(*(self.versions.get(i, []) for i in end.ids))
        return graph.End(end.name, ids, end.kind, end.dtype, end.differentiable, end.watched, end.trainable, end.made)

    def _operations(self) -> Recorded:
        """Return what ran, in order, with a version of its own for every value that a variable had.

        An update of a variable by a gradient is no way for a value to travel, nor is a gradient of an earlier round: it
        would connect every training step with those before it. So that one comes from nowhere.
        """
        current: dict[int, int] = {}
        updates: set[int] = set()
        records: list[Written] = []
        inputs: list[tuple[int, ...]] = []
        others: dict[int, graph.Operation] = {}
        begin = 0
        for event in (*(e for e in self.events if e.kind in MAKING), None):
            end = len(self.written) if event is None else bisect_left(self.written, event.seq, key=OUTPUT)
            segment = self.written[begin:end]  # a tape may have millions: what follows is done for each of them
            begin = end
            if updates:
                for written in segment:
                    if not updates.isdisjoint(written[1]):
                        updates.add(written[2])
            records += segment
            inputs += [tuple([current.get(i, i) for i in w[1]]) for w in segment] if current else map(INPUTS, segment)
            for made in () if event is None else self._made_by(event, current, updates):
                others[len(records)] = made
                records.append(stand_in(made))
                inputs.append(made.inputs)
        return Recorded(records, inputs, others, self._broken(records, others), self.callers)

    def _broken(self, records: list[Written], others: dict[int, graph.Operation]) -> dict[int, Breaks]:
        """Return what ends the path, by the number of the operation; few of them are looked at."""
        odd = {op for op in set(map(OP, self.written)) if not all(isinstance(status, Rule) for status in op.statuses)}
        quiet = self._followed()
        if len(quiet) < len(self.written):
            looked_at = [k for k, written in enumerate(records) if written[0] in odd or written[2] not in quiet]
        else:
            looked_at = [k for k, written in enumerate(records) if written[0] in odd] if odd else []
        found = {number: operation.breaks for number, operation in others.items()}
        alike: dict[tuple[object, ...], Breaks] = {}
        for number in looked_at:
            written = records[number]
            if number in others:
                continue
            if written[2] not in quiet:
                breaks = self._breaks(written)
            else:  # one for all operations of a row that are called alike
                call = (written[0], *map(bool, written[1]))
                breaks = alike[call] if call in alike else alike.setdefault(call, self._breaks(written))
            if any(breaks):
                found[number] = breaks
        return dict(sorted(found.items()))

    def _followed(self) -> Collection[int]:
        """Return the outputs of operations at which nothing can be broken but by what the operation is."""
        if self.unanswered:
            return ()
        if self.recording is None:
            return set(map(OUTPUT, self.written))
        return self.recording.known & self.taped if self.watched_at else self.taped

    def _made_by(self, event: Event, current: dict[int, int], updates: set[int]) -> Iterable[graph.Operation]:
        """Yield the way of a value into a variable, or out of a gradient that no tape recorded."""
        if event.kind is EventKind.GRADIENT:
            updates.add(event.value)
            if event.detail:
                yield self._gradient(event, current if event.seq > self.round_began else None)
            return
        if event.kind is EventKind.COPY:
            source = current.get(event.detail, event.detail)
            broken = ((Break(BreakKind.COPIED),),)
            yield graph.Operation(event.seq, "deepcopy", (source,), event.value, event.site, broken)
            return
        version = event.value
        assigned = event.kind is EventKind.ASSIGN
        if assigned:
            version = current[event.value] = self.fresh()
            self.versions[event.value].append(version)
            self.history[event.value].append((event.seq, version))
        if event.detail and event.detail not in updates:
            name, kind = ("assign", BreakKind.STATE) if assigned else ("Variable", BreakKind.REBUILT)
            source = current.get(event.detail, event.detail)
            yield graph.Operation(event.seq, name, (source,), version, event.site, ((Break(kind),),))

    def _gradient(self, event: Event, current: dict[int, int] | None) -> graph.Operation:
        """Connect a gradient that no tape recorded with what it was computed from; None stands for an earlier round."""
        inputs = () if current is None else tuple(current.get(i, i) for i in event.detail)
        broken = () if self.recording is None else (Break(BreakKind.INNER_GRADIENT),)
        breaks = (broken,) * len(inputs)
        return graph.Operation(
            event.seq, "gradient", inputs, event.value, event.site, breaks, event.callers, function="gradient"
        )

    @cached_property
    def inner_gradients(self) -> list[int]:
        """When gradients were asked for while this tape recorded: what ran for them has the places of the rest."""
        return [e.seq for e in self.events if e.kind is EventKind.GRADIENT and e.seq > self.began and self.began]

    @cached_property
    def _bent(self) -> dict[tuple[object, int], set[int]]:
        """Return where functions ran that are made of straight lines, with the values that went in and came out."""
        found: dict[tuple[object, int], set[int]] = defaultdict(set)
        for written in self.written:
            if written[0].name in STRAIGHT:
                found[id(written[-2]), written[-1]].update(written[1], (written[2],))
        return found

    def _is_slope(self, written: Written) -> bool:
        """Whether an operation is a step of the derivative of such a function: at its place, and of its values."""
        around = self._bent.get((id(written[-2]), written[-1]), set())
        asked = self.inner_gradients[-1] > written[2]
        return asked and written[0].name not in STRAIGHT and not (around - {0}).isdisjoint(written[1])

    def _breaks(self, written: Written) -> Breaks:
        """Return what ends the path at each input."""
        return tuple(self._breaks_at(written, k) for k in range(len(written[1])))

    def _breaks_at(self, written: Written, position: int) -> tuple[Break, ...]:
        op, inputs, output, *_ = written
        if not inputs[position]:
            return ()
        found = []
        status = op.status(position)
        if not isinstance(status, Rule):
            bent = bool(self.inner_gradients) and self._is_slope(written)
            found.append(Break(PIECEWISE, KINKS) if bent else Break(KIND_OF_STATUS[status.cause], status.reason))
        elif (output, position) in self.unanswered:
            found.append(Break(BreakKind.CUSTOM_NONE))
        recording = self.recording
        if recording is None:
            return tuple(found)
        if output in self.elsewhere:
            found.append(Break(BreakKind.OTHER_THREAD))
        elif output not in self.taped:
            found.append(self._unrecorded(output))
        elif output not in recording.known and isinstance(status, Rule):
            watched = self.watched_at.get(inputs[position])
            if watched is not None and watched > output:
                found.append(Break(BreakKind.WATCHED_LATER))
        return tuple(found)

    def _unrecorded(self, seq: int) -> Break:
        """Say why the tape does not have an operation that ran at that time."""
        recording = self.recording
        place = bisect_left(self.own, seq, key=lambda event: event.seq)
        if recording is None or not place:
            return BEFORE
        last = self.own[place - 1]
        if last.kind is EventKind.PAUSE:
            return Break(BreakKind.GRADIENTS_OFF, at=last.site)
        return RESET if last.kind is EventKind.RESET else AFTER

    def _tape(self) -> graph.Tape | None:
        recording: Recording | None = self.recording
        if recording is None:
            return None
        return graph.Tape(
            entered=tuple((e.seq, e.site) for e in self.own if e.kind is EventKind.ENTER),
            auto_watch=recording.auto_watch,
            watches={e.value: (e.seq, e.site) for e in recording.events if e.kind is EventKind.WATCH},
        )

    def _event(self, event: Event) -> graph.Event:
        if event.kind in LEAVING:
            left = self._left(event)
            drawn = left.kind is BreakKind.SAMPLED
            kind = "left into a draw" if drawn else event.kind.value
            detail = left.name if drawn else "index" if left.picks else left.instead
            return graph.Event(event.seq, kind, event.value, event.site, detail, event.callers)
        return graph.Event(event.seq, event.kind.value, event.value, event.site, event.detail, event.callers)


class Left(NamedTuple):
    """How a value left: what messages call the step, the kind of break, and the rest as in `Exit`."""

    name: str
    kind: BreakKind
    instead: str
    picks: bool
