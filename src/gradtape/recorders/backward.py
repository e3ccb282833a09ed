"""The backward pass of a question to our own tape, run once more with somebody looking: where numbers get lost.

The sweep is the ordinary one. It is shown records whose rules report what came and what they gave, so that the hot loop
knows nothing of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape import _config
from gradtape.arrays.dispatch import Node, is_differentiable
from gradtape.arrays.record import EventKind
from gradtape.explain.numbers import underflows
from gradtape.ops import OPS, Cotangents, General, Partial, Spec
from gradtape.recorders.pulls import pull, suspicious, telling
from gradtape.recorders.summaries import array_of, as_array, summary
from gradtape.tape import strong_zeros
from gradtape.tape.query import answers_for, is_finite
from gradtape.tape.reverse import needed_ids, sweep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradtape.arrays.record import Written
    from gradtape.explain.graph import Operation, Pull, Run, Summary
    from gradtape.ops import Op, Rule
    from gradtape.tape.asked import Asked


class Step(NamedTuple):
    """What was seen where a rule ran; `record` and `residuals` are those of the operation."""

    record: Written
    residuals: Any
    position: int
    came: Any
    gave: Any


DEAD = 1000
"""How many steps that nothing comes to are written down: what they would have given tells whether the point matters."""


class Numbers(NamedTuple):
    """What a question's numbers are like: the gradients in the order of the sources, the backward pass, all values.

    `stopped` means that they are those of TensorFlow, and not finite where our own are: a zero stopped.
    """

    gradients: tuple[Summary | None, ...]
    pulls: tuple[Pull, ...] = ()
    values: Mapping[int, Summary] = {}
    stopped: bool = False


def numbers_of(asked: Asked, run: Run, version_at: Callable[[int, int], int]) -> Numbers:
    """Look at the gradients of a question and, if one of them is odd, at how it came about.

    Parameters
    ----------
    asked : Asked
    run : Run
        The graph, in which the steps are to be found.
    version_at : callable
        `(id, when) -> id`: a variable's version at a time.
    """
    backward = Backward(asked)
    if asked.results is not None:
        arrays = [None if r is None else array_of(r) for r in asked.results]
    else:
        found = backward.gradients()
        arrays = [found.get(s.id) for s in asked.sources]
    gradients = tuple(None if a is None else summary(a) for a in arrays)
    stopped = False
    if stands_in() and not backward.runs_others_code and all(g is None or g.finite for g in gradients):
        found = backward.gradients_in_tensorflow()
        stopped = not all(map(is_finite, found.values()))
        if stopped:
            gradients = tuple(
                g if g is None else summary(found[s.id]) for g, s in zip(gradients, asked.sources, strict=True)
            )
    odd = [g for g in gradients if g is not None and suspicious(g)]
    if not odd or not backward.possible:
        return Numbers(gradients)
    every = any(g.finite and not g.all_zero for g in odd)
    pulls = backward.pulls(run.producers, every=every, in_tensorflow=stopped)
    broken = any(not g.finite for g in odd)
    values = {version_at(i, asked.seq): summary(v) for i, v in backward.known.items()} if broken else {}
    return Numbers(gradients, pulls, values, stopped)


class Backward:
    """Runs the backward pass of a question again.

    Parameters
    ----------
    asked : Asked
    """

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.swept = asked.swept if asked.used_at is None and not asked.failure else None
        self._stops: bool | None = None
        """Whether the answer is that of the sweep in which zeros stop; None while nobody swept."""

    @property
    def possible(self) -> bool:
        """Whether what the rules need is still there."""
        return self.swept is not None and any(s is not None for s in self.swept.saved)

    @property
    def runs_others_code(self) -> bool:
        """Whether a derivative on the tape is the user's own, which should not run without need."""
        return self.swept is not None and any(record[0].given for record in self.swept.records)

    def gradients(self) -> dict[int, Any]:
        """Return what arrives at each source, by id: computed as the answer was."""
        if not self.possible:
            return {}
        # nobody has to look yet, and an ordinary sweep takes half the time; what a user wrote is asked as before
        return self._run(Looking(every=False) if self.runs_others_code else None)

    def gradients_in_tensorflow(self) -> dict[int, Any]:
        """Return what would arrive at each source in TensorFlow, where a zero stops before a few operations only."""
        return self._sweep(_nobody, tensorflow) if self.possible else {}

    def pulls(
        self, operations: Mapping[int, Operation], *, every: bool, in_tensorflow: bool = False
    ) -> tuple[Pull, ...]:
        """Return the steps of the backward pass, in its order.

        Parameters
        ----------
        operations : mapping
            The operations of the graph by what they made.
        every : bool
            All steps, not only those at which numbers were lost; also where no step tells.
        in_tensorflow : bool
            The steps as TensorFlow would take them.
        """
        if in_tensorflow:
            looking = Looking(every=every)
            self._sweep(looking.see, tensorflow)
        else:
            looking = Looking(every=every)
            self._run(looking)
        if not every and (not looking.tells or any(underflows(summary(s.came)) for s in looking.steps)):
            return self.pulls(operations, every=True, in_tensorflow=in_tensorflow)
        return self._told(looking.steps, operations)

    def _told(self, steps: list[Step], operations: Mapping[int, Operation]) -> tuple[Pull, ...]:
        """Write steps down, with what the tape has of the operations' inputs and results."""
        told: dict[int, tuple[Any, Summary]] = {}

        def remembered(array: Any) -> Summary:
            if id(array) not in told:
                told[id(array)] = array, summary(array)
            return told[id(array)][1]

        kept = [values_of(step.residuals, len(step.record[1])) for step in steps]
        missing = {
            id
            for step, (output, inputs) in zip(steps, kept, strict=True)
            for id, value in zip((step.record[2], *step.record[1]), (output, *inputs), strict=True)
            if id and value is None
        }
        broken = any(not is_finite(step.gave) for step in steps)
        known = self.known if broken else self._looked_up(missing)
        pulls = []
        for (record, _, position, came, gave), (output, inputs) in zip(steps, kept, strict=True):
            operation = operations.get(record[2])
            if operation is not None:
                result = known.get(record[2]) if output is None else output
                arguments = [known.get(i) if v is None else v for v, i in zip(inputs, record[1], strict=True)]
                pulls.append(pull(operation, position, came, gave, arguments, result, summarise=remembered))
        return tuple(pulls)

    def _looked_up(self, ids: set[int]) -> dict[int, Any]:
        """Return what the tape has of some values."""
        known: dict[int, Any] = {}
        if self.swept is None or not ids:
            return known
        for leaf in (*self.asked.targets, *self.asked.sources):
            if leaf.id and leaf.id in ids and not self._was_assigned(leaf.id):
                known[leaf.id] = leaf.value._value
        for record, saved in zip(self.swept.records, self.swept.saved, strict=True):
            if saved is not None and (record[2] in ids or not ids.isdisjoint(record[1])):
                output, inputs = values_of(saved, len(record[1]))
                pairs = zip((record[2], *record[1]), (output, *inputs), strict=True)
                known |= {id: value for id, value in pairs if id in ids and value is not None}
        return known

    @cached_property
    def known(self) -> dict[int, Any]:
        """The values that the tape has, by id, and those that follow from them."""
        if self.swept is None:
            return {}
        leaves = (*self.asked.targets, *self.asked.sources)
        known = self._looked_up(
            {id for record in self.swept.records for id in (record[2], *record[1]) if id} | {leaf.id for leaf in leaves}
        )
        with np.errstate(all="ignore"):
            for record, saved in zip(self.swept.records, self.swept.saved, strict=True):
                if record[2] not in known:
                    made = _computed(record, saved, known)
                    if made is not None:
                        known[record[2]] = made
        return known

    def _was_assigned(self, id: int) -> bool:
        recording = self.asked.recording
        return recording is not None and any(e.value == id and e.kind is EventKind.ASSIGN for e in recording.events)

    def _run(self, looking: Looking | None) -> dict[int, Any]:
        """Sweep as the answer was swept: plainly, or with strong zeros where that was not finite."""
        see = _nobody if looking is None else looking.see
        if self._stops:
            return self._sweep(see, strong)
        found = self._sweep(see, None)
        if self._stops is None:
            self._stops = (
                _config.settings.strong_zeros
                and not all(map(is_finite, found.values()))
                and all(is_finite(t.value) for t in self.asked.targets if t.id)
            )
            if self._stops:
                if looking is not None:
                    looking.forget()
                return self._sweep(see, strong)
        return found

    def _sweep(self, see: Callable[[Step], None], pulling: Pulling | None) -> dict[int, Any]:
        swept, asked = self.swept, self.asked
        if swept is None:
            return {}
        ids = {s.id for s in asked.sources if s.id and is_differentiable(s.value._value)}
        ids = {s.id for s in asked.sources if s.id in ids and answers_for(asked.recording, s)}
        needed = needed_ids(swept.records, swept.saved, ids)
        seeds = {id: _plain(seed) for id, seed in swept.seeds.items()}
        records: Sequence[Any] = swept.records
        ordinary = see is _nobody and pulling in {None, strong}
        if not ordinary:
            records = [(Watched(record, see, pulling or plain), *record[1:]) for record in records]
        try:
            return seeds | sweep(records, swept.saved, seeds, ids, needed, strong=ordinary and pulling is strong)
        except Exception:  # noqa: BLE001  a derivative of the user's own may not like to be asked twice
            return {}


