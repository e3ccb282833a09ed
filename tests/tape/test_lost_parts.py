"""A gradient that arrives while a part of it is lost warns, once, and nothing is looked for where nothing left."""

import warnings

import numpy as np
import pytest

import gradtape as gt
from gradtape import PartialGradientWarning
from gradtape.tape import missing


def gradient(scale, losses=None):
    w = gt.Variable([1.0, 2.0])
    with gt.GradientTape() as tape:
        s = scale(w)
        loss = np.sum(w * w) / s
        if losses is not None:
            losses.append(float(loss))
    return tape.gradient(loss, w)


def test_a_part_that_left_as_a_number_is_named():
    w = gt.Variable([1.0, 2.0])
    with gt.GradientTape() as tape:
        scale = float(np.max(w))
        loss = np.sum(w * w) / scale
    with pytest.warns(PartialGradientWarning) as seen:
        g = tape.gradient(loss, w)
    (warning,) = seen
    text = str(warning.message)
    assert text.startswith("a part of the gradient from `loss` to `w` is lost: `float(np.max(w))`")
    assert "GT202 left-through-number" in text
    assert warning.filename == __file__
    np.testing.assert_allclose(g, [1.0, 2.0])


def test_a_training_loop_looks_at_what_is_new(monkeypatch):
    looked = []
    real = missing.explain_asked
    monkeypatch.setattr(missing, "explain_asked", lambda *given, **more: looked.append(1) or real(*given, **more))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for _ in range(5):
            w = gt.Variable([1.0, 2.0])
            with gt.GradientTape() as tape:
                scale = float(np.max(w))
                loss = np.sum(w * w) / scale
            tape.gradient(loss, w)
    assert len(looked) <= 2  # the first round has nothing before it
    assert len(seen) == 5


@pytest.mark.parametrize(
    "scale",
    [
        lambda w: np.max(w),
        lambda w: gt.stop_gradient(np.max(w)),
        lambda w: 2.0 if np.max(w) > 1.0 else 3.0,
        lambda w: np.round(np.max(w)),
    ],
    ids=["flows", "on purpose", "a branch", "a rounding"],
)
def test_what_does_not_leave_is_not_looked_into(monkeypatch, scale):
    monkeypatch.setattr(missing, "explain_asked", lambda *_, **__: pytest.fail("it was looked into"))
    assert gradient(scale, losses=[]) is not None


def test_what_leaves_and_does_not_come_back_does_not_warn():
    seen = []
    assert gradient(lambda w: (seen.append(float(np.max(w))), np.max(w))[1]) is not None
    assert seen == [2.0]


def test_who_listens_tells_it_and_nobody_warns(monkeypatch):
    heard = []
    monkeypatch.setattr(missing, "LISTENERS", [heard.append])
    assert gradient(lambda w: float(np.max(w))) is not None
    assert len(heard) == 1
