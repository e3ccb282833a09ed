"""`CheckpointManager`: the newest checkpoints of a run, in a folder."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradtape.checkpoints.saving import form_of, load, save

if TYPE_CHECKING:
    from os import PathLike


class CheckpointManager:
    """Keep the newest checkpoints of a run in a folder, and go on from the last.

    Parameters
    ----------
    directory : str or path
        Made if it is not there.
    max_to_keep : int or None
        How many files stay; older ones are removed once a new one is on the disk. None keeps all.
    checkpoint_name : str
        Files are called `NAME-STEP.npz`.
    suffix : {".npz", ".safetensors"}

    Attributes
    ----------
    checkpoints : list of Path
        The files, oldest first.
    latest_checkpoint : Path or None

    Examples
    --------
    >>> import tempfile
    >>> import gradtape as gt
    >>> w = gt.Variable([1.0, 2.0])
    >>> folder = tempfile.TemporaryDirectory()
    >>> manager = gt.checkpoints.CheckpointManager(folder.name, max_to_keep=2)
    >>> for epoch in range(4):
    ...     path = manager.save({"w": w, "epoch": epoch})
    >>> [path.name for path in manager.checkpoints]
    ['ckpt-3.npz', 'ckpt-4.npz']
    >>> manager.restore({"w": w, "epoch": 0})["epoch"]
    3
    >>> folder.cleanup()
    """

    def __init__(
        self,
        directory: str | PathLike[str],
        max_to_keep: int | None = 5,
        checkpoint_name: str = "ckpt",
        suffix: str = ".npz",
    ) -> None:
        if max_to_keep is not None and max_to_keep < 1:
            raise ValueError(f"max_to_keep: at least 1 checkpoint stays, or None for all of them; not {max_to_keep!r}")
        if not re.fullmatch(r"[\w.-]+", checkpoint_name):
            raise ValueError(f"checkpoint_name: letters, digits, `_`, `-` and `.`, not {checkpoint_name!r}")
        form_of(f"x{suffix}")
        self.directory = Path(directory)
        self.max_to_keep = max_to_keep
        self._name = checkpoint_name
        self._suffix = suffix
        self.directory.mkdir(parents=True, exist_ok=True)

    def _steps(self) -> dict[int, Path]:
        pattern = re.compile(rf"{re.escape(self._name)}-(\d+){re.escape(self._suffix)}")
        found = {int(m[1]): path for path in self.directory.iterdir() if (m := pattern.fullmatch(path.name))}
        return dict(sorted(found.items()))

    @property
    def checkpoints(self) -> list[Path]:
        """The files, oldest first."""
        return list(self._steps().values())

    @property
    def latest_checkpoint(self) -> Path | None:
        """The newest file, None if there is none."""
        return next(reversed(self._steps().values()), None)

    def save(self, tree: Any, checkpoint_number: int | None = None) -> Path:
        """Write the next checkpoint, then remove those that are too many.

        Parameters
        ----------
        tree : structure
            As for `save`.
        checkpoint_number : int, optional
            The step; one more than the last unless given.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        CheckpointError
            If something in the tree has no form in a checkpoint. The older files stay.
        """
        steps = self._steps()
        number = checkpoint_number if checkpoint_number is not None else max(steps, default=0) + 1
        path = self.directory / f"{self._name}-{number}{self._suffix}"
        save(path, tree)
        for left in self.directory.glob(f".{self._name}-*.tmp"):  # of a process that was killed as it wrote
            with suppress(OSError):
                left.unlink()
        if self.max_to_keep is not None:
            older = [file for step, file in self._steps().items() if step != number]
            for file in older[: max(0, len(older) + 1 - self.max_to_keep)]:
                with suppress(FileNotFoundError):
                    file.unlink()
        return path

    def restore(self, tree: Any) -> Any:
        """Load the newest checkpoint into a tree.

        Parameters
        ----------
        tree : structure
            As for `load`.

        Returns
        -------
        structure or None
            None if there is no checkpoint yet: a run starts as it would.

        Raises
        ------
        CheckpointError
            If the newest is damaged or does not fit; nothing was changed.
        """
        latest = self.latest_checkpoint
        return None if latest is None else load(latest, tree)
