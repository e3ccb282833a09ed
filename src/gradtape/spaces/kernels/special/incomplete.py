"""Kernels of the rows in `ops/special/incomplete.py`: derivatives of the incomplete gamma and beta functions.

A derivative in a parameter is the integral of the density times a polynomial in logarithms. It is taken over the tail
in which the polynomial does not change its sign (much), so nothing cancels far out, where the value itself is tiny.
Parameters below 1 are raised by 1 first: `1 / gamma(a) = a / gamma(a + 1)` takes the singularity at 0 out.

Measured against 50 digits of mpmath (`tests/ops/test_special_accuracy.py`): the relative error stays below 1e-12 for
the gamma, 1e-10 for the beta function with parameters from 0.01 on; for smaller ones the absolute error is near 1e-16.
"""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from gradtape.spaces.kernels.special import jets
from gradtape.spaces.kernels.special.gamma import polygamma_gap
from gradtape.spaces.kernels.special.precision import in_double
from gradtape.spaces.kernels.special.quadrature import half_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LARGE = 10.0
STIRLING = tuple(float(b) / (k * (k - 1)) for k, b in zip(range(2, 22, 2), special.bernoulli(20)[2::2], strict=True))
"""Coefficients of the series DLMF 5.11.1."""


def log_power(a: Any, x: Any) -> Any:
    """Return the logarithm of `x**a exp(-x) / gamma(a)` without cancellation of large terms (DLMF 5.11.1)."""
    large = a > LARGE
    b = np.where(large, a, LARGE)
    excess = (x - b) / b
    error = sum(c / b ** (2 * k + 1) for k, c in enumerate(STIRLING))
    ratio = np.where(np.abs(excess) < 0.5, np.log1p(excess), np.log(x / b))
    far = 0.5 * np.log(b / (2.0 * np.pi)) - b * (excess - ratio) - error
    return np.where(large, far, special.xlogy(a, x) - x - special.gammaln(np.where(large, 1.0, a)))


def bell(first: Any, others: Sequence[Any], n: int) -> tuple[Any, Any]:
    """Return the complete Bell polynomials of order n and n - 1: the derivatives of an exponential, divided by it."""
    series = jets.exponential([0.0 * first, first, *(c / factorial(k) for k, c in enumerate(others, 2))][: n + 1])
    return factorial(n) * series[n], factorial(n - 1) * series[n - 1] if n else 0.0 * first


def _raised(a: Any, n: int) -> tuple[Any, Any, list[Any]]:
    """Return which parameters are raised by one, those parameters, and minus the polygammas after the first."""
    small = a < 1.0
    b = np.where(small, a + 1.0, a)
    return small, b, [-special.polygamma(k, b) for k in range(1, n)]


@in_double
def gamma_density(a: Any, x: Any, n: int = 0) -> Any:
    """Return the n-th derivative in `a` of the gamma density `x**(a - 1) exp(-x) / gamma(a)` (DLMF 8.8.13)."""
    small, b, others = _raised(a, n)
    log = np.where(x > 0, np.log(x) - special.digamma(b), 0.0)
    now, before = bell(log, others, n)
    scale = np.exp(log_power(b, x) - np.where(small, 2.0, 1.0) * np.log(np.where(x > 0, x, 1.0)))
    value = scale * np.where(small, a * now + n * before, now)
    edge = np.where(a > 1.0, 0.0, np.where(a < 1.0, np.inf, 1.0) if n == 0 else -np.inf)
    return np.where(x > 0, value, np.where(x == 0, edge, np.nan))


