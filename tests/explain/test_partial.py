"""A part of a gradient is told as lost only where it is certain that it went on."""

from gradtape.explain import Status

from .programs import run_program

LOST = """
import numpy as np
import gradtape as gt

x = gt.Variable(np.ones(3))
with gt.GradientTape() as tape:
    out = np.zeros(3)
    np.multiply(x, 2.0, out=out)
    loss = np.sum(x * out)
tape.gradient(loss, x)
"""

LOOKED_AT = """
import gradtape.tf as tf

x = tf.Variable([1.0, 2.0, 3.0])
with tf.GradientTape() as tape:
    total = tf.reduce_sum(tf.math.cumprod(x, exclusive=True) ** 2)
tape.gradient(total, x)
"""


def test_what_is_written_into_an_array_and_used_is_lost(tmp_path):
    (report,) = run_program(LOST, tmp_path)
    assert report.status is Status.PARTIAL
    assert [f.diagnostic.primary.span.line for f in report.findings] == [8]


def test_what_leaves_and_comes_back_within_one_call_may_have_been_looked_at_only(tmp_path):
    (report,) = run_program(LOOKED_AT, tmp_path)
    assert (report.status, report.findings) == (Status.OK, ())
