"""Filters that choose among neighbours, the adaptive one of Wiener, and the division of polynomials."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.ops import Index
from gradtape.scipy._values import matched, xp
from gradtape.scipy.ndimage import median_filter, rank_filter
from gradtape.scipy.ndimage.filters import per_axis


def medfilt(volume: Any, kernel_size: Any = None) -> Any:
    """Choose the median of the neighbours, zeros standing beyond the edges; its element has the whole derivative.

    Parameters
    ----------
    volume : Tensor or array_like
    kernel_size : int or sequence of int, optional
        Odd lengths of the neighbourhood; 3 unless given.

    Returns
    -------
    Tensor
        Of the shape of `volume`.

    Raises
    ------
    ValueError
        If a length is even.

    Examples
    --------
    >>> from gradtape.scipy import signal
    >>> signal.medfilt([1.0, 9.0, 2.0, 3.0])
    Tensor([1., 2., 3., 2.])
    """
    x = xp.atleast_1d(xp.shaped(volume))
    sizes = [int(n) for n in per_axis(3 if kernel_size is None else kernel_size, x.ndim, "kernel_size")]
    if any(n % 2 == 0 for n in sizes):
        raise ValueError("Each element of kernel_size should be odd.")
    return median_filter(x, size=sizes, mode="constant")


def medfilt2d(input: Any, kernel_size: Any = 3) -> Any:
    """Choose the median of the neighbours in a matrix; see `medfilt`."""
    return medfilt(input, kernel_size)


def order_filter(a: Any, domain: Any, rank: int) -> Any:
    """Choose the neighbour of a rank among those that `domain` marks, zeros standing beyond the edges.

    Raises
    ------
    ValueError
        If a length of `domain` is even.
    """
    domain = np.asarray(domain)
    if any(n % 2 == 0 for n in domain.shape):
        raise ValueError("Each dimension of domain argument should have an odd number of elements.")
    return rank_filter(a, rank, footprint=domain, mode="constant")


def wiener(im: Any, mysize: Any = None, noise: Any = None) -> Any:
    """Smooth where the local variance is that of noise.

    Parameters
    ----------
    im : Tensor or array_like
    mysize : int or sequence of int, optional
        Lengths of the neighbourhood; 3 unless given.
    noise : Tensor or float, optional
        The noise's variance; the average of the local ones unless given.

    Returns
    -------
    Tensor
        Of the shape of `im`.
    """
    x = xp.shaped(im)
    sizes = [int(n) for n in per_axis(3 if mysize is None else mysize, x.ndim, "mysize")]
    box = matched(np.full(sizes, 1.0 / np.prod(sizes)), x)
    average, squares = (xp.scipy_correlate(v, box, "same") for v in (x, xp.square(x)))
    spread = squares - xp.square(average)
    noise = xp.mean(spread) if noise is None else noise
    loud = xp.greater_equal(spread, noise)
    return xp.where(loud, average + (x - average) * (1.0 - noise / xp.where(loud, spread, 1.0)), average)


def deconvolve(signal: Any, divisor: Any) -> tuple[Any, Any]:
    """Divide polynomials: `signal = convolve(divisor, quotient) + remainder`.

    Parameters
    ----------
    signal, divisor : Tensor or array_like
        Vectors.

    Returns
    -------
    quotient, remainder : Tensor
    """
    num, den = (xp.atleast_1d(xp.shaped(v)) for v in (signal, divisor))
    count = num.shape[0] - den.shape[0] + 1
    if count < 1:
        return xp.getitem(num, Index(slice(0, 0))), num
    pulse = matched(np.eye(1, count)[0], num)
    quotient = xp.recursive_filter(num, den, pulse)
    return quotient, num - xp.convolve(den, quotient)
