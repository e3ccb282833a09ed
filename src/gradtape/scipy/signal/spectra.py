"""Spectra of short pieces of a signal: transforms, densities, and what compares two signals."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.ops.fourier import fitted
from gradtape.ops.signal.filters import along, extended
from gradtape.scipy._values import matched, xp
from gradtape.scipy.signal.smoothing import detrend as detrended
from gradtape.scipy.signal.windows import get_window


class Pieces(NamedTuple):
    """How a signal is cut: the window, its samples, by how many pieces overlap, and the length of the transform."""

    window: Any
    length: int
    overlap: int
    transform: int


def pieces(window: Any, nperseg: int | None, noverlap: int | None, nfft: int | None, x: Any) -> Pieces:
    """Fill in SciPy's defaults.

    Raises
    ------
    ValueError
        If the window does not fit the pieces, or the pieces do not fit the signal or the transform.
    """
    n = x.shape[-1]
    win: Any
    if isinstance(window, str | tuple):
        length = 256 if nperseg is None else int(nperseg)
        if length > n:
            if nperseg is not None:
                warnings.warn(f"nperseg={nperseg} is longer than the signal, using {n}", stacklevel=4)
            length = n
        win = get_window(window, length)
    else:
        win = window if isinstance(window, Node) else np.asarray(window)
        length = win.shape[0]
        if nperseg is not None and nperseg != length:
            raise ValueError("value specified for nperseg is different from length of window")
        if length > n:
            raise ValueError(f"window is longer than input signal: {length} and {n} samples")
    transform = length if nfft is None else int(nfft)
    overlap = length // 2 if noverlap is None else int(noverlap)
    if transform < length:
        raise ValueError("nfft must be greater than or equal to nperseg.")
    if overlap >= length:
        raise ValueError("noverlap must be less than nperseg.")
    return Pieces(win if isinstance(win, Node) else matched(win, x), length, overlap, transform)


def short_spectra(
    x: Any, cut: Pieces, detrend: Any, one_sided: bool, boundary: str | None, padded: bool
) -> tuple[Any, int]:
    """Transform the pieces of the last axis; return `(..., piece, frequency)` and the length that was cut up."""
    if boundary is not None:
        half = cut.length // 2
        if boundary == "zeros":
            x = xp.pad(x, pad_width=((0, 0),) * (x.ndim - 1) + ((half, half),))
        else:
            x = extended(xp, x, boundary, half, -1)
    step = cut.length - cut.overlap
    if padded:
        x = fitted(xp, x, -1, x.shape[-1] + (-(x.shape[-1] - cut.length) % step) % cut.length)
    parts = xp.frames(x, length=cut.length, step=step)
    if callable(detrend):
        parts = detrend(parts)
    elif detrend:
        parts = detrended(parts, type=detrend)
    parts = parts * cut.window
    transform = xp.rfft if one_sided else xp.fft
    return transform(parts, n=cut.transform, axis=-1), x.shape[-1]


def frequencies(cut: Pieces, fs: float, one_sided: bool) -> Any:
    """Return the frequencies of a transform."""
    return (np.fft.rfftfreq if one_sided else np.fft.fftfreq)(cut.transform, 1 / fs)


def times(cut: Pieces, total: int, fs: float, boundary: str | None) -> Any:
    """Return the times of the middles of the pieces."""
    step = cut.length - cut.overlap
    middles = np.arange(cut.length / 2, total - cut.length / 2 + 1, step) / fs
    return middles - (cut.length / 2) / fs if boundary is not None else middles


def stft(
    x: Any,
    fs: float = 1.0,
    window: Any = "hann",
    nperseg: int | None = 256,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: Any = False,
    return_onesided: bool = True,
    boundary: str | None = "zeros",
    padded: bool = True,
    axis: int = -1,
    scaling: str = "spectrum",
) -> tuple[Any, Any, Any]:
    """Return frequencies, times and the short-time Fourier transform; the arguments are those of scipy.signal.stft.

    Returns
    -------
    f, t : ndarray
    Zxx : Tensor
        Times run along the last axis.
    """
    x = xp.moveaxis(xp.shaped(x), axis, -1)
    cut = pieces(window, nperseg, noverlap, nfft, x)
    one_sided = return_onesided and x.dtype.kind != "c"
    z, total = short_spectra(x, cut, detrend, one_sided, boundary, padded)
    weights = xp.shaped(cut.window)
    if scaling == "psd":
        z = z / xp.sqrt(xp.sum(xp.square(weights)) * fs)
    elif scaling == "spectrum":
        z = z / xp.sum(weights)
    else:
        raise ValueError(f"scaling is 'spectrum' or 'psd', not {scaling!r}")
    return frequencies(cut, fs, one_sided), times(cut, total, fs, boundary), _frequency_to(z, axis)


def _frequency_to(z: Any, axis: int) -> Any:
    """Put the frequencies where the signal's axis was; the pieces become the last axis."""
    return xp.moveaxis(z, -1, axis - 1 if axis < 0 else axis)


