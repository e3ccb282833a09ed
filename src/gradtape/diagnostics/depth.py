"""Room for an explanation: syntax trees are walked recursively, and a program may have set a low limit for itself."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPTH = 10_000
"""How deep the calls of a program and of its explanation may go together."""


@contextmanager
def room_to_think() -> Iterator[None]:
    """Let an explanation go as deep as it must, whatever limit of recursion holds outside."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, DEPTH))
    try:
        yield
    finally:
        with suppress(RecursionError):  # the program stands deeper than the limit that it wanted
            sys.setrecursionlimit(limit)
