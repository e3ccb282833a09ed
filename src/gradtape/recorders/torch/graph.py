"""The remembered run as the neutral graph: operations with their breaks, events, the ways through plain Python."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from gradtape.diagnostics import Site, syntax
from gradtape.explain.graph import Break, BreakKind, Event, Operation, Run
from gradtape.recorders.crossings import Call, Exit, find_crossings
from gradtape.recorders.exits import Purpose, purpose
from gradtape.recorders.torch.frames import NOWHERE, Frames, sites
from gradtape.recorders.torch.functions import CASTS, PARAMETER, REFLECTED, Function, Role
from gradtape.recorders.torch.hooks import put_between
from gradtape.recorders.torch.memory import Memory, Record

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gradtape.explain.graph import End
    from gradtape.recorders.torch.hooks import Hook
    from gradtape.recorders.torch.names import Names

LEFT = {"left as array": BreakKind.LEFT_AS_ARRAY, "left as number": BreakKind.LEFT_AS_NUMBER}

ALWAYS = {BreakKind.STOP, BreakKind.PIECEWISE_CONSTANT, BreakKind.SAMPLED, BreakKind.COPIED}
"""What ends a path whatever PyTorch's own graph says."""

REENTRANT = "a reentrant checkpoint gives no gradient to what is inside unless one of its arguments requires one"
LOADED = "`load_state_dict` copies the numbers; the parameters start a new path, and nothing flows back through them"
NO_RULE = "has no derivative in PyTorch"
WHOLE = "gives whole numbers, which cannot move a little"


def differentiable(dtype: torch.dtype) -> bool:
    """Whether values of a dtype can move a little."""
    return bool(dtype.is_floating_point or dtype.is_complex)


