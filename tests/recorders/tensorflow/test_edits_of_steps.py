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
}

KEPT = {
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
