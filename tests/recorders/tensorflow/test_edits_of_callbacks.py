"""Edits of functions that are called back: called themselves where TensorFlow has words for all that they do."""

import textwrap

import pytest

from .conftest import HEAD, edited

CALLED = {
    "a lambda": (
        """
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.numpy_function(lambda v: np.sin(v), [w * 2.0], tf.float32))
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_sum((lambda v: tf.sin(v))(w * 2.0))",
    ),
    "shapes, plain arrays and SciPy's functions": (
        """
        from scipy import special
        def gate(h, scale):
            width = h.shape[-1]
            grid = np.arange(width) / len(h)
            near = np.concatenate([h.reshape(-1, width), h * special.expit(h)])
            return (near * grid).sum(axis=-1).astype(np.float32) / scale
        w = tf.Variable(tf.ones((2, 3)))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.numpy_function(func=gate, inp=[w * 2.0, 3.0], Tout=tf.float32) ** 2)
        tape.gradient(y, w)
        """,
        "    near = tf.concat([tf.reshape(h, [-1, width]), h * tf.sigmoid(h)], axis=0)",
    ),
    "a function that calls another one": (
        """
        def size(v):
            return np.sqrt(np.sum(v ** 2))
        def unit(v):
            return np.float32(v / size(v)).ravel()
        w = tf.Variable([[1.0, 2.0]])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.numpy_function(unit, [w * 1.0], tf.float32) * [1.0, 3.0])
        tape.gradient(y, w)
        """,
        "    return tf.sqrt(tf.reduce_sum(v ** 2))",
    ),
}

DIFFERENTIATED = {
    "a function that is called elsewhere, where arrays are wanted": (
        """
        def level(v):
            return np.mean(v ** 2).astype(np.float32)
        print(level(np.ones(3)).item())
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            y = tf.numpy_function(level, [w * 2.0], tf.float32)
        tape.gradient(y, w)
        """,
        "    y = by_differences(level, [w * 2.0], tf.float32)",
    ),
    "ranks, which have steps": (
        """
        def ranked(v):
            return np.argsort(np.argsort(v)).astype(np.float32)
        w = tf.Variable([0.3, 0.1, 0.5, 0.2])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.numpy_function(ranked, [w * 2.0], tf.float32) * [1.0, 2.0, 3.0, 4.0])
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_sum(by_differences(ranked, [w * 2.0], tf.float32, reach=1.0) * [1.0, 2.0, 3.0, 4.0])",
    ),
    "several results": (
        """
        def ends(v):
            ordered = np.sort(v)
            low = ordered.copy()
            low[0] = 0.0
            return low, ordered[-1]
        w = tf.Variable([0.3, 0.1, 0.5])
        with tf.GradientTape() as tape:
            low, top = tf.numpy_function(ends, [w * 2.0], [tf.float32, tf.float32])
            y = tf.reduce_sum(low) + top ** 2
        tape.gradient(y, w)
        """,
        "    low, top = by_differences(ends, [w * 2.0], [tf.float32, tf.float32])",
    ),
    "two in a row, of which one is given tensors": (
        """
        def first(v):
            return np.cumsum(v.numpy()[::-1])[::-1] / np.cov(v)
        def second(v):
            return np.median(v).astype(np.float32)
        w = tf.Variable([0.3, 0.1, 0.5])
        with tf.GradientTape() as tape:
            h = tf.py_function(first, [w * 2.0], tf.float32)
            y = tf.numpy_function(second, [h], tf.float32)
        tape.gradient(y, w)
        """,
        "    h = by_differences(lambda *given: np.asarray(first(*map(tf.constant, given))), [w * 2.0], tf.float32)",
    ),
    "a body that leaves TensorFlow, so that the question ends with an error": (
        """
        def spread(v):
            return np.float32(np.ptp(v.numpy()))
        net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
        x = tf.constant([[1.0, 0.5, 2.0], [3.0, 1.0, 0.2]])
        with tf.GradientTape() as tape:
            y = tf.py_function(spread, [net(x)], tf.float32)
        try:
            tape.gradient(y, net.trainable_variables)
        except tf.errors.InvalidArgumentError:
            pass
        """,
        "    y = by_differences(lambda *given: np.asarray(spread(*map(tf.constant, given))), [net(x)], tf.float32)",
    ),
}


@pytest.mark.parametrize("name", CALLED)
def test_a_function_computes_with_tensors(name, mends):
    source, line = CALLED[name]
    assert line in mends(HEAD + textwrap.dedent(source)).split("\n")


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_what_tensorflow_has_no_words_for_is_differentiated_by_differences(name, mends):
    source, line = DIFFERENTIATED[name]
    assert line in mends(HEAD + textwrap.dedent(source)).split("\n")


def test_a_callback_in_what_is_mapped_is_found(explained):
    source = """
        def mean(row):
            return np.array([np.mean(row) ** 2], dtype=np.float32)
        w = tf.Variable(tf.ones((3, 2)))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.map_fn(lambda r: tf.numpy_function(mean, [r], tf.float32), w * 2.0))
        tape.gradient(y, w)
        """
    text = HEAD + textwrap.dedent(source)
    new = edited(text, explained(text).reports).split("\n")
    assert "    return tf.stack([tf.reduce_mean(row) ** 2])" in new
    assert "    y = tf.reduce_sum(tf.map_fn(lambda r: mean(r), w * 2.0))" in new


def test_another_error_of_a_question_is_the_programs_own_affair(explained):
    source = """
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            y = tf.py_function(lambda v: tf.reduce_sum(v ** 2), [w], tf.float32)
        try:
            tape.gradient(y, w, output_gradients=tf.ones((3, 5)))
        except (tf.errors.OpError, ValueError):
            pass
        """
    ran = explained(HEAD + textwrap.dedent(source))
    assert ran.error is None
    assert not ran.reports
