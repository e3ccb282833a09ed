"""What is remembered of a run: records of operations, events around them, and the list of open recordings.

A record holds ids, never arrays or frames; the arrays that a rule needs stand beside it, in `Recording.saved`, so that
a tape can drop them and keep the story. Ids, records and events share one counter: their order is the order of the run.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from itertools import chain, count, takewhile
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from gradtape import _config
from gradtape.arrays.core import CORE
from gradtape.arrays.frames import USER_FILES, is_user_file, user_callers, user_frame
from gradtape.diagnostics import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
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

Part = tuple[tuple[Site, ...], list[Written]]
"""Operations that one place called, outside any tape or all inside one, in order; and who called that place."""


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
    code: CodeType
    lasti: int
    detail: Any = None
    callers: tuple[Site, ...] = ()

    @property
    def site(self) -> Site:
        """Where the user's code made it happen."""
        return Site(self.code, self.lasti)


Noted = tuple[int | tuple[int, ...], EventKind, int | tuple[int, ...], "CodeType", int, Any, tuple[Site, ...]]
"""An event as the hot path writes it: a plain tuple of an `Event`'s fields.

What happened to several values at one place stands in one, with tuples of moments and of values.
"""


def events_of(noted: Iterable[Noted]) -> list[Event]:
    """Give what was noted to those who read."""
    return [Event._make(one) for many in noted for one in ((many,) if type(many[0]) is int else _one_by_one(many))]


def _one_by_one(many: Noted) -> Iterator[Noted]:
    _, kind, _, code, lasti, detail, callers = many
    for moment, value in zip(cast("tuple[int, ...]", many[0]), cast("tuple[int, ...]", many[2]), strict=True):
        yield moment, kind, value, code, lasti, detail, callers


def began(noted: Noted) -> int:
    """Return the moment, or the first of several, at which something happened."""
    moment = noted[0]
    return moment if isinstance(moment, int) else moment[0]


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
        "evidence",
        "handed_over",
        "known",
        "late",
        "noted",
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
        self.noted: list[Noted] = []
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

    @property
    def events(self) -> list[Event]:
        """What was noted, for those who read."""
        return events_of(self.noted)

    def hand_over(self) -> None:
        """Give the thread's ambient memory what was written since the last time: at the latest when the tape closes."""
        written = len(self.written)
        if written > self.handed_over:
            newest = written - _config.settings.ambient_records  # it would forget what is older at once
            STATE.ambient.keep(self.written[max(self.handed_over, newest) :])
            self.handed_over = written


def settle_all() -> None:
    """Let open accumulators compute what they owe: called before any recording stops or goes on."""
    for recording in OPEN.get():
        if recording.settle is not None:
            recording.settle()


class Shelf:
    """Operations in order, in parts with who called them: what is forgotten is forgotten by the part."""

    __slots__ = ("count", "forgot", "newest", "parts")

    def __init__(self) -> None:
        self.parts: deque[Part] = deque()
        self.newest: Part = ((), [])
        self.count = 0
        """How many operations stand in the parts before the newest."""
        self.forgot = False

    def begin(self, callers: tuple[Site, ...], records: list[Written], limit: int) -> list[Written]:
        """Begin a part, forget the oldest beyond a number of operations, and return the records of the new one."""
        parts = self.parts
        self.count += len(self.newest[1])
        self.newest = (callers, records)
        parts.append(self.newest)
        while len(parts) > 1 and self.count + len(records) - (oldest := len(parts[0][1])) >= limit:
            self.count -= oldest
            self.forgot = self.forgot or oldest > 0
            parts.popleft()
        return records

    @property
    def written(self) -> list[Written]:
        """What was written, in order; its thread may go on meanwhile."""
        return [record for _, records in list(self.parts) for record in records]

    def since(self, moment: int) -> Iterator[Written]:
        """Give what was written after a moment, the newest first."""
        newest_first = chain.from_iterable(reversed(records) for _, records in reversed(self.parts))
        return takewhile(lambda record: record[2] > moment, newest_first)

    @property
    def horizon(self) -> int:
        """The oldest moment that is remembered whole, 0 while nothing was forgotten."""
        return next((record[2] for _, records in self.parts for record in records), 0) if self.forgot else 0


SHARE = 4
"""Of operations of closed tapes, and of events, a thread remembers one where it remembers so many outside tapes.

What is remembered has to be freed when the processor has long forgotten it (docs/decisions/0055).
"""


