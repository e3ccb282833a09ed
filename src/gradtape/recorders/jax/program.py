"""A recording as one list of primitive steps with their values: calls are inlined, loops unrolled, branches chosen.

The steps are run again on the numbers that the function got; the user's code is not. What a step is comes from the
recording or from an equation of a jaxpr, and each can be run, differentiated and placed in the user's source.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax.extend.core import jaxpr_as_fun

from gradtape.recorders.jax import private
from gradtape.recorders.jax.places import Place, among
from gradtape.recorders.jax.recording import CustomCall, Entry, Outside, Recording, Taken, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

MOST_STEPS = 20_000
"""A loop of more steps stays one step."""

CALLS = {"jit", "pjit", "closed_call", "core_call", "remat", "remat2", "checkpoint"}
"""Primitives that only run another jaxpr."""

CUSTOM = {"custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"}
"""Primitives whose derivative is written by hand."""

ANSWER = "gradtape_answer"


class NotReplayable(Exception):  # noqa: N818  it is no error of the user's
    """The steps cannot be run again: a value was not kept, or a rule works only once."""


@dataclass(slots=True)
class Step:
    """One primitive operation.

    `within` names the library's functions around it, outermost first: what the user called. `plumbing` is a step that
    stands in nobody's program, such as the picking of a loop's next element.
    """

    name: str
    params: dict[str, Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    run: Callable[..., Any]
    key: Hashable
    place: Place
    within: tuple[str, ...] = ()
    plumbing: bool = False
    custom: Any = None
    """The function with a rule of its own, or the parameters that name it."""
    entry: int = 0
    by_rule: bool = False
    """Whether it came with the derivative of another operation, for the sake of a second derivative."""


@dataclass(slots=True)
class Program:
    """Steps in order, with all values."""

    steps: list[Step] = field(default_factory=list)
    values: dict[int, Any] = field(default_factory=dict)
    constants: set[int] = field(default_factory=set)
    names: dict[int, int] = field(default_factory=dict)
    """The number of a recording's value here."""
    decided: list[tuple[int, tuple[int, ...], Place]] = field(default_factory=list)
    """Decisions on values that a loop or a branch of JAX's made: the step before it, the values, the place."""
    taken: list[Taken] = field(default_factory=list)
    """Gradients that were taken inside, with the numbers of the values here."""

    def constant(self, value: Any) -> int:
        """Take in a value that no step makes."""
        number = self._new(value)
        self.constants.add(number)
        return number

    def _new(self, value: Any) -> int:
        number = len(self.values) + 1
        self.values[number] = value
        return number

    def add(self, step: Step) -> tuple[int, ...]:
        """Run a step and keep what comes out."""
        results = step.run(*(self.values[i] for i in step.inputs))
        results = results if isinstance(results, list | tuple) else [results]
        step.outputs = tuple(map(self._new, results))
        self.steps.append(step)
        return step.outputs


def replayed(recording: Recording, outer: Sequence[Any]) -> Program:
    """Run a recording again, on the values that stood around it.

    Raises
    ------
    NotReplayable
        If a value was not kept, or a step cannot be run again.
    """
    if recording.too_large:
        raise NotReplayable("the constants were too large to be kept")
    program = Program()
    inliner = Inliner(program)
    for number, value in recording.constants.items():
        known = outer[value.position] if isinstance(value, Outside) else value
        program.names[number] = program.constant(known)
    for index, entry in enumerate(recording.entries):
        inliner.entry, inliner.by_rule = index, entry.by_rule
        inliner.enter(entry)
    for taken in recording.taken:
        parts = (tuple(program.names.get(n, 0) for n in numbers) for numbers in taken[1:])
        program.taken.append(Taken(taken.asked, *parts))
    program.constants -= {program.names[number] for number in recording.sources}
    return program


