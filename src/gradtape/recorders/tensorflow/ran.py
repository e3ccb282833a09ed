"""Operations that ran, put into the graph: versions of variables, calls of traced functions, what ends a path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.explain import graph
from gradtape.explain.graph import Break, BreakKind, Operation
from gradtape.explain.unread import SHAPE
from gradtape.recorders.crossings import Exit
from gradtape.recorders.tensorflow import operations as table
from gradtape.recorders.tensorflow import private
from gradtape.recorders.tensorflow.bodies import KINDS, Bodies
from gradtape.recorders.tensorflow.callbacks import PY_FUNCTION
from gradtape.recorders.tensorflow.frames import site as site_of
from gradtape.recorders.tensorflow.frames import sites
from gradtape.recorders.tensorflow.windows import ELSEWHEN
from gradtape.recorders.tensorflow.writes import Later, written_at

if TYPE_CHECKING:
    from gradtape.diagnostics import Site
    from gradtape.recorders.tensorflow.draft import Draft
    from gradtape.recorders.tensorflow.memory import Ran

MOST_BEHIND = 32
"""How many operations behind a value are looked at to tell what a variable is given."""

LEAVES = "is called back, and its body leaves TensorFlow"


class Running:
    """Puts operations into a draft, in the order of the run."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.bodies = Bodies(draft)

    def add(self, ran: Ran) -> None:
        """Put one operation into the draft."""
        if not ran.places:
            return
        followed = ran.step and self.draft.window.outside(ran.seq, ran.thread) not in ELSEWHEN
        places = self.draft.memory.step_of.get(ran.step, ran.places) if followed else ran.places
        site, callers = site_of(places[0], table.facts(self.draft.names, ran.type).name), sites(places[1:])
        if ran.type in table.WRITES:
            self._assign(ran, site, callers)
            return
        if ran.type == "MakeIterator":
            self.draft.ids[ran.ins[1]] = self.draft.id_of(ran.ins[0])
            return
        if ran.type == "Placeholder":
            self.draft.placeholder(ran.outs[0], ran.seq, site)
            return
        if (ran.type in KINDS or ran.type in self.draft.memory.graphs) and self.bodies.add(ran, site, callers):
            self._follow(ran)
            return
        if ran.type in table.SHAPES and not ran.step:
            read = zip(map(self.draft.id_of, ran.ins), range(ran.seq, ran.seq + len(ran.outs)), strict=False)
            self.draft.events += [
                graph.Event(ran.seq, SHAPE, value, site, made, callers) for value, made in read if value
            ]
        inputs = () if ran.type in table.SHAPES and not self._counts(ran) else tuple(map(self.draft.id_of, ran.ins))
        if ran.type in table.PICKING or (ran.type in table.AS_MANY and not self.draft.sized.isdisjoint(ran.ins)):
            self.draft.sized.update(ran.outs)
        recorded = self._follow(ran)
        facts = table.facts(self.draft.names, ran.type)
        if ran.type == PY_FUNCTION:
            facts, closed = facts._replace(name="py_function"), self._closed(ran)
        else:
            closed = {}
        updated = not self.draft.updates.isdisjoint(inputs)
        for k, number in enumerate(ran.outs):
            output = ran.seq + k
            if ran.type == "VarHandleOp":
                continue
            self.draft.ids[number] = output
            self.draft.dtypes[number] = ran.dtypes[k]
            if updated:
                self.draft.updates.add(output)
            breaks = tuple(
                self._breaks(ran, facts, (k, position), value, recorded=recorded, closed=closed.get(position))
                for position, value in enumerate(inputs)
            )
            self.draft.by_record[ran.seq, k] = len(self.draft.made)
            plumbing = ran.type == "ReadVariableOp"
            self.draft.made.append(
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
        written = written_at(site.span) if ran.outs and not ran.graph else None
        if written is not None:
            at = site if written == site.span else Later(*site)
            self.draft.exits.append(Exit(ran.seq, ran.seq, BreakKind.ARRAY_WRITE, at, callers, name="array write"))
            self.draft.something_left = True
        for code, lasti in ran.places:
            recent = self.draft.recent[id(code)]
            if ran.outs:
                recent.append((lasti, ran.outs[0]))
            if len(recent) > 512:
                del recent[:256]

    def _counts(self, ran: Ran) -> bool:
        """Whether an operation counts elements, and values decide how many there are."""
        return ran.type in table.COUNTING and not self.draft.sized.isdisjoint(ran.ins)

    def _follow(self, ran: Ran) -> bool:
        """Do what the tape does: follow the results of an operation that reads something followed; whether it does."""
        if not self.draft.window.open_at(ran.seq, ran.thread):
            return False
        if self.draft.window.auto_watch:
            for number in ran.ins:
                known = self.draft.memory.variables.get(number)
                if known is not None and known.trainable:
                    self.draft.watched.add(number)
        if self.draft.watched.isdisjoint(ran.ins):
            return False
        if ran.type == "StopGradient":  # the one operation whose result TensorFlow does not follow at all
            return True
        self.draft.watched.update(
            number
            for number, dtype in zip(ran.outs, ran.dtypes, strict=True)
            if dtype in private.FLOATING or dtype == private.VARIANT
        )
        return True

    def _assign(self, ran: Ran, site: Site, callers: tuple[Site, ...]) -> None:
        called, position = table.WRITES[ran.type]
        handle, value = ran.ins[0], ran.ins[position]
        placeholder = ran.graph and handle in self.draft.ids  # for a variable outside of the traced function
        first = handle not in self.draft.versions and not placeholder
        source, known = self.draft.id_of(value), self.draft.memory.variables.get(handle)
        of_optimizer = source in self.draft.updates and known is not None and not known.trainable
        if self.draft.window.outside(ran.seq) is BreakKind.BEFORE_TAPE and not first and self._keeps_up(handle, source):
            self.draft.updates.update([self.draft.id_of(handle)] if of_optimizer else [])
            return
        if first and ran.type == table.WHOLE_WRITE:
            self.draft.versions[handle] = [ran.seq]
            self.draft.ids[handle] = version = ran.seq
        else:
            self.draft.versions.setdefault(handle, [self.draft.id_of(handle)])
            version = ran.seq
            self.draft.versions[handle].append(version)
            self.draft.events.append(graph.Event(ran.seq, "assign", version, site, None, callers))
        if source in self.draft.updates:
            self.draft.updates.update([version] if of_optimizer else [])
        elif source:
            name = "Variable" if first and ran.type == table.WHOLE_WRITE else called
            self.draft.made.append(
                Operation(ran.seq, name, (source,), version, site, ((Break(BreakKind.STATE),),), callers)
            )

    def _keeps_up(self, handle: int, value: int) -> bool:
        """Whether what is written into a variable only makes it follow another: a copy, or a part of its own way there.

        So target networks and averages of weights are kept up to date. That is no way on which a gradient was meant to
        flow: the two are different variables.
        """
        draft, copied = self.draft, True
        left: list[int] = [value]
        seen: set[int] = set()
        while left and len(seen) < MOST_BEHIND:
            here = left.pop()
            index = draft.by_record.get((here, 0))
            if here in seen or index is None:
                continue
            seen.add(here)
            made = draft.made[index]
            if made.inputs and made.inputs[0] in draft.versions.get(handle, ()):
                return True
            if made.name == "constant":
                exits = draft.known.get((index, 0), ())
                copied = copied and bool(exits)
                left += [e.value for e in exits]
                continue
            copied = copied and made.function == "identity"
            left += [i for i in made.inputs if i]
        return copied and bool(seen)

    def _closed(self, ran: Ran) -> dict[int, Break]:
        """Say which arguments of the function that was just called back have no way to its results, by position."""
        if self.draft.inside is None:
            return {}
        begin, ins, outs = self.draft.inside
        made = [op for op in self.draft.made if op.seq > begin]
        results = {self.draft.ids.get(n) for n in outs}
        shut = [k for k, number in enumerate(ins) if not _reached(self.draft.ids[number], made) & results]
        if len(shut) == len(ins):
            self.draft.exits = [e for e in self.draft.exits if e.seq < begin]
        first = len(ran.ins) - len(ins)
        return {first + k: Break(BreakKind.OPAQUE, LEAVES) for k in shut}

    def _breaks(
        self, ran: Ran, facts: table.Facts, way: tuple[int, int], value: int, *, recorded: bool, closed: Break | None
    ) -> tuple[Break, ...]:
        """Say why nothing flows from one of an operation's results to one of its inputs; empty if something does."""
        if not value:
            return ()
        result, position = way
        found = closed or self._why(ran, facts, position, ran.dtypes[result])
        if table.DATASETS.search(ran.type):  # which no tape records, whether or not one is open
            return () if found is None else (found,)
        gap = table.INCOMPLETE.get((ran.type, result, position))
        if gap is not None and found is None:
            found = Break(BreakKind.MISSING_RULE, gap)
        broken = self.draft.broken(
            ran.seq,
            position,
            ran.ins[position],
            found,
            recorded=recorded,
            traced=ran.graph,
            thread=ran.thread,
            code=ran.places[0][0],
            derivative=bool(ran.step),
        )
        whole = found is not None and found.kind is BreakKind.OPAQUE and _is_whole(ran.dtypes[result])
        return (*broken, table.OF_WHOLE) if whole else broken

    def _why(self, ran: Ran, facts: table.Facts, position: int, dtype: int) -> Break | None:
        """Say why nothing flows back through one input by what the operation is, None if something does."""
        taken = self.draft.dtypes.get(ran.ins[position])
        if taken is not None and taken not in private.FLOATING and taken not in (private.RESOURCE, private.VARIANT):
            return None  # whole numbers: the way ended where they were made
        if table.DATASETS.search(ran.type):
            return None if taken in (private.RESOURCE, private.VARIANT) else Break(BreakKind.STATE, table.DATA)
        whole = _is_whole(dtype)
        if facts.everywhere is not None and not (whole and facts.everywhere.kind is BreakKind.MISSING_RULE):
            return facts.everywhere
        if whole and ran.type in table.READS:
            return None  # a variable of whole numbers: where they were made is the reason
        if whole:
            return table.of_whole_numbers(ran.type)
        if position in table.CONSTANT_INPUTS.get(ran.type, ()):
            return Break(BreakKind.NO_DERIVATIVE, "only chooses between its arguments")
        return None


def _is_whole(dtype: int) -> bool:
    return dtype not in private.FLOATING and dtype not in (private.RESOURCE, private.VARIANT)


def _reached(value: int, made: list[Operation]) -> set[int | None]:
    """Return the values to which a way without a break leads from one, the value itself among them."""
    reached: set[int | None] = {value}
    for operation in made:
        if any(i in reached and not broken for i, broken in zip(operation.inputs, operation.breaks, strict=True)):
            reached.add(operation.output)
    return reached


def _params(ran: Ran) -> dict[str, Any]:
    axis = ran.attr("axis")
    return {} if axis is None else {"axis": axis}
