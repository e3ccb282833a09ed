"""The questions that a script asks, with their answers: heard, and explained if they are new."""

from __future__ import annotations

import math
import re
from collections import Counter
from contextlib import suppress
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.explain import Status, engine, graph
from gradtape.explain.graph import Break, BreakKind, Summary
from gradtape.recorders import pulls
from gradtape.recorders.crossings import Call
from gradtape.recorders.heard import failed_to_explain
from gradtape.recorders.summaries import summary
from gradtape.recorders.tensorflow import backward, ends, frames, private
from gradtape.recorders.tensorflow.building import Builder
from gradtape.recorders.tensorflow.draft import Draft
from gradtape.recorders.tensorflow.hooks import came_from
from gradtape.recorders.tensorflow.keras_models import CONVERTS, TRAINS
from gradtape.recorders.tensorflow.memory import Ran
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from types import FrameType

    from gradtape.diagnostics import Site
    from gradtape.explain.cause import Stage
    from gradtape.explain.pulls import Pull
    from gradtape.explain.report import GradientReport
    from gradtape.recorders.heard import Heard
    from gradtape.recorders.tensorflow.backward import Backward, Matched
    from gradtape.recorders.tensorflow.building import Built
    from gradtape.recorders.tensorflow.ends import Leaf
    from gradtape.recorders.tensorflow.keras_models import Keras
    from gradtape.recorders.tensorflow.memory import Life, Memory
    from gradtape.recorders.tensorflow.private import Names


ENOUGH = 8
"""How often the same question may fail in part, or after other operations, before nothing more is recorded."""

EMPTY = "a model has no trainable variables before it is built by a call, or where `trainable = False` froze it"

UNSPELLED = (*TRAINS, CONVERTS)
"""Calls that say nothing of what is asked for: what stands in them is not that itself."""

ARGUMENTS = {
    "tape.watch": (("", -1), ("tensor", 0)),
    CONVERTS: (("", -1), ("symbol", 0)),
    "fit": (("loss", 0), ("weights", 1)),
    "train_on_batch": (("loss", 0), ("weights", 1)),
    "tf.gradients": (("ys", 0), ("xs", 1)),
    "apply_gradients": (("gradients", 0), ("variables", 1)),
    "tape.batch_jacobian": (("target", 0), ("source", 1)),
}
"""Where targets and sources stand in the calls that are not like `tape.gradient`: keyword and position."""


class Asked:
    """One question with its answer."""

    def __init__(self, kind: str, life: Life | None, target: Any, sources: Any, frame: FrameType, seq: int) -> None:
        self.kind = kind
        self.life = life
        self.targets = ends.leaves(target)
        self.sources = ends.leaves(sources)
        self.frame, self.spelled = ends.call_frame(frame)
        self.places = frames.stack(frame)
        self.seq = seq
        self.results: tuple[Any, ...] = ()
        self.error: Exception | None = None
        self.failure: graph.Failure | None = None
        self.plain = False
        """Whether a target is no tensor, but a number or an array of NumPy's."""
        self.before: dict[str, int] = {}
        """The variables that stood in the place of sources when the same question was asked before, by their paths."""
        self.used_at = life.used_at if life is not None else ()

    @property
    def site(self) -> Site:
        """Where it was asked."""
        return frames.site(self.places[0], self.kind.rpartition(".")[2])

    def statuses(self) -> tuple[Status, ...]:
        """Say for each source what came out."""
        if self.error is not None:
            return (Status.ERROR,) * len(self.sources)
        return tuple(map(status_of, self.results))


def status_of(result: Any) -> Status:
    """Say what came out: nothing, zeros, something that is not finite, or a gradient."""
    if result is None:
        return Status.NONE
    values = backward.numbers(result)
    if values is None:
        return Status.OK
    array = np.asarray(values)
    if not array.size:
        return Status.OK
    with np.errstate(all="ignore"):
        largest = np.abs(array).max()
    if not np.isfinite(largest):
        return Status.NAN
    return Status.OK if largest else Status.ZERO


