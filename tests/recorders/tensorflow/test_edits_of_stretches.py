"""Edits of what is plain between where tensors leave and where they come back: one function, with differences."""

import textwrap

import pytest

from .conftest import HEAD

START = """
from scipy.interpolate import interp1d
from scipy.ndimage import gaussian_filter1d
table = interp1d(np.linspace(0.0, 9.0, 10), np.linspace(0.0, 9.0, 10) ** 2, kind="cubic")
w, by = tf.Variable([1.0, 2.0, 0.5, 3.0]), tf.constant([1.0, 2.0, 4.0, 8.0])
"""

MENDED = {
    "two functions of SciPy's in a row": (
        """
        with tf.GradientTape() as tape:
            h = w * 2.0
            looked_up = table(h.numpy())
            smooth = gaussian_filter1d(looked_up, 1.0)
            y = tf.reduce_sum(tf.constant(smooth, tf.float32) ** 2)
        tape.gradient(y, w)
        """,
        """
            def computed_plainly(plain_h):
                looked_up = table(plain_h)
                smooth = gaussian_filter1d(looked_up, 1.0)
                return np.asarray(smooth, "float32")
            y = tf.reduce_sum(tf.constant(by_differences(computed_plainly, [h], tf.float32), tf.float32) ** 2)
        """,
    ),
    "a tensor that a library takes as it is, between steps of the tape": (
        """
        with tf.GradientTape() as tape:
            h = tf.sin(w)
            found = gaussian_filter1d(h, 1.0)
            y = tf.reduce_sum(tf.cos(found) * h)
        tape.gradient(y, w)
        """,
        """
            def computed_plainly(plain_h):
                found = gaussian_filter1d(plain_h, 1.0)
                return np.asarray(found, "float32")
            y = tf.reduce_sum(tf.cos(by_differences(computed_plainly, [h], tf.float32)) * h)
        """,
    ),
    "what a layer gives, under one name for all that comes of it": (
        """
        layer = keras.layers.Dense(3)
        with tf.GradientTape() as tape:
            h = layer(tf.ones((4, 2)) * [[1.0], [2.0], [0.5], [3.0]]).numpy()
            h = h - h.mean(0)
            spread = np.cov(h)
            y = tf.reduce_sum(tf.constant(spread, tf.float32) ** 2)
        tape.gradient(y, layer.kernel)
        """,
        """
        def computed_plainly(plain_value_0):
            h = plain_value_0
            h = h - h.mean(0)
            spread = np.cov(h)
            return np.asarray(spread, "float32")
        """,
    ),
    "whole numbers on the way": (
        """
        with tf.GradientTape() as tape:
            h = w * 20.0
            levels = gaussian_filter1d(h.numpy().astype("uint8"), 1.0)
            y = tf.reduce_sum(tf.constant(levels, tf.float32) * by)
        tape.gradient(y, w)
        """,
        """
        y = tf.reduce_sum(tf.constant(by_differences(computed_plainly, [h], tf.float32, reach=1.0), tf.float32) * by)
        """,
    ),
}

UNEDITED = {
    "what is read later as well": """
        with tf.GradientTape() as tape:
            h = tf.sin(w)
            found = gaussian_filter1d(h.numpy(), 1.0)
            y = tf.reduce_sum(tf.cos(found) * h)
            print(found.shape)
        tape.gradient(y, w)
        """,
    "a sum that goes on outside": """
        total = 0.0
        with tf.GradientTape() as tape:
            h = tf.sin(w)
            total += gaussian_filter1d(h.numpy(), 1.0)
            y = tf.reduce_sum(tf.constant(total) * 2.0)
        tape.gradient(y, w)
        """,
}


@pytest.mark.parametrize("name", MENDED)
def test_the_edited_program_flows(name, mends):
    source, lines = MENDED[name]
    new = mends(HEAD + START + textwrap.dedent(source))
    assert textwrap.indent(textwrap.dedent(lines).strip(), "    ") in new


@pytest.mark.parametrize("name", UNEDITED)
def test_what_others_read_stays_where_it_is(name, offered):
    assert not [
        text
        for text in offered(HEAD + START + textwrap.dedent(UNEDITED[name]), may_fail=True)
        if "by_differences" in text
    ]
