"""Rows of the operations that move a value without computing: copies, casts, and the stop."""

from gradtape.ops.model import IntegerCast, Linear, NoTangent, Stopped, case
from gradtape.ops.registry import op

op("identity", "x", numpy=None, x=Linear(lambda xp, g, y, x: g), cases=(case((2, 3)),))
op("copy", "x", methods=("copy",), x=Linear(lambda xp, g, y, x: g), cases=(case((2, 3)),))
op("stop_gradient", "x", numpy=None, x=Stopped("ends the path on purpose"), cases=(case((2, 3)),))
op(
    "cast",
    "x, dtype",
    numpy=None,
    x=Linear(lambda xp, g, y, x, dtype: xp.cast(g, dtype=x.dtype)),
    cases=(case((2, 3), dtype="float32"), case((2, 3), dtype="float64")),
)
op(
    "cast_to_integer",
    "x, dtype",
    numpy=None,
    x=IntegerCast("gives a dtype whose values cannot move a little, so nothing can flow back"),
    cases=(case((2, 3), dtype="int64"),),
)
op("zeros_like", "x", x=NoTangent("reads the shape of its argument, not its values"), cases=(case((2, 3)),))
op("ones_like", "x", x=NoTangent("reads the shape of its argument, not its values"), cases=(case((2, 3)),))
READS_SHAPE = NoTangent("reads the shape of its argument, not its values")
op("shape_of", "x", numpy=None, x=READS_SHAPE, cases=(case((2, 3)),))
op("size_of", "x", numpy=None, x=READS_SHAPE, cases=(case((2, 3)),))
op("rank_of", "x", numpy=None, x=READS_SHAPE, cases=(case((2, 3)),))
op("constant", "value", numpy=None, value=NoTangent("makes a new tensor from plain data"), cases=(case((2, 3)),))