CUSTOM = re.compile(r"custom_gradient function expected|Must return gradient for each variable|grad_fn must accept")


def failure_of(kind: str, error: Exception) -> graph.Failure | None:
    """Say what an error is about, as far as its text tells; None for what is not about gradients."""
    text = str(error).partition("\n")[0]
    if kind == "tape.watch":
        what = "is no tensor and no `tf.Variable`; the weights of a Keras model are watched by themselves"
        return graph.Failure("not-a-value", text, detail=f"what `watch` is given here {what}")
    if kind == CONVERTS:
        return graph.Failure("not-a-value", text)
    if CUSTOM.search(text):
        return graph.Failure("custom-rule-none", text)
    return graph.Failure("", text)


def speaks(asked: Asked, steps: list[backward.Step]) -> bool:
    """Whether there is something to say about an error: the others are the program's own affair."""
    error = asked.error
    if error is None or isinstance(error, LookupError) or asked.used_at or any(map(backward.lost_inside, steps)):
        return True
    if asked.plain:
        return True
    ends_ = (*asked.targets, *asked.sources)
    odd = any(ends.kind_of(leaf) not in ("tensor", "variable", "array", "number") for leaf in ends_)
    return odd or bool(asked.failure and asked.failure.kind)


def _same_thing(leaf: Leaf) -> Hashable:
    """Return what tells a source from another in the next round of a loop: a variable is the same, a tensor is new."""
    kind = ends.kind_of(leaf)
    return leaf.number if kind == "variable" else (kind, type(leaf.given).__name__)


