"""`tf.signal`: Fourier and cosine transforms, short-time spectra, frames, windows and the mel scale.

Sizes are static: plain integers, or tensors and arrays that hold them. Cosine transforms are computed by SciPy.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

import gradtape as gt
from gradtape.ops import load_families
from gradtape.tf.calls import row, static, tensor

if TYPE_CHECKING:
    from collections.abc import Callable


def _over_last(operation: str, ndim: int) -> Callable[..., Any]:
    """Make a transform of the last axes."""

    def function(input: Any, name: str | None = None) -> Any:
        return row(operation)(tensor(input), axes=tuple(range(-ndim, 0)))

    function.__name__ = function.__qualname__ = operation
    function.__doc__ = f"Transform the last {ndim} axes."
    return function


def _of_real(operation: str, ndim: int) -> Callable[..., Any]:
    """Make a transform of the last axes between real numbers and half of their spectrum."""

    def function(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Any:
        lengths = None if fft_length is None else tuple(np.atleast_1d(np.asarray(static(fft_length))).tolist())
        return row(operation)(tensor(input_tensor), s=lengths, axes=tuple(range(-ndim, 0)))

    function.__name__ = function.__qualname__ = operation
    function.__doc__ = f"Transform the last {ndim} axes; `fft_length` cuts them or pads them with zeros."
    return function


def _over_any(operation: str) -> Callable[..., Any]:
    """Make a transform over axes that the caller names."""

    def function(
        input_tensor: Any, fft_length: Any = None, axes: Any = None, norm: str | None = None, name: str | None = None
    ) -> Any:
        x = tensor(input_tensor)
        chosen = tuple(range(x.ndim)) if axes is None else static(axes)
        return row(operation)(x, s=static(fft_length), axes=chosen, norm=norm)

    function.__name__ = function.__qualname__ = operation
    function.__doc__ = "Transform over several axes."
    return function


fft, fft2d, fft3d = (_over_last("fftn", k) for k in (1, 2, 3))
ifft, ifft2d, ifft3d = (_over_last("ifftn", k) for k in (1, 2, 3))
rfft, rfft2d, rfft3d = (_of_real("rfftn", k) for k in (1, 2, 3))
irfft, irfft2d, irfft3d = (_of_real("irfftn", k) for k in (1, 2, 3))
fftnd, ifftnd, rfftnd, irfftnd = (_over_any(name) for name in ("fftn", "ifftn", "rfftn", "irfftn"))


def fftshift(x: Any, axes: Any = None, name: str | None = None) -> Any:
    """Put frequency 0 in the middle."""
    return row("fftshift")(tensor(x), axes=static(axes))


def ifftshift(x: Any, axes: Any = None, name: str | None = None) -> Any:
    """Put frequency 0 back to the beginning."""
    return row("ifftshift")(tensor(x), axes=static(axes))


def dct(
    input: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None, name: str | None = None
) -> Any:
    """Transform by cosines, of type 1 to 4, along the last axis.

    Raises
    ------
    ValueError
        If the type or the norm is none of TensorFlow's.
    """
    if type not in {1, 2, 3, 4} or axis != -1 or norm not in {None, "ortho"} or (norm and type == 1):
        raise ValueError(f"dct has no type={type}, axis={axis}, norm={norm!r}: types are 1 to 4, type 1 has no norm")
    load_families("signal")
    return row("dct")(tensor(input), type=type, n=static(n), norm=norm)


def idct(
    input: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None, name: str | None = None
) -> Any:
    """Transform back; without `norm="ortho"` the result is `2 n` times what was transformed, as in TensorFlow."""
    return dct(input, {2: 3, 3: 2}.get(type, type), n, axis, norm)


def frame(
    signal: Any,
    frame_length: Any,
    frame_step: Any,
    pad_end: bool = False,
    pad_value: float = 0,
    axis: int = -1,
    name: str | None = None,
) -> Any:
    """Cut an axis into overlapping frames: it becomes two, the frames and the samples in each."""
    x, length, step = tensor(signal), static(frame_length), static(frame_step)
    axis %= x.ndim
    x = row("moveaxis")(x, axis, -1)
    if pad_end:
        n = x.shape[-1]
        missing = max(0, length + step * (-(-n // step) - 1) - n)
        x = row("pad_call")(x, [(0, 0)] * (x.ndim - 1) + [(0, missing)], constant_values=static(pad_value))
    return row("moveaxis")(row("frames")(x, length=length, step=step), (-2, -1), (axis, axis + 1))


def overlap_and_add(signal: Any, frame_step: Any, name: str | None = None) -> Any:
    """Add frames up, each `frame_step` samples after the one before."""
    return row("overlap_add")(tensor(signal), step=static(frame_step))


def _raised_cosine(window_length: Any, periodic: Any, dtype: Any, a: float) -> Any:
    length = static(window_length)
    if length == 1:
        return tensor(np.ones(1), dtype)
    period = length + (1 - length % 2) * bool(static(periodic)) - 1
    return tensor(a - (1.0 - a) * np.cos(2.0 * np.pi * np.arange(length) / period), dtype)


def hann_window(window_length: Any, periodic: Any = True, dtype: Any = np.float32, name: str | None = None) -> Any:
    """Return a Hann window; `periodic` matters for even lengths only, as in TensorFlow."""
    return _raised_cosine(window_length, periodic, dtype, 0.5)


def hamming_window(window_length: Any, periodic: Any = True, dtype: Any = np.float32, name: str | None = None) -> Any:
    """Return a Hamming window; `periodic` matters for even lengths only, as in TensorFlow."""
    return _raised_cosine(window_length, periodic, dtype, 0.54)


def kaiser_window(window_length: Any, beta: Any = 12.0, dtype: Any = np.float32, name: str | None = None) -> Any:
    """Return a Kaiser window; a tensor `beta` has a gradient."""
    window = row("kaiser")(static(window_length), beta)
    return window.astype(dtype) if isinstance(beta, gt.Tensor) else tensor(window._value, dtype)


def kaiser_bessel_derived_window(
    window_length: Any, beta: Any = 12.0, dtype: Any = np.float32, name: str | None = None
) -> Any:
    """Return the window whose squares, moved by half its length, add up to one."""
    total = row("cumsum")(kaiser_window(static(window_length) // 2 + 1, beta, np.float64))
    half = row("sqrt")(total[:-1] / total[-1])
    window = row("concatenate")([half, row("flip")(half)], axis=0)
    return window.astype(dtype) if isinstance(beta, gt.Tensor) else tensor(window._value, dtype)


def vorbis_window(window_length: Any, dtype: Any = np.float32, name: str | None = None) -> Any:
    """Return Vorbis' window."""
    length = static(window_length)
    angle = np.pi / length * (np.arange(length) + 0.5)
    return tensor(np.sin(np.pi / 2.0 * np.sin(angle) ** 2), dtype)


