"""Which code is the user's own, and which of it called an operation: frames are looked at, sites are kept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gradtape.diagnostics import Site

if TYPE_CHECKING:
    from types import FrameType

# text, because `pathlib` would take a tenth of the time that importing the engine does
PACKAGE = __file__.rpartition("arrays")[0]
STDLIB = os.__file__.rpartition("os.py")[0]
INSTALLED = ("site-packages", "dist-packages")


class UserFiles(dict[str, bool]):
    """Whether a file holds code of the user, as far as asked."""

    def __missing__(self, file: str) -> bool:
        library = file.startswith((PACKAGE, STDLIB))
        self[file] = not (library or file.startswith("<frozen ") or any(folder in file for folder in INSTALLED))
        return self[file]


USER_FILES = UserFiles()
is_user_file = USER_FILES.__getitem__
"""Whether code of that file is the user's own: not ours, not Python's and not an installed package's.

The way into the dictionary itself, because a question looks at dozens of frames.
"""


def user_frame(frame: FrameType) -> FrameType:
    """Walk outwards to the nearest frame of the user's code; the given one if there is none."""
    here: FrameType | None = frame
    while here is not None:
        if is_user_file(here.f_code.co_filename):
            return here
        here = here.f_back
    return frame


MAX_CALLERS = 8


class LastCallers:
    """What `user_callers` found last."""

    __slots__ = ("found",)
    found: tuple[Site, ...]


LAST_CALLERS = LastCallers()
LAST_CALLERS.found = ()


def user_callers(frame: FrameType) -> tuple[Site, ...]:
    """Return the sites of the user's frames around a frame, nearest first.

    A loop comes by with the same callers each time: it is given the same tuple, which is quicker than to make it anew,
    and less to hold and to free.
    """
    found = LAST_CALLERS.found
    if not are_callers(found, frame.f_back):
        found = LAST_CALLERS.found = find_callers(frame.f_back)
    return found


def are_callers(sites: tuple[Site, ...], here: FrameType | None) -> bool:
    """Whether these are the sites of the user's frames from one outwards."""
    for code, lasti in sites:
        while True:
            if here is None:
                return False
            # the code itself: equal code objects may come from different files
            if here.f_code is code and here.f_lasti == lasti:
                break
            if is_user_file(here.f_code.co_filename):
                return False
            here = here.f_back
        here = here.f_back
    while here is not None and len(sites) < MAX_CALLERS:
        if is_user_file(here.f_code.co_filename):
            return False
        here = here.f_back
    return True


def find_callers(here: FrameType | None) -> tuple[Site, ...]:
    """Find the sites of the user's frames from one outwards."""
    found: list[Site] = []
    while here is not None and len(found) < MAX_CALLERS:
        if is_user_file(here.f_code.co_filename):
            found.append(Site(here.f_code, here.f_lasti))
        here = here.f_back
    return tuple(found)
