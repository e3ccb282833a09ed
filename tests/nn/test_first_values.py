"""Initializers, regularizers and constraints."""

import numpy as np
import pytest

import gradtape as gt
from gradtape import nn
from gradtape.nn import constraints, initializers, regularizers
from gradtape.testing import check_grads

SPREADS = {
    "GlorotUniform": 2 / (200 + 300),
    "GlorotNormal": 2 / (200 + 300),
    "HeUniform": 2 / 200,
    "HeNormal": 2 / 200,
    "LecunUniform": 1 / 200,
    "LecunNormal": 1 / 200,
}


@pytest.mark.parametrize("name", SPREADS)
def test_the_variance_is_the_one_that_was_meant(name):
    drawn = getattr(initializers, name)(seed=0)((200, 300))
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(drawn.var(), SPREADS[name], rtol=0.02)
    assert abs(drawn.mean()) < 4 * np.sqrt(SPREADS[name] / drawn.size)
    limit = np.sqrt(3 * SPREADS[name]) if "Uniform" in name else 2 * np.sqrt(SPREADS[name]) / 0.8796
    assert 0.98 * limit < np.abs(drawn).max() <= limit * 1.001


def test_windows_count_as_connections():
    assert initializers.fans((3, 3, 8, 16)) == (72.0, 144.0)
    assert initializers.fans((5,)) == (5.0, 5.0)
    assert initializers.fans(()) == (1.0, 1.0)


def test_seeds():
    one = initializers.HeNormal(seed=3)
    np.testing.assert_array_equal(one((2, 3)), one((2, 3)))
    row = initializers.HeNormal(seed=nn.SeedGenerator(3))
    assert np.any(row((2, 3)) != row((2, 3)))
    free = initializers.HeNormal()
    assert np.any(free((2, 3)) != free((2, 3)))
    with nn.seeded(1):
        a = free((2, 3))
    with nn.seeded(1):
        np.testing.assert_array_equal(free((2, 3)), a)
        assert np.any(free((2, 3)) != a)
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(initializers.RandomNormal(seed=rng)((3,)), np.float32(0.05 * normal(0, 3)))


def normal(seed, size):
    return np.random.default_rng(seed).standard_normal(size)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (2, 2, 3), (4, 4)])
def test_orthogonal(shape):
    q = initializers.Orthogonal(gain=2.0, seed=0)(shape, "float64").reshape(-1, shape[-1])
    gram = q.T @ q if len(q) >= shape[-1] else q @ q.T
    np.testing.assert_allclose(gram, 4.0 * np.eye(len(gram)), atol=1e-12)


def test_the_others():
    assert initializers.get("zeros")((2,)).tolist() == [0.0, 0.0]
    assert initializers.get("Ones")((1,)).tolist() == [1.0]
    assert initializers.Constant([1, 2, 3, 4])((2, 2)).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert initializers.Identity(2.0)((2, 2)).tolist() == [[2.0, 0.0], [0.0, 2.0]]
    uniform = initializers.RandomUniform(2.0, 3.0, seed=0)((1000,))
    assert 2.0 <= uniform.min() < 2.01
    assert 2.99 < uniform.max() <= 3.0
    cut = initializers.TruncatedNormal(1.0, 0.5, seed=0)((10_000,))
    assert 0.0 <= cut.min() < 0.01
    np.testing.assert_allclose(cut.std(), 0.5 * 0.8796, rtol=0.02)
    with pytest.raises(ValueError, match="`mode`"):
        initializers.VarianceScaling(mode="in")
    with pytest.raises(ValueError, match="two axes or more"):
        initializers.Orthogonal()((3,))


def test_regularizers():
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    assert float(regularizers.get("l1")(gt.constant(x))) == pytest.approx(0.065)
    assert float(regularizers.L2(0.1)(gt.constant(x))) == pytest.approx(1.425)
    assert float(regularizers.L1L2()(gt.constant(x))) == 0.0
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    assert float(regularizers.OrthogonalRegularizer(0.5)(gt.constant(x))) == pytest.approx(0.5 * abs(unit[0] @ unit[1]))
    for penalty in (regularizers.L1L2(0.3, 0.2), regularizers.OrthogonalRegularizer(mode="columns")):
        check_grads(penalty, [x])


def test_constraints():
    w = np.array([[3.0, -0.3], [4.0, 0.4]], "float32")
    np.testing.assert_allclose(constraints.MaxNorm(1.0)(w), [[0.6, -0.3], [0.8, 0.4]], rtol=1e-5)
    np.testing.assert_allclose(constraints.UnitNorm(axis=1)(w), w / np.linalg.norm(w, axis=1, keepdims=True), rtol=1e-5)
    np.testing.assert_allclose(constraints.MinMaxNorm(1.0, 2.0)(w), [[1.2, -0.6], [1.6, 0.8]], rtol=1e-5)
    np.testing.assert_array_equal(constraints.get("non_neg")(gt.Variable(w)), np.maximum(w, 0))
    assert all(c()(w).dtype == np.float32 for c in constraints.NAMED.values())
    layer = nn.Dense(2, kernel_constraint=constraints.MaxNorm(1.0))
    layer(w)
    assert layer.kernel.constraint.max_value == 1.0
    assert layer.bias.constraint is None
