"""The log of gradients in Keras's `fit`: the right numbers in the right steps, and nothing left behind."""

import logging
import subprocess
import sys

import numpy as np
import pytest

from gradtape.debugging import GradientLog

keras = pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")

X = np.linspace(-1.0, 1.0, 48, dtype="float32").reshape(12, 4)
Y = (X[:, :1] * 2.0 - X[:, 1:2]).astype("float32")

WAYS = {"compiled": {"jit_compile": False}, "by XLA": {"jit_compile": True}, "eager": {"run_eagerly": True}}


class Forgetful(keras.Model):
    """Has a layer that is built and never part of the answer."""

    def __init__(self):
        super().__init__()
        self.used, self.idle = keras.layers.Dense(1, name="used"), keras.layers.Dense(1, name="idle")

    def call(self, x):
        self.idle(x)
        return self.used(x)


def model_for(way, make=None):
    keras.utils.set_random_seed(7)
    model = make() if make else keras.Sequential([keras.layers.Dense(3, activation="tanh"), keras.layers.Dense(1)])
    model.build((None, 4))
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse", **WAYS[way])
    return model


def fit(model, log, **options):
    model.fit(X, Y, batch_size=4, shuffle=False, verbose=0, callbacks=[log.callback()], **options)


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO, "gradtape.gradients")
    return lambda: [r for r in caplog.records if r.name == "gradtape.gradients"]


def expected(model, rows):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(X[rows]) - Y[rows]) ** 2)
    return tape.gradient(loss, model.trainable_variables)


@pytest.mark.parametrize("way", WAYS)
def test_the_numbers_are_those_of_the_steps(said, way):
    model = model_for(way)
    fit(model, GradientLog(every=2), epochs=2)  # six steps of four rows
    assert [r.getMessage().partition(":")[0] for r in said()] == ["step 1", "step 3", "step 5"]
    for record, start in zip(said(), (0, 8, 4), strict=True):
        gradients = expected(model, slice(start, start + 4))
        assert [one.name for one in record.gradients] == [v.path for v in model.trainable_variables]
        assert [one.size for one in record.gradients] == [g.numpy().size for g in gradients]
        norms = [np.linalg.norm(g.numpy()) for g in gradients]
        np.testing.assert_allclose([one.norm for one in record.gradients], norms, rtol=1e-4)
        assert not any(one.zeros or one.nans or one.infs or one.missing for one in record.gradients)


@pytest.mark.parametrize("way", WAYS)
def test_trouble_is_a_warning(said, way):
    model = model_for(way)
    bad = X.copy()
    bad[8:] = np.nan
    model.fit(bad, Y, batch_size=4, shuffle=False, verbose=0, callbacks=[GradientLog(every=1).callback()])
    told = [r.getMessage() for r in said() if r.levelno == logging.WARNING]
    assert len(told) == 4
    assert all("step 3: the gradient of " in text and " is not finite: " in text for text in told)


def test_a_missing_gradient_is_named(said):
    fit(model_for("compiled", Forgetful), GradientLog())
    told = {r.getMessage() for r in said() if r.levelno == logging.WARNING}
    assert {text.split()[-3].rpartition("/")[2] for text in told} == {"kernel", "bias"}
    assert all("idle/" in text and text.endswith(" is missing") for text in told)


def test_several_steps_in_one_call(said):
    model = model_for("compiled")
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse", steps_per_execution=3)
    fit(model, GradientLog(every=3), epochs=2)
    assert [r.getMessage().partition(":")[0] for r in said()] == ["step 1", "step 4"]
    norms = [np.linalg.norm(g.numpy()) for g in expected(model, slice(0, 4))]
    np.testing.assert_allclose([one.norm for one in said()[1].gradients], norms, rtol=1e-4)


def test_nothing_is_left_behind(said):
    model = model_for("compiled")
    log = GradientLog(every=2)
    before = vars(model.optimizer).keys()
    fit(model, log)
    assert vars(model.optimizer).keys() == before
    model.fit(X, Y, batch_size=4, verbose=0)
    assert len(said()) == 2
    fit(model, log)  # counts on
    assert [r.getMessage().partition(":")[0] for r in said()] == ["step 1", "step 3", "step 4", "step 6"]


def test_training_goes_as_it_would_without(said):
    weights = []
    for callbacks in ([], [GradientLog(every=1).callback()]):
        model = model_for("compiled")
        model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
        model.fit(X, Y, batch_size=4, epochs=3, shuffle=False, verbose=0, callbacks=callbacks)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert said()


def test_keras_is_not_imported_before_it_is_asked_for():
    code = "import sys, gradtape.debugging as d; d.GradientLog(); sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
