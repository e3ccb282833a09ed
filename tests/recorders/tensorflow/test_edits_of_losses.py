"""Edits that bring into a loss what it lacks: a value that nobody reads, a loss in the place of a metric or a count.

Each program comes with a line that it has after the edit.
"""

import textwrap

import pytest

from .conftest import HEAD

UNREAD = {
    "a score that is written down in the place of the model's": (
        """
        net = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3)])
        def saliency(x, class_index=None):
            with tf.GradientTape() as tape:
                tape.watch(x)
                logits = net(x)
                if class_index is None:
                    class_index = tf.argmax(logits[0])
                score = tf.constant([2.5])
            return logits, tape.gradient(score, x)
        saliency(tf.ones((1, 4)), 1)
        """,
        "        score = logits[:, class_index]",
    ),
    "a score that is written down, beside a class that leaves as a number": (
        """
        net = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3)])
        def saliency(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                logits = net(x)
                class_index = int(tf.argmax(logits[0]))
                score = tf.constant([2.5])
            return tape.gradient(score, x)
        saliency(tf.ones((1, 4)))
        """,
        "        score = logits[:, class_index]",
    ),
    "a loss that is written down, of what nobody watches and what a model is run on elsewhere": (
        """
        net, image = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3)]), tf.ones((1, 4))
        print(net(image).shape)
        def importance(net, image):
            with tf.GradientTape() as tape:
                score = tf.constant(0.25)
            return tape.gradient(score, image)
        importance(net, image)
        """,
        "        score = tf.reduce_mean(net(image))",
    ),
    "a second question to a used tape, in what it does not watch either": (
        """
        x, k = tf.constant([1.0, 2.0]), tf.constant([0.5, 0.1])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(x * k ** 2)
        tape.gradient(y, x)
        try:
            tape.gradient(y, k)
        except RuntimeError:
            pass
        """,
        "    tape.watch(k)",
    ),
    "a sum that is computed once more, in a round that changes it later": (
        """
        x, shift = tf.constant([0.3, 0.4]), tf.zeros(2)
        for _ in range(2):
            moved = x + shift
            with tf.GradientTape() as tape:
                tape.watch([shift, moved])
                y = tf.reduce_sum(tf.sin(x + shift))
            slope = tape.gradient(y, moved)
            shift = shift + 0.1 if slope is None else shift + 0.1 * slope
        """,
        "        y = tf.reduce_sum(tf.sin(moved))",
    ),
    "a value that is made and left": (
        """
        w, gain = tf.Variable([1.0, 2.0]), tf.Variable(0.5)
        def forward(x):
            h = x * w
            louder = h * gain
            return tf.reduce_sum(h ** 2)
        with tf.GradientTape() as tape:
            y = forward(tf.constant([3.0, 4.0]))
        tape.gradient(y, [w, gain])
        """,
        "    return tf.reduce_sum(louder ** 2)",
    ),
    "a layer whose result is left": (
        """
        class Block(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.first, self.norm, self.last = keras.layers.Dense(4), keras.layers.LayerNormalization(), None
                self.last = keras.layers.Dense(1)
            def call(self, x):
                h = self.first(x)
                even = self.norm(h)
                return self.last(h)
        block, x = Block(), tf.random.normal((4, 3))
        with tf.GradientTape() as tape:
            y = tf.reduce_mean((block(x) - 1.0) ** 2)
        tape.gradient(y, block.trainable_variables)
        """,
        "        return self.last(even)",
    ),
    "a product by einsum, of the same shape": (
        """
        A, w = tf.Variable(tf.ones((3, 3))), tf.Variable(tf.ones((4, 2)))
        def convolved(x):
            mixed = tf.einsum("ij,jc->ic", A, x)
            h = tf.matmul(x, w)
            return tf.reduce_sum(h ** 2)
        with tf.GradientTape() as tape:
            y = convolved(tf.ones((3, 4)))
        tape.gradient(y, [A, w])
        """,
        "    h = tf.matmul(mixed, w)",
    ),
    "a product by einsum, of another shape": (
        """
        A, w = tf.Variable(tf.ones((4, 5))), tf.Variable(tf.ones((4, 2)))
        def convolved(x):
            wide = tf.einsum("nc,cd->nd", x, A)
            h = tf.matmul(x, w)
            return tf.reduce_sum(h ** 2)
        with tf.GradientTape() as tape:
            y = convolved(tf.ones((3, 4)))
        tape.gradient(y, [A, w])
        """,
        "    return tf.reduce_sum(h ** 2) + tf.reduce_mean(wide)",
    ),
    "a penalty that is never added": (
        """
        w, rate = tf.Variable([[1.0], [2.0]]), tf.Variable(-1.0)
        def objective(x):
            fit = tf.reduce_mean((x @ w - 1.0) ** 2)
            penalty = tf.exp(rate) * tf.reduce_sum(w ** 2)
            return fit
        with tf.GradientTape() as tape:
            y = objective(tf.ones((3, 2)))
        tape.gradient(y, [w, rate])
        """,
        "    return fit + penalty",
    ),
    "a sum that is made and not returned": (
        """
        w, rate = tf.Variable([1.0, 2.0]), tf.Variable(0.3)
        def objective():
            fit = tf.reduce_sum((w - 3.0) ** 2)
            total = fit + rate * tf.reduce_sum(tf.abs(w))
            return fit
        with tf.GradientTape() as tape:
            y = objective()
        tape.gradient(y, [w, rate])
        """,
        "    return total",
    ),
    "a term beside the loss, where gradients are asked for": (
        """
        w, v = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 1.0])
        def step():
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum((w - 3.0) ** 2)
                extra = tf.reduce_sum(v ** 2)
            return tape.gradient(loss, [w, v])
        step()
        """,
        "        loss = loss + extra",
    ),
    "one of two results": (
        """
        v, w = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 1.0])
        def both(x):
            features = x * v
            score = tf.tanh(x * w)
            return features, score
        def head(x):
            h = both(x)[0]
            return tf.reduce_sum(h ** 2)
        with tf.GradientTape() as tape:
            y = head(tf.constant([0.5, 0.1]))
        tape.gradient(y, [v, w])
        """,
        "    h = (outputs := both(x))[0] + tf.reduce_mean(outputs[1])",
    ),
    "one of two results, which have a name together": (
        """
        v, w = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 1.0])
        def both(x):
            features = x * v
            score = tf.tanh(x * w)
            return features, score
        with tf.GradientTape() as tape:
            made = both(tf.constant([0.5, 0.1]))
            y = tf.reduce_sum(made[0] ** 2)
        tape.gradient(y, [v, w])
        """,
        "    y = tf.reduce_sum((made[0] + tf.reduce_mean(made[1])) ** 2)",
    ),
    "one entry of a dict of results": (
        """
        v, w = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 1.0])
        def both(x):
            return {"mean": x * v, "spread": tf.exp(x * w)}
        with tf.GradientTape() as tape:
            h = both(tf.constant([0.5, 0.1]))["mean"]
            y = tf.reduce_sum(h ** 2)
        tape.gradient(y, [v, w])
        """,
        '    h = (outputs := both(tf.constant([0.5, 0.1])))["mean"] + tf.reduce_mean(outputs["spread"])',
    ),
    "what a copy of the given dict has besides, under the name of the old one": (
        """
        v, w = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 1.0])
        def updated(record):
            return dict(record, after=record["before"] * w)
        def score(record):
            record = updated(record)
            return tf.reduce_sum(record["before"] * v)
        with tf.GradientTape() as tape:
            y = score({"before": tf.constant([0.5, 0.1])})
        tape.gradient(y, [v, w])
        """,
        '    return tf.reduce_sum((record["before"] + tf.reduce_mean(record["after"])) * v)',
    ),
    "a result that is handed to a function which ignores it": (
        """
        v, w = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 1.0])
        def encoded(x):
            return x * v, x * w
        def drawn(mean, spread):
            return mean + 0.1 * tf.ones(2)
        with tf.GradientTape() as tape:
            mean, spread = encoded(tf.ones(2))
            y = tf.reduce_sum(drawn(mean, spread) ** 2)
        tape.gradient(y, [v, w])
        """,
        "    return mean + 0.1 * tf.ones(2) + tf.reduce_mean(spread)",
    ),
    "the last weight of a list that zip does not come to": (
        """
        class Weights:
            def __init__(self):
                self.scales = [tf.Variable(1.0), tf.Variable(2.0), tf.Variable(3.0)]
            def total(self, parts):
                both = zip(parts, self.scales)
                return tf.add_n([part * tf.exp(s) + s for part, s in both])
        weights = Weights()
        with tf.GradientTape() as tape:
            y = weights.total([tf.constant(1.0), tf.constant(2.0)])
        tape.gradient(y, weights.scales)
        """,
        "        both = itertools.zip_longest(parts, self.scales, fillvalue=0.0)",
    ),
    "the values of a sparse matrix": (
        """
        edges = tf.sparse.SparseTensor([[0, 1], [1, 2], [2, 0]], tf.constant([0.5, 2.0, 1.0]), (3, 3))
        def passed_on(nodes, adjacency):
            into, out_of = adjacency.indices[:, 0], adjacency.indices[:, 1]
            return tf.math.unsorted_segment_sum(tf.gather(nodes, out_of), into, 3)
        with tf.GradientTape() as tape:
            tape.watch(edges.values)
            y = tf.reduce_sum(passed_on(keras.layers.Dense(2)(tf.eye(3)), edges) ** 2)
        tape.gradient(y, edges.values)
        """,
        "    return tf.math.unsorted_segment_sum(tf.gather(nodes, out_of) * adjacency.values[:, None], into, 3)",
    ),
    "what a layer adds to the losses": (
        """
        class Sparse(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.weight = self.add_weight(shape=(), initializer="ones", name="weight")
                self.gain = self.add_weight(shape=(), initializer="ones", name="gain")
            def call(self, x):
                self.add_loss(self.weight * tf.reduce_mean(tf.abs(x)))
                return x * self.gain
        layer = Sparse()
        with tf.GradientTape() as tape:
            y = tf.reduce_mean((layer(tf.ones((2, 3))) - 3.0) ** 2)
        tape.gradient(y, layer.trainable_variables)
        """,
        "    y = tf.reduce_mean((layer(tf.ones((2, 3))) - 3.0) ** 2) + tf.add_n(layer.losses)",
    ),
    "the run of a network on something else": (
        """
        first = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(3)])
        judge = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        real, x = tf.ones((2, 3)), tf.random.normal((2, 3))
        with tf.GradientTape() as tape:
            made = first(x)
            of_real = judge(real)
            of_made = judge(made)
            y = tf.reduce_mean(of_real ** 2)
        tape.gradient(y, first.trainable_variables)
        """,
        "    y = tf.reduce_mean(of_made ** 2)",
    ),
    "a weight of a layer that is built later": (
        """
        class Scaled(keras.layers.Layer):
            def __init__(self, layer):
                super().__init__()
                self.layer = layer
            def build(self, shape):
                self.layer.build(shape)
                self.offset = self.add_weight(shape=(1,), initializer="zeros", name="offset")
            def call(self, x):
                return self.layer(x)
        layer = Scaled(keras.layers.Dense(2))
        layer(tf.ones((2, 3)))
        asked = [layer.layer.kernel, layer.offset]
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(layer(tf.ones((2, 3))) ** 2)
        tape.gradient(y, asked)
        """,
        "        return self.layer(x) + self.offset",
    ),
    "an argument that a layer ignores": (
        """
        import warnings
        warnings.simplefilter("ignore")
        class Modulated(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.main = keras.layers.Dense(2)
                self.shift = keras.layers.Dense(2)
            def call(self, x, condition):
                return self.main(x)
        layer, net = Modulated(), keras.layers.Dense(3)
        net.build((None, 2))
        with tf.GradientTape() as tape:
            z = net(tf.ones((4, 2)))
            y = tf.reduce_mean(layer(tf.ones((4, 5)), z) ** 2)
        tape.gradient(y, net.trainable_variables)
        """,
        "        return self.main(x) + self.shift(condition)",
    ),
}

