"""Trends, local polynomials, and the analytic signal."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import scipy.signal

from gradtape.ops import Index
from gradtape.ops.fourier import fitted
from gradtape.ops.signal.filters import along
from gradtape.scipy._values import matched, xp


def detrend(data: Any, axis: int = -1, type: str = "linear", bp: Any = 0, overwrite_data: bool = False) -> Any:  # noqa: ARG001
    """Remove the mean or the straight line that fits best, of each piece between breakpoints.

    Parameters
    ----------
    data : Tensor or array_like
    axis : int
    type : {'linear', 'constant'}
    bp : int or sequence of int
        Where a new line begins.
    overwrite_data : bool
        Has no effect: tensors are never overwritten.

    Returns
    -------
    Tensor
        Of the shape of `data`.

    Raises
    ------
    ValueError
        If the type is unknown or a breakpoint lies behind the end.

    Examples
    --------
    >>> from gradtape.scipy import signal
    >>> signal.detrend([1.0, 2.0, 6.0], type="constant")
    Tensor([-2., -1.,  3.])
    """
    x = xp.shaped(data)
    if type in {"constant", "c"}:
        return x - xp.mean(x, axis=axis, keepdims=True)
    if type not in {"linear", "l"}:
        raise ValueError(f"type is 'linear' or 'constant', not {type!r}")
    n = x.shape[axis]
    edges = np.unique(np.concatenate([[0], np.atleast_1d(bp), [n]])).astype(int)
    if edges[-1] > n:
        raise ValueError("Breakpoints must be less than length of data along given axis.")
    moved = xp.moveaxis(x, axis, -1)
    parts = []
    for start, stop in pairwise(edges):
        line = np.stack([np.ones(stop - start), np.arange(stop - start) / max(stop - start, 1)], axis=1)
        basis = matched(np.linalg.qr(line)[0], x)
        part = xp.getitem(moved, Index((..., slice(int(start), int(stop)))))
        parts.append(part - xp.matmul(xp.matmul(part, basis), basis.T))
    return xp.moveaxis(xp.concatenate(parts, axis=-1), -1, axis)


def savgol_filter(
    x: Any,
    window_length: int,
    polyorder: int,
    deriv: int = 0,
    delta: float = 1.0,
    axis: int = -1,
    mode: str = "interp",
    cval: float = 0.0,
) -> Any:
    """Smooth by local polynomials (Savitzky and Golay).

    Parameters
    ----------
    x : Tensor or array_like
    window_length : int
        Samples per polynomial, an odd number.
    polyorder : int
        Less than `window_length`.
    deriv : int
        Which derivative to compute.
    delta : float
        Distance of the samples.
    axis : int
    mode : {'interp', 'mirror', 'constant', 'nearest', 'wrap'}
        How the ends are treated: by the polynomials of the first and last window, or by continuing the signal.
    cval : float
        What stands beyond the ends in mode 'constant'.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    ValueError
        If the window is even or longer than the signal, or the mode is unknown.
    """
    x = xp.moveaxis(xp.shaped(x), axis, -1)
    if window_length % 2 == 0:
        raise ValueError(f"window_length must be odd, not {window_length}")
    half = window_length // 2
    taps = matched(scipy.signal.savgol_coeffs(window_length, polyorder, deriv=deriv, delta=delta), x)
    if mode != "interp":
        kind = {"mirror": "reflect", "constant": "constant", "nearest": "edge", "wrap": "wrap"}.get(mode)
        if kind is None:
            raise ValueError(f"mode is 'mirror', 'constant', 'nearest', 'wrap' or 'interp', not {mode!r}")
        options = {"constant_values": cval} if kind == "constant" else {}
        x = xp.pad_call(x, [(0, 0)] * (x.ndim - 1) + [(half, half)], mode=kind, **options)
    elif window_length > x.shape[-1]:
        raise ValueError("If mode is 'interp', window_length must be less than or equal to the size of x.")
    run = xp.recursive_filter(taps, np.ones(1, taps.dtype), x, axis=-1)
    y = xp.getitem(run, along(-1, x.ndim, window_length - 1, None))
    if mode == "interp" and half:
        ends = [(slice(None, window_length), range(-half, 0)), (slice(-window_length, None), range(1, half + 1))]
        left, right = (
            xp.matmul(xp.getitem(x, Index((..., part))), matched(_local_fit(half, polyorder, deriv, delta, at), x))
            for part, at in ends
        )
        y = xp.concatenate([left, y, right], axis=-1)
    return xp.moveaxis(y, -1, axis)


def _local_fit(half: int, polyorder: int, deriv: int, delta: float, at: range) -> Any:
    """Return the matrix from a window's samples to the fitted polynomial's derivative at places around its middle."""
    powers = np.vander(np.arange(-half, half + 1) / max(half, 1), polyorder + 1, increasing=True)
    places = np.array(at) / max(half, 1)
    values = np.zeros((len(at), polyorder + 1))
    for k in range(deriv, polyorder + 1):
        factor = np.prod(np.arange(k - deriv + 1, k + 1)) if deriv else 1.0
        values[:, k] = factor * places ** (k - deriv)
    return (values @ np.linalg.pinv(powers)).T / (delta * max(half, 1)) ** deriv


def hilbert(x: Any, N: int | None = None, axis: int = -1) -> Any:  # noqa: N803
    """Return the analytic signal: the real one, and its Hilbert transform as the imaginary part.

    Parameters
    ----------
    x : Tensor or array_like
        Real.
    N : int, optional
        Length of the transform.
    axis : int

    Returns
    -------
    Tensor
        Complex, with `N` samples along the axis.

    Raises
    ------
    ValueError
        If `x` is complex or `N` is not positive.
    """
    x = xp.shaped(x)
    if x.dtype.kind == "c":
        raise ValueError("x must be real.")
    n = x.shape[axis] if N is None else N
    if n <= 0:
        raise ValueError("N must be positive.")
    half = xp.weigh_middle(xp.rfft(x, n=n, axis=axis), factor=2.0, n=n, axis=axis)
    return xp.ifft(half, n=n, axis=axis)


def envelope(
    z: Any,
    bp_in: tuple[int | None, int | None] = (1, None),
    *,
    n_out: int | None = None,
    squared: bool = False,
    residual: str | None = "lowpass",
    axis: int = -1,
) -> Any:
    """Return the envelope of a real signal's frequency band, and what is left of the signal.

    Parameters
    ----------
    z : Tensor or array_like
        Real.
    bp_in : tuple of int or None
        First bin of the band and the one after its last.
    n_out : int, optional
        Only the length of the signal is supported.
    squared : bool
        Whether to return the squared envelope.
    residual : {'lowpass', 'all', None}
        What is returned with it: everything below the band, everything outside of it, or nothing.
    axis : int

    Returns
    -------
    Tensor
        Envelope and residual, along a new first axis; the envelope alone if `residual` is None.

    Raises
    ------
    ValueError
        If the signal is complex, the band is empty, or `n_out` is another length.
    """
    z = xp.moveaxis(xp.shaped(z), axis, -1)
    n = z.shape[-1]
    if z.dtype.kind == "c" or n_out not in {None, n}:
        raise ValueError("envelope wants a real signal and n_out=None here")
    low, high = bp_in[0] or 0, n // 2 + 1 if bp_in[1] is None else bp_in[1]
    if not 0 <= low < high <= n // 2 + 1:
        raise ValueError(f"the band {bp_in} is empty or reaches beyond the {n // 2 + 1} bins")
    spectrum = xp.rfft(z)
    double = xp.weigh_middle(spectrum, factor=2.0, n=n)
    band = xp.getitem(double, Index((..., slice(low, high))))
    around = [(0, 0)] * (z.ndim - 1)
    analytic = xp.ifft(xp.pad(band, pad_width=(*around, (low, n - high))))
    power = xp.square(xp.real(analytic)) + xp.square(xp.imag(analytic))
    result = power if squared else xp.sqrt(power)
    result = xp.moveaxis(result, -1, axis)
    if residual is None:
        return result
    rest = xp.getitem(spectrum, Index((..., slice(0, low))))
    rest = fitted(xp, rest, -1, n // 2 + 1)
    if residual == "all":
        above = xp.getitem(spectrum, Index((..., slice(high, None))))
        rest = rest + xp.pad(above, pad_width=(*around, (high, 0)))
    elif residual != "lowpass":
        raise ValueError(f"residual is 'lowpass', 'all' or None, not {residual!r}")
    return xp.stack([result, xp.moveaxis(xp.irfft(rest, n=n), -1, axis)], axis=0)
