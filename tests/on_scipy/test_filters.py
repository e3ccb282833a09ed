"""Filters and convolutions: SciPy's values in every mode, and gradients in signals, coefficients and states."""

import numpy as np
import pytest
import scipy.signal

import gradtape as gt
import gradtape.scipy as gsp
from tests.on_scipy.agreement import check_agreement

RNG = np.random.default_rng(3)
X = RNG.normal(size=14)
XX = RNG.normal(size=(2, 13))
B, A = np.array([0.5, -0.2, 0.3]), np.array([1.0, -0.4])
LOW = scipy.signal.butter(4, 0.3, output="sos")
K = RNG.normal(size=(3, 2))
IMAGE = RNG.normal(size=(4, 5))

CALLS = [
    ("lfilter", (B, A, X), {}),
    ("lfilter", (B, np.array([2.0, 0.3, -0.1]), XX), {"axis": 0}),
    ("lfilter", (B, np.array([2.0, 0.3, -0.1]), X, -1, np.array([0.3, -0.2])), {}),
    ("lfilter", (B, A, X[:1], -1, np.array([0.3, -0.2])), {}),
    ("lfilter", (A, np.array([1.0, -0.4, 0.2, 0.1]), XX, 1, RNG.normal(size=(2, 3))), {}),
    ("lfilter", (B, np.array([1.5]), X), {}),
    ("lfilter_zi", (B, A), {}),
    ("lfilter_zi", (A, np.array([2.0, -0.4, 0.2, 0.1])), {}),
    ("sosfilt", (LOW, XX), {}),
    ("sosfilt", (LOW, XX, 0), {}),
    ("sosfilt", (LOW, X, -1, RNG.normal(size=(2, 2))), {}),
    ("sosfilt_zi", (LOW,), {}),
    ("filtfilt", (B, A, X), {}),
    ("filtfilt", (B, A, XX), {"padtype": "even", "padlen": 4}),
    ("filtfilt", (B, A, XX), {"padtype": "constant"}),
    ("filtfilt", (B, A, XX), {"padtype": None, "axis": 0}),
    ("sosfiltfilt", (LOW, RNG.normal(size=(2, 20))), {}),
    ("sosfiltfilt", (LOW, X), {"padtype": "even", "padlen": 5}),
    *(("convolve", (X, B), {"mode": m, "method": w}) for m in ("full", "same", "valid") for w in ("direct", "fft")),
    *(("correlate", (B, X), {"mode": m}) for m in ("full", "same", "valid")),
    *(("correlate", (IMAGE, K), {"mode": m}) for m in ("full", "same", "valid")),
    ("convolve", (np.array(2.0), np.array(3.0)), {}),
    ("fftconvolve", (XX, K.T), {"axes": 1}),
    ("fftconvolve", (XX[:1], XX[:, :4]), {"axes": -1, "mode": "same"}),
    ("oaconvolve", (X, B), {"mode": "same"}),
    ("oaconvolve", (XX, XX[:, :3]), {"axes": [1], "mode": "valid"}),
    *(
        (name, (IMAGE, K), {"mode": m, "boundary": b})
        for name in ("convolve2d", "correlate2d")
        for m in ("full", "same", "valid")
        for b in ("fill", "wrap", "symm")
    ),
    ("convolve2d", (IMAGE, K), {"fillvalue": 2.0}),
    ("convolve2d", (K, IMAGE), {"mode": "same"}),
    ("upfirdn", (B, X), {"up": 3, "down": 2}),
    ("upfirdn", (RNG.normal(size=7), XX), {"up": 2, "down": 3, "axis": 0}),
]


@pytest.mark.parametrize(("name", "args", "params"), CALLS)
def test_call(name, args, params):
    check_agreement(getattr(gsp.signal, name), getattr(scipy.signal, name), args, params)


@pytest.mark.parametrize("name", ["correlate", "convolve"])
def test_complex_numbers(name):
    a, v = X[:5] + 1j * X[5:10], B * 1j + 1.0
    np.testing.assert_allclose(
        getattr(gsp.signal, name)(gt.constant(a), v).numpy(), getattr(scipy.signal, name)(a, v), rtol=1e-12
    )


def test_a_gain_without_memory_goes_there_and_back():
    np.testing.assert_allclose(gsp.signal.filtfilt([0.5], [2.0], X).numpy(), X / 16.0)


def test_a_long_filter_runs_without_a_loop_over_samples():
    x = gt.Variable(np.ones(100_000))
    with gt.GradientTape() as tape:
        y = gsp.signal.lfilter([0.1], [1.0, -0.9], x)
    g = tape.gradient(y, x).numpy()
    np.testing.assert_allclose(g[0], 1.0, rtol=1e-12)
    np.testing.assert_allclose(g[-1], 0.1, rtol=1e-12)


def test_single_precision_stays():
    x = gt.Variable(np.ones(8, np.float32))
    with gt.GradientTape() as tape:
        y = gsp.signal.lfilter(B.astype(np.float32), A.astype(np.float32), x)
    assert y.dtype == tape.gradient(y, x).dtype == np.float32


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: gsp.signal.filtfilt(B, A, x, padlen=20), "more than padlen"),
        (lambda x: gsp.signal.filtfilt(B, A, x, method="gust"), "Gustafsson"),
        (lambda x: gsp.signal.filtfilt(B, A, x, padtype="round"), "padtype"),
        (lambda x: gsp.signal.convolve(x, B, "middle"), "mode"),
        (lambda x: gsp.signal.convolve(x, K), "axes"),
        (lambda x: gsp.signal.lfilter(K, A, x), "one-dimensional"),
        (lambda x: gsp.signal.lfilter(B, A, x, zi=[1.0]), "zi has shape"),
        (lambda x: gsp.signal.sosfilt(K, x), "sections"),
    ],
)
def test_what_is_wrong_is_said(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call(gt.Variable(X))
