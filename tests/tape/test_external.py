"""A user's own functions on the tape."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.errors import NoGradientError, OperandError, ShapeError

NONE = pytest.warns(gt.MissingGradientWarning)


def scaled_product(a, b, scale=1.0):
    return scale * a * b


product = gt.external(scaled_product, vjp=lambda g, y, a, b: (g * b, None))


def test_the_given_derivative_is_used_and_none_ends_the_path():
    a, b = gt.Variable([1.0, 2.0]), gt.Variable([3.0, 4.0])
    with gt.GradientTape() as tape:
        y = np.sum(product(a, b, scale=10.0) * 2.0)
    with NONE:
        ga, gb = tape.gradient(y, [a, b])
    assert float(y) == 220.0
    np.testing.assert_array_equal(ga.numpy(), [6.0, 8.0])
    assert gb is None


def test_without_tensors_it_computes():
    np.testing.assert_array_equal(product([1.0, 2.0], 3.0).numpy(), [3.0, 6.0])


def test_without_a_derivative_the_gradient_is_refused_and_located():
    legacy = gt.external(np.sort)
    x = gt.Variable([2.0, 1.0])
    with gt.GradientTape() as tape:
        y = legacy(x)
    with pytest.raises(NoGradientError, match=r"gradtape\.external") as caught:
        tape.gradient(y, x)
    assert "legacy(x)" in str(caught.value)


def test_a_second_derivative_is_refused_only_when_asked_for():
    sine = gt.external(np.sin, vjp=lambda g, y, x: g * np.cos(x))
    x = gt.Variable(0.0)
    with gt.GradientTape() as outer:
        with gt.GradientTape() as inner:
            y = sine(x) * x
        g = inner.gradient(y, x)
    assert float(g) == 0.0
    with pytest.raises(NoGradientError, match="none of its own"):
        outer.gradient(g, x)


@pytest.mark.parametrize("returned", [lambda g, y, a: (g, g), lambda g, y, a: np.ones(5)])
def test_the_vjp_is_checked(returned):
    f = gt.external(np.sin, vjp=returned)
    x = gt.Variable([1.0, 2.0])
    with gt.GradientTape() as tape:
        y = f(x)
    with pytest.raises(ShapeError, match="vjp of `sin`"):
        tape.gradient(y, x)


def test_it_gets_read_only_arrays_and_its_result_is_copied():
    buffer = np.zeros(2)

    def f(x):
        with pytest.raises(ValueError, match="read-only"):
            x[0] = 1.0
        buffer[:] = x
        return buffer

    y = gt.external(f)(gt.Variable([1.0, 2.0]))
    buffer[:] = 0.0
    np.testing.assert_array_equal(y.numpy(), [1.0, 2.0])


def test_arrays_go_by_position():
    with pytest.raises(OperandError, match="by keyword"):
        product(gt.constant(1.0), b=gt.constant(2.0))


def test_several_results_are_refused():
    with pytest.raises(OperandError, match="returns one array"):
        gt.external(lambda x: (x, x))(gt.constant(1.0))


def test_straight_through_steps_with_the_gradient_of_the_identity():
    x = gt.Variable(np.array([0.6, 1.7], np.float32))
    with gt.GradientTape() as tape:
        y = gt.straight_through(lambda v: v.astype(int), x)
        z = np.sum(y * y)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y.numpy(), [0.0, 1.0])
    np.testing.assert_array_equal(tape.gradient(z, x).numpy(), [0.0, 2.0])


def test_straight_through_keeps_the_shape():
    with pytest.raises(ShapeError, match="straight_through"):
        gt.straight_through(np.sum, gt.constant([1.0, 2.0]))


def wave(x, a, scale=1.0):
    return scale * np.sin(x) * a**2


@pytest.mark.parametrize(("method", "rtol"), [("complex-step", 1e-14), ("finite-difference", 1e-9)])
def test_a_derivative_from_values(method, rtol):
    f = gt.external(wave, method=method)
    x, a = gt.Variable([[0.3, 1.2], [-0.7, 2.0]]), gt.Variable(1.5)
    with gt.GradientTape() as tape:
        y = np.sum(f(x, a, scale=3.0) * [[1.0, 2.0], [3.0, 4.0]])
    gx, ga = tape.gradient(y, [x, a])
    weights, value = np.array([[3.0, 6.0], [9.0, 12.0]]), x.numpy()
    np.testing.assert_allclose(gx.numpy(), weights * np.cos(value) * 2.25, rtol=rtol)
    np.testing.assert_allclose(ga.numpy(), (weights * np.sin(value)).sum() * 3.0, rtol=rtol)


def test_the_complex_step_beats_differences_where_they_cancel():
    f = gt.external(lambda x: np.exp(x) / np.sqrt(np.sin(x) ** 3 + np.cos(x) ** 3), method="complex-step")
    x = gt.Variable(1.5)
    with gt.GradientTape() as tape:
        y = f(x)
    assert tape.gradient(y, x).numpy() == pytest.approx(4.05342789389862, rel=1e-14)


def test_a_derivative_from_values_keeps_the_dtype_and_the_rest_of_the_path():
    f = gt.external(lambda x: x**3, method="finite-difference")
    x = gt.Variable(np.array([1.0, 2.0], np.float32))
    with gt.GradientTape() as tape:
        y = f(x * 2.0)
    slope = tape.gradient(y, x)
    assert slope.dtype == np.float32
    np.testing.assert_allclose(slope.numpy(), [24.0, 96.0], rtol=1e-6)


def test_what_a_method_cannot_do_is_said():
    with pytest.raises(TypeError, match="not both"):
        gt.external(np.sin, vjp=lambda g, y, x: g, method="complex-step")
    with pytest.raises(ValueError, match="complex-step"):
        gt.external(np.sin, method="guess")
    x = gt.Variable(1.0)
    with gt.GradientTape() as tape:
        y = gt.external(lambda x: np.asarray(np.real(x)) * 1.0, method="complex-step")(x)
    with pytest.raises(OperandError, match="finite-difference"):
        tape.gradient(y, x)
    z = gt.Variable(1j)
    with gt.GradientTape() as tape:
        y = gt.external(np.abs, method="finite-difference")(z)
    with pytest.raises(OperandError, match="real arguments"):
        tape.gradient(y, z)


def test_a_second_derivative_from_values_is_refused():
    f = gt.external(np.sin, method="complex-step")
    x = gt.Variable(1.0)
    with gt.GradientTape() as outer:
        with gt.GradientTape() as inner:
            y = f(x)
        slope = inner.gradient(y, x)
    with pytest.raises(NoGradientError, match="given from outside"):
        outer.gradient(slope, x)
