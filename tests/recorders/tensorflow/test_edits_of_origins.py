"""Edits where the source was computed from what the target uses: it is read there, or its origin is asked for."""

import textwrap

import pytest

from .conftest import HEAD

MODEL = """
net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
x = tf.constant([[1.0, 2.0, 0.5], [0.1, 0.4, 3.0]])
"""

MENDED = {
    "scaled values, and the model is given the others": (
        """
        scaled = (x - tf.reduce_mean(x)) / 2.0
        with tf.GradientTape() as tape:
            tape.watch(scaled)
            y = tf.reduce_sum(net(x))
        tape.gradient(y, scaled)
        """,
        "    y = tf.reduce_sum(net(scaled))",
    ),
    "a variable made of an array that a function is given": (
        """
        image = tf.Variable(x)
        def height(of):
            return tf.reduce_sum(net(of))
        for _ in range(2):
            with tf.GradientTape() as tape:
                y = height(x)
            tape.gradient(y, image)
        """,
        "        y = height(image)",
    ),
    "a reshaped variable": (
        """
        w = tf.Variable(tf.ones((3, 2)))
        flat = tf.reshape(w, [-1])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum((x @ w) ** 2)
        tape.gradient(y, flat)
        """,
        "tf.reshape(tape.gradient(y, w), [-1])",
    ),
    "a watched value that is asked for in another shape": (
        """
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(net(x))
        tape.gradient(y, tf.transpose(x, [1, 0]))
        """,
        "tf.transpose(tape.gradient(y, x), [1, 0])",
    ),
    "copies in a list": (
        """
        ws = [tf.Variable([1.0, 2.0]), tf.Variable([0.5, 0.1])]
        kept = [tf.identity(w) for w in ws]
        with tf.GradientTape() as tape:
            y = tf.add_n([tf.reduce_sum(w ** 2) for w in ws])
        tape.gradient(y, kept)
        """,
        "tape.gradient(y, ws)",
    ),
    "copies of a model's weights in a list": (
        """
        kept = [tf.convert_to_tensor(v) for v in net.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(kept)
            y = tf.reduce_sum(net(x))
        tape.gradient(y, kept)
        """,
        "tape.gradient(y, net.trainable_variables)",
    ),
    "values of a model's weights in a list": (
        """
        kept = [tf.constant(v) for v in net.get_weights()]
        with tf.GradientTape() as tape:
            for v in kept:
                tape.watch(v)
            y = tf.reduce_sum(net(x))
        tape.gradient(y, kept)
        """,
        "tape.gradient(y, net.trainable_variables)",
    ),
    "copies of a model's weights in a dict": (
        """
        kept = {v.path: tf.identity(v) for v in net.trainable_variables}
        with tf.GradientTape() as tape:
            tape.watch([*kept.values()])
            y = tf.reduce_sum(net(x))
        tape.gradient(y, kept)
        """,
        "kept = {v.path: v for v in net.trainable_variables}",
    ),
    "another model of the same dict": (
        """
        nets = {"fast": net, "slow": keras.models.clone_model(net)}
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(nets["slow"](x))
        tape.gradient(y, nets["fast"].trainable_variables)
        """,
        "tape.gradient(y, nets['slow'].trainable_variables)",
    ),
    "features of a model that was made of another's layers": (
        """
        inner = keras.Model(net.inputs, net.layers[0].output)
        h = inner(x)
        with tf.GradientTape() as tape:
            tape.watch(h)
            y = tf.reduce_sum(net(x))
        tape.gradient(y, h)
        """,
        "    y = tf.reduce_sum(keras.Model(inner.output, net.outputs[0])(h))",
    ),
    "features of a model inside a chain of layers": (
        """
        base = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(4, name="middle"), keras.layers.ReLU()])
        chain = keras.Sequential([keras.layers.Input((3,)), base, keras.layers.Dense(2)])
        upto = keras.Model(base.inputs, base.get_layer("middle").output)
        with tf.GradientTape() as tape:
            h = upto(x)
            tape.watch(h)
            y = chain(x)
        tape.gradient(y, h)
        """,
        "    for layer in chain.layers[chain.layers.index(base) + 1 :]:",
    ),
    "features of a model that another one calls": (
        """
        start = keras.Input((3,))
        whole = keras.Model(start, keras.layers.Dense(2)(keras.layers.ReLU()(net(start))))
        def heat(model, image):
            part = keras.Model(net.inputs, net.layers[0].output)
            with tf.GradientTape() as tape:
                h = part(image)
                tape.watch(h)
                y = model(image, training=False)
                best = y[:, 0]
            return tape.gradient(best, h)
        heat(whole, x)
        """,
        "        y = keras.Model(part.output, net.outputs[0])(h)",
    ),
    "features of a model that an object calls": (
        """
        class Graded(keras.Model):
            def __init__(self, below):
                super().__init__()
                self.below = below
                self.grade = keras.layers.Dense(2)
            def call(self, given):
                seen = tf.nn.relu(self.below(given))
                return self.grade(seen)
        graded = Graded(net)
        part = keras.Model(net.inputs, net.layers[0].output)
        with tf.GradientTape() as tape:
            h = part(x)
            tape.watch(h)
            y = graded(x)
        tape.gradient(y, h)
        """,
        "    y = graded.grade(tf.nn.relu(keras.Model(part.output, graded.below.outputs[0])(h)))",
    ),
}

