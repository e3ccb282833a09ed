"""The row of resampling along one axis: every new element is a weighted sum of the old ones of its line."""

from __future__ import annotations

from gradtape.ops.domains import case
from gradtape.ops.model import Multilinear
from gradtape.ops.registry import op

op(
    "resample",
    "x, weights, axis",
    numpy=None,
    x=Multilinear(lambda xp, g, y, x, weights, axis: xp.resample(g, xp.transpose(weights), axis=axis)),
    weights=Multilinear(
        lambda xp, g, y, x, weights, axis: xp.tensordot(g, x, axes=(others(x.ndim, axis), others(x.ndim, axis)))
    ),
    cases=(
        case((2, 3, 2), (4, 3), axis=1),
        case((3,), (2, 3), axis=0),
        case((2, 3), (1, 3), axis=-1),
        case((0, 2), (3, 0), axis=0),
    ),
)


def others(ndim: int, axis: int) -> list[int]:
    """Return all axes but one."""
    return [k for k in range(ndim) if k != axis % ndim]
