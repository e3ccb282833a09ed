"""Kernels of the rows in `ops/special/hypergeometric.py`: derivatives in parameters, by differences of SciPy's values.

In the argument the derivatives are exact: contiguous functions, or the differential equation. In a parameter they are
worth what SciPy's own values are, times the growth that `stencils` states: the error was near 1e-11 for the first and
1e-10 for the second derivative, at worst 2e-7 (`pbdv`) (`tests/ops/test_special_accuracy.py`).
"""

from __future__ import annotations

from math import comb, prod
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from gradtape.spaces.kernels.special.gamma import rgamma_slope
from gradtape.spaces.kernels.special.precision import in_double, in_double_or_complex, in_last
from gradtape.spaces.kernels.special.stencils import by_differences, partial

if TYPE_CHECKING:
    from collections.abc import Callable


def from_poles(a: Any) -> Any:
    """Return how far a parameter may move that has poles at 0, -1, -2, ...: a third of the distance of the nearest."""
    return 0.3 * np.where(a > 0, a, np.abs(a - np.round(a)))


def rising(a: Any, n: int) -> Any:
    """Return `a (a + 1) ... (a + n - 1)`."""
    return prod((a + m for m in range(n)), start=1.0)


@in_double_or_complex
def hyp0f1_slope(v: Any, z: Any, i: int = 1, j: int = 0) -> Any:
    """Return the i-th derivative in `v` and j-th in `z` (DLMF 16.3.1)."""
    v, z = np.broadcast_arrays(v, z)
    return partial(
        lambda v, z: special.hyp0f1(v + j, z) / rising(v, j), (v, z), (i, 0), (np.minimum(0.3, from_poles(v)), None)
    )


@in_double_or_complex
def hyp1f1_slope(a: Any, b: Any, x: Any, i: int = 1, j: int = 0, k: int = 0) -> Any:
    """Return the derivative of the given orders in `a`, `b` and `x` (DLMF 13.3.16)."""
    a, b, x = np.broadcast_arrays(a, b, x)
    reach = 1.0 / (1.0 + np.log1p(np.abs(x)))

    def in_x(a: Any, b: Any, x: Any) -> Any:
        return rising(a, k) / rising(b, k) * special.hyp1f1(a + k, b + k, x)

    return partial(in_x, (a, b, x), (i, j, 0), (reach, np.minimum(reach, from_poles(b)), None))


@in_double
def hyperu_slope(a: Any, b: Any, x: Any, i: int = 1, j: int = 0, k: int = 0) -> Any:
    """Return the derivative of the given orders in `a`, `b` and `x`, for positive `a` and `x`; NaN elsewhere.

    The integral DLMF 13.4.4, differentiated, by equidistant points in the logarithm of its variable, which give it to
    rounding. SciPy's own values are too rough for differences.
    """
    a, b, x = np.broadcast_arrays(a, b, x)
    good = (a > 0.0) & (x > 0.0)
    a, x = np.where(good, a, 1.0), np.where(good, x, 1.0)
    low = np.minimum(0.0, np.log(a / x)) - 45.0 / a
    high = np.log((60.0 + 4.0 * np.maximum(b, 0.0)) / x) + 1.0
    gamma = [rgamma_slope(a, n=n) if n else special.rgamma(a) for n in range(i + 1)]
    count = int(np.max(np.ceil((high - low) / 0.2), initial=0.0)) + 1
    total = np.zeros(a.shape)
    for m in range(count):
        s = low + 0.2 * m
        log = np.logaddexp(0.0, s)
        weight = np.exp((a + k) * s + (b - a - 1.0) * log - x * np.exp(s)) * log**j
        total = total + weight * sum(comb(i, n) * (s - log) ** n * gamma[i - n] for n in range(i + 1))
    return np.where(good, (-1.0) ** k * 0.2 * total, np.nan)


