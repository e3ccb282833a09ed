"""Edits where the target is a number, or computed from what the source has nothing to do with."""

import textwrap

import pytest

from .conftest import HEAD

MODEL = """
net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
net.compile("sgd", "mse")
x, t = tf.ones((6, 3)) * [[1.0], [2.0], [0.5], [3.0], [1.5], [0.1]], tf.ones((6, 1))
"""

MENDED = {
    "the history of a training": (
        """
        with tf.GradientTape() as tape:
            seen = net.fit(x, t, epochs=2, verbose=0)
            y = tf.constant(float(np.mean(seen.history["loss"])))
        tape.gradient(y, net.trainable_variables)
        """,
        "    y = tf.constant(net.compute_loss(x, t, net(x)))",
    ),
    "an evaluation": (
        """
        with tf.GradientTape() as tape:
            y = tf.convert_to_tensor(net.evaluate(x, t, verbose=0)) * 2.0
        tape.gradient(y, net.trainable_variables)
        """,
        "    y = tf.convert_to_tensor(net.compute_loss(x, t, net(x))) * 2.0",
    ),
    "a step on one batch": (
        """
        with tf.GradientTape() as tape:
            y = tf.convert_to_tensor(net.train_on_batch(x, t, return_dict=True)["loss"])
        tape.gradient(y, net.trainable_variables)
        """,
        "    y = tf.convert_to_tensor(net.compute_loss(x, t, net(x)))",
    ),
    "one constant of a list of losses": (
        """
        found = []
        with tf.GradientTape() as tape:
            for k in range(2):
                found.append(float(tf.reduce_mean((net(x) - float(k)) ** 2)))
            y = tf.reduce_mean(tf.constant(found))
        tape.gradient(y, net.trainable_variables)
        """,
        "    y = tf.reduce_mean(tf.stack(found))",
    ),
    "what one model gives for three values, none of it read": (
        """
        def apart(first, second, third):
            a, b = net(first), net(second)
            c = net(third)
            near = tf.reduce_sum((first - second) ** 2, -1)
            return tf.reduce_mean(near - tf.reduce_sum((first - third) ** 2, -1))
        with tf.GradientTape() as tape:
            y = apart(x, 2.0 * x, 0.5 * x)
        tape.gradient(y, net.trainable_variables)
        """,
        "    return tf.reduce_mean(near - tf.reduce_sum((a - c) ** 2, -1))",
    ),
    "labels compared with labels": (
        """
        def loss_of(labels, given):
            goal = tf.cast(labels, tf.float32) * 0.5
            return tf.reduce_mean(tf.keras.losses.mse(goal, goal))
        with tf.GradientTape() as tape:
            y = loss_of(t, net(x))
        tape.gradient(y, net.trainable_variables)
        """,
        "    return tf.reduce_mean(tf.keras.losses.mse(goal, given))",
    ),
}

UNEDITED = {
    "another measure of a training": """
        net.compile("sgd", "mse", metrics=["mae"])
        with tf.GradientTape() as tape:
            seen = net.fit(x, t, epochs=1, verbose=0)
            y = tf.constant(seen.history["mae"][-1])
        tape.gradient(y, net.trainable_variables)
        """,
    "a training on a data set": """
        data = tf.data.Dataset.from_tensor_slices((x, t)).batch(2)
        with tf.GradientTape() as tape:
            y = tf.convert_to_tensor(net.evaluate(data, verbose=0))
        tape.gradient(y, net.trainable_variables)
        """,
}


@pytest.mark.parametrize("name", MENDED)
def test_the_edited_program_flows(name, mends):
    source, line = MENDED[name]
    assert line in mends(HEAD + MODEL + textwrap.dedent(source)).split("\n")


@pytest.mark.parametrize("name", UNEDITED)
def test_what_is_no_loss_of_what_was_given_is_not_computed(name, offered):
    assert not [
        text
        for text in offered(HEAD + MODEL + textwrap.dedent(UNEDITED[name]), may_fail=True)
        if "compute_loss" in text
    ]
