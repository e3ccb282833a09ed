"""Each example runs in small, and comes to the result that it is there to show, also from other seeds (thorough)."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def example(monkeypatch, tmp_path):
    """Run an example in small, and let it draw."""
    monkeypatch.syspath_prepend(str(EXAMPLES))

    def run(name, **options):
        module = importlib.import_module(name)
        try:
            result = module.main(small=True, **options)
            if options:
                return module, result
            pytest.importorskip("matplotlib")
            program = importlib.import_module("_program")
            program.picture(module.draw, result, tmp_path / "picture.png")
            assert (tmp_path / "picture.png").read_bytes()[:4] == b"\x89PNG"
        finally:
            sys.modules.pop(name, None)
            sys.modules.pop("_program", None)
        return module, result

    return run


SEEDS = [{}, *(pytest.param({"seed": k}, marks=pytest.mark.thorough) for k in (11, 12, 13))]


def test_rosenbrock(example):
    _, result = example("rosenbrock")
    assert all(np.abs(found.x - 1.0).max() < 1e-3 for found in result["found"].values())
    assert result["found"]["trust-exact"].nit < result["found"]["Nelder-Mead"].nit
    np.testing.assert_allclose(result["many"].x, 1.0, atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_logistic_regression(example, seed):
    pytest.importorskip("sklearn")
    _, result = example("logistic_regression", **seed)
    assert result["difference"] < 1e-4
    assert result["accuracy"] > 0.85


def test_gaussian_process(example):
    pytest.importorskip("statsmodels")
    gaussian_process = pytest.importorskip("sklearn.gaussian_process")
    module, result = example("gaussian_process")
    assert result["last"] < result["first"] - 1.0
    assert np.sqrt(np.mean(result["miss"] ** 2)) < 1.0
    assert np.mean(np.abs(result["miss"]) < 1.96 * result["deviation"]) > 0.8

    p, year, value = result["params"], result["year"], result["value"] - result["value"].mean()
    k = gaussian_process.kernels
    (t, s, i, n) = (np.exp(p[name]) for name in ("trend", "season", "irregular", "noise"))
    theirs = (
        k.ConstantKernel(t[0] ** 2) * k.RBF(t[1])
        + k.ConstantKernel(s[0] ** 2) * k.RBF(s[1]) * k.ExpSineSquared(s[2], 1.0)
        + k.ConstantKernel(i[0] ** 2) * k.RationalQuadratic(i[1], i[2])
        + k.ConstantKernel(n[1] ** 2) * k.RBF(n[2])
        + k.WhiteKernel(n[0] ** 2)
    )
    regressor = gaussian_process.GaussianProcessRegressor(theirs, optimizer=None, alpha=0.0).fit(year[:, None], value)
    np.testing.assert_allclose(module.misfit(p, year, value), -regressor.log_marginal_likelihood_value_, rtol=1e-8)
    mean, deviation = regressor.predict(result["later"][:, None], return_std=True)
    ours = module.predict(p, year, value, result["later"])
    np.testing.assert_allclose(ours[0], mean, atol=1e-6)
    np.testing.assert_allclose(ours[1], deviation, atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_fluid(example, seed):
    module, result = example("fluid", **seed)
    assert result["last"] < 0.4 * result["first"]
    assert result["likeness"] > 0.5
    vx, vy = module.without_divergence(*np.random.default_rng(0).normal(size=(2, 16, 16)))
    k = np.fft.fftfreq(16) * 16
    divergence = k[:, None] * np.fft.fft2(vx) + k[None, :] * np.fft.fft2(vy)
    keep = np.abs(k) < 8  # the highest frequency of a real field has no sign
    np.testing.assert_allclose(divergence[np.ix_(keep, keep)], 0.0, atol=1e-10)


@pytest.mark.parametrize("seed", SEEDS)
def test_bayesian_net(example, seed):
    _, result = example("bayesian_net", **seed)
    tail = len(result["bounds"]) // 10
    assert np.mean(result["bounds"][-tail:]) < 0.7 * np.mean(result["bounds"][:tail])
    assert result["outside"] > result["inside"]


@pytest.mark.parametrize("seed", SEEDS)
def test_hill_muscle(example, seed):
    module, result = example("hill_muscle", **seed)
    miss = [np.mean((result[name] - result["measured"]) ** 2) for name in ("guess", "model")]
    assert miss[1] < min(0.1 * miss[0], 2.0 * module.NOISE**2)
    np.testing.assert_allclose(module.active(1.0), 1.0, atol=0.01)
    np.testing.assert_allclose(module.speed(1.0), 0.0, atol=0.01)  # held, a muscle has its isometric force
    np.testing.assert_allclose(module.speed(0.0), -1.0, atol=0.05)  # unloaded, its fastest speed
    np.testing.assert_allclose(module.tendon(1.0), 0.0, atol=0.02)  # slack
    assert np.all((result["excitation"] >= 0.05) & (result["excitation"] <= 1.0))
