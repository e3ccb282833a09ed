"""Edits that make a step smooth, and with it what is computed from it: each program is edited as the report says."""

import textwrap

import pytest

from .conftest import HEAD

SMOOTH = {
    "the best few of each row": (
        """
        x, w = tf.reshape(tf.range(30.0), (2, 5, 3)), tf.Variable([0.1, 0.4, 0.2])
        with tf.GradientTape() as tape:
            scores = tf.reduce_sum(x * w, axis=-1)
            best = tf.math.top_k(scores, 2).indices
            y = tf.reduce_sum(tf.gather(x, best, batch_dims=1) ** 2)
        tape.gradient(y, w)
        """,
        '    y = tf.reduce_sum(tf.einsum("bkn,bn...->bk...", best, x) ** 2)',
    ),
    "layers of straight lines whose second derivative is asked for": (
        """
        class Field(keras.Model):
            def __init__(self):
                super().__init__()
                self.inner = keras.layers.Dense(6, activation=tf.nn.relu)
                self.outer = keras.layers.Dense(1)
            def call(self, x):
                return self.outer(self.inner(x))
        field, x = Field(), tf.random.uniform((8, 1))
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                u = field(x)
            slope = first.gradient(u, x)
        second.gradient(slope, x)
        """,
        '        self.inner = keras.layers.Dense(6, activation="softplus")',
    ),
    "a draw whose spread leaves as an array": (
        """
        coder, painter = keras.layers.Dense(4), keras.layers.Dense(2)
        def code(x):
            mid, log_spread = tf.split(coder(x), 2, axis=1)
            return tf.cast(np.random.normal(mid, np.exp(log_spread)), tf.float32)
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(painter(code(tf.ones((3, 2)))) ** 2)
        tape.gradient(y, coder.trainable_variables)
        """,
        "    return tf.cast(mid + tf.exp(log_spread) * tf.random.normal(tf.shape(mid), dtype=mid.dtype), tf.float32)",
    ),
    "a draw of plain numbers beside a value that leaves": (
        """
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            noise = np.random.normal(0.0, 0.1, size=2)
            y = tf.reduce_sum(np.exp(w) + noise)
        tape.gradient(y, w)
        """,
        "    noise = np.random.normal(0.0, 0.1, size=2)",
    ),
    "a place that is searched in a table picks from another": (
        """
        edges, values = tf.constant([0.0, 1.0, 2.0, 3.0]), tf.constant([1.0, 3.0, 4.0, 7.0])
        w = tf.Variable([0.4, 1.7])
        with tf.GradientTape() as tape:
            k = tf.searchsorted(edges, w)
            y = tf.reduce_sum(tf.gather(values, k) ** 2)
        tape.gradient(y, w)
        """,
        "    k = tf.reduce_sum(tf.sigmoid(w[..., :, None] - edges[..., None, :]), axis=-1)",
    ),
    "bounds of bins that are learned": (
        """
        edges, x = tf.Variable([0.1, 0.4, 0.9]), tf.constant([0.05, 0.3, 0.95])
        with tf.GradientTape() as tape:
            bins = tf.searchsorted(edges, x, side="right")
            y = tf.reduce_mean(tf.cast(bins, tf.float32))
        tape.gradient(y, edges)
        """,
        "    y = tf.reduce_mean(bins)",
    ),
    "an order by which others are sorted": (
        """
        scores, gain = tf.Variable([0.3, 2.0, 1.1]), tf.constant([3.0, 0.0, 1.0])
        with tf.GradientTape() as tape:
            order = tf.argsort(scores, direction="DESCENDING")
            y = tf.reduce_sum(tf.gather(gain, order) / [1.0, 2.0, 3.0])
        tape.gradient(y, scores)
        """,
        "    y = tf.reduce_sum(tf.tensordot(order, gain, 1) / [1.0, 2.0, 3.0])",
    ),
    "ranks that come from an order by its name": (
        """
        s = tf.Variable([[0.3, 2.0, 1.1]])
        with tf.GradientTape() as tape:
            order = tf.argsort(s, axis=-1)
            ranks = tf.argsort(order, axis=-1)
            y = tf.reduce_sum(tf.abs(tf.cast(ranks, tf.float32) - [[0.0, 1.0, 2.0]]))
        tape.gradient(y, s)
        """,
        "    ranks = tf.linalg.matvec(order, tf.range(float(order.shape[-1])), transpose_a=True)",
    ),
    "the best few of a table": (
        """
        scores, table = tf.Variable([[0.3, 2.0, 1.1, 0.7]]), tf.random.normal((4, 3))
        with tf.GradientTape() as tape:
            _, index = tf.math.top_k(scores, k=2)
            y = tf.reduce_sum(tf.gather(table, index) ** 2)
        tape.gradient(y, scores)
        """,
        "    y = tf.reduce_sum(tf.tensordot(index, table, 1) ** 2)",
    ),
    "what a drawn action earns in each row": (
        """
        w, x, rewards = tf.Variable(tf.random.normal((3, 2))), tf.random.normal((4, 3)), tf.random.normal((4, 2))
        class Agent:
            def act(self, x):
                return tf.random.categorical(x @ w, 1)[:, 0]
        with tf.GradientTape() as tape:
            action = Agent().act(x)
            y = -tf.reduce_mean(tf.gather(rewards, action, batch_dims=1))
        tape.gradient(y, w)
        """,
        '    y = -tf.reduce_mean(tf.einsum("bn,bn...->b...", action, rewards))',
    ),
    "words that are drawn for each place of several texts": (
        """
        table, scores = tf.random.normal((7, 3)), tf.Variable(tf.random.normal((2, 4, 7)))
        text = tf.constant([[1, 5, 2, 3], [3, 3, 0, 6]])
        with tf.GradientTape() as tape:
            words = tf.random.categorical(tf.reshape(scores, (-1, 7)), 1)
            chosen = tf.one_hot(tf.reshape(words, tf.shape(text)), 7)
            y = tf.reduce_sum(tf.tanh(tf.einsum("btv,vd->btd", chosen, table)))
        tape.gradient(y, scores)
        """,
        "    chosen = tf.reshape(words, tf.concat([tf.shape(text), [words.shape[-1]]], 0))",
    ),
    "a drawn action beside the numbers of the rows": (
        """
        w, rewards = tf.Variable(tf.random.normal((4, 2))), tf.random.normal((4, 2))
        with tf.GradientTape() as tape:
            action = tf.squeeze(tf.random.categorical(w, 1), axis=1)
            rows = tf.stack([tf.range(4, dtype=tf.int64), action], axis=1)
            y = -tf.reduce_mean(tf.gather_nd(rewards, rows))
        tape.gradient(y, w)
        """,
        '    y = -tf.reduce_mean(tf.einsum("bn,bn...->b...", action, rewards))',
    ),
    "noise in the shape of drawn positions": (
        """
        w, arms = tf.Variable(tf.random.normal((4, 3))), tf.constant([1.0, 2.0, 5.0])
        with tf.GradientTape() as tape:
            action = tf.squeeze(tf.random.categorical(w, 1), axis=1)
            y = tf.reduce_mean(tf.gather(arms, action) + 0.1 * tf.random.normal(action.shape))
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_mean(tf.tensordot(action, arms, 1) + 0.1 * tf.random.normal(action.shape[:-1]))",
    ),
    "tokens that another model looks up": (
        """
        layer, w = keras.layers.Embedding(3, 2), tf.Variable([[0.2, 0.8, 0.1]])
        def summarise(probs):
            return tf.argmax(probs, axis=-1), probs
        with tf.GradientTape() as tape:
            tokens, _ = summarise(tf.nn.softmax(w))
            y = tf.reduce_sum(layer(tokens) ** 2)
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_sum(tf.tensordot(tokens, layer(tf.range(tokens.shape[-1])), 1) ** 2)",
    ),
    "the best few under one name": (
        """
        scores, table = tf.Variable([0.3, 2.0, 1.1]), tf.random.normal((3, 2))
        with tf.GradientTape() as tape:
            top = tf.math.top_k(scores, k=2)
            y = tf.reduce_sum(tf.gather(table, top.indices) ** 2)
        tape.gradient(y, scores)
        """,
        None,
    ),
    "hits whose guess another function makes": (
        """
        w, x = tf.Variable(tf.random.normal((3, 4))), tf.random.normal((5, 3))
        t = tf.constant([0, 1, 2, 3, 0], tf.int64)
        def predict(x):
            return tf.argmax(x @ w, axis=1)
        with tf.GradientTape() as tape:
            y = 1.0 - tf.reduce_mean(tf.cast(tf.equal(predict(x), t), tf.float32))
        tape.gradient(y, w)
        """,
        "    return tf.nn.softmax(x @ w)",
    ),
    "a position that is computed with": (
        """
        w = tf.Variable([[0.2, 0.8, 0.1]])
        with tf.GradientTape() as tape:
            star = tf.argmax(w, axis=-1) + 1
            y = tf.reduce_mean((tf.cast(star, tf.float32) - 3.0) ** 2)
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_mean((star - 3.0) ** 2)",
    ),
    "a count of what is above a bound": (
        """
        w = tf.Variable([0.3, 2.0, 1.1, 0.7])
        with tf.GradientTape() as tape:
            count = tf.shape(tf.where(w > 1.0))[0]
            y = (tf.cast(count, tf.float32) - 3.0) ** 2
        tape.gradient(y, w)
        """,
        "    count = tf.reduce_sum(tf.sigmoid(w - 1.0))",
    ),
    "a whole number of truth values that decides": (
        """
        w = tf.Variable([0.3, 2.0])
        with tf.GradientTape() as tape:
            n = tf.reduce_sum(tf.cast(tf.greater_equal(w, 1.0), tf.int32))
            y = tf.cast(n, tf.float32) * 2.0 if n > 0 else tf.reduce_sum(w)
        tape.gradient(y, w)
        """,
        "    n = tf.reduce_sum(tf.sigmoid(w - 1.0))",
    ),
    "what is not zero is counted": (
        """
        w = tf.Variable([0.3, -2.0])
        with tf.GradientTape() as tape:
            y = tf.cast(tf.math.count_nonzero(tf.nn.relu(w)), tf.float32) / 2.0
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_sum(tf.tanh(tf.abs(tf.nn.relu(w)))) / 2.0",
    ),
    "equal values that another statement counts": (
        """
        w, truth = tf.Variable([0.2, 1.8, 1.0]), tf.constant([0.0, 2.0, 1.0])
        with tf.GradientTape() as tape:
            whole = tf.round(w)
            same = tf.equal(whole, truth)
            right = tf.math.count_nonzero(same)
            y = 1.0 - tf.cast(right, tf.float32) / 3.0
        tape.gradient(y, w)
        """,
        "    right = tf.reduce_sum(same)",
    ),
    "a count that a loop adds to": (
        """
        w, n = tf.Variable([0.2, 0.8]), tf.zeros(2, tf.int32)
        with tf.GradientTape() as tape:
            for _ in range(2):
                n = n + tf.cast(w > 0.5, tf.int32)
            y = tf.reduce_sum(tf.cast(n, tf.float32))
        tape.gradient(y, w)
        """,
        "        n = tf.cast(n, tf.float32) + tf.sigmoid(w - 0.5)",
    ),
    "two conditions at once": (
        """
        w = tf.Variable([0.2, 0.8])
        with tf.GradientTape() as tape:
            inside = (w > 0.1) & (w < 0.5)
            y = tf.reduce_sum(tf.cast(inside, tf.float32))
        tape.gradient(y, w)
        """,
        "    inside = tf.sigmoid(w - 0.1) * tf.sigmoid(0.5 - w)",
    ),
    "truth values beside others that stay": (
        """
        w, truth = tf.Variable([0.2, 0.8]), tf.constant([True, False])
        with tf.GradientTape() as tape:
            guess = w > 0.5
            wrong = tf.logical_and(guess, tf.logical_not(truth))
            y = tf.reduce_sum(tf.cast(wrong, tf.float32))
        tape.gradient(y, w)
        """,
        "    wrong = guess * tf.cast(tf.logical_not(truth), tf.float32)",
    ),
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
}

KEPT = {
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
    "a truth value that decides": """
        w = tf.Variable([0.2, 0.8])
        with tf.GradientTape() as tape:
            high = w[1] > 0.5
            y = tf.cast(high, tf.float32) + tf.reduce_sum(w) if high else w[0]
            z = tf.cast(high, tf.float32)
        tape.gradient(z, w)
        """,
    "a position that somebody else gets": """
        w, x = tf.Variable([[0.2, 0.8]]), []
        with tf.GradientTape() as tape:
            best = tf.argmax(w, axis=-1)
            x.append(best.numpy())
            y = tf.reduce_sum(tf.gather(tf.constant([1.0, 2.0]), best))
        tape.gradient(y, w)
        """,
    "a position among others in a table of three axes": """
        w, table = tf.Variable([[0.2, 0.8]]), tf.ones((2, 2, 2))
        with tf.GradientTape() as tape:
            best = tf.argmax(w, axis=-1)
            y = tf.reduce_sum(tf.gather_nd(table, tf.stack([best, best, best], axis=1)))
        tape.gradient(y, w)
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