def _power_of_two(length: int) -> int:
    return 1 << max(length - 1, 0).bit_length()


def stft(
    signals: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Callable[..., Any] | None = hann_window,
    pad_end: bool = False,
    name: str | None = None,
) -> Any:
    """Transform overlapping frames; `fft_length` is the next power of two unless given."""
    length = static(frame_length)
    x = tensor(signals)
    parts = _windowed(frame(x, length, frame_step, pad_end), window_fn, length)
    return rfft(parts, [_power_of_two(length) if fft_length is None else static(fft_length)])


def inverse_stft(
    stfts: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Callable[..., Any] | None = hann_window,
    name: str | None = None,
) -> Any:
    """Transform frames back and add them up; a window that undoes the first comes from `inverse_stft_window_fn`."""
    z, length = tensor(stfts), static(frame_length)
    n = _power_of_two(length) if fft_length is None else static(fft_length)
    parts = irfft(z, [n])[..., :length]
    if n < length:
        parts = row("pad_call")(parts, [(0, 0)] * (parts.ndim - 1) + [(0, length - n)])
    return overlap_and_add(_windowed(parts, window_fn, length), frame_step)


def inverse_stft_window_fn(
    frame_step: Any, forward_window_fn: Callable[..., Any] = hann_window, name: str | None = None
) -> Callable[..., Any]:
    """Return the function that makes the window for `inverse_stft` to be the inverse of `stft`."""
    step = static(frame_step)

    def window(frame_length: Any, dtype: Any) -> Any:
        length = static(frame_length)
        forward = np.asarray(static(forward_window_fn(length, dtype=dtype)))
        overlaps = -(-length // step)
        squares = np.pad(forward**2, (0, overlaps * step - length)).reshape(overlaps, step)
        return tensor(forward / np.tile(squares.sum(axis=0), overlaps)[:length], dtype)

    return window


def mdct(
    signals: Any,
    frame_length: Any,
    window_fn: Callable[..., Any] | None = vorbis_window,
    pad_end: bool = False,
    norm: str | None = None,
    name: str | None = None,
) -> Any:
    """Transform half-overlapping frames by the modified cosine transform: half as many numbers as samples in a frame.

    Raises
    ------
    ValueError
        If the length of a frame is no multiple of 4.
    """
    length = static(frame_length)
    if length % 4:
        raise ValueError(f"frame_length must be a multiple of 4, not {length}")
    x = tensor(signals)
    parts = _windowed(frame(x, length, length // 2, pad_end), window_fn, length, 0.5**0.5)
    quarter = length // 4
    a, b, c, d = (parts[..., k * quarter : (k + 1) * quarter] for k in range(4))
    back = partial(row("flip"), axis=-1)
    return dct(row("concatenate")([-back(c) - d, a - back(b)], axis=-1), 4, norm=norm)


def inverse_mdct(
    mdcts: Any,
    window_fn: Callable[..., Any] | None = vorbis_window,
    norm: str | None = None,
    name: str | None = None,
) -> Any:
    """Transform back and add the frames up."""
    z = tensor(mdcts)
    half = z.shape[-1]
    parts = dct(z, 4, norm=norm)
    if norm is None:
        parts = parts * (0.5 / half)
    left, right = parts[..., : half // 2], parts[..., half // 2 :]
    back = partial(row("flip"), axis=-1)
    whole = row("concatenate")([right, -back(right), -back(left), -left], axis=-1)
    return overlap_and_add(_windowed(whole, window_fn, 2 * half, 0.5**0.5), half)


def _windowed(parts: Any, window_fn: Callable[..., Any] | None, length: int, otherwise: float = 1.0) -> Any:
    """Weigh frames; the windows of this module are constants and do not decide of what class the result is."""
    if window_fn is None:
        return parts * otherwise
    window = window_fn(length, dtype=parts.dtype)
    return row("multiply")(parts, window._value if window_fn.__module__ == __name__ else window)


def mfccs_from_log_mel_spectrograms(log_mel_spectrograms: Any, name: str | None = None) -> Any:
    """Return mel-frequency cepstral coefficients: the cosine transform of the logarithms, scaled as HTK does."""
    x = tensor(log_mel_spectrograms)
    return dct(x) * float((2.0 * x.shape[-1]) ** -0.5)


def linear_to_mel_weight_matrix(
    num_mel_bins: Any = 20,
    num_spectrogram_bins: Any = 129,
    sample_rate: Any = 8000,
    lower_edge_hertz: Any = 125.0,
    upper_edge_hertz: Any = 3800.0,
    dtype: Any = np.float32,
    name: str | None = None,
) -> Any:
    """Return the weights that gather the bins of a spectrum in triangular bands, evenly spaced on HTK's mel scale.

    Raises
    ------
    ValueError
        If the band is empty or reaches beyond half of the sampling rate.
    """
    bands, bins, rate, low, high = (
        static(v) for v in (num_mel_bins, num_spectrogram_bins, sample_rate, lower_edge_hertz, upper_edge_hertz)
    )
    if not 0.0 <= low < high <= rate / 2:
        raise ValueError(f"the band from {low} to {high} Hz must lie inside of 0 to {rate / 2} Hz, and not be empty")

    def mel(hertz: Any) -> Any:
        return 1127.0 * np.log1p(hertz / 700.0)

    places = mel(np.linspace(0.0, rate / 2.0, bins)[1:])[:, None]
    edges = np.linspace(mel(low), mel(high), bands + 2)
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    weights = np.minimum((places - left) / (middle - left), (right - places) / (right - middle))
    return tensor(np.pad(np.maximum(0.0, weights), ((1, 0), (0, 0))), dtype)
