"""The base class of callbacks, those that keep records, and a base of those that compare epochs."""

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
