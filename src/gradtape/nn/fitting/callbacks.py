"""What looks on while a model is trained, with Keras's names: stopping, saving, rates, records."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from gradtape.nn.windows import one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gradtape.nn.fitting.loop import Run

Logs = dict[str, float]


class Callback:
    """The base class: methods that are called as the training goes on; each does nothing until it is written.

    Attributes
    ----------
    run : Run
        The training: `run.model`, `run.optimizer`, `run.epoch`, and `run.stop_training`, which ends it.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> class Until(gt.nn.callbacks.Callback):
    ...     def on_epoch_end(self, epoch, logs):
    ...         self.run.stop_training = logs["loss"] < 0.5
    >>> x = np.ones((8, 1))
    >>> history = gt.nn.fit(gt.nn.Dense(1), "mse", gt.optim.SGD(0.1), (x, x), 100, callbacks=[Until()], verbose=0)
    >>> len(history.epoch) < 100
    True
    """

    run: Run

    @property
    def model(self) -> Any:
        """What is trained."""
        return self.run.model

    @property
    def hears_batches(self) -> bool:
        """Whether a method for batches is written."""
        kind = type(self)
        return kind.on_batch_begin is not Callback.on_batch_begin or kind.on_batch_end is not Callback.on_batch_end

    def on_train_begin(self) -> None:
        """Be called before the first epoch."""

    def on_train_end(self) -> None:
        """Be called after the last epoch, also if it was interrupted."""

    def on_epoch_begin(self, epoch: int) -> None:
        """Be called before an epoch."""

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Be called after an epoch, with its numbers; what is added to them is told and kept."""

    def on_batch_begin(self, batch: int) -> None:
        """Be called before a batch."""

    def on_batch_end(self, batch: int, logs: Logs) -> None:
        """Be called after a batch, with the numbers of the epoch so far."""


class History(Callback):
    """Keeps the numbers of each epoch; `fit` returns one.

    Attributes
    ----------
    history : dict of str to list of float
    epoch : list of int
    interrupted : bool
        Whether Ctrl-C ended the training.
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []
        self.interrupted = False

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Keep the numbers."""
        self.epoch.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)

    def __repr__(self) -> str:
        return f"<History of {len(self.epoch)} epochs: {', '.join(self.history)}>"


class Watched(Callback):
    """A callback that compares one number of each epoch with the best so far."""

    def _watch(self, monitor: str, mode: str, min_delta: float, baseline: float | None = None) -> None:
        self.monitor, self.min_delta = monitor, abs(min_delta)
        self.mode = one_of(type(self).__name__, "mode", mode, ("auto", "min", "max"))
        rising = ("acc", "auc", "precision", "recall", "f1", "fbeta", "iou", "r2", "cosine_similarity", "true_")
        up = self.mode == "max" or (self.mode == "auto" and any(word in monitor for word in rising))
        self._sign = 1.0 if up else -1.0
        self.best = -self._sign * math.inf if baseline is None else baseline

    def value(self, logs: Mapping[str, float]) -> float:
        """Return the number of this epoch.

        Raises
        ------
        KeyError
            If there is none of that name.
        """
        if self.monitor not in logs:
            raise KeyError(
                f"{type(self).__name__}: `monitor` is {self.monitor!r}; an epoch has {', '.join(logs)}"
                + ("; pass `validation_data`" if self.monitor.startswith("val_") else "")
            )
        return logs[self.monitor]

    def better(self, value: float) -> bool:
        """Whether a number is better than the best so far, by more than `min_delta`."""
        return self._sign * (value - self.best) > self.min_delta


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


class ModelCheckpoint(Watched):
    """Saves model and optimizer after each epoch, with `gradtape.checkpoints`.

    Parameters
    ----------
    filepath : str or path
        May have places for numbers: `"best-{epoch:02d}-{val_loss:.3f}.npz"`; epochs count from 1.
    monitor : str
        What `save_best_only` looks at.
    verbose : int
    save_best_only : bool
        Whether only epochs that are better than all before are saved.
    save_weights_only : bool
        Whether only the model is saved.
    mode : {"auto", "min", "max"}
    save_freq : "epoch" or int
        After each epoch, or after so many batches.

    Notes
    -----
    A file holds `{"model": ..., "optimizer": ..., "epoch": ...}`; `gradtape.checkpoints.load` reads it.
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
    ) -> None:
        self._watch(monitor, mode, 0.0)
        self.filepath, self.verbose = str(filepath), verbose
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self.save_freq = save_freq
        self._seen = 0

    @property
    def hears_batches(self) -> bool:
        """Whether it counts batches."""
        return bool(self.save_freq != "epoch")

    def on_batch_end(self, batch: int, logs: Logs) -> None:
        """Save every so many batches."""
        self._seen += 1
        if self._seen % self.save_freq == 0:
            self._save(self.run.epoch, {"batch": batch + 1, **logs})

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Save, if the epoch is good enough."""
        if self.save_freq != "epoch":
            return
        if self.save_best_only:
            value = self.value(logs)
            if not self.better(value):
                return
            self.best = value
        self._save(epoch, logs)

    def _save(self, epoch: int, logs: Mapping[str, Any]) -> None:
        from gradtape import checkpoints

        path = Path(self.filepath.format(epoch=epoch + 1, **logs))
        path.parent.mkdir(parents=True, exist_ok=True)
        tree = {"model": self.model, "epoch": epoch + 1}
        checkpoints.save(path, tree if self.save_weights_only else {**tree, "optimizer": self.run.optimizer})
        if self.verbose:
            self.run.say(f"epoch {epoch + 1}: saved {path}")


