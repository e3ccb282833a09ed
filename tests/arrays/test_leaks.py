"""`config(leaks=...)`: what happens when a recorded value leaves the tape."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.errors import LeakError, LeakWarning

EXITS = [np.asarray, float, lambda t: t.numpy(), lambda t: t.item(), lambda t: t.tolist()]


@pytest.mark.parametrize("leave", EXITS)
def test_allowed_unless_asked(leave):
    w = gt.Variable(2.0)
    with gt.GradientTape():
        assert leave(w * 1.0) == 2.0


@pytest.mark.parametrize("leave", EXITS)
def test_an_error_names_the_place_and_the_tape_goes_on(leave):
    w = gt.Variable(2.0)
    with gt.GradientTape() as tape, gt.config(leaks="raise"):
        y = w * w
        with pytest.raises(LeakError, match="stop_gradient") as caught:
            leave(y)
    assert "test_leaks.py" in str(caught.value)
    assert float(tape.gradient(y, w)) == 4.0


def test_a_warning_lets_the_program_go_on():
    w = gt.Variable(2.0)
    with gt.GradientTape(), gt.config(leaks="warn"):
        y = w * w
        with pytest.warns(LeakWarning, match="Python number"):
            assert float(y) == 4.0


def test_what_no_tape_follows_may_leave():
    c = gt.constant(2.0)
    with gt.GradientTape(), gt.config(leaks="raise"):
        assert float(c * 1.0) == 2.0
    with gt.config(leaks="raise"):
        assert float(gt.Variable(1.0) * 2.0) == 2.0


def test_a_branch_is_no_leak_and_neither_is_an_augmented_assignment():
    w, a = gt.Variable([1.0, 2.0]), np.ones(2)
    with gt.GradientTape() as tape, gt.config(leaks="raise"):
        if w[0] > 0:
            a += w
        y = (a * a).sum()
    assert tape.gradient(y, w).numpy().tolist() == [4.0, 6.0]


def test_words_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="leaks is one of"):
        gt.config(leaks="explode")
    with pytest.raises(TypeError, match="no setting is called"):
        gt.config(leak="raise")
