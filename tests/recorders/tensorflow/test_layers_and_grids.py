"""Weights of layers, chains of layers, positions in grids, derivatives that end: what is told, and edits that mend."""

import textwrap

import pytest

from .conftest import HEAD

PROGRAMS = {
    "a weight of whole numbers": """
        class Offset(keras.layers.Layer):
            def build(self, shape):
                self.offset = self.add_weight(shape=(3,), initializer="ones", dtype="int32", name="offset")
                self.gain = self.add_weight(shape=(3,), initializer="ones", name="gain")
            def call(self, x):
                return self.gain * (x - tf.cast(self.offset, tf.float32))
        layer = Offset(dtype="float32", autocast=False)
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(layer(tf.constant([[3.0, 4.0, 5.0]])) ** 2)
        tape.gradient(y, [layer.offset, layer.gain])
        """,
    "pixels of whole numbers that a variable holds": """
        pixels = np.random.randint(0, 255, size=(2, 3)).astype("uint8")
        image = tf.Variable(pixels)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.cast(image, tf.float32) ** 2)
        tape.gradient(y, image)
        """,
    "rows that are written to a variable of the module": """
        memory = tf.Variable(tf.zeros((5, 3)), trainable=False)
        net = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(3)])
        def write(x, slot):
            value = net(x)
            memory.scatter_nd_update([[slot]], value)
            return tf.reduce_sum(memory[slot] ** 2)
        with tf.GradientTape() as tape:
            y = write(tf.ones((1, 2)), 2)
        tape.gradient(y, net.trainable_variables)
        """,
    "every layer reads the input": """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.one, self.two, self.three = (keras.layers.Dense(3, activation="tanh") for _ in range(3))
            def call(self, x):
                h = self.one(x)
                h = self.two(x)
                h = self.three(x)
                return h
        net = Net()
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(net(tf.ones((2, 3))) ** 2)
        tape.gradient(y, [net.one.kernel, net.two.kernel, net.three.kernel])
        """,
    "ranks along the last axis": """
        scores = tf.Variable([[0.3, 0.1, 0.9]])
        with tf.GradientTape() as tape:
            rank = tf.argsort(tf.argsort(scores, axis=-1), axis=-1)
            y = tf.reduce_sum(tf.abs(tf.cast(rank, tf.float32) - [0.0, 1.0, 2.0]) ** 2)
        tape.gradient(y, scores)
        """,
    "pixels between four corners": """
        terrain = tf.reshape(tf.sin(tf.range(64.0) / 9.0), (8, 8))
        focal = tf.Variable(1.5)
        with tf.GradientTape() as tape:
            uv = focal * tf.constant([[1.2, 0.4], [-0.8, 1.1]]) + 3.5
            pixel = tf.cast(uv, tf.int32)
            y = tf.reduce_sum(tf.gather_nd(terrain, pixel) ** 2)
        tape.gradient(y, focal)
        """,
    "the angle of nothing": """
        re, im = tf.Variable([0.8, 0.0]), tf.Variable([0.1, 0.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.math.angle(tf.complex(re, im)))
        tape.gradient(y, [re, im])
        """,
    "a callback that gets tensors": """
        from scipy.fftpack import dct
        scale, frames = tf.Variable(1.0), tf.random.uniform((2, 4))
        def rows(given):
            return np.stack([dct(row, norm="ortho") for row in given.numpy()]).astype("float32")
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.py_function(rows, [scale * frames], tf.float32) ** 2)
        tape.gradient(y, scale)
        """,
    "a hand-written mish that overflows": """
        w = tf.Variable([1.0, 200.0])
        def mish(x):
            return x * tf.tanh(tf.math.log(1.0 + tf.exp(x)))
        with tf.GradientTape() as tape:
            y = tf.nn.sigmoid_cross_entropy_with_logits(labels=1.0, logits=tf.reduce_sum(mish(w)) / 100.0)
        tape.gradient(y, w)
        """,
    "an infinity in the data behind a mask": """
        shares, order = tf.constant([0.5, 0.5, 0.0]), tf.Variable(1.2)
        with tf.GradientTape() as tape:
            present = shares > 0.0
            y = tf.reduce_sum(tf.where(present, -order * tf.math.log(shares), tf.zeros_like(shares)))
        tape.gradient(y, order)
        """,
    "one of several blocks skips a branch": """
        class Block:
            def __init__(self, last):
                self.denoise = keras.layers.Dense(4, activation="tanh")
                self.gamma = tf.Variable(0.5)
                self.last = last
            def __call__(self, x):
                z = self.denoise(x)
                if not self.last:
                    z = z + self.gamma * (1.0 - z)
                return z
        blocks = [Block(last=(i == 2)) for i in range(3)]
        with tf.GradientTape() as tape:
            x = tf.ones((2, 4))
            for block in blocks:
                x = block(x)
            y = tf.reduce_mean(x ** 2)
        tape.gradient(y, [b.gamma for b in blocks])
        """,
    "the variables of a target network": """
        def network():
            return keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3)])
        class Agent:
            def __init__(self):
                self.online, self.target = network(), network()
                self.target.set_weights(self.online.get_weights())
            def goal(self, after):
                return 1.0 + 0.9 * tf.reduce_max(self.target(after), axis=1)
            def update(self, before, after):
                goal = self.goal(after)
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean((goal - self.online(before)[:, 0]) ** 2)
                return tape.gradient(loss, self.target.trainable_variables)
        Agent().update(tf.ones((2, 4)), tf.zeros((2, 4)))
        """,
    "the symbol of a layer is watched": """
        begin = keras.layers.Input((5,))
        hidden = keras.layers.Dense(4, activation="tanh", name="middle")(begin)
        model = keras.Model(begin, keras.layers.Dense(2)(hidden))
        def seen(model, x):
            middle = model.get_layer("middle").output
            with tf.GradientTape() as tape:
                tape.watch(middle)
                score = model(x)[:, 1]
            return tape.gradient(score, middle)
        try:
            seen(model, tf.ones((1, 5)))
        except ValueError:
            pass
        """,
}

