"""One recorded run: which hooks are in place, and what becomes of them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from gradtape.recorders.patches import Patches
from gradtape.recorders.tensorflow import callbacks, leaving, private, variables
from gradtape.recorders.tensorflow.asking import Asking
from gradtape.recorders.tensorflow.backward import Backward
from gradtape.recorders.tensorflow.failures import Refused
from gradtape.recorders.tensorflow.functions import Functions
from gradtape.recorders.tensorflow.hooks import Operations
from gradtape.recorders.tensorflow.keras_models import Keras
from gradtape.recorders.tensorflow.memory import Memory
from gradtape.recorders.tensorflow.probes import Trials
from gradtape.recorders.tensorflow.replays import Replays
from gradtape.recorders.tensorflow.tapes import Tapes
from gradtape.recorders.tensorflow.tiny import Hooks

if TYPE_CHECKING:
    from gradtape.explain.cause import Stage
    from gradtape.recorders.frameworks import Options
    from gradtape.recorders.heard import Heard
    from gradtape.recorders.tensorflow.private import Names


EAGER_DATA = "Even though the `tf.config.experimental_run_functions_eagerly`"
"""How TensorFlow's warning starts that data sets stay traced."""


class Session:
    """The recorder of one run."""

    def __init__(self, heard: Heard, options: Options) -> None:
        self.heard = heard
        self.options = options
        self.patches = Patches()
        self.memory = Memory()
        self.operations: Operations | None = None
        self.backward: Backward | None = None
        self.keras: Keras | None = None
        self.functions: Functions | None = None
        self.refused: Refused | None = None

    def start(self) -> None:
        """Install the hooks; a TensorFlow without one of the names is said so, and runs unrecorded."""
        try:
            self._install(private.load())
        except (ImportError, AttributeError) as error:
            self.remove()
            self.heard.remark(
                f"this TensorFlow cannot be recorded ({error}): `gradtape why --stand-in SCRIPT` runs it on gradtape.tf"
            )

    def _install(self, names: Names) -> None:
        memory, patches = self.memory, self.patches
        if self.heard.to_draw:
            memory.summaries = {}
        self.operations = Operations(memory, names)
        self.operations.install(patches)
        self.backward = Backward(memory, names)
        self.backward.install(patches)
        self.keras = Keras(memory, patches)
        self.keras.install()
        asking = Asking(memory, names, self.heard, self.backward, self.keras, all_steps=self.options.all_steps)
        asking.on_failing = self.stop
        self.keras.applying, self.keras.refusing = asking.applied, asking.refused
        replays = Replays(memory, names)
        self.refused = Refused(self.heard)
        self.functions = Functions(memory, names, self.heard, replays, self.options.functions)
        self.functions.refused = self.refused.tracing
        hooks = Hooks(memory, names, self.backward, asking, self.keras, self.functions)
        trials = Trials(hooks, lambda text, stages: self._unseen(asking, names, text, stages))
        self.functions.before_traced, self.functions.before_replay = trials.before_traced, trials.before_replay
        Tapes(memory, names, asking, trials.before_tape, self.operations.listen_once).install(patches)
        variables.install(memory, names, patches, self.keras)
        leaving.install(memory, names, patches)
        callbacks.install(memory, names, patches, self.operations, replays.called_back)
        replays.install(patches)
        self.functions.install(patches)
        if self.options.functions != "graph":
            warnings.filterwarnings("ignore", message=EAGER_DATA)

    def _unseen(self, asking: Asking, names: Names, missing: str, withheld: frozenset[Stage]) -> None:
        """Say what is not seen in this version, and let no answer depend on it."""
        text = f"TensorFlow {names.tf.__version__}: {missing}"
        self.heard.remark(text)
        for stage in withheld:
            asking.unseen[stage] = (*asking.unseen.get(stage, ()), text)

    def stop(self) -> None:
        """Record no more: the first gradient that fails was told, and its like came again."""
        self.memory.stopped = True
        self.memory.hidden += 1
        self.remove()

    def remove(self) -> None:
        """Take the hooks away."""
        if self.operations is not None:
            self.operations.stop()
            self.operations = None
        if self.backward is not None:
            self.backward.uninstall()
            self.backward = None
        if self.keras is not None:
            self.keras.uninstall()
            self.keras = None
        if self.functions is not None:
            self.functions.uninstall()
            self.functions = None
        self.patches.undo()

    def finish(self, error: BaseException | None) -> None:
        """End the run."""
        self.remove()
        if isinstance(error, Exception) and self.refused is not None:
            self.refused.ended(error)
