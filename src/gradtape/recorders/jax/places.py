"""The user's lines: which frames are theirs, now and in the tracebacks that JAX keeps with its equations."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import jax

from gradtape.arrays.frames import MAX_CALLERS, is_user_file
from gradtape.diagnostics import Site

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType, FrameType, TracebackType


JAX = str(Path(jax.__file__).parent)
"""Where JAX is installed."""


class Place(NamedTuple):
    """Where something happened: the nearest expression of the user's, and the user's calls around it."""

    site: Site
    callers: tuple[Site, ...] = ()


@lru_cache(maxsize=65_536)
def is_users(code: CodeType) -> bool:
    """Whether code belongs to the program: not to a library, compiled or not, nor to what a dataclass writes."""
    return is_user_file(code.co_filename) and code.co_filename != "<string>" and not code.co_filename.endswith(".pyx")


def here() -> Place | None:
    """Return where the user's program is now."""
    return among(_running(sys._getframe(1)))


def asked_by_jax(frame: FrameType) -> bool:
    """Whether a call comes out of JAX's own functions, such as the derivative of its solver of equations."""
    return frame.f_code.co_filename.startswith(JAX)


def among(frames: Iterable[tuple[CodeType, int]]) -> Place | None:
    """Return the user's place among frames, innermost first; None where all of them are a library's."""
    found: list[Site] = []
    for code, lasti in frames:
        if is_users(code):
            found.append(Site(code, lasti))
            if len(found) > MAX_CALLERS:
                break
    return Place(found[0], tuple(found[1:])) if found else None


def raised_at(error: BaseException) -> Place | None:
    """Return the user's expression in which an error came up."""
    return among(reversed(list(_raised_through(error.__traceback__))))


def _running(frame: FrameType | None) -> Iterator[tuple[CodeType, int]]:
    while frame is not None:
        yield frame.f_code, frame.f_lasti
        frame = frame.f_back


def _raised_through(entry: TracebackType | None) -> Iterator[tuple[CodeType, int]]:
    while entry is not None:
        yield entry.tb_frame.f_code, entry.tb_lasti
        entry = entry.tb_next
