"""What the steps of optimizers find of gradients: one that came may be thrown away before it is taken.

A step that finds nothing in one round may be meant: a bad batch is skipped. So it is told of a parameter that no step
of the run had a gradient for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradtape.diagnostics import Site
from gradtape.explain.graph import Failure
from gradtape.explain.report import Status
from gradtape.recorders.torch.asked import Asked
from gradtape.recorders.torch.frames import user_frames
from gradtape.recorders.torch.questions import Questions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

    import torch

    from gradtape.explain.report import GradientReport
    from gradtape.recorders.torch.desk import Desk
    from gradtape.recorders.torch.frames import Frames
    from gradtape.recorders.torch.leaves import Fate

STEP = "optimizer.step"
"""What a step is called as a question."""


class Taken:
    """Follows the gradients of parameters from the backward pass that brought them to the step that takes them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.memory = desk.memory

    def cleared(self, tensors: Iterable[torch.Tensor], frames: Frames) -> None:
        """Note that the gradients of some tensors are about to be thrown away."""
        if self.desk.busy or not self.desk.asked:
            return
        for tensor in tensors:
            entry = self.memory.look(tensor) if tensor.grad is not None else None
            fate = self.desk.fates.of(entry.tensor_id) if entry is not None else None
            if fate is not None and fate.came is not None and fate.cleared is None:
                fate.cleared = frames

    def stepped(self, optimizer: torch.optim.Optimizer, frame: FrameType) -> None:
        """Look at what a step takes, or has taken."""
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        frames = user_frames(frame)
        if not self.desk.asked:
            self._never_asked([p for p in parameters if p.grad is None and p.requires_grad], frames, frame)
            return
        for parameter in parameters:
            fate = self.desk.fates.of(self.memory.meet(parameter).tensor_id)
            lost = self._lost(parameter, fate) if fate.came is not None and not fate.trained else None
            if lost is not None and not fate.untrained:
                fate.untrained += self._thrown_away(parameter, fate.came, lost, frames, frame)
            elif lost is None and parameter.grad is None:
                self.desk.missing(parameter, STEP, frames, frame)
            fate.trained |= parameter.grad is not None and lost is None
            fate.came = fate.cleared = None

    def _lost(self, parameter: torch.Tensor, fate: Fate) -> Frames | None:
        """Return where the gradient of a parameter was thrown away, None where it is still there."""
        gradient = parameter.grad
        if gradient is None:
            return fate.cleared
        entry = self.memory.look(gradient)  # known once the program read it, and then it may have written to it
        if (fate.cleared is None and entry is None) or bool(gradient.any()):
            return None
        if fate.cleared is not None:
            return fate.cleared
        ids = self.memory.versions.get(entry.tensor_id, ()) if entry is not None else ()
        writes = (h.frames for h in reversed(self.memory.happened) if h.kind == "write" and h.value in ids)
        return next(writes, None)

    def _thrown_away(
        self, parameter: torch.Tensor, came: Asked | None, lost: Frames, frames: Frames, frame: FrameType
    ) -> list[GradientReport]:
        if came is None or self.desk.mode.stopped:
            return []
        status = Status.NONE if parameter.grad is None else Status.ZERO
        also = (
            (came.site, "the gradients that it throws away are computed here"),
            (Site(*frames[0]), "nothing is left of them for this step"),
        )
        failure = Failure("overwritten-value", "", Site(*lost[0]), also)
        return self._reports(came, frames, frame, parameter, status, failure)

    def _never_asked(self, parameters: list[torch.Tensor], frames: Frames, frame: FrameType) -> None:
        """Tell of a step before which nobody called `backward()`, though there is something to call it on."""
        fates = [self.desk.fates.of(self.memory.meet(p).tensor_id) for p in parameters]
        new = [p for p, fate in zip(parameters, fates, strict=True) if not fate.pending]
        target = self._result_of(new) if new and not self.desk.mode.stopped else None
        if target is None:
            return
        number, tensor = target
        asked = Asked(STEP, frames, next(self.memory.clock), (number,), (tensor.dtype,))
        cone = self.memory.before([number])
        for parameter in new:
            if not cone.isdisjoint(self.memory.ids(parameter)):
                fate = self.desk.fates.of(self.memory.meet(parameter).tensor_id)
                fate.pending += self._reports(asked, frames, frame, parameter, Status.NONE, Failure("not-used", ""))

    def _result_of(self, parameters: list[torch.Tensor]) -> tuple[int, torch.Tensor] | None:
        """Return the newest single number that hangs on any of some parameters, in PyTorch's own graph."""
        made = self.memory.after({number for parameter in parameters for number in self.memory.ids(parameter)})
        kept = self.memory.kept()
        for record in reversed(self.memory.records):
            for number, connected, _ in record[3]:
                value = kept.get(number) if connected and number in made else None
                if value is not None and value.numel() == 1:
                    return number, value
        return None

    def _reports(
        self,
        asked: Asked,
        frames: Frames,
        frame: FrameType,
        parameter: torch.Tensor,
        status: Status,
        failure: Failure,
    ) -> list[GradientReport]:
        questions = Questions(self.desk, asked, None, frame)
        found = self.desk.safely(asked, questions.about, parameter, status, failure=failure)
        return [replace(report, kind=STEP, call=Site(*frames[0]).span) for report in found]
