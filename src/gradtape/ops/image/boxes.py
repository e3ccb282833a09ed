"""Rows of the choices among boxes: they answer with positions, and positions have no derivative."""

from __future__ import annotations

from gradtape.ops.domains import case
from gradtape.ops.model import NoTangent
from gradtape.ops.registry import op

CHOICE = NoTangent("answers with the positions of the boxes that it keeps, and positions are integers")
FIRST = [[0.0, 0.0, 1.0, 1.0], [0.0, 0.1, 1.0, 1.1], [2.0, 2.0, 3.0, 3.0]]
LIKE = [[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]]

op(
    "non_max_suppression",
    "boxes, scores, count, threshold=0.5, least=None",
    numpy=None,
    boxes=CHOICE,
    scores=CHOICE,
    cases=(case(FIRST, [0.9, 0.8, 0.7], count=2),),
)
op(
    "non_max_suppression_overlaps",
    "overlaps, scores, count, threshold=0.5, least=None",
    numpy=None,
    overlaps=CHOICE,
    scores=CHOICE,
    cases=(case(LIKE, [0.9, 0.8, 0.7], count=2),),
)
