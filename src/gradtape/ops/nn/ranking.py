"""Rows of orders and ranks: positions and truth values, which have no derivative."""

from __future__ import annotations

from gradtape.ops.domains import case
from gradtape.ops.model import NoTangent
from gradtape.ops.registry import op

TRUTH = NoTangent("answers with truth values, and those have no derivative")

ORDER = NoTangent("answers with an order, and an order is made of positions")

op(
    "order",
    "a, axis=-1, descending=False, dtype='int32'",
    numpy=None,
    a=ORDER,
    cases=(case((2, 3)), case((2, 3), axis=0, descending=True)),
)
op(
    "in_top_k",
    "predictions, targets, k",
    numpy=None,
    predictions=TRUTH,
    targets=TRUTH,
    cases=(case((2, 3), [0, 2], k=2),),
)
