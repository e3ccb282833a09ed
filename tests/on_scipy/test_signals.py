"""Spectra, resampling, smoothing and design: SciPy's values with many arguments, and their gradients."""

import numpy as np
import pytest
import scipy.signal

import gradtape as gt
import gradtape.scipy as gsp
from gradtape.testing import check_grads
from tests.on_scipy.agreement import check_agreement

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(2, 33))
XX, YY = RNG.normal(size=(2, 2, 20))
B, A = np.array([0.5, -0.2, 0.3]), np.array([1.0, -0.4])
SHORT = {"nperseg": 8}
STFT = scipy.signal.stft(X, nperseg=8)[2]

CALLS = [
    ("stft", (X,), SHORT),
    ("stft", (X,), {"nperseg": 7, "noverlap": 5, "nfft": 9, "boundary": "even", "detrend": "linear"}),
    ("stft", (XX,), {**SHORT, "axis": 0, "boundary": None, "padded": False, "nperseg": 2}),
    ("stft", (XX,), {**SHORT, "return_onesided": False, "scaling": "psd", "fs": 3.0, "window": ("tukey", 0.3)}),
    ("stft", (XX.T,), {**SHORT, "axis": 0, "boundary": "odd"}),
    ("stft", (XX.T,), {**SHORT, "axis": -2, "boundary": "constant"}),
    ("welch", (X,), SHORT),
    ("welch", (X,), {"nperseg": 9, "nfft": 12, "average": "median", "fs": 2.0}),
    ("welch", (XX,), {**SHORT, "scaling": "spectrum", "detrend": False, "return_onesided": False}),
    ("welch", (XX.T,), {**SHORT, "axis": 0, "window": np.hanning(8)}),
    ("csd", (X, Y), SHORT),
    ("csd", (X, Y[:25]), {"nperseg": 11, "noverlap": 2, "detrend": "linear"}),
    ("csd", (XX, YY[:1]), {**SHORT, "average": "median"}),
    ("csd", (XX.T, YY.T), {**SHORT, "axis": 0}),
    ("coherence", (X, Y), SHORT),
    ("coherence", (XX.T, YY.T), {**SHORT, "axis": 0, "fs": 2.0}),
    ("periodogram", (X,), {}),
    ("periodogram", (XX,), {"nfft": 32, "window": "hann", "scaling": "spectrum"}),
    ("periodogram", (XX.T,), {"nfft": 12, "axis": 0, "detrend": "linear"}),
    ("spectrogram", (X,), SHORT),
    ("spectrogram", (X,), {**SHORT, "mode": "magnitude", "noverlap": 3}),
    ("spectrogram", (XX.T,), {**SHORT, "axis": 0, "mode": "complex"}),
    ("resample", (X, 16), {}),
    ("resample", (X, 40), {}),
    ("resample", (X[:12], 6), {}),
    ("resample", (X[:12], 20), {"window": "hamming"}),
    ("resample", (X[:6], 12), {"t": np.arange(6.0)}),
    ("resample", (XX, 7), {"axis": 1}),
    ("resample", (XX, 2), {}),
    ("resample_poly", (X, 3, 2), {}),
    ("resample_poly", (X, 2, 4), {"window": "hamming"}),
    ("resample_poly", (XX, 5, 3), {"axis": 1, "padtype": "mean"}),
    ("resample_poly", (X, 1, 1), {}),
    ("resample_poly", (X, 4, 7), {"padtype": "median"}),
    ("decimate", (np.tile(X, 3), 3), {}),
    ("decimate", (np.tile(X, 3), 2), {"ftype": "fir"}),
    ("decimate", (np.tile(X, 3), 2), {"ftype": "fir", "zero_phase": False, "n": 7}),
    ("decimate", (XX.T, 2), {"axis": 0, "zero_phase": False}),
    ("detrend", (X,), {}),
    ("detrend", (XX,), {"axis": 0, "type": "constant"}),
    ("detrend", (XX,), {"bp": [5, 11]}),
    ("detrend", (XX.T,), {"axis": 0, "bp": 7}),
    ("savgol_filter", (X, 5, 2), {}),
    ("savgol_filter", (X, 7, 3), {"deriv": 1, "delta": 0.5}),
    ("savgol_filter", (XX, 1, 0), {}),
    *(("savgol_filter", (XX, 5, 2), {"mode": m, "cval": 0.5}) for m in ("mirror", "constant", "nearest", "wrap")),
    ("savgol_filter", (XX.T, 5, 3), {"axis": 0, "deriv": 2}),
    ("hilbert", (X,), {}),
    ("hilbert", (XX,), {"N": 14}),
    ("hilbert", (XX,), {"axis": 0}),
    ("hilbert", (X[:1],), {}),
    ("envelope", (X,), {}),
    ("envelope", (XX, (2, 7)), {"residual": "all"}),
    ("envelope", (XX.T, (None, None)), {"axis": 0, "squared": True, "residual": None}),
    ("freqz", (B, A), {"worN": 9}),
    ("freqz", (B, A), {"worN": 6, "whole": True, "fs": 2.0}),
    ("freqz", (B, A, [0.1, 1.0]), {}),
    ("freqz", (B,), {"worN": 5, "include_nyquist": True}),
    ("sosfreqz", (scipy.signal.butter(4, 0.3, output="sos"),), {"worN": 7}),
    ("bilinear", (B, np.array([1.0, 0.5, 0.2, 0.1]), 2.0), {}),
    ("bilinear", (np.array([1.0, 2.0]), np.array([0.5, 0.2])), {}),
    ("firwin", (9, np.array([0.2, 0.6])), {}),
    ("firwin", (9, np.array([0.4])), {"pass_zero": False, "fs": 3.0}),
    ("firwin", (8, np.array([0.2, 0.5, 0.7])), {"scale": False, "window": "hann"}),
    ("firwin", (7, np.array([0.3, 0.6])), {"pass_zero": "bandpass", "width": 0.1}),
    *(
        ("chirp", (X, np.array(1.5), np.array(2.0), np.array(4.0)), {"method": m, "phi": 30})
        for m in ("linear", "quadratic", "logarithmic")
    ),
    ("chirp", (np.abs(X), np.array(4.0), np.array(2.0), np.array(2.0)), {"method": "hyperbolic"}),
    ("chirp", (X, 1.5, 2.0, 4.0), {"method": "quadratic", "vertex_zero": False}),
    ("gausspulse", (X / 3, np.array(2.0), np.array(0.4)), {"retquad": True, "retenv": True}),
    ("gausspulse", (X,), {"fc": 1.0}),
    ("sawtooth", (X, 0.4), {}),
    ("medfilt", (X,), {}),
    ("medfilt", (XX, (1, 5)), {}),
    ("medfilt2d", (XX,), {}),
    ("order_filter", (XX, [[1, 0, 1]], 1), {}),
    ("wiener", (X,), {}),
    ("wiener", (XX, (1, 3), 0.4), {}),
    ("deconvolve", (X[:6], B), {}),
    ("sawtooth", (X,), {}),
]


