"""The row of a layer: a product with a matrix and an offset in one operation."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import General
from gradtape.ops.registry import op


def in_rows(xp: Any, a: Any) -> Any:
    """Write all axes but the last as one."""
    return a if len(a.shape) == 2 else xp.reshape(a, shape=(-1, a.shape[-1]))


# one record and one pass over memory less than `x @ w + b`, in a program that is made of them
op(
    "linear",
    "x, w, b",
    numpy=None,
    x=General(
        lambda xp, g, y, x, w, b: xp.matmul(g, xp.transpose(w)),
        jvp=lambda xp, t, y, x, w, b: xp.matmul(t, w),
    ),
    w=General(
        lambda xp, g, y, x, w, b: xp.matmul(xp.transpose(in_rows(xp, x)), in_rows(xp, g)),
        jvp=lambda xp, t, y, x, w, b: xp.matmul(x, t),
    ),
    b=General(
        lambda xp, g, y, x, w, b: xp.sum(in_rows(xp, g), axis=0),
        jvp=lambda xp, t, y, x, w, b: xp.broadcast_to(t, shape=y.shape),
    ),
    cases=(case((2, 3), (3, 4), (4,)), case((2, 5, 3), (3, 2), (2,))),
)