class Inliner:
    """Adds operations to a program, taken apart as far as they can be."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.entry = 0
        self.by_rule = False

    def enter(self, entry: Entry) -> None:
        """Add an operation of a recording."""
        names = self.program.names
        inputs = tuple(names[i] for i in entry.inputs)
        place = entry.place
        if place is None:
            raise NotReplayable("an operation has no place in the program")
        if entry.custom is not None:
            step = _custom_step(entry, inputs, place)
            outputs = self._add(step)
        elif entry.primitive.name in CUSTOM:
            raise NotReplayable("a function with a rule of its own was called in an unknown way")
        else:
            primitive, params = entry.primitive, entry.params
            key = _hashable((primitive, *sorted(params.items(), key=lambda item: item[0])))
            step = Step(primitive.name, params, inputs, (), _binding(primitive, params), key, place)
            outputs = self.apply(step)
        names.update(zip(entry.outputs, outputs, strict=True))

    def apply(self, step: Step) -> tuple[int, ...]:
        """Add a step, or what it consists of."""
        name, params = step.name, step.params
        jaxpr = params.get("jaxpr", params.get("call_jaxpr"))
        if name == ANSWER:
            self._answer(step)
            return step.inputs[: params["count"]]
        if name in CALLS and jaxpr is not None:
            return self.inline(jaxpr, step.inputs, step)
        if name == "cond" and "branches" in params:
            return self._branch(step)
        if name == "scan" and {"length", "num_consts", "num_carry", "reverse"} <= params.keys():
            return self._scan(step)
        if name == "while" and {"cond_jaxpr", "body_jaxpr", "cond_nconsts", "body_nconsts"} <= params.keys():
            return self._while(step)
        return self._add(step)

    def _answer(self, step: Step) -> None:
        """Remember a gradient that was taken while the program was traced: what it is of stands beside it."""
        asked, count = getattr(step.params["asked"], "asked", None), step.params["count"]
        if asked is None or asked.recording is None:
            return
        recording = asked.recording

        def here(value: Any) -> int:
            return step.inputs[count + value.position] if isinstance(value, Outside) else 0

        sources = tuple(here(recording.constants.get(source.number)) for source in asked.sources)
        targets = tuple(map(here, recording.results))
        self.program.taken.append(Taken(asked, sources, targets, step.inputs[:count]))

    def inline(self, jaxpr: Any, inputs: Sequence[int], around: Step) -> tuple[int, ...]:
        """Add the equations of a jaxpr, closed or not."""
        closed, constants = (jaxpr.jaxpr, jaxpr.consts) if hasattr(jaxpr, "consts") else (jaxpr, ())
        program = self.program
        names = dict(zip(closed.constvars, map(program.constant, constants), strict=True))
        names |= dict(zip(closed.invars, inputs, strict=True))
        within = _within(around)

        def read(atom: Any) -> int:
            return program.constant(atom.val) if isinstance(atom, private.Literal) else names[atom]

        for equation in closed.eqns:
            outputs = self.apply(self._step(closed, equation, read, around, within))
            names |= dict(zip(equation.outvars, outputs, strict=True))
        return tuple(map(read, closed.outvars))

    def _step(
        self, jaxpr: Any, equation: Any, read: Callable[[Any], int], around: Step, within: tuple[str, ...]
    ) -> Step:
        own = among(private.frames(equation.source_info.traceback))
        place = (
            around.place if own is None else Place(own.site, (*own.callers, around.place.site, *around.place.callers))
        )
        name, params = equation.primitive.name, equation.params
        positions = [k for k, atom in enumerate(equation.invars) if not isinstance(atom, private.Literal)]
        taken_apart = name in CALLS or name in {"cond", "scan", "while", ANSWER}
        alone = jaxpr_as_fun(private.alone(jaxpr, equation)) if not taken_apart or name != ANSWER else None

        def run(*values: Any) -> Any:
            return alone(*(values[k] for k in positions))  # type: ignore[misc]

        inputs = tuple(map(read, equation.invars))
        custom = params if name in CUSTOM else None
        return Step(
            name,
            params,
            inputs,
            (),
            run,
            ("equation", id(equation)),
            place,
            within if own is None else (),
            custom=custom,
        )

    def _add(self, step: Step) -> tuple[int, ...]:
        step.entry, step.by_rule = self.entry, self.by_rule
        return self.program.add(step)

    def _branch(self, step: Step) -> tuple[int, ...]:
        program = self.program
        branches = step.params["branches"]
        chosen = int(np.clip(np.asarray(program.values[step.inputs[0]]), 0, len(branches) - 1))
        program.decided.append((len(program.steps), step.inputs[:1], step.place))
        results = self.inline(branches[chosen], step.inputs[1:], step)
        passed_over = _passed_over(branches, chosen, step.inputs[1:])
        return tuple(self._add(_chosen(step, (step.inputs[0], result, *passed_over)))[0] for result in results)

    def _scan(self, step: Step) -> tuple[int, ...]:
        params = step.params
        body, length = params["jaxpr"], params["length"]
        if size_of(body) * length > MOST_STEPS:
            return self._add(step)
        n, m = params["num_consts"], params["num_consts"] + params["num_carry"]
        constants, carry, rows = step.inputs[:n], step.inputs[n:m], step.inputs[m:]
        collected: list[tuple[int, ...]] = []
        for index in reversed(range(length)) if params["reverse"] else range(length):
            picked = tuple(self._add(_picked(step, row, index))[0] for row in rows)
            results = self.inline(body, (*constants, *carry, *picked), step)
            carry = results[: len(carry)]
            collected.append(results[len(carry) :])
        if params["reverse"]:
            collected.reverse()
        if not collected:
            return self._add(step)
        stacked = tuple(self._add(_stacked(step, column))[0] for column in zip(*collected, strict=True))
        return (*carry, *stacked)

    def _while(self, step: Step) -> tuple[int, ...]:
        program, params = self.program, step.params
        n, m = params["cond_nconsts"], params["cond_nconsts"] + params["body_nconsts"]
        for_test, for_body, carry = step.inputs[:n], step.inputs[n:m], step.inputs[m:]
        test, body = jaxpr_as_fun(params["cond_jaxpr"]), params["body_jaxpr"]
        before, size = len(program.steps), size_of(body)
        while np.asarray(test(*(program.values[i] for i in (*for_test, *carry)))[0]).all():
            program.decided.append((len(program.steps), (*for_test, *carry), step.place))
            carry = self.inline(body, (*for_body, *carry), step)
            if len(program.steps) - before + size > MOST_STEPS:
                raise NotReplayable("a loop takes too many steps")
        return carry


def size_of(jaxpr: Any) -> int:
    """Return how many equations run when a jaxpr does, loops inside counted as often as they turn."""
    total = 0
    for equation in getattr(jaxpr, "jaxpr", jaxpr).eqns:
        params = equation.params
        turns = params.get("length", 1) if equation.primitive.name == "scan" else 1
        inner = [params[k] for k in ("jaxpr", "call_jaxpr", "body_jaxpr") if k in params]
        total += turns * size_of(inner[0]) if inner and equation.primitive.name not in CUSTOM else 1
    return total


def _within(around: Step) -> tuple[str, ...]:
    name = around.params.get("name")
    return (*around.within, name) if around.name in CALLS and isinstance(name, str) else around.within


def _binding(primitive: Any, params: dict[str, Any]) -> Callable[..., Any]:
    def run(*values: Any) -> Any:
        return primitive.bind(*values, **params)

    return run


def _custom_step(entry: Entry, inputs: tuple[int, ...], place: Place) -> Step:
    custom = entry.custom
    if custom is None:
        raise NotReplayable("a function with a rule of its own was called in an unknown way")
    places = _places(custom, entry.inputs)

    def call(*traced: Any) -> Any:
        given = iter(traced)
        leaves = [next(given) if isinstance(x, Value) else x for x in custom.leaves]
        args, kwargs = jax.tree.unflatten(custom.tree, leaves)
        return jax.tree.leaves(custom.function(*args, **kwargs))

    for axes in custom.batched:
        call = jax.vmap(call, in_axes=axes)

    def run(*values: Any) -> Any:
        results = call(*(values[k] for k in places if k is not None))
        return list(map(_shaped, results, custom.shapes)) if custom.batched else results

    name = entry.primitive.name
    within = (getattr(custom.function, "__name__", "") or name,)
    return Step(name, {}, inputs, (), run, _key_of(custom, places), place, within, custom=custom.function)


def _shaped(result: Any, shape: tuple[int, ...]) -> Any:
    """Return a batch of results with the batch's axis where JAX left it."""
    if np.shape(result) == shape:
        return result
    moved = (jax.numpy.moveaxis(result, 0, axis) for axis in range(1, np.ndim(result)))
    fitting = next((m for m in moved if m.shape == shape), None)
    if fitting is None:
        raise NotReplayable("a function with a rule of its own gave another shape")
    return fitting


