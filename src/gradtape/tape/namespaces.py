"""The four namespaces of a sweep: its rules run on plain arrays or recorded, for one cotangent or for a batch."""

from __future__ import annotations

from typing import Any

from gradtape.arrays.doors import SPACE
from gradtape.spaces.batched import BatchedSpace
from gradtape.spaces.numpy_space import xp

BATCHED = BatchedSpace(xp)
BATCHED_SPACE = BatchedSpace(SPACE)

NAMESPACES: dict[tuple[bool, bool], Any] = {
    (False, False): xp,
    (True, False): SPACE,
    (False, True): BATCHED,
    (True, True): BATCHED_SPACE,
}
"""By whether the rules are recorded, so that an outer tape sees them, and whether they work on batches."""
