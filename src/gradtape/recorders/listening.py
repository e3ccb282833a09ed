"""Hears every gradient question that is asked of our own tape, and has each kind of answer explained once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gradtape import _config
from gradtape.recorders.heard import Heard, failed_to_explain
from gradtape.tape import missing
from gradtape.tape.asked import story

if TYPE_CHECKING:
    from types import TracebackType

    from gradtape.explain.report import GradientReport
    from gradtape.tape.asked import Asked


MORE = 10
"""How many times more is remembered of a run that is only made to be explained."""


class Listening:
    """Collects what was asked in a `with` block.

    Parameters
    ----------
    heard : Heard, optional
        Where to write the reports, if recorders of frameworks write there too.
    quiet : bool
        Whether the warnings are silent meanwhile, because the reports tell more. Then the run is made for the sake of
        the reports, and more of it is remembered.
    """

    def __init__(self, heard: Heard | None = None, *, quiet: bool = True) -> None:
        self.heard = Heard() if heard is None else heard
        self._listeners = missing.LISTENERS if quiet else missing.OBSERVERS
        self._remembered = 0
        self._more = MORE if quiet else 1

    def __enter__(self) -> Self:
        self._listeners.append(self.hear)
        self._remembered = _config.settings.ambient_records
        self._remember(self._more * self._remembered)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listeners.remove(self.hear)
        if _config.settings.ambient_records == self._more * self._remembered:  # the program set no other number
            self._remember(self._remembered)

    def _remember(self, records: int) -> None:
        """Remember so many operations and events from here on; all other settings are the program's own."""
        _config.config(ambient_records=records)

    @property
    def reports(self) -> tuple[GradientReport, ...]:
        """What was found, in the order of the run, each kind of answer once."""
        return self.heard.reports

    def hear(self, asked: Asked) -> None:
        """Count a question, and explain it if its like was not heard before."""
        code = asked.site.code
        call = (asked.kind, code.co_filename, code.co_firstlineno, asked.site.lasti, answer(asked))
        self.heard.hear(call, story(asked), lambda: explained(asked, to_draw=self.heard.to_draw))


def answer(asked: Asked) -> tuple[str, ...]:
    """Return what came out per source, roughly: as far as it can be seen without looking for reasons."""
    if asked.results is None:
        return ("",) * len(asked.sources)
    return tuple(_sort_of(getattr(result, "_value", result)) for result in asked.results)


def _sort_of(gradient: Any) -> str:
    if gradient is None:
        return "none"
    total = np.abs(gradient).sum()
    return "nan" if not np.isfinite(total) else "ok" if total else "zero"


def explained(asked: Asked, *, to_draw: bool = False) -> tuple[GradientReport, ...]:
    """Return the reasons; if working them out fails, say that, and let the script go on."""
    try:
        return missing.explain_asked(asked, to_draw=to_draw).gradients
    except Exception as error:  # noqa: BLE001  a mistake of ours must not end somebody's training
        sorts = answer(asked)
        answers = [(f"sources{s.path}", sort or "error") for s, sort in zip(asked.sources, sorts, strict=True)]
        return failed_to_explain(error, asked.kind, asked.site, answers)