def _places(custom: CustomCall, inputs: Sequence[int]) -> tuple[int | None, ...]:
    """Return which input of the operation each argument is; of one value that is passed twice, each in its turn."""
    free = list(inputs)
    found: list[int | None] = []
    for leaf in custom.leaves:
        if not isinstance(leaf, Value):
            found.append(None)
            continue
        if leaf.number not in inputs:
            raise NotReplayable("an argument of a function with a rule of its own was not kept")
        place = free.index(leaf.number) if leaf.number in free else inputs.index(leaf.number)
        free[place] = 0
        found.append(place)
    return tuple(found)


def _key_of(custom: CustomCall, places: tuple[int | None, ...]) -> Hashable:
    plain = tuple(x if k is None else k for x, k in zip(custom.leaves, places, strict=True))
    return _hashable((custom.function, custom.tree, plain, tuple(k is None for k in places), custom.batched))


def _hashable(key: Any) -> Hashable:
    try:
        hash(key)
    except TypeError:
        return object()
    return key  # type: ignore[no-any-return]


def _chosen(step: Step, inputs: tuple[int, ...]) -> Step:
    """Return the step that hands on what a branch gave: of the decision, the result, and what other branches read."""
    return Step("cond", {}, inputs, (), lambda _, result, *__: result, "cond", step.place, step.within)