@pytest.mark.parametrize(("name", "args", "params"), CALLS)
def test_call(name, args, params):
    check_agreement(getattr(gsp.signal, name), getattr(scipy.signal, name), args, params, rtol=1e-8)


@pytest.mark.parametrize(
    "params",
    [
        SHORT,
        {**SHORT, "boundary": False, "scaling": "psd", "window": "hamming"},
        {"nperseg": 8, "noverlap": 6},
    ],
)
def test_istft(params):
    def ours(re, im):
        return gsp.signal.istft(re + 1j * im, **params)[1]

    x = scipy.signal.istft(STFT, **params)[1]
    np.testing.assert_allclose(gsp.signal.istft(STFT, **params)[1].numpy(), x, rtol=1e-10, atol=1e-12)
    check_grads(ours, [STFT.real, STFT.imag])


def test_istft_of_other_axes_and_there_and_back():
    z = np.stack([STFT, 2.0 * STFT])
    for time_axis, freq_axis in ((2, 1), (0, 2), (1, 0)):
        moved = np.moveaxis(z, (2, 1), (time_axis, freq_axis))
        ours = gsp.signal.istft(moved, time_axis=time_axis, freq_axis=freq_axis)[1].numpy()
        np.testing.assert_allclose(
            ours, scipy.signal.istft(moved, time_axis=time_axis, freq_axis=freq_axis)[1], rtol=1e-10, atol=1e-12
        )
    back = gsp.signal.istft(gsp.signal.stft(X, nperseg=8)[2], nperseg=8)[1].numpy()
    np.testing.assert_allclose(back[: X.size], X, atol=1e-12)


