"""The mathematics that stands under Keras' names."""

import numpy as np
import pytest

from gradtape import optim, tf

ROWS = np.array([[0.5, -1.0, 2.0], [0.1, 0.2, 0.4]])
SMALL = ROWS * 1e-3


@pytest.mark.parametrize(
    ("call", "keras"),  # Keras of TensorFlow 2.21
    [
        (
            lambda: tf.keras.ops.layer_normalization(ROWS),
            [[0.0, -1.2247448, 1.2247448], [-1.0690415, -0.2672604, 1.3363018]],
        ),
        (
            lambda: tf.keras.ops.layer_normalization(SMALL),
            [[0.0, -1.1858542, 1.1858542], [-0.3922323, -0.0980581, 0.4902904]],
        ),
        (
            lambda: tf.keras.ops.rms_normalization(SMALL),
            [[0.3676073, -0.7352147, 1.4704293], [0.2425356, 0.4850717, 0.9701425]],
        ),
        (
            lambda: tf.keras.ops.layer_normalization(ROWS, [1.0, 2.0, 3.0], [0.5, 0.0, -1.0]),
            [[0.5, -2.4494896, 2.6742344], [-0.5690415, -0.5345209, 3.0089054]],
        ),
    ],
)
def test_normalizations(call, keras):
    np.testing.assert_allclose(call().numpy(), keras, rtol=1e-5, atol=1e-6)


def test_gradients(smooth):
    smooth(lambda x, g, b: tf.keras.ops.layer_normalization(x, g, b, axis=0), [ROWS, ROWS[:, 0], ROWS[:, 1]])
    smooth(lambda x, s: tf.keras.ops.rms_normalization(x, s), [ROWS, ROWS[0]])
    for name in tf.keras.activations.__all__:
        smooth(tf.keras.activations.get(name), [np.array([[0.3, -0.7, 1.4, -2.2]])])


def test_activations_by_name():
    assert tf.keras.activations.get(None)(ROWS).numpy().tolist() == ROWS.tolist()
    assert tf.keras.activations.get(tf.nn.relu) is tf.nn.relu
    with pytest.raises(ValueError, match="no activation"):
        tf.keras.activations.get("curve")
    with pytest.raises(AttributeError, match="Dense"):
        tf.keras.Dense


def test_names_are_those_of_the_rooms_below():
    from gradtape import nn

    assert tf.keras.layers.Dense is nn.Dense
    assert tf.keras.losses.Huber is nn.losses.Huber
    assert tf.keras.metrics.AUC is nn.metrics.AUC
    assert tf.keras.callbacks.EarlyStopping is nn.callbacks.EarlyStopping
    assert tf.keras.initializers.HeNormal is nn.initializers.HeNormal
    assert tf.keras.Model is nn.Model
    assert all(getattr(tf.keras, name) is not None for name in tf.keras.__all__)


def test_a_program_of_keras():
    tf.random.set_seed(0)
    x = tf.random.normal([64, 3], seed=1)
    y = tf.reduce_sum(x, axis=1, keepdims=True)
    model = tf.keras.Sequential([tf.keras.Input(shape=(3,)), tf.keras.layers.Dense(1, kernel_initializer="zeros")])
    assert [tuple(w.shape) for w in model.trainable_weights] == [(3, 1), (1,)]
    model.compile(optimizer=tf.keras.optimizers.SGD(0.1), loss="mse", metrics=["mae"])
    history = model.fit(x, y, epochs=40, validation_split=0.25, verbose=0)
    assert history.history["val_loss"][-1] < 1e-3
    loss, error = model.evaluate(x, y, verbose=0)
    assert (loss < 1e-3, error < 0.03) == (True, True)
    assert isinstance(model(x), tf.Tensor)
    assert model.predict(x).shape == (64, 1)


def test_optimizers_are_those_of_optim():
    ours = set(optim.__all__) - {"Optax"}
    for name in ours:
        if name != "schedules":
            assert getattr(tf.keras.optimizers, name) is getattr(optim, name)
    assert set(tf.keras.optimizers.__all__) == ours
    for name in optim.schedules.__all__:
        assert getattr(tf.keras.optimizers.schedules, name) is getattr(optim.schedules, name)
    assert set(tf.keras.optimizers.schedules.__all__) == set(optim.schedules.__all__)
    for where in (tf.keras.optimizers, tf.keras.optimizers.schedules):
        with pytest.raises(AttributeError, match="Curve"):
            where.Curve


def test_a_program_that_trains():
    """As a program of TensorFlow would: float32 variables, a schedule, numbers read from the optimizer."""
    x = tf.constant(np.linspace(0, 1, 20), tf.float32)
    w, b = tf.Variable(0.0), tf.Variable(0.0)
    optimizer = tf.keras.optimizers.Adam(tf.keras.optimizers.schedules.CosineDecay(0.2, 150))
    for _ in range(150):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((w * x + b - (3 * x - 1)) ** 2)
        optimizer.apply_gradients(zip(tape.gradient(loss, [w, b]), [w, b], strict=True))
    assert (w.dtype, b.dtype) == (tf.float32, tf.float32)
    np.testing.assert_allclose([w.numpy(), b.numpy()], [3, -1], atol=0.02)
    assert (optimizer.iterations.numpy(), optimizer.learning_rate.numpy()) == (150, 0)
