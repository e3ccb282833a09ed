"""Measures of samples: means, moments, scores, correlations, entropies. Formulas as in SciPy's reference."""

from __future__ import annotations

from math import log, pi
from typing import Any, NamedTuple

from gradtape.ops.domains import case
from gradtape.ops.model import NoTangent
from gradtape.ops.registry import composite, op

op(
    "rankdata",
    "a, method='average', axis=None, nan_policy='propagate'",
    scipy="stats.rankdata",
    a=NoTangent("answers with ranks, and ranks are positions"),
    cases=(case((5,)), case((2, 3), axis=1)),
)


class Test(NamedTuple):
    """A statistic and the probability of a more extreme one."""

    statistic: Any
    pvalue: Any


class Mode(NamedTuple):
    """The most common value, and how often it stands there."""

    mode: Any
    count: Any


class Line(NamedTuple):
    """A straight line through points; the probability is that of a steeper one where there is no slope."""

    slope: Any
    intercept: Any
    rvalue: Any
    pvalue: Any
    stderr: Any


def along(xp: Any, a: Any, axis: int | None) -> tuple[Any, int]:
    """Return an array and the axis to work along: all elements in one line where the axis is None."""
    a = xp.shaped(a)
    return (xp.ravel(a), 0) if axis is None else (a, axis)


def central(xp: Any, a: Any, order: int, axis: int, center: Any = None, keepdims: bool = False) -> Any:
    """Return a central moment."""
    middle = xp.mean(a, axis=axis, keepdims=True) if center is None else center
    return xp.mean(xp.power(a - middle, order), axis=axis, keepdims=keepdims)


def moment(xp: Any, a: Any, order: int = 1, axis: int | None = 0, *, center: Any = None) -> Any:
    """Return a moment about the mean or another center."""
    a, axis = along(xp, a, axis)
    return central(xp, a, order, axis, center)


def skew(xp: Any, a: Any, axis: int | None = 0, bias: bool = True) -> Any:
    """Return the third moment in units of the standard deviation."""
    a, axis = along(xp, a, axis)
    n, second, third = a.shape[axis], central(xp, a, 2, axis), central(xp, a, 3, axis)
    value = third / xp.power(second, 1.5)
    return value if bias else value * ((n * (n - 1.0)) ** 0.5 / (n - 2.0))


def kurtosis(xp: Any, a: Any, axis: int | None = 0, fisher: bool = True, bias: bool = True) -> Any:
    """Return the fourth moment in units of the variance; less 3 after Fisher."""
    a, axis = along(xp, a, axis)
    n, second, fourth = a.shape[axis], central(xp, a, 2, axis), central(xp, a, 4, axis)
    value = fourth / xp.square(second)
    if not bias:
        value = ((n * n - 1.0) * value - 3.0 * (n - 1.0) ** 2) / ((n - 2.0) * (n - 3.0)) + 3.0
    return value - 3.0 if fisher else value


def sem(xp: Any, a: Any, axis: int | None = 0, ddof: int = 1) -> Any:
    """Return the standard error of the mean."""
    a, axis = along(xp, a, axis)
    return xp.std(a, axis=axis, ddof=ddof) / a.shape[axis] ** 0.5


def variation(xp: Any, a: Any, axis: int | None = 0, *, ddof: int = 0) -> Any:
    """Return the standard deviation over the mean."""
    a, axis = along(xp, a, axis)
    return xp.std(a, axis=axis, ddof=ddof) / xp.mean(a, axis=axis)


def zmap(xp: Any, scores: Any, compare: Any, axis: int | None = 0, ddof: int = 0) -> Any:
    """Return scores in units of the spread of a sample."""
    compare = xp.shaped(compare)
    if axis is None:
        mean, spread = xp.mean(compare), xp.std(compare, ddof=ddof)
    else:
        mean = xp.mean(compare, axis=axis, keepdims=True)
        spread = xp.std(compare, axis=axis, ddof=ddof, keepdims=True)
    return (xp.shaped(scores) - mean) / spread


