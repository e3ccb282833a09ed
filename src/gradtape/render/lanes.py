"""Lays a tape out as lanes, like a graph of commits: a value runs down a lane from where it is made to its uses."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

NEAR = 60
"""A value that waits longer than so many rows for its next use gives its lane away."""


class Lanes(NamedTuple):
    """The lane of each row's value, and for each input of each row whether its line would be too long to follow."""

    lane: tuple[int, ...]
    far: tuple[tuple[bool, ...], ...]

    @property
    def width(self) -> int:
        """How many lanes there are."""
        return max(self.lane, default=-1) + 1


def assign(inputs: Sequence[Sequence[int]]) -> Lanes:
    """Give each row a lane, in linear time.

    A row goes on in the lane of its first input that ends there, so that a chain is a straight line; otherwise it takes
    the leftmost lane that is free.

    Parameters
    ----------
    inputs : sequence of sequences of int
        For each row the rows that made its inputs, all earlier; -1 for an input that no row made.

    Examples
    --------
    >>> assign([(), (), (0, 1), (2, 0)]).lane
    (0, 1, 1, 1)
    """
    far, ends = _reaches(inputs)
    free: list[int] = []
    taken = 0
    lanes: list[int] = []
    for row, sources in enumerate(inputs):
        ending = dict.fromkeys(
            lanes[source] for source, away in zip(sources, far[row], strict=True) if not away and ends[source] == row
        )
        if ending:
            lane, *others = ending
        elif free:
            lane, others = heappop(free), []
        else:
            lane, others = taken, []
            taken += 1
        lanes.append(lane)
        for done in (*others, lane) if ends[row] == row else others:
            heappush(free, done)
    return Lanes(tuple(lanes), far)


def _reaches(inputs: Sequence[Sequence[int]]) -> tuple[tuple[tuple[bool, ...], ...], list[int]]:
    """Say which uses are too far from the one before, and the row where each value's lane ends."""
    ends = list(range(len(inputs)))
    far = []
    for row, sources in enumerate(inputs):
        far.append(tuple(source < 0 or row - ends[source] > NEAR for source in sources))
        for source, away in zip(sources, far[-1], strict=True):
            if not away:
                ends[source] = row
    return tuple(far), ends
