"""NumPy's convolutions, windows and angles: lengths, modes, ties and what has a derivative."""

import numpy as np
import pytest

import gradtape as gt
import gradtape.numpy as gnp
from gradtape.testing import check_grads

RNG = np.random.default_rng(7)
LENGTHS = [(5, 3), (5, 2), (2, 5), (3, 6), (4, 4), (1, 1), (1, 4)]


@pytest.mark.parametrize("function", [np.convolve, np.correlate])
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_modes(function, mode, lengths):
    a, v = (RNG.normal(size=n) for n in lengths)
    np.testing.assert_allclose(function(gt.constant(a), v, mode).numpy(), function(a, v, mode), rtol=1e-12, atol=1e-14)
    check_grads(lambda x, y: function(x, y, mode), [a, v])
    z, w = a + 1j * a[::-1], v - 0.5j
    np.testing.assert_allclose(function(gt.constant(z), w, mode).numpy(), function(z, w, mode), rtol=1e-12, atol=1e-14)


def test_an_empty_vector_is_refused():
    with pytest.raises(ValueError, match="empty"):
        np.convolve(gt.Variable(np.zeros(0)), [1.0])


@pytest.mark.parametrize("length", [0, 1, 2, 7, 8])
def test_kaiser(length):
    beta = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        window = gnp.kaiser(length, beta)
    np.testing.assert_allclose(window.numpy(), np.kaiser(length, 3.0), rtol=1e-12)
    assert (tape.gradient(window, beta, unconnected_gradients="zero").numpy() != 0) == (length > 1)
    check_grads(lambda b: gnp.kaiser(max(length, 2), b), [3.0])


ANGLES = np.cumsum(RNG.uniform(-4.0, 4.0, (3, 6)), axis=1)


@pytest.mark.parametrize(
    "params", [{}, {"axis": 0}, {"discont": 4.0}, {"period": 2.0}, {"discont": 0.3, "period": 3.0}]
)
def test_unwrap(params):
    wrapped = ANGLES % params.get("period", 2 * np.pi)
    np.testing.assert_allclose(np.unwrap(gt.constant(wrapped), **params).numpy(), np.unwrap(wrapped, **params))
    check_grads(lambda p: np.unwrap(p, **params), [wrapped])


def test_unwrap_of_half_a_period_and_of_whole_numbers():
    steps = np.array([0.0, np.pi, 0.0, -np.pi, 2 * np.pi])
    np.testing.assert_allclose(np.unwrap(gt.constant(steps)).numpy(), np.unwrap(steps))
    whole = np.array([0, 3, 1, 4, 0])
    assert np.unwrap(gt.constant(whole), period=4).numpy().tolist() == np.unwrap(whole, period=4).tolist()
    period = gt.Variable(2.0)
    with gt.GradientTape() as tape:
        y = gnp.unwrap(np.array([0.0, 1.5, 0.1]), period=period)
    assert tape.gradient(y, period) is not None
