"""Rows that work along one axis: a sliding sum of products, and the coefficients of interpolating splines."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.fourier import fitted
from gradtape.ops.model import Linear, Multilinear
from gradtape.ops.registry import op

op(
    "correlate_line",
    "x, w, axis=-1",
    numpy=None,
    x=Multilinear(
        lambda xp, g, y, x, w, axis: xp.correlate_line(widened(xp, g, axis, w.shape[0] - 1), xp.flip(w), axis=axis)
    ),
    w=Multilinear(
        lambda xp, g, y, x, w, axis: xp.lag_products(x, fitted(xp, g, axis, x.shape[axis]), count=w.shape[0], axis=axis)
    ),
    cases=(case((5,), (3,)), case((2, 4), (4,)), case((5, 2), (2,), axis=0), case((3,), (1,))),
)
op(
    "spline_filter1d",
    "input, order=3, axis=-1, mode='mirror'",
    numpy=None,
    input=Linear(
        lambda xp, g, y, input, order, axis, mode: xp.spline_filter1d_turned(g, order=order, axis=axis, mode=mode)
    ),
    cases=(
        *(case((6,), mode=mode) for mode in ("mirror", "reflect", "grid-wrap", "nearest", "constant", "wrap")),
        case((2, 5), order=2),
        case((5, 2), order=5, axis=0),
        case((7,), order=4, mode="reflect"),
        case((2,), order=3),
        case((1,), order=3),
        case((45,), order=5),
        case((45,), order=3, mode="reflect"),
    ),
)
op(
    "spline_filter1d_turned",
    "input, order=3, axis=-1, mode='mirror'",
    numpy=None,
    input=Linear(lambda xp, g, y, input, order, axis, mode: xp.spline_filter1d(g, order=order, axis=axis, mode=mode)),
    cases=(case((6,)), case((4, 2), axis=0, order=5, mode="reflect"), case((42,), order=4)),
)


def widened(xp: Any, x: Any, axis: int, n: int) -> Any:
    """Put `n` zeros at both ends of an axis."""
    return xp.pad(x, pad_width=tuple((n, n) if k == axis % x.ndim else (0, 0) for k in range(x.ndim)))