class Builder:
    """Builds the graph of the run up to now.

    Parameters
    ----------
    memory : Memory
    names : Names
    refused : mapping of (result's id, input's id) to Site
        Inputs that a custom function gave no gradient to, with the place of its answer.
    unwritten : collection of int
        The results of operations whose derivative nobody wrote.
    hooks : collection of Hook
        The hooks that turned a gradient into something else.
    """

    def __init__(
        self,
        memory: Memory,
        names: Names,
        refused: Mapping[tuple[int, int], Site | None],
        unwritten: Collection[int] = (),
        hooks: Collection[Hook] = (),
    ) -> None:
        self.memory = memory
        self.names = names
        self.refused = refused
        self.unwritten = unwritten
        self.records = sorted((Record(*raw) for raw in list(memory.records)), key=lambda record: record.seq)
        self.by_seq = {record.seq: record for record in self.records}
        self.made_by = {out[0]: record for record in self.records for out in record.outputs}
        self.first = {number: first for first, ids in memory.versions.items() for number in ids}
        self.happened = list(memory.happened)
        self.marked = {event.value: event.seq for event in self.happened if event.kind == "marked"}
        self.dtypes = {out[0]: out[2] for record in self.records for out in record.outputs}
        self.leaves = self._leaves()
        self.hooked = {number: hook for hook in hooks for number in self._ids_under(hook)}
        self.operations = put_between(self._operations(), self.hooked) if hooks else self._operations()
        self.producers = {operation.output: operation for operation in self.operations}

    def _leaves(self) -> dict[int, torch.Tensor]:
        """Return the live tensors that gradients are kept on, by their first id."""
        found = {}
        for entry in list(self.memory.known.values()):
            tensor = entry.ref()
            if tensor is not None and tensor.is_leaf and tensor.requires_grad:
                found[entry.tensor_id] = tensor
        return found

    def _ids_under(self, hook: Hook) -> tuple[int, ...]:
        """Return the ids of the values that a hook is on: those of a leaf all, whatever was written to it since."""
        later = self.memory.versions.get(hook.value, ()) if hook.leaf else ()
        return tuple(dict.fromkeys((hook.value, *later)))

    def name_of(self, number: int) -> str:
        """Return what the program calls the tensor that has a value now; empty if it has no name for it."""
        tensor = self.memory.held(number)
        return (self.names.of(tensor) or "") if tensor is not None else ""

    def ids(self, tensor: torch.Tensor) -> frozenset[int]:
        """Return all ids that a tensor had."""
        return frozenset(self.memory.ids(tensor))

    def run(
        self,
        roots: Collection[int],
        call: Call,
        targets: tuple[End, ...] = (),
        exits: Sequence[Exit] | None = None,
    ) -> Run:
        """Put the graph together for sources with these ids; of the values that left, only some if `exits` says so."""
        operations = list(self.operations)
        left = self.exits if exits is None else exits
        known = self._very_same(operations, left)
        found = find_crossings(
            operations,
            left,
            roots=roots,
            call=call,
            fresh=self._fresh(),
            targets=targets,
            operand=self._operand,
            known=known,
        )
        operations += found
        operations.sort(key=lambda operation: operation.seq)
        variables = {number for tensor in self.leaves.values() for number in self.ids(tensor)}
        for first in self.memory.leaves:
            variables |= {first, *self.memory.versions.get(first, ())}
        names = {}
        for entry in list(self.memory.known.values()):
            tensor = entry.ref()
            name = self.names.of(tensor) if tensor is not None else None
            if name is not None:
                names[entry.id] = name
        return Run(tuple(operations), self._events(), None, self.memory.horizon, frozenset(variables), names)

    def _fresh(self) -> Any:
        numbers = iter(range(-1, -(10**9), -1))
        return lambda: next(numbers)

    # -- operations -----------------------------------------------------------------------------------------------

    def _operations(self) -> list[Operation]:
        """Return what ran, in order.

        An update of a leaf by its gradient is no way for a value to travel: it would connect every training step with
        those before it. Nor is a leaf that starts with the values of another one: it is an object of its own.
        """
        leaves = {number for tensor in self.leaves.values() for number in self.ids(tensor)} | self.memory.leaves
        leaves |= {number for number, first in self.first.items() if first in leaves}
        renewed = {number for ids in self.memory.versions.values() for number in ids[1:]}
        leaving = self._only_leaving()
        updates: set[int] = set()
        self.cut = set[int]()
        found = []
        for record in self.records:
            frames = record.frames or NOWHERE
            site, *callers = sites(frames)
            inputs = _read(record)
            writes = record.off is not None or record.what.role is Role.SET_DATA or record.what.name == ".data"
            if record.what.neutral == "gradient" and not record.outputs[0][1]:
                updates.update(out[0] for out in record.outputs)
            elif not updates.isdisjoint(inputs):
                updates.update(out[0] for out in record.outputs)
                if writes and any(out[0] in renewed for out in record.outputs):
                    inputs = ()
                    updates.difference_update(out[0] for out in record.outputs)
            if record.what.view and not leaves.isdisjoint(inputs[:1]):
                leaves.update(out[0] for out in record.outputs)
            elif record.off is not None and record.what.overwrites and leaves.issuperset(inputs):
                inputs = () if any(out[0] in renewed and out[0] in leaves for out in record.outputs) else inputs
            settings = _settings_of(record)
            for place, out in enumerate(record.outputs):
                passing = record.what.role is Role.ALIAS and out[0] in leaving
                read = _read_by(record, place, inputs)
                breaks = tuple(() if passing or not read[k] else self._breaks(record, k, out) for k in range(len(read)))
                if record.what.name in REFLECTED:
                    read, breaks = read[::-1], breaks[::-1]
                if not out[1] and (any(breaks) or not self.cut.isdisjoint(read)):
                    self.cut.add(out[0])
                found.append(
                    Operation(
                        record.seq,
                        record.what.name,
                        read,
                        out[0],
                        site,
                        breaks,
                        tuple(callers),
                        plumbing=not record.frames or passing,
                        function=record.what.neutral,
                        own=record.what.own,
                        params=settings,
                    )
                )
        return found

    def _only_leaving(self) -> set[int]:
        """Return the values that were made for nothing but to leave: `x.detach().numpy()` is one way out, not two."""
        left = {event.value for event in self.happened if event.kind in LEFT}
        used = {number for record in self.records for number in record.inputs}
        return left - used

    def _breaks(self, record: Record, position: int, out: tuple[int, bool, torch.dtype]) -> tuple[Break, ...]:
        number, kept, dtype = out
        source = record.inputs[position]
        if not source:
            return ()
        what = record.what
        if (number, source) in self.refused:
            return (Break(BreakKind.CUSTOM_NONE, at=self.refused[number, source]),)
        if number in self.unwritten:
            return (Break(BreakKind.MISSING_RULE, NO_RULE),)
        if not differentiable(self.dtypes.get(source, torch.float32)):
            return ()
        if what.kind in ALWAYS:
            return (Break(what.kind, what.reason),)
        if what.name in PLACED and position == PLACED[what.name] and _settings_of(record).get("mode") == "nearest":
            return (Break(BreakKind.PIECEWISE_CONSTANT, NEAREST),)
        if not differentiable(dtype):
            return (self._discrete(what),)
        return self._cut(record, source, needed=bool(record.needs >> position & 1), kept=kept)

    def _discrete(self, what: Function) -> Break:
        if what.name in CASTS:
            return Break(BreakKind.INTEGER_CAST)
        return Break(BreakKind.NO_DERIVATIVE, what.reason or WHOLE)

    def _cut(self, record: Record, source: int, *, needed: bool, kept: bool) -> tuple[Break, ...]:
        """Say why PyTorch itself did not connect a result with an input that needed a gradient."""
        if needed and kept:
            return ()
        what, off = record.what, record.off
        if off is not None:
            if off.by == "distributions":
                return (Break(BreakKind.SAMPLED),) if needed else ()
            if needed and off.by == "checkpoint":
                return (
                    Break(BreakKind.GRADIENTS_OFF, REENTRANT, instead="use_reentrant=False", at=Site(*off.frames[0])),
                )
            if needed and off.by == "state":
                return (Break(BreakKind.LOADED, LOADED),)
            if needed or source in self.cut:
                return (Break(BreakKind.GRADIENTS_OFF, at=Site(*off.frames[0])),)
        if what.kind is not None and what.kind is not BreakKind.NO_DERIVATIVE:
            return (Break(what.kind, what.reason),)
        if needed:
            return (Break(what.kind or BreakKind.MISSING_RULE, what.reason or NO_RULE),)
        marked = self.marked.get(source, 0)
        return (Break(BreakKind.WATCHED_LATER),) if off is None and marked > record.seq else ()

    # -- ways through plain Python --------------------------------------------------------------------------------

    @cached_property
    def exits(self) -> tuple[Exit, ...]:
        """The values that left, in order."""
        found, asked = [], dict[Site, Purpose]()
        for event in self.happened:
            if event.kind in LEFT:
                site, *callers = sites(event.frames)
                used = asked.get(site)
                if used is None:
                    used = asked[site] = purpose(site.span, LEFT[event.kind])
                if used.kind is not BreakKind.ARRAY_WRITE:
                    used = Purpose("leave the tape", LEFT[event.kind])
                picks = event.detail == "__index__"
                found.append(Exit(event.seq, event.value, used.kind, site, tuple(callers), picks=picks, name=used.name))
        return tuple(found)

    def unsaid_exits(self, since: int) -> list[Exit]:
        """Return the values that left since a moment, without those that were detached first: that was said."""
        late = [left for left in self.exits if left.seq > since]
        said = {record.outputs[0][0] for record in self.records if record.what.role is Role.ALIAS} if late else ()
        return [left for left in late if left.value not in said]

    def _very_same(self, operations: list[Operation], left: Sequence[Exit]) -> dict[tuple[int, int], list[Exit]]:
        """Find the operands that are the very array that left, or a view of it."""
        exits = {one.seq: one for one in left}
        found: dict[tuple[int, int], list[Exit]] = {}
        for number, operation in enumerate(operations):
            record = self.by_seq.get(operation.seq)
            for position, seq in record.arguments[3] if record is not None and record.arguments else ():
                place = _turned(record, position) if record is not None else position
                if seq in exits and not operation.inputs[place]:
                    found[number, place] = [exits[seq]]
        return found

    def _operand(self, operation: Operation, position: int) -> ast.expr | None:
        """Return the source of a plain operand; None for a literal, or where a library stands between."""
        record = self.by_seq.get(operation.seq)
        if record is None or not record.arguments:
            return None
        count, places, _, _ = record.arguments
        place = next((p for at, p in places if _turned(record, at) == position), None)
        if isinstance(place, int):
            place = _turned(record, place)
        return None if place is None else operand(operation.site, count, place, record.what.name)

    # -- events ---------------------------------------------------------------------------------------------------

    def _events(self) -> tuple[Event, ...]:
        found = []
        for event in self.happened:
            site, *callers = sites(event.frames or NOWHERE)
            detail = event.detail if isinstance(event.detail, int | str) else None
            found.append(Event(event.seq, event.kind, event.value, site, detail, tuple(callers)))
        for record in self.records:
            if record.what is PARAMETER:
                site, *callers = sites(record.frames)
                first = record.outputs[0][0]
                versions = (first, *self.memory.versions.get(first, ())[1:])
                found += [Event(record.seq, "create", v, site, record.inputs[0], tuple(callers)) for v in versions]
        return tuple(sorted(found, key=lambda event: event.seq))


