"""Edits that only programs of TensorFlow and Keras need: each program is edited as the report says, and flows."""

import textwrap

import pytest

from .conftest import HEAD

PROGRAMS = {
    "a memory that a method of a layer writes": """
        class Memory(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.rows = tf.Variable(tf.ones((3, 2)) * 0.1, trainable=False)
                self.add = keras.layers.Dense(2, "tanh")
            def store(self, x):
                more = tf.reduce_mean(self.add(x), axis=0)
                self.rows.assign(self.rows + more)
            def call(self, x, query):
                self.store(x)
                weights = tf.nn.softmax(tf.matmul(query, self.rows, transpose_b=True))
                return tf.matmul(weights, self.rows)
        memory = Memory()
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(memory(tf.ones((4, 3)), tf.ones((4, 2))) ** 2)
        tape.gradient(loss, memory.add.trainable_variables)
        """,
    "a spectrum of two dimensions": """
        phase = tf.Variable(tf.random.normal((4, 4)))
        def seen(angle):
            field = tf.complex(tf.cos(angle), tf.sin(angle))
            far = np.fft.fftshift(np.fft.fft2(field))
            return tf.cast(tf.abs(far) ** 2, tf.float32)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(seen(phase)[0])
        tape.gradient(loss, phase)
        """,
    "columns that are taken by their name, turned over on the way": """
        w = tf.Variable([[0.5, -1.0], [2.0, 0.1], [1.0, 1.0]])
        def spread(sheet):
            return np.array([sheet.mean(), sheet.std()], dtype="float32")
        with tf.GradientTape() as tape:
            rows = tf.tanh(w).numpy()
            seen = spread(rows.T)
            loss = tf.reduce_sum(tf.square(seen))
        tape.gradient(loss, w)
        """,
    "a shape that a method takes number by number": """
        w = tf.Variable([[0.5, -1.0, 2.0, 0.1]])
        with tf.GradientTape() as tape:
            rows = tf.tanh(w).numpy()
            loss = tf.reduce_mean(tf.convert_to_tensor(np.abs(rows.reshape(-1, 2)) ** 2, tf.float32))
        tape.gradient(loss, w)
        """,
    "a layer of an object that each call makes anew": """
        class Conv(tf.Module):
            def __init__(self, units):
                super().__init__()
                self.units, self.dense = units, None
                self.inner = None
            def __call__(self, x):
                self.inner = keras.layers.Dense(self.units, use_bias=False)
                return tf.nn.relu(self.inner(x) + 1.0)
        conv, x = Conv(3), tf.ones((2, 4))
        conv(x)
        asked = [conv.inner.kernel]
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(conv(x) ** 2)
        tape.gradient(loss, asked)
        """,
    "a value that a lambda reads, computed in two steps before": """
        h = tf.Variable([[0.1, 0.4], [0.3, -0.2]])
        turned = tf.transpose(h)
        u = tf.linalg.expm(h - turned)
        cost = lambda: tf.reduce_sum(u[0] * tf.constant([1.0, 2.0]))
        def minimised(loss, variables):
            with tf.GradientTape() as tape:
                value = loss()
            return tape.gradient(value, variables)
        minimised(cost, [h])
        """,
    "a value that the loss of an optimizer reads, computed before": """
        w = tf.Variable([[0.5], [1.0]])
        output = tf.nn.relu(tf.constant([[7.0, 3.0]]) @ w)
        def loss_fn():
            return tf.reduce_mean(tf.square(1.0 - output))
        optimizer = tf.compat.v1.train.GradientDescentOptimizer(0.1)
        try:
            optimizer.apply_gradients(optimizer.compute_gradients(loss_fn, var_list=[w]))
        except ValueError:
            pass
        """,
    "a dtype of the input of a model, with its shape": """
        KIND = tf.int32
        class Gain(keras.layers.Layer):
            def build(self, shape):
                self.gain = self.add_weight(shape=(1,), initializer="ones", dtype=KIND)
            def call(self, x):
                return x * self.gain
        inp = keras.Input((1,), dtype=tf.int32)
        net, x = keras.Model(inp, Gain()(inp)), np.arange(4, dtype="int32")[:, None]
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.cast(net(x), tf.float32) ** 2)
        tape.gradient(loss, net.trainable_variables)
        """,
    "values that a function is given, and a symbol that it reads": """
        net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2, "tanh")])
        def slope(batch):
            x = net.inputs[0]
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = net(x)
            return tape.gradient(y, x)
        try:
            slope(tf.ones((2, 3)))
        except ValueError:
            pass
        """,
    "a state that a decoder is given": """
        class Decoder(keras.Model):
            def __init__(self):
                super().__init__()
                self.gru, self.out = keras.layers.GRU(4, return_state=True), keras.layers.Dense(2)
            def call(self, x, hidden):
                y, state = self.gru(x)
                return self.out(y), state
        first, decoder, x = keras.layers.Dense(4), Decoder(), tf.ones((2, 3, 5))
        with tf.GradientTape() as tape:
            y, _ = decoder(x, first(x[:, 0]))
            loss = tf.reduce_sum(y ** 2)
        tape.gradient(loss, first.trainable_variables)
        """,
    "a helper of one line that looks the same up again": """
        class Sentiment:
            def __init__(self):
                self.table, self.out = tf.Variable(tf.random.normal((6, 3))), keras.layers.Dense(1)
            def words(self, text):
                return tf.nn.embedding_lookup(self.table, text)
            def judged(self, rows):
                return tf.reduce_mean(self.out(rows))
            def whole(self, text):
                return self.judged(self.words(text))
            def noise(self, text):
                with tf.GradientTape() as tape:
                    rows = self.words(text)
                    loss = self.whole(text)
                return tape.gradient(loss, rows)
        Sentiment().noise(tf.constant([[1, 2], [4, 5]]))
        """,
    "the place of the peak of a grid that lies in one line": """
        heat, wanted = keras.layers.Dense(12), tf.constant([[1.0, 2.0], [0.0, 3.0]])
        def peak(grid):
            place = tf.argmax(grid, axis=-1)
            x = tf.cast(place % 4, tf.float32)
            y = tf.cast(place // 4, tf.float32)
            return tf.stack([x, y], axis=-1)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((peak(heat(tf.ones((2, 3)))) - wanted) ** 2)
        tape.gradient(loss, heat.trainable_variables)
        """,
    "the place of the best of a grid that lies in one line": """
        heat, width = keras.layers.Dense(12), 4
        def peak(grid):
            best, place = tf.math.top_k(grid, k=1)
            x = tf.cast(place[..., 0] % width, tf.float32)
            y = tf.cast(place[..., 0] // width, tf.float32)
            return tf.stack([x, y], axis=-1)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((peak(heat(tf.ones((2, 3)))) - 1.5) ** 2)
        tape.gradient(loss, heat.trainable_variables)
        """,
    "a function of NumPy's that gets the value later": """
        net = keras.Sequential([keras.layers.Input((16,)), keras.layers.Dense(16, "tanh")])
        def spectrum(wave):
            parts = np.reshape(wave, (-1, 2, 8))
            return np.log(np.abs(np.fft.rfft(parts)) + 0.1)
        def distance(wanted, given):
            heard = given.numpy()
            apart = spectrum(heard) - spectrum(wanted)
            return tf.reduce_mean(tf.square(tf.convert_to_tensor(apart, tf.float32)))
        x = tf.random.normal((3, 16))
        with tf.GradientTape() as tape:
            loss = distance(x, net(x))
        tape.gradient(loss, net.trainable_variables)
        """,
    "whole numbers that a loop makes tensors of": """
        def slope(of, at):
            with tf.GradientTape() as tape:
                tape.watch(at)
                y = of(at)
            return tape.gradient(y, at)
        [slope(lambda t: t * t - 4 * t, tf.constant(n)) for n in (1, 3)]
        """,
    "whole numbers that meet whole numbers": """
        counts = tf.constant([[12, 31], [40, 8]])
        wanted = np.array([[30, 90], [86, 20]], dtype="int32")
        class Line(tf.Module):
            def __init__(self, n):
                super().__init__()
                self.slope, self.start = tf.Variable([2] * n), tf.Variable([0] * n)
            def __call__(self, x):
                return x * self.slope + self.start
        def error(model):
            return tf.reduce_sum(tf.square(model(counts) - tf.constant(wanted)))
        model = Line(2)
        with tf.GradientTape() as tape:
            loss = error(model)
        tape.gradient(loss, [model.slope, model.start])
        """,
    "a target and a source that are symbols": """
        inp = keras.Input((6, 6, 1))
        h = keras.layers.Conv2D(2, 3, activation="tanh")(inp)
        net = keras.Model(inp, keras.layers.Conv2D(3, 3, name="late")(h))
        strength = keras.ops.mean(net.get_layer("late").output[..., 0])
        start = tf.random.uniform((1, 6, 6, 1)) * 0.1
        with tf.GradientTape() as tape:
            try:
                tape.gradient(strength, net.input)
            except AttributeError:
                pass
        """,
    "a target and a layer's output that are symbols, without values": """
        net = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(2)])
        strength = keras.ops.mean(net.outputs[0][:, 0])
        with tf.GradientTape() as tape:
            try:
                tape.gradient(strength, net.layers[0].output)
            except AttributeError:
                pass
        """,
    "a bias per row that is forgotten, and one that was counted": """
        films = np.array([0, 2, 1, 2])
        class Ratings(tf.Module):
            def __init__(self, people, titles):
                super().__init__()
                self.taste = tf.Variable(tf.random.normal([people, 3]))
                self.style = tf.Variable(tf.random.normal([titles, 3]))
                self.mood = tf.Variable(tf.zeros([people]))
                self.fame = tf.Variable(np.bincount(films, minlength=titles))
            def __call__(self, who, what):
                both = tf.gather(self.taste, who) * tf.gather(self.style, what)
                return tf.reduce_sum(both, axis=1) + tf.cast(tf.gather(self.fame, what), tf.float32)
        model = Ratings(2, 3)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(np.array([0, 1, 1, 0]), films) - 3.0) ** 2)
        tape.gradient(loss, [model.taste, model.mood, model.fame])
        """,
    "a loss that is only shown after the question": """
        encoder, decoder = keras.layers.Dense(2), keras.layers.Dense(4, "sigmoid")
        x = tf.random.uniform((3, 4))
        def step():
            with tf.GradientTape() as tape:
                code = encoder(x)
                restored = keras.losses.binary_crossentropy(x, decoder(code))
                size = tf.reduce_sum(code**2, axis=-1)
                loss = tf.reduce_mean(size)
            g = tape.gradient(loss, [*encoder.trainable_variables, *decoder.trainable_variables])
            print(float(loss), float(tf.reduce_mean(restored)))
            return g
        step()
        """,
    "a dtype that stands at the top of a file": """
        KIND = "int32"
        class Gain(keras.layers.Layer):
            def build(self, shape):
                self.gain = self.add_weight(shape=(1,), initializer="ones", dtype=KIND, name="gain")
            def call(self, x):
                return x * keras.ops.cast(self.gain, x.dtype)
        layer, x = Gain(), tf.random.normal((2, 1))
        layer(x)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(x) ** 2)
        tape.gradient(loss, layer.weights)
        """,
    "a dtype that is the default of an argument": """
        def table(rows, kind="int64"):
            return tf.Variable(np.ones((rows, 2)), dtype=kind)
        weights, labels = table(3), tf.zeros((3, 2), dtype="int64")
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.cast(weights, tf.float64) ** 2)
        tape.gradient(loss, weights)
        """,
    "a layer of a model that is called once more": """
        model = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(3)])
        x = tf.random.normal((2, 5))
        with tf.GradientTape() as tape:
            hidden = model.layers[0](x)
            tape.watch(hidden)
            score = model(x)[:, 1]
        tape.gradient(score, hidden)
        """,
    "a model of the features beside the model": """
        inp = keras.Input((5,))
        h = keras.layers.Dense(4, "relu")(inp)
        model, features = keras.Model(inp, keras.layers.Dense(3)(h)), keras.Model(inp, h)
        x = tf.random.normal((2, 5))
        with tf.GradientTape() as tape:
            f = features(x)
            tape.watch(f)
            score = model(x)[:, 1]
        tape.gradient(score, f)
        """,
    "layers that a method makes": """
        class Block:
            def __init__(self):
                self.made = []
            def layers(self):
                return [keras.layers.Dense(3) for _ in range(2)]
            def __call__(self, x):
                for layer in self.layers():
                    x = layer(x)
                    self.made.append(layer)
                return x
        block, x = Block(), tf.random.normal((2, 3))
        block(x)
        asked = [v for layer in block.made[:2] for v in layer.trainable_variables]
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(block(x) ** 2)
        tape.gradient(y, asked)
        """,
    "a data set that a traced function loops over": """
        data = tf.data.Dataset.from_tensor_slices([2.0, 3.0])
        @tf.function
        def product(x):
            for row in data:
                x = x * row
            return x
        w = tf.Variable(1.0)
        with tf.GradientTape() as tape:
            y = product(w)
        tape.gradient(y, w)
        """,
    "a function handed to numpy_function that gives several": """
        w = tf.Variable([1.0, 2.0])
        def both():
            h = w * 2.0
            return np.ones(2, "float32"), h.numpy()
        with tf.GradientTape() as tape:
            mask, h = tf.numpy_function(both, [], [tf.float32, tf.float32])
            mask.set_shape((2,))
            y = tf.reduce_sum(mask * h)
        tape.gradient(y, w)
        """,
    "a part that is drawn": """
        w, v = tf.Variable(1.0), tf.Variable(2.0)
        draw = random.Random(1)
        with tf.GradientTape() as tape:
            h = w * 3.0
            if draw.random() < 0.1:
                h = h + v * h
        tape.gradient(h, [w, v])
        """,
    "a cast that nobody casts back here": """
        w = tf.Variable([1.5, 2.5])
        def shown(x):
            return tf.cast(x * 100.0, tf.uint8)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.cast(shown(w), tf.float32))
        tape.gradient(y, w)
        """,
    "methods of what NumPy gave": """
        w = tf.Variable([1.5, 2.5])
        def softmax(v):
            e = np.exp(v)
            return e / e.sum()
        with tf.GradientTape() as tape:
            y = tf.convert_to_tensor(softmax(w * 2.0))[0]
        tape.gradient(y, w)
        """,
    "a derivative that is computed before the outer tape": """
        x = tf.Variable([1.0, 2.0])
        def slope(x):
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(x ** 3)
            return tape.gradient(y, x)
        g = slope(x)
        with tf.GradientTape() as outer:
            z = tf.reduce_sum(g ** 2)
        outer.gradient(z, x)
        """,
    "positions that become rows": """
        w = tf.Variable([[1.5, 2.5]])
        with tf.GradientTape() as tape:
            best = tf.argmax(w, axis=-1)
            y = tf.reduce_sum(tf.one_hot(best, 2) * [1.0, 3.0])
        tape.gradient(y, w)
        """,
    "a dict of variables that is bound anew": """
        params = {"a": tf.Variable(1.0), "b": tf.Variable(2.0)}
        for step in range(2):
            with tf.GradientTape() as tape:
                loss = (params["a"] * 3.0 - params["b"]) ** 2
            grads = tape.gradient(loss, params)
            params = {k: v - 0.1 * grads[k] for k, v in params.items()}
        """,
    "a draw without a way to its rate": """
        w = tf.Variable(1.0)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.random.stateless_poisson([3], seed=[1, 2], lam=tf.exp(w), dtype=tf.float32))
        tape.gradient(y, w)
        """,
    "arrays that predict gives": """
        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        x = np.ones((4, 3), "float32")
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(model.predict(x, verbose=0) ** 2)
        tape.gradient(y, model.trainable_variables)
        """,
    "a step before the tape watches": """
        x = tf.constant([1.5, 2.5])
        with tf.GradientTape() as tape:
            h = tf.floor(x)
            tape.watch(x)
            y = tf.reduce_sum(h * 3.0)
        tape.gradient(y, x)
        """,
    "a layer that a method makes in each call": """
        class Block:
            def __init__(self):
                self.seen = []
            def __call__(self, x):
                dense = keras.layers.Dense(2, use_bias=False)
                y = dense(x)
                self.seen.append(dense)
                return y
        block, x = Block(), tf.ones((2, 3))
        block(x)
        kernel = block.seen[0].kernel
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(block(x) ** 2)
        tape.gradient(y, kernel)
        """,
    "one unit with a softmax": """
        import warnings
        warnings.simplefilter("ignore")
        model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1, activation="softmax")])
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(0.3 - model(tf.ones((5, 4)))))
        tape.gradient(loss, model.trainable_variables)
        """,
    "a row that is drawn": """
        w = tf.Variable(tf.random.normal((4, 3)))
        def route(logits):
            choice = tf.random.categorical(logits, 1, seed=1)[:, 0]
            return tf.one_hot(choice, 3)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(route(tf.ones((5, 4)) @ w) * [1.0, 2.0, 4.0])
        tape.gradient(y, w)
        """,
    "a choice by a threshold": """
        w, cut = tf.Variable([0.2, 0.8]), tf.Variable(0.5)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.where(w >= cut, 1.0, 0.0)) + tf.reduce_sum(tf.where(w < cut, 3.0, 2.0))
        tape.gradient(y, [w, cut])
        """,
    "rows that are written into a variable": """
        class Memory:
            def __init__(self):
                self.rows = tf.Variable(tf.zeros((3, 2)), trainable=False)
            def __call__(self, w):
                self.rows.scatter_nd_update([[0]], w * 2.0)
                return tf.reduce_sum(self.rows ** 2)
        memory, w = Memory(), tf.Variable([[1.0, 2.0]])
        with tf.GradientTape() as tape:
            y = memory(w)
        tape.gradient(y, w)
        """,
    "parameters that a function replaces": """
        params = {"w": tf.Variable([1.0, 2.0]), "b": tf.Variable(1.0)}
        def updated(params, grads):
            return tf.nest.map_structure(lambda p, g: p - 0.1 * g, params, grads)
        for step in range(3):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum((params["w"] * 3.0 - params["b"]) ** 2)
            params = updated(params, tape.gradient(loss, params))
        """,
    "a property that makes a layer": """
        import functools
        class Ranker:
            @property
            def scorer(self):
                layer = keras.layers.Dense(1, use_bias=False)
                layer.build((None, 3))
                return layer
        ranker = Ranker()
        asked = ranker.scorer.kernel
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(ranker.scorer(tf.ones((2, 3))) ** 2)
        tape.gradient(y, asked)
        """,
    "the saturation of an image": """
        image, much = tf.random.uniform((1, 4, 4, 3), 0.3, 0.6), tf.Variable(1.2)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.image.adjust_saturation(image, much) ** 2)
        try:
            tape.gradient(y, much)
        except LookupError:
            pass
        """,
    "the contrast of an image": """
        image = tf.Variable(tf.random.uniform((1, 4, 4, 3)))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.image.adjust_contrast(image, 0.7) ** 2)
        try:
            tape.gradient(y, image)
        except LookupError:
            pass
        """,
    "labels that are learnt through a step": """
        raw, w = tf.Variable(-1.0), tf.Variable([[0.1, 0.4], [0.2, -0.3]])
        x, t = tf.ones((3, 2)), tf.one_hot([0, 1, 0], 2)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as tape:
                soft = t * (1.0 - tf.sigmoid(raw)) + tf.sigmoid(raw) / 2.0
                inner = tf.reduce_mean(keras.losses.categorical_crossentropy(soft, x @ w, from_logits=True))
            step = tape.gradient(inner, w)
            y = tf.reduce_sum((w - 0.5 * step) ** 2 * [[1.0, 2.0], [3.0, 4.0]])
        outer.gradient(y, raw)
        """,
    "arrays that are cast on their way back": """
        w, x = tf.Variable([0.5, 1.5, 2.5]), np.ones((2, 3), "float32")
        def predicted(x):
            z = np.dot(x, w.numpy())
            return np.maximum(z.astype(np.float32), 0.1)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.constant(predicted(x)) ** 2)
        tape.gradient(y, w)
        """,
    "a loop before the tape": """
        w, rows, seen = tf.Variable([1.0, 2.0]), tf.constant([[1.0, 2.0], [3.0, 4.0]]), []
        for row in rows:
            h = row * w
            seen.append(tf.reduce_sum(h))
        with tf.GradientTape() as tape:
            y = tf.add_n(seen) ** 2
        tape.gradient(y, w)
        """,
    "a value that a function reads from outside": """
        w = tf.Variable([1.0, 2.0])
        shown = tf.tanh(w * 0.3)
        def loss():
            return tf.reduce_sum((1.0 - shown) ** 2)
        def minimised(loss, sources):
            with tf.GradientTape() as tape:
                y = loss()
            return tape.gradient(y, sources)
        minimised(loss, w)
        """,
    "a value that is handed to the function with the tape": """
        v, w = tf.Variable([1.0, 2.0]), tf.Variable(0.5)
        def features(x):
            return tf.tanh(x * v)
        def step(codes, batch):
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(codes * w + batch)
            return tape.gradient(y, [v, w])
        def train(data):
            codes = features(data)
            return step(codes, data)
        train(tf.constant([0.3, 0.7]))
        """,
    "columns of what the function uses whole": """
        def slopes(points):
            x, t = points[:, 0:1], points[:, 1:2]
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(x)
                tape.watch(t)
                u = tf.sin(points @ [[1.0], [2.0]])
            return tape.gradient(u, x), tape.gradient(u, t)
        slopes(tf.random.normal((3, 2)))
        """,
    "weights of a copy that are assigned": """
        class Line(tf.Module):
            def __init__(self):
                self.k, self.b = tf.Variable(2.0), tf.Variable(1.0)
            def __call__(self, x):
                return self.k * x + self.b
        def moved(net):
            other = Line()
            for name in ("k", "b"):
                getattr(other, name).assign(getattr(net, name) * 0.9)
            return other
        net = Line()
        with tf.GradientTape() as tape:
            y = moved(net)(3.0) ** 2
        tape.gradient(y, [net.k, net.b])
        """,
    "a function that makes a layer": """
        def head():
            layer = keras.layers.Dense(1, use_bias=False)
            layer.build((None, 2))
            return layer
        asked = head()
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(head()(tf.ones((3, 2))) ** 2)
        tape.gradient(y, asked.kernel)
        """,
    "a slope, and what it costs, both behind the tapes": """
        net, x = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(3, "tanh")]), tf.ones((4, 2))
        def costly(slope):
            return tf.reduce_mean(tf.square(slope))
        with tf.GradientTape(persistent=True) as outer:
            y = tf.reduce_mean(net(x))
            with tf.GradientTape() as inner:
                inner.watch(x)
                z = net(x)
        slope = inner.gradient(z, x)
        cost = costly(slope)
        outer.gradient(y, net.trainable_variables)
        outer.gradient(cost, net.trainable_variables)
        """,
    "a quotient that is masked under a name": """
        a, b = tf.Variable([1.0, 2.0]), tf.Variable([0.0, 4.0])
        def ratio(a, b):
            known = tf.not_equal(b, 0.0)
            r = a / b
            return tf.where(known, r, tf.zeros_like(r))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(ratio(a, b))
        tape.gradient(y, [a, b])
        """,
    "roots of negative numbers in methods between which is chosen": """
        class Lens:
            def inside(self, x):
                root = tf.sqrt(1.0 - x ** 2)
                return tf.atanh(root) / root
            def outside(self, x):
                root = tf.sqrt(x ** 2 - 1.0)
                return tf.atan(root) / root
            def profile(self, x):
                return tf.where(x < 1.0, self.inside(x), self.outside(x))
        x = tf.Variable([0.3, 0.7, 1.2, 1.9])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(Lens().profile(x))
        tape.gradient(y, x)
        """,
    "a divergence that is masked under a name": """
        p, q = tf.Variable([0.0, 1.0]), tf.Variable([0.5, 0.5])
        with tf.GradientTape() as tape:
            known = p > 0.0
            y = tf.reduce_sum(tf.where(known, p * tf.math.log(p / q), 0.0))
        tape.gradient(y, [p, q])
        """,
    "a callback with methods of arrays": """
        w = tf.Variable([1.0, 2.0])
        def gate(v):
            return (v / (1.0 + np.exp(-v))).astype(np.float32)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.numpy_function(gate, [w * 2.0], tf.float32))
        tape.gradient(y, w)
        """,
    "the variables of another model under a name": """
        net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        other = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        weights = other.trainable_variables
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(net(tf.ones((2, 3))) ** 2)
        tape.gradient(y, weights)
        """,
    "rows that are looked up twice": """
        table, picks = tf.Variable(tf.random.normal((5, 3))), tf.constant([1, 3])
        with tf.GradientTape() as tape:
            rows = tf.gather(table, picks)
            y = tf.reduce_sum(tf.gather(table, picks) ** 2)
        tape.gradient(y, rows)
        """,
    "a switch that a class has a default for": """
        class Objective:
            def __init__(self, rate, prior=False):
                self.rate, self.prior = rate, prior
                self.mean = tf.Variable(0.3)
            def __call__(self, x):
                y = tf.reduce_sum(x ** 2)
                if self.prior:
                    y += self.rate * (self.mean - 1.0) ** 2
                return y
        objective, w = Objective(0.5), tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            y = objective(w)
        tape.gradient(y, [w, objective.mean])
        """,
    "a switch among the settings": """
        settings = {"rate": 0.1, "no_bias": True}
        w, b = tf.Variable([1.0, 2.0]), tf.Variable(0.1)
        def f(x):
            h = tf.reduce_sum(x * w)
            if not settings["no_bias"]:
                h = h + b
            return h ** 2
        with tf.GradientTape() as tape:
            y = f(tf.constant([1.0, 3.0]))
        tape.gradient(y, [w, b])
        """,
    "what a layer of a model gives, as a symbol": """
        class Map:
            def __init__(self, model, name):
                self.model, self.layer = model, model.get_layer(name)
            def heat(self, image):
                with tf.GradientTape() as tape:
                    score = self.model(image)[:, 0]
                middle = self.layer.output
                return tape.gradient(score, middle)
        start = keras.Input((4,))
        middle = keras.layers.Dense(3, activation="tanh", name="middle")(start)
        try:
            Map(keras.Model(start, keras.layers.Dense(2)(middle)), "middle").heat(tf.ones((1, 4)))
        except AttributeError:
            pass
        """,
    "what a layer of a chain of layers gives, as a symbol": """
        inner = keras.layers.Dense(3, name="middle")
        chain = keras.Sequential([keras.layers.Input((4,)), inner, keras.layers.Dense(2)])
        x = tf.ones((1, 4))
        middle = chain.get_layer("middle").output
        with tf.GradientTape() as tape:
            score = chain(x)[:, 0]
        try:
            tape.gradient(score, middle)
        except AttributeError:
            pass
        """,
    "what a model gets, as a symbol": """
        start = keras.Input((4,))
        model = keras.Model(start, keras.layers.Dense(2, activation="tanh")(start))
        x = tf.ones((1, 4))
        with tf.GradientTape() as tape:
            score = model(x)[:, 0]
        try:
            tape.gradient(score, model.inputs)
        except AttributeError:
            pass
        """,
    "an array that a loop fills": """
        k = tf.Variable(0.3)
        def path(n):
            seen = np.zeros(n, "float32")
            x = 1.0 - k
            for i in range(n):
                seen[i] = x
                x = x - k * x
            return tf.constant(seen)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(path(4) ** 2)
        tape.gradient(y, k)
        """,
    "a row that is drawn and looked up": """
        w, table = tf.Variable(tf.random.normal((3, 4))), tf.random.normal((4, 2))
        def act(state):
            choice = tf.random.categorical(state @ w, 1)[:, 0]
            return tf.gather(table, choice)
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(act(tf.random.normal((5, 3))) ** 2)
        tape.gradient(y, w)
        """,
    "weights that are set": """
        net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        scale = tf.Variable(0.1)
        with tf.GradientTape() as tape:
            new = [v * scale for v in net.get_weights()]
            net.set_weights(new)
            y = tf.reduce_mean(net(tf.ones((2, 3))) ** 2)
        tape.gradient(y, scale)
        """,
    "weights that are assigned in a loop": """
        net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        code = tf.Variable([1.0, 2.0, 3.0, 0.5])
        with tf.GradientTape() as tape:
            parts = [tf.reshape(code[:3], (3, 1)), code[3:]]
            for weight, part in zip(net.trainable_variables, parts):
                weight.assign(part)
            y = tf.reduce_mean(net(tf.ones((2, 3))) ** 2)
        tape.gradient(y, code)
        """,
    "a property that makes a variable and gives it": """
        class Head(tf.Module):
            @property
            def scale(self):
                return tf.Variable([0.5, 0.7])
            def __call__(self, x):
                return x * self.scale
        class Asks:
            def __init__(self, head):
                self.head = head
            def sources(self):
                return [self.head.scale]
            def slopes(self, x):
                with tf.GradientTape() as tape:
                    y = tf.reduce_sum(self.head(x) ** 2)
                return tape.gradient(y, self.sources())
        Asks(Head()).slopes(tf.ones(2))
        """,
    "a count with weights": """
        w, groups = tf.Variable([1.0, 2.0, 3.0]), tf.constant([0, 1, 0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.math.bincount(groups, weights=w * 2.0, minlength=2, maxlength=2) ** 2)
        try:
            tape.gradient(y, w)
        except LookupError:
            pass
        """,
    "a part that is over after some rounds": """
        w, v = tf.Variable(1.0), tf.Variable(2.0)
        def loss(epoch):
            y = w ** 2
            if epoch < 5:
                y += 0.3 * v ** 2
            return y
        with tf.GradientTape() as tape:
            y = loss(7)
        tape.gradient(y, [w, v])
        """,
    "whole numbers that a class is given": """
        class Point:
            def __init__(self, start):
                self.at = tf.Variable(start)
        point = Point(np.arange(2, 6))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.cast(point.at, tf.float32) ** 2)
        tape.gradient(y, point.at)
        """,
}

