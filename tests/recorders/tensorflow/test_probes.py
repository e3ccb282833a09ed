"""A hook that does not fire in some version is named, and no reason is given that depends on what it would see."""

import pytest

from gradtape.recorders import tensorflow as recorder
from gradtape.recorders.frameworks import Options
from gradtape.recorders.heard import Heard
from gradtape.recorders.patches import Patches
from gradtape.recorders.tensorflow import frames, hooks, private, probes, tiny
from gradtape.recorders.tensorflow.backward import Backward

PROGRAMS = {
    "unused": """
        import tensorflow as tf
        w, v = tf.Variable(2.0), tf.Variable(3.0)
        with tf.GradientTape() as tape:
            y = v * 2.0
        tape.gradient(y, w)
        """,
    "rounded": """
        import tensorflow as tf
        w = tf.Variable(2.5)
        with tf.GradientTape() as tape:
            y = tf.floor(w * 2.0)
        tape.gradient(y, w)
        """,
    "nobody watches": """
        import tensorflow as tf
        x = tf.constant(2.0)
        with tf.GradientTape() as tape:
            y = tf.sin(x)
        tape.gradient(y, x)
        """,
    "through an array": """
        import numpy as np
        import tensorflow as tf
        w = tf.Variable([2.0, 1.0])
        with tf.GradientTape() as tape:
            h = np.abs(w * 1.0)
            y = tf.reduce_sum(h)
        tape.gradient(y, w)
        """,
    "through a number": """
        import tensorflow as tf
        w = tf.Variable(2.0)
        with tf.GradientTape() as tape:
            h = float(w * 1.0)
            y = tf.constant(3.0) * h
        tape.gradient(y, w)
        """,
    "infinite": """
        import tensorflow as tf
        w = tf.Variable(0.0)
        with tf.GradientTape() as tape:
            y = tf.sqrt(w)
        tape.gradient(y, w)
        """,
    "through a called function": """
        import numpy as np
        import tensorflow as tf
        w = tf.Variable([2.0, 1.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.numpy_function(np.sin, [w * 1.0], tf.float32))
        tape.gradient(y, w)
        """,
    "in a thread": """
        import threading
        import tensorflow as tf
        def work():
            x = tf.constant(2.0)
            with tf.GradientTape() as tape:
                y = tf.sin(x)
            tape.gradient(y, x)
        with tf.GradientTape() as tape:
            pass
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        """,
    "watched": """
        import tensorflow as tf
        w, x = tf.Variable(2.0), tf.constant(1.0)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = w * 3.0
        tape.gradient(y, x)
        """,
    "predicted": """
        import keras, numpy as np, tensorflow as tf
        model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.convert_to_tensor(model.predict(np.ones((3, 2), "float32"), verbose=0)))
        tape.gradient(y, model.layers[0].kernel)
        """,
    "a layer of no use": """
        import keras, tensorflow as tf
        layer, w = keras.layers.Dense(1), tf.Variable(2.0)
        layer.build((None, 2))
        with tf.GradientTape() as tape:
            y = w * 3.0
        tape.gradient(y, layer.kernel)
        """,
    "traced": """
        import tensorflow as tf
        w, v = tf.Variable(2.5), tf.Variable(1.5)
        @tf.function
        def inner(x):
            return tf.floor(x)
        @tf.function
        def outer(x):
            return inner(x * v) * 2.0
        with tf.GradientTape() as tape:
            y = outer(w)
        tape.gradient(y, w)
        """,
    "healthy": """
        import tensorflow as tf
        w = tf.Variable(2.0)
        with tf.GradientTape() as tape:
            y = tf.sin(w) * w
        tape.gradient(y, w)
        """,
}

TOLD = {
    "unused": "GT105", "rounded": "GT302", "nobody watches": "GT101", "through an array": "GT201",
    "through a number": "GT202", "infinite": "GT401", "through a called function": "GT204", "in a thread": "GT101",
    "watched": "GT105", "predicted": "GT201", "a layer of no use": "GT105", "traced": "GT302",
}  # fmt: skip
"""What is told of each where every hook fires."""


def without_operations(monkeypatch):
    monkeypatch.setattr(hooks, "callback_for", lambda memory, names, thread: lambda *args, **options: None)


def without_backward(monkeypatch):
    monkeypatch.setattr(private, "hear_backward", lambda names, function: None)


def without_captures(monkeypatch):
    note = Backward._custom
    monkeypatch.setattr(
        Backward,
        "_custom",
        lambda self, name, outputs, inputs, backward: (
            backward if name == "captured_value" else note(self, name, outputs, inputs, backward)
        ),
    )


def without_lines(monkeypatch):
    monkeypatch.setattr(frames, "ORIGINS", {})  # a function is rewritten once in a process
    without(private.CONVERT_ACTUAL)(monkeypatch)


