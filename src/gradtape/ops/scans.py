"""Rows of the scans: running sums and products, and the differences that undo them."""

from __future__ import annotations

from typing import Any

from gradtape.ops.model import General, Index, Linear, Unsupported, case
from gradtape.ops.registry import composite, op

ALONG = (case((2, 3)), case((2, 3), axis=0), case((2, 4), axis=-1), case((0, 3), axis=0), case((1,), axis=0))
SCAN = "a, axis=None, ~dtype=None, ~out=None"

op(
    "cumsum",
    SCAN,
    methods=("cumsum",),
    a=Linear(lambda xp, g, y, a, axis: xp.reshape(sums_from(xp, g, axis), shape=a.shape)),
    cases=ALONG,
)
op(
    "cumprod",
    SCAN,
    methods=("cumprod",),
    a=General(lambda xp, g, y, a, axis: uncumprod(xp, g, a, axis)),
    cases=ALONG,
)


def part(axis: int, start: int | None, stop: int | None) -> Index:
    """Write `x[..., start:stop, ...]` along one axis that is not negative."""
    return Index((slice(None),) * axis + (slice(start, stop),))


def sums_from(xp: Any, g: Any, axis: Any) -> Any:
    """Return the sums from each element to the end."""
    axis = 0 if axis is None else axis
    return xp.flip(xp.cumsum(xp.flip(g, axis=axis), axis=axis), axis=axis)


def products_before(xp: Any, a: Any) -> Any:
    """Return for each element the product of those before it, along the last axis."""
    last = a.ndim - 1
    first = xp.ones_like(xp.getitem(a, part(last, 0, 1)))
    return xp.concatenate([first, xp.cumprod(xp.getitem(a, part(last, 0, -1)), axis=-1)], axis=-1)


def uncumprod(xp: Any, g: Any, a: Any, axis: Any) -> Any:
    """Pull a cotangent back through a running product, exactly also where elements are zero."""
    if axis is None:
        return xp.reshape(uncumprod(xp, g, xp.reshape(a, shape=(-1,)), 0), shape=a.shape)
    x, g = xp.swapaxes(a, axis, -1), xp.swapaxes(g, axis, -1)
    return xp.swapaxes(xp.products_before(x) * weighted_from(xp, g, shifted(xp, x, 1)), axis, -1)


def weighted_from(xp: Any, g: Any, factor: Any) -> Any:
    """Solve `r[j] = g[j] + factor[j] * r[j + 1]` along the last axis, by doubling: log2(n) steps on whole arrays."""
    step, n = 1, g.shape[-1]
    while step < n:
        g = g + factor * shifted(xp, g, step)
        factor = factor * shifted(xp, factor, step)
        step *= 2
    return g


def shifted(xp: Any, x: Any, step: int) -> Any:
    """Move the elements towards the front of the last axis and fill with zeros."""
    last = x.ndim - 1
    return xp.concatenate(
        [xp.getitem(x, part(last, step, None)), xp.zeros_like(xp.getitem(x, part(last, 0, step)))], axis=-1
    )


def diff(xp: Any, a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Subtract neighbours, `n` times."""
    if prepend is not None or append is not None:
        raise Unsupported("diff has no place for `prepend` and `append` here")
    a = xp.shaped(a)
    axis %= a.ndim
    for _ in range(n):
        a = xp.getitem(a, part(axis, 1, None)) - xp.getitem(a, part(axis, 0, -1))
    return a


def trapezoid(xp: Any, y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """Integrate by the trapezoidal rule; the heights and the places have a derivative."""
    y = xp.shaped(y)
    axis %= y.ndim
    pairs = xp.getitem(y, part(axis, 1, None)) + xp.getitem(y, part(axis, 0, -1))
    if x is None:
        return xp.sum(pairs * (0.5 * dx), axis=axis)
    width = xp.diff(x, axis=-1 if xp.shaped(x).ndim == 1 else axis)
    if width.ndim == 1:
        width = xp.reshape(width, shape=(-1,) + (1,) * (y.ndim - axis - 1))
    return xp.sum(pairs * width * 0.5, axis=axis)


composite("products_before", products_before, numpy=None)
composite("diff", diff)
composite("ediff1d", lambda xp, ary: xp.diff(xp.ravel(ary)))
composite("trapezoid", trapezoid)
composite("cumulative_sum", lambda xp, x, /, *, axis=None: xp.cumsum(x, axis=axis))
composite("cumulative_prod", lambda xp, x, /, *, axis=None: xp.cumprod(x, axis=axis))
