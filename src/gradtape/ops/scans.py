"""Rows of the scans: running sums and products, and the differences that undo them."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import General, Index, Linear, NoTangent
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


op(
    "extremum_places",
    "a, axis, largest",
    numpy=None,
    a=NoTangent("answers with the position of the best element so far"),
    cases=(case((5,), axis=0, largest=True),),
)


def part(axis: int, start: int | None, stop: int | None) -> Index:
    """Write `x[..., start:stop, ...]` along one axis that is not negative."""
    return Index((slice(None),) * axis + (slice(start, stop),))


def sums_from(xp: Any, g: Any, axis: Any) -> Any:
    """Return the sums from each element to the end; without an axis, `g` has one only."""
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


composite("products_before", products_before, numpy=None)


def cumulative(xp: Any, scan: Any, x: Any, axis: int | None, dtype: Any, first: float | None) -> Any:
    """Scan along an axis as the array API has it, with the empty sum or product in front if that is asked for."""
    x = xp.shaped(x)
    if axis is None:
        if x.ndim > 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        axis = 0
    result = scan(x if dtype is None else xp.cast(x, dtype=dtype), axis=axis)
    if first is None:
        return result
    shape = tuple(1 if k == axis % x.ndim else n for k, n in enumerate(x.shape))
    front = xp.broadcast_to(xp.cast(first, dtype=result.dtype), shape=shape)
    return xp.concatenate([front, result], axis=axis)


def cumulative_sum(
    xp: Any, x: Any, /, *, axis: int | None = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """Return the running sums."""
    return cumulative(xp, xp.cumsum, x, axis, dtype, 0 if include_initial else None)


def cumulative_prod(
    xp: Any, x: Any, /, *, axis: int | None = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """Return the running products."""
    return cumulative(xp, xp.cumprod, x, axis, dtype, 1 if include_initial else None)


def running(xp: Any, a: Any, axis: int, dtype: Any, largest: bool) -> Any:
    """Return the best element so far, along an axis."""
    a = xp.shaped(a) if dtype is None else xp.cast(a, dtype=dtype)
    return xp.take_along_axis(a, xp.extremum_places(a, axis=axis, largest=largest), axis=axis)


composite("running_max", lambda xp, a, axis=0, dtype=None: running(xp, a, axis, dtype, True), numpy=None)
composite("running_min", lambda xp, a, axis=0, dtype=None: running(xp, a, axis, dtype, False), numpy=None)
composite("cumulative_sum", cumulative_sum)
composite("cumulative_prod", cumulative_prod)


def cumulative_logsumexp(xp: Any, x: Any, /, *, axis: int = 0) -> Any:
    """Return the logarithms of the running sums of exponentials, by doubling: log2(n) steps on whole arrays."""
    y = xp.swapaxes(xp.shaped(x), axis, -1)
    step, n = 1, y.shape[-1]
    while step < n:
        before = xp.getitem(y, Index((..., slice(None, -step))))
        nothing = xp.ones_like(xp.getitem(y, Index((..., slice(None, step))))) * -float("inf")
        y = xp.logaddexp(y, xp.concatenate([nothing, before], axis=-1))
        step *= 2
    return xp.swapaxes(y, axis, -1)


composite("cumulative_logsumexp", cumulative_logsumexp, numpy=None)
