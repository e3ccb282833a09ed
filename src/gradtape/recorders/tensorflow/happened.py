"""What happened in a run, put into the graph: values that left and came in, custom gradients, callbacks, gradients."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradtape.diagnostics import Site, syntax
from gradtape.explain import graph
from gradtape.explain.graph import OWN, Break, BreakKind, Operation
from gradtape.recorders.crossings import MOST_AT_ONCE, Exit
from gradtape.recorders.exits import WHOLE_DRAWS, Purpose, purpose
from gradtape.recorders.tensorflow import operations as table
from gradtape.recorders.tensorflow.frames import site as site_of
from gradtape.recorders.tensorflow.frames import sites
from gradtape.recorders.tensorflow.leaving import ARRAY, NUMBER
from gradtape.recorders.tensorflow.memory import Happening

if TYPE_CHECKING:
    from gradtape.recorders.tensorflow.draft import Draft

PREDICT = "`predict` takes and gives plain arrays"
KINDS = {ARRAY: BreakKind.LEFT_AS_ARRAY, NUMBER: BreakKind.LEFT_AS_NUMBER}


class Happenings:
    """Puts events into a draft, in the order of the run; those that are no operations stay events."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self._purposes: dict[Site, Purpose] = {}

    def add(self, item: Happening) -> None:
        """Put one event into the draft."""
        if not item.places or (item.kind in KINDS and self._is_shown(item)):
            return
        kind, number = item.kind, item.tensor
        site, callers = site_of(item.places[0]), sites(item.places[1:])
        if kind == "constant":
            self._constant(item, site, callers)
        elif kind == "gradient":
            self._gradient(item, site, callers)
        elif kind == "custom":
            if item.detail[0] not in self.draft.memory.graphs:  # a traced function is followed where it is called
                self._custom(item, site, callers)
        elif kind == "captured":
            self._captured(item, site)
        elif kind == "callback":
            self._callback(item, site, callers)
        elif kind == "predict":
            self._predicted(item, site, callers)
        elif kind == "given":
            for given in item.detail:
                self.draft.ids[given] = self.draft.fresh()
        elif kind == "inside":
            self.draft.inside = item.detail
        elif kind in KINDS:
            values = [number] if number >= 0 else [*item.detail, *self._made_inside(item)]
            for value in dict.fromkeys(values):
                known = self.draft.id_of(value)
                if known and not self._is_written(known):
                    used = self._used(site, KINDS[kind])
                    exit_ = Exit(item.seq, known, used.kind, site, callers, name=used.name)
                    self.draft.exits.append(exit_)
                    self.draft.left[item.seq] = [exit_]
                    self.draft.events.append(graph.Event(item.seq, kind, known, site, None, callers))
        else:
            if kind == "watch" and self.draft.window.watches(item):
                self.draft.watched.add(number)
            self.draft.events.append(graph.Event(item.seq, kind, self.draft.id_of(number), site, item.detail, callers))

    def _used(self, site: Site, left: BreakKind) -> Purpose:
        """Say what a value left for: a draw of positions or counts, or its numbers, as for a draw that noise can write.

        What it is written into is seen elsewhere.
        """
        if site not in self._purposes:
            used = purpose(site.span, left)
            self._purposes[site] = used if used.name in WHOLE_DRAWS else Purpose("leave the tape", left)
        return self._purposes[site]

    def _is_shown(self, item: Happening) -> bool:
        """Whether a value left in the midst of Keras's training, for its log, and the program reads nothing of that."""
        code, lasti = item.places[0]
        if (id(code), lasti) not in self.draft.memory.training:
            return False
        span = site_of(item.places[0]).span
        tree, names = syntax.parse_file(span.file), syntax.assigned_names(span)
        alone = isinstance(syntax.statement_at(span), ast.Expr)
        return alone or (bool(names) and not any(tree and syntax.mentions(tree, name) for name in names))

    def _is_written(self, value: int) -> bool:
        """Whether a value was just written into an array, for which NumPy asks for the number of a scalar."""
        return any(e.value == value and e.kind is BreakKind.ARRAY_WRITE for e in self.draft.exits[-1:])

    def _constant(self, item: Happening, site: Site, callers: tuple[Site, ...]) -> None:
        """Write down where a plain value came in; TensorFlow hands out the same tensor for equal numbers again."""
        number = item.tensor
        if number in self.draft.wanted and number not in self.draft.targets:
            if number not in self.draft.ids:
                self.draft.events.append(graph.Event(item.seq, "create", self.draft.id_of(number), site, None, callers))
            return
        if not self.draft.something_left and number not in self.draft.targets:
            return
        output = self.draft.ids[number] = item.seq
        operation = Operation(
            item.seq, "constant", (0,), output, site, ((),), callers, plumbing=True, params={"value": item.detail}
        )
        self.draft.by_record[item.seq, 0] = len(self.draft.made)
        came = self.draft.left.get(item.detail.seq) if isinstance(item.detail, Happening) else None
        if came:
            self.draft.known[len(self.draft.made), 0] = came
        self.draft.made.append(operation)

    def _made_inside(self, item: Happening) -> list[int]:
        """Return what operations made inside the arguments of a call of NumPy's."""
        code, lasti = item.places[0]
        whole = Site(code, lasti).span
        newest: dict[Any, int] = {}
        for place, outs in self.draft.recent.get(id(code), ())[-64:]:
            span = Site(code, place).span
            if whole.contains(span) and span != whole:
                newest[span] = outs
        return [number for span, number in newest.items() if not any(o.contains(span) and o != span for o in newest)]

    def _gradient(self, item: Happening, site: Site, callers: tuple[Site, ...]) -> None:
        """Connect gradients that no tape recorded with what they were computed from."""
        targets, results = item.detail
        inputs = tuple(i for i in map(self.draft.id_of, targets) if i)
        outside = () if self.draft.window.life is None else (Break(BreakKind.INNER_GRADIENT),)
        for k, number in enumerate(results):
            if number < 0:
                continue
            output = self.draft.ids[number] = item.seq + k
            self.draft.updates.add(output)
            self.draft.made.append(
                Operation(output, "gradient", inputs, output, site, (outside,) * len(inputs), callers)
            )

    def _custom(self, item: Happening, site: Site, callers: tuple[Site, ...]) -> None:
        """Connect the results of a custom gradient with its arguments: its own operations are no part of the way."""
        name, ins, outs = item.detail
        inputs = tuple(map(self.draft.id_of, ins))
        recorded = self.draft.window.open_at(item.seq) and not self.draft.watched.isdisjoint(ins)
        for k, number in enumerate(outs):
            output = self.draft.ids[number] = item.seq + k
            self.draft.by_record[item.seq, k] = len(self.draft.made)
            broken = tuple(
                self.draft.broken(item.seq, position, ins[position], None, recorded=recorded) if value else ()
                for position, value in enumerate(inputs)
            )
            self.draft.made.append(Operation(output, name, inputs, output, site, broken, callers, own=OWN))
            if not self.draft.updates.isdisjoint(inputs):
                self.draft.updates.add(output)
        if recorded:
            self.draft.watched.update(outs)

    def _callback(self, item: Happening, site: Site, callers: tuple[Site, ...]) -> None:
        """Connect what a callback gave with what it was given and with what left inside it: nobody sees the way."""
        begin, name, ins, made = item.detail
        inside = [e for e in self.draft.exits if e.seq > begin]
        self.draft.exits = self.draft.exits[: len(self.draft.exits) - len(inside)]
        inputs = tuple(dict.fromkeys(i for i in (*map(self.draft.id_of, ins), *(e.value for e in inside)) if i))
        for k, (number, real) in enumerate(made):
            breaks = (Break(BreakKind.OPAQUE),) if real else (Break(BreakKind.OPAQUE), table.OF_WHOLE)
            broken = (breaks,) * len(inputs)
            output = self.draft.ids[number] = item.seq + k
            self.draft.made.append(Operation(output, name, inputs, output, site, broken, callers))

    def _predicted(self, item: Happening, site: Site, callers: tuple[Site, ...]) -> None:
        """Tell what left inside `predict`, and what went into its data set, as one way out."""
        model, draft = _model_of(site), self.draft
        inside = [operation for operation in draft.made if operation.seq > item.detail]
        read = {value for operation in inside for value in operation.inputs}
        given = [operation.output for operation in inside if operation.output not in read]
        draft.exits = [exit_ for exit_ in draft.exits if exit_.seq < item.detail]
        draft.left[item.seq] = [
            Exit(item.seq, value, BreakKind.LEFT_AS_ARRAY, site, callers, model, name="predict", reason=PREDICT)
            for value in given[-MOST_AT_ONCE:]
        ]
        draft.exits += draft.left[item.seq]
        left = (Break(BreakKind.LEFT_AS_ARRAY, PREDICT, instead=model),)
        for number in range(len(draft.made) - len(inside), len(draft.made)):
            operation = draft.made[number]
            breaks = tuple(left if any(b.kind is BreakKind.STATE for b in many) else many for many in operation.breaks)
            draft.made[number] = replace(operation, breaks=breaks)

    def _captured(self, item: Happening, site: Site) -> None:
        """Connect a value with the placeholder that a traced function has for it."""
        outer = self.draft.id_of(item.detail)
        if outer:
            self.draft.stand_for(self.draft.ids.setdefault(item.tensor, item.seq), outer, site)


def _model_of(site: Site) -> str:
    """Return how the model is called whose `predict` is called at a place: `net(...)` for `net.predict(x)`."""
    call = syntax.expression_at(site.span)
    function = call.func if isinstance(call, ast.Call) else None
    return f"{syntax.text_of(function.value)}(...)" if isinstance(function, ast.Attribute) else ""
