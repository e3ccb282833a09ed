"""Which call is blamed, of those that stand around each other."""

import textwrap

import pytest

from .conftest import HEAD, marked

PROGRAMS = {
    "beside the call of the function with the tape": """
        class Net:
            def __init__(self):
                self.w = tf.Variable([1.0, 2.0])
            def __call__(self, x):
                return tf.tanh(x * self.w)
        def minimised(loss, sources):
            with tf.GradientTape() as tape:
                y = loss()
            return tape.gradient(y, sources)
        net = Net()
        shown = net(3.0)  #~ GT501
        minimised(lambda: tf.reduce_sum(shown ** 2), net.w)
        """,
    "in the function that handed it on": """
        w = tf.Variable([1.0, 2.0])
        def features(x):
            return tf.tanh(x * w)
        def step(codes):
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(codes ** 2)
            return tape.gradient(y, w)
        def train(x):
            codes = features(x)  #~ GT501
            return step(codes)
        train(tf.constant([0.1, 0.2]))
        """,
    "before what is watched too late": """
        def grown(x):
            return tf.exp(x * 2.0)
        x = tf.constant([0.1, 0.2])
        with tf.GradientTape() as tape:
            h = grown(x)  #~ GT101
            tape.watch(x)
            y = tf.reduce_sum(h)
        tape.gradient(y, x)
        """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_call_beside_the_tape_is_blamed(name, explained):
    source = HEAD + textwrap.dedent(PROGRAMS[name])
    assert explained(source).told == marked(source)