PLACED = {"grid_sample": 1}
"""Functions that take elements at places between them, with the position of the places."""

NEAREST = "takes the nearest element, which is the same until another one is nearer"


def _settings_of(record: Record) -> Mapping[str, Any]:
    """Return the plain settings of a call."""
    settings: Mapping[str, Any] = record.arguments[2] if record.arguments else {}
    return settings


def _read(record: Record) -> tuple[int, ...]:
    """Return the inputs whose values an operation reads; a constant stands where one only lends its shape."""
    what, inputs = record.what, record.inputs
    if what.blind:
        return ()
    return tuple(0 if place == what.template else number for place, number in enumerate(inputs))


def _read_by(record: Record, place: int, inputs: tuple[int, ...]) -> tuple[int, ...]:
    """Return the inputs that one of several results is made from."""
    _, kept, dtype = record.outputs[place]
    if not kept and differentiable(dtype) and any(out[1] for out in record.outputs):
        return ()  # its neighbours hang on what needs gradients, it does not
    return inputs


def _turned(record: Record, position: int) -> int:
    """Return where an argument of a binary operator stands in the program; those of others stand as they are given."""
    return 1 - position if record.what.name in REFLECTED and position < 2 else position


def operand(site: Site, count: int, place: int | str, name: str) -> ast.expr | None:
    """Return what the source says for one argument of a call of PyTorch.

    Parameters
    ----------
    site : Site
    count : int
        How many positional arguments the function got, the receiver of a method included.
    place : int or str
        The number or the name of the argument.
    name : str
        What the function is called.
    """
    span = site.span
    node: ast.AST | None = syntax.expression_at(span)
    statement = syntax.statement_at(span)
    if name == "setitem" and isinstance(statement, ast.Assign):
        return _no_literal(statement.value)
    if isinstance(statement, ast.AugAssign) and (node is None or not isinstance(node, ast.BinOp | ast.Call)):
        return _no_literal(statement.value)
    if isinstance(node, ast.BinOp):
        if count == 2 and isinstance(place, int):
            return _no_literal((node.left, node.right)[place])
        sides = [side for side in (node.left, node.right) if _no_literal(side) is not None]
        return None if len(sides) < 2 else node
    if not isinstance(node, ast.Call):
        return None
    if isinstance(place, str):
        return _no_literal(next((k.value for k in node.keywords if k.arg == place), None))
    given = len(node.args)
    shift = count - given if isinstance(node.func, ast.Attribute) and count == given + 1 else 0
    if any(isinstance(argument, ast.Starred) for argument in node.args) or not 0 <= place - shift < given:
        return None
    return _no_literal(node.args[place - shift])


def _no_literal(node: ast.expr | None) -> ast.expr | None:
    literal = isinstance(node, ast.Constant) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)
    )
    return None if literal else node


def place_within(frames: Frames, code: object) -> Site:
    """Return where a call was started from within a function, or its own place."""
    return Site(*next((frame for frame in frames if frame[0] is code), frames[0]))
