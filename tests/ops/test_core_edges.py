"""Points and dtypes at which only the right rule of one of NumPy's functions is right: each was once left untried."""

import warnings

import numpy as np
import pytest

import gradtape as gt
from gradtape.arrays import doors

INF, NAN = float("inf"), float("nan")
Z = np.array([1.5 + 0.5j, -0.5 + 2.0j, 0.25 - 1.0j])


def gradient(f, *args):
    variables = [gt.Variable(np.array(a)) for a in args]
    with gt.GradientTape() as tape, np.errstate(all="ignore"):
        y = f(*variables)
    return [g.numpy() for g in tape.gradient(y, variables, unconnected_gradients="zero")]


@pytest.mark.parametrize(
    ("f", "args", "expected"),
    [
        (np.sqrt, (-0.0,), [INF]),
        (np.copysign, ([0.0, 2.0], [-1.0, -1.0]), [[0, -1], [0, 0]]),
        (np.heaviside, ([0.0, 1.0], [0.5, 0.5]), [[0, 0], [1, 0]]),
        (np.power, ([INF, 0.0], [0.0, 0.0]), [[0, 0], [INF, 0]]),
        (np.power, ([0j, 0j], [2.0 + 0j, 0j]), [[0, 0], [0, 0]]),
        (lambda p: np.sum(np.roots(p)), ([0.0, 3.0],), [[0, 0]]),
        (lambda y: (-2.0) ** y, (0.5,), [NAN]),
        (lambda x: np.histogram_bin_edges(x, bins=2)[0], ([0.0, 0.0, 1.0],), [[0.5, 0.5, 0]]),
        (lambda x: np.histogram_bin_edges(x, bins=2)[2], ([1.0, 0.0, 1.0],), [[0.5, 0, 0.5]]),
    ],
)
def test_the_edge_of_a_function(f, args, expected):
    for g, e in zip(gradient(f, *args), expected, strict=True):
        np.testing.assert_allclose(g, e)


def test_the_whole_part_of_a_number_has_a_gradient_which_is_zero():
    x = gt.Variable(np.array([1.25, -2.5]))
    with gt.GradientTape() as tape:
        _, whole = np.modf(x)
    assert tape.gradient(whole, x).numpy().tolist() == [0.0, 0.0]


def test_a_power_near_the_exponent_zero_turns_with_base_and_exponent_alike():
    a, b = gt.Variable(np.array([2.0, 0.5])), gt.Variable(np.zeros(2))
    for first, second in ((a, b), (b, a)):
        with gt.GradientTape() as outer:
            with gt.GradientTape() as inner:
                y = a**b
            slope = inner.gradient(y, first)
        np.testing.assert_allclose(outer.gradient(slope, second).numpy(), [0.5, 2.0])


def test_which_argument_is_chosen_has_no_slope():
    x = gt.Variable(np.array([NAN, 1.0, -1.0]))
    with gt.GradientTape() as outer:
        with gt.GradientTape() as inner:
            y = np.maximum(x, 0.0)
        slope = inner.gradient(y, x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gt.errors.MissingGradientWarning)
        assert outer.gradient(slope, x) is None


def test_a_median_beside_nan_does_not_hide_it():
    (g,) = gradient(np.median, [1.0, NAN, 2.0])
    assert np.isnan(g).any()


def test_logsumexp_takes_the_largest_of_each_row_apart():
    f = doors.door("logsumexp")
    (g,) = gradient(lambda x: f(x, axis=1), [[0.0, 0.0], [1000.0, 1000.0]])
    np.testing.assert_allclose(g, np.full((2, 2), 0.5))


@pytest.mark.parametrize("f", [np.imag, np.fft.irfft])
def test_no_imaginary_part_flows_through_real_numbers(f):
    weights = np.arange(1.0, 1.0 + f(Z.real).size)
    (g,) = gradient(lambda z: np.sum(f(np.real(z)) * weights), Z)
    (alone,) = gradient(lambda x: np.sum(f(x) * weights), Z.real)
    np.testing.assert_array_equal(g, alone)


@pytest.mark.parametrize("f", [np.real, np.imag])
def test_a_complex_number_gets_a_complex_cotangent(f):
    seen = []

    @gt.custom_gradient
    def passed(z):
        def back(g):
            seen.append(g.dtype)
            return g

        return z * 1.0, back

    gradient(lambda z: f(passed(z)), Z)
    assert seen == [np.complex128]


def test_casts_between_real_and_complex_numbers():
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # an imaginary part that is dropped unasked
        (real,) = gradient(lambda x: np.real(x.astype(np.complex128) * (2 + 3j)), Z.real)
        (wide,) = gradient(lambda z: np.real(z.astype(np.complex128) * (2 + 3j)), Z.astype(np.complex64))
    np.testing.assert_array_equal(real, np.full(3, 2.0))
    np.testing.assert_array_equal(wide, np.full(3, 2 - 3j, np.complex64))
