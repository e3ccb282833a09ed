"""What recording leaves: hooks that go away, nothing kept alive, nothing more recorded once a loop has told all."""

import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf

from gradtape.recorders import tensorflow as recorder
from gradtape.recorders.frameworks import Options
from gradtape.recorders.heard import Heard


def test_every_hook_is_taken_away_again():
    from tensorflow.python import pywrap_tfe
    from tensorflow.python.eager import backprop, execute, record
    from tensorflow.python.framework import constant_op, ops

    def hooks():
        base = ops._EagerTensorBase
        return (
            pywrap_tfe.TFE_Py_FastPathExecute,
            constant_op.convert_to_eager_tensor,
            record.record_operation,
            execute.execute,
            backprop.GradientTape.gradient,
            backprop.GradientTape._push_tape,
            base.numpy,
            base.__float__,
            base.__dict__.get("__array_ufunc__"),
            np.asarray,
            tf.config.functions_run_eagerly(),
        )

    before = hooks()
    recorder.start(Heard(), Options())
    assert hooks() != before
    recorder.finish(None)
    assert hooks() == before


def test_operators_between_arrays_and_tensors_give_what_they_gave(explained):
    ran = explained(
        """
        import numpy as np
        import tensorflow as tf
        t, a = tf.constant([1.0, 2.0]), np.array([3.0, 4.0], "float32")
        assert isinstance(a - t, tf.Tensor) and isinstance(t * a, tf.Tensor) and isinstance(a > t, tf.Tensor)
        assert isinstance(np.subtract(a, t), np.ndarray) and isinstance(np.mean(t), np.float32)
        assert not hasattr(t, "__array_ufunc__") and not hasattr(t, "__array_function__")
        a -= t
        assert isinstance(a, np.ndarray) or isinstance(a, tf.Tensor)
        """
    )
    assert ran.error is None


def test_no_tensor_is_kept_alive():
    recorder.start(Heard(), Options())
    try:
        x = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            h = tf.sin(x) * 2.0
            y = tf.reduce_sum(h)
        tape.gradient(y, x)
        seen = weakref.ref(h)
        del h, y, tape
        gc.collect()
        assert seen() is None
    finally:
        recorder.finish(None)


LOOP = """
    import tensorflow as tf
    w = tf.Variable([1.0, 2.0])
    for step in range({rounds}):
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.round(w))
        tape.gradient(y, w)
    """


def test_recording_stops_once_a_loop_has_told_all(explained):
    assert explained(LOOP.format(rounds=50)).reports[0].times == 2
    assert explained(LOOP.format(rounds=50), all_steps=True).reports[0].times == 50


TWO_TAPES = """
    import tensorflow as tf
    critic, generator, unused = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 4.0]), tf.Variable(0.0)
    for step in range(50):
        with tf.GradientTape() as first, tf.GradientTape() as second:
            y = tf.reduce_sum(tf.round(critic) * {other})
            z = tf.reduce_sum(tf.floor(generator))
        first.gradient(y, [critic, unused])
        second.gradient(z, generator)
    """


def test_the_whole_first_step_that_fails_is_told(explained):
    ran = explained(TWO_TAPES.format(other="1.0"))
    assert ran.told == {6: ["GT302"], 7: ["GT302"], 8: ["GT105"]}
    assert all(report.times <= 2 for report in ran.reports)


def test_a_loop_that_learns_something_is_recorded_longer(explained):
    from gradtape.recorders.tensorflow.asking import ENOUGH

    source = LOOP.replace("y = tf.reduce_sum(tf.round(w))", "y = w[0] + w[1]").replace("(y, w)", "(y, [w, v])")
    source = source.replace("w = tf.Variable([1.0, 2.0])", "w, v = tf.Variable([1.0, 2.0]), tf.Variable(1.0)")
    assert {report.times for report in explained(source.format(rounds=50)).reports} == {ENOUGH}


GIVEN_NONE = """
    import keras
    import tensorflow as tf
    w, v = tf.Variable([1.0, 2.0]), tf.Variable(3.0)
    optimizer = keras.optimizers.SGD(0.1)
    {before}
    optimizer.apply_gradients({given})
    """


def test_none_that_an_optimizer_is_given_by_hand_is_told(explained):
    ran = explained(GIVEN_NONE.format(before="", given="[(tf.ones(2), w), (None, v)]"))
    assert [(r.kind, r.source, str(r.status)) for r in ran.reports] == [("apply_gradients", "v", "none")]
    assert ran.told == {7: ["GT105"]}
    label = ran.reports[0].findings[0].diagnostic.primary.label
    assert label.endswith("nobody asked for one")


ASK = """
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(w){times}
    g = tape.gradient(y, [w, v])
    """


