"""Rows of what moves a window without weights: pools, patches, and the morphology of grey values.

Of equal values in a window the first takes the whole derivative, as in TensorFlow. Padding never counts. `x` has the
shape (batch, *lengths, channels); `size`, `strides` and `dilations` have a number per axis, `padding` a pair.
"""

from __future__ import annotations

from gradtape.ops.domains import case
from gradtape.ops.model import General, Linear
from gradtape.ops.registry import op

WINDOWS = "size, strides, padding, dilations"
LINE = {"size": (3,), "strides": (2,), "padding": ((1, 1),), "dilations": (1,)}
PLANE = {"size": (2, 2), "strides": (1, 2), "padding": ((0, 1), (1, 0)), "dilations": (2, 1)}

op(
    "max_pool",
    f"x, {WINDOWS}",
    numpy=None,
    parts=2,
    x=General(lambda xp, g, y, x, size, strides, padding, dilations: xp.untake(g[0], y[1], shape=x.shape)),
    cases=(case((2, 5, 2), **LINE), case((1, 4, 4, 2), **PLANE)),
)
op(
    "cell_max",
    "x, starts, stops",
    numpy=None,
    parts=2,
    x=General(lambda xp, g, y, x, starts, stops: xp.untake(g[0], y[1], shape=x.shape)),
    cases=(case((2, 5, 4, 2), starts=((0, 2), (0, 1, 3)), stops=((2, 5), (2, 3, 4))),),
)
op(
    "dilation2d",
    "x, w, strides, padding, dilations",
    numpy=None,
    parts=3,
    x=General(lambda xp, g, y, x, w, strides, padding, dilations: xp.untake(g[0], y[1], shape=x.shape)),
    w=General(lambda xp, g, y, x, w, strides, padding, dilations: xp.untake(g[0], y[2], shape=w.shape)),
    cases=(
        case((2, 4, 3, 2), (2, 2, 2), strides=(1, 1), padding=((0, 0), (0, 1)), dilations=(1, 1)),
        case((1, 5, 3, 1), (2, 3, 1), strides=(2, 1), padding=((1, 1), (1, 1)), dilations=(2, 1)),
    ),
)
op(
    "avg_pool",
    f"x, {WINDOWS}",
    numpy=None,
    x=Linear(
        lambda xp, g, y, x, size, strides, padding, dilations: xp.avg_unpool(
            g, shape=x.shape, size=size, strides=strides, padding=padding, dilations=dilations
        )
    ),
    cases=(case((2, 5, 2), **LINE), case((1, 4, 4, 2), **PLANE)),
)
op(
    "avg_unpool",
    f"g, shape, {WINDOWS}",
    numpy=None,
    g=Linear(
        lambda xp, g, y, y0, shape, size, strides, padding, dilations: xp.avg_pool(
            g, size=size, strides=strides, padding=padding, dilations=dilations
        )
    ),
    cases=(case((2, 3, 2), shape=(2, 5, 2), **LINE),),
)
op(
    "patches",
    f"x, {WINDOWS}",
    numpy=None,
    x=Linear(
        lambda xp, g, y, x, size, strides, padding, dilations: xp.unpatch(
            g, shape=x.shape, size=size, strides=strides, padding=padding, dilations=dilations
        )
    ),
    cases=(case((2, 5, 2), **LINE), case((1, 4, 4, 2), **PLANE)),
)
op(
    "unpatch",
    f"g, shape, {WINDOWS}",
    numpy=None,
    g=Linear(
        lambda xp, g, y, y0, shape, size, strides, padding, dilations: xp.patches(
            g, size=size, strides=strides, padding=padding, dilations=dilations
        )
    ),
    cases=(case((2, 3, 3, 2), shape=(2, 5, 2), **LINE),),
)
