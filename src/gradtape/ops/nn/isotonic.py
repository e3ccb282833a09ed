"""The row of isotonic regression: the nearest line that never rises (or never falls), along the last axis.

The result is constant on blocks, where it is the mean; so its derivative is the mean over each block.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import General
from gradtape.ops.registry import op

op(
    "isotonic_regression",
    "x, decreasing=True",
    numpy=None,
    parts=2,
    x=General(lambda xp, g, y, x, decreasing: block_means(xp, g[0], y[1])),
    cases=(case((5,)), case((2, 6), decreasing=False), case((0, 3))),
)


def block_means(xp: Any, g: Any, blocks: Any) -> Any:
    """Replace every element by the mean of its block."""
    sums = xp.untake_along_axis(g, blocks, shape=g.shape)
    counts = xp.untake_along_axis(xp.ones_like(g), blocks, shape=g.shape)
    return xp.take_along_axis(xp.divide_no_nan(sums, counts), blocks)
