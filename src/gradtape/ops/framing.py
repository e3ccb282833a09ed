"""Rows that cut a signal into overlapping frames and add frames up again: each is the transpose of the other."""

from __future__ import annotations

from gradtape.ops.domains import case
from gradtape.ops.fourier import fitted
from gradtape.ops.model import Linear
from gradtape.ops.registry import op

op(
    "frames",
    "x, length, step",
    numpy=None,
    x=Linear(lambda xp, g, y, x, length, step: xp.overlap_add(g, step=step, size=x.shape[-1])),
    cases=(
        case((7,), length=3, step=2),
        case((2, 6), length=2, step=3),
        case((5,), length=5, step=1),
        case((4,), length=2, step=5),
    ),
)
op(
    "overlap_add",
    "x, step, size=None",
    numpy=None,
    x=Linear(
        lambda xp, g, y, x, step, size: xp.frames(
            fitted(xp, g, -1, (x.shape[-2] - 1) * step + x.shape[-1]), length=x.shape[-1], step=step
        )
    ),
    cases=(
        case((3, 4), step=2),
        case((2, 3, 2), step=2),
        case((2, 3, 2), step=1),
        case((3, 2), step=3),
        case((3, 4), step=3, size=8),
        case((2, 4), step=1, size=7),
    ),
)
