"""Room for an explanation: deep syntax trees, and graphs of millions of small objects."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPTH = 10_000
"""How deep the calls of a program and of its explanation may go together."""


@contextmanager
def room_to_think() -> Iterator[None]:
    """Let an explanation go as deep as it must, whatever limit of recursion holds outside, and collect no garbage.

    Nothing that it makes is in a cycle, and a collector that looks at a graph of a million operations again and again
    while it grows takes as long as the explanation itself. So what it made counts as old at once: to freeze and thaw
    moves all objects to the oldest generation, unseen, unless the program itself keeps some frozen.
    """
    limit, collects = sys.getrecursionlimit(), gc.isenabled()
    sys.setrecursionlimit(max(limit, DEPTH))
    gc.disable()
    try:
        yield
    finally:
        if collects:
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()
        with suppress(RecursionError):  # the program stands deeper than the limit that it wanted
            sys.setrecursionlimit(limit)