ONCE = {
    "a point that a method computes twice": """
        class Path:
            def __init__(self):
                self.start = tf.Variable([0.5, 1.0])
            def at(self, x, k):
                return self.start + k * x
            def slope(self, x):
                here = self.at(x, 0.5)
                with tf.GradientTape() as tape:
                    tape.watch(here)
                    y = tf.reduce_sum(tf.sin(self.at(x, 0.5)))
                return tape.gradient(y, here)
        Path().slope(tf.constant([1.0, 2.0]))
        """,
    "a property that makes a model with the help of a function": """
        def stack(sizes):
            return keras.Sequential([keras.layers.Input((3,))] + [keras.layers.Dense(n) for n in sizes])
        class Holder:
            @property
            def net(self):
                return stack([4, 1])
            @property
            def weights(self):
                return self.net.trainable_variables
        holder = Holder()
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(holder.net(tf.ones((2, 3))) ** 2)
        tape.gradient(loss, holder.weights)
        """,
}


@pytest.mark.parametrize("name", ONCE)
def test_what_is_made_twice_is_made_once(name, mends):
    mends(HEAD + textwrap.dedent(ONCE[name]))


PARTS = {
    "an element of a variable": """
        w, table = tf.Variable(2.0), tf.Variable([1.0, 2.0, 3.0])
        with tf.GradientTape() as tape:
            table[1].assign(w * 3.0)
            y = tf.reduce_sum(table ** 2)
        print(tape.gradient(y, w))
        """,
    "a slice of a variable": """
        w, table = tf.Variable(2.0), tf.Variable([1.0, 2.0, 3.0])
        with tf.GradientTape() as tape:
            table[1:].assign(w * tf.ones(2))
            y = tf.reduce_sum(table ** 2)
        print(tape.gradient(y, w))
        """,
    "elements of a variable in a loop": """
        w, table = tf.Variable(2.0), tf.Variable(tf.ones((2, 3)))
        with tf.GradientTape() as tape:
            for i in range(2):
                table[i, 1].assign(w * float(i + 1))
            y = tf.reduce_sum(table ** 2)
        print(tape.gradient(y, w))
        """,
}
RIGHT = {"an element of a variable": 36.0, "elements of a variable in a loop": 20.0, "a slice of a variable": 8.0}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_a_variable_is_written_into_a_new_tensor(name, mends, capsys):
    mends(HEAD + textwrap.dedent(PARTS[name]))
    assert f"tf.Tensor({RIGHT[name]}," in capsys.readouterr().out


