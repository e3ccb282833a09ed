"""The four namespaces of a sweep: its rules run on plain arrays or recorded, for one cotangent or for a batch."""

from __future__ import annotations

from typing import Any

from gradtape.arrays.doors import SPACE
from gradtape.spaces.numpy_space import xp


class Namespaces(dict[tuple[bool, bool], Any]):
    """Makes those for batches when somebody asks for them."""

    def __missing__(self, kind: tuple[bool, bool]) -> Any:
        from gradtape.spaces.batched import BatchedSpace

        made = self[kind] = BatchedSpace(self[kind[0], False])
        return made


NAMESPACES = Namespaces({(False, False): xp, (True, False): SPACE})
"""By whether the rules are recorded, so that an outer tape sees them, and whether they work on batches."""
