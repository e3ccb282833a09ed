"""Edits of inner steps that an outer tape cannot see through: the new weights are tensors, and nothing else changes."""

import textwrap

import pytest

from .conftest import HEAD

MODELS = """
def dense():
    return keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
def copied(model):
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy
net, x, y = dense(), tf.ones((2, 3)), tf.zeros((2, 1))
"""

MENDED = {
    "a step of an optimizer on the model itself, which keeps it": (
        """
        plain = keras.optimizers.SGD(0.1)
        def slopes(shares):
            with tf.GradientTape() as outer:
                outer.watch(shares)
                with tf.GradientTape() as inner:
                    cost = tf.reduce_sum(shares * (net(x) - 1.0)[:, 0] ** 2)
                steps = inner.gradient(cost, net.trainable_variables)
                plain.apply_gradients(zip(steps, net.trainable_variables))
                after = tf.reduce_mean((net(x, training=True) - y) ** 2)
            return outer.gradient(after, shares)
        slopes(tf.constant([0.5, 0.7]))
        """,
        [
            "        fast_weights = [w - plain.learning_rate * g for w, g in zip(net.trainable_variables, steps)]",
            "        v.assign(w)",
        ],
    ),
    "steps of a loop on a copy that a function makes": (
        """
        def after_steps(rounds=2):
            with tf.GradientTape() as tape:
                fast = copied(net)
                for _ in range(rounds):
                    with tf.GradientTape() as inner:
                        cost = tf.reduce_sum((fast(x) - 1.0) ** 2)
                    steps = inner.gradient(cost, fast.trainable_variables)
                    keras.optimizers.SGD(0.1).apply_gradients(zip(steps, fast.trainable_variables))
                cost = tf.reduce_sum(fast(x) ** 2)
            return tape.gradient(cost, net.trainable_variables)
        after_steps()
        """,
        [
            "        fast_weights = [tf.convert_to_tensor(w) for w in net.trainable_variables]",
            "                inner.watch(fast_weights)",
            "            steps = inner.gradient(cost, fast_weights)",
            "            fast_weights = [w - 0.1 * g for w, g in zip(fast_weights, steps)]",
        ],
    ),
    "a copy whose gradient is asked for, too": (
        """
        other, plain = dense(), keras.optimizers.SGD(learning_rate=0.1)
        with tf.GradientTape(persistent=True) as outer:
            with tf.GradientTape() as inner:
                cost = tf.reduce_sum((net(x) - 1.0) ** 2)
            steps = inner.gradient(cost, net.trainable_variables)
            for c, w in zip(other.trainable_variables, net.trainable_variables):
                c.assign(w)
            plain.apply_gradients(zip(steps, other.trainable_variables))
            after = tf.reduce_sum(other(x) ** 2)
        outer.gradient(after, net.trainable_variables)
        outer.gradient(after, other.trainable_variables)
        """,
        ["    fast_weights = net.trainable_variables", "outer.gradient(after, fast_weights)"],
    ),
    "a copy that is given back, and handed to a helper": (
        """
        class Learner:
            def __init__(self):
                self.plain = keras.optimizers.SGD(0.1)
            def cost(self, model):
                return tf.reduce_sum((model(x) - 1.0) ** 2)
            def adapted(self, model):
                quick = keras.models.clone_model(model)
                quick.set_weights(model.get_weights())
                for _ in range(2):
                    with tf.GradientTape() as inner:
                        cost = self.cost(quick)
                    steps = inner.gradient(cost, quick.trainable_variables)
                    self.plain.apply(steps, quick.trainable_variables)
                return quick
        learner = Learner()
        with tf.GradientTape() as outer:
            best = learner.adapted(net)
            after = tf.reduce_sum(best(x) ** 2)
        outer.gradient(after, net.trainable_variables)
        """,
        ["            fast_weights = [w - self.plain.learning_rate * g for w, g in zip(fast_weights, steps)]"],
    ),
    "arrays that are set in a loop": (
        """
        with tf.GradientTape() as outer:
            fast = copied(net)
            for _ in range(2):
                with tf.GradientTape() as inner:
                    cost = tf.reduce_sum((fast(x) - 1.0) ** 2)
                steps = inner.gradient(cost, fast.trainable_variables)
                fast.set_weights([w - 0.1 * g for w, g in zip(fast.get_weights(), steps)])
            after = tf.reduce_sum(fast(x) ** 2)
        outer.gradient(after, net.trainable_variables)
        """,
        ["        fast_weights = [w - 0.1 * g for w, g in zip(fast_weights, steps)]"],
    ),
    "arrays that are set once": (
        """
        other = dense()
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                cost = tf.reduce_sum((net(x) - 1.0) ** 2)
            steps = inner.gradient(cost, net.trainable_variables)
            other.set_weights([w - 0.1 * g for w, g in zip(net.get_weights(), steps)])
            h = other(x)
            after = tf.reduce_sum(h ** 2)
        outer.gradient(after, net.trainable_variables)
        """,
        [
            (
                "    h = other.stateless_call([w - 0.1 * g for w, g in zip(net.trainable_variables, steps)], "
                "other.non_trainable_variables, x)[0]"
            )
        ],
    ),
    "rates that are learned, in steps of a traced function": (
        """
        rates = [tf.Variable(0.1) for _ in net.trainable_variables]
        @tf.function
        def slopes():
            begin = [tf.identity(v) for v in net.trainable_variables]
            with tf.GradientTape() as outer:
                for _ in range(2):
                    with tf.GradientTape() as inner:
                        cost = tf.reduce_sum((net(x) - 1.0) ** 2)
                    steps = inner.gradient(cost, net.trainable_variables)
                    for v, g, r in zip(net.trainable_variables, steps, rates):
                        v.assign_sub(r * g)
                after = tf.reduce_sum(net(x) ** 2)
            for v, old in zip(net.trainable_variables, begin):
                v.assign(old)
            return outer.gradient(after, rates)
        slopes()
        """,
        ["            fast_weights = [v - (r * g) for v, g, r in zip(fast_weights, steps, rates)]"],
    ),
    "weights that have a name, in tasks that begin anew": (
        """
        plain, rate = keras.optimizers.SGD(0.1), tf.Variable(0.2)
        def slopes(model):
            begin = model.get_weights()
            with tf.GradientTape() as outer:
                after = 0.0
                for shift in (1.0, 2.0):
                    with tf.GradientTape() as inner:
                        cost = rate * tf.reduce_sum((model(x) - shift) ** 2)
                    variables = model.trainable_variables
                    plain.apply_gradients(list(zip(inner.gradient(cost, variables), variables)))
                    after += tf.reduce_sum(model(x) ** 2)
                    model.set_weights(begin)
            return outer.gradient(after, rate)
        slopes(net)
        """,
        ["            fast_weights = [tf.convert_to_tensor(w) for w in model.trainable_variables]"],
    ),
    "steps that leave out what has no gradient": (
        """
        with tf.GradientTape() as outer:
            fast = copied(net)
            for _ in range(2):
                with tf.GradientTape() as inner:
                    cost = tf.reduce_sum((fast(x) - 1.0) ** 2)
                for v, g in zip(fast.trainable_weights, inner.gradient(cost, fast.trainable_weights)):
                    if g is not None:
                        v.assign(v - 0.1 * g)
            after = tf.reduce_sum(fast(x) ** 2)
        outer.gradient(after, net.trainable_variables)
        """,
        None,
    ),
}
"""What is edited, and some of the lines that come out."""

