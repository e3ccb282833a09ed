"""`tf.signal`: values that follow from their definitions, transforms that undo each other, and gradients."""

import numpy as np
import pytest

import gradtape as gt
from gradtape import tf
from gradtape.testing import check_grads

RNG = np.random.default_rng(2)
X = RNG.normal(size=(2, 21))
Q = RNG.normal(size=(2, 3, 6))
FRAMES = RNG.normal(size=(2, 5, 8))
S = tf.signal

CALLS = {
    "fft": (lambda x: S.fft(x * (1 + 2j)), Q),
    "ifft2d": (lambda x: S.ifft2d(x * (1 + 2j)), Q),
    "fft3d": (lambda x: S.fft3d(x * (1 + 2j)), Q),
    "fftnd": (lambda x: S.fftnd(x * (1 + 1j), [4, 5], axes=[0, 2], norm="ortho"), Q),
    "rfft cut": (lambda x: S.rfft(x, [5]), Q),
    "rfft padded": (lambda x: S.rfft(x, [9]), Q),
    "rfft2d": (lambda x: S.rfft2d(x, [4, 6]), Q),
    "rfft3d": (S.rfft3d, Q),
    "irfft": (lambda x: S.irfft(x * (1 + 2j), [7]), Q),
    "irfft2d": (lambda x: S.irfft2d(x * (1 + 2j)), Q),
    "irfftnd": (lambda x: S.irfftnd(x * (1 + 2j), axes=[1]), Q),
    "ifftshift": (lambda x: S.ifftshift(x, axes=1), Q),
    **{f"dct {k}": (lambda x, k=k: S.dct(x, type=k), Q) for k in (1, 2, 3, 4)},
    **{f"idct {k}": (lambda x, k=k: S.idct(x, type=k, norm="ortho"), Q) for k in (2, 3, 4)},
    "dct cut": (lambda x: S.dct(x, n=4), Q),
    "frame": (lambda x: S.frame(x, 5, 3), X),
    "frame of rows": (lambda x: S.frame(x, 2, 1, axis=0), X),
    "frame to the end": (lambda x: S.frame(x, 5, 3, pad_end=True, pad_value=1.5), X),
    "overlap_and_add": (lambda x: S.overlap_and_add(x, 3), FRAMES),
    "stft": (lambda x: S.stft(x, 6, 2), X),
    "stft to the end": (lambda x: S.stft(x, 8, 4, 10, S.hamming_window, pad_end=True), X),
    "inverse_stft": (lambda x: S.inverse_stft(x * (1 + 1j), 8, 3, 14, S.inverse_stft_window_fn(3)), FRAMES),
    "inverse_stft padded": (lambda x: S.inverse_stft(x * (1 + 1j), 16, 3, 14, None), FRAMES),
    "mdct": (lambda x: S.mdct(x, 8), X),
    "mdct without window": (lambda x: S.mdct(x, 8, None, pad_end=True, norm="ortho"), X),
    "inverse_mdct": (S.inverse_mdct, FRAMES),
    "mfccs": (S.mfccs_from_log_mel_spectrograms, FRAMES),
}


@pytest.mark.parametrize("name", CALLS)
def test_gradients(name):
    f, x = CALLS[name]
    check_grads(lambda v: f(v if isinstance(v, gt.Tensor) else gt.constant(v)), [x])


def test_transforms_are_numpys():
    z = Q + 1j * RNG.normal(size=Q.shape)
    np.testing.assert_allclose(S.fft2d(z).numpy(), np.fft.fft2(z))
    np.testing.assert_allclose(S.rfft2d(Q, [2, 8]).numpy(), np.fft.rfft2(Q, (2, 8)))
    np.testing.assert_allclose(S.irfft(z, [5]).numpy(), np.fft.irfft(z, 5))
    np.testing.assert_allclose(S.fftshift(Q).numpy(), np.fft.fftshift(Q))


def test_frames():
    assert S.frame(tf.constant([1.0, 2.0, 3.0, 4.0, 5.0]), 3, 2).numpy().tolist() == [[1, 2, 3], [3, 4, 5]]
    ends = S.frame(tf.constant([1.0, 2.0, 3.0]), 2, 2, pad_end=True).numpy()
    assert ends.tolist() == [[1, 2], [3, 0]]
    assert S.frame(tf.zeros([2]), 3, 1).shape == (0, 3)
    assert S.overlap_and_add(tf.constant([[1.0, 2.0], [3.0, 4.0]]), 1).numpy().tolist() == [1, 5, 4]


def test_short_spectra_are_undone():
    z = S.stft(X, 8, 4)
    back = S.inverse_stft(z, 8, 4, window_fn=S.inverse_stft_window_fn(4)).numpy()
    np.testing.assert_allclose(back[:, 4:16], X[:, 4:16], atol=1e-7)


@pytest.mark.parametrize("window", [S.vorbis_window, S.kaiser_bessel_derived_window, None])
@pytest.mark.parametrize("norm", [None, "ortho"])
def test_modified_cosine_transforms_are_undone(window, norm):
    back = S.inverse_mdct(S.mdct(X, 8, window, norm=norm), window, norm=norm).numpy()
    np.testing.assert_allclose(back[:, 4:16], X[:, 4:16], atol=1e-6)


def test_windows():
    np.testing.assert_allclose(S.hann_window(8).numpy(), np.hanning(9)[:-1], atol=1e-7)
    np.testing.assert_allclose(S.hann_window(7).numpy(), np.hanning(7), atol=1e-7)  # odd lengths are never periodic
    np.testing.assert_allclose(S.hamming_window(8, periodic=False).numpy(), np.hamming(8), atol=1e-7)
    np.testing.assert_allclose(S.kaiser_window(5, 3.0, tf.float64).numpy(), np.kaiser(5, 3.0))
    assert S.hann_window(1).numpy().tolist() == [1]
    assert S.vorbis_window(4).dtype == tf.float32


def test_a_window_that_is_trained_has_a_gradient():
    w = tf.Variable(np.hanning(8))
    with tf.GradientTape() as tape:
        size = tf.reduce_sum(tf.abs(S.stft(X, 8, 4, window_fn=lambda length, dtype: w)))
    assert np.abs(tape.gradient(size, w).numpy()).max() > 0


def test_mel_weights():
    weights = S.linear_to_mel_weight_matrix(4, 17, 8000).numpy()
    assert weights.shape == (17, 4)
    assert weights[0].tolist() == [0] * 4
    assert (weights.max(axis=0) > 0.2).all()
    with pytest.raises(ValueError, match="band"):
        S.linear_to_mel_weight_matrix(4, 17, 8000, upper_edge_hertz=5000.0)


@pytest.mark.parametrize("params", [{"type": 5}, {"axis": 0}, {"type": 1, "norm": "ortho"}, {"norm": "forward"}])
def test_cosine_transforms_refuse_what_tensorflow_refuses(params):
    with pytest.raises(ValueError, match="dct has no"):
        S.dct(Q, **params)


def test_a_frame_of_a_modified_cosine_transform_has_four_quarters():
    with pytest.raises(ValueError, match="multiple of 4"):
        S.mdct(X, 6)