def test_none_that_a_tape_gave_is_not_told_twice(explained):
    ran = explained(GIVEN_NONE.format(before=ASK.format(times=""), given="zip(g, [w, v])"))
    assert [r.kind for r in ran.reports] == ["tape.gradient"] * 2
    ran = explained(GIVEN_NONE.format(before=ASK.format(times=" * v"), given="[(g[0], w), (g[1], v)]"))
    assert ran.told == {}


def test_a_gradient_that_is_not_passed_on_is_told(explained):
    ran = explained(GIVEN_NONE.format(before=ASK.format(times=" * v"), given="[(g[0], w), (None, v)]"))
    assert [(r.kind, r.source) for r in ran.reports if r.findings] == [("apply_gradients", "v")]
    assert ran.reports[-1].findings[0].diagnostic.primary.label.endswith("though one was computed")


def test_every_probe_holds_and_leaves_nothing(explained):
    ran = explained(LOOP.format(rounds=1))
    assert ran.remarks == []


FUNCTION = """
    import tensorflow as tf
    w, v = tf.Variable(2.0), tf.Variable(3.0)
    @tf.function
    def f(x):
        h = tf.floor(x * v)
        return h * w
    with tf.GradientTape() as tape:
        y = f(1.5)
    tape.gradient(y, [w, v])
    """


def test_functions_run_eagerly_and_that_is_said(explained):
    ran = explained(FUNCTION)
    assert ran.told == {6: ["GT302"]}
    assert any("--graph" in remark for remark in ran.remarks)


def test_traced_functions_are_looked_into(explained):
    ran = explained(FUNCTION, functions="graph")
    assert ran.told == {6: ["GT302"]}
    assert ran.statuses == [("w", "ok"), ("v", "none")]
    assert ran.remarks == []


def test_a_function_that_loops_over_data_stays_traced(explained):
    ran = explained(
        """
        import tensorflow as tf
        data = tf.data.Dataset.from_tensor_slices([2.0, 3.0])
        @tf.function
        def product(x):
            for row in data:
                x = x * row
            return x
        w = tf.Variable(1.0)
        with tf.GradientTape() as tape:
            y = product(w * 2.0)
        tape.gradient(y, w)
        """
    )
    assert ran.told == {6: ["GT504"]}


def test_fit_speaks_of_weights_by_their_paths(explained):
    ran = explained(
        """
        import keras, numpy as np, tensorflow as tf
        keras.utils.set_random_seed(0)
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.body, self.head = keras.layers.Dense(3, name="body"), keras.layers.Dense(1, name="head")
            def call(self, x):
                return self.head(tf.round(self.body(x)))
        net = Net()
        net.compile("sgd", "mse")
        net.fit(np.full((4, 2), 9.0, "float32"), np.ones((4, 1), "float32"), verbose=0)
        """
    )
    assert [(r.kind, r.source.partition("/")[2], str(r.status)) for r in ran.reports] == [
        ("fit", "body/kernel", "none"),
        ("fit", "body/bias", "none"),
        ("fit", "head/kernel", "ok"),
        ("fit", "head/bias", "ok"),
    ]
    assert ran.told == {9: ["GT302"]}


def test_threads_are_heard(explained):
    ran = explained(
        """
        import threading
        import tensorflow as tf
        def work():
            w = tf.Variable([1.0, 2.0])
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(tf.floor(w))
            tape.gradient(y, w)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        """
    )
    assert ran.told == {7: ["GT302"]}


def test_tf_gradients_runs_in_its_graph_and_is_explained(explained):
    ran = explained(
        """
        import tensorflow as tf
        @tf.function
        def slopes(x, y):
            z = tf.floor(x) + y * y
            return [g for g in tf.gradients(z, [x, y]) if g is not None]
        slopes(tf.constant(2.0), tf.constant(3.0))
        """
    )
    assert ran.error is None
    assert [(r.kind, str(r.status)) for r in ran.reports] == [("tf.gradients", "none"), ("tf.gradients", "ok")]
    assert ran.told == {5: ["GT302"]}


@pytest.mark.parametrize("way", ["model.trainable = False", "model = keras.Sequential([keras.layers.Dense(1)])"])
def test_a_question_without_sources_is_remarked_on(way, explained):
    ran = explained(
        f"""
        import keras, tensorflow as tf
        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
        {way}
        with tf.GradientTape() as tape:
            weights = model.trainable_variables
            y = tf.reduce_sum(model(tf.ones((2, 3))))
        tape.gradient(y, weights)
        """
    )
    assert ran.error is None
    assert ["the question in line 8 has no sources" in remark for remark in ran.remarks] == [True]


LONG = """
    import tensorflow as tf
    w = tf.Variable([1.0, 2.0])
    for step in range(60):
        with tf.GradientTape() as tape:
            h = w
            for _ in range(10):
                h = tf.sin(h) * 1.5
            y = tf.reduce_sum(h)
        tape.gradient(y, w)
    """


