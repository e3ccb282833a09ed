"""Records what an unchanged PyTorch script does: its operations, and every question about a gradient that it asks."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradtape.recorders.frameworks import Options
    from gradtape.recorders.heard import Heard
    from gradtape.recorders.torch.recorder import Recorder

_running: list[Recorder] = []
_JIT = "PYTORCH_JIT"
_environment: list[str | None] = []


def prepare(options: Options) -> None:
    """Let `torch.jit.script` hand functions back as they are: PyTorch reads that when it is imported."""
    if options.functions != "graph" and _JIT not in os.environ:
        _environment.append(os.environ.get(_JIT))
        os.environ[_JIT] = "0"


def start(heard: Heard, options: Options) -> None:
    """Probe the hooks and put them in place."""
    from gradtape.recorders.torch.recorder import Recorder

    main = getattr(sys.modules.get("__main__"), "__file__", None) or ""
    recorder = Recorder(heard, options, main)
    recorder.start()
    _running.append(recorder)


def finish(error: BaseException | None) -> None:
    """Take the hooks away, and say what only the end of the run tells."""
    if _environment and _environment.pop() is None:  # what PyTorch imports later asks for it too
        os.environ.pop(_JIT, None)
    while _running:
        _running.pop().finish(error)
