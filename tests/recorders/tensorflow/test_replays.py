"""Functions made with `tf.function`: under the recorder a program does, prints and draws what it does without."""

import re
import subprocess
import sys
import textwrap

import pytest

from .conftest import marked

HEAD = """
import numpy as np
import random
import tensorflow as tf
w = tf.Variable(2.0)
"""

PROGRAMS = {
    "a counter, a list and a print": """
        count, log = 0, []
        @tf.function
        def f(x):
            global count
            count += 1
            log.append(x * 2.0)
            print("tracing", count)
            return x * count
        for x in (w, w, tf.ones(2), w):
            print(f(x * 1.0).numpy(), count, len(log), type(log[0]).__name__)
        """,
    "a number of Python's that changes later": """
        rate = 0.5
        @tf.function
        def f(x):
            return x * rate
        print(f(w * 1.0).numpy())
        rate = 0.1
        print(f(w * 1.0).numpy(), rate, f(tf.ones(2)).numpy())
        """,
    "a variable in the place of another": """
        scale = tf.Variable(3.0)
        old = scale
        @tf.function
        def f(x):
            return x * scale
        print(f(w * 1.0).numpy())
        scale = tf.Variable(5.0)
        old.assign(4.0)
        print(f(w * 1.0).numpy(), scale.numpy())
        """,
    "a closure and an array": """
        def make():
            step, table = 1.0, np.ones(2)
            @tf.function
            def f(x):
                nonlocal step
                step += 1.0
                table[0] += 1.0
                return x * step * table[0]
            return f, lambda: (step, table.tolist())
        f, look = make()
        for _ in range(3):
            print(f(w * 1.0).numpy(), look())
        """,
    "an object that makes its weight in the first call": """
        class Scale(tf.Module):
            def __init__(self):
                self.weight, self.calls, self.last = None, 0, None
            @tf.function
            def __call__(self, x):
                if self.weight is None:
                    self.weight = tf.Variable(3.0)
                self.calls += 1
                self.last = x * self.weight
                return self.last * self.calls
        scale = Scale()
        for _ in range(3):
            print(scale(w * 1.0).numpy(), scale.calls, type(scale.last).__name__)
        """,
    "a layer that is built in the first call": """
        import keras
        keras.utils.set_random_seed(1)
        class Own(keras.layers.Layer):
            def build(self, shape):
                self.size = int(shape[-1])
                self.kernel = self.add_weight(shape=(self.size, 2), name="kernel")
            def call(self, x):
                return x @ self.kernel / self.size
        layer = Own()
        @tf.function
        def f(x):
            return tf.reduce_sum(layer(x))
        for _ in range(2):
            print(round(float(f(tf.ones((1, 3)))), 4), len(layer.weights), layer.size)
        """,
    "random numbers": """
        tf.random.set_seed(3)
        np.random.seed(1)
        random.seed(2)
        drawn = np.random.default_rng(5)
        @tf.function
        def f(x):
            a = tf.random.normal([]) + np.random.rand() + random.random() + drawn.normal()
            for i in range(2):
                a += tf.random.uniform([])
            for i in tf.range(3):
                a += tf.random.uniform([], seed=7)
            return a * x
        for _ in range(3):
            print(round(float(f(w * 1.0)), 4), tf.random.normal([]).numpy(), np.random.rand(), random.random())
        """,
    "what a graph calls back": """
        seen = []
        def look(x):
            seen.append(float(x))
            print("looked", len(seen))
            return x
        @tf.function
        def f(x):
            y = tf.py_function(look, [x], tf.float32) + tf.numpy_function(look, [x], tf.float32)
            return y * len(seen)
        for _ in range(2):
            print(f(w * 1.0).numpy(), seen)
        """,
    "plain results and arrays": """
        @tf.function
        def f(x, n):
            x += 1.0
            return x, n + 1, 3, w, tf.executing_eagerly()
        given = np.ones(2, "float32")
        print([type(r).__name__ for r in f(given, 2)], given)
        """,
    "one function in another": """
        @tf.function
        def inner(x):
            print("inner")
            return x * 2.0
        @tf.function
        def outer(x):
            print("outer")
            return inner(x) + inner(tf.stack([x, x]))
        for _ in range(2):
            print(outer(w * 1.0).numpy(), inner(w * 1.0).numpy())
        """,
    "a comparison without autograph": """
        @tf.function(autograph=False)
        def f(x):
            return x if x > 1.0 else -x
        print(f(w * 1.0).numpy())
        """,
    "a variable in every call": """
        @tf.function
        def f(x):
            return tf.Variable(x) * x
        print(f(w * 1.0).numpy())
        """,
    "a name that one branch gives": """
        @tf.function
        def f(x):
            if x > 1.0:
                y = x * 2.0
            return y
        print(f(w * 1.0).numpy())
        """,
    "an error of an operation": """
        @tf.function
        def f(x):
            tf.debugging.assert_less(x, 1.0, message="too large")
            return x
        f(w * 1.0)
        """,
}


