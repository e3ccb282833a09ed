"""Fits: SciPy's values, exact Jacobians, and gradients of what was fitted against quotients of the whole fit."""

import warnings
from sys import _getframe

import numpy as np
import pytest
import scipy.optimize

import gradtape as gt
from gradtape.scipy import optimize
from gradtape.scipy.optimize.evaluations import Watched
from gradtape.scipy.optimize.unknowns import Unknowns
from gradtape.testing import check_grads

T = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
Y = np.array([2.1, 1.2, 0.8, 0.4, 1.9])  # the last one is an outlier


def residuals(p, y):
    return p[0] * np.exp(-p[1] * T) - y


@pytest.mark.parametrize("loss", ["linear", "soft_l1", "huber", "cauchy", "arctan", "own"])
@pytest.mark.parametrize("method", ["trf", "dogbox"])
def test_least_squares_with_every_loss(loss, method):
    def own(z):
        return np.stack([np.log(1.0 + z), 1.0 / (1.0 + z), -1.0 / (1.0 + z) ** 2])

    given = {
        "loss": own if loss == "own" else loss,
        "f_scale": 0.3,
        "method": method,
        "xtol": 1e-14,
        "gtol": 1e-12,
        "ftol": 1e-14,
    }
    theirs = scipy.optimize.least_squares(residuals, [1.0, 0.5], args=(Y,), jac="3-point", **given)
    ours = optimize.least_squares(residuals, [1.0, 0.5], args=(Y,), **given)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-6)
    assert ours.nfev <= theirs.nfev + 3
    np.testing.assert_allclose(ours.cost, theirs.cost)
    np.testing.assert_allclose(ours.jac, theirs.jac, atol=1e-6)
    y = gt.Variable(Y)
    with gt.GradientTape() as tape:
        found = optimize.least_squares(residuals, [1.0, 0.5], args=(y,), **given)
    np.testing.assert_allclose(found.cost, theirs.cost)
    assert tape.gradient(found.cost, y).shape == (5,)
    check_grads(
        lambda y: optimize.least_squares(residuals, [1.0, 0.5], args=(y,), **given).x, [Y], step=1e-4, rtol=1e-3,
        order=2 if loss == "linear" else 1,
    )  # fmt: skip


def test_levenberg_and_marquardt_s():
    found = optimize.least_squares(residuals, [1.0, 0.5], args=(Y,), method="lm")
    np.testing.assert_allclose(found.x, scipy.optimize.least_squares(residuals, [1.0, 0.5], args=(Y,)).x, rtol=1e-4)


@pytest.mark.parametrize(("count", "n"), [(40, 2), (3, 30)])
def test_the_jacobian_is_exact_in_the_cheaper_mode(count, n):
    rng = np.random.default_rng(0)
    a, x = rng.normal(size=(count, n)), rng.normal(size=n)
    watched = Watched(Unknowns("least_squares", x, _getframe()), lambda x: np.sin(a @ x), (), _getframe())
    np.testing.assert_allclose(watched.jacobian(x), np.cos(a @ x)[:, None] * a, rtol=1e-12)


def test_structures_lists_and_arguments_by_name():
    found = optimize.least_squares(
        lambda p, y, *, shift: [p["a"] * t + p["b"][0] + shift - v for t, v in zip(T, y, strict=True)],
        {"a": 0.0, "b": np.zeros(1)}, args=(2.0 * T + 1.0,), kwargs={"shift": 0.5},
    )  # fmt: skip
    np.testing.assert_allclose(found.params["b"], [0.5], atol=1e-8)
    w = gt.Variable(np.zeros(2))
    optimize.least_squares(lambda w: w[0] * T + w[1] - (2.0 * T + 1.0), w)
    np.testing.assert_allclose(w.numpy(), [2.0, 1.0], atol=1e-8)


@pytest.mark.parametrize("method", ["trf", "dogbox"])
def test_bounds(method):
    y = gt.Variable(Y)
    with gt.GradientTape(persistent=True) as tape:
        x = optimize.least_squares(residuals, [1.0, 0.9], args=(y,), bounds=([0.0, 0.6], [10.0, 2.0]), method=method).x
    np.testing.assert_allclose(x.numpy()[1], 0.6, atol=1e-6)
    slope = tape.jacobian(x, y).numpy()
    basis = np.exp(-0.6 * T)
    np.testing.assert_allclose(slope, [basis / (basis @ basis), np.zeros(5)], atol=1e-6)
    with pytest.raises(ValueError, match="bounds of shape"):
        optimize.least_squares(residuals, [1.0, 0.5], args=(Y,), bounds=([0.0, 0.6, 1.0], np.inf))


