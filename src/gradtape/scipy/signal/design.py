"""Filters and their responses, and waveforms."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.signal

from gradtape.arrays.dispatch import Node
from gradtape.ops import Index
from gradtape.ops.signal.filters import coefficients
from gradtape.scipy._values import plain, xp
from gradtape.scipy.signal.windows import get_window


def angles(worN: Any, whole: bool, fs: float, include_nyquist: bool = False) -> tuple[Any, Any]:  # noqa: N803
    """Return the angles at which a response is wanted, and the frequencies to hand back."""
    if worN is None:
        worN = 512  # noqa: N806
    if isinstance(worN, int | np.integer):
        end = include_nyquist and not whole
        w: Any = np.linspace(0, 2 * np.pi if whole else np.pi, int(worN), endpoint=end)
        return w, w * (fs / (2 * np.pi))
    given: Any = worN if isinstance(worN, Node) else np.atleast_1d(np.asarray(worN, float))
    return given * (2 * np.pi / fs), given


def response(c: Any, w: Any) -> Any:
    """Evaluate a polynomial in the delay at points of the unit circle."""
    powers = np.arange(c.shape[0])
    turns = xp.reshape(xp.shaped(w), shape=(-1, 1)) * powers
    return xp.matmul(xp.exp(-1j * turns), c * (1.0 + 0.0j))


def freqz(
    b: Any,
    a: Any = 1,
    worN: Any = 512,  # noqa: N803 - SciPy's name
    whole: bool = False,
    plot: Any = None,
    fs: float = 2 * np.pi,
    include_nyquist: bool = False,
) -> tuple[Any, Any]:
    """Return the frequency response of a filter.

    Parameters
    ----------
    b, a : Tensor or array_like
        Coefficients, one-dimensional.
    worN : int, Tensor or array_like
        How many frequencies, or which; a tensor of frequencies has a gradient.
    whole : bool
        Whether to go around the whole circle.
    plot : callable, optional
        Called with both results.
    fs : float
        The sampling rate.
    include_nyquist : bool
        Whether the last frequency is the Nyquist frequency.

    Returns
    -------
    w : ndarray or Tensor
        The frequencies, in the units of `fs`.
    h : Tensor
        The response.
    """
    w, shown = angles(worN, whole, fs, include_nyquist)
    h = response(coefficients(xp, b), w) / response(coefficients(xp, a), w)
    if plot is not None:
        plot(shown, h)
    return shown, h


def freqz_sos(
    sos: Any,
    worN: Any = 512,  # noqa: N803
    whole: bool = False,
    fs: float = 2 * np.pi,
) -> tuple[Any, Any]:
    """Return the frequency response of sections of second order, as `freqz` does."""
    sos = xp.shaped(sos)
    w, shown = angles(worN, whole, fs)
    h: Any = 1.0
    for k in range(sos.shape[0]):
        b, a = (xp.getitem(sos, Index((k, part))) for part in (slice(0, 3), slice(3, 6)))
        h = h * (response(b, w) / response(a, w))
    return shown, h


sosfreqz = freqz_sos


def group_delay(
    system: tuple[Any, Any],
    w: Any = 512,
    whole: bool = False,
    fs: float = 2 * np.pi,
) -> tuple[Any, Any]:
    """Return the group delay of a filter in samples: minus the slope of its phase.

    Parameters
    ----------
    system : tuple
        The coefficients `(b, a)`.
    w : int, Tensor or array_like
        How many frequencies, or which.
    whole : bool
        Whether to go around the whole circle.
    fs : float
        The sampling rate.

    Returns
    -------
    w : ndarray or Tensor
    gd : Tensor
        Infinite or NaN where the response is 0; SciPy puts 0 there.
    """
    b, a = (coefficients(xp, c) for c in system)
    at, shown = angles(w, whole, fs)
    delays = [xp.real(response(c * np.arange(c.shape[0]), at) / response(c, at)) for c in (b, a)]
    return shown, delays[0] - delays[1]


def bilinear(b: Any, a: Any, fs: float = 1.0) -> tuple[Any, Any]:
    """Make a digital filter of an analogue one by the bilinear transform.

    Parameters
    ----------
    b, a : Tensor or array_like
        Coefficients, highest power first.
    fs : float
        The sampling rate.

    Returns
    -------
    b, a : Tensor
        Coefficients, the first of `a` being 1.
    """
    b, a = coefficients(xp, b), coefficients(xp, a)
    order = max(b.shape[0], a.shape[0]) - 1
    columns = []
    for power in range(order + 1):
        column = np.ones(1)
        for root in [1.0] * power + [-1.0] * (order - power):
            column = np.convolve(column, [1.0, -root])
        columns.append(column * (2.0 * fs) ** power)
    matrix = np.stack(columns, axis=1)
    digital = [xp.matmul(matrix[:, : c.shape[0]], xp.flip(c)) for c in (b, a)]
    first = xp.getitem(digital[1], Index(0))
    return digital[0] / first, digital[1] / first


def firwin(
    numtaps: int,
    cutoff: Any,
    *,
    width: float | None = None,
    window: Any = "hamming",
    pass_zero: Any = True,
    scale: bool = True,
    fs: float = 2.0,
) -> Any:
    """Design a finite filter by the window method; its cutoff frequencies have derivatives.

    Parameters
    ----------
    numtaps : int
        Number of coefficients.
    cutoff : Tensor, float or array_like
        Where the passing bands begin and end, between 0 and `fs / 2`.
    width : float, optional
        Width of the transition; chooses a Kaiser window.
    window : str or tuple
        See `get_window`; a tensor in it has a gradient.
    pass_zero : bool or {'bandpass', 'lowpass', 'highpass', 'bandstop'}
        Whether the response at 0 is 1.
    scale : bool
        Whether the response in the middle of the first band is exactly 1.
    fs : float
        The sampling rate.

    Returns
    -------
    Tensor
        Of shape `(numtaps,)`.

    Raises
    ------
    ValueError
        If a cutoff is not inside the band, or the filter would pass the Nyquist frequency with an even number of taps.
    """
    edges = xp.atleast_1d(xp.shaped(cutoff)) / (fs / 2.0)
    at = plain(edges)
    if at.min() <= 0 or at.max() >= 1 or np.any(np.diff(at) <= 0):
        raise ValueError("Invalid cutoff frequency: frequencies must be increasing, greater than 0 and less than fs/2.")
    if width is not None:
        window = ("kaiser", scipy.signal.kaiser_beta(scipy.signal.kaiser_atten(numtaps, width / (fs / 2.0))))
    passes_zero = pass_zero if isinstance(pass_zero, bool | np.bool_ | int) else pass_zero in {"lowpass", "bandstop"}
    passes_nyquist = bool(len(at) & 1) ^ bool(passes_zero)
    if passes_nyquist and numtaps % 2 == 0:
        raise ValueError("a filter with an even number of coefficients cannot pass the Nyquist frequency")
    ends = [xp.zeros_like(xp.getitem(edges, Index(slice(0, 1))))] * bool(passes_zero)
    ends += [edges]
    ends += [xp.ones_like(xp.getitem(edges, Index(slice(0, 1))))] * passes_nyquist
    bands = xp.reshape(xp.concatenate(ends, axis=0), shape=(-1, 2))
    m = np.arange(numtaps) - 0.5 * (numtaps - 1)
    left, right = (xp.reshape(xp.getitem(bands, Index((slice(None), k))), shape=(-1, 1)) for k in (0, 1))
    h = xp.sum(right * xp.sinc(right * m) - left * xp.sinc(left * m), axis=0)
    h = h * get_window(window, numtaps, fftbins=False)
    if not scale:
        return h
    low, high = (xp.getitem(bands, Index((0, k))) for k in (0, 1))
    first, last = plain(bands)[0]
    middle = 0.0 if first == 0 else 1.0 if last == 1 else 0.5 * (low + high)
    return h / xp.sum(h * xp.cos(np.pi * m * middle))


def chirp(
    t: Any,
    f0: Any,
    t1: Any,
    f1: Any,
    method: str = "linear",
    phi: Any = 0,
    vertex_zero: bool = True,
    *,
    complex: bool = False,
) -> Any:
    """Return a cosine whose frequency changes with time, and that has derivatives in all of its parameters.

    Parameters
    ----------
    t : Tensor or array_like
        Times.
    f0, f1 : Tensor or float
        Frequencies at times 0 and `t1`.
    t1 : Tensor or float
    method : {'linear', 'quadratic', 'logarithmic', 'hyperbolic'}
    phi : Tensor or float
        Phase in degrees.
    vertex_zero : bool
        Whether a quadratic chirp is flat at time 0 instead of `t1`.
    complex : bool
        Whether to return the rotating complex exponential.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If the method is unknown.
    """
    t, f0, t1, f1 = (xp.shaped(value) for value in (t, f0, t1, f1))
    steady = bool(np.all(plain(f0) == plain(f1)))
    if method in {"linear", "lin", "li"}:
        turns = f0 * t + 0.5 * (f1 - f0) / t1 * t * t
    elif method in {"quadratic", "quad", "q"}:
        bend = (f1 - f0) / (t1 * t1)
        rest = t if vertex_zero else t1 - t
        turns = f0 * t + bend * t**3 / 3.0 if vertex_zero else f1 * t + bend * (rest**3 - t1**3) / 3.0
    elif method in {"logarithmic", "log", "lo"}:
        turns = f0 * t if steady else f0 * t1 / xp.log(f1 / f0) * ((f1 / f0) ** (t / t1) - 1.0)
    elif method in {"hyperbolic", "hyp"}:
        turns = f0 * t if steady else f0 * f1 * t1 / (f0 - f1) * xp.log(xp.abs(1.0 + t * (f0 - f1) / (f1 * t1)))
    else:
        raise ValueError(f"method is 'linear', 'quadratic', 'logarithmic' or 'hyperbolic', not {method!r}")
    phase = 2.0 * np.pi * turns + xp.shaped(phi) * (np.pi / 180.0)
    return xp.exp(1j * phase) if complex else xp.cos(phase)


def gausspulse(
    t: Any,
    fc: Any = 1000,
    bw: Any = 0.5,
    bwr: float = -6,
    tpr: float = -60,
    retquad: bool = False,
    retenv: bool = False,
) -> Any:
    """Return a sine under a Gaussian, with derivatives in times, frequency and bandwidth; see scipy.signal.gausspulse.

    Returns
    -------
    Tensor, or a tuple of several
        The cutoff time, a float, if `t` is 'cutoff'.
    """
    if isinstance(t, str):
        return scipy.signal.gausspulse(t, fc, bw, bwr, tpr)
    t, fc, bw = xp.shaped(t), xp.shaped(fc), xp.shaped(bw)
    decay = -xp.square(np.pi * fc * bw) / (4.0 * np.log(10.0 ** (bwr / 20.0)))
    around = xp.exp(-decay * t * t)
    angle = 2.0 * np.pi * fc * t
    pulse = around * xp.cos(angle)
    results = (pulse, *(around * xp.sin(angle) for _ in range(retquad)), *(around for _ in range(retenv)))
    return results if len(results) > 1 else pulse


def sawtooth(t: Any, width: Any = 1) -> Any:
    """Return a wave that rises for `width` of each period of 2 pi and falls for the rest.

    Parameters
    ----------
    t : Tensor or array_like
    width : Tensor or float
        Between 0 and 1; NaN comes back elsewhere.

    Returns
    -------
    Tensor
    """
    t, width = xp.shaped(t), xp.shaped(width)
    inside = xp.remainder(t, 2.0 * np.pi)
    rising = xp.less(inside, width * (2.0 * np.pi))
    up = inside / (np.pi * xp.where(rising, width, 1.0)) - 1.0
    down = (np.pi * (width + 1.0) - inside) / (np.pi * (1.0 - xp.where(rising, 0.0, width)))
    wave = xp.where(rising, up, down)
    return xp.where(xp.logical_or(xp.less(width, 0.0), xp.greater(width, 1.0)), np.nan, wave)