def _passed_over(branches: Sequence[Any], chosen: int, inputs: Sequence[int]) -> tuple[int, ...]:
    """Return the operands that the chosen branch does not read and another one does."""
    read = [_read_by(branch) for branch in branches]
    elsewhere = set().union(*read) - read[chosen]
    return tuple(inputs[position] for position in sorted(elsewhere))


def _read_by(closed: Any) -> set[int]:
    """Return which arguments of a jaxpr its results are made from."""
    jaxpr = getattr(closed, "jaxpr", closed)
    wanted = {atom for atom in jaxpr.outvars if not isinstance(atom, private.Literal)}
    for equation in reversed(jaxpr.eqns):
        if not wanted.isdisjoint(equation.outvars):
            wanted.update(atom for atom in equation.invars if not isinstance(atom, private.Literal))
    return {position for position, variable in enumerate(jaxpr.invars) if variable in wanted}


def _picked(step: Step, row: int, index: int) -> Step:
    return Step("pick", {}, (row,), (), lambda x: x[index], ("pick", index), step.place, step.within, plumbing=True)


def _stacked(step: Step, column: tuple[int, ...]) -> Step:
    def run(*values: Any) -> Any:
        return jax.numpy.stack(values)

    return Step("stack", {}, column, (), run, "stack", step.place, step.within, plumbing=True)
