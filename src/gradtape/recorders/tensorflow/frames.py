"""Where the user's program is: its frames, without those of TensorFlow, Keras and other installed packages."""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType
from typing import TYPE_CHECKING

from gradtape.arrays.record import is_user_file
from gradtape.diagnostics import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

Place = tuple["CodeType", int]
"""A running instruction, as the hot path writes it; `Site` for those who read."""

MOST = 9
_IS_USERS: dict[int, tuple[bool, CodeType]] = {}
"""By the code object's address, which the second element keeps alive."""


def is_users(code: CodeType) -> bool:
    """Whether code is the user's own."""
    known = _IS_USERS.get(id(code))
    if known is None:
        known = _IS_USERS[id(code)] = (is_user_file(code.co_filename), code)
    return known[0]


def stack(frame: FrameType | None) -> tuple[Place, ...]:
    """Return the user's frames from a frame outwards, nearest first."""
    found: list[Place] = []
    known = _IS_USERS.get
    while frame is not None:
        code = frame.f_code
        users = known(id(code))
        if users[0] if users is not None else is_users(code):
            found.append((code, frame.f_lasti))
            if len(found) == MOST:
                break
        frame = frame.f_back
    return tuple(found)


def user_frame(frame: FrameType | None) -> FrameType | None:
    """Return the nearest of the user's frames."""
    while frame is not None and not is_users(frame.f_code):
        frame = frame.f_back
    return frame


ORIGINS: dict[tuple[str, int], tuple[CodeType, int]] = {}
"""For each line of code that TensorFlow wrote, by file and line: the function that it was made from, and the line."""


def site(place: Place) -> Site:
    """Return a place as a site; one in code that TensorFlow wrote as the statement that it was made from."""
    code, lasti = place
    if ORIGINS and GENERATED in code.co_filename:
        return _original(code, lasti)
    return Site(code, lasti)


def sites(places: tuple[Place, ...]) -> tuple[Site, ...]:
    """Return places as sites."""
    return tuple(map(site, places))


GENERATED = "__autograph_generated"


@lru_cache(maxsize=4096)
def _original(code: CodeType, lasti: int) -> Site:
    here = Site(code, lasti)
    function, line = ORIGINS.get((code.co_filename, here.span.line), (code, 0))
    best: tuple[int, Site] = (-1, here)
    for own in _codes(function) if line else ():
        for number, (first, last, start, end) in enumerate(own.co_positions()):
            if first == line and last is not None and start is not None and end is not None:
                size = (last - first) * 1000 + end - start
                name = dis.opname[own.co_code[2 * number]]
                if size > best[0] and not name.startswith(("RETURN", "STORE", "RESUME", "POP")):
                    best = (size, Site(own, 2 * number))
    return best[1]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