TOLD = {
    "a weight of whole numbers": ["integer-source"],
    "pixels of whole numbers that a variable holds": ["integer-source"],
    "a hand-written mish that overflows": ["overflow"],
    "an infinity in the data behind a mask": ["masked-branch"],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_edited_program_flows(name, mends):
    mends(HEAD + textwrap.dedent(PROGRAMS[name]))


@pytest.mark.parametrize("name", TOLD)
def test_one_cause_is_told(name, explained):
    ran = explained(HEAD + textwrap.dedent(PROGRAMS[name]))
    assert [f.cause for f in ran.reports[0].findings] == TOLD[name]


def test_a_block_that_skips_a_branch_is_told_and_one_that_never_ran_is_not(explained):
    source = HEAD + textwrap.dedent(PROGRAMS["one of several blocks skips a branch"])
    causes = [[f.cause for r in explained(text).reports for f in r.findings] for text in (source, _two_of(source))]
    assert causes == [["branch-not-taken"], ["not-used"]]


def _two_of(source):
    """Return the program that calls the first two blocks only."""
    return source.replace("for block in blocks:", "for block in blocks[:2]:")


def test_a_model_that_ran_before_its_twin_on_the_way_ran_outside(explained):
    source = HEAD + textwrap.dedent(PROGRAMS["the variables of a target network"])
    through = source.replace("self.online(before)[:, 0]", "self.online(tf.stack([goal] * 4, 1))[:, 0]")
    causes = [{f.cause for r in explained(text).reports for f in r.findings} for text in (source, through)]
    assert causes == [{"different-object"}, {"outside-the-tape"}]


def test_a_weight_is_told_where_its_layer_makes_it(explained):
    ran = explained(HEAD + textwrap.dedent(PROGRAMS["a weight of whole numbers"]))
    assert ran.reports[0].findings[0].diagnostic.primary.span.text.startswith("self.add_weight(")


def test_a_derivative_that_cannot_be_differentiated_owes_a_rule(explained):
    ran = explained(
        HEAD
        + textwrap.dedent("""
        conv = keras.layers.Conv2D(2, 3, padding="same")
        conv.build((None, 8, 8, 1))
        image = tf.random.normal((1, 4, 4, 1))
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(image)
                score = tf.reduce_sum(conv(tf.image.resize(image, (8, 8))))
            y = tf.reduce_sum(inner.gradient(score, image) ** 2)
        outer.gradient(y, conv.kernel)
        """)
    )
    assert [f.cause for f in ran.reports[-1].findings] == ["missing-rule"]


def test_layers_that_are_added_up_are_not_chained(explained):
    ran = explained(
        HEAD
        + textwrap.dedent("""
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.one, self.two, self.extra = (keras.layers.Dense(3) for _ in range(3))
            def call(self, x):
                h = self.one(x)
                g = self.two(x)
                return h + g
        net = Net()
        net.extra.build((None, 3))
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(net(tf.ones((2, 3))) ** 2)
        tape.gradient(y, [net.one.kernel, net.extra.kernel])
        """)
    )
    found = [f.diagnostic for r in ran.reports for f in r.findings]
    assert [d.code.slug for d in found] == ["not-used"]
    assert found[0].suggestion is None or "self.two(h)" not in str(found[0].suggestion.edits)
