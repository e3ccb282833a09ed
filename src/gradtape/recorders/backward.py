"""The backward pass of a question to our own tape, run once more to be looked at: where numbers get lost."""

from __future__ import annotations

import sys
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape import _config
from gradtape.arrays.dispatch import Node, is_differentiable
from gradtape.arrays.record import STATE
from gradtape.explain.pulls import Pull, Pulls
from gradtape.recorders.columns import OUTPUT
from gradtape.recorders.kept import Kept, argument_of_root, values_of
from gradtape.recorders.pulls import looked, suspicious
from gradtape.recorders.summaries import array_of, summary
from gradtape.recorders.trail import Trail, stopping
from gradtape.tape.oddness import is_finite
from gradtape.tape.query import answers_for, on_the_way

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from gradtape.explain.columns import Columns
    from gradtape.explain.graph import Summary
    from gradtape.explain.pulls import Seen
    from gradtape.ops import Op
    from gradtape.tape.asked import Asked


class Numbers(NamedTuple):
    """What a question's numbers are like: the gradients in the order of the sources, the backward pass, all values.

    `stopped` means that they are those of TensorFlow, and not finite where our own are: a zero stopped.
    """

    gradients: tuple[Summary | None, ...]
    pulls: Sequence[Pull] = ()
    values: Mapping[int, Summary] = {}
    stopped: bool = False


class Backward:
    """Runs the backward pass of a question again.

    Parameters
    ----------
    asked : Asked
    columns : Columns
        The operations of the graph.
    version_at : callable
        `(id, when) -> id`: a variable's version at a time.
    """

    def __init__(self, asked: Asked, columns: Columns, version_at: Callable[[int, int], int]) -> None:
        self.asked, self.columns, self.version_at = asked, columns, version_at
        self.swept = asked.swept if asked.used_at is None and not asked.failure else None
        self._trail: Trail | None = None
        """The pass that is looked at."""
        self._broken = False

    def numbers(self) -> Numbers:
        """Return the gradients, and what tells how they came about if one is odd."""
        asked = self.asked
        if asked.results is not None:
            arrays = [None if r is None else array_of(r) for r in asked.results]
        else:
            found = self.gradients()
            arrays = [found.get(s.id) for s in asked.sources]
        gradients = tuple(None if a is None else summary(a) for a in arrays)
        stopped = False
        if stands_in() and not self.runs_others_code and all(g is None or g.finite for g in gradients):
            found = self.gradients_in_tensorflow()
            stopped = not all(map(is_finite, found.values()))
            if stopped:
                gradients = tuple(
                    g if g is None else summary(found[s.id]) for g, s in zip(gradients, asked.sources, strict=True)
                )
        odd = [g for g in gradients if g is not None and suspicious(g)]
        if not odd or not self.possible:
            if not self.possible or all(map(is_finite, self.targets)):
                return Numbers(gradients)
            self.kept.computes = True
            return Numbers(gradients, values=self.kept)  # the target got lost, and not its gradient
        every = any(g.finite and not g.all_zero for g in odd)
        pulls = self.pulls(self._in_tensorflow if stopped else self._answer, every=every)
        broken = any(not g.finite for g in odd)
        self.kept.computes = broken
        return Numbers(gradients, pulls, self.kept, stopped)

    @property
    def targets(self) -> list[Any]:
        """The values of the targets that have derivatives."""
        values = [t.value for t in self.asked.targets if t.id]
        return [v for v in values if is_differentiable(v._value)]

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
        return self._answer.gradients if self._answer is not None else {}

    def gradients_in_tensorflow(self) -> dict[int, Any]:
        """Return what would arrive at each source in TensorFlow, where a zero stops before a few operations only."""
        return self._in_tensorflow.gradients if self._in_tensorflow is not None else {}

    @cached_property
    def _answer(self) -> Trail | None:
        """The pass of the answer: plain, or with zeros that stop where that was not finite."""
        plain = self._taken()
        if (
            plain is not None
            and _config.settings.strong_zeros
            and not all(map(is_finite, plain.gradients.values()))
            and all(is_finite(t.value) for t in self.asked.targets if t.id)
            and plain.steps.stoppable
        ):
            return self._taken(strong=True)
        return plain

    @cached_property
    def _in_tensorflow(self) -> Trail | None:
        """The pass that TensorFlow would have taken."""
        return self._taken(as_in_tensorflow)

    def _taken(self, instead: Callable[[Op], Op] | None = None, *, strong: bool = False) -> Trail | None:
        """Take the pass, with other operations in the place of those of the tape; None if it cannot be taken."""
        if self.swept is None or not self.possible:
            return None
        asked, records = self.asked, self.swept.records
        ids = {s.id for s in asked.sources if s.id and is_differentiable(s.value._value)}
        ids = {s.id for s in asked.sources if s.id in ids and answers_for(asked.recording, s)}
        seeds = {id: _plain(seed) for id, seed in self.swept.seeds.items()}
        if instead is not None:
            records = [(instead(record[0]), *record[1:]) for record in records]
        needed = on_the_way(asked.recording, records, self.swept.saved, ids)
        trail = Trail(records, self.swept.saved, seeds, ids, needed, strong=strong)
        noted = STATE.ambient.noted
        last = noted[-1] if noted else None
        try:
            trail.gradients  # noqa: B018  it is taken now
        except Exception:  # noqa: BLE001  a derivative of the user's own may not like to be asked twice
            return None
        finally:  # that somebody looked is no part of the run: it leaves no trace
            while noted and noted[-1] is not last:
                noted.pop()
        return trail

    def pulls(self, trail: Trail | None, *, every: bool) -> Sequence[Pull]:
        """Return the steps of a backward pass, in its order.

        Parameters
        ----------
        trail : Trail or None
            The pass.
        every : bool
            All steps, not only those at which numbers were lost; also where no step tells.
        """
        if trail is None:
            return ()
        self._trail, steps = trail, trail.steps
        columns: list[Sequence[Any]] = [steps.records, steps.positions, steps.came, steps.gave]
        if steps.tells and not steps.underflows and not every:
            columns = [[column[n] for n in steps.chosen] for column in columns]
        self._broken = not all(map(isfinite, columns[-1]))
        records, positions, came, gave = columns
        made = map(OUTPUT, map(trail.records.__getitem__, records))
        numbers = list(map(self.columns.maker.__getitem__, made))
        return Taken(self.columns, numbers, positions, came, gave, self._look, self._residuals)

    def _look(self, pull: Pull) -> Seen:
        """Look at one step, with what the tape has of the operation's inputs and its result."""
        operation = pull.operation
        k = self.kept.record_of(operation.output)
        if self._trail is None or k is None:
            raise RuntimeError("the arrays of this question were let go")
        came, gave = self._trail.at(k, pull.position)
        output, inputs = values_of(self._trail.saved[k], len(operation.inputs))
        known = self.kept.computed if self._broken else self.kept.array
        result = known(operation.output) if output is None else output
        if inputs[0] is None and operation.function == "sqrt":
            inputs[0] = argument_of_root(result)
        arguments = [known(i) if v is None and i else v for v, i in zip(inputs, operation.inputs, strict=True)]
        return looked(operation, came, gave, arguments, result)

    def _residuals(self, value: int) -> Any:
        """Return what the tape kept for the rule of what made a value, None if nothing."""
        k = self.kept.record_of(value)
        return None if self._trail is None or k is None else self._trail.saved[k]

    @cached_property
    def kept(self) -> Kept:
        """What the tape has of the values of the run."""
        leaves = {
            self.version_at(leaf.id, self.asked.seq): leaf.value._value
            for leaf in (*self.asked.targets, *self.asked.sources)
            if leaf.id
        }
        records, saved = ((), ()) if self.swept is None else self.swept[:2]
        return Kept(records, saved, self.columns, leaves)

    def let_go(self) -> None:
        """Forget the arrays: an explanation that somebody keeps holds none."""
        self.kept.let_go()
        self.swept = self._trail = None
        for name in ("_answer", "_in_tensorflow"):
            self.__dict__.pop(name, None)