def without(*names):
    """Leave out the hooks on some attributes, `owner.name` where the name alone does not tell which."""

    def deafen(monkeypatch):
        put = Patches.set
        monkeypatch.setattr(
            Patches,
            "set",
            lambda self, owner, name, value: (
                None if {name, f"{owner.__name__}.{name}"} & set(names) else put(self, owner, name, value)
            ),
        )

    deafen.names = names
    return deafen


LEAVES = {
    "`.numpy()`": "numpy", "`__array__`": "__array__", "`float`": "__float__", "`int`": "__int__",
    "`complex`": "__complex__", "`index`": "__index__", "`if`": "__bool__",
    "NumPy's functions of elements": "__array_ufunc__", "NumPy's other functions": "__array_function__",
    "`np.asarray`": "numpy.asarray", "`np.array`": "numpy.array", "`np.asanyarray`": "numpy.asanyarray",
    "`np.ascontiguousarray`": "numpy.ascontiguousarray",
}  # fmt: skip
"""The hook on each way out."""

DEAF = {
    "operations are not seen": (without_operations, ["unused", "rounded", "nobody watches", "infinite"]),
    "variables that the fast path reads": (without("TFE_Py_FastPathExecute"), ["unused", "nobody watches"]),
    "where variables are made": (without("BaseResourceVariable.__init__"), ["unused", "nobody watches"]),
    "where plain values come in": (without(private.CONVERT), ["unused"]),
    "where elements are counted": (without(private.SIZE), ["unused"]),
    "tapes are not seen": (without("_push_tape", "_pop_tape"), ["unused", "nobody watches"]),
    "what tapes are told to watch": (without("GradientTape.watch"), ["nobody watches", "watched"]),
    "backward passes are not seen": (without_backward, ["infinite"]),
    "custom gradients are not seen": (without("record_operation"), ["unused"]),
    "what `numpy_function` is given": (without("py_func_common"), ["unused"]),
    "what `py_function` is given": (without("EagerFunc.__call__"), ["unused"]),
    "other threads are not heard": (without("Thread.run"), ["unused", "nobody watches", "in a thread"]),
    **{f"where {door} takes values out": (without(name), ["unused"]) for door, name in LEAVES.items()},
    "where layers are made": (without("Layer.__new__"), ["a layer of no use"]),
    "which layer's weights are": (without("add_weight"), ["a layer of no use"]),
    "traced functions are not seen inside": (without("from_func_graph"), []),
    "calls inside traced functions": (without(private.CALL_IN_GRAPH), []),
    "what traced functions read from outside": (without_captures, []),
    "lines of traced functions are not known": (without_lines, []),
}
"""By what is remarked: how the hook is made deaf, and the programs whose reason depends on it."""

SILENT = {
    "`tape.gradient` is not heard": (without("GradientTape.gradient"), "tape.gradient(y, w)"),
    "`tape.jacobian` is not heard": (without("GradientTape.jacobian"), "tape.jacobian(y, w)"),
    "`tape.batch_jacobian` is not heard": (without("batch_jacobian"), "tape.batch_jacobian(y, w)"),
    "`tf.gradients` is not heard": (without("gradients"), "tf.function(lambda: tf.gradients(tf.floor(v * v), v))()"),
    "`fit` is not heard": (without("fit"), "model.fit(x, x, verbose=0)"),
    "`train_on_batch` is not heard": (without("train_on_batch"), "model.train_on_batch(x, x)"),
    "`predict` is not heard": (without("predict"), "model.predict(x, verbose=0)"),
    "`predict_on_batch` is not heard": (without("predict_on_batch"), "model.predict_on_batch(x)"),
    "`tf.convert_to_tensor` of a symbol": (
        without("__tf_tensor__"),
        "with tf.GradientTape(), contextlib.suppress(ValueError): tf.abs(model.inputs[0])",
    ),
    "what optimizers are given": (without("apply"), "keras.optimizers.SGD().apply_gradients([(w, w), (None, v)])"),
    "that a function runs": (without("Function.__call__"), "tf.function(tf.sin)(v)"),
    "plain Python in functions made with": (without(private.TRACE), "tf.function(tf.sin)(v)"),
    "print in every call": (without("builtins.print"), "tf.function(tf.sin)(v)"),
    "hear that they run eagerly": (without("executing_eagerly"), "tf.function(tf.sin)(v)"),
    "draw other random numbers": (without(private.SEED), "tf.function(tf.sin)(v)"),
}
"""By what is remarked: how the hook is made deaf, and a line whose question, or whose own name, is not heard then."""

CALLS = """
    import contextlib, keras, numpy as np, tensorflow as tf, warnings
    warnings.simplefilter("ignore")
    w, v = tf.Variable([[1.5, 2.0]]), tf.Variable(3.0)
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    x = np.ones((3, 2), "float32")
    with tf.GradientTape(persistent=True) as tape:
        y = tf.floor(w)
    LINE
    """


def findings(ran):
    return [(f.code.number, f.proven) for report in ran.reports for f in report.findings]


def options_of(name):
    return {"functions": "graph"} if name == "traced" else {}


