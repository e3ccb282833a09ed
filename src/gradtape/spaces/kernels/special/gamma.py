"""Kernels of the rows in `ops/special/gamma.py`: polygamma functions, their differences, and `1 / gamma`."""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from gradtape.spaces.kernels.special import jets
from gradtape.spaces.kernels.special.precision import in_double, in_double_or_complex

if TYPE_CHECKING:
    from collections.abc import Callable

BERNOULLI = tuple(float(b) for b in special.bernoulli(30)[2::2])
FAR = 15.0
"""From here on fifteen terms of Stirling's series give all digits."""


def polygamma(n: Any, x: Any) -> Any:
    """Return the n-th derivative of the digamma function, in the dtype of `x`; also of complex numbers."""
    x = np.asarray(x)
    if x.dtype.kind == "c":
        return _complex_polygamma(np.asarray(n), x)
    return special.polygamma(n, x).astype(x.dtype if x.dtype.kind == "f" else np.float64)[()]


def _complex_polygamma(n: Any, z: Any) -> Any:
    if n.ndim:
        orders = np.unique(n)
        results = [np.where(n == order, _complex_polygamma(order, z), 0.0) for order in orders]
        return np.sum(np.broadcast_arrays(*results), axis=0).astype(z.dtype)[()]
    n = int(n)
    wide = z.astype(np.complex128)
    left = wide.real < 0.5
    right = _right_polygamma(n, np.where(left, 1.0 - wide, wide))
    if left.any():  # DLMF 5.15.6
        sine = jets.quotient(sine_of_pi(wide, n, turn=1), sine_of_pi(wide, n))
        right = np.where(left, (-1) ** n * right - np.pi * factorial(n) * sine[n], right)
    return right.astype(z.dtype)[()]


def _right_polygamma(n: int, z: Any) -> Any:
    """Climb to the right by the recurrence, DLMF 5.15.5, and take the asymptotic series there, DLMF 5.15.8."""
    if n == 0:
        return special.digamma(z)
    total = np.zeros_like(z)
    for k in range(int(FAR)):
        total += 1.0 / (z + k) ** (n + 1)
    far = z + FAR
    series = factorial(n - 1) / far**n + factorial(n) / (2.0 * far ** (n + 1))
    for k, b in enumerate(BERNOULLI, 1):
        series = series + b * factorial(2 * k + n - 1) / factorial(2 * k) / far ** (2 * k + n)
    return (-1) ** (n + 1) * (factorial(n) * total + series)


@in_double
def polygamma_gap(x: Any, step: Any, n: int = 0) -> Any:
    """Return `polygamma(n, x + step) - polygamma(n, x)` without the cancellation where `x` is large or the step small.

    Where both numbers are beyond 15, Stirling's series (DLMF 5.11.2, differentiated) is subtracted term by term, every
    term through `expm1` and `log1p`; where the step is below a hundredth, Taylor's series is summed. Elsewhere a factor
    of a thousand is lost at most.
    """
    x, step = np.broadcast_arrays(x, step)
    far = (np.minimum(x, x + step) > FAR) & (np.abs(step) < x)
    close = ~far & (np.abs(step) < 0.01 * x)
    result = np.array(special.polygamma(n, x + step) - special.polygamma(n, x))
    result[far] = _stirling_gap(x[far], step[far], n)
    result[close] = sum(special.polygamma(n + k, x[close]) * step[close] ** k / factorial(k) for k in range(1, 9))
    return result


def _stirling_gap(x: Any, step: Any, n: int) -> Any:
    ratio = np.log1p(step / x)
    sign = (-1) ** (n + 1)
    first = ratio if n == 0 else sign * factorial(n - 1) * np.expm1(-n * ratio) / x**n
    series = first + sign * factorial(n) / 2.0 * np.expm1(-(n + 1) * ratio) / x ** (n + 1)
    for k, b in enumerate(BERNOULLI, 1):
        power = 2 * k + n
        series = series + sign * b * factorial(power - 1) / factorial(2 * k) * np.expm1(-power * ratio) / x**power
    return series


@in_double_or_complex
def rgamma_slope(x: Any, n: int = 1) -> Any:
    """Return the n-th derivative of `1 / gamma(x)`, also where gamma has poles; left of 1/2 by DLMF 5.5.3."""
    left = x.real < 0.5
    log = log_gamma(np.where(left, 1.0 - x, x), n)
    falling = jets.exponential([-c for c in log])
    rising = jets.exponential([(-1.0) ** k * c for k, c in enumerate(log)])
    reflected = jets.product(rising, [c / np.pi for c in sine_of_pi(x, n)])
    return np.where(left, jets.slope(reflected), jets.slope(falling))


def log_gamma(x: Any, n: int) -> jets.Jet:
    """Return the series of the logarithm of the gamma function around a number in the right half-plane."""
    first = special.gammaln(x) if x.dtype.kind != "c" else special.loggamma(x)
    return [first, *(polygamma(k, x) / factorial(k + 1) for k in range(n))]


def sine_of_pi(x: Any, n: int, turn: int = 0) -> jets.Jet:
    """Return the series of `sin(pi x)`, exact at whole numbers; of `cos(pi x)` with `turn` 1."""
    if x.dtype.kind == "c":
        sine, cosine = np.sin(np.pi * x), np.cos(np.pi * x)
    else:
        sine, cosine = special.sindg(180.0 * x), special.cosdg(180.0 * x)
    values = sine, cosine, -sine, -cosine
    return [values[(k + turn) % 4] * np.pi**k / factorial(k) for k in range(n + 1)]


KERNELS: dict[str, Callable[..., Any]] = {
    "polygamma": polygamma,
    "polygamma_gap": polygamma_gap,
    "rgamma_slope": rgamma_slope,
}
