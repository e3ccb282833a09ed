"""Rows of random draws whose distribution has arguments: what is drawn jumps while they move."""

from __future__ import annotations

from gradtape.ops.model import POSITIVE, NoTangent, case
from gradtape.ops.registry import op

op(
    "poisson",
    "lam, size=None, seed=0",
    numpy=None,
    lam=NoTangent("draws whole numbers, and a number that was drawn has no derivative in its rate"),
    domain=POSITIVE,
    cases=(case((2, 3)), case((3,), size=(2, 3), seed=7)),
)