@pytest.mark.parametrize("name", TOLD)
def test_where_every_hook_fires_the_reason_is_told(name, explained):
    ran = explained(PROGRAMS[name], **options_of(name))
    assert [remark for remark in ran.remarks if "ran eagerly" not in remark] == []
    assert [code for code, _ in findings(ran)] == [TOLD[name]]


def deaf_pairs():
    for missing, (_, withheld) in DEAF.items():
        for name in PROGRAMS:
            quick = name in (*withheld, "healthy") or (not withheld and name == "traced")
            yield pytest.param(missing, name, marks=() if quick else pytest.mark.thorough)


@pytest.mark.parametrize(("missing", "name"), list(deaf_pairs()))
def test_a_reason_that_depends_on_a_deaf_hook_is_withheld(missing, name, explained, monkeypatch):
    deafen, withheld = DEAF[missing]
    deafen(monkeypatch)
    ran = explained(PROGRAMS[name], **options_of(name))
    assert ran.error is None
    tried = any(missing in remark for remark in ran.remarks)
    if name == "healthy":
        assert findings(ran) == []
    elif name in withheld:
        assert tried, ran.remarks
        assert findings(ran) == [("GT901", False)]
        (report,) = ran.reports
        assert any(missing in note for note in report.findings[0].diagnostic.notes)
    elif not withheld and name == "traced":
        assert tried, ran.remarks
        assert {proven for _, proven in findings(ran)} <= {False}
    else:
        told = [(code, proven) for code, proven in findings(ran) if code not in (TOLD[name], "GT901")]
        assert not any(proven for _, proven in told), told


@pytest.mark.parametrize("missing", SILENT)
def test_what_is_not_heard_is_named(missing, explained, monkeypatch):
    deafen, line = SILENT[missing]
    options = {"functions": "graph"} if missing == "that a function runs" else {}
    source = CALLS.replace("LINE", line)
    heard = explained(source, **options)
    assert heard.error is None
    assert [remark for remark in heard.remarks if "ran eagerly" not in remark] == []
    deafen(monkeypatch)
    ran = explained(source, **options)
    assert any(missing in remark for remark in ran.remarks), ran.remarks
    kind = missing.split("`")[1] if "`" in missing else "apply_gradients"
    assert kind not in {report.kind for report in ran.reports}


@pytest.mark.parametrize("which", ["_push_tape", "_pop_tape"])
def test_half_of_what_happens_to_tapes_is_not_enough(which, explained, monkeypatch):
    without(which)(monkeypatch)
    assert any("tapes are not seen" in remark for remark in explained(PROGRAMS["unused"]).remarks)


def test_where_a_tiny_program_cannot_run_nothing_is_certain(explained, monkeypatch):
    monkeypatch.setattr(tiny, "_left", lambda tf, memory: tf.no_such_name)
    ran = explained(PROGRAMS["rounded"])
    assert findings(ran) == [("GT302", False)]
    assert ["do not get on with this version" in remark for remark in ran.remarks] == [True]


def test_the_tiny_programs_leave_no_trace(explained):
    ran = explained(
        """
        import keras, tensorflow as tf
        @tf.function
        def f(x):
            return tf.sin(x)
        w = tf.Variable(2.0)
        with tf.GradientTape() as tape:
            y = f(w)
        assert [v is w for v in tape.watched_variables()] == [True]
        names = [keras.layers.Dense(1).name, keras.Model().name, keras.optimizers.SGD().name]
        assert not any(name.startswith("probe") for name in names)
        """,
        functions="graph",
    )
    assert ran.error is None


def test_what_ends_a_path_is_possible_where_custom_gradients_are_not_seen(explained, monkeypatch):
    without("record_operation")(monkeypatch)
    assert findings(explained(PROGRAMS["rounded"])) == [("GT302", False)]


def test_every_probe_is_tried():
    everything = [*probes.OF_TENSORFLOW, *probes.OF_KERAS, *probes.OF_REPLAYS, *probes.OF_FUNCTIONS]
    assert len(DEAF) + len(SILENT) == len(everything)
    assert all(sum(missing in probe.missing for probe in everything) == 1 for missing in (*DEAF, *SILENT))


def test_every_hook_is_made_deaf_by_one_of_the_tests(monkeypatch):
    hung = []
    put = Patches.set

    def note(self, owner, name, value):
        hung.append({name, f"{owner.__name__}.{name}"})
        return put(self, owner, name, value)

    monkeypatch.setattr(Patches, "set", note)
    recorder.start(Heard(), Options())
    recorder.finish(None)
    deafened = {name for deafen, _ in (*DEAF.values(), *SILENT.values()) for name in getattr(deafen, "names", ())}
    deafened.add(private.CONVERT_ACTUAL)
    assert [names for names in hung if not names & deafened] == []


def test_a_name_that_is_gone_ends_no_script(explained, monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(private, "FAST_PATH", "gone")
    ran = explained(PROGRAMS["rounded"])
    assert ran.error is None
    assert ran.reports == ()
    assert ["cannot be recorded" in remark for remark in ran.remarks] == [True]
    assert not tf.config.functions_run_eagerly()
