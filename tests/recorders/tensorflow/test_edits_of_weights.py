"""Edits of layers that have a weight which no method reads: it comes in where its shape fits."""

import textwrap

import pytest

from .conftest import HEAD

TRAINED = """
x = tf.ones((6, 4)) * [[1.0], [2.0], [0.5], [3.0], [1.5], [0.1]]
with tf.GradientTape() as tape:
    y = tf.reduce_sum(net(x) ** 2)
tape.gradient(y, net.trainable_variables)
"""

MENDED = {
    "a shift, before the activation": (
        """
        class Gated(keras.layers.Layer):
            def build(self, shape):
                self.value = self.add_weight(shape=(shape[-1], 3), name="value")
                self.door = self.add_weight(shape=(shape[-1], 3), name="door")
                self.door_shift = self.add_weight(shape=(3,), initializer="zeros", name="door_shift")
            def call(self, x):
                opened = tf.sigmoid(tf.matmul(x, self.door))
                return opened * tf.nn.tanh(tf.matmul(x, self.value))
        net = keras.Sequential([keras.layers.Input((4,)), Gated(), keras.layers.Dense(1)])
        """,
        "        opened = tf.sigmoid(tf.matmul(x, self.door) + self.door_shift)",
    ),
    "a weight that starts with ones": (
        """
        class Norm(keras.layers.Layer):
            def build(self, shape):
                self.width = self.add_weight(shape=(shape[-1],), initializer="ones", name="width")
            def call(self, x):
                return x / (tf.norm(x, axis=-1, keepdims=True) + 1.0)
        net = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3), Norm()])
        """,
        "        return x / (tf.norm(x, axis=-1, keepdims=True) + 1.0) * self.width",
    ),
    "zeros where the weight belongs": (
        """
        class Places(keras.layers.Layer):
            def __init__(self, count, width):
                super().__init__()
                self.count, self.width = count, width
                self.table = self.add_weight(shape=(count, width), name="table")
            def call(self, x):
                return tf.reshape(x, (-1, 2, 2)) + tf.zeros((self.count, self.width))
        net = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(4), Places(2, 2)])
        """,
        "        return tf.reshape(x, (-1, 2, 2)) + self.table",
    ),
    "zeros that a loop begins with": (
        """
        class Steps(keras.Model):
            def __init__(self):
                super().__init__()
                self.h0 = self.add_weight(shape=(1, 3), name="h0")
                self.mix, self.head = keras.layers.Dense(3, "tanh"), keras.layers.Dense(1)
            def call(self, x):
                h = tf.zeros((tf.shape(x)[0], 3))
                for k in range(2):
                    h = self.mix(tf.concat([h, x[:, 2 * k : 2 * k + 2]], axis=-1))
                return self.head(h)
        net = Steps()
        """,
        "        h = self.h0 + tf.zeros((tf.shape(x)[0], 3))",
    ),
    "a number that the weight starts with": (
        """
        class Leaky(keras.layers.Layer):
            def build(self, shape):
                self.slope = self.add_weight(
                    shape=(shape[-1],), initializer=keras.initializers.Constant(0.3), name="slope"
                )
            def call(self, x):
                return tf.maximum(x, 0.0) + 0.3 * tf.minimum(x, 0.0)
        net = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3), Leaky()])
        """,
        "        return tf.maximum(x, 0.0) + self.slope * tf.minimum(x, 0.0)",
    ),
    "a matrix that is made as another": (
        """
        class Both(keras.layers.Layer):
            def build(self, shape):
                self.near = self.add_weight(shape=(shape[-1], 2), name="near")
                self.own = self.add_weight(shape=(shape[-1], 2), name="own")
            def call(self, x):
                around = tf.reverse(x, axis=[0])
                return tf.matmul(around, self.near)
        net = keras.Sequential([keras.layers.Input((4,)), Both()])
        """,
        "        return tf.matmul(around, self.near) + tf.matmul(x, self.own)",
    ),
    "a matrix for an axis that is made for it": (
        """
        class Chain(keras.layers.Layer):
            def build(self, shape):
                self.moves = self.add_weight(shape=(shape[-1], shape[-1]), name="moves")
            def call(self, x):
                return tf.reduce_logsumexp(x[:, :, None], axis=1)
        net = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3), Chain()])
        """,
        "        return tf.reduce_logsumexp(x[:, :, None] + self.moves, axis=1)",
    ),
    "a layer, for which a sum stands": (
        """
        class Scored(keras.Model):
            def __init__(self):
                super().__init__()
                self.hidden, self.score = keras.layers.Dense(5, "tanh"), keras.layers.Dense(1)
                self.score.build((None, 5))
            def call(self, x):
                h = self.hidden(x)
                return tf.reduce_sum(h, axis=-1, keepdims=True)
        net = Scored()
        """,
        "        return self.score(h)",
    ),
    "a table of shifts, beside another one": (
        """
        class Factors(keras.Model):
            def __init__(self, rows, columns):
                super().__init__()
                self.row, self.column = keras.layers.Embedding(rows, 2), keras.layers.Embedding(columns, 2)
                self.row_shift = keras.layers.Embedding(rows, 1)
                self.column_shift = keras.layers.Embedding(columns, 1)
                self.column_shift.build(None)
            def call(self, x):
                r, c = tf.cast(x[:, 0], tf.int32), tf.cast(x[:, 1], tf.int32)
                score = tf.reduce_sum(self.row(r) * self.column(c), axis=1)
                return score + self.row_shift(r)[:, 0]
        net = Factors(5, 7)
        """,
        "        return score + self.row_shift(r)[:, 0] + self.column_shift(c)[:, 0]",
    ),
    "a layer that a loop does not come to": (
        """
        class Deep(keras.Model):
            def __init__(self):
                super().__init__()
                self.steps = [keras.layers.Dense(4, activation="tanh") for _ in range(3)]
                for step in self.steps:
                    step.build((None, 4))
            def call(self, x):
                for k in range(len(self.steps) - 1):
                    x = x + self.steps[k](x)
                return x
        net = Deep()
        """,
        "        for k in range(len(self.steps)):",
    ),
    "a layer that a part of a list leaves out": (
        """
        class Deep(keras.Model):
            def __init__(self):
                super().__init__()
                self.steps = [keras.layers.Dense(4, activation="tanh") for _ in range(3)]
                for step in self.steps:
                    step.build((None, 4))
            def call(self, x):
                return sum(step(x) for step in self.steps[1:])
        net = Deep()
        """,
        "        return sum(step(x) for step in self.steps)",
    ),
    "a weight that only gets another name": (
        """
        class Spring(keras.layers.Layer):
            def build(self, shape):
                self.k, self.c = (self.add_weight(shape=(), initializer="ones", name=n) for n in ("k", "c"))
            def call(self, x):
                k, c = self.k, self.c
                pull = k * x
                return pull
        net = keras.Sequential([keras.layers.Input((4,)), Spring()])
        """,
        "        return pull * self.c",
    ),
}