class Ambient:
    """The newest operations and events of a thread, inside and outside tapes.

    Operations that no tape follows also keep what their rules need, up to `config(ambient_bytes=...)`, so that
    `gradients` works on them.

    Operations outside tapes stand in parts of equal callers: one that is remembered costs one entry of a list. A tape
    that closes hands over one part. So a few more are remembered than `config(ambient_records=...)` says.
    """

    __slots__ = ("bytes", "noted", "outside", "saved", "shelves", "size", "tapes")

    def __init__(self) -> None:
        self.shelves = self.outside, self.tapes = Shelf(), Shelf()
        self.size = 0
        """How many operations that ran outside any tape a part takes."""
        self.noted: deque[Noted] = deque()
        self.take_limits()
        self.saved: deque[tuple[int, tuple[Any, ...], int]] = deque()
        self.bytes = 0

    def take_limits(self) -> None:
        """Remember as many events as the settings say now; operations follow them with the next part."""
        limit = -(-_config.settings.ambient_records // SHARE)
        if limit != self.noted.maxlen:
            self.noted = deque(self.noted, maxlen=limit)

    def keep(self, records: list[Written]) -> None:
        """Keep the operations of a tape that closes."""
        self.tapes.begin((), records, _config.settings.ambient_records // SHARE)

    def remember(self, record: Written, callers: tuple[Site, ...]) -> None:
        """Keep an operation that ran outside any tape, and the calls around it: a message may ask to move one."""
        of, records = self.outside.newest
        if of is not callers or len(records) >= self.size:
            limit = _config.settings.ambient_records
            self.size = limit // 32 or 1
            records = self.outside.begin(callers, [], limit)
        records.append(record)

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
    def written(self) -> list[Written]:
        """What was written, in order."""
        return sorted(self.outside.written + self.tapes.written, key=lambda record: record[2])

    @property
    def records(self) -> list[Record]:
        """What was written, for those who read."""
        return [Record._make(written) for written in self.written]

    @property
    def callers(self) -> dict[int, tuple[Site, ...]]:
        """Who called what ran outside any tape, by the ids of the results."""
        return {record[2]: callers for callers, records in self.outside.parts if callers for record in records}

    @property
    def events(self) -> list[Event]:
        """What was noted, for those who read."""
        return events_of(self.noted)

    @property
    def horizon(self) -> int:
        """The oldest moment that is remembered whole, 0 while no operation and no event was forgotten."""
        full = self.noted and len(self.noted) == self.noted.maxlen
        events = began(self.noted[0]) if full else 0
        return max(self.outside.horizon, self.tapes.horizon, events)


OPEN: ContextVar[tuple[Recording, ...]] = ContextVar("gradtape open recordings", default=())
"""What `STATE.recordings` reads and sets."""

open_recordings = OPEN.get
"""What is being recorded here and now: the hot path's way to `STATE.recordings`."""


THREADS: deque[tuple[Shelf, ...]] = deque(maxlen=8)
"""The operations of the threads that began last, also after their end: no tape follows into them, an explanation does.

They hold no arrays.
"""


class ThreadState(threading.local):
    """The open recordings, this thread's ambient memory, and the forward site of a rule that is being recorded.

    Open recordings belong to the context: a thread starts without any, a task of asyncio with those that were open
    where it was made, and neither sees what others open (docs/decisions/0014-tapes-belong-to-contexts.md).
    """

    def __init__(self) -> None:
        self.ambient = Ambient()
        THREADS.append(self.ambient.shelves)
        self.backward_of: Site | None = None
        self.last_asked = 0

    def take_limits(self) -> None:
        """Let changed settings hold for this thread."""
        self.ambient.take_limits()

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """The recordings that are open here, outermost first."""
        return OPEN.get()

    @recordings.setter
    def recordings(self, recordings: tuple[Recording, ...]) -> None:
        OPEN.set(recordings)


STATE = ThreadState()
_config.FOLLOWERS.append(STATE.take_limits)


@contextmanager
def unrecorded() -> Iterator[None]:
    """Compute without any tape: what is done here is no part of the derivative."""
    before = STATE.recordings
    STATE.recordings = ()
    try:
        yield
    finally:
        STATE.recordings = before


LEAVING = frozenset({EventKind.LEFT_AS_ARRAY, EventKind.LEFT_AS_NUMBER})
WITH_CALLERS = LEAVING | {EventKind.CREATE, EventKind.GRADIENT}


def note_event(
    kind: EventKind, value: int, frame: FrameType, detail: Any = None, only: Recording | None = None
) -> None:
    """Remember an event in the thread's ambient memory and in every open recording, or in one alone."""
    place = user_frame(frame)
    callers = user_callers(place) if kind in WITH_CALLERS else ()
    noted = (next_id(), kind, value, place.f_code, place.f_lasti, detail, callers)
    STATE.ambient.noted.append(noted)
    for recording in open_recordings() if only is None else (only,):
        recording.noted.append(noted)


def note_events(kind: EventKind, values: Sequence[int], frame: FrameType, detail: Any = None) -> None:
    """Remember that the same happened to several values at one place; see `note_event`."""
    place = user_frame(frame)
    callers = user_callers(place) if kind in WITH_CALLERS else ()
    moments = tuple([next_id() for _ in values])
    noted = (moments, kind, tuple(values), place.f_code, place.f_lasti, detail, callers)
    STATE.ambient.noted.append(noted)
    for recording in open_recordings():
        recording.noted.append(noted)


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
            "Recording": Recording,
            "Site": Site,
        },
    )
    note_event, note_events = CORE.note_event, CORE.note_events
