"""Kernels of the rows in `ops/special/zeta.py`: Euler and Maclaurin's sum, every term a series in the exponent.

DLMF 25.11.28 with ten of its correction terms. The relative error is below 1e-13 for real exponents from 0 on
(`tests/ops/test_special_accuracy.py`); left of 0 Riemann's function is reflected (DLMF 25.4.1).
"""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from gradtape.spaces.kernels.special import jets
from gradtape.spaces.kernels.special.gamma import log_gamma, sine_of_pi
from gradtape.spaces.kernels.special.precision import in_double, in_double_or_complex

if TYPE_CHECKING:
    from collections.abc import Callable

TERMS = 16
BERNOULLI = tuple(float(b) for b in special.bernoulli(20)[2::2])


def _power(base: Any, s: Any, n: int) -> jets.Jet:
    """Return the series of `base**(-s)` in steps of s."""
    log, value = np.log(base), base ** (-s)
    return [value * (-log) ** k / factorial(k) for k in range(n + 1)]


def _constant(value: Any, step: float, n: int) -> jets.Jet:
    return [value, step + 0.0 * value, *(0.0 * value for _ in range(n - 1))][: n + 1]


def series(s: Any, q: Any, n: int) -> jets.Jet:
    """Return the series of Hurwitz's zeta function in steps of s, up to order n."""
    terms = TERMS + int(np.max(np.abs(np.imag(s)), initial=0.0))
    total = [0.0 * (s + q) for _ in range(n + 1)]
    for k in range(terms):
        total = [t + c for t, c in zip(total, _power(q + k, s, n), strict=True)]
    far = q + terms
    tail = _power(far, s, n)
    parts = [jets.quotient([far * c for c in tail], _constant(s - 1.0, 1.0, n)), [0.5 * c for c in tail]]
    rising = _constant(s, 1.0, n)
    for k, b in enumerate(BERNOULLI, 1):
        if k > 1:
            for m in (2 * k - 3, 2 * k - 2):
                rising = jets.product(rising, _constant(s + m, 1.0, n))
        scale = b / factorial(2 * k) / far ** (2 * k - 1)
        parts.append([scale * c for c in jets.product(tail, rising)])
    for part in parts:
        total = [t + c for t, c in zip(total, part, strict=True)]
    return total


@in_double
def zeta_slope(x: Any, q: Any, i: int = 1, j: int = 0) -> Any:
    """Return the i-th derivative in the exponent `x` and j-th in `q` of Hurwitz's zeta function (DLMF 25.11.17)."""
    x, q = np.broadcast_arrays(x, q)
    good = (x > 1.0) & (q > 0.0)
    x, q = np.where(good, x, 2.0), np.where(good, q, 1.0)
    result = series(x + j, q, i)
    for m in range(j):
        result = jets.product(result, [-c for c in _constant(x + m, 1.0, i)])
    return np.where(good, jets.slope(result), np.nan)


@in_double_or_complex
def riemann_slope(x: Any, n: int = 1) -> Any:
    """Return the n-th derivative of Riemann's zeta function."""
    left = x.real < 0.0
    right = np.where(left, 1.0 - x, x)
    here = series(right, np.ones(np.shape(x)), n)
    # 2**x pi**(x - 1) sin(pi x / 2) gamma(1 - x) zeta(1 - x)
    mirrored = [(-1.0) ** k * c for k, c in enumerate(here)]
    gamma = jets.exponential([(-1.0) ** k * c for k, c in enumerate(log_gamma(np.where(left, right, 1.0), n))])
    sine = [c * 0.5**k for k, c in enumerate(sine_of_pi(0.5 * x, n))]
    power = [c / np.pi for c in _power(np.full(np.shape(x), 0.5 / np.pi), x, n)]
    reflected = jets.product(jets.product(mirrored, gamma), jets.product(sine, power))
    return np.where(left, jets.slope(reflected), jets.slope(here))


KERNELS: dict[str, Callable[..., Any]] = {
    "riemann_slope": riemann_slope,
    "riemann_zeta": special.zeta,
    "zeta": special.zeta,
    "zeta_slope": zeta_slope,
}
