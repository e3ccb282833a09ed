"""Rows of the reductions and scans."""

from gradtape.ops.model import Linear, case
from gradtape.ops.registry import op

AXES = (case((2, 3)), case((2, 3), axis=0), case((2, 3, 4), axis=(0, -1), keepdims=True), case(()), case((0, 3), axis=0))

op(
    "sum",
    "a, axis=None, ~dtype=None, ~out=None, keepdims=False",
    methods=("sum",),
    a=Linear(lambda xp, g, y, a, axis, keepdims: xp.broadcast_to(xp.unreduce(g, a.ndim, axis, keepdims), shape=a.shape)),
    cases=AXES,
)
