"""The smooth replacements tend to the hard functions as the temperature falls, and differentiate everywhere."""

import inspect

import numpy as np
import pytest

import gradtape as gt
from gradtape.ops.smooth import NAMES
from gradtape.testing import check_grads

X = np.array([-1.7, -0.4, 0.3, 1.2, 2.6])
HARD = {
    "soft_step": lambda x: (x > 0).astype(float),
    "soft_sign": np.sign,
    "soft_plus": lambda x: np.maximum(x, 0),
    "soft_abs": np.abs,
    "soft_floor": np.floor,
    "soft_ceil": np.ceil,
    "soft_round": np.round,
    "soft_max": np.max,
    "soft_min": np.min,
    "soft_argmax": np.argmax,
    "soft_clip": lambda x: np.clip(x, -1.0, 1.5),
    "soft_where": lambda x: np.where(x > 0, 3.0, -2.0),
    "soft_sort": np.sort,
    "soft_rank": lambda x: np.argsort(np.argsort(x)),
}
MORE = {"soft_clip": (-1.0, 1.5), "soft_where": (3.0, -2.0)}


def test_all_of_them_are_tried():
    assert sorted(HARD) == sorted(f.__name__ for f in NAMES)


def soft(name, x, temperature):
    return getattr(gt, name)(x, *MORE.get(name, ()), temperature=temperature)


@pytest.mark.parametrize("name", sorted(HARD))
def test_it_tends_to_the_hard_one(name):
    x = np.random.default_rng(1).permutation(X)
    wide, narrow, least = (np.abs(soft(name, x, t).numpy() - HARD[name](x)).max() for t in (0.5, 0.05, 1e-4))
    assert narrow <= wide
    assert least < 1e-3


@pytest.mark.parametrize("name", sorted(HARD))
def test_it_differentiates_twice(name):
    check_grads(lambda x: soft(name, x, 0.3), [X])


@pytest.mark.parametrize("name", sorted(HARD))
def test_it_keeps_float32_and_gives_a_gradient_at_the_edge(name):
    x = gt.Variable(np.array([0.0, 1.0, 1.0], np.float32))
    with gt.GradientTape() as tape:
        y = soft(name, x, 0.1)
    assert y.dtype == np.float32
    slope = tape.gradient(y, x)
    assert slope.dtype == np.float32
    assert np.isfinite(slope.numpy()).all()


def test_the_staircase_never_falls_and_keeps_its_period():
    x = gt.Variable(np.linspace(-2.0, 2.0, 401))
    with gt.GradientTape() as tape:
        y = gt.soft_floor(x, temperature=0.01)
    assert (tape.gradient(y, x).numpy() > 0).all()
    np.testing.assert_allclose((gt.soft_floor(x + 1.0) - gt.soft_floor(x)).numpy(), 1.0, rtol=1e-12)


def test_the_public_ones_say_what_they_take():
    assert list(inspect.signature(gt.soft_sort).parameters) == ["x", "axis", "temperature"]
    assert "SoftSort" in gt.soft_sort.__doc__
    with pytest.raises(AttributeError, match="there are soft_step"):
        gt.soft_wishes
