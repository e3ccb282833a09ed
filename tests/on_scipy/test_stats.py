"""The distributions: SciPy's values, derivatives in everything that moves by difference quotients, edges and tails."""

import numpy as np
import pytest
import scipy.stats

import gradtape as gt
from gradtape.scipy import stats
from gradtape.scipy.stats import _METHODS
from gradtape.testing import check_grads

SHAPES = {
    "beta": (1.4, 2.3), "betabinom": (1.4, 2.3), "binom": (0.3,), "chi": (2.5,), "chi2": (2.5,), "f": (3.5, 4.5),
    "fisk": (2.1,), "gamma": (1.7,), "gennorm": (1.6,), "invgamma": (2.2,), "invgauss": (0.7,), "loggamma": (1.3,),
    "lognorm": (0.8,), "lomax": (1.9,), "nbinom": (2.5, 0.4), "pareto": (2.1,), "powerlaw": (1.8,),
    "skewnorm": (1.2,), "t": (3.5,), "truncnorm": (-1.1, 1.6), "vonmises": (1.9,), "weibull_min": (1.7,),
    "wrapcauchy": (0.4,), "bernoulli": (0.3,), "geom": (0.35,), "poisson": (2.3,), "logser": (0.6,), "zipf": (2.4,),
}  # fmt: skip
POINTS = {"beta": [0.2, 0.7], "uniform": [0.2, 0.7], "powerlaw": [0.3, 0.8], "pareto": [1.3, 2.6]}
COUNTS = {"binom": 3, "betabinom": 3}
"""Distributions whose first parameter is a number of trials."""
DISCRETE = [n for n, m in _METHODS.items() if "logpmf" in m and n != "multinomial"]
CONTINUOUS = [n for n, m in _METHODS.items() if "logpdf" in m and n not in {"multivariate_normal", "dirichlet"}]
SMOOTH = ("logpdf", "pdf", "cdf", "sf", "logcdf", "logsf", "ppf", "isf", "entropy")


def calls(names, wanted):
    return [(n, m) for n in names for m in wanted if m in _METHODS[n]]


def parameters(name):
    return [np.asarray(v) for v in SHAPES.get(name, ())]


@pytest.mark.parametrize(("name", "method"), calls(CONTINUOUS, SMOOTH))
def test_a_continuous_method(name, method):
    ours, theirs = getattr(getattr(stats, name), method), getattr(getattr(scipy.stats, name), method)
    x = np.array([0.15, 0.8] if method in {"ppf", "isf"} else POINTS.get(name, [0.4, 1.2]))
    args = [*([] if method == "entropy" else [x]), *parameters(name)]
    np.testing.assert_allclose(ours(*args), theirs(*args), rtol=1e-9)
    moved = [*args, np.asarray(0.05), np.asarray(1.1)]
    np.testing.assert_allclose(ours(*moved), theirs(*moved), rtol=1e-9)
    check_grads(ours, moved, rtol=2e-5)


@pytest.mark.parametrize(("name", "method"), calls(DISCRETE, ("logpmf", "pmf", "cdf", "sf", "logcdf", "logsf")))
def test_a_discrete_method(name, method):
    ours, theirs = getattr(getattr(stats, name), method), getattr(getattr(scipy.stats, name), method)
    trials = [COUNTS[name]] if name in COUNTS else []
    top = 1 if name == "bernoulli" else 2
    k = np.array([1, top])
    args = [k, *trials, *parameters(name)]
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(ours(*args), theirs(*args), rtol=1e-9)
    if method == "logsf" and name == "bernoulli":
        return  # the last count has probability 0 above it, whatever the parameter is
    check_grads(lambda *shapes: ours(k, *trials, *shapes), parameters(name))


@pytest.mark.parametrize("name", CONTINUOUS)
def test_outside_of_the_support_there_is_nothing_and_no_slope(name):
    x = gt.Variable(np.array([-300.0, 300.0]))
    distribution, shapes = getattr(stats, name), [gt.Variable(v) for v in parameters(name)]
    with gt.GradientTape(persistent=True) as tape:
        density = distribution.pdf(x, *shapes)
        below = distribution.cdf(x, *shapes) if "cdf" in _METHODS[name] else density
    np.testing.assert_allclose(density, getattr(scipy.stats, name).pdf(x.numpy(), *parameters(name)), atol=1e-200)
    for y in (density, below):
        assert all(np.isfinite(g).all() for g in tape.gradient(y, [x, *shapes], unconnected_gradients="zero"))


