"""What is remembered of a run: records of operations, events around them, and the list of open recordings.

A record holds ids, never arrays or frames; the arrays that a rule needs stand beside it, in `Recording.saved`, so that
a tape can drop them and keep the story. Ids, records and events share one counter: their order is the order of the run.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from itertools import count
from operator import is_
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape import _config
from gradtape.arrays.core import CORE
from gradtape.diagnostics import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import CodeType, FrameType

    from gradtape.ops import Op

IDS = count(1)
next_id = IDS.__next__
"""Ids of tensors, and the clock of a run. 0 stands for a value that is no tensor."""


class Record(NamedTuple):
    """One operation that ran.

    `shapes` are the inputs' shapes where broadcasting made them differ from the output's, else None.
    """

    op: Op
    inputs: tuple[int, ...]
    output: int
    params: dict[str, Any]
    shapes: tuple[tuple[int, ...], ...] | None
    code: CodeType
    lasti: int

    @property
    def site(self) -> Site:
        """Where the user's code called it."""
        return Site(self.code, self.lasti)


Written = tuple["Op", tuple[int, ...], int, dict[str, Any], tuple[tuple[int, ...], ...] | None, "CodeType", int]
"""A record as the hot path writes it: a plain tuple of a `Record`'s fields, which is cheaper to make."""


class EventKind(StrEnum):
    """What can happen to a value besides an operation."""

    WATCH = "watch"
    CREATE = "create"
    COPY = "copy"
    LEFT_AS_ARRAY = "left as array"
    LEFT_AS_NUMBER = "left as number"
    BRANCH = "branch"
    ASSIGN = "assign"
    WRITE = "write"
    ENTER = "enter"
    EXIT = "exit"
    PAUSE = "pause"
    RESUME = "resume"
    RESET = "reset"
    GRADIENT = "gradient"
    NO_ANSWER = "no answer"


make = tuple.__new__
"""Makes a named tuple from a tuple, in a third of the time of its class."""


class Event(NamedTuple):
    """Something that happened to the value with that id (0: to the tape); `detail` belongs to the kind.

    LEFT_AS_NUMBER carries the number, LEFT_AS_ARRAY "index" where a tensor stood in the brackets of another, or the
    names of the library's functions that converted it, ASSIGN the id of the assigned value, WRITE the id that the
    tensor had before, CREATE and COPY the id of the value it was made from, GRADIENT the ids of its targets, none if
    the sweep was recorded, NO_ANSWER the position of the argument for which a user's own derivative returned None.
    `callers` are the user's frames around the site, nearest first, for values that leave, variables that are made and
    gradients.
    """

    seq: int
    kind: EventKind
    value: int
    site: Site
    detail: Any = None
    callers: tuple[Site, ...] = ()


class Recording:
    """What one open tape collects. `GradientTape` gives it its public face.

    `since` says when each variable was watched: what was read of it before is not on the tape. `late` repeats it for
    variables that may have been read while the tape was recording already.

    `odd` is set where a gradient came out zero or not finite; then `evidence` keeps what the rules needed, so that the
    reason can be found after the tape was used up.

    `opened` tells which of two recordings is the outer one. `settle` is set by an open accumulator, which has tangents
    to compute before any outer recording stops or goes on.
    """

    __slots__ = (
        "_looked_at",
        "_seen",
        "auto_watch",
        "events",
        "evidence",
        "handed_over",
        "known",
        "late",
        "odd",
        "opened",
        "roots",
        "saved",
        "settle",
        "since",
        "variables",
        "written",
    )

    def __init__(self, *, auto_watch: bool) -> None:
        self.auto_watch = auto_watch
        self.forget()

    def forget(self) -> None:
        """Start anew, in place: a task that has this recording open goes on writing here."""
        self.written: list[Written] = []
        self.saved: list[tuple[Any, ...] | None] = []
        self.known: set[int] = set()
        self.roots: set[int] = set()
        self.variables: dict[int, Any] = {}
        self.since: dict[int, int] = {}
        self.late: dict[int, int] = {}
        self.events: list[Event] = []
        self.handed_over = 0
        self.odd = False
        self.evidence: list[tuple[Any, ...] | None] | None = None
        self.opened = next_id()
        self.settle: Callable[[], None] | None = None
        self._seen: set[int] = set()
        self._looked_at = 0

    def saw(self, output: int) -> bool:
        """Whether this recording was open where an operation ran, followed or not."""
        new = self.written[self._looked_at :]
        self._seen.update(written[2] for written in new)
        self._looked_at += len(new)
        return output in self._seen

    @property
    def records(self) -> list[Record]:
        """What was written, for those who read."""
        return [Record._make(written) for written in self.written]

    def hand_over(self) -> None:
        """Give the thread's ambient memory what was written since the last time: at the latest when the tape closes."""
        ambient = STATE.ambient.written
        newest = len(self.written) - (ambient.maxlen or 0)  # it would forget what is older at once
        ambient.extend(self.written[max(self.handed_over, newest) :])
        self.handed_over = len(self.written)


