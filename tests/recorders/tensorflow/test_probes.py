"""A hook that does not fire in some version is named, and no reason is given that depends on what it would see."""

import pytest

from gradtape.recorders.patches import Patches
from gradtape.recorders.tensorflow import hooks, private, probes

DOORS = ("numpy", "__array__", "__array_ufunc__", "__array_function__", "asarray", "array", "asanyarray",
         "ascontiguousarray")  # fmt: skip

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
    "through a number": "GT202", "infinite": "GT401",
}  # fmt: skip
"""What is told of each where every hook fires."""


def without_operations(monkeypatch):
    monkeypatch.setattr(hooks, "callback_for", lambda memory, names: lambda *args, **options: None)


def without_backward(monkeypatch):
    monkeypatch.setattr(private, "hear_backward", lambda names, function: None)


def without(*names):
    """Leave out the hooks on some attributes."""

    def deafen(monkeypatch):
        put = Patches.set
        monkeypatch.setattr(
            Patches, "set", lambda self, owner, name, value: None if name in names else put(self, owner, name, value)
        )

    return deafen


DEAF = {
    "operations are not seen": (without_operations, ["unused", "rounded", "nobody watches", "infinite"]),
    "variables that the fast path reads": (without("TFE_Py_FastPathExecute"), ["unused", "nobody watches"]),
    "where variables are made": (without("__init__"), ["unused", "nobody watches"]),
    "where plain values come in": (without(private.CONVERT), ["unused"]),
    "where NumPy takes values out": (without(*DOORS), ["unused", "through an array"]),
    "where values become Python numbers": (without("__float__"), ["unused", "through a number"]),
    "tapes are not seen": (without("_push_tape", "_pop_tape"), ["unused", "nobody watches"]),
    "backward passes are not seen": (without_backward, ["infinite"]),
    "custom gradients are not seen": (without("record_operation"), ["unused"]),
}
"""By what is remarked: how the hook is made deaf, and the programs whose reason depends on it."""


def findings(ran):
    return [(f.code.number, f.proven) for report in ran.reports for f in report.findings]


@pytest.mark.parametrize("name", TOLD)
def test_where_every_hook_fires_the_reason_is_told(name, explained):
    ran = explained(PROGRAMS[name])
    assert ran.remarks == []
    assert [code for code, _ in findings(ran)] == [TOLD[name]]


@pytest.mark.parametrize("missing", DEAF)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_reason_that_depends_on_a_deaf_hook_is_withheld(missing, name, explained, monkeypatch):
    deafen, withheld = DEAF[missing]
    deafen(monkeypatch)
    ran = explained(PROGRAMS[name])
    assert ran.error is None
    assert any(missing in remark for remark in ran.remarks), ran.remarks
    if name == "healthy":
        assert findings(ran) == []
    elif name in withheld:
        assert findings(ran) == [("GT901", False)]
        (report,) = ran.reports
        assert any(missing in note for note in report.findings[0].diagnostic.notes)
    else:
        assert {code for code, _ in findings(ran)} <= {TOLD[name], "GT901"}


def test_what_ends_a_path_is_possible_where_custom_gradients_are_not_seen(explained, monkeypatch):
    without("record_operation")(monkeypatch)
    assert findings(explained(PROGRAMS["rounded"])) == [("GT302", False)]


def test_every_probe_is_tried():
    assert len(DEAF) == len(probes.PROBES)
    assert all(sum(missing in probe.missing for probe in probes.PROBES) == 1 for missing in DEAF)


def test_a_name_that_is_gone_ends_no_script(explained, monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(private, "FAST_PATH", "gone")
    ran = explained(PROGRAMS["rounded"])
    assert ran.error is None
    assert ran.reports == ()
    assert ["cannot be recorded" in remark for remark in ran.remarks] == [True]
    assert not tf.config.functions_run_eagerly()
