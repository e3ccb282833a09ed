"""Errors of PyTorch's: those of a backward pass are told at once, those of an operation where they end the script."""

from __future__ import annotations

import sys
from collections import deque
from typing import TYPE_CHECKING

import torch

from gradtape.diagnostics import Site
from gradtape.explain.report import Status
from gradtape.recorders.torch import failures, private
from gradtape.recorders.torch.asked import Asked
from gradtape.recorders.torch.frames import user_frames_of
from gradtape.recorders.torch.questions import Questions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from gradtape.explain.graph import Failure
    from gradtape.explain.report import GradientReport
    from gradtape.recorders.torch.autograd import Walk
    from gradtape.recorders.torch.desk import Desk
    from gradtape.recorders.torch.frames import Frames

MOST_ERRORS = 20
"""How many errors of operations are remembered."""


class Failed:
    """An operation that raised: what is needed to explain it, if it turns out that the error ended the script."""

    def __init__(self, error: BaseException, failure: Failure, inputs: tuple[int, ...], frames: Frames) -> None:
        self.error = error
        self.failure = failure
        self.inputs = inputs
        self.frames = frames


class Raised:
    """Remembers errors of operations, and has errors explained."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.errors: deque[Failed] = deque(maxlen=MOST_ERRORS)

    def by_operation(self, inputs: tuple[int, ...], frames: Frames, error: BaseException) -> None:
        """Remember that an operation raised, if the error is about gradients."""
        failure = failures.of_operation(error, Site(*frames[0]))
        if failure is not None:
            self.errors.append(Failed(error, failure, inputs, frames))

    def by_source(self, source: Tensor, frames: Frames, error: BaseException) -> None:
        """Remember that a tensor was refused."""
        self.by_operation((self.desk.memory.meet(source).id,), frames, error)

    def in_backward(
        self, error: BaseException, asked: Asked, walk: Walk, targets: Sequence[Tensor], sources: Sequence[Tensor]
    ) -> None:
        """Explain the error of a backward pass."""
        desk = self.desk
        desk.failing = True
        for leaf in walk.leaves.values():  # what it would have got after the zero of an earlier step, nobody knows
            fate = desk.fates.of(desk.memory.meet(leaf).tensor_id)
            fate.pending = [report for report in fate.pending if report.status is not Status.ZERO]
        questions = Questions(desk, asked, None, sys._getframe(2))
        reports = desk.safely(asked, questions.about_error, error, walk, targets, sources)
        desk.heard.hear((asked.kind, *asked.site, type(error), failures.one_line(error)), (), lambda: reports)

    def at_the_end(self, error: BaseException) -> list[GradientReport]:
        """Explain the error that ended the script, if it is about gradients."""
        desk = self.desk
        known = next((f for f in self.errors if f.error is error), None)
        seq = next(desk.memory.clock)
        if known is not None:
            asked = Asked("error", known.frames, seq, known.inputs[:1], (torch.float32,))
            questions = Questions(desk, asked, None, None)
            return desk.safely(asked, questions.about_operation, known.failure, known.inputs)
        if private.NO_TENSOR.search(str(error)):
            frames, frame = user_frames_of(error)
            asked = Asked("backward", frames, seq, (), ())
            questions = Questions(desk, asked, None, frame)
            return desk.safely(asked, questions.about_number, failures.one_line(error))
        return []
