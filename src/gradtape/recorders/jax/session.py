"""One run of a script under the recorder: the hooks, from the import of JAX to the script's end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import jax

from gradtape.recorders.jax import hooks, private, probes
from gradtape.recorders.jax.asking import TRANSFORMATIONS
from gradtape.recorders.jax.hooks import ESCAPED
from gradtape.recorders.jax.telling import Telling
from gradtape.recorders.patches import Patches

if TYPE_CHECKING:
    from gradtape.recorders.frameworks import Options
    from gradtape.recorders.heard import Heard


class Session:
    """The hooks of a run, and what they report to."""

    def __init__(self, heard: Heard, options: Options) -> None:
        self.heard = heard
        self.telling = Telling(heard, options)
        self.patches = Patches()

    def start(self) -> None:
        """Install every hook, as far as this version of JAX lets them see."""
        for file in Path(__file__).parent.glob("*.py"):
            private.leave_out_of_tracebacks(str(file))
        hooks.install(self.patches)
        missing, enough = probes.unseen()
        if not enough:
            self.patches.undo()
            self.heard.remark(f"JAX {jax.__version__} cannot be recorded: it does not show {', '.join(missing)}")
            return
        for what in missing:
            self.heard.remark(f"JAX {jax.__version__} does not show {what}: reasons there may be missing")
        ESCAPED.append(self.telling.escaped)
        untried = probes.untried_version()
        if untried:
            self.heard.remark(f"the recorder was never tried with JAX {untried}")
        for name, wrap in TRANSFORMATIONS.items():
            self.patches.set(jax, name, wrap(name, self.telling, getattr(jax, name)))

    def finish(self, error: BaseException | None) -> None:
        """Remove the hooks, then report what is left."""
        self.patches.undo()
        if self.telling.escaped in ESCAPED:
            ESCAPED.remove(self.telling.escaped)
        self.telling.finish(error)
