"""The neutral graph of a replayed program, and the questions about it."""

from __future__ import annotations

import dis
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape.diagnostics import Site, syntax
from gradtape.explain.graph import Break, BreakKind, End, Event, Operation, Own, Run
from gradtape.recorders.crossings import Call, Exit, find_crossings, operand_of
from gradtape.recorders.jax import naming
from gradtape.recorders.jax.derivatives import Connections, differentiable, plain
from gradtape.recorders.pulls import pull, telling
from gradtape.recorders.summaries import summary

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterable, Sequence

    from gradtape.explain.pulls import Pull
    from gradtape.recorders.jax.asking import Asked, Source
    from gradtape.recorders.jax.program import Program, Step
    from gradtape.recorders.jax.recording import Left
    from gradtape.recorders.jax.sweep import Pulled

MOST_PULLS = 3000
"""Of a longer backward pass only the steps are written down at which something happened."""


STRENGTH = (
    BreakKind.SAMPLED,
    BreakKind.PIECEWISE_CONSTANT,
    BreakKind.INTEGER_CAST,
    BreakKind.NO_DERIVATIVE,
)
"""Which reason is told of an expression that breaks for several."""


class Made(NamedTuple):
    """The operations of one step: one per result."""

    operations: tuple[Operation, ...]
    order: tuple[int, ...]
    """Where the step's inputs stand among those of the operations."""


