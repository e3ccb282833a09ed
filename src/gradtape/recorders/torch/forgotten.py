"""Parameters that get gradients and that nobody trains: no optimizer holds them, and nothing changes them.

That may be meant (a network that only judges another), so it is a remark of the report and no finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakSet, ref

import torch

from gradtape.recorders.torch.names import Names

if TYPE_CHECKING:
    from gradtape.recorders.torch.memory import Entry, Memory

MOST = 3
"""How many parameters are named; further ones are counted."""


class Came(NamedTuple):
    """The first gradient of a parameter: whose, the value that it had then, when."""

    parameter: ref[torch.Tensor]
    value: int
    seq: int


class Forgotten:
    """Watches which parameters get gradients, which ones optimizers hold, and when a step was made."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._came: dict[int, Came] = {}
        self._held: dict[int, int] = {}
        self._optimizers: WeakSet[Any] = WeakSet()
        self._last_step = 0

    def came(self, leaf: torch.Tensor, entry: Entry, seq: int) -> None:
        """Note the first gradient of a leaf."""
        if isinstance(leaf, torch.nn.Parameter):
            self._came[entry.tensor_id] = Came(ref(leaf), entry.id, seq)

    def hold(self, number: int, when: int) -> None:
        """Note that an optimizer was given a tensor."""
        self._held.setdefault(number, when)

    def stepped(self, optimizer: Any) -> None:
        """Note a step; the optimizer may have been made before anybody listened."""
        self._optimizers.add(optimizer)
        self._last_step = next(self.memory.clock)

    def remarks(self) -> list[str]:
        """Say which parameters stayed as they were while optimizers made steps."""
        held = set(self._held)
        for optimizer in self._optimizers:
            held |= {self.memory.meet(p).tensor_id for group in optimizer.param_groups for p in group["params"]}
        left = [
            (number, parameter)
            for number, came in self._came.items()
            if number not in held
            and came.seq < self._last_step
            and (parameter := came.parameter()) is not None
            and parameter.requires_grad
            and self.memory.meet(parameter).id == came.value
        ]
        late = [pair for pair in left if self._held and pair[0] > max(self._held.values())]
        early = [pair for pair in left if pair not in late]
        names = Names(None) if left else None
        return [
            _said([names.of(p) or "a parameter" for _, p in pairs] if names is not None else [], when)
            for pairs, when in ((early, ""), (late, "; they were made after all optimizers"))
            if pairs
        ]


def _said(names: list[str], when: str) -> str:
    shown = ", ".join(dict.fromkeys(names[:MOST]))
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return (
        f"no optimizer holds {shown}{more}, which get gradients, and nothing changes them{when}: give them to an "
        "optimizer if they are to learn, or say with `requires_grad_(False)` that they are not"
    )