def test_a_long_loop_leaves_no_more_than_the_newest_operations(explained, monkeypatch):
    from gradtape.recorders.tensorflow import memory

    kept = []
    monkeypatch.setattr(memory, "MOST_OPERATIONS", 300)
    monkeypatch.setattr(recorder.Session, "finish", lambda self, error: (kept.append(self.memory), self.remove()))
    ran = explained(LONG)
    assert ran.error is None
    assert [(len(m.operations), len(m.happenings) <= 300, m.horizon > 0) for m in kept] == [(300, True, True)]
    assert not kept[0].arrays
    assert not kept[0].step_of
    assert len(kept[0].lives) <= 1


MADE_ANEW = """
    import tensorflow as tf
    for step in range(40):
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as outer:
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(tf.sin(w) ** 2)
            g = tape.gradient(y, w)
            z = tf.reduce_sum(g ** 2)
        outer.gradient(z, w)
    """


def test_variables_and_steps_of_long_loops_are_forgotten(explained, monkeypatch):
    from gradtape.recorders.tensorflow import memory

    kept = []
    monkeypatch.setattr(memory, "MOST_OPERATIONS", 60)
    monkeypatch.setattr(memory, "MOST_GONE", 5)
    monkeypatch.setattr(recorder.Session, "finish", lambda self, error: (kept.append(self.memory), self.remove()))
    ran = explained(MADE_ANEW)
    assert ran.error is None
    assert {str(r.status) for r in ran.reports} == {"ok"}
    assert len(kept[0].variables) <= 8
    assert 0 < len(kept[0].step_of) <= 60


def test_cotangents_are_kept_up_to_a_number_of_bytes(explained, monkeypatch):
    from gradtape.recorders.tensorflow import backward

    monkeypatch.setattr(backward, "MOST_BYTES", 100)
    seen = []
    match = backward.match
    monkeypatch.setattr(backward, "match", lambda steps, *rest: (seen.append(len(steps)), match(steps, *rest))[1])
    ran = explained(LONG.replace("tf.sin(h) * 1.5", "tf.floor(h) * 1.5 + h"))
    assert ran.error is None
    assert seen
    assert max(seen) < 12


def test_routes_from_what_is_used_instead_are_not_counted(explained):
    ran = explained(
        """
        import tensorflow as tf
        def make():
            return tf.Variable(2.0)
        asked = make()
        with tf.GradientTape() as tape:
            used = make()
            z = tf.stop_gradient(tf.sin(used))
        tape.gradient(z, asked)
        """
    )
    findings = ran.reports[0].findings
    assert [f.code.number for f in findings] == ["GT104", "GT304"]
    assert "a route is" in findings[1].diagnostic.notes[0]


@pytest.mark.parametrize(
    ("loss", "status"),
    [
        ("tf.reduce_mean(critic(x[:2])) - tf.reduce_mean(critic(x))", "ok"),
        ("tf.reduce_sum(critic(x[:2])) - tf.reduce_sum(critic(x[2:]))", "ok"),
        ("tf.reduce_mean(tf.tanh(critic(x)) - tf.tanh(critic(x)))", "zero"),
    ],
)
def test_the_bias_of_a_critic_is_not_in_the_difference_of_its_scores(loss, status, explained):
    """Both scores have it alike, whatever it is, so its zero is right; equal rows cancel at these numbers alone."""
    ran = explained(
        f"""
        import keras
        import tensorflow as tf
        keras.utils.set_random_seed(0)
        critic, x = keras.layers.Dense(1), tf.random.normal((4, 3))
        critic.build(x.shape)
        with tf.GradientTape() as tape:
            y = {loss}
        tape.gradient(y, critic.bias)
        """
    )
    (report,) = ran.reports
    assert (str(report.status), report.findings) == (status, ())


SPOILED = """
import tensorflow as tf
places, scale = tf.Variable([[1.0, 2.0], [1.0, 2.0]]), tf.Variable(2.0)
optimizer = tf.keras.optimizers.SGD(0.1)
for _ in range(3):
    with tf.GradientTape() as tape:
        apart = places[0] - places[1]
        loss = tf.norm(apart) + scale * tf.reduce_sum(places)
    optimizer.apply_gradients(zip(tape.gradient(loss, [places, scale]), [places, scale]))
"""


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_what_a_step_spoiled_is_told_once(optimizer, explained):
    told = explained(SPOILED.replace("SGD", optimizer))
    assert [(r.source, str(r.status), r.times) for r in told.reports] == [("places", "nan", 3), ("scale", "ok", 1)]
    assert any("not told again" in remark for remark in told.remarks)


RAISED = """
import tensorflow as tf
image, scale = tf.Variable(tf.ones((1, 2, 2, 3))), tf.Variable(2.0)
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(tf.image.adjust_hue(image, 0.1)) * scale
try:
    tape.gradient(loss, [image, scale])
except LookupError:
    pass
"""