STEP = """
with tf.GradientTape() as outer:
    fast = copied(net)
    for k in range(2):
        with tf.GradientTape() as inner:
            cost = tf.reduce_sum((fast(x) - 1.0) ** 2)
        steps = inner.gradient(cost, fast.trainable_variables)
        {step}
    after = {after}
outer.gradient(after, net.trainable_variables)
"""
PLAIN = "plain.apply_gradients(zip(steps, fast.trainable_variables))"
RESULT = "tf.reduce_sum(fast(x) ** 2)"

UNEDITED = {
    "an optimizer that keeps what it saw": ("plain = keras.optimizers.Adam(0.1)", PLAIN, RESULT),
    "momentum": ("plain = keras.optimizers.SGD(0.1, momentum=0.9)", PLAIN, RESULT),
    "a step that is not always made": ("plain = keras.optimizers.SGD(0.1)", f"if k > 0: {PLAIN}", RESULT),
    "a function that reads the model by its name": (
        "plain = keras.optimizers.SGD(0.1)\ndef result():\n    return tf.reduce_sum(fast(x) ** 2)",
        PLAIN,
        "result()",
    ),
    "a helper that does more than to call the model": (
        "plain = keras.optimizers.SGD(0.1)\ndef result(m):\n    return tf.reduce_sum(m(x) ** 2) + m.weights[0][0, 0]",
        PLAIN,
        "result(fast)",
    ),
    "weights that another model lends as arrays": (
        "",
        "fast.set_weights([w - 0.1 * g for w, g in zip(net.get_weights(), steps)])",
        RESULT,
    ),
}

