"""Programs with a broken gradient: the codes that are to be told stand on the lines to blame, `#~ GT302`.

`OK` are programs in which nothing is to be told; a near miss of one of the others, most of them.
"""

HEAD = """
import math
import numpy as np
import tensorflow as tf
import keras
keras.utils.set_random_seed(0)
"""

BROKEN = {
    "how many different places were chosen": """
        w = tf.Variable([[0.1, 0.9], [0.7, 0.2], [0.3, 0.4]])
        with tf.GradientTape() as tape:
            chosen = tf.argmax(w, axis=1)  #~ GT301
            used, _ = tf.unique(chosen)
            y = 1.0 - tf.cast(tf.size(used), tf.float32) / 2.0
        tape.gradient(y, w)
        """,
    "the size of a value that depends on no other": """
        w = tf.Variable([0.1, 0.9])
        with tf.GradientTape() as tape:
            y = 3.0 / tf.cast(tf.size(w * 2.0), tf.float32)
        tape.gradient(y, w)  #~ GT106
        """,
    "layers of one kind that all read the same, built while the tape runs": """
        class Layer(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.part = keras.Sequential([keras.layers.Dense(3)])
            def call(self, x):
                return x + self.part(x)
        parts, last, x = [Layer() for _ in range(2)], keras.layers.Dense(1), tf.ones((2, 3))
        with tf.GradientTape() as tape:
            for part in parts:
                h = part(x)  #~ GT105
            y = tf.reduce_sum(last(h) ** 2)
        tape.gradient(y, [p.part.layers[0].kernel for p in parts])
        """,
    "numbers that a quantisation cuts off": """
        w = tf.Variable([30.0, 40.0])
        with tf.GradientTape() as tape:
            y = tf.quantization.fake_quant_with_min_max_args(w * 2.0, min=-6.0, max=6.0)  #~ GT404
            loss = tf.reduce_mean(tf.square(y - 50.0))
        tape.gradient(loss, w)
        """,
    "a row of nothing but -inf in a softmax, whose result a choice leaves out": """
        scores, v = tf.Variable([[1.0, 2.0], [0.5, 1.5]]), tf.Variable([[0.3], [0.7]])
        allowed = tf.constant([[True, False], [False, False]])
        with tf.GradientTape() as tape:
            masked = tf.where(allowed, scores, float("-inf"))  #~ GT402
            rows = tf.nn.softmax(masked) @ v
            y = tf.reduce_sum(tf.where(tf.reduce_any(allowed, axis=1, keepdims=True), rows, 0.0) ** 2)
        tape.gradient(y, v)
        """,
    "a row of nothing but -inf in a softmax": """
        scores, v = tf.Variable([[1.0, 2.0], [0.5, 1.5]]), tf.Variable([[0.3], [0.7]])
        allowed = tf.constant([[True, False], [False, False]])
        with tf.GradientTape() as tape:
            masked = tf.where(allowed, scores, float("-inf"))  #~ GT403
            y = tf.reduce_sum((tf.nn.softmax(masked) @ v) ** 2)
        tape.gradient(y, v)
        """,
    "features from a model beside the one inside another": """
        inp = keras.Input((5,))
        h = keras.layers.Dense(4, "tanh", name="hidden")(inp)
        inner = keras.Model(inp, keras.layers.Dense(3)(h))
        class Whole(keras.Model):
            def __init__(self):
                super().__init__()
                self.inner, self.head = inner, keras.layers.Dense(2)
            def call(self, x):
                return self.head(self.inner(x))
        whole, x = Whole(), tf.random.normal((1, 5))
        with tf.GradientTape() as tape:
            features = keras.Model(inner.inputs, inner.get_layer("hidden").output)(x)
            tape.watch(features)
            score = whole(x)[:, 0]  #~ GT104
        tape.gradient(score, features)
        """,
    "a weight behind a function that is dead": """
        w, v = tf.Variable([[1.0, 2.0]]), tf.Variable([[3.0], [1.0]])
        with tf.GradientTape() as tape:
            h = tf.nn.relu(w - 5.0)  #~ GT404
            y = tf.reduce_sum(tf.matmul(h, v))
        tape.gradient(y, [w, v])
        """,
    "a step that a function computes": """
        class Joint:
            def __init__(self):
                self.angle = tf.Variable(0.5)
        def turned(angle):
            return tf.math.floormod(angle, 6.0)
        joint = Joint()
        for _ in range(2):
            with tf.GradientTape() as tape:
                y = tf.sin(joint.angle)
            g = tape.gradient(y, joint.angle)
            if g is not None:
                joint.angle = turned(joint.angle - 0.1 * g)  #~ GT103
        """,
    "a network whose result the loss forgets": """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.out = keras.layers.Dense(2)
            def call(self, x):
                return self.out(x)
        online, slow = Net(), Net()
        def loss_of(mine, other):
            return tf.reduce_mean((other[:, :1] - other[:, 1:]) ** 2)
        with tf.GradientTape() as tape:
            now, then = online(tf.ones((3, 4))), slow(tf.ones((3, 4)))  #~ GT105
            loss = loss_of(now, then)
        tape.gradient(loss, online.trainable_variables)
        """,
    "a choice that goes through an array into a layer that looks at numbers itself": """
        first = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(5, "softmax")])
        second = keras.Sequential([keras.layers.Input((4,)), keras.layers.Embedding(5, 3), keras.layers.LSTM(4)])
        with tf.GradientTape() as tape:
            p = first(tf.ones((2, 3)))
            word = np.argmax(p, axis=1)  #~ GT201
            text = np.zeros((2, 4), "int64")
            text[:, -1] = word
            loss = tf.reduce_mean(second(text))
        tape.gradient(loss, first.trainable_variables)
        """,
    "a row of an array": """
        w = tf.Variable([1.0, 2.0, 3.0])
        with tf.GradientTape() as tape:
            table = np.zeros((2, 3), "float32")
            table[1] = tf.sin(w)  #~ GT205
            y = tf.reduce_sum(table * tf.ones(3))
        tape.gradient(y, w)
        """,
    "a name that is written into an array later": """
        w = tf.Variable([1.0, 2.0, 3.0])
        with tf.GradientTape() as tape:
            table = np.empty((2, 3), "float32")
            row = tf.exp(w)
            table[:] = row  #~ GT205
            y = tf.reduce_mean(tf.constant(table))
        tape.gradient(y, w)
        """,
    "a number for each place of an array": """
        w = tf.Variable([1.0, 2.0, 3.0])
        with tf.GradientTape() as tape:
            table = np.zeros(3, "float32")
            for i in range(3):
                table[i] += tf.cos(w[i])  #~ GT205
            y = tf.reduce_sum(tf.convert_to_tensor(table) ** 2)
        tape.gradient(y, w)
        """,
    "noise in the shape of a value": """
        w, v = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 4.0])
        def sample(mean):
            return tf.random.normal(tf.shape(mean))  #~ GT105
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(sample(w * 2.0) * v)
        tape.gradient(y, [w, v])
        """,
    "a product with zeros among its factors": """
        w = tf.Variable([2.0, 0.0, 3.0, 0.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_prod(w)  #~ GT404
        tape.gradient(y, w)
        """,
    "what is left after a running product met zeros": """
        v, seen = tf.Variable([1.0, 2.0]), tf.constant([0.5, 0.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.math.cumprod(tf.concat([seen, v], 0)))  #~ GT404
        tape.gradient(y, v)
        """,
    "a minus sign in the call": """
        x = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(x ** 2)
        tape.gradient(-y, x)  #~ GT501
        """,
    "a loss that was computed before": """
        w = tf.Variable(2.0)
        loss = w ** 2 + 1.0  #~ GT501
        with tf.GradientTape() as tape:
            total = loss * 3.0
        tape.gradient(total, w)
        """,
    "a transformed variable made once": """
        class Model:
            def __init__(self):
                self.raw = tf.Variable(0.3)
                self.scale = tf.nn.softplus(self.raw)  #~ GT501
            def __call__(self, x):
                return self.scale * x
        model = Model()
        with tf.GradientTape() as tape:
            y = model(2.0)
        tape.gradient(y, model.raw)
        """,
    "the window of another tape": """
        w = tf.Variable(2.0)
        with tf.GradientTape() as first:
            h = w * 3.0  #~ GT501
        with tf.GradientTape() as second:
            y = h ** 2
        second.gradient(y, w)
        """,
    "recording stopped": """
        w = tf.Variable(2.0)
        with tf.GradientTape() as tape:
            with tape.stop_recording():
                h = w * 3.0  #~ GT502
            y = h ** 2
        tape.gradient(y, w)
        """,
    "a tape that was reset": """
        w = tf.Variable(2.0)
        with tf.GradientTape() as tape:
            h = w * 3.0  #~ GT501
            tape.reset()
            y = h ** 2
        tape.gradient(y, w)
        """,
    "a constant nobody watches": """
        x = tf.constant([1.0, 2.0])
        with tf.GradientTape() as tape:  #~ GT101
            y = tf.reduce_sum(tf.sin(x))
        tape.gradient(y, x)
        """,
    "a stopped value as a source": """
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:  #~ GT101
            fixed = tf.stop_gradient(w * 2.0)
            y = tf.reduce_sum(fixed ** 2)
        tape.gradient(y, fixed)
        """,
    "watched after it was used": """
        x = tf.constant([1.0, 2.0])
        with tf.GradientTape() as tape:
            h = tf.sin(x)  #~ GT101
            tape.watch(x)
            y = tf.reduce_sum(h)
        tape.gradient(y, x)
        """,
    "a variable that is not trainable": """
        w = tf.Variable(2.0, trainable=False)  #~ GT102
        with tf.GradientTape() as tape:
            y = w ** 2
        tape.gradient(y, w)
        """,
    "a tape that watches nothing": """
        w = tf.Variable(2.0)
        with tf.GradientTape(watch_accessed_variables=False) as tape:  #~ GT102
            y = w ** 2
        tape.gradient(y, w)
        """,
    "a rebound variable": """
        w = tf.Variable([1.0, 2.0])
        for step in range(2):
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(w ** 2)
            g = tape.gradient(y, w)
            if g is not None:
                w = w - 0.1 * g  #~ GT103
        """,
    "a column instead of the whole": """
        x = tf.Variable(tf.ones((3, 2)))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(x ** 2)
        tape.gradient(y, x[:, 1])  #~ GT104
        """,
    "layers that all read the same, each under the name of the last": """
        class Stack(keras.Model):
            def __init__(self):
                super().__init__()
                self.low, self.high, self.top = (keras.layers.Dense(n, "tanh") for n in (4, 3, 1))
            def call(self, rows):
                code = self.low(rows)  #~ GT105
                code = self.high(rows)  #~ GT105
                code = self.top(rows)
                return code
        stack = Stack()
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(stack(tf.ones((2, 5))) ** 2)
        tape.gradient(y, stack.trainable_variables)
        """,
    "a tensor of a model that is computed once more inside another, beside a result that nobody reads": """
        given = keras.Input((4,))
        middle = keras.layers.Dense(3, "tanh", name="middle")
        inner = keras.Model(given, keras.layers.Dense(2)(middle(given)))
        outside = keras.Input((4,))
        outer = keras.Model(outside, keras.layers.Dense(1)(inner(outside)))
        both = keras.Model(inner.inputs, [inner.get_layer("middle").output, inner.output])
        def importance(x):
            with tf.GradientTape() as tape:
                features, code = both(x)
                score = outer(x)  #~ GT104
            return tape.gradient(score, features)
        importance(tf.ones((2, 4)))
        """,
    "a block of layers that each call makes, kept by an attribute": """
        class Block(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.inner = keras.layers.Dense(3)
            def call(self, x):
                return x + self.inner(x)
        class Net(tf.Module):
            def __init__(self):
                super().__init__()
                self.block = None
            def __call__(self, x):
                self.block = Block()  #~ GT104
                return self.block(x)
        net, x = Net(), tf.ones((2, 3))
        net(x)
        asked = net.block.trainable_variables
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(net(x) ** 2)
        tape.gradient(y, asked)
        """,
    "a weight of a level that reads none, in a method that a branch calls for the next one": """
        class Cell(keras.layers.Layer):
            def __init__(self, width, depth):
                super().__init__()
                self.depth, self.state_size = depth, [width] * (depth + 1)
            def build(self, shape):
                self.into = [self.add_weight(shape=(3, 3), name=f"into_{k}") for k in range(self.depth)]
                self.over = [self.add_weight(shape=(3, 3), name=f"over_{k}") for k in range(self.depth)]
            def level(self, x, h, c, depth):
                z = tf.matmul(h, self.over[depth]) + 0.1
                if depth == 0:
                    z += tf.matmul(x, self.into[depth])
                inner, kept = tf.tanh(z), tf.sigmoid(z) * c[0]
                if depth + 1 < self.depth:
                    last, rest = self.level(inner, kept, c[1:], depth + 1)
                else:
                    last, rest = inner + kept, []
                return tf.sigmoid(z) * tf.tanh(last), [last] + rest
            def call(self, x, states):
                h, cells = self.level(x, states[0], list(states[1:]), 0)
                return h, [h] + cells
        cell, x = Cell(3, 2), tf.ones((2, 4, 3))
        net = keras.Sequential([keras.layers.Input((4, 3)), keras.layers.RNN(cell)])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum((net(x) - 1.0) ** 2)
        tape.gradient(y, cell.into + cell.over)  #~ GT105
        """,
    "an unused head": """
        body, critic = keras.layers.Dense(3), keras.layers.Dense(1)
        x = tf.ones((2, 2))
        critic(body(x))
        with tf.GradientTape() as tape:
            h = body(x)
            v = critic(h)  #~ GT105
            y = tf.reduce_mean(h ** 2)
        tape.gradient(y, [body.kernel, critic.kernel])
        """,
    "a constant loss": """
        model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
        labels = tf.ones((3, 1))
        with tf.GradientTape() as tape:
            p = model(tf.ones((3, 2)))
            loss = tf.reduce_mean((labels - tf.ones_like(p)) ** 2)
        tape.gradient(loss, model.trainable_variables)  #~ GT106
        """,
    "whole numbers as a source": """
        n = tf.Variable(3)  #~ GT107
        with tf.GradientTape() as tape:
            y = n * 2
        tape.gradient(y, n)
        """,
    "token numbers as a source": """
        embed = keras.layers.Embedding(10, 4)
        ids = tf.constant([[1, 2, 3]])  #~ GT107
        with tf.GradientTape() as tape:
            tape.watch(ids)
            y = tf.reduce_sum(embed(ids))
        tape.gradient(y, ids)
        """,
    "a symbolic tensor": """
        inp = keras.Input((3,))
        hidden = keras.layers.Dense(2)(inp)
        model = keras.Model(inp, keras.layers.Dense(1)(hidden))
        with tf.GradientTape() as tape:
            y = model(tf.ones((2, 3)))
        tape.gradient(y, hidden)  #~ GT108
        """,
    "a symbol that a function of TensorFlow's is given while a tape records": """
        start = keras.Input((3,))
        model = keras.Model(start, keras.layers.Dense(1)(start))
        def roughness(of, model):
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(tf.square(of)) + tf.reduce_sum(model(of))  #~ GT108
            return tape.gradient(y, of)
        try:
            roughness(model.input, model)
        except ValueError:
            pass
        """,
    "the numbers of a tensor in NumPy": """
        w = tf.Variable([0.5, 1.5])
        with tf.GradientTape() as tape:
            h = w * 2.0
            y = tf.reduce_sum(tf.constant(np.sin(h.numpy())))  #~ GT201
        tape.gradient(y, w)
        """,
    "a function of NumPy on a tensor": """
        w = tf.Variable([0.5, 1.5])
        with tf.GradientTape() as tape:
            h = w * 2.0
            e = np.exp(h)  #~ GT201
            y = tf.reduce_sum(h * e) - tf.reduce_sum(tf.stop_gradient(h) * e) + tf.reduce_sum(e) * 0.0
            z = tf.reduce_sum(tf.convert_to_tensor(e))
        tape.gradient(z, w)
        """,
    "an array of tensors": """
        a, b = tf.Variable(1.0), tf.Variable(2.0)
        with tf.GradientTape() as tape:
            both = np.array([a * 2.0, b * 3.0], dtype="float32")  #~ GT202
            y = tf.reduce_sum(tf.constant(both))
        tape.gradient(y, [a, b])
        """,
    "predict is no call": """
        model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
        x, t = np.ones((3, 2), "float32"), np.zeros((3, 1), "float32")
        with tf.GradientTape() as tape:
            p = model.predict(x, verbose=0)  #~ GT201
            loss = tf.reduce_mean((p - t) ** 2)
        tape.gradient(loss, model.trainable_variables)
        """,
    "a Python number": """
        w = tf.Variable(0.7)
        with tf.GradientTape() as tape:
            k = math.exp(w)  #~ GT202
            y = tf.constant([1.0, 2.0]) * k
        tape.gradient(y, w)
        """,
    "a copy in a new variable": """
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            copy = tf.Variable(w * 2.0)  #~ GT203 GT504
            y = tf.reduce_sum(copy ** 2)
        tape.gradient(y, w)
        """,
    "a body that leaves TensorFlow": """
        w = tf.Variable([1.0, 2.0])
        def body(t):
            return np.sin(t.numpy())
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.py_function(body, [w * 2.0], tf.float32))  #~ GT204
        tape.gradient(y, w)
        """,
    "a function of NumPy called back": """
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.numpy_function(np.sin, [w * 2.0], tf.float32))  #~ GT204
        tape.gradient(y, w)
        """,
    "a choice called back, whose position is computed with": """
        w = tf.Variable([[0.3, 0.9, 0.1]])
        def best(scores):
            return np.argmax(scores, axis=1).astype("int64")
        with tf.GradientTape() as tape:
            at = tf.numpy_function(best, [w * 2.0], tf.int64)  #~ GT204 GT301
            y = tf.reduce_sum(tf.cast(at, tf.float32))
        tape.gradient(y, w)
        """,
    "a weight that a layer's own method freezes": """
        class Bank(keras.layers.Layer):
            def build(self, shape):
                self.scales = self.add_weight(shape=(3,), name="scales", trainable=False)  #~ GT102
            def call(self, x):
                return x * self.scales
        bank = Bank()
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(bank(tf.ones((2, 3))))
        tape.gradient(y, bank.scales)
        """,
    "what an object keeps that a helper computed before the tape": """
        def spread(h):
            return tf.exp(h) + tf.transpose(h)
        class Pulse:
            def __init__(self, h):
                self.h = h
                self.u = tf.linalg.expm(spread(h))  #~ GT501
            def step(self):
                with tf.GradientTape() as tape:
                    cost = tf.reduce_sum(self.u ** 2)
                return tape.gradient(cost, self.h)
        Pulse(tf.Variable([[0.1, 0.2], [0.3, 0.4]])).step()
        """,
    "a comparison": """
        w = tf.Variable([0.2, 0.8])
        with tf.GradientTape() as tape:
            hard = tf.cast(w > 0.5, tf.float32)  #~ GT301
            y = tf.reduce_sum(hard * 2.0)
        tape.gradient(y, w)
        """,
    "an argmax": """
        w = tf.Variable([[0.2, 0.8]])
        table = tf.constant([[1.0], [2.0]])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.gather(table, tf.argmax(w, axis=1)))  #~ GT301
        tape.gradient(y, w)
        """,
    "a floor division": """
        w = tf.Variable([7.0, 8.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(w // 2.0)  #~ GT302
        tape.gradient(y, w)
        """,
    "a sign, whose gradient is zero": """
        w = tf.Variable([0.7, -0.8])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.sign(w) * 2.0)  #~ GT302
        tape.gradient(y, w)
        """,
    "a cast and back": """
        w = tf.Variable([7.2, 8.1])
        with tf.GradientTape() as tape:
            pixels = tf.cast(w, tf.uint8)  #~ GT303
            y = tf.reduce_sum(tf.cast(pixels, tf.float32) / 255.0)
        tape.gradient(y, w)
        """,
    "a stopped gradient": """
        w = tf.Variable([7.2, 8.1])
        def target(v):
            return tf.stop_gradient(v * 2.0)  #~ GT304
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(target(w) ** 2)
        tape.gradient(y, w)
        """,
    "an operation without a gradient": """
        image = tf.Variable(tf.random.uniform((2, 4, 4, 3)))
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(tf.image.adjust_hue(image, 0.1))  #~ GT305
        try:
            tape.gradient(y, image)
        except LookupError:
            pass
        """,
    "unique values": """
        w = tf.Variable([1.0, 2.0, 1.0])
        with tf.GradientTape() as tape:
            values, index = tf.unique(w)  #~ GT305
            y = tf.reduce_sum(values)
        try:
            tape.gradient(y, w)
        except LookupError:
            pass
        """,
    "a draw": """
        logits = tf.Variable([[0.1, 0.9]])
        with tf.GradientTape() as tape:
            k = tf.random.categorical(logits, 4)  #~ GT306
            y = tf.reduce_mean(tf.cast(k, tf.float32))
        tape.gradient(y, logits)
        """,
    "a custom gradient of None": """
        @tf.custom_gradient
        def double(x):
            def grad(up):
                return None
            return x * 2.0, grad
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(double(w))  #~ GT307
        tape.gradient(y, w)
        """,
    "a root at zero": """
        w = tf.Variable([0.0, 4.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.sqrt(w))  #~ GT401
        tape.gradient(y, w)
        """,
    "the norm of nothing": """
        a = tf.Variable([1.0, 2.0])
        b = tf.constant([1.0, 2.0])
        with tf.GradientTape() as tape:
            y = tf.norm(a - b)  #~ GT401
        tape.gradient(y, a)
        """,
    "a masked logarithm": """
        w = tf.Variable([0.0, 4.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.where(w > 0.0, tf.math.log(w), 0.0))  #~ GT402
        tape.gradient(y, w)
        """,
    "an exponential that overflows": """
        w = tf.Variable([100.0])
        with tf.GradientTape() as tape:
            e = tf.exp(w)  #~ GT403
            y = tf.reduce_sum(e / (1.0 + e))
        tape.gradient(y, w)
        """,
    "dead units": """
        w = tf.Variable([[1.0], [2.0]])
        with tf.GradientTape() as tape:
            h = tf.nn.relu(tf.constant([[-1.0, -2.0]]) @ w)  #~ GT404
            y = tf.reduce_sum(h)
        tape.gradient(y, w)
        """,
    "a softmax over one number": """
        w = tf.Variable([[1.0], [2.0]])
        with tf.GradientTape() as tape:
            p = tf.nn.softmax(tf.constant([[1.0, 2.0]]) @ w)  #~ GT404
            y = -tf.reduce_sum(tf.math.log(p + 0.1))
        tape.gradient(y, w)
        """,
    "a branch not taken": """
        w, v = tf.Variable(1.0), tf.Variable(2.0)
        def forward(x, extra):
            y = w * x
            if extra:  #~ GT503
                y = y + v
            return y
        with tf.GradientTape() as tape:
            loss = forward(3.0, False) ** 2
        tape.gradient(loss, [w, v])
        """,
    "an assignment on the way": """
        w, state = tf.Variable([1.0, 2.0]), tf.Variable([0.0, 0.0])
        with tf.GradientTape() as tape:
            state.assign(w * 3.0)  #~ GT504
            y = tf.reduce_sum(state ** 2)
        tape.gradient(y, w)
        """,
    "weights that are set": """
        net = keras.layers.Dense(1, use_bias=False)
        net.build((None, 2))
        w = tf.Variable([[1.0], [2.0]])
        with tf.GradientTape() as tape:
            net.kernel.assign(w * 2.0)  #~ GT504
            y = tf.reduce_sum(net(tf.ones((1, 2))))
        tape.gradient(y, w)
        """,
    "a metric": """
        metric = keras.metrics.Mean()
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            metric.update_state(w * 2.0)  #~ GT504
            y = metric.result() ** 2
        tape.gradient(y, w)
        """,
    "a data set": """
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            total = 0.0
            for row in tf.data.Dataset.from_tensor_slices(w * 2.0):  #~ GT504
                total += row ** 2
        tape.gradient(total, w)
        """,
    "a data set of an object, in a method that is traced": """
        class Chain:
            def __init__(self):
                self.rows = tf.data.Dataset.from_tensor_slices([2.0, 3.0])
                self.traced = tf.function(self.product)
            def product(self, x):
                for row in self.rows:  #~ GT504
                    x = x * row
                return x
        w, chain = tf.Variable(1.0), Chain()
        with tf.GradientTape() as tape:
            y = chain.traced(w)
        tape.gradient(y, w)
        """,
    "a loss that NumPy computed and that is asked as it is": """
        net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
        wanted = np.ones((4, 2), "float32")
        with tf.GradientTape() as tape:
            guess = net(tf.ones((4, 3)))
            loss = np.mean((wanted - guess.numpy()) ** 2)  #~ GT201
        try:
            tape.gradient(loss, net.trainable_variables)
        except AttributeError:  # a number of NumPy's has no `_id`
            pass
        """,
    "a loss that is a number of Python's": """
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            loss = float(tf.reduce_sum(w ** 2))  #~ GT202
        try:
            tape.gradient(loss, w)
        except AttributeError:
            pass
        """,
    "a layer that a dict gets in the place of the first one": """
        import keras, tensorflow as tf
        net = {"body": keras.layers.Dense(3), "head": keras.layers.Dense(1)}
        x = tf.ones((2, 4))
        net["head"](net["body"](x))
        listed = [v for layer in net.values() for v in layer.trainable_variables]
        def anew():
            net["head"] = keras.layers.Dense(1)  #~ GT104
        anew()
        for _ in range(2):
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(net["head"](net["body"](x)))
            tape.gradient(y, listed)
        """,
    "a layer that a dict has beside another": """
        import keras, tensorflow as tf
        net = {"body": keras.layers.Dense(3), "head": keras.layers.Dense(1)}
        x = tf.ones((2, 4))
        net["head"](net["body"](x))
        listed = [v for layer in net.values() for v in layer.trainable_variables]
        net["other"] = keras.layers.Dense(1)
        net["other"](net["body"](x))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(net["other"](net["body"](x)))
        tape.gradient(y, listed)  #~ GT105
        """,
    "a slow copy of a network whose layers are made under one name": """
        def judge():
            seen = keras.Input((2,))
            h = keras.layers.Dense(4, "tanh")(seen)
            h = keras.layers.Dense(3, "tanh")(h)
            return keras.Model(seen, keras.layers.Dense(1)(h))
        online = judge()
        slow = judge()  #~ GT104
        with tf.GradientTape() as tape:
            error = tf.reduce_mean(slow(tf.ones((3, 2))) ** 2)
        tape.gradient(error, online.trainable_variables)
        """,
    "a tape that was used up": """
        w = tf.Variable(2.0)
        with tf.GradientTape() as tape:
            y = w ** 2
        tape.gradient(y, w)
        try:
            tape.gradient(y, w)  #~ GT505
        except RuntimeError:
            pass
        """,
    "a network that is built in a function, and whose side result the loss forgets": """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.trunk, self.score, self.side = (keras.layers.Dense(n) for n in (4, 1, 2))
            def call(self, x):
                h = self.trunk(x)
                return self.score(tf.stop_gradient(h)), self.side(h)  #~ GT304
        net = Net()
        @tf.function
        def step(x):
            with tf.GradientTape() as tape:
                score, side = net(x)  #~ GT105
                loss = tf.reduce_mean(score ** 2)
            grads = tape.gradient(loss, net.trainable_variables)
            return [g for g in grads if g is not None]
        step(tf.ones((3, 2)))
        """,
    "a second derivative of an unrecorded first": """
        x = tf.Variable(2.0)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                y = x ** 3
        dy = inner.gradient(y, x)  #~ GT506
        outer.gradient(dy, x)
        """,
    "a second derivative of a first that was asked for after its tape": """
        net = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
        place, time = tf.constant([[0.5], [1.0]]), tf.constant([[0.1], [0.2]])
        with tf.GradientTape() as tape:
            with tf.GradientTape(persistent=True) as inner:
                inner.watch([place, time])
                u = net(tf.concat([place, time], axis=1))
            slope = inner.gradient(u, place)  #~ GT506
            curvature = inner.gradient(slope, place)
            loss = tf.reduce_mean((inner.gradient(u, time) - slope) ** 2 + u ** 2)
        tape.gradient(loss, net.trainable_variables)
        """,
    "a Hessian whose outer tape watches nothing": """
        x = tf.constant([1.0, 2.0])
        with tf.GradientTape() as outer:  #~ GT506
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(x ** 3)
            g = inner.gradient(y, x)
        outer.jacobian(g, x)
        """,
    "arrays from a model, computed with": """
        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1)])
        x, y = np.random.rand(40, 3).astype("float32"), np.ones((40, 1), "float32")
        def loss_of():
            p = model.predict(x, verbose=0)  #~ GT201
            return tf.reduce_mean((p - y) ** 2)
        with tf.GradientTape() as tape:
            loss = loss_of()
        tape.gradient(loss, model.trainable_variables)
        """,
    "a thread with a way of its own to run": """
        import threading
        class Worker(threading.Thread):
            def run(self):
                w = tf.Variable([1.0, 2.0])
                with tf.GradientTape() as tape:
                    y = tf.reduce_sum(tf.floor(w))  #~ GT302
                tape.gradient(y, w)
        worker = Worker()
        worker.start()
        worker.join()
        """,
    "parts that other threads compute": """
        from concurrent.futures import ThreadPoolExecutor
        w = tf.Variable([1.0, 2.0])
        def part(x):
            return tf.reduce_sum(x ** 2)  #~ GT501
        with ThreadPoolExecutor(2) as pool, tf.GradientTape() as tape:
            y = tf.add_n(list(pool.map(part, [w[:1], w[1:]])))
        tape.gradient(y, w)
        """,
    "gradients of version 1": """
        @tf.function
        def slopes(x, y):
            z = tf.round(x) + y * y  #~ GT302
            return [g for g in tf.compat.v1.gradients(z, [x, y]) if g is not None]
        slopes(tf.constant(2.0), tf.constant(3.0))
        """,
    "one argument of a body that leaves TensorFlow": """
        w, v = tf.Variable([1.0, 2.0]), tf.Variable(2.0)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.py_function(lambda t, k: tf.sin(t) * float(k), [w, v], tf.float32))  #~ GT204
        tape.gradient(y, [w, v])
        """,
    "zeros for rows that nobody watches": """
        x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
        with tf.GradientTape() as tape:  #~ GT101
            y = x ** 2
        tape.batch_jacobian(y, x)
        """,
    "zeros that the call asks for": """
        x, w = tf.constant([1.0, 2.0]), tf.Variable([1.0, 1.0])
        with tf.GradientTape() as tape:  #~ GT101
            y = tf.reduce_sum(x ** 2 * w)
        tape.gradient(y, [x, w], unconnected_gradients="zero")
        """,
    "rows that are written into a variable": """
        class Memory:
            def __init__(self):
                self.writer = keras.layers.Dense(4, activation="tanh")
                self.rows = tf.Variable(tf.random.normal((8, 4)), trainable=False)
            def __call__(self, items):
                self.rows.scatter_nd_update(tf.range(5)[:, None], self.writer(items))  #~ GT504
                return tf.reduce_mean((self.rows - 0.5) ** 2)
        memory, items = Memory(), tf.random.normal((5, 3))
        memory.writer.build((None, 3))
        with tf.GradientTape() as tape:
            loss = memory(items)
        tape.gradient(loss, memory.writer.kernel)
        """,
    "a part of a variable that is assigned": """
        w, rows = tf.Variable([1.0, 2.0]), tf.Variable(tf.zeros((3, 2)))
        with tf.GradientTape() as tape:
            rows[1].assign(w * 3.0)  #~ GT504
            y = tf.reduce_sum(rows ** 2)
        tape.gradient(y, w)
        """,
    "parameters that a function replaces": """
        params = {"inner": {"w": tf.Variable([[1.0], [2.0]])}, "gain": tf.Variable(1.0)}
        def updated(params, grads):
            return tf.nest.map_structure(lambda p, g: p - 0.1 * g, params, grads)  #~ GT103
        for step in range(2):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum((tf.ones((3, 2)) @ params["inner"]["w"] * params["gain"] - 1.0) ** 2)
            params = updated(params, tape.gradient(loss, params))
        """,
    "a copied network in the place of the one that learns": """
        def network():
            return keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(5, "tanh"), keras.layers.Dense(2)])
        online = network()
        target = keras.models.clone_model(online)
        target.set_weights(online.get_weights())
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(target(tf.ones((3, 4))) ** 2)
        tape.gradient(loss, online.trainable_variables)  #~ GT104
        """,
    "a network that follows another slowly": """
        def network():
            return keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2)])
        online, slow = network(), network()  #~ GT104
        for a, b in zip(slow.weights, online.weights):
            a.assign(0.9 * a + 0.1 * b)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(slow(tf.ones((3, 4))) ** 2)
        tape.gradient(loss, online.trainable_variables)
        """,
    "whole numbers in a class": """
        class Point:
            def __init__(self, start):
                self.at = tf.Variable(start)  #~ GT107
        point = Point(np.arange(2, 6))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.cast(point.at, tf.float32) ** 2)
        tape.gradient(y, point.at)
        """,
}

