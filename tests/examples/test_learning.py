"""The examples that learn, in small: what they print holds, and their pictures can be drawn."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def example(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    yield importlib.import_module
    for name in ("_program", "digits", "meta_learning", "ode_network", "policy_gradient"):
        sys.modules.pop(name, None)


def draw(module, result, tmp_path):
    pytest.importorskip("matplotlib")
    importlib.import_module("_program").picture(module.draw, result, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 10_000


def test_one_step_is_worth_more_to_weights_that_were_trained_for_it(example, tmp_path):
    """For the seed of the example; so few steps of training do it from some other seeds only."""
    module = example("meta_learning")
    result = module.main(small=True)
    prepared, ordinary = result["errors"].values()
    assert prepared[1] < 0.8 * prepared[0], "a step helps"
    assert ordinary[1] > 0.9 * ordinary[0], "it needs the training through the step for that"
    draw(module, result, tmp_path)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_more_training_makes_one_step_worth_more_from_any_start(example, seed):
    """After a training a third as long as the example's; how much it is worth by then differs from start to start."""
    module = example("meta_learning")
    weights = module.start(np.random.default_rng(seed))
    module.train(weights, np.random.default_rng(seed + 1), 2000, 1)
    found = module.errors(weights, module.RATE, most=1)
    assert found[1] < 0.9 * found[0]


def test_the_outer_gradient_goes_through_the_inner_one(example):
    """Central differences of the whole, inner step included; without the inner gradient they would not agree."""
    module = example("meta_learning")
    weights = module.start(np.random.default_rng(3))
    (x_in, x_out), (y_in, y_out) = module.sines(np.random.default_rng(4), 3)

    def loss():
        own = module.adapt(module.copies(weights, 3), x_in, y_in)
        return np.mean((module.network(own, x_out) - y_out) ** 2)

    with module.gt.GradientTape() as tape:
        value = loss()
    slope = tape.gradient(value, weights["w1"]).numpy()
    direction = np.random.default_rng(5).standard_normal(slope.shape)
    middle, step = weights["w1"].numpy(), 1e-6
    found = []
    for sign in (1, -1):
        weights["w1"].assign(middle + sign * step * direction)
        found.append(float(loss()))
    assert (found[0] - found[1]) / (2 * step) == pytest.approx((slope * direction).sum(), rel=1e-5)


SEEDS = [{}, *(pytest.param({"seed": k}, marks=pytest.mark.thorough) for k in (11, 12, 13))]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_pole_learns_to_stand_and_the_wrong_way_is_explained(example, tmp_path, capsys, seed):
    module = example("policy_gradient")
    result = module.main(small=True, **seed)
    assert result["reason"].findings[0].code.number == "GT301"
    assert np.mean(result["stood"][:3]) < 40
    assert np.mean(result["stood"][-5:]) > 150
    assert "True or False" in capsys.readouterr().out
    draw(module, result, tmp_path)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_network_solves_the_equation(example, tmp_path, seed):
    pytest.importorskip("scipy")
    module = example("ode_network")
    result = module.main(small=True, **seed)
    assert result["difference"] < 0.02
    assert result["fun"] < 5e-4
    assert result["network"][0] == module.ANGLE
    draw(module, result, tmp_path)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_network_reads_digits(example, tmp_path, capsys, seed):
    """A third of the channels and three epochs; `make examples` shows what the whole network comes to."""
    pytest.importorskip("sklearn")
    module = example("digits")
    result = module.main(small=True, **seed)
    assert result["accuracy"] > 0.9
    assert result["history"]["val_accuracy"][-1] == pytest.approx(result["accuracy"])
    assert "images that the network never saw are read rightly" in capsys.readouterr().out
    assert np.abs(result["matters"]).max((1, 2)).min() > 0
    draw(module, result, tmp_path)