@pytest.mark.parametrize("name", ["norm", "expon", "logistic", "gumbel_r", "gumbel_l", "laplace", "truncnorm"])
@pytest.mark.parametrize("x", [-30.0, -8.0, 9.0, 30.0])
def test_tails_keep_their_digits(name, x):
    shapes = [(-40.0, 41.0)[k] for k in range(2)] if name == "truncnorm" else []
    for method in ("logcdf", "logsf", "logpdf"):
        expected = getattr(getattr(scipy.stats, name), method)(x, *shapes)
        np.testing.assert_allclose(getattr(getattr(stats, name), method)(x, *shapes), expected, rtol=1e-9)


def test_parameters_out_of_range_give_nan():
    assert np.isnan(stats.norm.pdf(0.0, 0.0, -1.0).numpy())
    assert np.isnan(stats.gamma.cdf(1.0, -2.0).numpy())
    assert np.isnan(stats.binom.pmf(1, 3, 1.5).numpy())


def test_a_frozen_distribution_keeps_its_parameters():
    mean = gt.Variable(0.3)
    with gt.GradientTape() as tape:
        y = stats.norm(mean, scale=2.0).logpdf(1.0)
    assert float(y) == pytest.approx(scipy.stats.norm(0.3, 2.0).logpdf(1.0))
    assert float(tape.gradient(y, mean)) == pytest.approx(0.7 / 4.0)


def test_what_is_not_here_is_scipys_and_says_so():
    mean = gt.Variable(0.3)
    with gt.GradientTape() as tape:
        y = stats.norm.rvs(mean, size=3, random_state=0)
    np.testing.assert_allclose(y, scipy.stats.norm.rvs(0.3, size=3, random_state=0))
    with pytest.warns(gt.MissingGradientWarning, match="left-through-numpy"):
        assert tape.gradient(y, mean) is None


def test_quantiles_of_counts_are_counts():
    p = gt.Variable(0.3)
    with gt.GradientTape() as tape:
        y = stats.binom.ppf(0.6, 5, p)
    assert float(y) == scipy.stats.binom.ppf(0.6, 5, 0.3)
    with pytest.warns(gt.MissingGradientWarning, match="a count jumps"):
        assert tape.gradient(y, p) is None


COV = np.array([[2.0, 0.3, 0.1], [0.3, 1.5, 0.2], [0.1, 0.2, 1.1]])


def symmetric(a):
    return (a + np.transpose(a)) / 2


@pytest.mark.parametrize("points", [(3,), (4, 3), (2, 4, 3)])
def test_normal_vectors(points):
    x = np.random.default_rng(0).normal(size=points)
    mean = np.array([0.1, -0.2, 0.3])
    np.testing.assert_allclose(
        stats.multivariate_normal.logpdf(x, mean, COV), scipy.stats.multivariate_normal.logpdf(x, mean, COV)
    )
    check_grads(lambda x, m, c: stats.multivariate_normal.logpdf(x, m, symmetric(c)), [x, mean, COV])
    check_grads(lambda c: stats.multivariate_normal.entropy(mean, symmetric(c)), [COV])


@pytest.mark.parametrize("arguments", [(None, 1.0), (0.5, 2.0), ([0.1, 0.2, 0.3], [1.0, 2.0, 3.0])])
def test_normal_vectors_with_less_said(arguments):
    x = np.array([0.3, 0.4, 1.2])
    theirs = scipy.stats.multivariate_normal.logpdf(x, *arguments)
    np.testing.assert_allclose(stats.multivariate_normal.logpdf(x, *arguments), theirs)


