"""Edits of what objects keep from before the tape: it is computed where the attribute is read."""

import textwrap

import pytest

from .conftest import HEAD

MENDED = {
    "a weight that another attribute is made from, by names of the method": (
        """
        class Unit(keras.layers.Layer):
            def build(self, shape):
                self.raw = self.add_weight(shape=(int(shape[-1]), 2), name="raw")
                size = tf.norm(self.raw, axis=0)
                self.rows = self.raw / size
            def call(self, x):
                return x @ self.rows
        unit = Unit()
        unit.build((None, 3))
        for _ in range(2):
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(unit(tf.ones((4, 3))) ** 2)
            tape.gradient(y, unit.trainable_variables)
        """,
        "        return x @ (self.raw / tf.norm(self.raw, axis=0))",
    ),
    "a weight behind a mask that the method drew": (
        """
        class Thinned(keras.layers.Layer):
            def build(self, shape):
                self.raw = self.add_weight(shape=(int(shape[-1]), 2), name="raw")
                holes = (np.random.default_rng(1).random((int(shape[-1]), 2)) > 0.3).astype("float32")
                self.used = self.raw * holes
            def call(self, x):
                return x @ self.used
        layer, x = Thinned(), tf.ones((4, 3))
        layer.build((None, 3))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(layer(x) ** 2)
        tape.gradient(y, layer.trainable_variables)
        """,
        "        return x @ (self.raw * self.holes)",
    ),
    "an attribute that layers of the library have, too": (
        """
        class Sparse(keras.layers.Layer):
            def build(self, shape):
                self.w = self.add_weight(shape=(shape[-1], 2), name="w")
                self.kernel = self.w * 0.5
            def call(self, x):
                return x @ self.kernel
        first, last = Sparse(), keras.layers.Dense(1)
        net, x = keras.Sequential([keras.layers.Input((3,)), first, last]), tf.ones((2, 3))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(net(x) ** 2)
        tape.gradient(y, [first.w, net.layers[-1].kernel])
        """,
        "        return x @ (self.w * 0.5)",
    ),
    "an attribute that another one is computed from": (
        """
        class Field:
            def __init__(self, grid):
                self.grid, self.width = grid, tf.Variable(0.5)
                self.gram = tf.exp(-self.grid / self.width)
                self.root = tf.sqrt(self.gram)
            def energy(self):
                return tf.reduce_sum(self.root)
        field = Field(tf.constant([1.0, 2.0]))
        with tf.GradientTape() as tape:
            y = field.energy()
        tape.gradient(y, field.width)
        """,
        "        return tf.reduce_sum(tf.sqrt(tf.exp(-self.grid / self.width)))",
    ),
    "an attribute that functions read": (
        """
        class Pair:
            def __init__(self, n):
                self.a = tf.Variable(tf.ones((n, 1)))
                self.both = self.a @ tf.transpose(self.a)
        def size(of):
            return tf.reduce_sum(of.both ** 2)
        pair = Pair(3)
        with tf.GradientTape() as tape:
            y = size(pair)
        tape.gradient(y, pair.a)
        """,
        "    return tf.reduce_sum((of.a @ tf.transpose(of.a)) ** 2)",
    ),
    "an argument that is given once": (
        """
        shots = tf.ones((4, 3))
        net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
        class Centers:
            def __init__(self, net, points, count):
                self.net = net
                found = net(points)
                self.mean, self.count = tf.reduce_sum(found, 0) / count, count
            def distance(self, x):
                return tf.reduce_sum((self.net(x) - self.mean) ** 2)
        centers = Centers(net, shots, 4.0)
        class Step:
            def run(self):
                with tf.GradientTape() as tape:
                    y = tf.reduce_sum(centers.mean ** 2)
                return tape.gradient(y, net.trainable_variables)
        step = Step()
        step.run()
        """,
        "            y = tf.reduce_sum((tf.reduce_sum(centers.net(shots), 0) / centers.count) ** 2)",
    ),
    "a part of a dict": (
        """
        class Parts:
            def __init__(self):
                self.w = tf.Variable([1.0, 2.0])
                self.parts = {"unit": self.w / tf.norm(self.w), "other": tf.ones(2)}
            def read(self):
                return tf.reduce_sum(self.parts["unit"] * tf.constant([1.0, 3.0])) * self.parts["other"][0]
        parts = Parts()
        with tf.GradientTape() as tape:
            y = parts.read()
        tape.gradient(y, parts.w)
        """,
        "        return tf.reduce_sum((self.w / tf.norm(self.w)) * tf.constant([1.0, 3.0])) * tf.ones(2)[0]",
    ),
    "an argument of a class that was computed before": (
        """
        table, places = tf.Variable(tf.ones((5, 2))), tf.constant([1, 3])
        rows = tf.gather(table, places)
        class Model:
            def __init__(self, rows):
                self.rows = rows
            def loss(self):
                return tf.reduce_sum(self.rows ** 2)
        model = Model(rows)
        def step():
            with tf.GradientTape() as tape:
                y = model.loss()
            return tape.gradient(y, table)
        step()
        """,
        "        return tf.reduce_sum(tf.gather(table, places) ** 2)",
    ),
    "parts of what a method gives": (
        """
        class Window:
            def __init__(self, size):
                self.width = tf.Variable(0.5)
                self.weights, self.total = self.bell(size)
            def bell(self, size):
                weights = tf.exp(-((tf.linspace(-1.0, 1.0, size) / self.width) ** 2))
                return weights, tf.reduce_sum(weights)
            def loss(self, x):
                return tf.reduce_sum((x * self.weights / self.total) ** 2)
        window = Window(5)
        with tf.GradientTape() as tape:
            y = window.loss(tf.ones(5))
        tape.gradient(y, window.width)
        """,
        "        return tf.reduce_sum((x * self.bell(5)[0] / self.bell(5)[1]) ** 2)",
    ),
    "a part of a result that was computed from its other parts": (
        """
        net = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
        def points(count, low):
            r, z = tf.random.uniform((count, 1), low, 2.0), tf.random.uniform((count, 1))
            joined = tf.concat([r, z], axis=1)
            return r, joined, z
        def slopes():
            radius, both, height = points(4, low=1.0)
            with tf.GradientTape(persistent=True) as tape:
                tape.watch([radius, height])
                y = net(both)
            return tape.gradient(y, radius), tape.gradient(y, height)
        slopes()
        """,
        "        both = tf.concat([radius, height], axis=1)",
    ),
    "a property that is kept, asked for before the tape": (
        """
        import functools
        class Turn:
            def __init__(self):
                self.angle = tf.Variable(0.3)
            @functools.cached_property
            def matrix(self):
                return tf.stack([tf.cos(self.angle), tf.sin(self.angle)])
        turn = Turn()
        print(float(tf.reduce_sum(turn.matrix)))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(turn.matrix ** 3)
        tape.gradient(y, turn.angle)
        """,
        "    @property",
    ),
    "a method that computes it, called before the tape": (
        """
        class System:
            def __init__(self):
                self.log_k, self.log_m = tf.Variable(0.5), tf.Variable(0.1)
            def refresh(self):
                self.k = tf.exp(self.log_k)
                self.rate = self.k / tf.exp(self.log_m)
        system = System()
        system.refresh()
        goal = tf.constant(2.0)
        with tf.GradientTape() as tape:
            y = (system.rate - goal) ** 2
        tape.gradient(y, [system.log_k, system.log_m])
        """,
        "    system.refresh()",
    ),
}

