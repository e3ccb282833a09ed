"""Brings home what was found in processes that a program forked: each leaves a file, which the parent reads."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradtape.recorders.heard import Heard

SPAWNED = ("multiprocessing.popen_spawn_posix", "multiprocessing.popen_spawn_win32", "multiprocessing.popen_forkserver")
"""Modules that Python imports when a program starts a process that is no fork of it."""

REMARK = "the script started processes afresh (spawn); the gradients that they ask for are not in this report"


class Forks:
    """What the forks of this process hear.

    Parameters
    ----------
    heard : Heard
        Of this process; a fork starts with an empty one.
    """

    def __init__(self, heard: Heard) -> None:
        self.heard = heard
        self._home = os.getpid()
        self._folder: Path | None = None
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._before, after_in_child=heard.forget)

    @property
    def in_a_fork(self) -> bool:
        """Whether this process is one of the forks."""
        return os.getpid() != self._home

    def _before(self) -> None:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="gradtape-"))

    def leave(self) -> None:
        """Write down what this fork has heard, if it is one."""
        if self._folder is not None and self.heard.reports:
            with suppress(OSError):  # the parent has gone, and its folder with it
                (self._folder / str(os.getpid())).write_bytes(
                    pickle.dumps([replace(r, context=None) for r in self.heard.reports])
                )

    def gather(self) -> None:
        """Add what the forks have left, in the order of their ends."""
        if self._folder is not None:
            for file in sorted(self._folder.iterdir(), key=lambda f: f.stat().st_mtime_ns):
                with suppress(EOFError, pickle.UnpicklingError):  # a fork that is still at it
                    self.heard.add(pickle.loads(file.read_bytes()))  # noqa: S301  we wrote it
            shutil.rmtree(self._folder, ignore_errors=True)
        if any(name in sys.modules for name in SPAWNED):
            self.heard.remark(REMARK)