@in_double_or_complex
def hyp2f1_slope(a: Any, b: Any, c: Any, z: Any, i: int = 1, j: int = 0, k: int = 0, l: int = 0) -> Any:
    """Return the derivative of the given orders in `a`, `b`, `c` and `z` (DLMF 15.5.2)."""
    a, b, c, z = np.broadcast_arrays(a, b, c, z)
    reach = 1.0 / (1.0 + np.abs(np.log(np.abs(1.0 - z))) + np.log1p(np.abs(z)))

    def in_z(a: Any, b: Any, c: Any, z: Any) -> Any:
        return rising(a, l) * rising(b, l) / rising(c, l) * special.hyp2f1(a + l, b + l, c + l, z)

    return partial(in_z, (a, b, c, z), (i, j, k, 0), (reach, reach, np.minimum(reach, from_poles(c)), None))


def parabolic(function: Callable[..., Any], sign: float) -> Callable[..., Any]:
    """Make the kernel of a function with `f'' = (sign * (x**2 / 4) - sign * (v + 1/2)) f` or `(v - x**2 / 4) f`."""

    def in_x(v: Any, x: Any, j: int) -> Any:
        chain = list(function(v, x))
        rate = 0.25 * x * x - v - 0.5 if sign > 0 else v - 0.25 * x * x
        for n in range(j - 1):  # Leibniz: the equation differentiated n times
            following = rate * chain[n]
            if n > 0:
                following = following + n * sign * 0.5 * x * chain[n - 1]
            if n > 1:
                following = following + n * (n - 1) * sign * 0.25 * chain[n - 2]
            chain.append(following)
        return chain[j]

    def run(v: Any, x: Any, i: int = 1, j: int = 0) -> Any:
        v, x = np.broadcast_arrays(v, x)
        reach = 1.0 / (np.pi + np.log1p(np.abs(x)))
        return partial(lambda v, x: in_x(v, x, j), (v, x), (i, 0), (reach, None))

    run.__name__ = f"{function.__name__}_slope"
    return in_double(run)


@in_last
def lpmv_slope(m: Any, v: Any, x: Any, j: int = 1, k: int = 0) -> Any:
    """Return the j-th derivative in the degree `v` and k-th in `x`; the order `m` is a whole number."""
    m, v, x = np.broadcast_arrays(*(np.asarray(t, np.float64) for t in (m, v, x)))
    return partial(special.lpmv, (m, v, x), (0, j, k), (None, np.full(v.shape, 0.3), 0.3 * (1.0 - np.abs(x))))


def sph_harm_y(n: Any, m: Any, theta: Any, phi: Any) -> Any:
    """Return spherical harmonics in the precision of the angles."""
    kind = np.result_type(np.result_type(theta, phi), np.complex64)
    return np.asarray(special.sph_harm_y(n, m, theta, phi)).astype(kind)[()]


def lambertw(z: Any, k: Any = 0, tol: float = 1e-8) -> Any:
    """Return Lambert's function in the precision of its argument."""
    return np.asarray(special.lambertw(z, k, tol)).astype(np.result_type(z, np.complex64))[()]


def wright_reach(a: Any, b: Any, x: Any) -> tuple[Any, Any, Any]:
    """Return how far the arguments may move: SciPy has none of them below 0."""
    return tuple(np.minimum(0.5, 0.5 * t) for t in (a, b, x))


def polynomial_reach(a: Any, lmb: Any, nu: Any) -> tuple[Any, Any, Any]:
    """Return how far the arguments may move: powers begin at a = 0, the integral at lmb + nu = -1."""
    return np.minimum(0.3, 0.3 * a), np.minimum(0.3, 0.3 * (lmb + nu + 1.0)), np.minimum(0.3, 0.3 * (lmb + nu + 1.0))


KERNELS: dict[str, Callable[..., Any]] = {
    "besselpoly_slope": by_differences(special.besselpoly, polynomial_reach),
    "hyp0f1_slope": hyp0f1_slope,
    "hyp1f1_slope": hyp1f1_slope,
    "hyp2f1_slope": hyp2f1_slope,
    "hyperu_slope": hyperu_slope,
    "lambertw": lambertw,
    "lpmv": in_last(special.lpmv),
    "lpmv_slope": lpmv_slope,
    "pbdv_slope": parabolic(special.pbdv, 1.0),
    "pbvv_slope": parabolic(special.pbvv, 1.0),
    "pbwa_slope": parabolic(special.pbwa, -1.0),
    "sph_harm_y": sph_harm_y,
    "wright_bessel_slope": by_differences(special.wright_bessel, wright_reach),
}
