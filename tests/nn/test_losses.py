"""Losses: weights and masks, dtypes, derivatives of both orders, and classes of one's own."""

import numpy as np
import pytest
from tests.nn import cases

import gradtape as gt
from gradtape import nn
from gradtape.nn import losses
from gradtape.testing import check_grads

SMOOTH = [n for n in cases.LOSSES if "reduction" not in cases.LOSSES[n].arguments]


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives(name):
    case = cases.LOSSES[name]
    loss = getattr(losses, case.kind)(**case.arguments)
    check_grads(lambda p: loss(case.y_true, p, sample_weight=case.sample_weight), [case.y_pred.astype("float64")])


def test_masks_leave_out():
    y, p = cases.NUMBERS
    mask = np.array([True, False, True])
    loss = losses.MeanSquaredError()
    np.testing.assert_allclose(loss(y, p, mask=mask), loss(y[mask], p[mask]), rtol=1e-6)
    np.testing.assert_allclose(
        loss(y, p, sample_weight=[2.0, 5.0, 2.0], mask=mask), 2.0 * loss(y[mask], p[mask]), rtol=1e-6
    )
    total = losses.MeanSquaredError(reduction="sum")
    np.testing.assert_allclose(total(y, p, mask=mask), total(y[mask], p[mask]), rtol=1e-6)
    assert float(loss(y, p, mask=[False] * 3)) == 0.0


def test_what_is_ignored_may_be_anything():
    scores = gt.Variable([[1.0, 2.0], [np.inf, np.nan]])
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    with gt.GradientTape() as tape:
        value = loss([1, 255], scores)
    np.testing.assert_allclose(value, np.log1p(np.exp(-1.0)))
    np.testing.assert_array_equal(tape.gradient(value, scores)[1], [0.0, 0.0])


def test_scores_far_from_0_keep_their_digits():
    p = gt.constant([[800.0, -800.0]])
    assert float(losses.BinaryCrossentropy(from_logits=True)([[1.0, 0.0]], p)) == 0.0
    assert float(losses.BinaryCrossentropy(from_logits=True)([[0.0, 1.0]], p)) == 800.0
    assert float(losses.SparseCategoricalCrossentropy(from_logits=True)([1], p)) == 1600.0
    assert float(losses.LogCosh()([[0.0]], [[-500.0]])) == pytest.approx(500 - np.log(2))


def test_dtypes():
    y, p = cases.NUMBERS
    assert losses.MeanSquaredError()(y, p.astype("float64")).dtype == np.float64
    assert losses.MeanSquaredError()(y.astype("float64"), p).dtype == np.float32
    assert losses.MeanSquaredError(dtype="float32")(y, p.astype("float64")).dtype == np.float32
    assert losses.MeanAbsoluteError()([[1, 2]], [[2, 4]]).dtype == np.float32


def test_of_tensorflow_s_tensors_become_tensorflow_s_tensors():
    from gradtape import tf

    p = tf.Variable(cases.NUMBERS[1])
    with tf.GradientTape() as tape:
        value = losses.Huber()(tf.constant(cases.NUMBERS[0]), p)
    assert isinstance(value, tf.Tensor)
    assert isinstance(tape.gradient(value, p), tf.Tensor)


def test_by_name_and_written_out():
    assert losses.get("mse").fn is losses.mean_squared_error
    assert losses.get("SparseCategoricalCrossentropy").fn is losses.sparse_categorical_crossentropy
    assert losses.get(None) is None
    assert repr(losses.Huber(delta=0.5, reduction="sum")) == "Huber(delta=0.5, reduction='sum')"
    assert "delta : float" in losses.Huber.__doc__
    assert "y_pred" not in losses.Huber.__doc__.partition("Parameters")[2]
    with pytest.raises(TypeError, match="beta"):
        losses.Huber(beta=1)


def test_a_frozen_layer_is_the_reason():
    net = nn.Sequential([nn.Dense(2, activation="tanh"), nn.Dense(1)])
    x = np.ones((2, 3))
    net(x)
    net.layers[0].trainable = False
    with gt.GradientTape() as tape:
        loss = losses.MeanSquaredError()(np.zeros((2, 1)), net(x))
    with pytest.warns(gt.MissingGradientWarning, match=r"`net\.layers\[0\]\.kernel`.*frozen-variable"):
        assert tape.gradient(loss, net.layers[0].kernel) is None