def said(stderr):
    """Return what an error says at last, without numbers that differ from run to run."""
    return re.sub(r"0x\w+|id=\d+|_\d+\]", "", stderr.strip().splitlines()[-1])


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_runs_as_it_does_without(name, tmp_path):
    path = tmp_path / "program.py"
    path.write_text(HEAD + textwrap.dedent(PROGRAMS[name]))
    alone = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)
    seen = subprocess.run(
        [sys.executable, "-m", "gradtape", "why", str(path)], capture_output=True, text=True, check=False
    )
    assert seen.stdout.partition("-- gradtape why")[0] == alone.stdout
    assert seen.returncode == alone.returncode
    if alone.returncode:
        assert said(alone.stderr) == said(seen.stderr)


ERRORS = {
    "a decision": """
        @tf.function(autograph=False)
        def f(x):
            if x > 1.0:  #~ GT508
                return x * w
            return x + w
        f(w * 1.0)
        """,
    "a walk through a tensor": """
        @tf.function(autograph=False)
        def f(x):
            total = 0.0
            for part in tf.stack([x, x]):  #~ GT508
                total += part
            return total
        f(w * 1.0)
        """,
    "a comprehension in code that TensorFlow wrote": """
        @tf.function
        def f(x):
            return tf.stack([w * k for k in range(tf.cast(x, tf.int32))])  #~ GT508
        f(w * 1.0)
        """,
    "a number": """
        import math
        @tf.function
        def f(x):
            return x * math.exp(x)  #~ GT202
        f(w * 1.0)
        """,
    "an array": """
        @tf.function
        def f(x):
            y = np.tanh(x)  #~ GT201
            return x * y
        f(w * 1.0)
        """,
    "the values": """
        @tf.function
        def f(x):
            return x * x.numpy()  #~ GT201
        f(w * 1.0)
        """,
    "an element of an array": """
        @tf.function
        def f(x):
            table = np.zeros(2)
            table[1] = x  #~ GT205
            return table * x
        f(w * 1.0)
        """,
    "a value kept in a list": """
        kept = []
        @tf.function
        def f(x):
            kept.append(x * 2.0)  #~ GT509
            return x
        f(w * 1.0)
        kept[0] + 1.0
        """,
    "a value kept in an attribute and used in another function": """
        class Model:
            @tf.function
            def encode(self, x):
                hidden = tf.sin(x)
                self.hidden = hidden  #~ GT509
                return hidden * 2.0
            @tf.function
            def penalty(self):
                return self.hidden ** 2
        model = Model()
        model.encode(w * 1.0)
        model.penalty()
        """,
    "a value kept in a global name and made a number": """
        last = None
        @tf.function
        def f(x):
            global last
            last = x * 3.0  #~ GT509
            return x
        f(w * 1.0)
        float(last)
        """,
    "a value of one round": """
        @tf.function
        def f(x):
            parts = []
            for i in tf.range(3):
                parts.append(x * tf.cast(i, tf.float32))  #~ GT509
            return tf.add_n(parts)
        f(w * 1.0)
        """,
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_cannot_be_traced_is_told_where_it_stands(name, explained):
    source = HEAD + textwrap.dedent(ERRORS[name])
    ran = explained(source)
    assert ran.error is not None
    assert ran.told == marked(source)
    assert {status for _, status in ran.statuses} == {"error"}


NOTHING_TO_APPLY = {
    "a step made with tf.function": """
        layer, heads = keras.layers.Dense(2), keras.layers.Dense(1)
        optimizer, steps = keras.optimizers.SGD(1.0), []
        for part in (layer, heads):
            part.build((None, 2))
        @tf.function
        def step(x):
            print("tracing")
            w.assign_add(1.0)
            steps.append(len(steps))
            with tf.GradientTape() as tape:
                scores = heads(tf.stop_gradient(layer(x)))  #~ GT304
                loss = tf.reduce_mean(scores)
            grads = tape.gradient(loss, layer.trainable_variables)
            optimizer.apply_gradients(zip(grads, layer.trainable_variables))
        step(tf.ones((3, 2)))
        """,
    "a step of a model's own that `fit` calls": """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.out = keras.layers.Dense(2)
            def train_step(self, data):
                print("tracing")
                x, y = data
                with tf.GradientTape() as tape:
                    right = tf.cast(tf.argmax(self.out(x), axis=1), tf.float32)  #~ GT301
                    loss = tf.reduce_mean(tf.square(y - right))
                grads = tape.gradient(loss, self.trainable_variables)
                self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
                return {"loss": loss}
        net = Net()
        net.compile("sgd")
        net.fit(np.ones((4, 3), "float32"), np.ones(4, "float32"), verbose=0)
        """,
    "a penalty computed with None": """
        net = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
        @tf.function
        def penalty(x):
            print("tracing")
            with tf.GradientTape() as tape:  #~ GT101
                score = net(x)
            return tf.square(tape.gradient(score, x))
        penalty(tf.ones((3, 2)))
        """,
}


@pytest.mark.parametrize("name", NOTHING_TO_APPLY)
def test_what_is_asked_in_a_trace_that_fails_is_told(name, explained, capsys):
    source = HEAD + "import keras\n" + textwrap.dedent(NOTHING_TO_APPLY[name])
    ran = explained(source)
    assert isinstance(ran.error, ValueError | TypeError)
    assert ran.told == marked(source)
    assert capsys.readouterr().out.count("tracing") == 1


def test_a_trace_that_fails_assigns_nothing(explained):
    source = """
        calls = []
        @tf.function
        def f(x):
            calls.append("called")
            w.assign(x * 3.0)
            with tf.GradientTape() as tape:
                y = w * x
            return tape.gradient(y, w) + "no number"
        try:
            f(tf.constant(2.0))
        except (ValueError, TypeError):
            assert w.numpy() == 2.0 and len(calls) == 1, (w, calls)
        """
    ran = explained(HEAD + textwrap.dedent(source))
    assert ran.error is None
    assert ran.told == {}


def test_an_error_that_is_not_about_tracing_is_not_told(explained):
    ran = explained(HEAD + "w + 'x'\n")
    assert isinstance(ran.error, Exception)
    assert ran.reports == ()


def test_what_follows_a_trace_is_seen_inside(explained):
    source = """
        calls = 0
        @tf.function
        def f(x):
            global calls
            calls += 1
            return tf.sqrt(x * 0.0) * calls  #~ GT401
        for _ in range(2):
            with tf.GradientTape() as tape:
                y = f(w)
            tape.gradient(y, w)
        """
    source = HEAD + textwrap.dedent(source)
    assert explained(source).told == marked(source)


def test_a_kept_number_is_no_leak(explained):
    ran = explained(
        HEAD
        + textwrap.dedent(
            """
            kept = []
            @tf.function
            def f(x):
                kept.append(x.shape)
                return x * 2.0
            with tf.GradientTape() as tape:
                y = f(w)
            tape.gradient(y, w)
            kept[0].rank
            """
        )
    )
    assert ran.error is None
    assert ran.told == {}
