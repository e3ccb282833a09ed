"""Traced values that outlived their function: which they are, where they were made, where they were kept."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.diagnostics import Passage, Site
from gradtape.recorders import keeping
from gradtape.recorders.jax import private
from gradtape.recorders.jax.hooks import STATE
from gradtape.recorders.jax.places import Place, among

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics import Span
    from gradtape.recorders.jax.asking import Asked

MOST = 100
"""How many values that outlived their functions are remembered, the newest."""


class Leak(NamedTuple):
    """A traced value that is still alive: where it was made, and for whose gradient."""

    value: Any
    made: Place
    asked: Asked | None
    name: str = ""
    """What the function calls it, if it is an argument of its."""


class Leaks:
    """The traced values of a run that outlived their functions."""

    def __init__(self) -> None:
        self._found: list[Leak] = []
        self._told: set[Span] = set()

    def collect(self, asked: Asked) -> None:
        """Remember the values of a function that has returned which somebody still holds."""
        recording = asked.recording
        if recording is None:
            return
        arguments = {source.number: source.name for source in asked.sources}
        for value, number in recording.alive():
            if not isinstance(value, private.Tracer):
                continue
            place = recording.made_at(number)
            if place is not None:
                self._found.append(Leak(weakref.ref(value), place, asked))
            elif number in arguments and hasattr(asked.function, "__code__"):
                start = Place(Site(asked.function.__code__, 0), (asked.place.site, *asked.place.callers))
                self._found.append(Leak(weakref.ref(value), start, asked, arguments[number].partition("[")[0]))
        del self._found[:-MOST]

    def refused(self) -> Leak | None:
        """Return what is known about the value that was refused last, if it outlived its function."""
        value = STATE.refused() if STATE.refused is not None else None
        if value is None:
            return None
        known: Leak | None = next((leak for leak in reversed(self._found) if leak.value() is value), None)
        if known is not None:
            return known
        made = among(private.frames(private.origin(value)))
        return None if made is None else Leak(weakref.ref(value), made, None)

    def kept_in_silence(self) -> Iterator[tuple[Span, str]]:
        """Yield the statements that keep a value which nobody has used yet, with the function's name."""
        for leak in self._found:
            if leak.value() is not None and leak.asked is not None:
                kept = self._kept(leak)
                if kept is not None and kept not in self._told:
                    yield kept, getattr(leak.asked.function, "__name__", "the function")

    def kept_at(self, leak: Leak) -> Passage:
        """Return the statement that kept a value, or else where it was made."""
        kept = self._kept(leak) or leak.made.site.span
        self._told.add(kept)
        return Passage(kept)

    def _kept(self, leak: Leak) -> Span | None:
        """Return the statement that kept a value, read from the functions that were running when it was made."""
        places = [site.span for site in (leak.made.site, *leak.made.callers)]
        return keeping.kept_at(leak.value(), places, leak.name)
