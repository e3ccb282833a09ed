"""All recorders at once: our own tape's, and those of the frameworks that are imported, or will be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from gradtape.recorders.frameworks import Arrivals, Options
from gradtape.recorders.heard import Heard
from gradtape.recorders.listening import Listening

if TYPE_CHECKING:
    from types import TracebackType

    from gradtape.explain.report import GradientReport


class Hearing:
    """Hears every gradient question that is asked in a `with` block, of whatever tape.

    Parameters
    ----------
    options : Options, optional
        How to record.
    to_draw : bool
        Keep the graphs of the reports, for a page or a picture.

    Attributes
    ----------
    heard : Heard
        What was found.
    """

    def __init__(self, options: Options | None = None, *, to_draw: bool = False) -> None:
        self.heard = Heard(to_draw=to_draw)
        self._arrivals = Arrivals(self.heard, options or Options())
        self._listening = Listening(self.heard)

    def __enter__(self) -> Self:
        self._listening.__enter__()
        self._arrivals.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
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

    def finish(self, error: BaseException | None = None) -> None:
        """Let the recorders report what only the end of a run tells, the error it ended with included."""
        self._arrivals.finish(error)