@in_double
def gammainc_slope(a: Any, x: Any, n: int = 1) -> Any:
    """Return the n-th derivative in `a`, n from 1 on, of the regularized incomplete gamma function (DLMF 8.2.4)."""
    a, x = np.broadcast_arrays(a, x)
    good = (a >= 0) & (x > 0) & np.isfinite(x) & np.isfinite(a)
    a, x = np.where(good, np.maximum(a, 1e-300), 1.0), np.where(good, x, 1.0)
    small, b, others = _raised(a, n)
    center = special.digamma(b)
    log = np.log(x)
    lower = log < center
    up = np.where(small, b, a)  # the lower integral of a small parameter is that of the raised one, and a term
    rate = np.where(lower, np.maximum(up - x, 0.0) + np.sqrt(x), np.maximum(1.0 - a / x, 0.0) + np.sqrt(a) / x)

    def integrand(w: Any) -> Any:
        """Return the density at `x exp(-w)` on the left, at `x + w` on the right, times its polynomial."""
        turn = np.where(lower, -w, np.log1p(w / x))
        fall = np.where(lower, -up * w - x * np.expm1(-w), (a - 1.0) * turn - w)
        now, before = bell(log - center + turn, others, n)
        return np.exp(fall) * np.where(small & ~lower, a * now + n * before, now)

    weight = np.exp(log_power(b, x) - np.where(lower, 0.0, np.where(small, 2.0, 1.0) * log))
    tail = np.where(lower, weight, -weight) * half_line(integrand, 1.0 / rate)
    step = np.where(lower & small, gamma_density(b, x, n=n), 0.0)
    return np.where(good, tail + step, np.where((x == 0) | (a >= 0), 0.0, np.nan))


def log_beta_power(a: Any, b: Any, x: Any, y: Any) -> Any:
    """Return the logarithm of `x**a * y**b / beta(a, b)` for y = 1 - x, without cancellation of large terms."""
    large = np.minimum(a, b) > LARGE
    p, q = np.where(large, a, LARGE), np.where(large, b, LARGE)
    error = sum(
        c * (1.0 / p ** (2 * k + 1) + 1.0 / q ** (2 * k + 1) - 1.0 / (p + q) ** (2 * k + 1))
        for k, c in enumerate(STIRLING)
    )
    far = p * _log_quotient(x * (p + q), p, x * q - y * p) + q * _log_quotient(y * (p + q), q, y * p - x * q)
    far = far + 0.5 * np.log(p * (q / (p + q)) / (2.0 * np.pi)) - error
    return np.where(large, far, special.xlogy(a, x) + special.xlogy(b, y) - special.betaln(a, b))


def _log_quotient(top: Any, bottom: Any, difference: Any) -> Any:
    """Return `log(top / bottom)`, from `difference = top - bottom` where the two are near each other."""
    part = difference / bottom
    return np.where(np.abs(part) < 0.5, np.log1p(np.maximum(part, -0.5)), np.log(top / bottom))