def average(xp: Any, a: Any, axis: int, weights: Any) -> Any:
    """Return a mean, weighted if there are weights."""
    return xp.mean(a, axis=axis) if weights is None else xp.average(a, axis=axis, weights=weights)


def gmean(xp: Any, a: Any, axis: int | None = 0, *, weights: Any = None) -> Any:
    """Return the geometric mean."""
    a, axis = along(xp, a, axis)
    return xp.exp(average(xp, xp.log(a), axis, weights))


def hmean(xp: Any, a: Any, axis: int | None = 0, *, weights: Any = None) -> Any:
    """Return the harmonic mean."""
    a, axis = along(xp, a, axis)
    return 1.0 / average(xp, 1.0 / a, axis, weights)


def pmean(xp: Any, a: Any, p: float, *, axis: int | None = 0, weights: Any = None) -> Any:
    """Return the power mean."""
    if p == 0:
        return gmean(xp, a, axis, weights=weights)
    a, axis = along(xp, a, axis)
    return xp.power(average(xp, xp.power(a, p), axis, weights), 1.0 / p)


def gstd(xp: Any, a: Any, axis: int | None = 0, ddof: int = 1) -> Any:
    """Return the geometric standard deviation."""
    a, axis = along(xp, a, axis)
    return xp.exp(xp.std(xp.log(a), axis=axis, ddof=ddof))


def entropy(xp: Any, pk: Any, qk: Any = None, base: float | None = None, axis: int = 0) -> Any:
    """Return the entropy of weights, or their relative entropy against others; both are divided by their sum."""
    pk = xp.shaped(pk)
    pk = pk / xp.sum(pk, axis=axis, keepdims=True)
    if qk is None:
        parts = xp.entr(pk)
    else:
        qk = xp.shaped(qk)
        parts = xp.rel_entr(pk, qk / xp.sum(qk, axis=axis, keepdims=True))
    total = xp.sum(parts, axis=axis)
    return total if base is None else total / log(base)


def correlation(xp: Any, x: Any, y: Any) -> Any:
    """Return Pearson's coefficient."""
    x, y = (v - xp.mean(v, axis=-1, keepdims=True) for v in (xp.shaped(x), xp.shaped(y)))
    return xp.sum(x * y, axis=-1) / xp.sqrt(xp.sum(x * x, axis=-1) * xp.sum(y * y, axis=-1))


def pearsonr(xp: Any, x: Any, y: Any) -> Test:
    """Return Pearson's coefficient and the probability of a larger one without correlation (Student's t)."""
    r = correlation(xp, x, y)
    half = 0.5 * xp.shaped(x).shape[-1] - 1.0
    return Test(r, 2.0 * xp.betainc(half, half, 0.5 * (1.0 - xp.abs(r))))


def linregress(xp: Any, x: Any, y: Any) -> Line:
    """Return the straight line of least squares through points, and how well it fits."""
    x, y = xp.shaped(x), xp.shaped(y)
    dx, dy = x - xp.mean(x), y - xp.mean(y)
    spread = xp.sum(dx * dx)
    slope = xp.sum(dx * dy) / spread
    r, pvalue = pearsonr(xp, x, y)
    stderr = xp.sqrt((1.0 - r * r) * xp.sum(dy * dy) / spread / (x.size - 2.0))
    return Line(slope, xp.mean(y) - slope * xp.mean(x), r, pvalue, stderr)


def interquartile(xp: Any, x: Any, axis: int | None = None, rng: tuple[float, float] = (25, 75)) -> Any:
    """Return the distance of two percentiles."""
    low, high = sorted(rng)
    return xp.percentile(x, high, axis=axis) - xp.percentile(x, low, axis=axis)


def absolute_deviation(xp: Any, x: Any, axis: int | None = 0, *, scale: Any = 1.0) -> Any:
    """Return the median distance from the median."""
    x, axis = along(xp, x, axis)
    factor = 1.0 / 0.6744897501960817 if scale == "normal" else 1.0 / scale
    return xp.median(xp.abs(x - xp.median(x, axis=axis, keepdims=True)), axis=axis) * factor