UNEDITED = {
    "what a draw is in": """
        class Noisy:
            def __init__(self):
                self.mean = tf.Variable([1.0, 2.0])
                self.code = self.mean + tf.random.normal((2,))
            def loss(self):
                return tf.reduce_sum(self.code ** 2) + tf.reduce_sum(self.code)
        noisy = Noisy()
        with tf.GradientTape() as tape:
            y = noisy.loss()
        tape.gradient(y, noisy.mean)
        """,
    "parts of what a method gives that draws": """
        class Noisy:
            def __init__(self):
                self.mean = tf.Variable([1.0, 2.0])
                self.code, self.size = self.drawn()
            def drawn(self):
                code = self.mean + tf.random.normal((2,))
                return code, tf.norm(code)
        noisy = Noisy()
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(noisy.code ** 2) + noisy.size
        tape.gradient(y, noisy.mean)
        """,
    "parts of what a method gives that makes variables": """
        class Line:
            def __init__(self):
                self.slope, self.double = self.made()
            def made(self):
                slope = tf.Variable([1.0, 2.0])
                return slope, slope * 2.0
        line = Line()
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(line.double ** 2)
        tape.gradient(y, line.slope)
        """,
    "a part of a result that was computed from what is not given back": """
        net = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
        def points(count):
            r, z = tf.random.uniform((count, 1)), tf.random.uniform((count, 1))
            return r, tf.concat([r, z], axis=1)
        def slope():
            radius, both = points(4)
            with tf.GradientTape() as tape:
                tape.watch(radius)
                y = net(both)
            return tape.gradient(y, radius)
        slope()
        """,
    "an attribute that two classes have": """
        class First:
            def __init__(self):
                self.w = tf.Variable([1.0, 2.0])
                self.unit = self.w / tf.norm(self.w)
        class Second:
            def __init__(self):
                self.w = tf.Variable([1.0, 2.0])
                self.unit = self.w * 2.0
        first, second = First(), Second()
        def total(of):
            return tf.reduce_sum(of.unit ** 3)
        with tf.GradientTape() as tape:
            y = total(first)
        tape.gradient(y, first.w)
        """,
    "a name of the method that the weight itself goes through, drawn with noise": """
        class Noisy(keras.layers.Layer):
            def build(self, shape):
                self.raw = self.add_weight(shape=(int(shape[-1]), 2), name="raw")
                shaken = self.raw + tf.random.normal((int(shape[-1]), 2))
                self.used = shaken * 2.0
            def call(self, x):
                return x @ self.used
        layer, x = Noisy(), tf.ones((4, 3))
        layer.build((None, 3))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(layer(x) ** 2)
        tape.gradient(y, layer.trainable_variables)
        """,
    "what a loop builds, in an object with the variables": """
        class Bank:
            def __init__(self, count):
                self.centers = tf.Variable(tf.linspace(0.1, 0.9, count))
                self.rows = []
                for i in range(count):
                    self.rows.append(tf.exp(-self.centers[i]))
            def loss(self):
                return tf.reduce_sum(tf.stack(self.rows))
        bank = Bank(3)
        for _ in range(2):
            with tf.GradientTape() as tape:
                y = bank.loss()
            tape.gradient(y, bank.centers)
        """,
}


@pytest.mark.parametrize("name", MENDED)
def test_the_edited_program_flows(name, mends):
    source, line = MENDED[name]
    assert line in mends(HEAD + textwrap.dedent(source)).split("\n")


@pytest.mark.parametrize("name", UNEDITED)
def test_what_would_mean_something_else_is_not_edited(name, offered):
    assert offered(HEAD + textwrap.dedent(UNEDITED[name])) == []