class BetaDensity:
    """The density `x**(a - 1) (1 - x)**(b - 1) / beta(a, b)`: its value divided by a polynomial of two logarithms.

    The polynomial is a coefficient of the series, in steps of `a` and `b`, of `x**a y**b / beta(a, b)` divided by its
    value. For parameters below 1 the factors `a`, `b` and `1 / (a + b)` are kept out of the exponential.
    """

    def __init__(self, a: Any, b: Any, orders: tuple[int, int]) -> None:
        self.a, self.b, self.orders = a, b, orders
        self.low_a, self.low_b = a < 1.0, b < 1.0
        self.both = self.low_a & self.low_b
        self.logs = self._slopes_of_beta(a + self.low_a, b + self.low_b, a + b + self.both)

    def _slopes_of_beta(self, a: Any, b: Any, whole: Any) -> dict[tuple[int, int], Any]:
        """Return the series of `gammaln(a + b) - gammaln(a) - gammaln(b)` but for its first term."""
        i, j = self.orders
        logs: dict[tuple[int, int], Any] = {}
        for k in range(i + 1):
            for m in range(j + 1):
                if k and m:
                    logs[k, m] = special.polygamma(k + m - 1, whole) / (factorial(k) * factorial(m))
                elif k or m:
                    alone = a if k else b
                    logs[k, m] = polygamma_gap(alone, whole - alone, n=k + m - 1) / factorial(k + m)
        return logs

    def scale(self, x: Any, y: Any) -> Any:
        """Return `x**a y**b / beta(a, b)` without the factors that the polynomial has."""
        factor = np.where(self.low_a, self.a, 1.0) * np.where(self.low_b, self.b, 1.0)
        return np.exp(log_beta_power(self.a, self.b, x, y)) / (factor / np.where(self.both, self.a + self.b, 1.0))

    def polynomial(self, log_x: Any, log_y: Any) -> Any:
        """Return the polynomial for the orders asked for."""
        i, j = self.orders
        logs = {**self.logs, (1, 0): log_x + self.logs.get((1, 0), 0.0), (0, 1): log_y + self.logs.get((0, 1), 0.0)}
        series: dict[tuple[int, int], Any] = {(0, 0): 1.0 + 0.0 * log_x}
        for k in range(i + 1):
            for m in range(j + 1):
                if k + m:
                    along = 0 if k else 1
                    series[k, m] = (
                        sum(
                            uv[along] * logs[uv] * series[k - uv[0], m - uv[1]]
                            for uv in logs
                            if uv[0] <= k and uv[1] <= m and uv[along]
                        )
                        / (k, m)[along]
                    )
        return factorial(i) * factorial(j) * self._with_factors(series)

    def _with_factors(self, series: dict[tuple[int, int], Any]) -> Any:
        """Multiply the series by those of `a`, `b` and `1 / (a + b)`, each where it was kept out."""
        i, j = self.orders
        result: dict[tuple[int, int], Any] = {}
        for k in range(i + 1):
            for m in range(j + 1):
                part = self._times_a(series, k, m) * np.where(self.low_b, self.b, 1.0)
                if m:
                    part = part + np.where(self.low_b, self._times_a(series, k, m - 1), 0.0)
                rest = (result[k - 1, m] if k else 0.0) + (result[k, m - 1] if m else 0.0)
                result[k, m] = np.where(self.both, (part - rest) / (self.a + self.b), part)
        return result[i, j]

    def _times_a(self, series: dict[tuple[int, int], Any], k: int, m: int) -> Any:
        part = series[k, m] * np.where(self.low_a, self.a, 1.0)
        return part + np.where(self.low_a, series[k - 1, m], 0.0) if k else part

    def value(self, x: Any, y: Any, log_x: Any, log_y: Any) -> Any:
        """Return the derivative of the density itself."""
        return self.scale(x, y) / (x * y) * self.polynomial(log_x, log_y)


@in_double
def beta_density(a: Any, b: Any, x: Any, i: int = 0, j: int = 0) -> Any:
    """Return the i-th derivative in `a` and j-th in `b` of `x**(a - 1) (1 - x)**(b - 1) / beta(a, b)`."""
    inside = (x > 0) & (x < 1)
    z = np.where(inside, x, 0.5)
    value = BetaDensity(a, b, (i, j)).value(z, 1.0 - z, np.log(z), np.log1p(-z))
    at = np.where(x == 0, a, b)
    normal = np.where(x == 0, b, a)  # beta(1, b) = 1 / b
    edge = np.where(at > 1.0, 0.0, np.where(at < 1.0, np.inf, normal) if i + j == 0 else np.nan)
    return np.where(inside, value, np.where((x == 0) | (x == 1), edge, np.nan))


@in_double
def betainc_slope(a: Any, b: Any, x: Any, i: int = 1, j: int = 0) -> Any:
    """Return the i-th derivative in `a` and j-th in `b` of the regularized incomplete beta function (DLMF 8.17)."""
    return _beta_integral(a, b, x, 1.0 - x, np.log(x), np.log1p(-x), i, j)


