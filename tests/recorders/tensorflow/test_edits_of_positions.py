"""Edits where a position picks, and where a callback computes: each program is edited as the report says, and flows."""

import textwrap

import pytest

from .conftest import HEAD

PROGRAMS = {
    "a data set computes what is learned from": """
        encoder = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3)])
        data = tf.data.Dataset.from_tensor_slices(tf.ones((4, 4))).map(lambda row: encoder(row[None])[0]).batch(2)
        for rows in data:
            with tf.GradientTape() as tape:
                y = tf.reduce_mean(rows ** 2)
            tape.gradient(y, encoder.trainable_variables)
        """,
    "a cast position gathers rows of a table": """
        w, table = tf.Variable([0.3, 0.6]), tf.random.normal((5, 2, 3))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.gather(table, tf.cast(w * 4.0, tf.int32)) ** 2)
        tape.gradient(y, w)
        """,
    "a cast position is kept in the table first": """
        shift, profile = tf.Variable(1.3), tf.sin(tf.linspace(0.0, 6.0, 20))
        def sample(shift):
            where = tf.range(20, dtype=tf.float32) + shift
            index = tf.cast(where, tf.int32)
            index = tf.clip_by_value(index, 0, 19)
            return tf.gather(profile, index)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(sample(shift) ** 2)
        tape.gradient(y, shift)
        """,
    "cast positions gather pixels of each row": """
        w, images = tf.Variable([0.3, 0.6]), tf.random.normal((2, 6, 3))
        with tf.GradientTape() as tape:
            places = tf.cast(w[:, None] * 4.0 + tf.constant([0.0, 1.0]), tf.int32)
            y = tf.reduce_sum(tf.gather(images, places, axis=1, batch_dims=1) ** 2)
        tape.gradient(y, w)
        """,
    "cast positions gather columns": """
        w, table = tf.Variable([0.3, 0.6]), tf.random.normal((2, 5, 3))
        with tf.GradientTape() as tape:
            places = tf.cast(w * 4.0, tf.int32)
            y = tf.reduce_sum(tf.gather(table, places, axis=1) ** 2)
        tape.gradient(y, w)
        """,
    "places in bounds that are turned around": """
        w = tf.Variable([[1.3, 2.6]])
        table = tf.reshape(tf.range(16.0), (4, 4))
        with tf.GradientTape() as tape:
            place = tf.cast(w + 0.5, tf.int32)
            place = tf.clip_by_value(place, 0, 3)
            y = tf.reduce_sum(tf.gather_nd(table, place[:, ::-1]))
        tape.gradient(y, w)
        """,
    "two coordinates are stacked beside the number of the image": """
        drift, frames = tf.Variable([0.4, 1.2]), tf.random.normal((2, 5, 6, 3))
        def look(frames, down, right):
            r = tf.cast(tf.floor(down), tf.int32)
            c = tf.cast(tf.round(right * 2.0), tf.int32)
            return tf.gather_nd(frames, tf.stack([tf.range(2), r, c], axis=-1))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(look(frames, drift + 1.0, drift + [0.3, 0.2]) ** 2)
        tape.gradient(y, drift)
        """,
    "elements of bytes are counted along rows": """
        turn, scan = tf.Variable(0.3), tf.cast(tf.reshape(tf.range(63), (7, 9)), tf.uint8)
        with tf.GradientTape() as tape:
            r = tf.cast(tf.cos(turn) * tf.constant([1.0, 2.5, 4.0]), tf.int32)
            c = tf.cast(tf.sin(turn) * tf.constant([1.0, 6.0, 9.0]), tf.int32)
            y = tf.reduce_sum(tf.cast(tf.gather(tf.reshape(scan, [-1]), r * 9 + c), tf.float32) ** 2)
        tape.gradient(y, turn)
        """,
    "an element of a grid in each round": """
        start, grid = tf.Variable([0.3, 0.7]), tf.random.normal((6, 6, 2))
        with tf.GradientTape() as tape:
            y = 0.0
            for k in range(4):
                cell = tf.cast(start + 0.7 * k, tf.int32)
                y += tf.reduce_sum(grid[cell[0], cell[1]])
        tape.gradient(y, start)
        """,
    "a window begins at a position": """
        lag, track = tf.Variable(3.4), tf.sin(tf.range(30.0))
        with tf.GradientTape() as tape:
            first = tf.cast(tf.round(lag), tf.int32)
            y = tf.reduce_sum(tf.slice(track, [first], [8]) ** 2)
        tape.gradient(y, lag)
        """,
    "a rounded position gathers": """
        w, table = tf.Variable([0.3, 0.6]), tf.random.normal((5, 3))
        with tf.GradientTape() as tape:
            place = tf.cast(tf.round(w * 4.0), tf.int64)
            y = tf.reduce_sum(tf.gather(table, place) ** 2)
        tape.gradient(y, w)
        """,
    "what the position was computed from changes before it picks": """
        w, table = tf.Variable([0.3, 0.6]), tf.random.normal((5, 3))
        with tf.GradientTape() as tape:
            where = w * 4.0
            place = tf.cast(where, tf.int32)
            where = tf.zeros(2)
            y = tf.reduce_sum(tf.gather(table, place) ** 2 + where[0])
        tape.gradient(y, w)
        """,
    "one cast position is an index": """
        w, table = tf.Variable(0.3), tf.random.normal((5, 3))
        with tf.GradientTape() as tape:
            k = tf.cast(w * 4.0, tf.int32)
            y = tf.reduce_sum(table[k] ** 2)
        tape.gradient(y, w)
        """,
    "cast positions are looked up in a layer": """
        w, layer = tf.Variable([0.3, 0.6]), keras.layers.Embedding(7, 4)
        layer.build(None)
        with tf.GradientTape() as tape:
            token = tf.cast(w * 5.0, "int32")
            y = tf.reduce_sum(layer(token) ** 2)
        tape.gradient(y, w)
        """,
    "a cast position becomes a row of zeros and a one": """
        w = tf.Variable([0.3, 0.65])
        with tf.GradientTape() as tape:
            hot = tf.one_hot(tf.cast(w * 5.0, tf.int32), 6)
            y = tf.reduce_sum(hot * tf.range(6.0))
        tape.gradient(y, w)
        """,
    "whole numbers are written to an array in a loop": """
        rate = tf.Variable(0.7)
        @tf.function
        def simulate(n):
            steps, x = tf.TensorArray(tf.int32, size=n), 0.5
            for i in tf.range(n):
                x = x + rate * x
                steps = steps.write(i, tf.cast(x * 100.0, tf.int32))
            return tf.cast(steps.stack(), tf.float32) / 100.0
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(simulate(3))
        tape.gradient(y, rate)
        """,
    "a drawn position gathers numbers": """
        logits, means = tf.Variable([0.1, 0.2, 0.7]), tf.constant([-1.0, 0.0, 1.0])
        def draws(n):
            k = tf.random.categorical(logits[None], n)[0]
            return tf.gather(means, k) + 0.1
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(draws(4)) ** 2
        tape.gradient(y, logits)
        """,
    "a callback of one of NumPy's functions": """
        w = tf.Variable([1.0, 2.0, 4.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.numpy_function(np.cumsum, [w * 2.0], tf.float32))
        tape.gradient(y, w)
        """,
    "a callback of a function under another name": """
        w = tf.Variable([1.0, 2.0, 4.0])
        def cents(v):
            return (1200.0 * np.log2(v / 0.5)).astype(np.float32)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.numpy_function(cents, [w * 2.0], tf.float32))
        tape.gradient(y, w)
        """,
    "a callback that transforms": """
        w = tf.Variable([1.0, 2.0, 4.0])
        def spectrum(v):
            return np.abs(np.fft.rfft(v)).astype(np.float32)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.numpy_function(spectrum, [w * 2.0], tf.float32))
        tape.gradient(y, w)
        """,
    "a callback of a function that TensorFlow does not have": """
        x, kernel = tf.random.normal((9,)), tf.Variable([0.2, 0.5, 0.3])
        def smooth(values, weights):
            return np.convolve(values, weights, mode="same").astype(np.float32)
        @tf.function
        def loss():
            return tf.reduce_sum(tf.numpy_function(smooth, [x, kernel * 1.0], tf.float32) ** 2)
        with tf.GradientTape() as tape:
            y = loss()
        tape.gradient(y, kernel)
        """,
    "a callback that writes": """
        w = tf.Variable([1.0, 2.0, 4.0])
        def ends(v):
            out = np.zeros_like(v)
            out[0] = v[1] * 2.0
            return out
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.numpy_function(ends, [w * 2.0], tf.float32))
        tape.gradient(y, w)
        """,
    "a callback of a lambda": """
        w = tf.Variable([1.0, 2.0, 4.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.numpy_function(lambda v: np.sin(v), [w * 2.0], tf.float32))
        tape.gradient(y, w)
        """,
    "what is watched is made outside the tape": """
        inner = keras.Input((5,))
        hidden = keras.layers.Dense(4, "relu", name="hidden")(inner)
        model = keras.Model(inner, keras.layers.Dense(3)(hidden))
        def saliency(x):
            both = keras.Model(model.input, [model.get_layer("hidden").output, model.output])
            h, scores = both(x)
            with tf.GradientTape() as tape:
                tape.watch(h)
                best = scores[:, 0]
            return tape.gradient(best, h)
        saliency(tf.random.normal((2, 5)))
        """,
    "a list of variables from before a model was copied": """
        class Task:
            def __init__(self):
                self.net = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(3)])
                self.listed = self.net.trainable_variables
                self.net = keras.models.clone_model(self.net)
            def step(self, x):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(self.net(x) ** 2)
                return tape.gradient(loss, self.listed)
        Task().step(tf.ones((2, 1)))
        """,
    "a second derivative of layers with straight lines": """
        net = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(9, activation="relu")])
        x = tf.constant([[0.5], [0.7]])
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                u = net(x)
            du = inner.gradient(u, x)
        outer.gradient(du, x)
        """,
}

