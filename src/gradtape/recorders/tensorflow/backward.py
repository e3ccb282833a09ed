"""The backward pass itself: what every step was given and gave, heard where the tape calls gradient functions."""

from __future__ import annotations

from collections import defaultdict
from sys import _getframe
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.recorders.tensorflow import frames, private

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradtape.recorders.patches import Patches
    from gradtape.recorders.tensorflow.memory import Memory, Ran
    from gradtape.recorders.tensorflow.private import Names

PY_FUNCTION = "EagerPyFunc"

MOST_BYTES = 1 << 28
"""How many bytes of cotangents are kept during one backward pass; the steps after that are not looked into."""


class Step(NamedTuple):
    """One call of a gradient function: tensors, or None where there was none or it was not kept."""

    type: str
    inputs: Sequence[Any]
    outputs: Sequence[Any]
    came: Sequence[Any]
    gave: Sequence[Any]
    skipped: Sequence[int]
    seq: int = 0
    """When the operation ran, if the step itself knows: it belongs to a custom gradient."""
    number: int = 0
    """What the operations that it runs are marked with."""


class Matched(NamedTuple):
    """A step with the operation that it belongs to: when that ran, which of its results got a cotangent."""

    seq: int
    output: int
    step: Step


class Backward:
    """Listens to backward passes; `steps` are those of the pass that runs, None outside of any."""

    def __init__(self, memory: Memory, names: Names) -> None:
        self.memory = memory
        self.names = names
        self.steps: list[Step] | None = None
        self.bytes = 0

    def install(self, patches: Patches) -> None:
        """Hear every gradient function, TensorFlow's and custom ones."""
        names = self.names
        gradient = private.gradient_function(names)

        def gradient_seen(
            op_name: Any, attrs: Any, count: Any, inputs: Any, outputs: Any, came: Any, *rest: Any
        ) -> Any:
            memory = self.memory
            if self.steps is None:
                return gradient(op_name, attrs, count, inputs, outputs, came, *rest)
            before, memory.step = memory.step, memory.clock()
            try:
                gave = gradient(op_name, attrs, count, inputs, outputs, came, *rest)
                skipped = rest[0] if rest and rest[0] is not None else ()
                name = op_name.decode() if isinstance(op_name, bytes) else op_name
                self._keep(Step(name, inputs or (), outputs or (), came, _as_list(gave), skipped, number=memory.step))
            finally:
                memory.step = before
            return gave

        private.hear_backward(names, gradient_seen)
        record = getattr(names.record, private.RECORD)

        def record_seen(
            op_type: Any, output_tensors: Any, input_tensors: Any, backward_function: Any, forward_function: Any = None
        ) -> Any:
            if not self.memory.hidden and isinstance(op_type, str):
                backward_function = self._custom(op_type, output_tensors, input_tensors, backward_function)
            return record(op_type, output_tensors, input_tensors, backward_function, forward_function)

        patches.set(names.record, private.RECORD, record_seen)

    def uninstall(self) -> None:
        """Give the tape its own function back."""
        private.hear_backward(self.names, private.gradient_function(self.names))

    def _custom(self, name: str, outputs: Any, inputs: Any, backward: Callable[..., Any]) -> Callable[..., Any]:
        """Note an operation with a gradient of its own, and hear what that gives."""
        memory = self.memory
        if name == "ReadVariableOp":  # heard of as an operation
            return backward
        ins = list(map(private.tensor_id, inputs))
        outs = list(map(private.tensor_id, outputs))
        if name == "captured_value":
            memory.happened("captured", outs[0], frames.stack(_getframe(2)), ins[0])
            return backward
        places = frames.stack(_getframe(2))
        happening = memory.happened("custom", private.NO_TENSOR, places, (name, ins, outs), len(outs))

        def backward_seen(*came: Any, **options: Any) -> Any:
            gave = backward(*came, **options)
            if self.steps is not None:
                self._keep(Step(name, inputs, outputs, came, _as_list(gave), (), happening.seq))
            return gave

        return backward_seen

    def _keep(self, step: Step) -> None:
        if self.steps is None or self.bytes > MOST_BYTES:
            return
        self.bytes += sum(_size(t) for t in step.gave)
        self.steps.append(step)