def settle_all() -> None:
    """Let open accumulators compute what they owe: called before any recording stops or goes on."""
    for recording in OPEN.get():
        if recording.settle is not None:
            recording.settle()


class Ambient:
    """The newest operations and events of a thread, inside and outside tapes.

    Operations that no tape follows also keep what their rules need, up to `config(ambient_bytes=...)`, so that
    `gradients` works on them.
    """

    __slots__ = ("bytes", "callers", "events", "saved", "written")

    def __init__(self) -> None:
        self.written: deque[Written] = deque(maxlen=_config.settings.ambient_records)
        self.events: deque[Event] = deque(maxlen=_config.settings.ambient_records)
        self.callers: deque[tuple[int, tuple[Site, ...]]] = deque(maxlen=_config.settings.ambient_records)
        self.saved: deque[tuple[int, tuple[Any, ...], int]] = deque()
        self.bytes = 0

    def save(self, output: int, residuals: tuple[Any, ...]) -> None:
        """Keep residuals for as long as they are among the newest and fit."""
        size = 0
        for residual in residuals:
            if type(residual) is np.ndarray:
                size += residual.nbytes
            elif type(residual) in {list, tuple}:  # a variadic operation's arguments, or several results
                size += sum(getattr(value, "nbytes", 0) for value in residual)
        saved = self.saved
        saved.append((output, residuals, size))
        self.bytes += size
        limits = _config.settings
        while self.bytes > limits.ambient_bytes or len(saved) > limits.ambient_records:
            self.bytes -= saved.popleft()[2]

    @property
    def records(self) -> list[Record]:
        """What was written, for those who read."""
        return [Record._make(written) for written in self.written]

    @property
    def horizon(self) -> int:
        """The oldest moment that is remembered whole, 0 while no operation and no event was forgotten."""
        operations = self.written[0][2] if len(self.written) == self.written.maxlen else 0
        events = self.events[0].seq if len(self.events) == self.events.maxlen else 0
        return max(operations, events)


OPEN: ContextVar[tuple[Recording, ...]] = ContextVar("gradtape open recordings", default=())
"""What `STATE.recordings` reads and sets."""

open_recordings = OPEN.get
"""What is being recorded here and now: the hot path's way to `STATE.recordings`."""


THREADS: deque[tuple[deque[Part], deque[Noted]]] = deque(maxlen=8)
"""What the threads that began last remember, also after their end: a tape does not follow into them, an explanation
does. They hold no arrays."""


class ThreadState(threading.local):
    """The open recordings, this thread's ambient memory, and the forward site of a rule that is being recorded.

    Open recordings belong to the context: a thread starts without any, a task of asyncio with those that were open
    where it was made, and neither sees what others open (docs/decisions/0014-tapes-belong-to-contexts.md).
    """

    def __init__(self) -> None:
        self.ambient = Ambient()
        THREADS.append((self.ambient.parts, self.ambient.noted))
        self.backward_of: Site | None = None
        self.last_asked = 0

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """The recordings that are open here, outermost first."""
        return OPEN.get()

    @recordings.setter
    def recordings(self, recordings: tuple[Recording, ...]) -> None:
        OPEN.set(recordings)


STATE = ThreadState()


@contextmanager
def unrecorded() -> Iterator[None]:
    """Compute without any tape: what is done here is no part of the derivative."""
    before = STATE.recordings
    STATE.recordings = ()
    try:
        yield
    finally:
        STATE.recordings = before