class Graph:
    """Turns steps into operations; ids are given in the order of the run, and are their operations' times."""

    def __init__(self, program: Program, connections: Sequence[Connections | None], sources: Sequence[Source]) -> None:
        self.program = program
        self.connections = connections
        self.ids: dict[int, int] = {}
        self.made: list[Made] = []
        self.began_at: list[int] = []
        """The time before each step."""
        self.returned: list[Operation] = []
        """The returns of plain numbers."""
        self.clock = 0
        for source in sources:
            if source.number:
                self.ids[program.names[source.number]] = self.tick()
        self.twins = {s.number: self._twin(s) for s in sources if s.number}
        for index, step in enumerate(program.steps):
            self.began_at.append(self.tick())
            self.made.append(self._made(index, step))
        self.ended = self.tick()
        self.read_last = {self.id_of(i): index for index, step in enumerate(program.steps) for i in step.inputs}
        """The last step that reads each value."""
        self._tidy()

    def _twin(self, source: Source) -> int:
        """Return the id of a constant that is the array which was passed as a source; 0 if there is none.

        The very array comes before one with the same numbers: a target network starts as a copy.
        """
        program = self.program
        own = program.names[source.number]
        array = program.values[own]
        others = [number for number in sorted(program.constants) if number != own]
        very = (n for n in others if program.values[n] is array and hasattr(array, "shape"))
        alike = (n for n in others if _same_array(array, program.values[n]))
        number = next(very, 0) or next(alike, 0) or self._twin_beside_others(own, others)
        if number:
            self.ids[number] = self.tick()
        return self.id_of(number)

    def _twin_beside_others(self, own: int, others: list[int]) -> int:
        """Return the one constant with the same numbers, all alike, of a source beside others with twins: a bias."""
        values = self.program.values
        same = [number for number in others if _equal_arrays(values[own], values[number])]
        return same[0] if len(same) == 1 and self._has_twins else 0

    @cached_property
    def _has_twins(self) -> bool:
        """Whether a constant is, or has the numbers of, an array that was passed as a source."""
        values, constants = self.program.values, self.program.constants
        sources = self.program.names.values()
        return any(_same_array(values[own], values[n]) for own in sources for n in constants - {own})

    def tick(self) -> int:
        """Return the next time."""
        self.clock += 1
        return self.clock

    def id_of(self, number: int) -> int:
        """Return the id of a program's value; 0 for a constant."""
        return self.ids.get(number, 0)

    # -- operations -----------------------------------------------------------------------------------------------

    def _made(self, index: int, step: Step) -> Made:
        order = _numpys_order(step)
        name, function, params = naming.called(step), naming.function_of(step), naming.params_of(step)
        values = self.program.values
        operations = []
        for j, output in enumerate(step.outputs):
            breaks = tuple(self._breaks(index, step, k, j, name) for k in order)
            id = self.ids[output] = self.tick()
            operations.append(
                Operation(
                    id,
                    name,
                    tuple(self.id_of(step.inputs[k]) for k in order),
                    id,
                    step.place.site,
                    breaks,
                    step.place.callers,
                    plumbing=step.plumbing,
                    function=function,
                    params={**params, "dtype": str(values[output].dtype)} if function == "cast" else params,
                    own=Own(lambda position: naming.rule_of(step, order[position]))
                    if naming.is_users_own(step)
                    else None,
                )
            )
        return Made(tuple(operations), order)

    def _breaks(self, index: int, step: Step, position: int, output: int, name: str) -> tuple[Break, ...]:
        values, links = self.program.values, self.connections[index]
        if not self.id_of(step.inputs[position]):
            return ()
        if links is None:
            return (Break(BreakKind.MISSING_RULE, "has no derivative rule"),)
        # integers come from where the path ended already: one break is told, not all that hang on it
        flows = links[position][output] and not (name in naming.STEPPED and step.within)
        if flows or not differentiable(values[step.inputs[position]]):
            return ()
        return (naming.broken(step, name, position, to_float=differentiable(values[step.outputs[output]])),)

    def _tidy(self) -> None:
        """Let each expression of the user's be one step of a route: the rest of what it consists of is plumbing."""
        start = 0
        steps = self.program.steps
        for k in range(1, len(steps) + 1):
            if k == len(steps) or steps[k].place != steps[start].place:
                self._leave_out_side_ways(range(start, k))
                self._unite(range(start, k))
                self._hide(range(start, k))
                start = k

    def _leave_out_side_ways(self, group: range) -> None:
        """Take an input that ends nothing for a constant: the maximum, which a softmax subtracts and holds still.

        Within one expression a way may end and another go on; seen from outside, the gradient passes.
        """
        operations = [op for k in group for op in self.made[k].operations]
        if len(operations) < 2 or not any(b for op in operations for b in op.breaks):
            return
        arriving, passing = _reached_within(operations)
        behind = self._ends_behind(operations, group.stop)

        def aside(op: Operation, position: int) -> bool:
            value, ends = op.inputs[position], behind[op.output]
            sources = arriving.get(value, {value})
            return bool(op.breaks[position] and ends) and all(sources <= passing[end] for end in ends)

        for k in group:
            made = tuple(_with_constants(op, aside) for op in self.made[k].operations)
            self.made[k] = self.made[k]._replace(operations=made)

    def _ends_behind(self, operations: Sequence[Operation], stop: int) -> dict[int, set[int]]:
        """Return for each result of a group the results behind it that are read later; where none is, the last ones."""
        made = {op.output for op in operations}
        read = {i for op in operations for i in op.inputs}
        ends = {value for value in made if self.read_last.get(value, 0) >= stop} or made - read
        behind = {value: {value} & ends for value in made}
        for op in reversed(operations):
            for value in op.inputs:
                if value in behind:
                    behind[value] |= behind[op.output]
        return behind

    def _unite(self, group: range) -> None:
        """Let one expression break for one reason: `x // 2` compares, rounds and takes signs on its way."""
        found = {b for k in group for op in self.made[k].operations for some in op.breaks for b in some}
        strongest = min(found, key=lambda b: STRENGTH.index(b.kind) if b.kind in STRENGTH else -1, default=None)
        if len(found) < 2 or strongest is None or strongest.kind not in STRENGTH:
            return
        for k in group:
            operations = tuple(
                replace(op, breaks=tuple((strongest,) if some else () for some in op.breaks))
                for op in self.made[k].operations
            )
            self.made[k] = self.made[k]._replace(operations=operations)

    def _hide(self, group: range) -> None:
        broken = [k for k in group if any(b for op in self.made[k].operations for b in op.breaks)]
        working = [k for k in group if self.program.steps[k].name not in naming.DRESSING] or list(group)
        shown = set(broken or working[-1:])
        for k in group:
            if k not in shown:
                made = self.made[k]
                hidden = tuple(replace(op, plumbing=True) for op in made.operations)
                self.made[k] = made._replace(operations=hidden)

    # -- the run --------------------------------------------------------------------------------------------------

    def run(self, asked: Asked, targets: tuple[End, ...]) -> Run:
        """Put the graph together; values that left are linked with constants that came in."""
        operations = [*(op for made in self.made for op in made.operations), *self.returned]
        left = asked.recording.left if asked.recording is not None else []
        exits = [self._exit(item) for item in left if item.kind is not None and self._id_of(item.value)]
        came_back = self._came_back(left)
        fresh = iter(range(-1, -1_000_000, -1))
        roots = {self.ids[self.program.names[s.number]] for s in asked.sources if s.number}
        crossings = find_crossings(
            operations,
            exits,
            roots=roots,
            call=Call(asked.place.site, self.clock + 1),
            fresh=lambda: next(fresh),
            targets=targets,
            operand=_operand,
            known=came_back,
        )
        events = [*map(self._event, (item for item in left if self._id_of(item.value))), *self._decisions()]
        everything = tuple(sorted([*operations, *map(_as_stopped, crossings)], key=lambda op: op.seq))
        known = {id: plain(self.program.values[n]) for n, id in self.ids.items()}
        summaries = {id: summary(value) for id, value in known.items() if value is not None}
        names = {id: s.name for s in asked.sources if (id := self._id_of(s.number))}
        return Run(
            everything,
            tuple(sorted(events, key=lambda e: e.seq)),
            None,
            variables=frozenset(names),
            names=names,
            values=summaries,
        )

    def _id_of(self, number: int) -> int:
        return self.id_of(self.program.names.get(number, 0))

    def _time(self, entry: int) -> int:
        """Return a time right before the first step of an entry of the recording, behind the entries before it."""
        index = next((k for k, step in enumerate(self.program.steps) if step.entry >= entry), None)
        return self.began_at[index] if index is not None else self.ended

    def _exit(self, left: Left) -> Exit:
        kind = left.kind or BreakKind.LEFT_AS_NUMBER
        return Exit(self._time(left.when), self._id_of(left.value), kind, left.place.site, left.place.callers)

    def _event(self, left: Left) -> Event:
        kind = EVENTS.get(left.kind, "left as number")
        return Event(self._time(left.when), kind, self._id_of(left.value), left.place.site, None, left.place.callers)

    def _decisions(self) -> Iterable[Event]:
        for before, values, place in self.program.decided:
            time = self.began_at[before] if before < len(self.began_at) else self.ended
            for value in values:
                if self.id_of(value):
                    yield Event(time, "branch", self.id_of(value), place.site, None, place.callers)

    def _came_back(self, left: Sequence[Left]) -> dict[tuple[int, int], list[Exit]]:
        """Return the constants that are a number which left before: the same value, and one that is no accident."""
        numbers = [item for item in left if item.kind in NUMBERS and _telling(item.plain)]
        found: dict[tuple[int, int], list[Exit]] = {}
        position = 0
        for made, step in zip(self.made, self.program.steps, strict=True):
            for operation in made.operations if numbers else ():
                for k, input in enumerate(made.order):
                    value = self.program.values[step.inputs[input]]
                    if operation.inputs[k] or np.size(value) != 1:
                        continue
                    same = [
                        i for i in numbers if i.when <= step.entry and _equal(i.plain, value) and self._id_of(i.value)
                    ]
                    if same:
                        found[position, k] = [self._exit(same[-1])]
                position += 1
            if not numbers:
                position += len(made.operations)
        return found

    # -- the ends -------------------------------------------------------------------------------------------------

    def source(self, source: Source, made: Event | None, call: Site) -> End:
        """Describe a source; one that the function uses as a constant, under another name, is a copy of that."""
        id = self._id_of(source.number)
        value = np.asarray(self.program.values[self.program.names[source.number]]) if id else np.asarray(source.value)
        kind = "tensor"
        return End(
            source.name,
            frozenset({id} if id else ()),
            kind,
            str(value.dtype),
            differentiable(value),
            watched=True,
            made=self._copied(source, call) or made,
            value=summary(value),
        )

    def _copied(self, source: Source, call: Site) -> Operation | None:
        twin, own = self.twins.get(source.number, 0), self._id_of(source.number)
        used = any(own in op.inputs for made in self.made for op in made.operations)
        if not twin or used:
            return None
        return Operation(0, "argument", (twin,), own, call, ((),), function="copy")

    def target(self, asked: Asked, name: str, number: int) -> End:
        """Describe a target; a plain number that the function gives back is what its `return` makes."""
        inside = self.program.names[number]
        value = self.program.values[inside]
        id = self.id_of(inside)
        made = next((op for m in reversed(self.made) for op in m.operations if op.output == id), None) if id else None
        if not id:
            id = self.tick()
            made = _returning(asked.function, id)
            self.returned += [made] if made is not None else []
        kind = "tensor" if self.id_of(inside) else "number" if isinstance(value, PLAIN) else "array"
        dtype = str(np.asarray(value).dtype)
        real = differentiable(value)
        return End(name, frozenset({id}), kind, dtype, real, watched=True, made=made, value=summary(value))

    # -- the backward pass ----------------------------------------------------------------------------------------

    def pulls(self, pulled: Sequence[Pulled]) -> tuple[Pull, ...]:
        """Write down the steps of a backward pass."""
        found = []
        values = self.program.values
        for item in pulled:
            made, step = self.made[item.step], self.program.steps[item.step]
            if not self.id_of(step.inputs[item.position]):
                continue
            if len(pulled) > MOST_PULLS and not telling(item.came, item.gave):
                continue
            inputs = [plain(values[step.inputs[k]]) for k in made.order]
            output = values[step.outputs[item.output]]
            position = made.order.index(item.position)
            found.append(pull(made.operations[item.output], position, item.came, item.gave, inputs, output))
        return tuple(found)