@in_double
def odds_density(a: Any, b: Any, r: Any, i: int = 0, j: int = 0) -> Any:
    """Return the i-th derivative in `a` and j-th in `b` of `r**(a - 1) (1 + r)**(-a - b) / beta(a, b)`."""
    inside = (r > 0) & np.isfinite(r)
    z = np.where(inside, r, 1.0)
    log, part = np.log1p(z), 1.0 / (1.0 + z)
    value = BetaDensity(a, b, (i, j)).value(z * part, part, np.log(z) - log, -log) * part * part
    edge = np.where(a > 1.0, 0.0, np.where(a < 1.0, np.inf, b) if i + j == 0 else np.nan)
    return np.where(inside, value, np.where(r == 0, edge, np.where(r > 0, 0.0, np.nan)))


@in_double
def odds_slope(a: Any, b: Any, r: Any, i: int = 1, j: int = 0) -> Any:
    """Return the i-th derivative in `a` and j-th in `b` of the incomplete beta function at `r / (1 + r)`."""
    log = np.log1p(r)
    return _beta_integral(a, b, r / (1.0 + r), 1.0 / (1.0 + r), np.log(r) - log, -log, i, j)


def _beta_integral(a: Any, b: Any, x: Any, y: Any, log_x: Any, log_y: Any, i: int, j: int) -> Any:
    """Integrate over the tail that is the smaller one, roughly; `y` is 1 - x, each exact where it is small."""
    a, b, x, y, log_x, log_y = np.broadcast_arrays(a, b, x, y, log_x, log_y)
    result = np.where((a > 0) & (b > 0) & ((x == 0) | (y == 0)), 0.0, np.nan)
    good = (a > 0) & (b > 0) & (x > 0) & (y > 0) & np.isfinite(a) & np.isfinite(b)
    raised = np.where(a < 1.0, a + 1.0, a)
    left = good & (log_x < special.digamma(raised) - special.digamma(raised + np.where(b < 1.0, b + 1.0, b)))
    right = good & ~left
    below = [v[left] for v in (a, b, x, y, log_x, log_y)]
    above = [v[right] for v in (b, a, y, x, log_y, log_x)]
    result[left] = _lower_beta(below, (i, j))
    result[right] = -_lower_beta(above, (j, i))
    return result


def _lower_beta(places: list[Any], orders: tuple[int, int]) -> Any:
    """Integrate a derivative of the density from 0 to x; a first parameter below 1 is raised (DLMF 8.17.20)."""
    a, b, x, y, log_x, log_y = places
    small = a < 1.0
    up = np.where(small, a + 1.0, a)
    density = BetaDensity(up, b, orders)
    steep = np.where(b > 1.0, np.maximum(up - (b - 1.0) * x / y, 0.0) + np.sqrt(np.maximum(b - 1.0, 0.0) * x) / y, up)

    def integrand(w: Any) -> Any:
        rest = np.log1p(-x * np.expm1(-w) / y)
        return np.exp(-up * w + (b - 1.0) * rest) * density.polynomial(log_x - w, log_y + rest)

    total = density.scale(x, y) / y * half_line(integrand, 1.0 / np.maximum(steep, 0.05 * up))
    return total + np.where(small, _raising_term(a, b, x, y, log_x, log_y, orders), 0.0)


def _raising_term(a: Any, b: Any, x: Any, y: Any, log_x: Any, log_y: Any, orders: tuple[int, int]) -> Any:
    """Return the derivative of `x**a y**b / (a beta(a, b))`: the density with a + 1, times `y / (a + b)`."""
    terms: dict[tuple[int, int], Any] = {}
    for i in range(orders[0] + 1):
        for j in range(orders[1] + 1):
            here = y * BetaDensity(a + 1.0, b, (i, j)).value(x, y, log_x, log_y)
            here = here - (i * terms[i - 1, j] if i else 0.0) - (j * terms[i, j - 1] if j else 0.0)
            terms[i, j] = here / (a + b)
    return terms[orders]


KERNELS: dict[str, Callable[..., Any]] = {
    "beta_density": beta_density,
    "betainc_slope": betainc_slope,
    "odds_density": odds_density,
    "odds_slope": odds_slope,
    "gamma_density": gamma_density,
    "gammainc_slope": gammainc_slope,
}
