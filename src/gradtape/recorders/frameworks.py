"""Starts the recorder of a framework when a script imports it: nothing is imported that the script does not ask for."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType, TracebackType

    from gradtape.recorders.heard import Heard


class Options(NamedTuple):
    """What the user chose about how to record.

    Parameters
    ----------
    functions : str
        How traced functions run: `auto` as the answer needs it, `eager`, `graph`.
    all_steps : bool
        Go on recording where gradients keep failing; how soon a recorder would stop is its own to decide.
    """

    functions: str = "auto"
    all_steps: bool = False


class Recorder(Protocol):
    """What a package `gradtape.recorders.<framework>` offers: these three functions and nothing else.

    `prepare` runs before the framework is imported (environment variables), `start` right after, `finish` once the
    script has ended, however it ended.
    """

    def prepare(self, options: Options) -> None:
        """Set what must be set before the framework is imported."""

    def start(self, heard: Heard, options: Options) -> None:
        """Probe and install the hooks; reports and remarks go to `heard`."""

    def finish(self, error: BaseException | None) -> None:
        """Remove the hooks, and report what only the end of the run tells, the error it ended with included."""


RECORDERS: dict[str, str] = {
    "jax": "gradtape.recorders.jax",
    "tensorflow": "gradtape.recorders.tensorflow",
    "torch": "gradtape.recorders.torch",
}
"""The package of the recorder by the name of the module whose import starts it."""


class Arrivals(MetaPathFinder):
    """Waits in a `with` block for frameworks to be imported; `arrived` names those that were, in order."""

    def __init__(self, heard: Heard, options: Options | None = None) -> None:
        self.heard = heard
        self.options = Options() if options is None else options
        self.arrived: dict[str, Recorder] = {}
        self._running: list[Recorder] = []
        self._looking = False

    def __enter__(self) -> Self:
        sys.meta_path.insert(0, self)
        for name in RECORDERS:
            if name in sys.modules:
                self._begin(self._recorder(name))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop waiting; recorders that nobody let finish do so now, so that no hook stays behind."""
        sys.meta_path.remove(self)
        self.finish(error)

    def start(self) -> None:
        """Let every recorder that has finished start again."""
        for recorder in self.arrived.values():
            self._begin(recorder)

    def finish(self, error: BaseException | None) -> None:
        """Let every recorder that is running finish."""
        running, self._running = self._running, []
        for recorder in running:
            recorder.finish(error)

    def _begin(self, recorder: Recorder) -> None:
        recorder.start(self.heard, self.options)
        self._running.append(recorder)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Let the others find a framework, and start its recorder when it has been loaded."""
        del path, target
        if self._looking or fullname not in RECORDERS or fullname in self.arrived:
            return None
        self._looking = True
        try:
            spec = find_spec(fullname)
        finally:
            self._looking = False
        if spec is None or spec.loader is None:
            return None
        recorder = self._recorder(fullname)
        recorder.prepare(self.options)
        spec.loader = Announcing(spec.loader, lambda: self._begin(recorder))
        return spec

    def _recorder(self, name: str) -> Recorder:
        recorder = cast("Recorder", import_module(RECORDERS[name]))
        self.arrived[name] = recorder
        return recorder


class Announcing(Loader):
    """A loader that says when it is done."""

    def __init__(self, loader: Loader, done: Callable[[], None]) -> None:
        self._loader = loader
        self._done = done

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Let the loader itself make the module."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Load the module, and say so."""
        spec = module.__spec__
        if spec is not None:  # the module is to look as if nobody had been here
            spec.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._done()
