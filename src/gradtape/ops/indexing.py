"""Rows of the operations that pick elements and put them back. Positions have no tangent."""

from gradtape.ops.model import Index, Linear, NoTangent, case
from gradtape.ops.registry import op

POSITIONS = NoTangent("picks by position, and positions are integers")

op(
    "getitem",
    "x, index",
    numpy=None,
    x=Linear(lambda xp, g, y, x, index: xp.scatter_add(g, index, shape=x.shape)),
    index=POSITIONS,
    cases=(case((4, 3), Index(1)), case((4, 3), Index([0, 2, 2])), case((4,), Index([True, False, True, True]))),
)
op(
    "scatter_add",
    "values, index, shape",
    numpy=None,
    values=Linear(lambda xp, g, y, values, index, shape: xp.getitem(g, index)),
    index=POSITIONS,
    cases=(case((3, 2), Index([0, 2, 2]), shape=(4, 2)),),
)
