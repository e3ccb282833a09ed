"""Losses that a `GradScaler` scaled: where their gradients overflow it makes no step, and scales the next one less."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from gradtape.recorders.torch.asked import Asked
    from gradtape.recorders.torch.memory import Memory

MOST = 100
"""How many scaled losses are remembered."""

IN_A_ROW = 3
"""After how many passes in a row that overflow it is more than a scale that was too large."""


class Scaled:
    """The newest losses that were scaled, with what they were before."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._newest: deque[tuple[int, torch.Tensor]] = deque(maxlen=MOST)

    def note(self, before: torch.Tensor, after: torch.Tensor) -> None:
        """Remember that a loss was scaled."""
        self._newest.append((self.memory.meet(after).id, before.detach()))

    def overflows(self, asked: Asked) -> bool:
        """Whether the targets of a backward pass are losses that were scaled, and were finite before."""
        before = dict(self._newest)
        losses = [before[root] for root in asked.roots if root in before]
        return 0 < len(losses) == len(asked.roots) and all(bool(loss.isfinite().all()) for loss in losses)