class Looking:
    """Collects the steps that tell something, and those that nothing comes to."""

    def __init__(self, *, every: bool) -> None:
        self.every = every
        self.forget()

    def forget(self) -> None:
        """Begin anew: another sweep is the answer's."""
        self.steps: list[Step] = []
        self.tells = False
        self._room = DEAD

    def see(self, step: Step) -> None:
        """Look at one step."""
        if telling(step.came, step.gave):
            self.tells = True
            self.steps.append(step)
        elif self.every:
            self.steps.append(step)
        elif self._room and not step.came.any():
            self._room -= 1
            self.steps.append(step)


def _nobody(step: Step) -> None:
    del step


Pulling = Callable[["Op"], Callable[..., Any]]
"""How the rules of an operation are applied: a function of rule, namespace, cotangent, residuals and parameters."""


def plain(op: Op) -> Callable[..., Any]:
    """Apply rules as the ordinary sweep does."""
    del op
    return plain_pull


def strong(op: Op) -> Callable[..., Any]:
    """Apply rules so that a zero stops."""
    del op
    return strong_zeros.pull


STOPPING_IN_TENSORFLOW = frozenset({"sqrt", "rsqrt", "reciprocal", "vector_norm", "p_norm", "xlogy", "xlog1py"})
"""Operations before which a zero that comes back stops in TensorFlow too."""


