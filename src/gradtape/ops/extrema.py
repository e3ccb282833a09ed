"""Rows of the elementwise choices between values: the larger, the smaller, the clipped.

At a tie the first argument takes the whole derivative, as TensorFlow has it, and both edges of `clip` let it pass.
A NaN that was chosen goes on as a NaN, so that it is not hidden on the way back.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import NONZERO, POSITIVE, REAL, Domain
from gradtape.ops.model import Partial, Unsupported, Zero
from gradtape.ops.registry import composite, op

LOW, HIGH = Domain(-1.0, -0.6), Domain(0.6, 1.0)

op(
    "maximum",
    "a, b",
    a=Partial(lambda xp, y, a, b: chosen(xp, y, xp.greater_equal(a, b))),
    b=Partial(lambda xp, y, a, b: chosen(xp, y, xp.less(a, b))),
)
op(
    "minimum",
    "a, b",
    a=Partial(lambda xp, y, a, b: chosen(xp, y, xp.less_equal(a, b))),
    b=Partial(lambda xp, y, a, b: chosen(xp, y, xp.greater(a, b))),
)
op(
    "fmax",
    "a, b",
    a=Partial(lambda xp, y, a, b: xp.logical_or(xp.greater_equal(a, b), xp.isnan(b))),
    b=Partial(lambda xp, y, a, b: xp.logical_and(xp.logical_not(xp.greater_equal(a, b)), xp.logical_not(xp.isnan(b)))),
)
op(
    "fmin",
    "a, b",
    a=Partial(lambda xp, y, a, b: xp.logical_or(xp.less_equal(a, b), xp.isnan(b))),
    b=Partial(lambda xp, y, a, b: xp.logical_and(xp.logical_not(xp.less_equal(a, b)), xp.logical_not(xp.isnan(b)))),
)
# its slope is the sign of the result, 0 at 0 and NaN at NaN: an operation, so a second derivative is 0 and not None
op("relu", "x", numpy=None, domain=NONZERO, x=Partial(lambda xp, y, x: xp.sign(y)))
op(
    "clip",
    "a, low, high",
    numpy=None,
    domain=(REAL, LOW, HIGH),
    a=Partial(
        lambda xp, y, a, low, high: chosen(xp, y, xp.logical_and(xp.greater_equal(a, low), xp.less_equal(a, high)))
    ),
    low=Partial(lambda xp, y, a, low, high: chosen(xp, y, xp.logical_and(xp.less(a, low), xp.less_equal(low, high)))),
    high=Partial(lambda xp, y, a, low, high: chosen(xp, y, xp.greater(xp.maximum(a, low), high))),
)
op(
    "heaviside",
    "a, b",
    domain=(NONZERO, POSITIVE),
    elementwise=True,
    a=Zero("is constant on each side of zero, so its derivative is zero wherever it exists"),
    b=Partial(lambda xp, y, a, b: xp.equal(a, 0.0)),
)


def chosen(xp: Any, y: Any, wins: Any) -> Any:
    """Return 1 where an argument wins and 0 elsewhere, and NaN where the outcome is NaN; it has no slope itself."""
    return xp.where(xp.isnan(y), xp.stop_gradient(y), wins)


def clip_call(
    xp: Any, a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None
) -> Any:
    """Clip with NumPy's two spellings of the bounds, either of which may be missing."""
    if out is not None:
        raise Unsupported("clip has no place for `out` here")
    low, high = (min if a_min is None else a_min), (max if a_max is None else a_max)
    if low is None:
        return xp.positive(a) if high is None else xp.minimum(a, high)
    return xp.maximum(a, low) if high is None else xp.clip(a, low, high)


def clip_method(xp: Any, a: Any, min: Any = None, max: Any = None, out: Any = None) -> Any:
    """Clip as the array's method does, which calls its bounds `min` and `max`."""
    return clip_call(xp, a, min, max, out)


composite("clip_call", clip_call, numpy="clip")
composite(
    "clip_method",
    clip_method,
    numpy=None,
    methods=("clip",),
)