class Taken(Pulls):
    """The steps of a pass that was taken, each made when a cause asks for it.

    Parameters
    ----------
    columns : Columns
        The operations of the graph.
    numbers, positions, came, gave : sequence
        The number of the operation of each step, and the rest as in `Pull`.
    look : callable
        Looks at a step.
    residuals : callable
        Returns what the tape kept for the rule of what made a value.
    """

    def __init__(
        self,
        columns: Columns,
        numbers: Sequence[int],
        positions: Sequence[int],
        came: Sequence[float],
        gave: Sequence[float],
        look: Callable[[Pull], Seen],
        residuals: Callable[[int], Any],
    ) -> None:
        self._columns, self._numbers, self._positions, self._look = columns, numbers, positions, look
        self._residuals = residuals
        self.came, self.gave = came, gave
        self._made: dict[int, Pull] = {}

    @cached_property
    def values(self) -> Sequence[int]:
        """The value that each step gave to."""
        inputs = self._columns.inputs
        return [inputs[number][position] for number, position in zip(self._numbers, self._positions, strict=True)]

    @cached_property
    def outputs(self) -> Sequence[int]:
        """The value that each step came from."""
        outputs = self._columns.outputs
        return [outputs[number] for number in self._numbers]

    @cached_property
    def functions(self) -> Sequence[str]:
        """`Operation.function` of the operation of each step."""
        return list(map(self._columns.functions.__getitem__, self._numbers))

    @cached_property
    def places(self) -> Sequence[Hashable]:
        """What is equal for steps of one function in one instruction of the program, of each."""
        return list(zip(map(self._columns.places.__getitem__, self._numbers), self.functions, strict=True))

    def has_zero_factor(self, k: int) -> bool:
        """Whether an input that a step gave nothing to is zero everywhere; the step is not looked at if it was kept."""
        position, number = self._positions[k], self._numbers[k]
        _, inputs = values_of(self._residuals(self._columns.outputs[number]), len(self._columns.inputs[number]))
        others = [values for place, values in enumerate(inputs) if place != position]
        if any(values is None for values in others):
            return super().has_zero_factor(k)
        return any(values.size and not values.any() for values in others)

    def one(self, k: int) -> Pull:
        """Return a step, always the same object."""
        made = self._made.get(k)
        if made is None:
            number = self._numbers[k]
            made = Pull(self._columns[number], self._positions[k], self.came[k], self.gave[k], self._look)
            self._made[k] = made
        return made


STOPPING_IN_TENSORFLOW = frozenset({"sqrt", "rsqrt", "reciprocal", "vector_norm", "p_norm", "xlogy", "xlog1py"})
"""Operations before which a zero that comes back stops in TensorFlow too."""


def as_in_tensorflow(op: Op) -> Op:
    """Return an operation whose rules are applied as TensorFlow does."""
    return stopping(op) if op.name in STOPPING_IN_TENSORFLOW else op


def stands_in() -> bool:
    """Whether the program asked for TensorFlow and got `gradtape.tf`: then it is TensorFlow's answer that matters."""
    return getattr(sys.modules.get("tensorflow"), "__name__", "") == "gradtape.tf"


def _plain(value: Any) -> Any:
    return value._value if isinstance(value, Node) else value
