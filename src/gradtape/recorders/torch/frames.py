"""Whose code is running: the user's frames around a call, as places that cost little and keep no frame alive."""

from __future__ import annotations

import site
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from gradtape.diagnostics import Site

if TYPE_CHECKING:
    from types import CodeType, FrameType

Frames = tuple[tuple["CodeType", int], ...]
"""The user's frames, nearest first: the code and the instruction of each."""

MOST = 12
"""How many frames around a call are kept."""

NOWHERE: Frames = (((lambda: None).__code__, 0),)

_OURS = str(Path(__file__).parents[2])


def _libraries() -> tuple[str, ...]:
    """Return the folders that hold no code of the user's: Python's own, and what is installed."""
    paths = sysconfig.get_paths()
    found = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    found.update(site.getsitepackages())
    return (_OURS, *(str(Path(path)) for path in found))


_LIBRARIES = _libraries()
_FOREIGN: dict[str, bool] = {}


def is_foreign(file: str) -> bool:
    """Whether a file is not the user's: a library's, Python's, or ours."""
    answer = _FOREIGN.get(file)
    if answer is None:
        own = file.startswith(_SCRIPTS) if _SCRIPTS else False
        answer = _FOREIGN[file] = not own and (file.startswith(("<frozen", "<string>", *_LIBRARIES)))
    return answer


_SCRIPTS: tuple[str, ...] = ()


def at_home(main: str) -> None:
    """Take the folder of the running script for the user's, wherever it lies."""
    global _SCRIPTS  # noqa: PLW0603  one script runs at a time
    _SCRIPTS = (str(Path(main).parent),) if main else ()
    if any(folder.startswith(_SCRIPTS) for folder in _LIBRARIES):
        _SCRIPTS = (main,)
    _FOREIGN.clear()


def user_frames(frame: FrameType | None) -> Frames:
    """Return the user's frames from one outwards; the nearest frame of all where none is the user's."""
    first = frame
    found = []
    foreign = _FOREIGN
    while frame is not None:
        code = frame.f_code
        skip = foreign.get(code.co_filename)
        if skip is None:
            skip = is_foreign(code.co_filename)
        if not skip:
            found.append((code, frame.f_lasti))
            if code.co_name == "<module>" or len(found) == MOST:
                break
        frame = frame.f_back
    if found:
        return tuple(found)
    return ((first.f_code, first.f_lasti),) if first is not None else NOWHERE


def user_frames_of(error: BaseException) -> tuple[Frames, FrameType | None]:
    """Return the user's frames that an error came through, where it was raised first, and the frame of that."""
    found: list[tuple[CodeType, int]] = []
    frame = None
    entry = error.__traceback__
    while entry is not None:
        if not is_foreign(entry.tb_frame.f_code.co_filename):
            found.append((entry.tb_frame.f_code, entry.tb_lasti))
            frame = entry.tb_frame
        entry = entry.tb_next
    return tuple(reversed(found)) or NOWHERE, frame


def is_direct(frame: FrameType | None) -> bool:
    """Whether a frame is the user's own, so that no library stands between the user and the call."""
    return frame is not None and not is_foreign(frame.f_code.co_filename)


def caller() -> FrameType:
    """Return the frame that called the function which asks."""
    return sys._getframe(2)


def sites(frames: Frames) -> tuple[Site, ...]:
    """Return frames as places."""
    return tuple(Site(code, lasti) for code, lasti in frames)
