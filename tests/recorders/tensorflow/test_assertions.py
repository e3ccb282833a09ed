"""`assert_gradients_flow` on TensorFlow, alone and while the whole test is heard, as `pytest --gradients` does."""

import contextlib

import pytest

tf = pytest.importorskip("tensorflow")

from gradtape.recorders.hearing import Hearing  # noqa: E402
from gradtape.testing import assert_gradients_flow  # noqa: E402


@pytest.fixture(params=[contextlib.nullcontext, lambda: Hearing(quiet=False)], ids=["alone", "heard"])
def around(request):
    return request.param


def test_a_function_and_what_it_rounds(around):
    w, b = tf.Variable([1.5, 2.5]), tf.Variable(1.0)
    with around():
        assert_gradients_flow(lambda: tf.reduce_sum(w * b), [w, b])
        with pytest.raises(AssertionError, match="GT302 piecewise-constant"):
            assert_gradients_flow(lambda: tf.reduce_sum(tf.floor(w) * b), [w, b])


def test_a_tape_and_a_loss_without_one(around):
    w = tf.Variable([1.5, 2.5])
    with around():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(w * w)
        assert_gradients_flow(loss, w, tape=tape)
        with pytest.raises(TypeError, match="tape=tape"):
            assert_gradients_flow(loss, w)
