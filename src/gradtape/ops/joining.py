"""Rows of the operations that join arrays and take them apart again."""

from gradtape.ops.model import Index, Linear, case
from gradtape.ops.registry import op


def part_of(xp, g, specs, k, axis):  # noqa: ANN001, ANN201
    """Cut out of a cotangent the piece that belongs to the k-th of the joined arrays."""
    if axis is None:
        start = sum(s.size for s in specs[:k])
        return xp.reshape(xp.getitem(xp.reshape(g, shape=(-1,)), Index(slice(start, start + specs[k].size))), shape=specs[k].shape)
    start = sum(s.shape[axis] for s in specs[:k])
    cut = (slice(None),) * (axis % g.ndim) + (slice(start, start + specs[k].shape[axis]),)
    return xp.getitem(g, Index(cut))


op(
    "concatenate",
    "*arrays, axis=0, ~out=None",
    aliases=("concat",),
    arrays=Linear(lambda xp, g, y, arrays, k, axis: part_of(xp, g, arrays, k, axis)),
    cases=(case((2, 3), (1, 3)), case((2, 3), (2, 1), axis=-1), case((2, 3), (4,), axis=None)),
)
op(
    "stack",
    "*arrays, axis=0, ~out=None",
    arrays=Linear(lambda xp, g, y, arrays, k, axis: xp.getitem(g, Index((slice(None),) * (axis % g.ndim) + (k,)))),
    cases=(case((2, 3), (2, 3)), case((2, 3), (2, 3), axis=-1), case((), ())),
)
