"""The recorder of one run: the mode, the wrappers, and who answers."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from gradtape.recorders.torch import frames
from gradtape.recorders.torch.desk import Desk
from gradtape.recorders.torch.patches import Patches

if TYPE_CHECKING:
    from gradtape.recorders.frameworks import Options
    from gradtape.recorders.heard import Heard


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
        """Put the hooks in place."""
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