def istft(
    Zxx: Any,  # noqa: N803 - SciPy's name
    fs: float = 1.0,
    window: Any = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    input_onesided: bool = True,
    boundary: bool = True,
    time_axis: int = -1,
    freq_axis: int = -2,
    scaling: str = "spectrum",
) -> tuple[Any, Any]:
    """Return times and the signal of a short-time Fourier transform; the arguments are those of scipy.signal.istft.

    Returns
    -------
    t : ndarray
    x : Tensor
    """
    z = xp.shaped(Zxx)
    time_axis, freq_axis = time_axis % z.ndim, freq_axis % z.ndim
    z = xp.moveaxis(z, (time_axis, freq_axis), (-2, -1))
    usual = 2 * (z.shape[-1] - 1) if input_onesided else z.shape[-1]
    length = usual if nperseg is None else int(nperseg)
    if nfft is None:
        nfft = length if input_onesided and length == usual + 1 else usual
    if nfft < length:
        raise ValueError("nfft must be greater than or equal to nperseg.")
    overlap = length // 2 if noverlap is None else int(noverlap)
    step = length - overlap
    win = get_window(window, length) if isinstance(window, str | tuple) else window
    if not isinstance(win, Node):
        win = matched(np.asarray(win), z)
    parts = (xp.irfft if input_onesided else xp.ifft)(z, n=nfft, axis=-1)
    parts = fitted(xp, parts, -1, length)
    weights = xp.shaped(win)
    scale = xp.sum(weights) if scaling == "spectrum" else xp.sqrt(fs * xp.sum(xp.square(weights)))
    x = xp.overlap_add(parts * (weights * scale), step=step)
    norm = xp.overlap_add(
        xp.broadcast_to(xp.square(weights), shape=(parts.shape[-2], length)), step=step, size=x.shape[-1]
    )
    x = x / xp.where(xp.greater(norm, 1e-10), norm, 1.0)
    half = length // 2
    if boundary:
        x = xp.getitem(x, along(-1, x.ndim, half, x.shape[-1] - half))
    t = np.arange(x.shape[-1]) / float(fs)
    return t, xp.moveaxis(x, -1, time_axis - (freq_axis < time_axis)) if x.ndim > 1 else x


def cross_spectra(
    x: Any,
    y: Any,
    fs: float,
    cut: Pieces,
    detrend: Any,
    return_onesided: bool,
    scaling: str,
) -> tuple[Any, bool]:
    """Return the cross spectral densities of all pieces, `(..., piece, frequency)`, and whether they are one-sided."""
    one_sided = return_onesided and x.dtype.kind != "c" and (y is None or y.dtype.kind != "c")
    zx, _ = short_spectra(x, cut, detrend, one_sided, None, padded=False)
    zy = zx if y is None else short_spectra(y, cut, detrend, one_sided, None, padded=False)[0]
    weights = xp.shaped(cut.window)
    if scaling == "density":
        size = xp.sum(xp.square(weights)) * fs
    elif scaling == "spectrum":
        size = xp.square(xp.sum(weights))
    else:
        raise ValueError(f"scaling is 'density' or 'spectrum', not {scaling!r}")
    z = (xp.conjugate(zx) * zy if y is not None else xp.square(xp.real(zx)) + xp.square(xp.imag(zx))) / size
    return xp.weigh_middle(z, factor=2.0, n=cut.transform) if one_sided else z, one_sided


def csd(
    x: Any,
    y: Any,
    fs: float = 1.0,
    window: Any = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: Any = "constant",
    return_onesided: bool = True,
    scaling: str = "density",
    axis: int = -1,
    average: str = "mean",
) -> tuple[Any, Any]:
    """Return frequencies and the cross spectral density by Welch's method; the arguments are those of scipy.signal.csd.

    Returns
    -------
    f : ndarray
    Pxy : Tensor
    """
    same = x is y
    x, y = (xp.moveaxis(xp.shaped(s), axis, -1) for s in (x, y))
    longest = max(x.shape[-1], y.shape[-1])
    x, y = fitted(xp, x, -1, longest), fitted(xp, y, -1, longest)
    cut = pieces(window, nperseg, noverlap, nfft, x)
    z, one_sided = cross_spectra(x, None if same else y, fs, cut, detrend, return_onesided, scaling)
    if average == "median":
        odd = np.arange(2, z.shape[-2], 2) + 1
        bias = 1.0 + float(np.sum(1.0 / odd - 1.0 / (odd - 1)))
        z = (_median(z) if z.dtype.kind == "c" else xp.median(z, axis=-2)) / bias
    elif average == "mean":
        z = xp.mean(z, axis=-2)
    else:
        raise ValueError(f"average is 'mean' or 'median', not {average!r}")
    return frequencies(cut, fs, one_sided), xp.moveaxis(z, -1, axis)


