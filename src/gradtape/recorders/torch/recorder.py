"""The recorder of one run: the mode, the wrappers, and who answers."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import torch

from gradtape.recorders.torch import frames, private, probes
from gradtape.recorders.torch.desk import Desk
from gradtape.recorders.torch.patches import Patches

if TYPE_CHECKING:
    from gradtape.recorders.frameworks import Options
    from gradtape.recorders.heard import Heard


VERSIONS = ", ".join(private.TESTED)

COLLECT_AFTER = 20_000
"""After how many new objects Python looks for garbage: records are many and never garbage, and a look costs much."""


class Recorder:
    """Records a run from `start` to `finish`.

    Parameters
    ----------
    heard : Heard
    options : Options
    main : str
        The file of the script.
    """

    def __init__(self, heard: Heard, options: Options, main: str) -> None:
        frames.at_home(main)
        self.desk = Desk(heard, options)
        self.patches = Patches(self.desk)

    def start(self) -> None:
        """Try the hooks and put them in place; what does not work here is said, and never ends the script."""
        version = torch.__version__.split("+")[0]
        if not version.startswith(private.TESTED):
            self.desk.heard.remark(f"PyTorch {version} is not among the versions that were tested: {VERSIONS}")
        missing = probes.unseen(self.desk.options)
        if missing:
            self.desk.heard.remark(f"in PyTorch {version} these cannot be seen: {', '.join(missing)}")
        self.patches.install()
        self.desk.mode.__enter__()
        self._threshold = gc.get_threshold()
        if 0 < self._threshold[0] < COLLECT_AFTER:
            gc.set_threshold(COLLECT_AFTER, *self._threshold[1:])

    def finish(self, error: BaseException | None) -> None:
        """Take them away, and say what is left to say."""
        if gc.get_threshold()[0] == COLLECT_AFTER:
            gc.set_threshold(*self._threshold)
        self.desk.mode.__exit__(None, None, None)
        self.patches.remove()
        self.desk.ended(error)
