"""Rows of random draws whose distribution has arguments: what is drawn jumps while they move."""

from __future__ import annotations

from gradtape.ops.domains import POSITIVE, case
from gradtape.ops.model import Sampled
from gradtape.ops.registry import op

COUNTED = Sampled("draws whole numbers, and a number that was drawn has no derivative in the distribution")

op(
    "poisson",
    "lam, size=None, seed=0",
    numpy=None,
    lam=Sampled("draws whole numbers, and a number that was drawn has no derivative in its rate"),
    domain=POSITIVE,
    cases=(case((2, 3)), case((3,), size=(2, 3), seed=7)),
)
op(
    "binomial",
    "counts, probs, size=None, seed=0",
    numpy=None,
    counts=COUNTED,
    probs=COUNTED,
    cases=(case([3, 5], [0.2, 0.7]), case([3, 5], [0.2, 0.7], size=(4, 2), seed=7)),
)
op(
    "categorical",
    "logits, count, seed=0",
    numpy=None,
    logits=Sampled("draws the numbers of classes, and a number that was drawn has no derivative in the scores"),
    cases=(case((2, 3), count=4),),
)
