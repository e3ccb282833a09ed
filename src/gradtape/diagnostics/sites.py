"""Places of a run: captured as `(code, instruction)`, resolved to lines and columns only when somebody asks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from types import CodeType, FrameType

    from gradtape.diagnostics.spans import Span

BEGAN = time.time_ns()
"""When places began to be captured: a file that is older was not changed under the feet of the running program."""


class Site(NamedTuple):
    """Where an operation was called: a code object and the offset of the running instruction.

    It costs two attribute reads to capture and holds no frame, so that it never keeps a user's arrays alive.
    """

    code: CodeType
    lasti: int

    def __eq__(self, other: object) -> bool:
        # equal code objects may come from different files: their names are not part of what Python compares
        return isinstance(other, Site) and self.code is other.code and self.lasti == other.lasti

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((id(self.code), self.lasti))

    @property
    def span(self) -> Span:
        """The expression that was running (PEP 657), or its whole line where Python kept no columns."""
        key = (id(self.code), self.lasti)  # the hash of a code object takes as long as the function is
        known = _RESOLVED.get(key)
        if known is None or known[0] is not self.code:
            if len(_RESOLVED) == MOST_RESOLVED:
                _RESOLVED.clear()
            from gradtape.diagnostics.spans import resolve  # a program that asks for no place reads no source

            known = _RESOLVED[key] = (self.code, resolve(self.code.co_filename, self.code, self.lasti))
        return known[1]

    @classmethod
    def of(cls, frame: FrameType) -> Site:
        """Capture the instruction that a frame is running."""
        return cls(frame.f_code, frame.f_lasti)


_RESOLVED: dict[tuple[int, int], tuple[CodeType, Span]] = {}
"""The spans that were asked for, with the code objects, so that no other one gets their identity."""

MOST_RESOLVED = 65_536