class Asking:
    """Runs a question, and hands it to `Heard` with the way to its explanation."""

    def __init__(
        self, memory: Memory, names: Names, heard: Heard, listening: Backward, keras: Keras, *, all_steps: bool
    ) -> None:
        self.memory = memory
        self.names = names
        self.heard = heard
        self.backward = listening
        self.keras = keras
        self.all_steps = all_steps
        self.busy = False
        self.unseen: dict[Stage, tuple[str, ...]] = {}
        """What this version of TensorFlow does not show, by what cannot be told without it."""
        self.tried: set[str] = set()
        """The kinds of questions that were heard while the hooks were tried."""
        self.on_failing: Callable[[], None] | None = None
        self._answered: dict[int, bool] = {}
        """Whether questions gave a gradient for variables, by their numbers, since an optimizer was last given None."""
        self._gave_none = False
        """Whether a question gave None: another that is asked of that fails for the same reason."""
        self._asked_at: Site | None = None
        self._asked_before: dict[Hashable, dict[str, int]] = {}
        self._failing: Counter[Hashable] = Counter()
        self._since = 0

    def ask(self, kind: str, tape: Any, target: Any, sources: Any, run: Callable[[], Any]) -> Any:
        """Ask TensorFlow, and look at what comes out."""
        memory = self.memory
        if memory.probing:
            self.tried.add(kind)
        if memory.stopped or memory.hidden or memory.probing:
            return run()
        frame = _getframe(2)
        life = memory.life_of(tape)
        places = frames.stack(frame)
        if not places:
            return run()
        asked = Asked(self.keras.asked_by() or kind, life, target, sources, frame, memory.clock())
        if not asked.sources:
            self.heard.remark(f"the question in line {asked.site.span.line} has no sources: {EMPTY}")
        asked.before = self._asked_before.setdefault((asked.kind, asked.places[0]), {})
        whole = kind in ("tape.jacobian", "tape.batch_jacobian")
        recorded = any(other is not life or other.persistent for other in memory.open)
        self.busy = True
        memory.hidden += whole or not recorded
        self.backward.steps, self.backward.bytes, memory.sums = [], 0, {}
        try:
            result = run()
        except Exception as error:
            asked.error, asked.failure = error, failure_of(kind, error)
            self._take_for_tensors(asked)
            raise
        else:
            asked.results = tuple(leaf for _, leaf in flatten(result))
            self._gave_none = self._gave_none or any(gave is None for gave in asked.results)
            self._asked_at = asked.site
            for leaf, gave in zip(asked.sources, asked.results, strict=False):
                if private.handle_of(leaf.value) is not None:
                    self._answered[leaf.number] = gave is not None
                    asked.before.setdefault(leaf.path, leaf.number)
            self._note(asked, whole=whole, recorded=recorded)
            return result
        finally:
            memory.hidden -= whole or not recorded
            self.busy = False
            steps, self.backward.steps, sums, memory.sums = self.backward.steps, None, memory.sums, None
            if speaks(asked, steps or []) and not self._follows(asked):
                self._hear(asked, steps or [], sums or {})
            if life is not None and not life.persistent and not life.used_at:
                life.used_at = places

    def _follows(self, asked: Asked) -> bool:
        """Whether a question failed since its target is None, which an earlier one gave."""
        return self._gave_none and any(leaf.value is None for leaf in asked.targets)

    def _take_for_tensors(self, asked: Asked) -> None:
        """Go on from targets that TensorFlow refused since they are plain: as constant as the tensors made of them."""
        memory = self.memory
        memory.hidden += 1
        asked.targets = tuple(self._tensor_of(leaf, asked) or leaf for leaf in asked.targets)
        memory.hidden -= 1

    def _tensor_of(self, leaf: Leaf, asked: Asked) -> Leaf | None:
        """Return a plain target as a tensor; None for what is none or cannot become one."""
        if ends.kind_of(leaf) not in ("array", "number"):
            return None
        try:
            tensor = self.names.tf.convert_to_tensor(leaf.value)
        except (ValueError, TypeError):  # an array of objects
            return None
        number, asked.plain = private.tensor_id(tensor), True
        self.memory.happened("constant", number, asked.places, came_from(self.memory, leaf.value))
        return leaf._replace(value=tensor, number=number)

    def _note(self, asked: Asked, *, whole: bool, recorded: bool) -> None:
        """Write down where the results come from, if no operations of the backward pass were written."""
        memory = self.memory
        if recorded and not whole:
            places = {r[0]: r[6] for r in memory.operations}
            for seq, _, step in self._matched(asked, self.backward.steps or [], memory.sums or {}):
                if step.number and seq in places:
                    memory.ran_forward(step.number, places[seq])
            return
        results = [backward.id_of(r) for r in asked.results]
        targets = [leaf.number for leaf in asked.targets]
        kind = "custom" if recorded else "gradient"
        detail = (asked.kind.rpartition(".")[2], targets, results) if recorded else (targets, results)
        memory.happened(kind, private.NO_TENSOR, asked.places, detail, len(results))

    def applied(self, gradients: Sequence[Any], variables: Sequence[Any], frame: FrameType) -> None:
        """Hear that an optimizer is given None for variables; what a question gave was told there already."""
        if self._is_no_question(frame):
            return
        answered, self._answered = self._answered, {}
        given = [v for g, v in zip(gradients, variables, strict=False) if g is None]
        new = [leaf for leaf in ends.leaves(given) if answered.get(leaf.number) is not False]
        for computed in (False, True):
            weights = [leaf.given for leaf in new if (leaf.number in answered) is computed]
            if weights:
                asked = Asked("apply_gradients", None, (), weights, frame, self.memory.clock())
                asked.spelled = False
                asked.results = (None,) * len(weights)
                text = (
                    "its gradient was computed here" if computed else "gradients were asked for here, but not this one"
                )
                also = ((self._asked_at, text),) if self._asked_at is not None else ()
                asked.failure = graph.Failure("not-used", "", also=also, detail="computed" if computed else "")
                self._hear(asked, [], {})

    def refused(self, kind: str, value: Any, error: Exception, frame: FrameType) -> None:
        """Hear that a call refused what it was given."""
        if self._is_no_question(frame):
            return
        asked = Asked(kind, None, (), value, frame, self.memory.clock())
        asked.error, asked.failure = error, failure_of(kind, error)
        self._hear(asked, [], {})

    def _is_no_question(self, frame: FrameType) -> bool:
        memory = self.memory
        return bool(memory.hidden or memory.stopped or memory.probing or not frames.stack(frame))

    # -- the explanation -------------------------------------------------------------------------------------------

    def _hear(self, asked: Asked, steps: list[backward.Step], sums: dict[int, list[int]]) -> None:
        memory = self.memory
        memory.hidden += 1
        known = False
        try:
            statuses = asked.statuses()
            call = (asked.kind, asked.places[0], statuses)
            known = self.heard.hear(call, self._story(asked), lambda: self._explained(asked, statuses, steps, sums))
        finally:
            memory.hidden -= 1
            self._since = asked.seq
        if any(status is not Status.OK for status in statuses):
            again = (call, tuple(map(_same_thing, asked.sources)))
            nothing_new = known and again in self._failing and Status.OK not in statuses
            self._failing[again] += ENOUGH if nothing_new else 1
            if self._failing[again] >= ENOUGH and not self.all_steps and self.on_failing is not None:
                self.on_failing()

    def _story(self, asked: Asked) -> frozenset[Hashable]:
        """Return what ran up to the question, without order and number: a loop has one story, however long."""
        since = min(asked.life.began if asked.life is not None else asked.seq, self._since or asked.seq)
        story: set[Hashable] = set()
        for ran in reversed(self.memory.operations):
            if ran[0] < since:
                break
            story.add((ran[1], ran[6][:1]))
        return frozenset(story)

    def _explained(
        self, asked: Asked, statuses: tuple[Status, ...], steps: list[backward.Step], sums: dict[int, list[int]]
    ) -> tuple[GradientReport, ...]:
        try:
            return self._explain(asked, statuses, steps, sums)
        except Exception as error:  # noqa: BLE001  a mistake of ours must not end somebody's training
            answers = [(f"sources{s.path}", str(status)) for s, status in zip(asked.sources, statuses, strict=True)]
            return failed_to_explain(error, asked.kind, asked.site, answers)

    def _explain(
        self, asked: Asked, statuses: tuple[Status, ...], steps: list[backward.Step], sums: dict[int, list[int]]
    ) -> tuple[GradientReport, ...]:
        numbers = [leaf.number for leaf in (*asked.targets, *asked.sources) if leaf.number >= 0]
        matched = self._matched(asked, steps, sums)
        targets = [leaf.number for leaf in asked.targets]
        draft = Draft(self.memory, self.names, asked.life, numbers, targets, given_none(matched))
        call = Call(asked.site, asked.seq, asked.life.began if asked.life is not None else 0)
        built = Builder(draft).build(call, [leaf.number for leaf in asked.sources])
        return tuple(engine.explain(question) for question in self._questions(asked, statuses, matched, built))

    def _matched(self, asked: Asked, steps: list[backward.Step], sums: dict[int, list[int]]) -> list[Matched]:
        began = asked.life.began if asked.life is not None else 0
        ran = [Ran._make(r) for r in self.memory.operations if began <= r[0] <= asked.seq]
        return backward.match(steps, ran, [leaf.number for leaf in asked.targets], sums)

    def _questions(
        self, asked: Asked, statuses: tuple[Status, ...], matched: list[Matched], built: Built
    ) -> list[graph.Question]:
        if asked.kind in UNSPELLED:
            asked.spelled = False
        places = ARGUMENTS.get(asked.kind, (("target", 0), ("sources", 1)))
        target_names = ends.names_of(asked.targets, asked.frame, *places[0], spelled=asked.spelled)
        source_names = ends.names_of(asked.sources, asked.frame, *places[1], spelled=asked.spelled)
        targets = tuple(
            ends.describe(self.memory, leaf, name, built)
            for leaf, name in zip(asked.targets, target_names, strict=True)
        )
        sources = tuple(
            ends.describe(self.memory, leaf, name, built, asked.before.get(leaf.path, private.NO_TENSOR))
            for leaf, name in zip(asked.sources, source_names, strict=True)
        )
        pulled: tuple[Pull, ...] | None = None
        found = []
        if Status.NONE in statuses and not any(private.is_symbolic(leaf.value) for leaf in asked.targets):
            _note_shapes(matched, built)
            for leaf, end, status in zip(asked.sources, sources, statuses, strict=True):
                if status is Status.NONE and end.kind == "variable":  # what an edit brings in has to fit
                    looked = summary(private.numbers_in(leaf.value, self.names))
                    built.values.update(dict.fromkeys(end.ids, looked))
        if any(status not in (Status.OK, Status.NONE) for status in statuses):
            for leaf, end in zip((*asked.targets, *asked.sources), (*targets, *sources), strict=True):
                values = backward.numbers(leaf.value if end.kind == "tensor" else None)
                built.values.update(dict.fromkeys(end.ids, summary(values)) if values is not None else {})
        if Status.NAN in statuses:
            self._look_at_variables(built)
        for k, (source, status) in enumerate(zip(sources, statuses, strict=True)):
            values = backward.numbers(asked.results[k]) if asked.results else None
            size = None if values is None else summary(values)
            worth = status is not Status.NONE and size is not None and pulls.suspicious(size)
            if worth and pulled is None:
                pulled = pulls_of(matched, built)
            found.append(
                graph.Question(
                    built.run,
                    asked.kind,
                    asked.site,
                    targets,
                    source,
                    status,
                    frames.site(asked.used_at[0]) if asked.used_at and isinstance(asked.error, RuntimeError) else None,
                    gradient=size,
                    pulls=(pulled or ()) if worth else (),
                    failure=asked.failure if not isinstance(asked.error, LookupError) else None,
                    dialect="tensorflow",
                    together=sources,
                    unseen=self.unseen,
                )
            )
        return found

    def _look_at_variables(self, built: Built) -> None:
        """Note what all variables are like now: one that a step has spoiled spoils whatever reads it."""
        for number, known in list(self.memory.variables.items()):
            variable, newest = known.variable(), max(built.versions.get(number) or [built.ids.get(number, 0)])
            if variable is not None and newest and known.floating:
                with suppress(Exception):  # one of another graph has no numbers here
                    built.values[newest] = summary(private.numbers_in(variable, self.names))


