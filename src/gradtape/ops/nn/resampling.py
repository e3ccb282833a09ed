"""The row of resampling along one axis: every new element is a weighted sum of the old ones of its line."""

from __future__ import annotations

from typing import Any

from gradtape.ops.model import Multilinear, case
from gradtape.ops.registry import op

op(
    "resample",
    "x, weights, axis",
    numpy=None,
    x=Multilinear(lambda xp, g, y, x, weights, axis: xp.resample(g, xp.transpose(weights), axis=axis)),
    weights=Multilinear(
        lambda xp, g, y, x, weights, axis: xp.matmul(lines(xp, g, axis), xp.transpose(lines(xp, x, axis)))
    ),
    cases=(case((2, 3, 2), (4, 3), axis=1), case((3,), (2, 3), axis=0), case((2, 3), (1, 3), axis=-1)),
)


def lines(xp: Any, x: Any, axis: int) -> Any:
    """Make an axis the first one and all the others the second."""
    return xp.reshape(xp.moveaxis(x, axis, 0), shape=(x.shape[axis], -1))
