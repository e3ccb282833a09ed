"""All recorders at once: our own tape's, and those of the frameworks that are imported, or will be."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from gradtape.recorders.frameworks import Arrivals, Options
from gradtape.recorders.heard import Heard
from gradtape.recorders.listening import Listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from gradtape.explain.report import GradientReport


_HERE: list[Hearing] = []
"""Who hears at this moment. The recorders of frameworks write to one `Heard` at a time."""


class Hearing:
    """Hears every gradient question that is asked in a `with` block, of whatever tape.

    Parameters
    ----------
    options : Options, optional
        How to record.
    heard : Heard, optional
        Where to write what is found.
    quiet : bool
        Keep the warnings about missing gradients silent: the reports tell more. Otherwise nothing changes for who runs.
    """

    def __init__(self, options: Options | None = None, heard: Heard | None = None, *, quiet: bool = True) -> None:
        self.heard = Heard() if heard is None else heard
        self._arrivals = Arrivals(self.heard, options or Options())
        self._listening = Listening(self.heard, quiet=quiet)

    def __enter__(self) -> Self:
        _HERE.append(self)
        self._listening.__enter__()
        self._arrivals.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _HERE.remove(self)
        self._arrivals.__exit__(kind, error, traceback)
        self._listening.__exit__(kind, error, traceback)

    @property
    def frameworks(self) -> tuple[str, ...]:
        """The frameworks whose recorders were started, in order."""
        return tuple(self._arrivals.arrived)

    @property
    def reports(self) -> tuple[GradientReport, ...]:
        """What was found, in the order of the run, each kind of answer once."""
        return self.heard.reports

    def go_on(self, error: BaseException | None = None) -> None:
        """Let the recorders of frameworks report what they have kept for the end, and begin anew."""
        self._arrivals.finish(error)
        self._arrivals.start()

    def finish(self, error: BaseException | None = None) -> None:
        """Let the recorders report what only the end of a run tells, the error it ended with included."""
        self._arrivals.finish(error)


@contextmanager
def heard_apart() -> Iterator[Heard]:
    """Hear what is asked in a `with` block by itself, whoever hears it too; when it ends, the reports are there."""
    own = Heard()
    if _HERE:
        outer = _HERE[-1]
        with outer.heard.apart(own):
            try:
                yield own
            finally:
                outer.go_on(sys.exc_info()[1])
        return
    with Hearing(heard=own) as hearing:
        try:
            yield own
        finally:
            hearing.finish(sys.exc_info()[1])