def _reached_within(operations: Sequence[Operation]) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Return which values from outside lead to each result of some operations: in any way, and in an unbroken one."""
    arriving: dict[int, set[int]] = {}
    passing: dict[int, set[int]] = {}
    for op in operations:
        read = [(i, broken) for i, broken in zip(op.inputs, op.breaks, strict=True) if i]
        arriving[op.output] = set().union(*(arriving.get(i, {i}) for i, _ in read))
        passing[op.output] = set().union(*(passing.get(i, {i}) for i, broken in read if not broken))
    return arriving, passing


def _with_constants(operation: Operation, constant: Callable[[Operation, int], bool]) -> Operation:
    """Return an operation that takes some of its inputs for constants."""
    cut = [constant(operation, position) for position in range(len(operation.inputs))]
    if not any(cut):
        return operation
    return replace(
        operation,
        inputs=tuple(0 if c else i for i, c in zip(operation.inputs, cut, strict=True)),
        breaks=tuple(() if c else b for b, c in zip(operation.breaks, cut, strict=True)),
    )


def _as_stopped(crossing: Operation) -> Operation:
    """Call a crossing after the operation that stopped the gradients, where that is what made a plain number."""
    stopped = any(b.kind is BreakKind.STOP for some in crossing.breaks for b in some)
    return replace(crossing, name="stop_gradient") if stopped else crossing


EVENTS = {None: "branch", BreakKind.LEFT_AS_ARRAY: "left as array", BreakKind.STOP: "stopped"}
"""What happened to a value, by what it became."""

NUMBERS = {BreakKind.LEFT_AS_NUMBER, BreakKind.STOP}

PLAIN = bool | int | float | complex


def _returning(function: Any, id: int) -> Operation | None:
    """Return the operation that a function's only `return` is taken for."""
    code = getattr(function, "__code__", None)
    ends = [i.offset for i in dis.get_instructions(code) if i.opname == "RETURN_VALUE"] if code is not None else []
    if code is None or len(ends) != 1:
        return None
    return Operation(id, "return", (0,), id, Site(code, ends[0]), ((),), plumbing=True)


