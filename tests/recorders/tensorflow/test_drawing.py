"""A page of a TensorFlow script shows its operations, where they break, and what their values are like."""

import pytest

from tests.render.drawn import operations, page_of

pytest.importorskip("tensorflow")

PROGRAM = """\
import tensorflow as tf

w = tf.Variable([1.5, 2.5], name="w")
b = tf.Variable(2.0, name="b")
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(tf.cast(tf.cast(w, tf.int32), tf.float32)) * b
tape.gradient(loss, [w, b])
"""


def test_operations_breaks_and_values_are_shown(tmp_path):
    data = page_of(PROGRAM, tmp_path)
    (tape,) = data["tapes"]
    told = operations(tape)
    assert [(g["name"], g["status"]) for g in data["gradients"]] == [("w", "none"), ("b", "ok")]
    assert told["sum"][0][:4] == ["()", "float32", 3.0, 3.0]
    (number, row) = data["gradients"][0]["findings"][0]
    assert tape["breaks"][str(row)][0][1] == "integer-cast"
    assert data["codes"][number] == "GT303"
    assert tape["sites"][tape["site"][row]][6] == "tf.cast(w, tf.int32)"