def mode(xp: Any, a: Any, axis: int | None = 0, *, keepdims: bool = False) -> Mode:
    """Return the most common value, the smallest of several, and how often it stands there; the value flows."""
    a, axis = along(xp, a, axis)
    values = xp.sort(xp.moveaxis(a, axis, -1), axis=-1)
    counts = xp.sum(xp.equal(xp.expand_dims(values, axis=-1), xp.expand_dims(values, axis=-2)), axis=-1)
    place = xp.expand_dims(xp.argmax(counts, axis=-1), axis=-1)
    found, often = (xp.take_along_axis(v, place, axis=-1)[..., 0] for v in (values, counts))
    return Mode(*(xp.expand_dims(v, axis=axis) for v in (found, often))) if keepdims else Mode(found, often)


def t_test(xp: Any, a: Any, popmean: Any, axis: int = 0) -> Test:
    """Return Student's statistic of one sample against a mean, and its two-sided probability."""
    a = xp.shaped(a)
    n = a.shape[axis]
    t = (xp.mean(a, axis=axis) - popmean) / (xp.std(a, axis=axis, ddof=1) / n**0.5)
    return Test(t, 2.0 * xp.stdtr(n - 1.0, -xp.abs(t)))


def wasserstein(xp: Any, u_values: Any, v_values: Any) -> Any:
    """Return the distance between two samples of equal size: the mean distance of their sorted values."""
    u, v = xp.sort(xp.shaped(u_values)), xp.sort(xp.shaped(v_values))
    if u.shape != v.shape:
        raise TypeError(f"the samples have {u.shape[0]} and {v.shape[0]} values; it wants equal numbers")
    return xp.mean(xp.abs(u - v))


def kernel_density(xp: Any, points: Any, dataset: Any, factor: Any, weights: Any = None) -> Any:
    """Return the mean of normal densities around the data; `dataset` and `points` have one row per dimension."""
    dataset, points = (v if v.ndim > 1 else xp.reshape(v, shape=(1, -1)) for v in map(xp.shaped, (dataset, points)))
    dim, n = dataset.shape
    weights = xp.constant([1.0 / n] * n) if weights is None else weights / xp.sum(weights)
    mean = xp.sum(dataset * weights, axis=1, keepdims=True)
    centered = dataset - mean
    spread = xp.matmul(centered * weights, xp.transpose(centered, axes=None)) / (1.0 - xp.sum(xp.square(weights)))
    root = xp.cholesky(spread) * factor
    data, at = xp.solve(root, dataset), xp.solve(root, points)
    gaps = xp.reshape(at, shape=(dim, -1, 1)) - xp.reshape(data, shape=(dim, 1, -1))
    logs = xp.log(weights) - 0.5 * xp.sum(xp.square(gaps), axis=0)
    norm = 0.5 * dim * log(2.0 * pi) + xp.sum(xp.log(xp.diagonal(root)))
    return xp.logsumexp(logs, axis=1) - norm


for _name, _fn in (
    ("moment", moment),
    ("skew", skew),
    ("kurtosis", kurtosis),
    ("sem", sem),
    ("variation", variation),
    ("zmap", zmap),
    ("gmean", gmean),
    ("hmean", hmean),
    ("pmean", pmean),
    ("gstd", gstd),
    ("entropy", entropy),
    ("pearsonr", pearsonr),
    ("linregress", linregress),
    ("iqr", interquartile),
    ("median_abs_deviation", absolute_deviation),
    ("mode", mode),
    ("ttest_1samp", t_test),
    ("wasserstein_distance", wasserstein),
):
    composite(f"stats_{_name}", _fn, scipy=f"stats.{_name}")
composite("zscore", lambda xp, a, axis=0, ddof=0: zmap(xp, a, a, axis, ddof), scipy="stats.zscore")
composite("kernel_density", kernel_density, numpy=None)