def _operand(operation: Operation, position: int) -> ast.expr | None:
    """Return the source text of an operand; of a `return` what is given back."""
    if operation.name == "return":
        return next(iter(syntax.results_of(operation.site.code)), None)
    return operand_of(operation, position)


def _same_array(a: Any, b: Any) -> bool:
    """Whether two arrays hold the same numbers that are no accident: several, and not all alike."""
    one = plain(a)
    return one is not None and one.size > 1 and bool((one != one.flat[0]).any()) and _equal_arrays(a, b)


def _equal_arrays(a: Any, b: Any) -> bool:
    one, other = plain(a), plain(b)
    if one is None or other is None or one.shape != other.shape or one.dtype != other.dtype or not one.size:
        return False
    return bool((one == other).all())


def _numpys_order(step: Step) -> tuple[int, ...]:
    """Return the order of a step's inputs in NumPy's function: `where` takes first what is chosen when true."""
    count = len(step.inputs)
    return (0, 2, 1) if step.name == "select_n" and count == 3 else tuple(range(count))


def _telling(plain: Any) -> bool:
    """Whether a number is none that stands in every program."""
    return isinstance(plain, int | float | complex) and abs(plain) not in {0, 0.5, 1, 2, 10, 100}


def _equal(plain: Any, value: Any) -> bool:
    array = np.asarray(value)
    return array.dtype.kind in "fciu" and bool(np.asarray(plain).astype(array.dtype) == array.reshape(()))
