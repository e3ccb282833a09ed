"""Callbacks that change the training: they end it, or set its learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.nn.fitting.watching import Callback, Watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.nn.fitting.watching import Logs


class EarlyStopping(Watched):
    """Ends the training when a number has not become better for some epochs.

    Parameters
    ----------
    monitor : str
        Which number.
    min_delta : float
        How much better counts.
    patience : int
        For how many epochs it may not.
    verbose : int
        Whether it is told.
    mode : {"auto", "min", "max"}
        What is better; "auto" goes by the name.
    baseline : float, optional
        What the first epoch has to be better than.
    restore_best_weights : bool
        Whether the model gets the values of the best epoch at the end.
    start_from_epoch : int
        How many epochs are not looked at.

    Attributes
    ----------
    best : float
        The best number.
    best_epoch : int
        Its epoch.
    stopped_epoch : int or None
        The epoch that was the last.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        self._watch(monitor, mode, min_delta, baseline)
        self._first = self.best
        self.patience, self.verbose = patience, verbose
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self.on_train_begin()

    def on_train_begin(self) -> None:
        """Start anew."""
        self.best, self.best_epoch, self.waited = self._first, 0, 0
        self.stopped_epoch: int | None = None
        self._state: Any = None

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Compare."""
        value = self.value(logs)
        if epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self._state is None:
            self._state = self.model.state()
        if self.better(value):
            self.best, self.best_epoch, self.waited = value, epoch, 0
            if self.restore_best_weights:
                self._state = self.model.state()
            return
        self.waited += 1
        if self.waited >= max(self.patience, 1):
            self.stopped_epoch = epoch
            self.run.stop_training = True

    def on_train_end(self) -> None:
        """Put the best values back."""
        if self.restore_best_weights and self._state is not None:
            self.model.load_state(self._state)
        if self.verbose and self.stopped_epoch is not None:
            self.run.say(
                f"stopped after epoch {self.stopped_epoch + 1}: {self.monitor} was best in {self.best_epoch + 1}"
            )


class ReduceLROnPlateau(Watched):
    """Makes the learning rate smaller when a number has not become better for some epochs.

    Parameters
    ----------
    monitor : str
    factor : float
        What the rate is multiplied by, below 1.
    patience : int
    verbose : int
    mode : {"auto", "min", "max"}
    min_delta : float
    cooldown : int
        How many epochs are not looked at after a change.
    min_lr : float
        The smallest rate.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau: `factor` is below 1, got {factor}")
        self._watch(monitor, mode, min_delta)
        self.factor, self.patience, self.verbose = factor, patience, verbose
        self.cooldown, self.min_lr = cooldown, min_lr
        self.waited = self.cooling = 0

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Compare, and change the rate."""
        value = self.value(logs)
        rate = rate_of(self.run.optimizer)
        logs["learning_rate"] = rate
        if self.cooling:
            self.cooling -= 1
            self.waited = 0
        if self.better(value):
            self.best, self.waited = value, 0
            return
        if self.cooling:
            return
        self.waited += 1
        if self.waited >= self.patience and rate > self.min_lr:
            new = max(rate * self.factor, self.min_lr)
            set_rate(self.run.optimizer, new)
            self.cooling, self.waited = self.cooldown, 0
            if self.verbose:
                self.run.say(f"epoch {epoch + 1}: the learning rate is {new:.4g} from now on")


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch.

    Parameters
    ----------
    schedule : callable
        `schedule(epoch, rate)` or `schedule(epoch)`; it returns the rate.
    verbose : int
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int) -> None:
        """Set the rate."""
        rate = rate_of(self.run.optimizer)
        code = getattr(self.schedule, "__code__", None)
        new = self.schedule(epoch) if code is not None and code.co_argcount == 1 else self.schedule(epoch, rate)
        set_rate(self.run.optimizer, float(new))
        if self.verbose:
            self.run.say(f"epoch {epoch + 1}: the learning rate is {float(new):.4g}")

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:  # noqa: ARG002
        """Tell the rate."""
        logs["learning_rate"] = rate_of(self.run.optimizer)


def rate_of(optimizer: Any) -> float:
    """Return an optimizer's learning rate."""
    return float(optimizer.learning_rate)


def set_rate(optimizer: Any, rate: float) -> None:
    """Set an optimizer's learning rate."""
    held = optimizer.learning_rate
    if hasattr(held, "assign"):
        held.assign(rate)
    else:
        optimizer.learning_rate = rate
