"""Rows of the convolution over any number of axes: itself, and its two transposes, which close the family.

The value is the sum over a window of products with a filter, as networks have it (nobody turns the filter round). All
three are linear in each array alone, and the derivative of each is one of the other two, so every order is there.

`x` has the shape (batch, *lengths, channels), `w` (*window, channels / groups, outputs), the result (batch, *places,
outputs). `strides` and `dilations` have a number per axis, `padding` a pair of numbers of zeros.
"""

from __future__ import annotations

from gradtape.ops.domains import case
from gradtape.ops.model import Multilinear
from gradtape.ops.registry import op

op(
    "convolution",
    "x, w, strides, padding, dilations, groups=1",
    numpy=None,
    x=Multilinear(
        lambda xp, g, y, x, w, strides, padding, dilations, groups: xp.convolution_spread(
            g, w, shape=x.shape, strides=strides, padding=padding, dilations=dilations, groups=groups
        )
    ),
    w=Multilinear(
        lambda xp, g, y, x, w, strides, padding, dilations, groups: xp.convolution_filter(
            x, g, shape=w.shape, strides=strides, padding=padding, dilations=dilations, groups=groups
        )
    ),
    cases=(
        case((2, 5, 2), (3, 2, 3), strides=(1,), padding=((1, 1),), dilations=(1,)),
        case((1, 5, 4, 2), (3, 2, 2, 3), strides=(2, 1), padding=((1, 0), (0, 0)), dilations=(1, 2)),
        case((2, 4, 3, 4), (2, 2, 2, 6), strides=(1, 1), padding=((0, 0), (0, 1)), dilations=(1, 1), groups=2),
        case((1, 3, 3, 2), (2, 2, 1, 4), strides=(1, 1), padding=((0, 0), (0, 0)), dilations=(1, 1), groups=2),
        case((2, 4, 2), (2, 1, 2), strides=(2,), padding=((1, 0),), dilations=(1,), groups=2),
        case((1, 2, 3, 2, 1), (2, 2, 1, 1, 2), strides=(1, 2, 1), padding=((0, 1),) * 3, dilations=(1, 1, 1)),
    ),
)
op(
    "convolution_spread",
    "g, w, shape, strides, padding, dilations, groups=1",
    numpy=None,
    g=Multilinear(
        lambda xp, g, y, y0, w, shape, strides, padding, dilations, groups: xp.convolution(
            g, w, strides=strides, padding=padding, dilations=dilations, groups=groups
        )
    ),
    w=Multilinear(
        lambda xp, g, y, y0, w, shape, strides, padding, dilations, groups: xp.convolution_filter(
            g, y0, shape=w.shape, strides=strides, padding=padding, dilations=dilations, groups=groups
        )
    ),
    cases=(
        case((2, 3, 3), (3, 2, 3), shape=(2, 6, 2), strides=(2,), padding=((1, 0),), dilations=(1,)),
        case(
            (1, 2, 2, 4),
            (2, 2, 1, 4),
            shape=(1, 4, 3, 2),
            strides=(1, 1),
            padding=((0, 0),) * 2,
            dilations=(2, 1),
            groups=2,
        ),
    ),
)
op(
    "convolution_filter",
    "x, g, shape, strides, padding, dilations, groups=1",
    numpy=None,
    x=Multilinear(
        lambda xp, g, y, x, y0, shape, strides, padding, dilations, groups: xp.convolution_spread(
            y0, g, shape=x.shape, strides=strides, padding=padding, dilations=dilations, groups=groups
        )
    ),
    g=Multilinear(
        lambda xp, g, y, x, y0, shape, strides, padding, dilations, groups: xp.convolution(
            x, g, strides=strides, padding=padding, dilations=dilations, groups=groups
        )
    ),
    cases=(
        case((2, 6, 2), (2, 3, 3), shape=(3, 2, 3), strides=(2,), padding=((1, 0),), dilations=(1,)),
        case(
            (1, 4, 3, 2),
            (1, 2, 2, 4),
            shape=(2, 2, 1, 4),
            strides=(1, 1),
            padding=((0, 0),) * 2,
            dilations=(2, 1),
            groups=2,
        ),
    ),
)
