"""Standard output: the program's, which is its own affair, and a stream to the same place that nobody takes from us."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO


def flush() -> None:
    """Write out what was printed; what a program closed, or put in the place of a stream, is its own affair."""
    for name in ("stdout", "stderr", "__stdout__"):
        stream = getattr(sys, name, None)
        try:
            stream.flush()  # type: ignore[union-attr]
        except BrokenPipeError:  # the reader, such as `head`, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[union-attr]
        except (ValueError, AttributeError, OSError):
            pass


class _Pipe(io.FileIO):
    """A file of which nobody may be left to read."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return len(data)


def own_output() -> TextIO:
    """Return a stream to standard output that stays when a program closes or replaces its own."""
    try:
        pipe = _Pipe(os.dup(sys.stdout.fileno()), "w")
    except (OSError, ValueError, AttributeError):
        return sys.stdout
    return io.TextIOWrapper(io.BufferedWriter(pipe), sys.stdout.encoding, "backslashreplace")
