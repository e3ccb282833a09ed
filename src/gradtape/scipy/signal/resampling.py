"""Another rate for a signal."""

from __future__ import annotations

from math import gcd
from typing import Any

import numpy as np
import scipy.signal

from gradtape.arrays.dispatch import Node
from gradtape.ops.fourier import fitted
from gradtape.ops.signal.filters import along
from gradtape.scipy._values import matched, xp


def resample(x: Any, num: int, t: Any = None, axis: int = 0, window: Any = None, domain: str = "time") -> Any:
    """Resample by the Fourier method, as if the signal were periodic.

    Parameters
    ----------
    x : Tensor or array_like
    num : int
        Number of samples of the result.
    t : array_like, optional
        The times of the samples of `x`; then the new ones are returned too.
    axis : int
    window : array_like, callable, str or tuple, optional
        Weights of the frequencies.
    domain : str
        Only 'time' is supported.

    Returns
    -------
    Tensor, or tuple of a Tensor and the new times

    Raises
    ------
    TypeError
        If the domain is not 'time'.
    """
    if domain != "time":
        raise TypeError(f"resample wants a signal in time here, not domain={domain!r}")
    x = xp.shaped(x)
    if x.dtype.kind == "c":
        y = resample(xp.real(x), num, None, axis, window) + 1j * resample(xp.imag(x), num, None, axis, window)
    else:
        y = _resample_real(x, num, axis, window)
    if t is None:
        return y
    return y, np.arange(num) * (t[1] - t[0]) * x.shape[axis] / num + t[0]


def _resample_real(x: Any, num: int, axis: int, window: Any) -> Any:
    length = x.shape[axis]
    weights = np.ones(length // 2 + 1)
    if window is not None:
        weights *= _frequency_weights(window, length)
    common = min(num, length)
    if common % 2 == 0 and num != length:
        weights[common // 2] *= 2.0 if num < length else 0.5
    shape = tuple(-1 if k == axis % x.ndim else 1 for k in range(x.ndim))
    spectrum = xp.rfft(x, axis=axis) * matched(weights * (num / length), x).reshape(shape)
    return xp.irfft(fitted(xp, spectrum, axis, common // 2 + 1), n=num, axis=axis)


def _frequency_weights(window: Any, length: int) -> Any:
    """Return the weights of half a spectrum: those of each frequency and its negative, averaged."""
    if callable(window):
        weights = np.asarray(window(np.fft.fftfreq(length)))
    elif isinstance(window, str | tuple):
        weights = np.fft.ifftshift(scipy.signal.get_window(window, length))
    else:
        weights = np.asarray(window)
    folded = (weights + np.concatenate([weights[:1], weights[:0:-1]])) / 2.0
    return folded[: length // 2 + 1]


def resample_poly(
    x: Any,
    up: int,
    down: int,
    axis: int = 0,
    window: Any = ("kaiser", 5.0),
    padtype: str = "constant",
    cval: float | None = None,
) -> Any:
    """Resample by inserting zeros, filtering and leaving samples out.

    Parameters
    ----------
    x : Tensor or array_like
    up, down : int
        The rate becomes `up / down` times what it was.
    axis : int
    window : tuple, str, Tensor or array_like
        A window for the filter, or its coefficients; a tensor of coefficients has a gradient.
    padtype : {'constant', 'mean', 'median', 'minimum', 'maximum'}
        What is taken off before and put back afterwards, as the signal is continued with zeros.
    cval : float, optional
        Only 0 is supported.

    Returns
    -------
    Tensor

    Raises
    ------
    TypeError
        If the padding is not one of these.
    """
    x = xp.shaped(x)
    common = gcd(up, down)
    up, down = up // common, down // common
    if up == down == 1:
        return x * 1.0
    taps = _taps(x, up, down, window)
    removed = {"mean": xp.mean, "median": xp.median, "minimum": xp.min, "maximum": xp.max}.get(padtype)
    if (padtype != "constant" and removed is None) or cval:
        raise TypeError(f"resample_poly has no place for padtype={padtype!r}, cval={cval!r} here")
    n = x.shape[axis]
    n_out = -(-n * up // down)
    half = (taps.shape[0] - 1) // 2
    before = down - half % down
    first = (half + before) // down
    after = max(0, (n_out + first - 1) * down + 1 - (n - 1) * up - taps.shape[0] - before)
    level: Any = 0.0
    if removed is not None:
        level = removed(x, axis=axis, keepdims=True)
        x = x - level
    taps = xp.pad(taps * float(up), pad_width=((before, after),))
    y = xp.resampling_filter(taps, x, up=up, down=down, axis=axis)
    return xp.getitem(y, along(axis, x.ndim, first, first + n_out)) + level


def _taps(x: Any, up: int, down: int, window: Any) -> Any:
    if isinstance(window, list | np.ndarray | Node):
        return xp.shaped(window)
    fastest = max(up, down)
    return matched(scipy.signal.firwin(20 * fastest + 1, 1.0 / fastest, window=window), x)


def decimate(x: Any, q: int, n: int | None = None, ftype: str = "iir", axis: int = -1, zero_phase: bool = True) -> Any:
    """Filter and keep every `q`-th sample.

    Parameters
    ----------
    x : Tensor or array_like
    q : int
        The factor.
    n : int, optional
        Order of the filter: 8 for 'iir', `20 q` for 'fir'.
    ftype : {'iir', 'fir'}
        A Chebyshev filter of type I, or a finite one with a Hamming window.
    axis : int
    zero_phase : bool
        Whether to filter without delay.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If `ftype` is unknown.
    """
    x = xp.shaped(x)
    if ftype == "fir":
        taps = matched(scipy.signal.firwin((20 * q if n is None else n) + 1, 1.0 / q, window="hamming"), x)
        if zero_phase:
            return resample_poly(x, 1, q, axis, taps)
        y = xp.resampling_filter(taps, x, up=1, down=q, axis=axis)
        return xp.getitem(y, along(axis, x.ndim, 0, -(-x.shape[axis] // q)))
    if ftype != "iir":
        raise ValueError(f"ftype is 'iir' or 'fir', not {ftype!r}")
    sos = matched(scipy.signal.cheby1(8 if n is None else n, 0.05, 0.8 / q, output="sos"), x)
    y = xp.sosfiltfilt(sos, x, axis) if zero_phase else xp.sosfilt(sos, x, axis)
    return xp.getitem(y, along(axis, x.ndim, None, None, q))
