"""Where the user's program is: its frames, without those of TensorFlow, Keras and other installed packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.arrays.record import is_user_file
from gradtape.diagnostics import Site

if TYPE_CHECKING:
    from types import CodeType, FrameType

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


def sites(places: tuple[Place, ...]) -> tuple[Site, ...]:
    """Return places as sites."""
    return tuple(Site(code, lasti) for code, lasti in places)
