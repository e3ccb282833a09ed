"""Edits of what variables, data sets, layers and helpers keep away from the tape: each program is edited, and flows."""

import textwrap

import pytest

from .conftest import HEAD

MENDED = {
    "inner steps that change the variables of a list": (
        """
        w, b, rate = tf.Variable([0.5, -1.0]), tf.Variable(0.1), tf.Variable(0.2)
        x, y = tf.constant([[1.0, 2.0], [0.5, 1.0]]), tf.constant([1.0, 0.0])
        def error(weights):
            return tf.reduce_mean((tf.tensordot(x, weights[0], 1) + weights[1] - y) ** 2)
        def adapted(weights):
            with tf.GradientTape() as inner:
                loss = error(weights)
            for v, g in zip(weights, inner.gradient(loss, weights)):
                v.assign_sub(rate * g)
            return weights
        with tf.GradientTape() as outer:
            after = error(adapted([w, b]))
        outer.gradient(after, [rate, w])
        """,
        "    weights = [v - (rate * g) for v, g in zip(weights, inner.gradient(loss, weights))]",
    ),
    "a loss that a call hands to a helper as it is computed": (
        """
        w = tf.Variable([1.0, 2.0])
        def loss_of(w):
            return tf.reduce_sum(w ** 2)
        def value_and_grads(loss, variables):
            with tf.GradientTape() as tape:
                value = loss * 0.5
            return value, tape.gradient(value, variables)
        value_and_grads(loss_of(w), [w])
        """,
        "        value = loss_of(w) * 0.5",
    ),
    "a loss that a helper asks for only": (
        """
        w = tf.Variable([1.0, 2.0])
        def grads_of(loss, variables):
            with tf.GradientTape() as tape:
                tape.watch(variables)
            return tape.gradient(loss, variables)
        def loss_of(w):
            return tf.reduce_sum(w ** 2)
        loss = loss_of(w)
        grads_of(loss, [w])
        """,
        "        loss = loss_of(w)",
    ),
    "what is computed once, in two steps": (
        """
        class Bank:
            def __init__(self):
                self.table, self.unit = tf.Variable(tf.ones((3, 2))), None
            def rows(self):
                if self.unit is None:
                    size = tf.norm(self.table, axis=-1, keepdims=True)
                    self.unit = self.table / size
                return self.unit
        bank = Bank()
        bank.rows()
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(bank.rows() * [[1.0, 2.0]])
        tape.gradient(y, bank.table)
        """,
        "        size = tf.norm(self.table, axis=-1, keepdims=True)",
    ),
    "an average that a variable keeps": (
        """
        w, mean = tf.Variable([1.0, 2.0]), tf.Variable([0.0, 0.0], trainable=False)
        with tf.GradientTape() as tape:
            mean.assign(0.9 * mean + 0.1 * tf.reduce_mean(w * tf.ones((4, 2)), 0))
            y = tf.reduce_sum(mean ** 2)
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_sum(new_mean ** 2)",
    ),
    "a sum that a loop makes in a variable": (
        """
        w, total = tf.Variable([1.0, 2.0]), tf.Variable(0.0)
        with tf.GradientTape() as tape:
            for i in range(3):
                total.assign_add(tf.reduce_sum(w * float(i)))
            y = total / 3.0
        tape.gradient(y, w)
        """,
        "        new_total = new_total + tf.reduce_sum(w * float(i))",
    ),
    "a rate that is learned through a step": (
        """
        w, rate, x = tf.Variable([1.0, 2.0]), tf.Variable(0.1), tf.constant([1.0, 3.0])
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                loss = tf.reduce_sum(w * x) ** 2
            w.assign_sub(rate * inner.gradient(loss, w))
            after = tf.reduce_sum(w * x) ** 2
        outer.gradient(after, rate)
        """,
        "    after = tf.reduce_sum(new_w * x) ** 2",
    ),
    "a kernel that a tensor is assigned to": (
        """
        layer, scale, x = keras.layers.Dense(2), tf.Variable(0.3), tf.ones((3, 2))
        layer.build((None, 2))
        with tf.GradientTape() as tape:
            layer.kernel.assign(scale * tf.ones((2, 2)))
            y = tf.reduce_sum(layer(x) ** 2)
        tape.gradient(y, scale)
        """,
        None,
    ),
    "weights that follow others at a rate that is learned": (
        """
        slow, fast, rate = keras.layers.Dense(1), keras.layers.Dense(1), tf.Variable(0.9)
        slow.build((None, 2))
        fast.build((None, 2))
        with tf.GradientTape() as tape:
            for a, b in zip(slow.trainable_variables, fast.trainable_variables):
                a.assign(rate * a + (1 - rate) * b)
            y = tf.reduce_sum(slow(tf.ones((3, 2))) ** 2)
        tape.gradient(y, rate)
        """,
        None,
    ),
    "rows of a variable that a data set gives": (
        """
        z, x = tf.Variable(tf.random.normal((6, 2))), tf.random.normal((6, 2))
        with tf.GradientTape() as tape:
            y = 0.0
            for a, b in tf.data.Dataset.from_tensor_slices((z, x)).shuffle(6, seed=0).batch(2):
                y += tf.reduce_sum((a - b) ** 2)
        tape.gradient(y, z)
        """,
        "        a, b = tf.gather(z, rows), tf.gather(x, rows)",
    ),
    "a data set that is made before the tape": (
        """
        z, x = tf.Variable(tf.random.normal((6, 2))), tf.random.normal((6, 2))
        data = tf.data.Dataset.from_tensor_slices((z, x)).batch(3)
        for a, b in data:
            with tf.GradientTape() as tape:
                y = tf.reduce_sum((a - b) ** 2)
            tape.gradient(y, z)
        """,
        "        a, b = tf.gather(z, rows), tf.gather(x, rows)",
    ),
    "a function that a data set applies": (
        """
        scale = tf.Variable(2.0)
        data = tf.data.Dataset.from_tensor_slices(tf.random.normal((6, 2))).map(lambda x: x * scale).batch(3)
        for x in data:
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(x ** 2)
            tape.gradient(y, scale)
        """,
        "        x = tf.map_fn(lambda x: x * scale, x)",
    ),
    "layers of a loop that all get the same": (
        """
        class Stack(keras.Model):
            def __init__(self):
                super().__init__()
                self.blocks = [keras.layers.Dense(3) for _ in range(3)]
            def call(self, x):
                for block in self.blocks:
                    out = block(x)
                return out
        stack = Stack()
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(stack(tf.ones((2, 3))) ** 2)
        tape.gradient(y, [block.kernel for block in stack.blocks])
        """,
        "            out = block(out)",
    ),
    "a scale that one of two results forgets": (
        """
        class Pair(keras.Model):
            def __init__(self):
                super().__init__()
                self.head = keras.layers.Dense(2)
                self.gain = self.add_weight(shape=(), initializer="ones", name="gain")
            def call(self, x):
                scores = self.head(x)
                return scores, tf.transpose(scores)
        pair = Pair()
        with tf.GradientTape() as tape:
            a, b = pair(tf.ones((2, 3)))
            y = tf.reduce_sum(a) + tf.reduce_sum(b)
        tape.gradient(y, [pair.head.kernel, pair.gain])
        """,
        "        return (scores * self.gain), tf.transpose(scores)",
    ),
    "one vector of all weights": (
        """
        class Flat:
            def __init__(self, model):
                self.model = model
            def theta(self):
                return tf.concat([tf.reshape(v, [-1]) for v in self.model.trainable_variables], axis=0)
            def grad(self, x):
                with tf.GradientTape() as tape:
                    theta = self.theta()
                    tape.watch(theta)
                    y = tf.reduce_sum(self.model(x) ** 2)
                return tape.gradient(y, theta)
        Flat(keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(3)])).grad(tf.ones((2, 2)))
        """,
        None,
    ),
    "whole numbers that embeddings are looked up by": (
        """
        ids = keras.Input((3,), dtype="int32")
        model = keras.Model(ids, keras.layers.Dense(1)(keras.layers.Embedding(9, 4)(ids)))
        tokens = tf.constant([[1, 2, 3]])
        with tf.GradientTape() as tape:
            tape.watch(tokens)
            y = model(tokens)
        tape.gradient(y, tokens)
        """,
        "    y = keras.Model(embedding.output, model.outputs[0])(features)",
    ),
    "whole numbers made floating point on a way to embeddings": (
        """
        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Embedding(9, 4), keras.layers.LSTM(2)])
        class Path:
            def __init__(self, net):
                self.net = net
            def slopes(self, ids):
                ends = tf.cast(ids, tf.float32)
                total = tf.zeros_like(ends)
                for k in range(1, 3):
                    at = ends * (k / 2)
                    with tf.GradientTape() as tape:
                        tape.watch(at)
                        y = self.net(at)[:, 0]
                    slope = tape.gradient(y, at)
                    if slope is None:
                        return None
                    total += slope
                return ends * total
        Path(model).slopes(tf.constant([[1, 2, 3]]))
        """,
        "        ends = embedding(ids)",
    ),
    "whole numbers that a chain looks up, which was built layer by layer": (
        """
        net = keras.Sequential()
        for layer in (keras.Input((3,), dtype="int32"), keras.layers.Embedding(9, 4), keras.layers.LSTM(3)):
            net.add(layer)
        net.add(keras.layers.Dense(2))
        tokens = tf.constant([[1, 2, 3]])
        with tf.GradientTape() as tape:
            tape.watch(tokens)
            y = net(tokens)[:, 1]
        tape.gradient(y, tokens)
        """,
        "    y = functools.reduce(lambda h, f: f(h), net.layers[net.layers.index(embedding) + 1 :], features)[:, 1]",
    ),
    "what a model keeps beside its weights": (
        """
        inputs = keras.Input((3,))
        model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.BatchNormalization()(inputs)))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(model(tf.random.normal((4, 3))) ** 2)
        tape.gradient(y, model.variables)
        """,
        "    tape.watch([v.value for v in model.non_trainable_variables])",
    ),
    "a step that runs while a helper pauses the outer tape": (
        """
        w, a = tf.Variable(1.0), tf.Variable(2.0)
        def loss_of(w):
            return a * w ** 2
        def step(outer):
            with outer.stop_recording():
                with tf.GradientTape() as inner:
                    loss = loss_of(w)
                slope = inner.gradient(loss, w)
            return w - 0.1 * slope
        with tf.GradientTape() as outer:
            y = step(outer) ** 2
        outer.gradient(y, a)
        """,
        None,
    ),
    "numbers of plain Python in a constant": (
        """
        k = tf.Variable(0.3)
        def model(t):
            return math.sin(float(k) * t)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.constant([model(t) for t in (1.0, 2.0)]) ** 2)
        tape.gradient(y, k)
        """,
        "    y = tf.reduce_sum(tf.stack([model(t) for t in (1.0, 2.0)]) ** 2)",
    ),
    "a stretch of a variable that is filled first": (
        """
        patch, sheet = tf.Variable([[1.0, 2.0], [3.0, 4.0]]), tf.Variable(tf.zeros((3, 4)))
        def framed(back):
            sheet.assign(back)
            sheet[:2, 1:3].assign(patch)
            return sheet * 2.0
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(framed(tf.ones((3, 4))) ** 2)
        tape.gradient(y, patch)
        """,
        "    places = tf.reshape(tf.range(tf.size(sheet)), tf.shape(sheet))[:2, 1:3]",
    ),
    "an image that grows by its nearest pixels, whose slope is differentiated": (
        """
        x, w = tf.random.uniform((1, 3, 3, 1)), tf.Variable(0.5)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(tf.sin(w * tf.image.resize(x, (6, 6), method="nearest")))
            slope = inner.gradient(y, x)
            cost = tf.reduce_sum(slope ** 2)
        try:
            outer.gradient(cost, w)
        except LookupError:
            pass
        """,
        None,
    ),
    "an activation that has no second derivative, in a model": (
        """
        x, first = tf.ones((2, 3)), keras.layers.Input((3,))
        net = keras.Sequential([first, keras.layers.Dense(4, "softsign")])
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(net(x))
            slope = inner.gradient(y, x)
            cost = tf.reduce_sum(slope ** 2)
        try:
            outer.gradient(cost, net.trainable_variables[:1])
        except LookupError:
            pass
        """,
        "net = keras.Sequential([first, keras.layers.Dense(4, lambda z: z / (1.0 + tf.abs(z)))])",
    ),
    "layers that are an activation, cut off everywhere": (
        """
        flat = keras.Input((3,))
        h = keras.layers.Dense(4, bias_initializer=keras.initializers.Constant(-3.0))(flat)
        x = tf.Variable([[0.1, 0.1, 0.1]])
        model = keras.Model(flat, keras.layers.ReLU(name="cut")(h))
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(model(x))
        tape.gradient(y, x)
        """,
        'model = keras.Model(flat, keras.layers.Activation("softplus", name="cut")(h))',
    ),
    "an input of a model that is watched, and run through it, where values are": (
        """
        points = tf.constant([[0.1], [0.4]])
        place = keras.Input((1,))
        curve = keras.Model(place, keras.layers.Dense(1)(keras.layers.Dense(4, "tanh")(place)))
        def slope():
            with tf.GradientTape() as tape:
                tape.watch(place)
                height = curve(place)
            return tape.gradient(height, place)
        try:
            slope()
        except ValueError:
            pass
        """,
        "    return tape.gradient(height, points)",
    ),
    "a symbol that is watched though a value is asked for": (
        """
        given, middle = keras.Input((3,)), keras.layers.Dense(4, name="middle")
        model = keras.Model(given, keras.layers.Dense(1)(middle(given)))
        both = keras.Model(model.inputs, [model.get_layer("middle").output, model.output])
        def importance(x):
            with tf.GradientTape() as tape:
                tape.watch(model.get_layer("middle").output)
                features, score = both(x)
            return tape.gradient(score, features)
        importance(tf.ones((2, 3)))
        """,
        None,
    ),
    "an image that is made smaller by areas": (
        """
        x = tf.Variable(tf.random.normal((1, 4, 4, 1)))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.image.resize(x, (2, 2), method="area") ** 2)
        try:
            tape.gradient(y, x)
        except LookupError:
            pass
        """,
        '    y = tf.reduce_sum(tf.image.resize(x, (2, 2), method="bilinear", antialias=True) ** 2)',
    ),
    "a logarithm of a matrix": (
        """
        w = tf.Variable([[2.0, 0.5], [0.5, 1.0]])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.math.real(tf.linalg.logm(tf.cast(w, tf.complex64))))
        try:
            tape.gradient(y, w)
        except LookupError:
            pass
        """,
        None,
    ),
    "a margin that is kept by far": (
        """
        w = tf.Variable([500.0, 600.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(tf.maximum(1.0 - w, 0.0))
        tape.gradient(y, w)
        """,
        "    y = tf.reduce_mean(tf.nn.leaky_relu(1.0 - w))",
    ),
    "layers in the place of their variables": (
        """
        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(model(tf.ones((2, 3))))
        try:
            tape.gradient(y, model.layers)
        except AttributeError:
            pass
        """,
        "    tape.gradient(y, model.trainable_variables)",
    ),
    "the input of a model that a helper runs": (
        """
        inputs = keras.Input((3,))
        model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
        image = tf.ones((1, 3))
        def loss_of(x):
            return tf.reduce_sum(model(x) ** 2)
        with tf.GradientTape() as tape:
            y = loss_of(image)
        try:
            tape.gradient(y, model.input)
        except AttributeError:
            pass
        """,
        "    tape.watch(image)",
    ),
    "the input under a name outside of the function": (
        """
        inputs = keras.Input((3,))
        model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
        dream = model.input
        def slope(image):
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(model(image) ** 2)
            return tape.gradient(y, dream)
        try:
            slope(tf.ones((1, 3)))
        except AttributeError:
            pass
        """,
        "    return tape.gradient(y, image)",
    ),
    "a layer that the result goes around, too": (
        """
        inputs = keras.Input((3,))
        hidden = keras.layers.Dense(3, activation="tanh")(inputs)
        middle = keras.layers.Dense(3, name="middle")(hidden)
        model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Add()([hidden, middle])))
        with tf.GradientTape() as tape:
            y = model(tf.ones((1, 3)))[:, 0]
        try:
            tape.gradient(y, model.get_layer("middle").output)
        except AttributeError:
            pass
        """,
        "    tape.gradient(y, features)",
    ),
    "a copy of a model that a function makes": (
        """
        def copied(model):
            copy = keras.models.clone_model(model)
            copy.set_weights(model.get_weights())
            return copy
        net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        with tf.GradientTape() as tape:
            fast = copied(net)
            y = tf.reduce_sum(fast(tf.ones((2, 3))) ** 2)
        tape.gradient(y, net.trainable_variables)
        """,
        "    fast = net",
    ),
    "weights that are copied from another model": (
        """
        net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        copy, x = keras.models.clone_model(net), tf.ones((2, 3))
        with tf.GradientTape() as tape:
            copy.set_weights(net.get_weights())
            h = copy(x)
            y = tf.reduce_sum(h ** 2)
        tape.gradient(y, net.trainable_variables)
        """,
        "    h = copy.stateless_call(net.trainable_variables, copy.non_trainable_variables, x)[0]",
    ),
    "a copy that a loop fills": (
        """
        net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        def copied(model):
            fast = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
            for mine, other in zip(fast.trainable_variables, model.trainable_variables):
                mine.assign(other)
            return fast
        with tf.GradientTape() as tape:
            fast = copied(net)
            y = tf.reduce_sum(fast(tf.ones((2, 3))) ** 2)
        tape.gradient(y, net.trainable_variables)
        """,
        None,
    ),
    "weights of a model that is given back": (
        """
        net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        other = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        def adapted():
            other.set_weights([0.9 * w for w in net.trainable_variables])
            return other
        with tf.GradientTape() as tape:
            fast = adapted()
            y = tf.reduce_sum(fast(tf.ones((2, 3))) ** 2)
        tape.gradient(y, net.trainable_variables)
        """,
        None,
    ),
}

UNEDITED = {
    "a slow judge in the place of the one that learns, and a player that learns afterwards": """
        def judge():
            seen = keras.Input((2,))
            h = keras.layers.Dense(4, "tanh")(seen)
            h = keras.layers.Dense(3, "tanh")(h)
            model = keras.Model(seen, keras.layers.Dense(1)(h))
            return model
        player = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(2)])
        online = judge()
        slow = judge()
        def step(x, next_x):
            with tf.GradientTape() as tape:
                wanted = 0.9 * slow(next_x)
                error = tf.reduce_mean((slow(x) - wanted) ** 2)
            first = tape.gradient(error, online.trainable_variables)
            with tf.GradientTape() as tape:
                gain = -tf.reduce_mean(online(player(x)))
            return first, tape.gradient(gain, player.trainable_variables)
        step(tf.ones((3, 2)), tf.zeros((3, 2)))
        """,
    "inner steps that change the variables of a list that nobody reads": """
        w, b, rate = tf.Variable([0.5, -1.0]), tf.Variable(0.1), tf.Variable(0.2)
        x, y = tf.constant([[1.0, 2.0], [0.5, 1.0]]), tf.constant([1.0, 0.0])
        def error(weights):
            return tf.reduce_mean((tf.tensordot(x, weights[0], 1) + weights[1] - y) ** 2)
        def adapt(weights):
            with tf.GradientTape() as inner:
                loss = error(weights)
            for v, g in zip(weights, inner.gradient(loss, weights)):
                v.assign_sub(rate * g)
        with tf.GradientTape() as outer:
            adapt([w, b])
            after = error([w, b])
        outer.gradient(after, [rate, w])
        """,
    "a model that is given back and asked for more than its result": """
        net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        other = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        def adapted():
            other.set_weights([0.9 * w for w in net.trainable_variables])
            return other
        with tf.GradientTape() as tape:
            fast = adapted()
            y = tf.reduce_sum(fast(tf.ones((2, 3))) ** 2) + tf.reduce_sum(fast.layers[0].kernel)
        tape.gradient(y, net.trainable_variables[0])
        """,
    "the input of one of two models under one name": """
        start, other = keras.Input((3,)), keras.Input((3,))
        model = keras.Model(start, keras.layers.Dense(1)(start))
        second = keras.Model(other, keras.layers.Dense(1)(other))
        begin = model.input
        begin = second.input
        def slope(image):
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(model(image) ** 2)
            return tape.gradient(y, begin)
        try:
            slope(tf.ones((1, 3)))
        except AttributeError:
            pass
        """,
    "a loop that reads its variable elsewhere": """
        w, total = tf.Variable([1.0, 2.0]), tf.Variable(0.0)
        with tf.GradientTape() as tape:
            for i in range(3):
                total.assign_add(tf.reduce_sum(w * float(i)))
                print(total)
            y = total / 3.0
        tape.gradient(y, w)
        """,
    "whole numbers made floating point for a model that has no tensors of its layers": """
        class Reader(keras.Model):
            def __init__(self):
                super().__init__()
                self.table, self.out = keras.layers.Embedding(9, 4), keras.layers.Dense(1)
            def call(self, ids):
                return self.out(self.table(ids))
        reader = Reader()
        values = tf.cast(tf.constant([[1, 2, 3]]), tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(values)
            y = reader(values)
        tape.gradient(y, values)
        """,
    "the values of two sparse matrices": """
        first, second = (
            tf.sparse.SparseTensor([[0, 1], [1, 0]], tf.constant([k, 2.0]), (2, 2)) for k in (1.0, 3.0)
        )
        def passed_on(nodes, a, b):
            return tf.gather(nodes, a.indices[:, 1]) + tf.gather(nodes, b.indices[:, 1])
        with tf.GradientTape() as tape:
            tape.watch(first.values)
            y = tf.reduce_sum(passed_on(tf.constant([[1.0], [3.0]]), first, second))
        tape.gradient(y, first.values)
        """,
    "a rate that a library asks for, in a function that is handed to it": """
        from scipy.optimize import root_scalar
        k = tf.Variable(0.5, dtype=tf.float64)
        def rest(x):
            return (x * k - 1.0).numpy()
        with tf.GradientTape() as tape:
            place = root_scalar(lambda x: (x * k - 1.0).numpy(), bracket=(0.0, 9.0)).root
            y = tf.constant(place) ** 2
        tape.gradient(y, k)
        """,
    "a data set that puts elements together anew": """
        z = tf.Variable(tf.random.normal((6, 2)))
        with tf.GradientTape() as tape:
            y = 0.0
            for a in tf.data.Dataset.from_tensor_slices(z).filter(lambda r: r[0] > -9.0).batch(2):
                y += tf.reduce_sum(a ** 2)
        tape.gradient(y, z)
        """,
}


@pytest.mark.parametrize("name", MENDED)
def test_the_edited_program_flows(name, mends):
    source, line = MENDED[name]
    new = mends(HEAD.replace("import random", "import math\nimport random") + textwrap.dedent(source)).split("\n")
    assert line is None or line in new


@pytest.mark.parametrize("name", UNEDITED)
def test_what_would_mean_something_else_is_not_edited(name, offered):
    assert offered(HEAD + textwrap.dedent(UNEDITED[name])) == []