def test_windows_have_derivatives_in_their_parameters():
    for name, parameter in (("kaiser", 5.0), ("gaussian", 1.3), ("general_hamming", 0.6)):
        for bins in (True, False):
            theirs = scipy.signal.get_window((name, parameter), 6, bins)
            ours = gsp.signal.get_window((name, gt.constant(parameter)), 6, bins)
            np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-12)
            check_grads(lambda p, name=name, bins=bins: gsp.signal.get_window((name, p), 6, bins), [parameter])
    check_grads(lambda p, s: gsp.signal.windows.general_gaussian(5, p, s), [1.5, 2.0])
    check_grads(lambda tau: gsp.signal.windows.exponential(5, None, tau), [1.5])
    assert type(gsp.signal.get_window("hann", 4)) is np.ndarray
    with pytest.raises(TypeError, match="no derivative"):
        gsp.signal.get_window(("tukey", gt.constant(0.5)), 4)


def test_the_window_of_a_spectrum_has_a_gradient():
    check_grads(lambda w: gsp.signal.welch(X, window=w)[1], [np.hanning(8) + 0.1])
    check_grads(lambda h: gsp.signal.resample_poly(X, 2, 3, window=h), [RNG.normal(size=5)])


def test_group_delay():
    w, gd = scipy.signal.group_delay((B, A), 8)
    mine = gsp.signal.group_delay((B, A), 8)
    np.testing.assert_allclose(mine[0], w)
    np.testing.assert_allclose(mine[1].numpy(), gd, rtol=1e-6)
    check_grads(lambda b, a, w: gsp.signal.group_delay((b, a), w)[1], [B, A, np.array([0.3, 1.0])])


def test_frequencies_of_a_response_have_a_gradient():
    check_grads(lambda w: gsp.signal.freqz(B, A, w)[1], [np.array([0.3, 1.0])])


def test_complex_signals_are_resampled():
    z = X + 1j * Y
    np.testing.assert_allclose(gsp.signal.resample(z, 20).numpy(), scipy.signal.resample(z, 20), rtol=1e-10)


def test_single_precision_stays():
    x = gt.constant(X.astype(np.float32))
    for y in (
        gsp.signal.detrend(x),
        gsp.signal.savgol_filter(x, 5, 2),
        gsp.signal.resample(x, 10),
        gsp.signal.resample_poly(x, 2, 3),
        gsp.signal.welch(x, nperseg=8)[1],
        gsp.signal.istft(gsp.signal.stft(x, nperseg=8)[2])[1],
    ):
        assert y.dtype == np.float32


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gsp.signal.hilbert(X * 1j), "real"),
        (lambda: gsp.signal.detrend(X, type="cubic"), "type"),
        (lambda: gsp.signal.detrend(X, bp=99), "[Bb]reakpoints"),
        (lambda: gsp.signal.savgol_filter(X, 4, 2), "odd"),
        (lambda: gsp.signal.savgol_filter(X, 35, 2), "less than or equal"),
        (lambda: gsp.signal.stft(X, nperseg=8, noverlap=8), "noverlap"),
        (lambda: gsp.signal.stft(X, nperseg=8, nfft=4), "nfft"),
        (lambda: gsp.signal.welch(X, window=np.ones(99)), "longer"),
        (lambda: gsp.signal.decimate(X, 2, ftype="none"), "ftype"),
        (lambda: gsp.signal.firwin(5, 1.5), "cutoff"),
        (lambda: gsp.signal.firwin(4, 0.5, pass_zero=False), "even"),
        (lambda: gsp.signal.chirp(X, 1, 1, 2, "spiral"), "method"),
    ],
)
def test_what_is_wrong_is_said(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()


def test_a_rectangular_wave_is_piecewise_constant():
    t = gt.Variable(X)
    with gt.GradientTape() as tape:
        y = gsp.signal.square(t, 0.3)
    np.testing.assert_array_equal(y.numpy(), scipy.signal.square(X, 0.3))
    assert not tape.gradient(y, t, unconnected_gradients="zero").numpy().any()


def test_division_by_a_longer_polynomial_leaves_everything():
    quotient, rest = gsp.signal.deconvolve(X[:2], B)
    assert quotient.shape == (0,)
    assert rest.numpy().tolist() == X[:2].tolist()
