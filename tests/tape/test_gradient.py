"""The answer: None and its stand-ins, output gradients, structures, higher orders."""

from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

import gradtape as gt
from gradtape.errors import MissingGradientError, NoGradientError, ShapeError

NONE = pytest.warns(gt.MissingGradientWarning)


def test_zeros_stand_in_with_shape_and_dtype_of_the_source():
    x, w = gt.Variable(np.ones((2, 3), np.float32)), gt.Variable(2.0)
    with gt.GradientTape() as tape:
        y = w * 3.0
    gradients = tape.gradient(y, [x, w], unconnected_gradients=gt.UnconnectedGradients.ZERO)
    assert gradients[0].dtype == np.float32
    np.testing.assert_array_equal(gradients[0].numpy(), np.zeros((2, 3)))
    assert float(gradients[1]) == 3.0


def test_raise_stands_in():
    x = gt.Variable(1.0)
    with gt.GradientTape() as tape:
        y = gt.constant(2.0)
    with pytest.raises(MissingGradientError):
        tape.gradient(y, x, unconnected_gradients="raise")


@pytest.mark.parametrize(
    "stop", [gt.stop_gradient, np.floor, np.rint, lambda x: x.astype(int).astype(float), np.zeros_like]
)
def test_paths_end(stop):
    x = gt.Variable(1.5)
    with gt.GradientTape(persistent=True) as tape:
        ended, kept = stop(x * x), x * stop(x * x)
    with NONE:
        assert tape.gradient(ended, x) is None
    assert float(tape.gradient(kept, x)) == float(stop(np.float64(2.25) if stop is not gt.stop_gradient else 2.25))


def test_zero_derivative_is_a_path():
    x = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        y = 0.0 * x + np.sign(x)
    assert float(tape.gradient(y, x)) == 0.0


def test_python_number_in_between_keeps_the_other_part():
    v = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        y = v * float(v)
    assert float(tape.gradient(y, v)) == 3.0


def square_of(values):
    x = gt.Variable(values)
    with gt.GradientTape() as tape:
        y = x * x
    return tape, y, x


@pytest.mark.parametrize("weights", [[1.0, 10.0], np.array([1, 10], np.float32), (1.0, 10.0)])
def test_output_gradients_of_one_target_are_one_array(weights):
    tape, y, x = square_of([1.0, 2.0])
    np.testing.assert_array_equal(tape.gradient(y, x, output_gradients=weights).numpy(), [2.0, 40.0])


def test_output_gradients_may_be_tensors_and_none():
    x = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        a, b = x * x, 5.0 * x
    assert float(tape.gradient([a, b], x, output_gradients=[None, gt.Variable(2.0)])) == 6.0 + 10.0


@pytest.mark.parametrize("weights", [10.0, [1.0, 2.0, 3.0], [[1.0, 2.0]], ["a", "b"]])
def test_output_gradients_that_do_not_fit_are_refused(weights):
    tape, y, x = square_of([1.0, 2.0])
    with pytest.raises(ShapeError, match="output_gradients"):
        tape.gradient(y, x, output_gradients=weights)
    assert tape.gradient(y, x) is not None


@pytest.mark.parametrize("weights", [[1.0], [1.0, 2.0, 3.0]])
def test_output_gradients_are_counted(weights):
    x = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        a, b = x * x, 5.0 * x
    with pytest.raises(ShapeError, match="2 targets"):
        tape.gradient([a, b], x, output_gradients=weights)


def test_output_gradients_are_differentiable():
    x, u = gt.Variable(3.0), gt.Variable(2.0)
    with gt.GradientTape() as outer:
        with gt.GradientTape() as inner:
            y = x * x
        g = inner.gradient(y, x, output_gradients=u)
    assert float(outer.gradient(g, u)) == 6.0


Pair = namedtuple("Pair", "u v")


@dataclass
class Model:
    u: object
    v: object


