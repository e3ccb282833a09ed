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
    "beside a run of the same network on something else": """
        first = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(3)])
        judge = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        real, x = tf.ones((2, 3)), tf.random.normal((2, 3))
        with tf.GradientTape(persistent=True) as tape:
            made = first(x)
            of_real = judge(real)
            of_made = judge(made)
            y = tf.reduce_mean(of_real ** 2)
            z = tf.reduce_mean(of_made ** 2)
        tape.gradient(y, first.trainable_variables)  #~ GT105
        tape.gradient(z, judge.trainable_variables)
        """,
    "of a copied model, beside variables that are used": """
        net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2, name="inner")])
        head = keras.layers.Dense(1)
        head.build((None, 2))
        asked = net.trainable_variables + head.trainable_variables
        net = keras.models.clone_model(net)
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(head(net(tf.ones((2, 3)))) ** 2)
        tape.gradient(y, asked)  #~ GT104
        """,
    "of a derivative that nobody wrote": """
        a = tf.Variable(2.0)
        with tf.GradientTape() as tape:
            y = tf.math.betainc(a, 3.0, 0.4)  #~ GT305
        tape.gradient(y, a)
        """,
    "weights that are copied into another model": """
        net, copy = keras.layers.Dense(1), keras.layers.Dense(1)
        x = tf.ones((2, 3))
        net.build(x.shape), copy.build(x.shape)
        with tf.GradientTape() as tape:
            copy.set_weights(net.get_weights())  #~ GT504
            loss = tf.reduce_sum(copy(x) ** 2)
        tape.gradient(loss, net.kernel)
        """,
    "weights that are copied one by one, under a name": """
        net, copy = [tf.Variable(1.5), tf.Variable(0.5)], [tf.Variable(0.0), tf.Variable(0.0)]
        with tf.GradientTape() as tape:
            for mine, other in zip(net, copy):
                value = mine.numpy()
                other.assign(value)  #~ GT504
            loss = copy[0] * copy[1]
        tape.gradient(loss, net)
        """,
    "values that NumPy changed before they are stored": """
        w, state = tf.Variable([1.0, 2.0]), tf.Variable([0.0, 0.0])
        with tf.GradientTape() as tape:
            state.assign(np.tanh(w.numpy()))  #~ GT201
            loss = tf.reduce_sum(state ** 2)
        tape.gradient(loss, w)
        """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_call_beside_the_tape_is_blamed(name, explained):
    source = HEAD + textwrap.dedent(PROGRAMS[name])
    assert explained(source).told == marked(source)
