"""Rows of the largest and the smallest in each group of rows; those that are equal share the derivative."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import General, NoTangent
from gradtape.ops.registry import op

NUMBERS = NoTangent("says which group a row belongs to, and the numbers of groups are integers")
CASES = (
    case((5, 2), [1, 0, 1, 3, 1], count=4),
    case((3,), [0, 0, 0], count=1),
)

op(
    "segment_max",
    "a, ids, count, empty=0.0",
    numpy=None,
    a=General(lambda xp, g, y, a, ids, count, empty: shared(xp, g, y, a, ids)),
    ids=NUMBERS,
    cases=CASES,
)
op(
    "segment_min",
    "a, ids, count, empty=0.0",
    numpy=None,
    a=General(lambda xp, g, y, a, ids, count, empty: shared(xp, g, y, a, ids)),
    ids=NUMBERS,
    cases=CASES,
)


def shared(xp: Any, g: Any, y: Any, a: Any, ids: Any) -> Any:
    """Share a group's cotangent equally among the elements that are equal to its result."""
    wins = xp.cast(xp.equal(a, xp.take(y, ids, axis=0)), dtype=a.dtype)
    winners = xp.untake(wins, ids, shape=y.shape, axis=0)
    return wins * xp.take(xp.divide_no_nan(g, winners), ids, axis=0)
