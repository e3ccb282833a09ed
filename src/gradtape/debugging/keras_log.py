"""A log of gradients for Keras's `fit`, where a training step is one compiled function that hands no gradient out.

While `fit` runs, the optimizer's `apply` also measures the gradients that it gets, in every so many steps, and keeps
the numbers in a variable of its own; the callback reads that variable after such a step. Nothing is copied from the
device on the steps between, and compiled steps stay compiled.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from gradtape.debugging.gradient_log import GradientStats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradtape.debugging.gradient_log import GradientLog

MEASURES = ("norm", "zeros", "nans", "infs")


def callback_for(log: GradientLog) -> Any:
    """Make the callback of a log."""
    return _class()(log)


class Measuring:
    """Measures what one optimizer gets, in its first step and every so many after it.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
    every : int
    """

    def __init__(self, optimizer: Any, every: int) -> None:
        import keras

        self.optimizer, self.every = optimizer, every
        self.ops = keras.ops
        self.steps = keras.Variable(0, dtype="int32", trainable=False, name="steps")
        self.make = keras.Variable
        self.measured: Any = None
        self.asked: list[tuple[str, int, bool]] = []
        self._apply = optimizer.apply
        optimizer.apply = self.apply

    def stop(self) -> None:
        """Leave the optimizer as it was."""
        del self.optimizer.apply

    def apply(self, grads: Any, trainable_variables: Any = None) -> Any:
        """Do what the optimizer does; stands in the place of its `apply`."""
        grads = list(grads)
        variables = self.optimizer._trainable_variables if trainable_variables is None else list(trainable_variables)
        self.note(grads, variables)
        return self._apply(grads, trainable_variables)

    def note(self, grads: Sequence[Any], variables: Sequence[Any]) -> None:
        """Measure the gradients of a step that is one of those, with operations that are part of the step."""
        self.asked = [(v.path, math.prod(v.shape), g is None) for v, g in zip(variables, grads, strict=True)]
        present = [g for g in grads if g is not None]
        if self.measured is None:
            self.measured = self.make([[0.0] * len(MEASURES)] * len(grads), dtype="float32", trainable=False)
        if present:
            due = self.ops.equal(self.ops.mod(self.steps.value, self.every), 0)
            held = self.measured.value
            self.measured.assign(self.ops.cond(due, lambda: self.measure(grads), lambda: held))
        self.steps.assign(self.steps.value + 1)

    def ran(self) -> int:
        """Return how many steps there were."""
        return int(self.ops.convert_to_numpy(self.steps.value))

    def measure(self, grads: Sequence[Any]) -> Any:
        """Return one row of numbers per gradient."""
        ops = self.ops
        rows = []
        for grad in grads:
            if grad is None:
                rows.append(ops.zeros((len(MEASURES),), dtype="float32"))
                continue
            numbers = ops.cast(ops.convert_to_tensor(grad), "float32")
            nan, finite = ops.isnan(numbers), ops.isfinite(numbers)
            known = ops.where(finite, numbers, 0.0)
            norm = ops.sqrt(ops.sum(ops.square(known)))
            counts = [ops.logical_and(finite, ops.equal(known, 0.0)), nan, ops.logical_not(ops.logical_or(finite, nan))]
            rows.append(ops.stack([norm, *(ops.sum(ops.cast(c, "float32")) for c in counts)]))
        return ops.stack(rows)

    def stats(self) -> list[GradientStats]:
        """Read what was measured last."""
        rows = self.ops.convert_to_numpy(self.measured.value)
        found = []
        for (name, size, missing), row in zip(self.asked, rows, strict=True):
            norm, zeros, nans, infs = row.tolist()
            known = GradientStats(name, size, norm, int(zeros), int(nans), int(infs))
            found.append(GradientStats(name, missing=True) if missing else known)
        return found


@cache
def _class() -> type:
    """Return the class of the callbacks; made once Keras is wanted."""
    import keras

    class GradientLogCallback(keras.callbacks.Callback):  # type: ignore[misc]
        """Logs the gradients of `fit`; its methods have the signatures of Keras."""

        def __init__(self, log: GradientLog) -> None:
            super().__init__()
            self.log = log
            self.measuring: Measuring | None = None
            self.count = self.last = self.before = self.done = 0

        def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
            if keras.backend.backend() not in {"tensorflow", "torch"}:
                raise NotImplementedError(
                    f"GradientLog.callback: a training step of Keras on {keras.backend.backend()} hands its gradients "
                    "to no one; call the log in a training loop of your own"
                )
            self.measuring = Measuring(self.model.optimizer, self.log.every)
            self.count, self.before, self.last = 0, self.log.step, -self.log.every
            self.model.make_train_function(force=True)  # the next call makes the step anew, with what measures

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            self.done = -1

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            if getattr(self.model, "steps_per_execution", 1) == 1:
                self.count += batch - self.done
                self.done = batch
            elif self.measuring is not None:  # `batch` is the first of several in Keras 3.5, the last in later versions
                self.count = self.measuring.ran()
            due = (self.count - 1) // self.log.every * self.log.every
            if due > self.last and self.measuring is not None and self.measuring.measured is not None:
                self.last = due
                self.log.step = self.before + due + 1
                self.log.tell(self.measuring.stats())

        def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
            if self.measuring is not None:
                self.measuring.stop()
                self.measuring = None
            self.log.step = self.before + self.count
            self.model.train_function = None

    return GradientLogCallback