def _as_list(gave: Any) -> list[Any]:
    return list(gave) if isinstance(gave, list | tuple) else [gave]


def _size(tensor: Any) -> int:
    shape = getattr(tensor, "shape", None)
    count = shape.num_elements() if shape is not None and hasattr(shape, "num_elements") else None
    return 8 * (count or 0)


def numbers(tensor: Any) -> Any:
    """Return a tensor's values as an array; None for what has none: nothing, symbolic tensors, text."""
    if tensor is None:
        return None
    values = getattr(tensor, "values", tensor) if type(tensor).__name__ == "IndexedSlices" else tensor
    try:
        return private.numbers_of(values)
    except Exception:  # noqa: BLE001  a symbolic tensor, or one on a device that is gone
        return None


def lost_inside(step: Step) -> bool:
    """Whether the body of a `py_function` gave nothing for a tensor: one zero stands there, and errors follow."""
    shapes = [(shape_of(gave), shape_of(given)) for gave, given in zip(step.gave, step.inputs, strict=False)]
    return step.type == PY_FUNCTION and any(gave == () and given for gave, given in shapes)


def shape_of(tensor: Any) -> tuple[int, ...] | None:
    """Return the shape of a tensor; None for what has none, or one whose rank is not known."""
    shape = getattr(tensor, "shape", None)
    return tuple(shape) if shape is not None and getattr(shape, "rank", 0) is not None else None


def match(steps: list[Step], operations: list[Ran], targets: list[int], sums: dict[int, list[int]]) -> list[Matched]:
    """Find the operation of each step.

    A step names the inputs and results that its gradient needs; where it names none, the cotangent is known as what an
    earlier step gave, or as a sum of such.
    """
    candidates: dict[str, list[Ran]] = defaultdict(list)
    for one in operations:
        candidates[one.type].append(one)
    cotangents: dict[int, set[int]] = defaultdict(set)
    made_for: dict[int, int] = {}
    used: set[int] = set()
    by_seq = {ran.seq: ran for ran in operations}
    found: list[Matched] = []
    for step in steps:
        came = next(((k, c) for k, c in enumerate(step.came) if c is not None), None)
        if came is None:
            continue
        position, cotangent = came
        ran: Ran | None = by_seq.get(step.seq)
        if ran is None and not step.seq:
            ran = _operation_of(step, candidates[step.type], used, targets, cotangents, cotangent, sums)
        if ran is None:
            if step.seq:
                found.append(Matched(step.seq, position, step))
            continue
        used.add(ran.seq)
        found.append(Matched(ran.seq, position, step))
        for number, gave in zip(ran.ins, step.gave, strict=False):
            if gave is not None:
                cotangents[number].add(id_of(gave))
                made_for[id_of(gave)] = number
    return found


def id_of(tensor: Any) -> int:
    """Return TensorFlow's number of a cotangent; of sparse ones that of their values."""
    inner = getattr(tensor, "values", tensor) if type(tensor).__name__ == "IndexedSlices" else tensor
    number: int = getattr(inner, "_id", private.NO_TENSOR)
    return number


def _operation_of(
    step: Step,
    candidates: list[Ran],
    used: set[int],
    targets: list[int],
    cotangents: dict[int, set[int]],
    cotangent: Any,
    sums: dict[int, list[int]],
) -> Ran | None:
    ins = [id_of(t) for t in step.inputs]
    outs = [id_of(t) for t in step.outputs]
    parts = {id_of(cotangent), *sums.get(id_of(cotangent), ())}
    possible: list[Ran] = []
    for ran in candidates[::-1]:
        if ran.seq in used or not (_agrees(ins, ran.ins) and _agrees(outs, ran.outs)):
            continue
        named: bool = max(outs, default=private.NO_TENSOR) >= 0
        if named or any(o in targets or not parts.isdisjoint(cotangents.get(o, ())) for o in ran.outs):
            return ran
        possible.append(ran)
    alone = len(possible) == 1 or max(ins, default=private.NO_TENSOR) >= 0
    return possible[0] if possible and alone else None


def _agrees(named: list[int], real: list[int]) -> bool:
    return all(n < 0 or k >= len(real) or n == real[k] for k, n in enumerate(named))