def tensorflow(op: Op) -> Callable[..., Any]:
    """Apply rules as TensorFlow does."""
    return strong_zeros.pull if op.name in STOPPING_IN_TENSORFLOW else plain_pull


def stands_in() -> bool:
    """Whether the program asked for TensorFlow and got `gradtape.tf`: then it is TensorFlow's answer that matters."""
    return getattr(sys.modules.get("tensorflow"), "__name__", "") == "gradtape.tf"


class Watched:
    """Stands in for the operation of a record in a sweep; its rules report what came to them and what they gave."""

    __slots__ = ("_pulling", "_record", "_see", "name", "room", "variadic")

    def __init__(self, record: Written, see: Callable[[Step], None], pulling: Pulling) -> None:
        op = record[0]
        self.name, self.room, self.variadic = op.name, op.room, op.variadic
        self._record, self._see, self._pulling = record, see, pulling

    @property
    def rules(self) -> Watched:
        """Its rules, of which those are made that the sweep asks for."""
        return self

    def __getitem__(self, position: int) -> General | None:
        op = self._record[0]
        rule = op.rules[position]
        if rule is None:
            return None
        return General(reporting(self._record, position, rule, self._see, self._pulling(op)))


def reporting(
    record: Written, position: int, rule: Rule, see: Callable[[Step], None], pull: Callable[..., Any]
) -> Callable[..., Any]:
    """Return a rule that computes what another does, and reports it."""
    variadic, shapes = record[0].variadic, record[4]

    def run(xp: Any, g: Any, *residuals: Any, **params: Any) -> Any:
        ct = pull(rule, xp, g, residuals, params)
        if ct is None:
            return None
        place = params["k"] if variadic else position
        if shapes is not None and not isinstance(ct, Cotangents):
            ct = xp.unbroadcast(ct, shapes[place])
        see(Step(record, residuals, place, _flat(g), _flat(ct)))
        return ct

    return run


def plain_pull(rule: Rule, xp: Any, g: Any, residuals: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Apply a rule as the ordinary sweep does."""
    return g * rule.fn(xp, *residuals, **params) if isinstance(rule, Partial) else rule.fn(xp, g, *residuals, **params)


def _flat(cotangent: Any) -> Any:
    """Return a cotangent as one array; of several results all together."""
    if isinstance(cotangent, Cotangents):
        return np.concatenate([np.ravel(part) for part in cotangent.of.values()])
    return as_array(cotangent)


def _plain(value: Any) -> Any:
    return value._value if isinstance(value, Node) else value


def values_of(residuals: Any, count: int) -> tuple[Any, list[Any]]:
    """Return the result of an operation and its inputs, as far as they were kept: None for the others."""
    output, inputs = parts_of(residuals, count)
    return _array(output), [_array(v) for v in inputs]


def parts_of(residuals: Any, count: int) -> tuple[Any, list[Any]]:
    """Return what was kept of the result of an operation and of its inputs, None where nothing was."""
    if residuals is None:
        return None, [None] * count
    output, *inputs = residuals
    if len(inputs) == 1 and isinstance(inputs[0], list):  # the arguments of a variadic operation
        inputs = inputs[0]
    return output, inputs


USUAL = frozenset({np.ndarray, np.float64})
"""What nearly all values are, known without a search through classes."""


def _array(value: Any) -> Any:
    """Return an array or number, None for what is neither: a description, several results."""
    if value is None or value.__class__ in USUAL:
        return value
    if isinstance(value, Spec) or not isinstance(value, np.ndarray | np.generic | float | int | complex):
        return None
    return as_array(value)


def _computed(record: Written, saved: Any, known: dict[int, Any]) -> Any:
    """Compute an operation again from its inputs, if all are known; None if not. Nobody else's code runs twice."""
    op, ids, _, params, *_ = record
    _, inputs = parts_of(saved, len(ids))
    inputs = [known.get(i) if v is None or isinstance(v, Spec) else v for v, i in zip(inputs, ids, strict=True)]
    if OPS.get(op.name) is not op or not op.connects or op.parts or any(v is None for v in inputs):
        return None
    try:
        made = op.kernel(*inputs, **params)
    except Exception:  # noqa: BLE001  a value that cannot be had again is not told
        return None
    return _array(made)