OK = {
    "a symbol that a function of TensorFlow's refuses before there is a tape": """
        start = keras.Input((3,))
        try:
            half = tf.multiply(start, 0.5)
        except ValueError:
            half = keras.layers.Rescaling(0.5)(start)
        model = keras.Model(start, keras.layers.Dense(1)(half))
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(model(tf.ones((2, 3))))
        tape.gradient(y, model.trainable_variables)
        """,
    "an element picked where a callback says": """
        w = tf.Variable([[0.3, 0.9, 0.1], [0.5, 0.2, 0.8]])
        def best(scores):
            return np.argmax(scores, axis=1).astype("int64")
        with tf.GradientTape() as tape:
            scores = w * 2.0
            at = tf.numpy_function(best, [scores], tf.int64)
            second = tf.py_function(lambda s: tf.constant(np.argsort(s.numpy(), axis=1)[:, 1]), [scores], tf.int64)
            y = tf.reduce_sum(tf.gather(scores, at, batch_dims=1) + tf.gather(scores, second, batch_dims=1))
        tape.gradient(y, w)
        """,
    "a network that was copied before": """
        def network():
            return keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(5, "tanh"), keras.layers.Dense(2)])
        online = network()
        target = keras.models.clone_model(online)
        target.set_weights(online.get_weights())
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((online(tf.ones((3, 4))) - target(tf.ones((3, 4))) - 1.0) ** 2)
        tape.gradient(loss, online.trainable_variables)
        """,
    "rows written before the tape": """
        rows = tf.Variable(tf.zeros((3, 2)))
        rows.scatter_nd_update([[0]], [[1.0, 2.0]])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(rows ** 2)
        tape.gradient(y, rows)
        """,
    "threads with tapes of their own": """
        from concurrent.futures import ThreadPoolExecutor
        def slope(k):
            w = tf.Variable([1.0, 2.0])
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(w ** 2) * k
            return tape.gradient(y, w)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(slope, [1.0, 2.0, 3.0]))
        """,
    "a source for which a thread computes, too": """
        from concurrent.futures import ThreadPoolExecutor
        w = tf.Variable([1.0, 2.0])
        with ThreadPoolExecutor(2) as pool, tf.GradientTape() as tape:
            shown = pool.submit(tf.reduce_sum, w ** 2)
            y = tf.reduce_sum(w ** 3)
            print(float(shown.result()))
        tape.gradient(y, w)
        """,
    "zeros asked for and not needed": """
        w = tf.Variable([0.0, 0.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(w ** 2)
        tape.gradient(y, w, unconnected_gradients="zero")
        """,
    "two arguments that stay in TensorFlow": """
        w, v = tf.Variable([1.0, 2.0]), tf.Variable(2.0)
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.py_function(lambda t, k: tf.sin(t) * k, [w, v], tf.float32))
        tape.gradient(y, [w, v])
        """,
    "a straight path": """
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.sin(w) * tf.cast(tf.constant([1, 2]), tf.float32))
        tape.gradient(y, w)
        """,
    "printed on the way": """
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            h = w * 2.0
            print(h.numpy(), float(h[0]), np.mean(h))
            y = tf.reduce_sum(h ** 2)
        tape.gradient(y, w)
        """,
    "straight through": """
        w = tf.Variable([1.2, 2.7])
        with tf.GradientTape() as tape:
            h = w + tf.stop_gradient(tf.round(w) - w)
            y = tf.reduce_sum(h ** 2)
        tape.gradient(y, w)
        """,
    "two derivatives": """
        x = tf.Variable(2.0)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                y = x ** 3
            dy = inner.gradient(y, x)
        outer.gradient(dy, x)
        """,
    "a constant converted once more": """
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.constant(tf.convert_to_tensor(w) * 2.0))
        tape.gradient(y, w)
        """,
    "a frozen layer is still differentiated": """
        layer = keras.layers.Dense(2)
        layer.trainable = False
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(layer(tf.ones((1, 3))))
        tape.gradient(y, layer.kernel)
        """,
    "a body that stays in TensorFlow": """
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.py_function(lambda t: tf.sin(t), [w * 2.0], tf.float32))
        tape.gradient(y, w)
        """,
    "a value that is also shown in an array": """
        w = tf.Variable([1.0, 2.0, 3.0])
        shown = np.zeros((2, 3), "float32")
        with tf.GradientTape() as tape:
            h = tf.sin(w)
            shown[0] = h
            y = tf.reduce_sum(h) * 2.0
        tape.gradient(y, w)
        """,
    "numbers beside a tensor in a dictionary": """
        w = tf.Variable(2.0)
        with tf.GradientTape() as tape:
            state = {}
            state["h"] = tf.sin(w)
            state["rate"] = 0.5
            y = state["h"] * state["rate"]
        tape.gradient(y, w)
        """,
    "noise in the shape of a value that is used": """
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(w + tf.random.normal(tf.shape(w)))
        tape.gradient(y, w)
        """,
    "a product with one zero among its factors": """
        w = tf.Variable([2.0, 0.0, 3.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_prod(w)
        tape.gradient(y, w)
        """,
    "a custom gradient": """
        @tf.custom_gradient
        def double(x):
            return x * 2.0, lambda up: up * 2.0
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(double(w))
        tape.gradient(y, w)
        """,
    "loops and lists": """
        w = tf.Variable([0.4, 0.6])
        with tf.GradientTape() as tape:
            out = tf.TensorArray(tf.float32, size=2)
            for i in range(2):
                out = out.write(i, w[i] ** 2)
            y = tf.reduce_sum(tf.map_fn(lambda t: t * 2.0, out.stack()))
        tape.gradient(y, w)
        """,
    "persistent, in its own context": """
        x = tf.Variable(3.0)
        with tf.GradientTape(persistent=True) as tape:
            y = x ** 3
            dy = tape.gradient(y, x)
        tape.gradient(dy, x)
        tape.gradient(y, x)
        """,
    "a training loop of Keras": """
        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        x, y = np.random.rand(16, 3).astype("float32"), np.ones((16, 1), "float32")
        model.fit(x, y, epochs=2, batch_size=8, verbose=0)
        """,
    "the smallest value of a square": """
        a, b = tf.Variable([1.0, 2.0]), tf.constant([1.0, 2.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum((a - b) ** 2)
        tape.gradient(y, a)
        """,
}
