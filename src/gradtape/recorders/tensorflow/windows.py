"""When a tape recorded: whether it was open at a moment, and if not, why."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from gradtape.explain.graph import BreakKind

if TYPE_CHECKING:
    from gradtape.recorders.tensorflow.frames import Place
    from gradtape.recorders.tensorflow.memory import Happening, Life

OPENS = frozenset({"enter", "resume", "reset"})
ELSEWHEN = frozenset({BreakKind.BEFORE_TAPE, BreakKind.AFTER_TAPE})
CLOSED = {"pause": BreakKind.GRADIENTS_OFF, "drop": BreakKind.OTHER_TAPE}


class Window:
    """The moments at which one tape recorded; a reset forgets those before it."""

    def __init__(self, life: Life | None) -> None:
        self.life = life
        changes = [(seq, what) for seq, what, _ in life.changes] if life is not None else []
        resets = [seq for seq, what in changes if what == "reset"]
        self.since = resets[-1] if resets else 0
        self._times = [seq for seq, _ in changes]
        self._words = [what for _, what in changes]
        self._places = [places for _, _, places in life.changes] if life is not None else []
        self.auto_watch = life is not None and life.auto_watch
        self._watches = {h.seq for h in life.watches} if life is not None else set()

    def open_at(self, seq: int, thread: int = 0) -> bool:
        """Whether the tape recorded a thread at a moment, and still has what it recorded then."""
        return self.outside(seq, thread) is None and self.life is not None

    def watches(self, happening: Happening) -> bool:
        """Whether it was this tape that was told to watch something, and it has not forgotten it."""
        return happening.seq in self._watches and happening.seq > self.since

    def paused_at(self, seq: int) -> Place | None:
        """Return where the tape was paused that does not have what happened at a moment."""
        places = self._places[bisect_right(self._times, seq) - 1]
        return places[0] if places else None

    def outside(self, seq: int, thread: int = 0) -> BreakKind | None:
        """Say why the tape does not have what happened at a moment in a thread; None if it has it."""
        place = bisect_right(self._times, seq)
        if not place:
            return BreakKind.BEFORE_TAPE
        word = self._words[place - 1]
        if word in OPENS:
            if seq < self.since:
                return BreakKind.OTHER_TAPE
            return BreakKind.OTHER_THREAD if self.life is not None and thread not in (0, self.life.thread) else None
        return CLOSED.get(word, BreakKind.AFTER_TAPE)
