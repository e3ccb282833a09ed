"""Callbacks that write a training to files, and take it up again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradtape.nn.fitting.watching import Callback, Watched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradtape.nn.fitting.watching import Logs


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
