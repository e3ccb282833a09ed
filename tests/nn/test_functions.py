"""The functions of `gradtape.nn`: values from their definitions, derivatives by difference quotients."""

import numpy as np
import pytest

import gradtape as gt
from gradtape import nn
from gradtape.testing import check_grads

X = np.array([-3.4, -1.3, -0.4, 0.3, 0.8, 3.7])
VALUES = {
    "celu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "frac": lambda x: x - np.trunc(x),
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "hard_silu": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "sparse_plus": lambda x: np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4)),
    "sparse_sigmoid": lambda x: 0.5 * np.clip(x + 1, 0, 2),
    "squareplus": lambda x: (x + np.sqrt(x * x + 4)) / 2,
    "standardize": lambda x: (x - x.mean()) / np.sqrt(x.var() + 1e-5),
    "layer_norm": lambda x: (x - x.mean()) / np.sqrt(x.var() + 1e-5),
    "rms_norm": lambda x: x / np.sqrt((x * x).mean() + 1e-6),
    "glu": lambda x: x[:3] / (1 + np.exp(-x[3:])),
    "logmeanexp": lambda x: np.log(np.exp(x).mean()),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_function(name):
    function = getattr(nn, name)
    np.testing.assert_allclose(function(X), VALUES[name](X), rtol=1e-12, atol=1e-15)
    check_grads(function, [X])
    assert function(X.astype(np.float32)).dtype == np.float32


def test_log1mexp_keeps_its_digits():
    x = np.array([1e-12, 0.1, 1.0, 40.0])
    np.testing.assert_allclose(
        nn.log1mexp(x), [np.log(1e-12), -2.3521684610440907, -0.45867514538708193, -4.248354e-18], rtol=1e-6
    )
    check_grads(nn.log1mexp, [x[1:3]])


def test_groups_of_channels():
    x = np.random.default_rng(0).normal(size=(2, 6, 5))
    grouped = x.reshape(2, 3, 10)
    expected = (grouped - grouped.mean(-1, keepdims=True)) / np.sqrt(grouped.var(-1, keepdims=True) + 1e-5)
    weight = np.arange(1.0, 7.0)
    np.testing.assert_allclose(nn.group_norm(x, 3, weight), expected.reshape(x.shape) * weight[:, None])
    check_grads(lambda x, w, b: nn.group_norm(x, 3, w, b), [x, weight, weight])
    with pytest.raises(ValueError, match="6 channels do not fall into 4"):
        nn.group_norm(x, 4)


@pytest.mark.parametrize("causal", [False, True])
def test_attention(causal):
    rng = np.random.default_rng(1)
    q, k, v = rng.normal(size=(1, 3, 2, 4)), rng.normal(size=(1, 5, 2, 4)), rng.normal(size=(1, 5, 2, 4))
    logits = np.einsum("bthd,bshd->bhts", q, k) / 2.0
    if causal:
        logits = np.where(np.tril(np.ones((3, 5), bool)), logits, -np.inf)
    weights = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    ours = nn.dot_product_attention(q, k, v, is_causal=causal)
    np.testing.assert_allclose(ours, np.einsum("bhts,bshd->bthd", weights, v))
    check_grads(lambda *x: nn.dot_product_attention(*x, is_causal=causal), [q, k, v])


def test_running_extremes_send_the_cotangent_to_the_record():
    x = gt.Variable([1.0, 3.0, 3.0, 2.0, 5.0])
    with gt.GradientTape() as tape:
        y, places = nn.cummax(x)
        z = np.sum(y * np.array([1.0, 2.0, 4.0, 8.0, 16.0]))
    np.testing.assert_array_equal(y, [1.0, 3.0, 3.0, 3.0, 5.0])
    np.testing.assert_array_equal(places, [0, 1, 1, 1, 4])
    np.testing.assert_array_equal(tape.gradient(z, x), [1.0, 14.0, 0.0, 0.0, 16.0])
    np.testing.assert_array_equal(nn.cummax(np.array([1.0, np.nan, 3.0]))[0], [1.0, np.nan, np.nan])
