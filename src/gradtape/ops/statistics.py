"""Statistics of samples: covariances, counts in bins and their edges, sums by label."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import General, Index, NoTangent, Unsupported, is_floating
from gradtape.ops.registry import composite, op

CHOSEN = NoTangent("is asked for the bin of each element, and bins are numbered")

op(
    "bin_places",
    "sample, edges",
    numpy=None,
    sample=CHOSEN,
    edges=CHOSEN,
    cases=(case([0.1, 0.7], [0.0, 0.5, 1.0]),),
)
op(
    "label_count",
    "x, minlength=0",
    numpy=None,
    x=NoTangent("is a whole number, and is counted"),
    cases=(case([0, 2, 2]),),
)
op(
    "bin_edges",
    "a, bins, limits=None",
    numpy=None,
    a=General(lambda xp, g, y, a, bins, limits: edges_to_ends(xp, g, a, limits)),
    cases=(case((5,), bins=4), case((2, 3), bins=3), case((4,), bins="sqrt"), case((5,), bins=3, limits=(0.0, 1.0))),
)


def edges_to_ends(xp: Any, g: Any, a: Any, limits: Any) -> Any:
    """Send the cotangents of evenly spaced edges to the smallest and the largest element, which the edges hang on."""
    if limits is not None:
        return a * 0.0
    n = g.shape[0] - 1
    parts = xp.cast([k / n for k in range(n + 1)], dtype=g.dtype)
    flat = xp.ravel(a)
    low, high = xp.sum(g * (1.0 - parts)), xp.sum(g * parts)
    ends = share(xp, low, xp.min(flat), flat) + share(xp, high, xp.max(flat), flat)
    return xp.reshape(ends, shape=a.shape)


def share(xp: Any, g: Any, y: Any, a: Any) -> Any:
    """Share a cotangent equally among the elements that are equal to an extremum."""
    wins = xp.cast(xp.equal(a, y), dtype=a.dtype)
    return wins * (g / xp.sum(wins))


def edges_of(xp: Any, a: Any, bins: Any, limits: Any, weights: Any) -> Any:
    """Return the edges of the bins: those that are given, or so many between the ends."""
    if isinstance(bins, int) or (isinstance(bins, str) and weights is None):
        ends = None if limits is None else tuple(float(v) for v in limits)
        return xp.bin_edges(a, bins=bins, limits=ends)
    if isinstance(bins, str):
        raise Unsupported("the number of bins cannot be chosen with weights")
    return xp.shaped(bins)


def histogram(
    xp: Any, a: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> tuple[Any, Any]:
    """Count the elements in each bin; the edges and the weights have derivatives, the counts have none."""
    a = xp.ravel(xp.shaped(a))
    edges = edges_of(xp, a, bins, range, weights)
    n = edges.shape[0] - 1
    heights = binned(xp, xp.bin_places(a, edges), (n,), weights)
    return (as_density(xp, heights, [edges]) if density else heights), edges


def binned(xp: Any, places: Any, shape: tuple[int, ...], weights: Any) -> Any:
    """Count the elements of each bin, or add up their weights. A place of -1 is outside."""
    size = 1
    for n in shape:
        size *= n
    if weights is None:
        counts = xp.label_count(places + 1, minlength=size + 1)
        return xp.reshape(xp.getitem(counts, Index(slice(1, None))), shape=shape)
    sums = xp.untake(xp.ravel(xp.shaped(weights)), places + 1, shape=(size + 1,), axis=0)
    return xp.reshape(xp.getitem(sums, Index(slice(1, None))), shape=shape)


def as_density(xp: Any, heights: Any, edges: list[Any]) -> Any:
    """Divide by the total and by the widths of the bins, along each axis."""
    heights = heights / xp.sum(heights)
    for axis, e in enumerate(edges):
        widths = xp.diff(e)
        heights = heights / xp.reshape(widths, shape=(-1,) + (1,) * (len(edges) - axis - 1))
    return heights


def histogramdd(
    xp: Any, sample: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> tuple[Any, tuple[Any, ...]]:
    """Count points in bins of several dimensions."""
    if isinstance(sample, list | tuple):
        columns = [xp.ravel(xp.shaped(c)) for c in sample]
    else:
        points = xp.shaped(sample)
        points = xp.reshape(points, shape=(-1, 1)) if points.ndim == 1 else points
        columns = list(xp.unstack(points, axis=1))
    d = len(columns)
    counts = [bins] * d if isinstance(bins, int) else list(bins)
    if len(counts) != d:
        raise ValueError("The dimension of bins must be equal to the dimension of the sample x.")
    limits = [None] * d if range is None else list(range)
    edges = [edges_of(xp, c, n, r, weights) for c, n, r in zip(columns, counts, limits, strict=True)]
    shape = tuple(e.shape[0] - 1 for e in edges)
    places: Any = 0
    outside: Any = None
    for column, e, n in zip(columns, edges, shape, strict=True):
        own = xp.bin_places(column, e)
        beyond = xp.less(own, 0)
        outside = beyond if outside is None else xp.logical_or(outside, beyond)
        places = places * n + own
    heights = binned(xp, xp.where(outside, -1, places), shape, weights)
    heights = as_density(xp, heights, edges) if density else xp.cast(heights, dtype="float64")
    return heights, tuple(edges)


def histogram2d(
    xp: Any,
    x: Any,
    y: Any,
    bins: Any = 10,
    range: Any = None,
    density: bool | None = None,
    weights: Any = None,
) -> tuple[Any, Any, Any]:
    """Count pairs of numbers in a grid of bins."""
    if not isinstance(bins, int) and len(bins) not in {1, 2}:
        bins = (bins, bins)  # the same edges along both axes
    heights, edges = histogramdd(xp, [x, y], bins, range, density, weights)
    return heights, edges[0], edges[1]


def bincount(xp: Any, x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """Count each whole number, or add up the weights that belong to it."""
    if weights is None:
        return xp.label_count(x, minlength=minlength)
    x = xp.shaped(x)
    length = xp.label_count(x, minlength=minlength).shape[0]
    return xp.untake(xp.cast(weights, dtype="float64"), x, shape=(length,), axis=0)


def cov(
    xp: Any,
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """Return the covariance of the rows; samples may have weights, which have derivatives."""
    x = variables(xp, m, rowvar, dtype)
    if y is not None:
        other = variables(xp, y, rowvar, dtype)
        x = xp.concatenate([x, other], axis=0)
    freedom = (0 if bias else 1) if ddof is None else ddof
    weights = sample_weights(xp, fweights, aweights)
    if weights is None:
        apart = x - xp.mean(x, axis=1, keepdims=True)
        return xp.squeeze(xp.matmul(apart, xp.conjugate(xp.matrix_transpose(apart))) / (x.shape[1] - freedom))
    total = xp.sum(weights)
    apart = x - xp.sum(x * weights, axis=1, keepdims=True) / total
    if freedom == 0:
        left: Any = total
    elif aweights is None:
        left = total - freedom
    else:
        left = total - freedom * xp.sum(weights * xp.shaped(aweights)) / total
    return xp.squeeze(xp.matmul(apart * weights, xp.conjugate(xp.matrix_transpose(apart))) / left)


def variables(xp: Any, m: Any, rowvar: bool, dtype: Any) -> Any:
    """Return observations with one variable in each row, in floating point."""
    x = xp.shaped(m)
    if x.ndim > 2:
        raise ValueError("m has more than 2 dimensions")
    one = x.ndim < 2
    x = xp.atleast_2d(x)
    if dtype is not None or not is_floating(x.dtype):
        x = xp.cast(x, dtype=dtype or "float64")
    return x if rowvar or one else xp.matrix_transpose(x)


def sample_weights(xp: Any, fweights: Any, aweights: Any) -> Any:
    """Return the product of repetitions and weights of the samples, None if there are neither."""
    if fweights is None or aweights is None:
        given = aweights if fweights is None else fweights
        return None if given is None else xp.shaped(given) * 1.0
    return xp.shaped(fweights) * xp.shaped(aweights)


def corrcoef(xp: Any, x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """Return the correlation of the rows."""
    c = cov(xp, x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    size = xp.sqrt(xp.real(xp.diagonal(c)))
    return c / xp.outer(size, size)


composite("histogram", histogram)
composite("histogramdd", histogramdd)
composite("histogram2d", histogram2d)
composite(
    "histogram_bin_edges",
    lambda xp, a, bins=10, range=None, weights=None: edges_of(xp, xp.ravel(xp.shaped(a)), bins, range, weights),
)
composite("bincount", bincount)
composite("cov", cov)
composite("corrcoef", corrcoef)
