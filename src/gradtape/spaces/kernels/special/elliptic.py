"""Kernels of the rows in `ops/special/elliptic.py`: one integral over all powers, for which one rule is exact.

In `t = exp(s)` the integrand of Carlson's integrals (DLMF 19.16) is analytic within pi of the real axis and falls
exponentially at both ends, so equidistant points give it to rounding: the relative error is below 1e-13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.spaces.kernels.special.precision import in_double, in_double_or_complex

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DIGITS = 39.0
"""The logarithm of what may be left out."""
AT_ONCE = 1 << 18


def power_integral(places: Sequence[Any], powers: Sequence[float], q: int = 0) -> Any:
    """Integrate `t**q` divided by the product of `(t + places[m])**powers[m]` over t from 0 to infinity.

    Parameters
    ----------
    places : sequence of ndarray
        Numbers that are not negative, or complex ones off the negative axis.
    powers : sequence of float
        One for each; their sum is above q + 1.
    q : int
        The power of t.
    """
    places = np.broadcast_arrays(*places)
    sizes = [np.abs(p) for p in places]
    smallest = np.min([np.where(s > 0, s, np.inf) for s in sizes], axis=0)
    largest = np.max(sizes, axis=0)
    at_zero = q + 1.0 - sum(np.where(s > 0, 0.0, e) for s, e in zip(sizes, powers, strict=True))
    turned = np.max([np.abs(np.angle(p)) for p in places], axis=0)
    step = 2.0 * np.pi * (np.pi - turned) / DIGITS * 0.9
    low = np.log(smallest) - DIGITS / at_zero
    high = np.log(largest) + DIGITS / (sum(powers) - q - 1.0)
    good = np.isfinite(low) & np.isfinite(high) & (step > 0.0) & (at_zero > 0.0)
    low, high, step = np.where(good, low, 0.0), np.where(good, high, 0.0), np.where(good, step, 1.0)
    count = int(np.max(np.ceil((high - low) / step), initial=0.0)) + 1
    block = max(1, AT_ONCE // max(1, low.size))
    total = np.zeros(np.shape(low), np.result_type(*places))
    spread = (slice(None), *(None,) * low.ndim)
    for first in range(0, count, block):
        s = low + step * np.arange(first, min(first + block, count))[spread]
        t = np.exp(s)
        total = total + np.sum(
            np.exp((q + 1.0) * s - sum(e * np.log(t + p) for p, e in zip(places, powers, strict=True))), axis=0
        )
    return np.where(good, step * total, np.where(at_zero <= 0.0, np.inf, np.nan))


@in_double_or_complex
def carlson_integral(x: Any, y: Any, z: Any, p: Any, i: int = 0, j: int = 0, k: int = 0, l: int = 0, q: int = 0) -> Any:
    """Integrate `t**q (t + x)**(-i - 1/2) (t + y)**(-j - 1/2) (t + z)**(-k - 1/2) (t + p)**(-l)` from 0 to infinity."""
    return power_integral((x, y, z, p)[: 4 if l else 3], (i + 0.5, j + 0.5, k + 0.5, l)[: 4 if l else 3], q)


@in_double
def elliptic_moment(phi: Any, m: Any, n: int = 0, r: int = 1) -> Any:
    """Integrate `sin(t)**(2 n) * (1 - m sin(t)**2)**(-r / 2)` over t from 0 to `phi` (DLMF 19.25.5, 19.25.9)."""
    phi, m = np.broadcast_arrays(phi, m)
    turns = np.round(phi / np.pi)
    sine, square = np.sin(phi - turns * np.pi), np.cos(phi - turns * np.pi) ** 2
    square = np.where(square < 1e-32, 0.0, square)  # pi / 2 means the complete integral
    powers = (0.5, r / 2.0, n + 1.0 - r / 2.0)
    one = np.ones(np.shape(phi))
    part = 0.5 * sine ** (2 * n + 1) * power_integral((square, 1.0 - m * sine * sine, one), powers)
    if not turns.any():
        return part
    return part + turns * power_integral((0.0 * one, 1.0 - m, one), powers)


KERNELS: dict[str, Callable[..., Any]] = {
    "carlson_integral": carlson_integral,
    "elliptic_moment": elliptic_moment,
}
