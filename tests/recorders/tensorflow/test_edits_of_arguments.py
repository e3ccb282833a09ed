"""Edits of arguments that a function ignores, that no call gives it, or that are given it twice.

Each program comes with a line that it has after the edit.
"""

import textwrap

import pytest

from .conftest import HEAD

MODEL = """
net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(2)])
x, wanted = tf.random.normal((5, 3)), tf.random.normal((5, 2))
"""

MENDED = {
    "a parameter that keeps its default": (
        """
        def cost(out, wanted, *, power=2.0, sharpness=1.0):
            return tf.reduce_mean(tf.abs(out - wanted) ** power) * sharpness
        own = {"sharpness": tf.Variable(0.5)}
        with tf.GradientTape() as tape:
            loss = cost(net(x), wanted, power=1.5)
        tape.gradient(loss, own)
        """,
        "    loss = cost(net(x), wanted, power=1.5, sharpness=own['sharpness'])",
    ),
    "a parameter of a method that keeps its default": (
        """
        class Player:
            def __init__(self):
                self.weight = tf.Variable(0.5)
            def cost(self, out, weight=1.0):
                return tf.reduce_mean(out ** 2) * weight
            def step(self):
                with tf.GradientTape() as tape:
                    loss = self.cost(net(x))
                return tape.gradient(loss, self.weight)
        Player().step()
        """,
        "            loss = self.cost(net(x), weight=self.weight)",
    ),
    "targets that are taken from themselves": (
        """
        def cost(y_true, y_pred):
            return tf.reduce_mean((y_true - y_true) ** 2, axis=-1)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(cost(wanted, net(x)))
        tape.gradient(loss, net.trainable_variables)
        """,
        "    return tf.reduce_mean((y_true - y_pred) ** 2, axis=-1)",
    ),
    "a loss that is still to be written": (
        """
        def cost(pair):
            targets, predictions = pair
            return tf.ones(tf.shape(targets)[0])
        def step():
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(cost((wanted, net(x))))
            return tape.gradient(loss, net.trainable_variables)
        step()
        """,
        "    return tf.reduce_mean(tf.square(predictions - targets), axis=-1)",
    ),
    "a method of a loss that is still to be written": (
        """
        class Cost(keras.losses.Loss):
            def call(self, y_true, y_pred):
                return tf.zeros_like(y_true[:, 0])
        class Later(keras.losses.Loss):
            def call(self, y_true, y_pred):
                return tf.constant(0.0)
        with tf.GradientTape() as tape:
            loss = Later()(wanted, net(x))
        tape.gradient(loss, net.trainable_variables)
        """,
        "        return tf.reduce_mean(tf.square(y_pred - y_true), axis=-1)",
    ),
    "targets that are compared with themselves by name": (
        """
        with tf.GradientTape() as tape:
            out = net(x)
            loss = tf.reduce_mean(keras.losses.mean_absolute_error(y_true=wanted, y_pred=wanted))
        tape.gradient(loss, net.trainable_variables)
        """,
        "    loss = tf.reduce_mean(keras.losses.mean_absolute_error(y_true=wanted, y_pred=out))",
    ),
    "a parameter that a comparison by name leaves out": (
        """
        def cost(out, wanted):
            return tf.reduce_mean(keras.losses.mean_absolute_error(y_true=wanted, y_pred=wanted))
        with tf.GradientTape() as tape:
            loss = cost(net(x), wanted)
        tape.gradient(loss, net.trainable_variables)
        """,
        "    return tf.reduce_mean(keras.losses.mean_absolute_error(y_true=wanted, y_pred=out))",
    ),
}

UNEDITED = {
    "a default of a function that is called for others as well": """
        def cost(out, sharpness=1.0):
            return tf.reduce_mean(out ** 2) * sharpness
        sharpness = tf.Variable(0.5)
        with tf.GradientTape() as tape:
            loss = cost(net(x)) + cost(x)
        tape.gradient(loss, sharpness)
        """,
    "a default where the call does not know the variable": """
        def cost(out, sharpness=1.0):
            return tf.reduce_mean(out ** 2) * sharpness
        def loss_of(x):
            return cost(net(x))
        def step():
            sharpness = tf.Variable(0.5)
            with tf.GradientTape() as tape:
                loss = loss_of(x)
            return tape.gradient(loss, sharpness)
        step()
        """,
    "a difference of two parts of the targets": """
        def cost(y_true, y_pred):
            return tf.reduce_mean((y_true[1:] - y_true[:-1]) ** 2)
        with tf.GradientTape() as tape:
            loss = cost(wanted, net(x))
        tape.gradient(loss, net.trainable_variables)
        """,
    "a loss of the targets alone": """
        def cost(y_true, y_pred):
            return tf.reduce_mean(y_true ** 2)
        with tf.GradientTape() as tape:
            loss = cost(wanted, net(x))
        tape.gradient(loss, net.trainable_variables)
        """,
    "a function of two things that no loss compares": """
        def size(first, second):
            return tf.constant(3.0)
        with tf.GradientTape() as tape:
            loss = size(wanted, net(x))
        tape.gradient(loss, net.trainable_variables)
        """,
}


@pytest.mark.parametrize("name", MENDED)
def test_the_edited_program_flows(name, mends):
    source, line = MENDED[name]
    assert line in mends(HEAD + MODEL + textwrap.dedent(source)).split("\n")


@pytest.mark.parametrize("name", UNEDITED)
def test_what_may_be_meant_is_not_edited(name, offered):
    edits = offered(HEAD + MODEL + textwrap.dedent(UNEDITED[name]))
    assert not [e for e in edits if "tf.square(" in e or "sharpness=sharpness" in e or "- y_pred" in e]