ELSEWHERE = {
    "a copy that a helper changes": """
        other, plain = dense(), keras.optimizers.SGD(0.1)
        def improve(model):
            with tf.GradientTape() as inner:
                cost = tf.reduce_sum((model(x) - 1.0) ** 2)
            plain.apply_gradients(zip(inner.gradient(cost, model.trainable_variables), model.trainable_variables))
        with tf.GradientTape() as outer:
            other.set_weights(net.get_weights())
            improve(other)
            after = tf.reduce_sum(other(x) ** 2)
        outer.gradient(after, net.trainable_variables)
        """,
    "a copy that a function makes and a helper changes": """
        plain = keras.optimizers.SGD(0.1)
        def improve(model):
            with tf.GradientTape() as inner:
                cost = tf.reduce_sum((model(x) - 1.0) ** 2)
            plain.apply_gradients(zip(inner.gradient(cost, model.trainable_variables), model.trainable_variables))
        def result():
            with tf.GradientTape() as outer:
                fast = copied(net)
                improve(fast)
                after = tf.reduce_sum(fast(x) ** 2)
            return outer.gradient(after, net.trainable_variables)
        result()
        """,
    "variables of a list that the function does not own": """
        w, rate = tf.Variable([0.5, -1.0]), tf.Variable(0.2)
        weights = [w]
        def slope():
            with tf.GradientTape() as outer:
                with tf.GradientTape() as inner:
                    cost = tf.reduce_sum(weights[0] ** 2)
                for v, g in zip(weights, inner.gradient(cost, weights)):
                    v.assign_sub(rate * g)
                after = tf.reduce_sum(weights[0] ** 3)
            return outer.gradient(after, rate)
        slope()
        """,
    "weights of layers, one by one": """
        other = copied(net)
        with tf.GradientTape() as outer:
            for k in range(2):
                other.layers[k].kernel.assign(0.9 * net.layers[k].kernel)
            after = tf.reduce_sum(other(x) ** 2)
        outer.gradient(after, net.layers[0].kernel)
        """,
}
"""Steps that stand in another function than the model's calls, and those of single layers."""


@pytest.mark.parametrize("name", ELSEWHERE)
def test_steps_that_stand_elsewhere_are_not_edited(name, offered):
    assert offered(HEAD + MODELS + textwrap.dedent(ELSEWHERE[name])) == []


@pytest.mark.parametrize("name", MENDED)
def test_the_new_weights_are_tensors(name, mends):
    source, lines = MENDED[name]
    new = mends(HEAD + MODELS + textwrap.dedent(source)).split("\n")
    assert [line for line in lines or () if line not in new] == []


@pytest.mark.parametrize("name", UNEDITED)
def test_what_cannot_be_written_so_is_not_edited(name, offered):
    before, step, after = UNEDITED[name]
    assert offered(HEAD + MODELS + before + STEP.format(step=step, after=after)) == []