UNEDITED = {
    "a matrix with another name that fits nowhere": """
        class Odd(keras.layers.Layer):
            def build(self, shape):
                self.extra = self.add_weight(shape=(7, 5), name="extra")
            def call(self, x):
                extra = self.extra
                return tf.nn.tanh(x)
        net = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3), Odd()])
        """,
    "a matrix that fits nowhere": """
        class Odd(keras.layers.Layer):
            def build(self, shape):
                self.extra = self.add_weight(shape=(7, 5), name="extra")
            def call(self, x):
                return tf.nn.tanh(x)
        net = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3), Odd()])
        """,
    "a layer that gives another number of columns": """
        class Odd(keras.Model):
            def __init__(self):
                super().__init__()
                self.first, self.second = keras.layers.Dense(3), keras.layers.Dense(5)
                self.second.build((None, 2))
            def call(self, x):
                return self.first(x)
        net = Odd()
        """,
    "a layer that is read in another way": """
        class Deep(keras.Model):
            def __init__(self):
                super().__init__()
                self.steps = [keras.layers.Dense(4, activation="tanh") for _ in range(3)]
                for step in self.steps:
                    step.build((None, 4))
            def call(self, x):
                for k in range(len(self.steps) - 1):
                    x = self.steps[k](x)
                self.last = tf.stop_gradient(self.steps[-1](x))
                return x
        net = Deep()
        """,
    "a list of weights": """
        class Odd(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.shifts = [self.add_weight(shape=(3,), name=f"shift{k}") for k in range(2)]
            def call(self, x):
                return tf.nn.tanh(x)
        net = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3), Odd()])
        """,
}


@pytest.mark.parametrize("name", MENDED)
def test_the_edited_program_flows(name, mends):
    source, line = MENDED[name]
    assert line in mends(HEAD + textwrap.dedent(source) + TRAINED).split("\n")


@pytest.mark.parametrize("name", UNEDITED)
def test_what_fits_nowhere_is_not_brought_in(name, offered):
    assert offered(HEAD + textwrap.dedent(UNEDITED[name]) + TRAINED) == []
