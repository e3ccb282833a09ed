"""`tape.check` and `gradtape.debugging`: errors instead of gradients that are of no use."""

from __future__ import annotations

import runpy

import numpy as np
import pytest

import gradtape as gt
from gradtape import debugging, tf
from gradtape.errors import BrokenGradientError, DTypeError, NotFiniteError
from gradtape.ops import OPS
from gradtape.tape import missing
from gradtape.tf.errors import InvalidArgumentError


def quiet():
    return np.errstate(all="ignore")


def recorded(f, *values, **settings):
    variables = [gt.Variable(v) for v in values]
    with quiet(), gt.GradientTape(**settings) as tape:
        loss = f(*variables)
    return tape, loss, variables


def test_gradients_that_flow_pass_and_the_tape_is_not_used_up():
    tape, loss, (w,) = recorded(lambda w: np.sum(w**2), [1.0, 2.0])
    told = tape.check(loss, w)
    assert [g.status for g in told.gradients] == ["ok"]
    np.testing.assert_allclose(tape.gradient(loss, w), [2.0, 4.0])


@pytest.mark.parametrize(
    ("f", "causes"),
    [
        (lambda w: np.sum(np.floor(w)), ["piecewise-constant"]),
        (lambda w: np.sum(np.sqrt(w - 1.0)), ["singular-point"]),
        (lambda w: np.sum(np.clip(w, 5.0, 6.0)), ["flat-region"]),
        (lambda w: np.sum(w * np.exp(1000.0 * w)), ["overflow"]),
    ],
)
def test_what_does_not_is_raised_with_its_reason(f, causes):
    tape, loss, (w,) = recorded(f, [1.0, 2.0])
    with pytest.raises(BrokenGradientError) as caught:
        tape.check(loss, w)
    assert [found.cause for found in caught.value.explanation.findings] == causes
    assert caught.value.diagnostic == caught.value.explanation.first_diagnostic
    assert f"[{caught.value.diagnostic.code}]" in str(caught.value)


PARTIAL = """
import numpy as np, gradtape as gt
w = gt.Variable([1.0, 2.0])
with gt.GradientTape() as tape:
    loss = np.sum(w) * float(np.sum(w))
tape.check(loss, w)
"""


def test_a_part_that_is_lost_is_raised_too(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PARTIAL)
    with pytest.raises(BrokenGradientError, match="a part of the gradient from `loss` to `w` is lost"):
        runpy.run_path(str(path))


def test_what_is_allowed_passes_by_number_or_name():
    tape, loss, (w, b) = recorded(lambda w, b: np.sum(np.floor(w)) + 0.0 * np.sum(b), [1.5, 2.0], [1.0])
    told = tape.check(loss, [w, b], allow=["GT302", "flat-region"])
    assert [g.status for g in told.gradients] == ["none", "zero"]
    with pytest.raises(BrokenGradientError) as caught:
        tape.check(loss, [w, b], allow=["gt302"])
    assert [g.source for g in caught.value.explanation.gradients] == ["w", "b"]
    assert "GT302" not in str(caught.value)
    with pytest.raises(ValueError, match="no code"):
        tape.check(loss, w, allow=["GT999"])


def test_zero_at_a_minimum_is_right():
    tape, loss, (w,) = recorded(lambda w: np.sum((w - 1.0) ** 2), [1.0, 1.0])
    assert tape.check(loss, w).gradients[0].status == "zero"


def test_a_finite_tensor_passes_and_keeps_its_gradient():
    tape, loss, (w,) = recorded(lambda w: np.sum(debugging.check_numerics(w, "weights") ** 2), [1.0, 2.0])
    np.testing.assert_allclose(tape.gradient(loss, w), [2.0, 4.0])
    assert isinstance(debugging.check_numerics([1.0]), gt.Tensor)


def test_an_infinite_one_does_not():
    with pytest.raises(NotFiniteError, match=r"^loss: 1 of 2 elements are not a number, the first at \[1\]"):
        debugging.check_numerics(np.array([1.0, np.nan]), "loss")
    with pytest.raises(NotFiniteError, match=r"^2 of 3 elements are infinite or not a number, the first at \[0\]"):
        debugging.check_numerics(np.array([np.inf, np.nan, 1.0]))
    with pytest.raises(NotFiniteError, match=r"^the value is infinite"):
        debugging.check_numerics(np.inf)
    with pytest.raises(DTypeError, match="floating-point"):
        debugging.check_numerics([1, 2])


def test_what_comes_back_is_checked_alike():
    tape, loss, (w,) = recorded(lambda w: np.sum(np.sqrt(debugging.check_numerics(w, "w"))), [0.0, 1.0])
    with pytest.raises(NotFiniteError, match=r"^w, in the gradient: 1 of 2 elements are infinite"):
        tape.gradient(loss, w)


def test_tensorflow_has_its_own_error():
    with pytest.raises(InvalidArgumentError, match=r"^loss: 1 of 2 elements are not a number"):
        tf.debugging.check_numerics(tf.constant([1.0, np.nan]), "loss")
    assert type(tf.debugging.check_numerics(tf.constant([1.0]), "fine")) is type(tf.constant(1.0))


def test_every_operation_is_looked_at_in_a_block():
    x = gt.constant([1.0, 1000.0])
    with debugging.enable_check_numerics(), quiet():
        np.tanh(x)
        with pytest.raises(NotFiniteError, match=r"^exp makes something that is not finite of numbers: 1 of 2"):
            np.exp(x)
        with pytest.raises(NotFiniteError, match=r"^multiply is given something that is not finite"):
            x * np.array([np.inf, 1.0])
        np.exp(x / 1000.0)
    with quiet():
        assert np.isinf(np.exp(x)[1])


def test_a_gradient_is_looked_at_and_comes_with_the_diagnosis():
    with debugging.enable_check_numerics():
        tape, loss, (w,) = recorded(lambda w: np.sum(np.sqrt(w)), [0.0, 1.0])
        with pytest.raises(NotFiniteError, match="GT401 singular-point") as caught:
            tape.gradient(loss, w)
        assert caught.value.diagnostic.code.slug == "singular-point"
        tape, loss, (w,) = recorded(lambda w: np.sum(np.sqrt(w)), [1.0, 4.0])
        np.testing.assert_allclose(tape.gradient(loss, w), [0.5, 0.25])


def test_looking_ends_with_the_outermost_block_and_leaves_nothing_behind():
    before = {name: op.kernel for name, op in OPS.items()}
    with debugging.enable_check_numerics():
        with debugging.enable_check_numerics():
            pass
        with pytest.raises(NotFiniteError), quiet():
            np.exp(gt.constant(1000.0))
    after = {name: op.kernel for name, op in OPS.items()}
    changed = [name for name in before if before[name] is not after[name] and name not in {"exp", "constant"}]
    assert not changed
    assert not missing.OBSERVERS
    debugging.enable_check_numerics()
    debugging.disable_check_numerics()
    debugging.disable_check_numerics()
    with quiet():
        assert np.isinf(np.exp(gt.constant(1000.0)))


def test_a_warning_is_about_what_is_missing_and_nothing_else():
    tape, loss, (w, z, n) = recorded(
        lambda w, z, n: np.sum(np.floor(w)) + np.sum(z * 0.0) + np.sum(np.sqrt(n)), [1.5], [1.0], [0.0]
    )
    with pytest.warns(gt.MissingGradientWarning) as caught:
        tape.gradient(loss, [w, z, n])
    (warning,) = caught
    assert "GT302" in str(warning.message)