def given_none(matched: list[Matched]) -> dict[tuple[int, int], Break]:
    """Return the inputs to which the backward pass itself gave nothing."""
    found = {}
    for seq, _, step in matched:
        for position, gave in enumerate(step.gave):
            if gave is None and position not in step.skipped:
                kind = BreakKind.CUSTOM_NONE if step.seq else BreakKind.NO_DERIVATIVE
                found[seq, position] = Break(kind, "" if step.seq else "gives no gradient to this argument")
    return found


def _note_shapes(matched: list[Matched], built: Built) -> None:
    """Write down the shapes of what the backward pass came by, whose numbers nobody looks at."""
    for seq, output, step in matched:
        operation, shape = built.by_record.get((seq, output)), backward.shape_of(step.came[output])
        if operation is not None and shape is not None and None not in shape:
            size = math.prod(shape)
            built.values.setdefault(operation.output, Summary(shape, "", size, math.nan, math.nan))


def pulls_of(matched: list[Matched], built: Built) -> tuple[Pull, ...]:
    """Write down the steps of the backward pass."""
    found = []
    for seq, output, step in matched:
        operation = built.by_record.get((seq, output))
        came = backward.numbers(step.came[output])
        if operation is None or came is None:
            continue
        inputs = [backward.numbers(t) for t in step.inputs]
        for value, array in zip(operation.inputs, inputs, strict=False):
            if value and array is not None and value not in built.values:
                built.values[value] = summary(array)
        inputs += [None] * (len(operation.inputs) - len(inputs))
        result = backward.numbers(step.outputs[output]) if output < len(step.outputs) else None
        if result is not None:
            built.values[operation.output] = summary(result)
        for position, gave in enumerate(step.gave[: len(operation.inputs)]):
            given = backward.numbers(gave)
            if given is not None:
                found.append(pulls.pull(operation, position, came, given, inputs[: len(operation.inputs)], result))
    return tuple(found)
