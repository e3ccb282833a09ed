"""`assert_gradients_flow` and `assert_explains` on programs whose answers are known."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.recorders.hearing import Hearing
from gradtape.testing import assert_explains, assert_gradients_flow, explanations


@pytest.fixture
def w():
    return gt.Variable([1.5, 2.5], name="w")


@pytest.fixture
def b():
    return gt.Variable(1.0, name="b")


def failure(*arguments, **more):
    with pytest.raises(AssertionError) as caught:
        assert_gradients_flow(*arguments, **more)
    return str(caught.value)


def test_a_function_is_run_and_its_gradients_come_back_in_their_structure(w, b):
    found = assert_gradients_flow(lambda: np.sum(w * w) * b, {"w": w, "rest": [b]})
    assert np.asarray(found["w"]).tolist() == [3.0, 5.0]
    assert float(found["rest"][0]) == 8.5


def test_a_loss_that_was_computed_without_a_tape(w):
    loss = np.sum(w * w)
    assert_gradients_flow(loss, w)
    assert_gradients_flow(loss, w)  # and nothing is used up


def test_a_loss_that_a_tape_recorded(w, b):
    with gt.GradientTape() as tape:
        loss = np.sum(w * w)
    with pytest.raises(AssertionError) as caught:
        assert_gradients_flow(loss, [w, b], tape=tape)
    said = str(caught.value)
    assert said.startswith("2 gradients asked for: 1 flows, 1 does not\n\n")
    assert "warning[GT105 not-used]: no gradient flows from `loss` to `b`" in said


def test_a_loss_of_a_tape_without_the_tape_says_what_to_do(w):
    with gt.GradientTape():
        loss = np.sum(w * w)
    with pytest.raises(gt.errors.TapeStateError) as caught:
        assert_gradients_flow(loss, w)
    assert "pass the tape that recorded it too" in caught.value.__notes__[0]


def test_the_whole_diagnosis_is_the_message(w):
    def loss():
        return np.sum(np.floor(w) ** 2)

    with pytest.raises(AssertionError) as caught:
        assert_gradients_flow(loss, w)
    said = str(caught.value)
    assert "GT302 piecewise-constant" in said
    assert "return np.sum(np.floor(w) ** 2)" in said
    assert "help: " in said
    assert "no gradient flows from `loss` to `w`" in said


@pytest.mark.parametrize(
    ("slope", "status"), [(0.0, "is zero"), (np.nan, "is not a number"), (np.inf, "is not a number")]
)
def test_zeros_and_nan_do_not_flow(w, slope, status):
    with np.errstate(all="ignore"):
        said = failure(lambda: np.sum(w * slope), w)
    assert "1 gradient asked for: 0 flow, 1 does not" in said
    assert status in said or "GT4" in said


def test_what_is_not_watched_by_itself_is_watched(w):
    x = gt.constant([1.0, 2.0])
    assert_gradients_flow(lambda: np.sum(w * x), [w, x])


def test_a_frozen_variable_is_found():
    frozen = gt.Variable(1.0, trainable=False)
    assert "GT102" in failure(lambda: frozen * 2, frozen)


def test_causes_can_be_allowed(w, b):
    assert_gradients_flow(lambda: np.sum(w * w), [w, b], allow=["not-used"])
    assert "GT105" in failure(lambda: np.sum(w * w), [w, b], allow=["GT302"])
    with pytest.raises(ValueError, match="'nonsense' is no code"):
        assert_gradients_flow(lambda: np.sum(w * w), [w, b], allow=["nonsense"])


def test_an_error_of_the_program_is_its_own(w):
    def loss():
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        assert_gradients_flow(loss, w)


def test_questions_that_the_program_asks_itself_do_not_count(w, b):
    def loss():
        with gt.GradientTape() as tape:
            y = np.sum(w * w)
        tape.gradient(y, b)
        return np.sum(w * w)

    assert_gradients_flow(loss, w)


def test_who_listens_already_hears_it_too(w, b):
    with Hearing() as hearing:
        failure(lambda: np.sum(w * w), [w, b])
        assert_gradients_flow(lambda: np.sum(w * w), w)
    assert [str(r.status) for r in hearing.reports] == ["ok", "none", "ok"]


def test_nobody_is_warned_twice(w, b):
    failure(lambda: np.sum(w * w), [w, b])  # a warning is an error in these tests


PROGRAM = """\
import numpy as np, gradtape as gt
w = gt.Variable(1.5)
with gt.GradientTape() as tape:
    loss = np.floor(w) * 2
tape.gradient(loss, w)
"""


@pytest.mark.parametrize("line", [4, "np.floor"])
def test_a_program_is_explained_by_a_cause_at_a_line(line, tmp_path):
    (tmp_path / "train.py").write_text(PROGRAM)
    for program in (PROGRAM, tmp_path / "train.py"):
        for code in ("GT302", "piecewise-constant"):
            assert assert_explains(program, code, line).code.number == "GT302"


@pytest.mark.parametrize(
    ("code", "line", "told"),
    [
        ("GT302", 5, "GT302 is said elsewhere than at 5"),
        ("GT302", "np.ceil", "GT302 is said elsewhere than at 'np.ceil'"),
        ("GT105", 4, "GT105 is not among what is said"),
    ],
)
def test_another_cause_or_line_fails_with_all_that_was_said(code, line, told):
    with pytest.raises(AssertionError) as caught:
        assert_explains(PROGRAM, code, line)
    assert str(caught.value).startswith(told)
    assert "loss = np.floor(w) * 2" in str(caught.value)


def test_a_program_that_asks_for_nothing():
    with pytest.raises(AssertionError, match="no gradient was asked for"):
        assert_explains("x = 1\n", "GT302", 1)
    assert explanations("x = 1\n") == ()


def test_a_function_is_a_program_too(w):
    def train():
        with gt.GradientTape() as tape:
            loss = np.sum(np.rint(w))
        tape.gradient(loss, w)

    assert_explains(train, "GT302", "np.rint(w)")