def test_vectors_of_probabilities():
    alpha, x = np.array([1.3, 0.8, 2.1]), np.array([0.2, 0.5, 0.3])
    np.testing.assert_allclose(stats.dirichlet.logpdf(x, alpha), scipy.stats.dirichlet.logpdf(x, alpha))
    np.testing.assert_allclose(stats.dirichlet.entropy(alpha), scipy.stats.dirichlet.entropy(alpha))
    check_grads(lambda x, a: stats.dirichlet.logpdf(x / np.sum(x), a), [x, alpha])
    counts = np.array([1, 3, 2])
    np.testing.assert_allclose(stats.multinomial.pmf(counts, 6, x), scipy.stats.multinomial.pmf(counts, 6, x))
    check_grads(lambda p: stats.multinomial.logpmf(counts, 6, p / np.sum(p)), [x])
    assert float(stats.multinomial.pmf(counts, 5, x)) == 0.0


SAMPLE = np.array(
    [[0.3, 1.2, 0.7, 2.5], [0.9, 0.4, 1.8, 1.1], [1.4, 0.6, 0.2, 0.8], [0.5, 2.1, 1.3, 0.1], [2.2, 1.0, 0.45, 1.9]]
)
MEASURES = {
    "gmean": {}, "hmean": {}, "pmean": {"p": 3}, "sem": {}, "skew": {"bias": False}, "kurtosis": {"bias": False},
    "variation": {}, "gstd": {}, "zscore": {"ddof": 1}, "moment": {"order": 3}, "entropy": {"base": 2},
    "median_abs_deviation": {}, "iqr": {},
}  # fmt: skip


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_of_a_sample(name, axis):
    options = {**MEASURES[name], "axis": axis}
    np.testing.assert_allclose(
        getattr(stats, name)(SAMPLE, **options), getattr(scipy.stats, name)(SAMPLE, **options), rtol=1e-12, atol=1e-14
    )
    check_grads(lambda a: getattr(stats, name)(a, **options), [SAMPLE])


def test_two_samples():
    x, y = SAMPLE[0], SAMPLE[1]
    for name in ("pearsonr", "linregress"):
        ours, theirs = getattr(stats, name)(x, y), getattr(scipy.stats, name)(x, y)
        for field in ours._fields:
            np.testing.assert_allclose(getattr(ours, field), getattr(theirs, field), err_msg=f"{name}.{field}")
        check_grads(getattr(stats, name), [x, y])
    np.testing.assert_allclose(stats.ttest_1samp(x, 0.5), scipy.stats.ttest_1samp(x, 0.5))
    np.testing.assert_allclose(stats.wasserstein_distance(x, y), scipy.stats.wasserstein_distance(x, y))
    check_grads(lambda x: stats.ttest_1samp(x, 0.5), [x])
    check_grads(stats.wasserstein_distance, [x, y])


@pytest.mark.parametrize("axis", [0, 1, None])
def test_the_most_common_value_flows(axis):
    a = np.array([[1.5, 2.0, 2.0], [1.5, 1.0, 2.0], [0.5, 1.0, 3.0]])
    ours, theirs = stats.mode(a, axis=axis), scipy.stats.mode(a, axis=axis)
    np.testing.assert_allclose(ours.mode, theirs.mode)
    np.testing.assert_allclose(ours.count, theirs.count)
    x = gt.Variable(a)
    with gt.GradientTape() as tape:
        y = stats.mode(x, axis=axis).mode
    assert tape.gradient(y, x).numpy().sum() == np.size(theirs.mode)


@pytest.mark.parametrize("bandwidth", [None, "silverman", 0.7])
def test_kernel_density(bandwidth):
    data, points = SAMPLE[:2], SAMPLE[1:3, :3]
    theirs = scipy.stats.gaussian_kde(data, bandwidth)
    np.testing.assert_allclose(stats.gaussian_kde(data, bandwidth)(points), theirs(points))
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(
        stats.gaussian_kde(data, bandwidth, weights).logpdf(points),
        scipy.stats.gaussian_kde(data, bandwidth, weights).logpdf(points),
    )
    check_grads(lambda d, p: stats.gaussian_kde(d, bandwidth)(p), [data, points])
    check_grads(lambda w: stats.gaussian_kde(data, bandwidth, w)(points), [weights])