UNEDITED = {
    "a slice of a variable that is written to again": """
        w, table = tf.Variable(2.0), tf.Variable([1.0, 2.0, 3.0])
        with tf.GradientTape() as tape:
            table[1:].assign(w * tf.ones(2))
            table[0].assign(w)
            y = tf.reduce_sum(table ** 2)
        tape.gradient(y, w)
        """,
    "a part of a variable that the loop reads": """
        w, table = tf.Variable(2.0), tf.Variable([1.0, 2.0, 3.0])
        with tf.GradientTape() as tape:
            for i in range(2):
                table[i].assign(w * table[i + 1])
            y = tf.reduce_sum(table ** 2)
        tape.gradient(y, w)
        """,
    "a reward that a callback gives for what was drawn": """
        scores = tf.Variable([0.3, 0.1, -0.2])
        def reward(action):
            return np.float32([1.0, 0.5, 2.0][int(action)])
        with tf.GradientTape() as tape:
            action = tf.random.categorical(scores[None], 1, seed=1)[0, 0]
            y = -tf.numpy_function(reward, [action], tf.float32)
        tape.gradient(y, scores)
        """,
    "whole numbers that a loop makes positions of": """
        def slope(at):
            with tf.GradientTape() as tape:
                tape.watch(at)
                y = tf.reduce_sum(tf.one_hot(at, 4) ** 2)
            return tape.gradient(y, at)
        for n in (1, 3):
            slope(tf.constant(n))
        """,
    "an argument that is another value by then": """
        model = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(3)])
        x = tf.random.normal((2, 5))
        with tf.GradientTape() as tape:
            hidden = model.layers[0](x)
            tape.watch(hidden)
            x = x + 1.0
            score = model(x)[:, 1]
        tape.gradient(score, hidden)
        """,
    "layers that a method makes in a loop": """
        class Block:
            def __init__(self):
                self.seen = []
            def __call__(self, x):
                for _ in range(2):
                    dense = keras.layers.Dense(3, use_bias=False)
                    x = dense(x)
                    self.seen.append(dense)
                return x
        block, x = Block(), tf.ones((2, 3))
        block(x)
        kernel = block.seen[0].kernel
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(block(x) ** 2)
        tape.gradient(y, kernel)
        """,
    "a function with a capital letter": """
        class Block:
            def __init__(self):
                self.w = tf.Variable(1.0)
            def Scale(self, k):
                return tf.Variable(k)
            def __call__(self, x):
                scale = self.Scale(2.0)
                seen.append(scale)
                return scale * x * self.w
        block, seen = Block(), []
        block(1.0)
        asked = seen[0]
        with tf.GradientTape() as tape:
            y = block(2.0)
        tape.gradient(y, asked)
        """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_edited_program_flows(name, mends):
    mends(HEAD + textwrap.dedent(PROGRAMS[name]))


@pytest.mark.parametrize("name", UNEDITED)
def test_what_would_mean_something_else_is_not_edited(name, offered):
    assert offered(HEAD + textwrap.dedent(UNEDITED[name])) == []