def test_an_error_on_the_way_to_one_source_is_told_of_all(explained):
    told = explained(RAISED)
    assert [(r.source, [f.code.number for f in r.findings]) for r in told.reports] == [
        ("image", ["GT305"]),
        ("scale", ["GT305"]),
    ]
    assert "on no way to this source" in told.reports[1].findings[0].diagnostic.notes[-1]


SPOILED_BY_ANOTHER = """
import numpy as np
import tensorflow as tf
class Pair(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.judge, self.maker = tf.keras.layers.Dense(1), tf.keras.layers.Dense(2)
        self.optimizers = [tf.keras.optimizers.Adam(), tf.keras.optimizers.Adam()]
    def train_step(self, x):
        with tf.GradientTape() as tape:
            apart = self.judge(x) - self.judge(x)
            cost = tf.norm(apart) + tf.reduce_mean(self.judge(x))
        weights = self.judge.trainable_variables
        self.optimizers[0].apply_gradients(zip(tape.gradient(cost, weights), weights))
        with tf.GradientTape() as tape:
            gain = -tf.reduce_mean(self.judge(self.maker(x)))
        weights = self.maker.trainable_variables
        self.optimizers[1].apply_gradients(zip(tape.gradient(gain, weights), weights))
        return {"cost": cost}
pair = Pair()
pair.compile()
pair.fit(np.ones((4, 2), "float32"), batch_size=2, verbose=0)
"""


def test_what_a_step_spoiled_for_another_network_is_not_told(explained):
    told = explained(SPOILED_BY_ANOTHER)
    assert told.error is None
    assert {(str(r.status), f.cause) for r in told.reports for f in r.findings} == {("nan", "singular-point")}
    assert any("not told again" in remark for remark in told.remarks)


@pytest.mark.parametrize(("activation", "codes"), [("relu", ["GT506", "GT404"]), ("tanh", ["GT506"])])
def test_a_second_derivative_that_will_be_zero_is_told_while_it_is_missing(activation, codes, explained):
    told = explained(
        f"""
        import tensorflow as tf
        hidden, last = tf.keras.layers.Dense(4, "{activation}"), tf.keras.layers.Dense(1)
        net = tf.keras.Sequential([tf.keras.layers.Input((1,)), hidden, last])
        x = tf.constant([[0.5], [1.5]])
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = net(x)
            slope = inner.gradient(y, x)
        outer.gradient(slope, x)
        """
    )
    assert [[f.code.number for f in r.findings] for r in told.reports] == [[], codes]


def test_what_a_layer_lets_through_elsewhere_is_no_second_cause(explained):
    told = explained(
        """
        import keras, tensorflow as tf
        net = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(3), keras.layers.BatchNormalization()])
        with tf.GradientTape() as tape:
            cost = tf.reduce_sum(tf.round(net(tf.random.normal((4, 2)), training=True)))
        tape.gradient(cost, net.trainable_variables)
        """
    )
    assert [f.cause for r in told.reports for f in r.findings] == ["piecewise-constant"] * 4


def test_a_question_of_what_an_earlier_one_did_not_give_is_not_told(explained):
    source = """
        import keras, tensorflow as tf
        net, x = keras.layers.Dense(1), tf.ones((3, 1))
        with tf.GradientTape(persistent=True) as tape:  #~ GT101
            u = net(x) ** 2
            slope = tape.gradient(u, x)
        tape.gradient(slope, x)
        """
    told = explained(source)
    assert isinstance(told.error, TypeError)
    assert told.told == {4: ["GT101"]}


def test_what_fit_shows_in_its_log_is_no_way(explained):
    told = explained(
        """
        import keras, numpy as np, tensorflow as tf
        class Above(keras.layers.Layer):
            def build(self, shape):
                self.edge = self.add_weight(shape=(3,), initializer="zeros")
            def call(self, x):
                return tf.cast(x > self.edge, tf.float32)
        net = keras.Sequential([keras.layers.Input((3,)), Above(), keras.layers.Dense(1)])
        net.compile("sgd", "mse")
        net.fit(np.random.rand(8, 3).astype("float32"), np.ones((8, 1), "float32"), batch_size=2, verbose=0)
        """
    )
    assert {f.cause for r in told.reports for f in r.findings} == {"no-derivative"}


def test_variables_of_another_graph_are_left_alone(explained):
    source = """
        import tensorflow as tf
        with tf.Graph().as_default():
            other = tf.compat.v1.get_variable("other", [2], use_resource=True)
        w = tf.Variable(0.0)
        with tf.GradientTape() as tape:
            y = tf.sqrt(w)  #~ GT401
        tape.gradient(y, w)
        """
    assert explained(source).told == {7: ["GT401"]}
