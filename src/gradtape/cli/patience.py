"""Says on the terminal that looking for reasons takes its time, once it does."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager, suppress
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 2.0
TEXT = "gradtape: looking for the reasons takes a moment; the script goes on after it"


class Patience:
    """Counts the time that explanations take together; a context manager for each of them comes from `wait`."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._left = seconds
        self._said = False

    @contextmanager
    def wait(self) -> Iterator[None]:
        """Work on an explanation; if that takes longer than the patience lasts, it is said, once, on a terminal."""
        if self._said or not _is_terminal():
            yield
            return
        began = time.perf_counter()
        timer = Timer(self._left, self._say)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self._left = max(self._left - (time.perf_counter() - began), 0.0)

    def _say(self) -> None:
        self._said = True
        with suppress(OSError, ValueError):
            print(TEXT, file=sys.__stderr__, flush=True)


def _is_terminal() -> bool:
    try:
        return sys.__stderr__ is not None and sys.__stderr__.isatty()
    except ValueError:  # closed
        return False