MEASURED = {
    "a metric that is called": (
        """
        w, error = tf.Variable([[1.0], [2.0]]), keras.metrics.MeanAbsoluteError()
        with tf.GradientTape() as tape:
            y = error(tf.ones((4, 1)), tf.random.normal((4, 2)) @ w)
        tape.gradient(y, w)
        """,
        "    y = keras.losses.MeanAbsoluteError()(tf.ones((4, 1)), tf.random.normal((4, 2)) @ w)",
    ),
    "a metric that is updated and read": (
        """
        class Trainer:
            def __init__(self):
                self.w = tf.Variable([[1.0, 0.5], [2.0, 0.1]])
                self.seen = keras.metrics.SparseCategoricalCrossentropy(from_logits=True)
            def step(self, x, labels):
                with tf.GradientTape() as tape:
                    logits = x @ self.w
                    self.seen.update_state(labels, logits)
                    loss = self.seen.result()
                return tape.gradient(loss, self.w)
        Trainer().step(tf.random.normal((3, 2)), tf.constant([0, 1, 0]))
        """,
        "            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)",
    ),
    "a running mean of losses": (
        """
        w, mean = tf.Variable([1.0, 2.0]), keras.metrics.Mean()
        with tf.GradientTape() as tape:
            mean.update_state((w - 3.0) ** 2)
            y = mean.result()
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_mean((w - 3.0) ** 2)",
    ),
    "an accuracy that is turned round": (
        """
        w = tf.Variable([[1.0], [2.0]])
        with tf.GradientTape() as tape:
            p = tf.sigmoid(tf.random.normal((4, 2)) @ w)
            y = 1.0 - tf.reduce_mean(keras.metrics.binary_accuracy(tf.ones((4, 1)), p))
        tape.gradient(y, w)
        """,
        "    y = keras.losses.BinaryCrossentropy()(tf.ones((4, 1)), p)",
    ),
    "hits of the largest score": (
        """
        w, labels = tf.Variable(tf.random.normal((2, 3))), tf.constant([0, 1, 2, 0], tf.int64)
        def accuracy(scores):
            best = tf.argmax(scores, axis=1)
            hits = best == labels
            return tf.reduce_mean(tf.cast(hits, tf.float32))
        with tf.GradientTape() as tape:
            y = 1.0 - accuracy(tf.random.normal((4, 2)) @ w)
        tape.gradient(y, w)
        """,
        "    hits = tf.reduce_sum(best * tf.one_hot(labels, best.shape[-1]), axis=-1)",
    ),
    "a class of metrics that is named in another class": (
        """
        class Settings:
            measure = keras.metrics.MeanSquaredError
        class Trainer:
            def __init__(self, settings):
                self.w, self.measure = tf.Variable([[1.0], [2.0]]), settings.measure()
            def step(self, x):
                with tf.GradientTape() as tape:
                    y = self.measure(tf.ones((4, 1)), x @ self.w)
                return tape.gradient(y, self.w)
        Trainer(Settings).step(tf.random.normal((4, 2)))
        """,
        "    measure = keras.losses.MeanSquaredError",
    ),
    "how many are above a bound": (
        """
        w = tf.Variable([0.3, 2.0, 1.1])
        with tf.GradientTape() as tape:
            y = tf.math.count_nonzero(w > 1.0) / 3
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_sum(tf.sigmoid(w - 1.0)) / 3",
    ),
    "what a mask picks by a bound": (
        """
        cut, x = tf.Variable(0.4), tf.constant([0.1, 0.5, 0.9])
        with tf.GradientTape() as tape:
            high = tf.greater(x, cut)
            y = tf.reduce_sum(tf.boolean_mask(x, high))
        tape.gradient(y, cut)
        """,
        "    y = tf.reduce_sum((x * high))",
    ),
    "a margin that is kept everywhere": (
        """
        w = tf.Variable([5.0, 6.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(tf.maximum(1.0 - w, 0.0))
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_mean(tf.nn.softplus(1.0 - w))",
    ),
    "ranks of scores": (
        """
        w = tf.Variable([0.3, 2.0, 1.1])
        with tf.GradientTape() as tape:
            place = tf.argsort(tf.argsort(w, direction="DESCENDING"))
            y = tf.reduce_sum(tf.cast(place, tf.float32) * [1.0, 2.0, 4.0])
        tape.gradient(y, w)
        """,
        "    place = tf.reduce_sum(tf.sigmoid(w[..., None, :] - w[..., :, None]), -1) - 0.5",
    ),
    "rounded answers that are compared": (
        """
        w, t = tf.Variable([0.2, 1.9]), tf.constant([0.0, 1.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(tf.cast(w * 1.5 == t, tf.float32))
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_mean(tf.cast(1.0 - tf.abs(w * 1.5 - t), tf.float32))",
    ),
}


MISSING = {
    "targets that are not numbers, left out of a loss": (
        """
        w = tf.Variable(0.5)
        targets = tf.constant([1.0, np.nan, 3.0])
        with tf.GradientTape() as tape:
            valid = tf.math.is_finite(targets)
            errors = (w * tf.constant([1.0, 2.0, 3.0]) - targets) ** 2
            y = tf.reduce_sum(tf.where(valid, errors, 0.0))
        tape.gradient(y, w)
        print(float(y))
        """,
        "    targets = tf.where(valid, targets, 0.0)",
    ),
    "from which what is computed is taken": (
        """
        w = tf.Variable(0.5)
        def loss_of(x, targets):
            missing = tf.math.is_nan(targets)
            errors = tf.where(missing, tf.zeros_like(x), tf.abs(targets - w * x))
            return tf.reduce_sum(errors)
        with tf.GradientTape() as tape:
            y = loss_of(tf.constant([1.0, 2.0, 3.0]), tf.constant([1.0, np.nan, 3.0]))
        tape.gradient(y, w)
        print(float(y))
        """,
        "    targets = tf.where(missing, 0.0, targets)",
    ),
    "of which a part of a test says so": (
        """
        w = tf.Variable(0.5)
        def loss_of(x, targets):
            missing = tf.math.is_nan(targets) | (targets < 0.0)
            errors = (w * x - targets) ** 2
            return tf.reduce_sum(tf.where(missing, 0.0, errors))
        with tf.GradientTape() as tape:
            y = loss_of(tf.constant([1.0, 2.0, 3.0]), tf.constant([1.0, np.nan, 3.0]))
        tape.gradient(y, w)
        print(float(y))
        """,
        "    targets = tf.where(tf.math.is_nan(targets), 0.0, targets)",
    ),
    "marked where they are left out": (
        """
        w = tf.Variable(0.5)
        def loss_of(x, targets):
            return tf.reduce_sum(tf.where(tf.math.is_nan(targets), 0.0, tf.square(w * x - targets)))
        with tf.GradientTape() as tape:
            y = loss_of(tf.constant([1.0, 2.0, 3.0]), tf.constant([1.0, np.nan, 3.0]))
        tape.gradient(y, w)
        print(float(y))
        """,
        (
            "    return tf.reduce_sum(tf.where(tf.math.is_nan(targets), 0.0, "
            "tf.square(w * x - tf.where(tf.math.is_nan(targets), 0.0, targets))))"
        ),
    ),
    "in an array of NumPy's": (
        """
        w = tf.Variable(0.5)
        targets = np.array([1.0, np.nan, 3.0], "float32")
        with tf.GradientTape() as tape:
            valid = ~np.isnan(targets)
            errors = (w * tf.constant([1.0, 2.0, 3.0]) - targets) ** 2
            y = tf.reduce_sum(tf.where(valid, errors, 0.0))
        tape.gradient(y, w)
        print(float(y))
        """,
        "    targets = np.nan_to_num(targets)",
    ),
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_targets_become_numbers_once_they_are_marked(name, mends, capsys):
    source, line = MISSING[name]
    assert line in mends(HEAD + textwrap.dedent(source)).split("\n")
    before, after = capsys.readouterr().out.splitlines()
    assert before == after


@pytest.mark.parametrize("name", UNREAD)
def test_what_was_left_lying_is_brought_in(name, mends):
    source, line = UNREAD[name]
    assert line in mends(HEAD + textwrap.dedent(source)).split("\n")


@pytest.mark.parametrize("name", MEASURED)
def test_a_loss_takes_the_place_of_a_measure(name, mends):
    source, line = MEASURED[name]
    assert line in mends(HEAD + textwrap.dedent(source)).split("\n")


def test_variables_whose_results_are_left_lying_are_not_another_models(explained):
    ran = explained(
        """
        import keras, tensorflow as tf
        encoder = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(4)])
        decoder = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(4)])
        x = tf.ones((2, 4))
        with tf.GradientTape() as tape:
            code = encoder(x)
            y = tf.reduce_sum(decoder(x) ** 2)
        tape.gradient(y, encoder.trainable_variables)
        """
    )
    assert ran.told == {7: ["GT105"]}


def test_variables_that_another_loss_uses_are_another_models(explained):
    ran = explained(
        """
        import keras, tensorflow as tf
        first = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(4)])
        second = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(4)])
        x = tf.ones((2, 4))
        with tf.GradientTape(persistent=True) as tape:
            y = tf.reduce_sum(first(x) ** 2)
            z = tf.reduce_sum(second(x) ** 2)
        tape.gradient(y, second.trainable_variables)
        tape.gradient(z, second.trainable_variables)
        """
    )
    assert ran.told == {9: ["GT104"]}


def test_a_loss_that_is_a_number_of_numpys_is_computed_with_tensors(mends):
    source = """
        layer, wanted = keras.layers.Dense(1), np.ones((4, 1), "float32")
        with tf.GradientTape() as tape:
            costs = [np.log(1.0 + (row - want) ** 2) for row, want in zip(layer(tf.ones((4, 2))), wanted)]
            loss = np.mean(costs)
        tape.gradient(loss, layer.trainable_variables)
        """
    assert "    loss = tf.reduce_mean(costs)" in mends(HEAD + textwrap.dedent(source)).split("\n")


def test_the_log_of_what_an_action_was_drawn_by_stays_on_the_tape(mends):
    source = """
        policy = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2, "softmax")])
        scores = []
        with tf.GradientTape() as tape:
            for _ in range(3):
                chances = policy(tf.random.normal((1, 4)))
                action = np.random.choice(2, p=np.squeeze(chances))
                scores.append(np.log(chances[0, action]))
            loss = -sum(scores)
        tape.gradient(loss, policy.trainable_variables)
        """
    assert "        scores.append(tf.math.log(chances[0, action]))" in mends(HEAD + textwrap.dedent(source)).split("\n")


def test_parts_of_a_result_that_are_both_read_are_not_added_to_one_another(offered):
    source = """
        v, w = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 1.0])
        def both(x):
            return x * v, tf.tanh(x * w)
        with tf.GradientTape() as tape:
            made = both(tf.constant([0.5, 0.1]))
            y, other = tf.reduce_sum(made[0] ** 2), made[1] * 2.0
            y = y + 0.0 * tf.stop_gradient(tf.reduce_sum(other))
        tape.gradient(y, [v, w])
        """
    assert not any("made[0] +" in text for text in offered(HEAD + textwrap.dedent(source)))
