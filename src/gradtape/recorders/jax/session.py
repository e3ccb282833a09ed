"""One run of a script under the recorder: the hooks, from the import of JAX to the script's end."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import jax

from gradtape.recorders.jax import private
from gradtape.recorders.jax.asking import TRANSFORMATIONS
from gradtape.recorders.jax.hooks import ESCAPED, Hooks
from gradtape.recorders.jax.telling import Telling

if TYPE_CHECKING:
    from gradtape.recorders.frameworks import Options
    from gradtape.recorders.heard import Heard


class Session:
    """The hooks of a run, and what they report to."""

    def __init__(self, heard: Heard, options: Options) -> None:
        self.heard = heard
        self.telling = Telling(heard, options)
        self.hooks = Hooks()

    def start(self) -> None:
        """Install every hook."""
        for file in Path(__file__).parent.glob("*.py"):
            private.leave_out_of_tracebacks(str(file))
        self.hooks.install()
        ESCAPED.append(self.telling.escaped)
        for name, wrap in TRANSFORMATIONS.items():
            self.hooks.replace(jax, name, partial(wrap, name, self.telling))

    def finish(self, error: BaseException | None) -> None:
        """Remove the hooks, then report what is left."""
        self.hooks.remove()
        ESCAPED.remove(self.telling.escaped)
        self.telling.finish(error)