# text, because `pathlib` would take a tenth of the time that importing the engine does
PACKAGE = __file__.rpartition("arrays")[0]
STDLIB = os.__file__.rpartition("os.py")[0]
INSTALLED = ("site-packages", "dist-packages")
USER_FILES: dict[str, bool] = {}
"""Whether a file holds code of the user, as far as asked."""


def is_user_file(file: str) -> bool:
    """Whether code of that file is the user's own: not ours, not Python's and not an installed package's."""
    known = USER_FILES.get(file)
    if known is None:
        library = file.startswith((PACKAGE, STDLIB))
        known = not (library or file.startswith("<frozen ") or any(folder in file for folder in INSTALLED))
        USER_FILES[file] = known
    return known


def user_frame(frame: FrameType) -> FrameType:
    """Walk outwards to the nearest frame of the user's code; the given one if there is none."""
    here: FrameType | None = frame
    while here is not None:
        file = here.f_code.co_filename
        known = USER_FILES.get(file)  # here too: a question looks at a dozen frames
        if is_user_file(file) if known is None else known:
            return here
        here = here.f_back
    return frame


MAX_CALLERS = 8


class LastCallers:
    """What `user_callers` found last: code objects, their instructions, and the sites made of them."""

    __slots__ = ("found",)
    found: tuple[list[CodeType], list[int], tuple[Site, ...]]


LAST_CALLERS = LastCallers()
LAST_CALLERS.found = ([], [], ())


def user_callers(frame: FrameType) -> tuple[Site, ...]:
    """Return the sites of the user's frames around a frame, nearest first.

    A loop comes by with the same callers each time: it is given the same tuple, which is quicker than to make it anew,
    and less to hold and to free.
    """
    codes: list[CodeType] = []
    lastis: list[int] = []
    here = frame.f_back
    while here is not None:
        code = here.f_code
        file = code.co_filename
        known = USER_FILES.get(file)
        if is_user_file(file) if known is None else known:
            codes.append(code)
            lastis.append(here.f_lasti)
            if len(lastis) == MAX_CALLERS:
                break
        here = here.f_back
    known_codes, known_lastis, callers = LAST_CALLERS.found
    # equal code objects may come from different files
    if lastis != known_lastis or not all(map(is_, codes, known_codes)):
        callers = tuple([make(Site, found) for found in zip(codes, lastis, strict=True)])
        LAST_CALLERS.found = (codes, lastis, callers)
    return callers


LEAVING = frozenset({EventKind.LEFT_AS_ARRAY, EventKind.LEFT_AS_NUMBER})
WITH_CALLERS = LEAVING | {EventKind.CREATE, EventKind.GRADIENT}


def note_event(
    kind: EventKind, value: int, frame: FrameType, detail: Any = None, only: Recording | None = None
) -> Event:
    """Remember an event in the thread's ambient memory and in every open recording, or in one alone."""
    place = frame if USER_FILES.get(frame.f_code.co_filename) else user_frame(frame)
    callers = user_callers(place) if kind in WITH_CALLERS else ()
    event = make(Event, (next_id(), kind, value, make(Site, (place.f_code, place.f_lasti)), detail, callers))
    STATE.ambient.events.append(event)
    for recording in open_recordings() if only is None else (only,):
        recording.events.append(event)
    return event


def note_events(kind: EventKind, values: Iterable[int], frame: FrameType, detail: Any = None) -> list[Event]:
    """Remember that the same happened to several values at one place; see `note_event`."""
    place = user_frame(frame)
    callers = user_callers(place) if kind in WITH_CALLERS else ()
    site = make(Site, (place.f_code, place.f_lasti))
    events = [make(Event, (next_id(), kind, value, site, detail, callers)) for value in values]
    STATE.ambient.events.extend(events)
    for recording in open_recordings():
        recording.events.extend(events)
    return events


if CORE is not None:
    CORE.set_up(
        "events",
        {
            "is_user_file": is_user_file,
            "new_ids": IDS,
            "open_recordings": OPEN,
            "state": STATE,
            "user_files": USER_FILES,
            "with_callers": WITH_CALLERS,
            "Ambient": Ambient,
            "Event": Event,
            "Recording": Recording,
            "Site": Site,
        },
    )
    note_event, note_events = CORE.note_event, CORE.note_events