def rounded(p):
    return np.round(p) - 3.0


def one_rounded(p):
    return p[0] * T + np.round(p[1]) - Y


def test_a_missing_jacobian_is_told():
    with pytest.raises(gt.errors.MissingGradientError, match="GT302"):
        optimize.least_squares(rounded, [1.0, 2.0])
    with pytest.warns(gt.MissingGradientWarning, match=r"to `p\[1\]` is zero .* possible: `np.round\(p\[1\]\)`"):
        optimize.least_squares(one_rounded, [1.0, 2.2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimize.least_squares(lambda p: np.stack([p[0], p[1] ** 2]), [1.0, 0.0])


def bell(x, height, center, width):
    return height * np.exp(-(((x - center) / width) ** 2))


X = np.linspace(-1.0, 2.0, 12)
NOISY = bell(X, 1.4, 0.6, 0.8) + 0.05 * np.sin(9.0 * X)
SPREAD = 0.1 + 0.05 * X**2
FULL = np.diag(SPREAD**2) + 0.001


@pytest.mark.parametrize("sigma", [None, SPREAD, FULL], ids=["none", "vector", "matrix"])
@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("bounds", [None, ([0.0, -1.0, 0.1], [5.0, 2.0, 3.0])])
def test_curve_fit_is_scipys_and_keeps_its_gradient(sigma, absolute, bounds):
    given = {"sigma": sigma, "absolute_sigma": absolute, "p0": [1.0, 0.5, 1.0]}
    if bounds is not None:
        given["bounds"] = bounds
    theirs = scipy.optimize.curve_fit(bell, X, NOISY, **given)
    ours = optimize.curve_fit(bell, X, NOISY, **given)
    for mine, other in zip(ours, theirs, strict=True):
        assert type(mine) is np.ndarray
        np.testing.assert_allclose(mine, other, rtol=1e-4)
    check_grads(
        lambda y, x: optimize.curve_fit(bell, x, y, **given, xtol=1e-13, ftol=1e-13, gtol=1e-13),
        [NOISY, X], step=1e-5 if bounds is None else 1e-3, order=1, rtol=2e-3, atol=1e-4,
    )  # fmt: skip


def test_curve_fit_s_other_ways_to_be_called():
    x = np.linspace(0.0, 3.0, 8)
    y = 2.0 * np.exp(-0.7 * x)
    found = optimize.curve_fit(lambda x, a, b: a * np.exp(-b * x), x, y, full_output=True)
    assert len(found) == 5
    np.testing.assert_allclose(found[0], [2.0, 0.7], rtol=1e-8)
    np.testing.assert_allclose(
        optimize.curve_fit(lambda x, a, b: a * np.exp(-b * x), x, y, jac="2-point", method="trf")[0],
        [2.0, 0.7],
        rtol=1e-5,
    )
    two = np.stack([x, np.ones(8)])
    np.testing.assert_allclose(optimize.curve_fit(lambda z, a: a * z[0] * z[1], two, 3.0 * x)[0], [3.0])
    y[3] = np.nan
    np.testing.assert_allclose(
        optimize.curve_fit(lambda x, a, b: a * np.exp(-b * x), x, y, nan_policy="omit", check_finite=False)[0],
        [2.0, 0.7],
    )
    with pytest.raises(RuntimeError, match="Optimal parameters not found"):
        optimize.curve_fit(lambda x, a, b: a * np.exp(-b * x), x[:3], y[:3], maxfev=1)
    scale = gt.Variable(0.1)
    with gt.GradientTape() as tape:
        _, pcov = optimize.curve_fit(bell, X, NOISY, [1.0, 0.5, 1.0], sigma=scale * np.ones(12), absolute_sigma=True)
        y = pcov[0, 0]
    np.testing.assert_allclose(tape.gradient(y, scale), 2.0 * y.numpy() / 0.1, rtol=1e-5)


def test_parameters_without_influence_are_told():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", scipy.optimize.OptimizeWarning)
        with pytest.warns(gt.MissingGradientWarning, match=r"to `b` is zero .* possible: `np.floor\(b\)`"):
            optimize.curve_fit(stepped, X, NOISY, [1.0, 2.2])


def stepped(x, a, b):
    return a * x + np.floor(b)
