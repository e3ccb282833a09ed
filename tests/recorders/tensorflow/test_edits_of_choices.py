"""Edits of positions that scores choose, and of what is counted and cast: followed through lists, loops and groups."""

import textwrap

import pytest

from .conftest import HEAD

SMOOTH = {
    "words that a loop goes on from": (
        """
        table, cell, to_words = keras.layers.Embedding(5, 3), keras.layers.GRUCell(4), keras.layers.Dense(5)
        def speak(state):
            said, word = [], tf.zeros((2,), tf.int32)
            for _ in range(3):
                out, state = cell(table(word), state)
                chances = to_words(out)
                word = tf.cast(tf.argmax(chances, axis=-1), tf.int32)
                said.append(table(word))
            return tf.stack(said, axis=1)
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(speak(tf.ones((2, 4))) ** 2)
        tape.gradient(y, to_words.trainable_variables)
        """,
        "        said.append(tf.tensordot((shares := tf.nn.softmax(chances)), table(tf.range(shares.shape[-1])), 1))",
    ),
    "positions that a list collects": (
        """
        w, rows = tf.Variable([[0.2, 0.8], [0.6, 0.1]]), tf.constant([[1.0, 2.0], [3.0, 5.0]])
        with tf.GradientTape() as tape:
            found = []
            for k in range(3):
                best = tf.argmax(w * float(k + 1), axis=-1)
                found.append(best)
            y = tf.reduce_sum(tf.gather(rows, tf.stack(found, axis=1)) ** 2)
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_sum(tf.tensordot(tf.stack(found, axis=1), rows, 1) ** 2)",
    ),
    "a table of labels against choices": (
        """
        w, truth = tf.Variable(tf.random.normal((6, 3))), tf.constant([0, 1, 2, 2, 1, 0])
        with tf.GradientTape() as tape:
            guess = tf.argmax(w, axis=1)
            table = tf.math.confusion_matrix(truth, guess, num_classes=3)
            y = tf.linalg.trace(tf.cast(table, tf.float32)) / 6.0
        tape.gradient(y, w)
        """,
        '    table = tf.einsum("bi,bj->ji", guess, tf.one_hot(truth, guess.shape[-1]))',
    ),
    "how often each place was chosen": (
        """
        w = tf.Variable(tf.random.normal((6, 3)))
        with tf.GradientTape() as tape:
            load = tf.math.bincount(tf.argmax(w, axis=1, output_type=tf.int32), minlength=3, dtype=tf.float32)
            y = tf.reduce_sum((load / 6.0) ** 2)
        tape.gradient(y, w)
        """,
        "    load = tf.reduce_sum(tf.reshape((shares := tf.nn.softmax(w)), [-1, shares.shape[-1]]), axis=0)",
    ),
    "rows that are summed by the group that was chosen": (
        """
        w, x = tf.Variable(tf.random.normal((6, 3))), tf.random.normal((6, 2))
        with tf.GradientTape() as tape:
            group = tf.argmax(w, axis=1)
            y = tf.reduce_sum(tf.math.unsorted_segment_mean(x, group, 3) ** 2)
        tape.gradient(y, w)
        """,
        '    y = tf.reduce_sum(tf.einsum("bn,b...->n...", group / tf.reduce_sum(group, axis=0), x) ** 2)',
    ),
    "places along an axis in the middle": (
        """
        maps = tf.Variable(tf.random.normal((2, 4, 4, 3)))
        with tf.GradientTape() as tape:
            flat = tf.reshape(maps, (-1, 16, 3))
            place = tf.argmax(flat, axis=1)
            y = tf.reduce_sum(tf.cast(place // 4, tf.float32) * tf.ones((2, 3)))
        tape.gradient(y, maps)
        """,
        "    place = tf.experimental.numpy.moveaxis(tf.nn.softmax(flat, axis=1), 1, -1)",
    ),
    "a number that is rounded, bounded and cast": (
        """
        w = tf.Variable([0.31, -0.42])
        with tf.GradientTape() as tape:
            level = tf.cast(tf.clip_by_value(tf.round(w * 10.0), -8, 7), tf.int8)
            y = tf.reduce_sum(tf.cast(level, tf.float32) ** 2)
        tape.gradient(y, w)
        """,
        None,
    ),
    "a metric that thresholds what it is updated with": (
        """
        head, area = keras.layers.Dense(1, activation="sigmoid"), keras.metrics.AUC()
        x, truth = tf.random.normal((8, 2)), tf.constant([[0.0], [1.0]] * 4)
        with tf.GradientTape() as tape:
            guess = head(x)
            area.update_state(truth, guess)
            y = 1.0 - area.result()
        tape.gradient(y, head.trainable_variables)
        """,
        "    y = keras.losses.BinaryCrossentropy()(truth, guess)",
    ),
    "ends of edges that a bound on scores picks": (
        """
        w, x = tf.Variable([[0.9, 0.1, 0.7], [0.2, 0.8, 0.6], [0.3, 0.7, 0.9]]), tf.random.normal((3, 2))
        with tf.GradientTape() as tape:
            links = tf.where(w > 0.5)
            here, there = links[:, 0], links[:, 1]
            sent = tf.gather(x, there)
            y = tf.reduce_sum(tf.math.unsorted_segment_sum(sent, here, 3) ** 2)
        tape.gradient(y, w)
        """,
        "    links = tf.where(w > 0.5)",
    ),
    "ends of edges under a mask with a name": (
        """
        w, x = tf.Variable([[0.9, 0.1, 0.7], [0.2, 0.8, 0.6], [0.3, 0.7, 0.9]]), tf.random.normal((3, 2))
        with tf.GradientTape() as tape:
            near = w < 0.5
            links = tf.where(near)
            here = tf.cast(links[:, 0], tf.int32)
            sent = tf.gather(x, links[:, 1])
            y = tf.reduce_sum(tf.math.unsorted_segment_sum(sent, here, 3) ** 2)
        tape.gradient(y, w)
        """,
        "    links = tf.where(near > 0.5)",
    ),
    "counts in bins of values in rows": (
        """
        w = tf.Variable(tf.random.uniform((3, 4)))
        with tf.GradientTape() as tape:
            bins = tf.histogram_fixed_width(w, [0.0, 1.0], nbins=4)
            wanted = tf.histogram_fixed_width(tf.random.uniform((12,)), [0.0, 1.0], nbins=4)
            y = tf.reduce_sum(tf.cast(tf.abs(bins - wanted), tf.float32))
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_sum(tf.abs(bins - tf.cast(wanted, tf.float32)))",
    ),
    "labels among the best few": (
        """
        w, truth = tf.Variable(tf.random.normal((5, 4))), tf.constant([0, 1, 2, 3, 0])
        with tf.GradientTape() as tape:
            found = tf.math.in_top_k(truth, w, 2)
            y = tf.reduce_mean(tf.cast(found, tf.float32))
        tape.gradient(y, w)
        """,
        "    found = tf.sigmoid(tf.gather(w, truth, batch_dims=1) - tf.math.top_k(w, 2).values[:, -1])",
    ),
    "words that go on under another name": (
        """
        table, cell, to_words = keras.layers.Embedding(5, 3), keras.layers.GRUCell(4), keras.layers.Dense(5)
        with tf.GradientTape() as tape:
            word, state, wrong = tf.zeros((2, 1), tf.int64), tf.ones((2, 4)), 0.0
            for k in range(3):
                out, state = cell(table(word)[:, 0], state)
                chances = to_words(out)
                said = tf.argmax(chances, axis=-1)
                wrong += tf.reduce_mean(tf.cast(tf.not_equal(said, tf.constant([k, 2], tf.int64)), tf.float32))
                word = tf.expand_dims(said, 1)
        tape.gradient(wrong, to_words.trainable_variables)
        """,
        "        said = tf.argmax(chances, axis=-1)",
    ),
    "a rounded number that is compared with labels": (
        """
        w, truth = tf.Variable([0.3, 2.4, 1.1]), tf.constant([0, 2, 2])
        with tf.GradientTape() as tape:
            grade = tf.cast(tf.round(w), tf.int32)
            y = tf.reduce_mean(tf.cast(tf.equal(grade, truth), tf.float32))
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_mean(tf.exp(-tf.square(grade - tf.cast(truth, tf.float32))))",
    ),
    "a floored number whose row is looked up in another shape": (
        """
        w, table, layer = tf.Variable([[0.31], [0.62]]), tf.random.normal((6, 3)), keras.layers.Embedding(6, 3)
        with tf.GradientTape() as tape:
            bucket = tf.cast(tf.floor(w * 5.0), tf.int32)
            row = tf.squeeze(bucket, -1)
            y = tf.reduce_mean((tf.nn.embedding_lookup(table, row) + layer(row)) ** 2)
        tape.gradient(y, w)
        """,
        "    bucket = w * 5.0",
    ),
    "row and column of a place in a grid": (
        """
        w = tf.Variable(tf.random.normal((2, 12)))
        with tf.GradientTape() as tape:
            peak = tf.unravel_index(tf.argmax(w, axis=1), (3, 4))
            y = tf.reduce_mean((tf.cast(peak, tf.float32) - 1.0) ** 2)
        tape.gradient(y, w)
        """,
        None,
    ),
    "the size of what a mask picks": (
        """
        w = tf.Variable([0.3, 2.0, 1.1])
        with tf.GradientTape() as tape:
            large = tf.boolean_mask(w, w > 1.0)
            y = tf.cast(tf.size(large), tf.float32) / 3.0
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_sum(tf.sigmoid(w - 1.0)) / 3.0",
    ),
    "a binomial draw": (
        """
        w = tf.Variable([0.3, 0.8])
        with tf.GradientTape() as tape:
            hits = tf.random.stateless_binomial((2,), [1, 2], 10.0, tf.sigmoid(w), output_dtype=tf.float32)
            y = tf.reduce_sum((hits - 4.0) ** 2)
        tape.gradient(y, w)
        """,
        None,
    ),
    "two bounds that are both learned": (
        """
        low, high, x = tf.Variable(0.3), tf.Variable(0.7), tf.random.uniform((9,))
        with tf.GradientTape() as tape:
            inside = tf.logical_and(x > low, x < high)
            y = tf.reduce_mean(tf.boolean_mask(x, inside))
        tape.gradient(y, [low, high])
        """,
        "    inside = tf.sigmoid(x - low) * tf.sigmoid(high - x)",
    ),
    "a place that now and then is another one": (
        """
        w, gains = tf.Variable([[0.2, 0.8], [0.6, 0.1]]), tf.constant([[1.0, 2.0], [3.0, 5.0]])
        with tf.GradientTape() as tape:
            best = tf.argmax(w, axis=1, output_type=tf.int32)
            drawn = tf.random.uniform((2,), maxval=2, dtype=tf.int32)
            taken = tf.where(tf.random.uniform((2,)) < 0.1, drawn, best)
            y = tf.reduce_sum(tf.gather(gains, taken, batch_dims=1))
        tape.gradient(y, w)
        """,
        "    taken = tf.where((tf.random.uniform((2,)) < 0.1)[..., None], tf.one_hot(drawn, best.shape[-1]), best)",
    ),
    "signs that are compared": (
        """
        w, truth = tf.Variable([0.2, -0.8]), tf.constant([1.0, 1.0])
        with tf.GradientTape() as tape:
            same = tf.cast(tf.equal(tf.sign(truth), tf.sign(w)), tf.float32)
            y = tf.reduce_mean(same)
        tape.gradient(y, w)
        """,
        "    same = tf.cast(1.0 - tf.abs(tf.sign(truth) - (w + tf.stop_gradient(tf.sign(w) - w))), tf.float32)",
    ),
    "layers that step": (
        """
        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2, activation=tf.sign)])
        model.compile("sgd", "mse")
        model.fit(np.ones((4, 3), "float32"), np.zeros((4, 2), "float32"), verbose=0)
        """,
        'model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2, activation="tanh")])',
    ),
}

KEPT = {
    "layers that round": """
        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2, activation=tf.round)])
        model.compile("sgd", "mse")
        try:
            model.fit(np.ones((4, 3), "float32"), np.zeros((4, 2), "float32"), verbose=0)
        except ValueError as error:
            print(error)
        """,
    "a cast place where a part begins": """
        w, image = tf.Variable([[0.3, 0.6]]), tf.random.normal((8, 8))
        with tf.GradientTape() as tape:
            row, column = tf.cast(w[:, 0] * 4.0, tf.int32), tf.cast(w[:, 1] * 4.0, tf.int32)
            y = tf.reduce_mean(image[row[0] : row[0] + 3, column[0] : column[0] + 3])
        tape.gradient(y, w)
        """,
    "ends of edges that are handed on": """
        w = tf.Variable([[0.9, 0.1], [0.2, 0.8]])
        def spread(ends, size):
            return tf.math.unsorted_segment_sum(tf.ones_like(ends, tf.float32), ends, size)
        with tf.GradientTape() as tape:
            links = tf.where(w > 0.5)
            y = tf.reduce_sum(spread(links[:, 0], 2) * spread(links[:, 1], 2))
        tape.gradient(y, w)
        """,
    "words that a loop goes on from, of which others count": """
        w, step = tf.Variable([[0.2, 0.8]]), tf.constant([[1.0, 2.0], [0.5, 3.0]])
        with tf.GradientTape() as tape:
            said, word = [], tf.zeros((1,), tf.int64)
            for _ in range(2):
                word = tf.argmax(w * tf.gather(step, word), axis=-1)
                said.append(word)
            y = tf.reduce_mean(np.array([len(set(s)) for s in tf.stack(said).numpy()], "float32"))
        tape.gradient(y, w)
        """,
    "positions whose texts are compared": """
        w, truth = tf.Variable(tf.random.normal((1, 3, 4))), tf.constant([[1, 2, 3]], tf.int64)
        with tf.GradientTape() as tape:
            guess = tf.sparse.from_dense(tf.argmax(w, axis=-1))
            y = tf.reduce_mean(tf.edit_distance(guess, tf.sparse.from_dense(truth)))
        tape.gradient(y, w)
        """,
    "positions that are gone through": """
        w, rows = tf.Variable([[0.2, 0.8], [0.6, 0.1]]), [1.0, 2.0]
        with tf.GradientTape() as tape:
            y = tf.constant(0.0)
            for k in tf.argmax(w, axis=-1):
                y += tf.gather(tf.constant(rows), k)
        tape.gradient(y, w)
        """,
    "a rounded place that is written to": """
        at = tf.Variable([[1.2, 3.7], [4.4, 2.2]])
        with tf.GradientTape() as tape:
            canvas = tf.scatter_nd(tf.cast(tf.round(at), tf.int32), tf.ones(2), (8, 8))
            y = tf.reduce_sum(canvas * tf.range(8.0))
        tape.gradient(y, at)
        """,
    "the order of a polygamma function": """
        order, x = tf.Variable([1.0, 2.0]), tf.constant([0.5, 2.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.math.polygamma(order * 1.0, x))
        tape.gradient(y, order)
        """,
}


@pytest.mark.parametrize("name", SMOOTH)
def test_a_step_and_what_follows_becomes_smooth(name, mends):
    source, line = SMOOTH[name]
    new = mends(HEAD + textwrap.dedent(source)).split("\n")
    assert line is None or line in new


@pytest.mark.parametrize("name", KEPT)
def test_what_has_to_stay_what_it_is_is_not_edited(name, offered):
    assert offered(HEAD + textwrap.dedent(KEPT[name])) == []