class BackupAndRestore(Callback):
    """Saves the training after each epoch, and goes on from there when the program is run again.

    Parameters
    ----------
    backup_dir : str or path
        A folder of its own for this training.
    delete_checkpoint : bool
        Whether the files are removed when the training comes to its end.

    Notes
    -----
    The model has to have its weights before `fit`: call it once. With a `seed`, the numbers are those of a training
    that was never interrupted.
    """

    def __init__(self, backup_dir: Any, delete_checkpoint: bool = True) -> None:
        self.backup_dir, self.delete_checkpoint = Path(backup_dir), delete_checkpoint

    def _tree(self, epoch: int) -> dict[str, Any]:
        return {"model": self.model, "optimizer": self.run.optimizer, "epoch": epoch}

    def on_train_begin(self) -> None:
        """Go on from the newest file, if there is one."""
        from gradtape import checkpoints

        self.manager = checkpoints.CheckpointManager(self.backup_dir, max_to_keep=1)
        if self.manager.latest_checkpoint is not None:
            self.run.optimizer.build(self.model.trainable_variables)
            self.run.epoch = int(self.manager.restore(self._tree(0))["epoch"])

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:  # noqa: ARG002
        """Save."""
        self.manager.save(self._tree(epoch + 1), epoch + 1)

    def on_train_end(self) -> None:
        """Remove the files, if all epochs are done."""
        if self.delete_checkpoint and (self.run.epoch >= self.run.epochs or self.run.stop_training):
            for path in self.manager.checkpoints:
                path.unlink()


class CSVLogger(Callback):
    """Writes the numbers of each epoch to a file, a line per epoch.

    Parameters
    ----------
    filename : str or path
    separator : str
    append : bool
        Whether lines are added to a file that is there.
    """

    COLUMN: ClassVar[str] = "epoch"

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        self.filename, self.separator, self.append = Path(filename), separator, append
        self._names: list[str] | None = None

    def on_train_begin(self) -> None:
        """Begin the file."""
        self._names = None
        if self.append and self.filename.exists() and self.filename.stat().st_size:
            with self.filename.open(newline="", encoding="utf-8") as file:
                self._names = next(csv.reader(file, delimiter=self.separator))[1:]
        elif not self.append:
            self.filename.write_text("", encoding="utf-8")

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Add a line."""
        with self.filename.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=self.separator)
            if self._names is None:
                self._names = list(logs)
                writer.writerow([self.COLUMN, *self._names])
            writer.writerow([epoch, *(logs.get(name, "") for name in self._names)])


class LambdaCallback(Callback):
    """Functions as a callback.

    Parameters
    ----------
    on_epoch_begin, on_epoch_end, on_train_begin, on_train_end, on_batch_begin, on_batch_end : callable, optional
        Each is called as the method of its name would be.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> told = gt.nn.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, *logs))
    >>> x = np.ones((2, 1))
    >>> _ = gt.nn.fit(gt.nn.Dense(1), "mse", gt.optim.SGD(), (x, x), epochs=2, callbacks=[told], verbose=0)
    0 loss
    1 loss
    """

    NAMES: ClassVar[tuple[str, ...]] = (
        "on_epoch_begin",
        "on_epoch_end",
        "on_train_begin",
        "on_train_end",
        "on_batch_begin",
        "on_batch_end",
    )

    def __init__(self, **functions: Callable[..., Any]) -> None:
        for name, function in functions.items():
            if name not in self.NAMES:
                raise TypeError(f"LambdaCallback has no argument {name!r}; there are {', '.join(self.NAMES)}")
            if function is not None:
                setattr(self, name, function)

    @property
    def hears_batches(self) -> bool:
        """Whether a function for batches was given."""
        return "on_batch_begin" in vars(self) or "on_batch_end" in vars(self)


__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
]