UNEDITED = {
    "what cast positions pick is a whole number itself": """
        w, labels = tf.Variable([[1.3, 2.6]]), tf.reshape(tf.range(16), (4, 4))
        with tf.GradientTape() as tape:
            found = tf.gather_nd(labels, tf.cast(w, tf.int32))
            y = tf.reduce_sum(tf.cast(found, tf.float32))
        tape.gradient(y, w)
        """,
    "whole places are stacked, not their coordinates": """
        w, table = tf.Variable([[1.3, 2.6], [0.4, 1.7]]), tf.reshape(tf.range(16.0), (4, 4))
        with tf.GradientTape() as tape:
            places = tf.cast(w, tf.int32)
            y = tf.reduce_sum(tf.gather_nd(table, tf.stack([places[0], places[1]])))
        tape.gradient(y, w)
        """,
    "a window begins at all coordinates of a place": """
        w, table = tf.Variable([1.3, 2.6]), tf.reshape(tf.range(36.0), (6, 6))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.slice(table, tf.cast(w, tf.int32), [2, 2]))
        tape.gradient(y, w)
        """,
    "cast positions are turned by what nobody knows": """
        w, table = tf.Variable([[1.3, 2.6]]), tf.reshape(tf.range(16.0), (4, 4))
        with tf.GradientTape() as tape:
            place = tf.bitwise.bitwise_xor(tf.cast(w, tf.int32), 1)
            y = tf.reduce_sum(tf.gather_nd(table, place))
        tape.gradient(y, w)
        """,
    "positions along an axis that a name tells": """
        w, table, last = tf.Variable([0.3, 0.6]), tf.random.normal((2, 5)), 1
        with tf.GradientTape() as tape:
            places = tf.cast(w * 4.0, tf.int32)
            y = tf.reduce_sum(tf.gather(table, places, axis=last) ** 2)
        tape.gradient(y, w)
        """,
    "a cast position is a key of a lookup": """
        w = tf.Variable([0.3, 0.6])
        values = tf.lookup.KeyValueTensorInitializer(tf.constant([0, 1, 2], tf.int64), tf.constant([0.1, 0.5, 0.9]))
        table = tf.lookup.StaticHashTable(values, -1.0)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(table.lookup(tf.cast(w * 3.0, tf.int64)))
        tape.gradient(y, w)
        """,
    "two models ran, and a third was asked for": """
        actor = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1)])
        critic = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2), keras.layers.Dense(1)])
        older, states = keras.models.clone_model(critic), tf.ones((2, 3))
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(older(tf.concat([states, actor(states)], 1)) ** 2)
        tape.gradient(y, critic.trainable_variables)
        """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_edited_program_flows(name, mends):
    mends(HEAD + textwrap.dedent(PROGRAMS[name]))


@pytest.mark.parametrize("name", UNEDITED)
def test_what_would_not_mend_is_not_edited(name, offered):
    assert offered(HEAD + textwrap.dedent(UNEDITED[name])) == []


def test_a_data_set_is_told_in_its_own_words_and_once(explained):
    ran = explained(HEAD + textwrap.dedent(PROGRAMS["a data set computes what is learned from"]))
    found = [f.diagnostic.primary.label for f in ran.reports[0].findings]
    assert found == ["a data set computes its elements where no tape records; what it gives starts a new path"]


def test_a_copied_model_is_shown_beside_the_one_that_was_asked_for(explained):
    ran = explained(HEAD + textwrap.dedent(UNEDITED["two models ran, and a third was asked for"]))
    labels = [a.label for f in ran.reports[0].findings for a in f.diagnostic.annotations if not a.primary]
    places = [a.span.text for f in ran.reports[0].findings for a in f.diagnostic.annotations if not a.primary]
    assert labels == ["`y` depends on this one, for example"]
    assert places == ["keras.models.clone_model(critic)"]


def test_a_position_that_is_kept_in_the_table_first_is_kept_there(mends):
    new = mends(HEAD + textwrap.dedent(PROGRAMS["a cast position is kept in the table first"]))
    assert "tf.gather(profile, tf.clip_by_value(tf.cast(tf.floor(where), tf.int32) + corner, 0, 19))" in new


def test_rows_are_read_between_as_they_were_read(mends):
    new = mends(HEAD + textwrap.dedent(PROGRAMS["cast positions gather pixels of each row"]))
    assert "0, tf.shape(images)[1] - 1), axis=1, batch_dims=1)" in new
    assert "[(..., *[None] * (len(images.shape) - 2))]" in new


def test_rows_and_columns_stay_in_their_own_bounds(mends):
    new = mends(HEAD + textwrap.dedent(PROGRAMS["elements of bytes are counted along rows"]))
    assert "tf.shape(tf.reshape(scan, [-1]))[0] // 9 - 1) * 9 + tf.clip_by_value(" in new
    assert "+ corner[1], 0, 9 - 1)" in new
