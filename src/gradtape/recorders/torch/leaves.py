"""The tensors that gradients are kept on, and what each of them got in the whole run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gradtape.recorders.torch.scaling import IN_A_ROW

if TYPE_CHECKING:
    from gradtape.explain.report import GradientReport
    from gradtape.recorders.torch.asked import Asked
    from gradtape.recorders.torch.frames import Frames

HARMLESS = {"not-used"}
"""Reasons for which nobody needs to stop and look."""

ROUNDS = 3
"""In how many rounds a leaf is asked about of which nothing better is known than that it was not used."""

MOST = 20_000
"""Of how many leaves it is remembered what they got."""


@dataclass
class Fate:
    """What became of one tensor's gradient over the run.

    Parameters
    ----------
    arrived : bool
        Whether any backward pass brought a gradient.
    moved : bool
        Whether one that was not zero throughout.
    pending : list of GradientReport
        What is to be said at the end of the run if that stays so: a gradient that is missing or zero in one step and
        there in another is no trouble.
    asked : int
        How often it was asked why none came.
    came : Asked or None
        What brought the newest gradient, until a step of an optimizer takes it.
    cleared : Frames or None
        Where that gradient was thrown away.
    trained : bool
        Whether any step had a gradient to take.
    untrained : list of GradientReport
        What is to be said at the end of the run if none had.
    overflows : int
        How many of the newest gradients overflowed because of a scaled loss.
    overflowed : list of GradientReport
        What is to be said of these if that never ended, or did not in the end.
    """

    arrived: bool = False
    moved: bool = False
    pending: list[GradientReport] = field(default_factory=list)
    asked: int = 0
    came: Asked | None = None
    cleared: Frames | None = None
    trained: bool = False
    untrained: list[GradientReport] = field(default_factory=list)
    overflows: int = 0
    overflowed: list[GradientReport] = field(default_factory=list)

    @property
    def to_ask(self) -> bool:
        """Whether to ask why none came: a state that rounds hand on brings in only in a later one what it loses."""
        told = any(f.cause not in HARMLESS for report in self.pending for f in report.findings)
        return not self.pending or (not told and self.asked < ROUNDS)

    def recovered(self) -> None:
        """Note that a gradient is finite again."""
        self.overflows = 0
        self.overflowed.clear()

    def said(self) -> list[GradientReport]:
        """Return what is left to say at the end of the run."""
        missing = [r for r in self.pending if r.status == "zero" or not self.arrived] if not self.moved else []
        untrained = [] if self.trained else self.untrained
        return [*missing, *untrained, *(self.overflowed if not self.moved or self.overflows >= IN_A_ROW else ())]


class Fates:
    """The fates of all tensors, by the first id of each."""

    def __init__(self) -> None:
        self._by_id: dict[int, Fate] = {}

    def of(self, number: int) -> Fate:
        """Return the fate of a tensor."""
        fate = self._by_id.get(number)
        if fate is None:
            if len(self._by_id) >= MOST:
                self._forget()
            fate = self._by_id[number] = Fate()
        return fate

    def _forget(self) -> None:
        """Forget the older half of those that need nothing said: a loop may make a new leaf in every round."""
        old = list(self._by_id.items())[: MOST // 2]
        for number, fate in old:
            if not fate.said():
                del self._by_id[number]

    def unsettled(self) -> list[GradientReport]:
        """Return what is left to say at the end: the gradients that never arrived, or never moved from zero."""
        return [report for fate in self._by_id.values() for report in fate.said()]