@pytest.mark.parametrize(
    ("build", "read"),
    [
        (lambda a, b: [a, {"k": (b, [a])}], lambda g: (g[0], g[1]["k"][0])),
        (Pair, lambda g: (g.u, g.v)),
        (Model, lambda g: (g.u, g.v)),
        (lambda a, b: {"z": a, "a": b}, lambda g: (g["z"], g["a"])),
    ],
)
def test_gradients_come_in_the_structure_of_the_sources(build, read):
    a, b = gt.Variable(2.0), gt.Variable(5.0)
    sources = build(a, b)
    with gt.GradientTape() as tape:
        y = a * b
    gradients = tape.gradient({"t": [y]}, sources)
    assert type(gradients) is type(sources)
    assert [float(g) for g in read(gradients)] == [5.0, 2.0]


def test_third_order():
    x = gt.Variable(2.0)
    with gt.GradientTape() as a:
        with gt.GradientTape() as b:
            with gt.GradientTape() as c:
                y = x**4
            first = c.gradient(y, x)
        second = b.gradient(first, x)
    assert float(a.gradient(second, x)) == 48.0


def test_mixed_partial_and_product_of_hessian_and_vector():
    x, y = gt.Variable(2.0), gt.Variable(3.0)
    with gt.GradientTape() as outer:
        with gt.GradientTape() as inner:
            z = x * x * y**3
        zx = inner.gradient(z, x)
    assert float(outer.gradient(zx, y)) == 108.0
    v = gt.Variable([1.0, 2.0])
    with gt.GradientTape() as outer:
        with gt.GradientTape() as inner:
            total = np.sum(v**3)
        g = inner.gradient(total, v)
    np.testing.assert_allclose(outer.gradient(g, v, output_gradients=[3.0, 4.0]).numpy(), [18.0, 48.0])


def test_inner_gradient_outside_the_outer_block_is_a_constant():
    x = gt.Variable(3.0)
    with gt.GradientTape() as outer, gt.GradientTape() as inner:
        y = x**3
    g = inner.gradient(y, x)
    with NONE:
        assert outer.gradient(g, x) is None


def test_outer_tape_that_does_not_watch_sees_no_path():
    x = gt.constant(3.0)
    with gt.GradientTape() as outer:
        with gt.GradientTape() as inner:
            inner.watch(x)
            y = x**3
        g = inner.gradient(y, x)
    with NONE:
        assert outer.gradient(g, x) is None


def test_derivative_that_is_a_constant_has_no_derivative():
    x = gt.Variable(2.0)
    with gt.GradientTape(persistent=True) as outer:
        with gt.GradientTape() as inner:
            y = 3.0 * x
        g = inner.gradient(y, x)
    with NONE:
        assert outer.gradient(g, x) is None
    assert float(outer.gradient(g, x, unconnected_gradients="zero")) == 0.0


def test_gradient_of_an_intermediate_inside_the_outer_loss():
    x = gt.Variable(3.0)
    with gt.GradientTape() as outer:
        y = x * x
        with gt.GradientTape() as inner:
            inner.watch(y)
            z = y * y
        u = y + inner.gradient(z, y)
    assert float(outer.gradient(u, x)) == 18.0


def test_an_operation_without_a_rule_fails_only_on_the_path():
    fft = gt.external(np.sinh)
    x = gt.Variable(3.0)
    with gt.GradientTape(persistent=True) as tape:
        y = fft(x)
        z = x * x
    assert float(tape.gradient(z, x)) == 6.0
    with pytest.raises(NoGradientError, match="sinh") as caught:
        tape.gradient(y, x)
    assert "fft(x)" in str(caught.value)
    assert float(tape.gradient(z, x)) == 6.0


def test_what_stands_for_a_missing_gradient_can_be_set_for_all_calls():
    x = gt.Variable([1.0, 2.0])
    with gt.GradientTape(persistent=True) as tape:
        y = gt.constant(1.0)
    with gt.config(unconnected_gradients="zero"):
        assert tape.gradient(y, x).numpy().tolist() == [0.0, 0.0]
        assert tape.jacobian(y, x).numpy().tolist() == [0.0, 0.0]
        with pytest.warns(gt.MissingGradientWarning):
            assert tape.gradient(y, x, unconnected_gradients="none") is None
    with pytest.raises(ValueError, match="unconnected_gradients is one of"):
        gt.config(unconnected_gradients="nothing")


def test_a_target_of_both_infinities_is_asked_about_quietly():
    x = gt.Variable([np.inf, -np.inf])
    with gt.GradientTape() as tape:
        y = x * 2.0
    np.testing.assert_array_equal(tape.gradient(y, x), [2.0, 2.0])