def _median(z: Any) -> Any:
    return xp.median(xp.real(z), axis=-2) + 1j * xp.median(xp.imag(z), axis=-2)


def welch(
    x: Any,
    fs: float = 1.0,
    window: Any = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: Any = "constant",
    return_onesided: bool = True,
    scaling: str = "density",
    axis: int = -1,
    average: str = "mean",
) -> tuple[Any, Any]:
    """Return frequencies and the power spectral density by Welch's method; see scipy.signal.welch.

    Returns
    -------
    f : ndarray
    Pxx : Tensor
        Real.
    """
    return csd(x, x, fs, window, nperseg, noverlap, nfft, detrend, return_onesided, scaling, axis, average)


def periodogram(
    x: Any,
    fs: float = 1.0,
    window: Any = "boxcar",
    nfft: int | None = None,
    detrend: Any = "constant",
    return_onesided: bool = True,
    scaling: str = "density",
    axis: int = -1,
) -> tuple[Any, Any]:
    """Return frequencies and the power spectral density of the whole signal; see scipy.signal.periodogram.

    Returns
    -------
    f : ndarray
    Pxx : Tensor
    """
    x = xp.moveaxis(xp.shaped(x), axis, -1)
    n = x.shape[-1]
    if nfft is not None and nfft < n:
        x, n, nfft = fitted(xp, x, -1, nfft), nfft, None
    f, p = welch(x, fs, "boxcar" if window is None else window, n, 0, nfft, detrend, return_onesided, scaling, -1)
    return f, xp.moveaxis(p, -1, axis)


def coherence(
    x: Any,
    y: Any,
    fs: float = 1.0,
    window: Any = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: Any = "constant",
    axis: int = -1,
) -> tuple[Any, Any]:
    """Return frequencies and the squared coherence of two signals; see scipy.signal.coherence.

    Returns
    -------
    f : ndarray
    Cxy : Tensor
    """
    options = (fs, window, nperseg, noverlap, nfft, detrend)
    f, pxy = csd(x, y, *options, axis=axis)
    pxx, pyy = (csd(s, s, *options, axis=axis)[1] for s in (x, y))
    return f, (xp.square(xp.real(pxy)) + xp.square(xp.imag(pxy))) / pxx / pyy


def spectrogram(
    x: Any,
    fs: float = 1.0,
    window: Any = ("tukey", 0.25),
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: Any = "constant",
    return_onesided: bool = True,
    scaling: str = "density",
    axis: int = -1,
    mode: str = "psd",
) -> tuple[Any, Any, Any]:
    """Return frequencies, times and the spectra of consecutive pieces; see scipy.signal.spectrogram.

    Returns
    -------
    f, t : ndarray
    Sxx : Tensor
        Densities, or what `mode` asks for: 'complex', 'magnitude', 'angle', 'phase'.
    """
    x = xp.moveaxis(xp.shaped(x), axis, -1)
    cut = pieces(window, nperseg, 0, nfft, x)
    cut = cut._replace(overlap=cut.length // 8 if noverlap is None else int(noverlap))
    if mode == "psd":
        z, one_sided = cross_spectra(x, None, fs, cut, detrend, return_onesided, scaling)
        return frequencies(cut, fs, one_sided), times(cut, x.shape[-1], fs, None), _frequency_to(z, axis)
    if mode not in {"complex", "magnitude", "angle", "phase"}:
        raise ValueError(f"mode is 'psd', 'complex', 'magnitude', 'angle' or 'phase', not {mode!r}")
    f, t, z = stft(
        x, fs, cut.window, None, cut.overlap, cut.transform, detrend, return_onesided, None, False, -1,
        "spectrum" if scaling == "spectrum" else "psd",
    )  # fmt: skip
    z = _frequency_to(xp.moveaxis(z, -1, -2), axis)
    if mode == "magnitude":
        z = xp.abs(z)
    elif mode in {"angle", "phase"}:
        z = xp.angle(z)
        z = xp.unwrap(z, axis=axis - 1 if axis < 0 else axis) if mode == "phase" else z
    return f, t, z