NO_CHAIN = """
start = keras.Input((3,))
seen = net(start)
both = keras.layers.Concatenate()([keras.layers.ReLU()(seen), keras.layers.Dense(2)(seen)])
whole = keras.Model(start, keras.layers.Dense(2)(both))
part = keras.Model(net.inputs, net.layers[0].output)
with tf.GradientTape() as tape:
    h = part(x)
    tape.watch(h)
    y = whole(x)
tape.gradient(y, h)
"""

UNEDITED = {
    "copies of what a function makes anew": """
        def drawn():
            return [tf.random.normal((3,)) for _ in range(2)]
        kept = [tf.identity(v) for v in drawn()]
        with tf.GradientTape() as tape:
            tape.watch(kept)
            y = tf.reduce_sum(net(x))
        tape.gradient(y, kept)
        """,
    "copies of some weights in a dict": """
        kept = {v.path: tf.identity(v) for v in net.trainable_variables if "bias" in v.path}
        with tf.GradientTape() as tape:
            tape.watch([*kept.values()])
            y = tf.reduce_sum(net(x))
        tape.gradient(y, kept)
        """,
    "what was summed, which has another shape": """
        total = tf.reduce_sum(x, axis=0)
        with tf.GradientTape() as tape:
            tape.watch(total)
            y = tf.reduce_sum(net(x))
        tape.gradient(y, total)
        """,
    "a value that the block reads for something else": """
        scaled = x / 2.0
        with tf.GradientTape() as tape:
            tape.watch(scaled)
            aside = tf.reduce_sum(scaled)
            y = tf.reduce_sum(net(x))
        tape.gradient(y, scaled)
        """,
}


@pytest.mark.parametrize("name", MENDED)
def test_the_edited_program_flows(name, mends):
    source, line = MENDED[name]
    assert line in mends(HEAD + MODEL + textwrap.dedent(source)).split("\n")


@pytest.mark.parametrize("name", UNEDITED)
def test_what_would_ask_for_something_else_is_not_edited(name, offered):
    edits = offered(HEAD + MODEL + textwrap.dedent(UNEDITED[name]))
    others = ("net(scaled)", "net(total)", "gradient(y, x)", "v.path: v ", "y, drawn()")
    assert not [e for e in edits if any(other in e for other in others)]


def test_layers_that_are_no_chain_are_not_called_one_by_one(offered):
    assert offered(HEAD + MODEL + NO_CHAIN) == []
