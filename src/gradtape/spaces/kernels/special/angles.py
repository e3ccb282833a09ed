"""Kernels of the rows in `ops/special/angles.py`: the sums of Kolmogorov and Smirnov, every term a series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from gradtape.spaces.kernels.special import jets
from gradtape.spaces.kernels.special.precision import in_double, in_last

if TYPE_CHECKING:
    from collections.abc import Callable

TERMS = 12


@in_double
def kolmogorov_slope(x: Any, n: int = 1) -> Any:
    """Return the n-th derivative of Kolmogorov's distribution function (from above).

    Below 1 of the sum `1 - sqrt(2 pi) / x * sum of exp(-((2 k - 1) pi / x)**2 / 8)`, above of
    `2 * sum of (-1)**(k - 1) exp(-2 k**2 x**2)`; the two are the same theta function (DLMF 20.7.32).
    """
    low = x < 1.0
    place = np.where(low, np.maximum(x, 1e-3), 1.0)
    inverse = [(-1.0) ** k / place ** (k + 1) for k in range(n + 1)]
    square = jets.product(inverse, inverse)
    left = [0.0 * c for c in inverse]
    for k in range(1, TERMS, 2):
        left = [
            t + c for t, c in zip(left, jets.exponential([-(k * k) * np.pi**2 / 8.0 * c for c in square]), strict=True)
        ]
    left = [-np.sqrt(2.0 * np.pi) * c for c in jets.product(inverse, left)]
    place = np.where(low, 1.0, x)
    square = [place * place, 2.0 * place, np.ones(place.shape), *(np.zeros(place.shape) for _ in range(n))][: n + 1]
    right = [np.zeros(place.shape) for _ in range(n + 1)]
    for k in range(1, TERMS):
        term = jets.exponential([-2.0 * k * k * c for c in square])
        right = [t + 2.0 * (-1.0) ** (k - 1) * c for t, c in zip(right, term, strict=True)]
    return np.where(x > 0.0, np.where(low, jets.slope(left), jets.slope(right)), 0.0)


@in_last
def smirnov_slope(n: Any, d: Any, k: int = 1) -> Any:
    """Return the k-th derivative in `d` of Smirnov's distribution function (from above), term by term."""
    n, d = np.broadcast_arrays(np.asarray(n, np.float64), np.asarray(d, np.float64))
    total = [np.zeros(d.shape) for _ in range(k + 1)]
    for j in range(int(np.max(n, initial=0.0))):
        inside = (d > 0.0) & (1.0 - d - j / n > 0.0)
        place = np.where(inside, d, 0.5)
        before, after = np.where(inside, d + j / n, 0.5), np.where(inside, 1.0 - d - j / n, 0.5)
        power = [(1.0, place, 1.0), (j - 1.0, before, 1.0), (n - j, after, -1.0)]
        chosen = special.gammaln(n + 1.0) - special.gammaln(j + 1.0) - special.gammaln(np.maximum(n - j, 0.0) + 1.0)
        log = [chosen + sum(e * np.log(base) for e, base, _ in power)]
        log += [sum(e * (-1.0) ** (m - 1) * (sign / base) ** m / m for e, base, sign in power) for m in range(1, k + 1)]
        term = jets.exponential(log)
        total = [t + np.where(inside, c, 0.0) for t, c in zip(total, term, strict=True)]
    return jets.slope(total)


KERNELS: dict[str, Callable[..., Any]] = {
    "kolmogorov_slope": kolmogorov_slope,
    "smirnov": in_last(special.smirnov),
    "smirnov_slope": smirnov_slope,
    "smirnovi": in_last(special.smirnovi),
}
