"""The continuous distributions, on the standard line.

Formulas: SciPy's reference (https://docs.scipy.org/doc/scipy/tutorial/stats/continuous.html) and, for each, the
distribution's usual definition; tails are written so that they keep their digits.
"""

from __future__ import annotations

from math import log, pi
from typing import Any

from gradtape.ops.stats.continuous_model import distribution

LOG_2 = log(2.0)
LOG_PI = log(pi)
HALF_LOG_2PI = 0.5 * log(2.0 * pi)


def log_normal_density(xp: Any, z: Any) -> Any:
    """Return the logarithm of the standard normal density."""
    return -0.5 * z * z - HALF_LOG_2PI


distribution(
    "norm",
    "",
    logpdf=log_normal_density,
    cdf=lambda xp, z: xp.ndtr(z),
    sf=lambda xp, z: xp.ndtr(-z),
    logcdf=lambda xp, z: xp.log_ndtr(z),
    logsf=lambda xp, z: xp.log_ndtr(-z),
    ppf=lambda xp, q: xp.ndtri(q),
    isf=lambda xp, q: -xp.ndtri(q),
    entropy=lambda xp: HALF_LOG_2PI + 0.5,
)
distribution(
    "halfnorm",
    "",
    logpdf=lambda xp, z: log_normal_density(xp, z) + LOG_2,
    cdf=lambda xp, z: xp.erf(z * 0.7071067811865476),
    sf=lambda xp, z: 2.0 * xp.ndtr(-z),
    logsf=lambda xp, z: LOG_2 + xp.log_ndtr(-z),
    ppf=lambda xp, q: xp.ndtri(0.5 * (1.0 + q)),
    isf=lambda xp, q: -xp.ndtri(0.5 * q),
    entropy=lambda xp: HALF_LOG_2PI + 0.5 - LOG_2,
    low=0.0,
)
distribution(
    "lognorm",
    "s",
    logpdf=lambda xp, z, s: log_normal_density(xp, xp.log(z) / s) - xp.log(s * z),
    cdf=lambda xp, z, s: xp.ndtr(xp.log(z) / s),
    sf=lambda xp, z, s: xp.ndtr(-xp.log(z) / s),
    logcdf=lambda xp, z, s: xp.log_ndtr(xp.log(z) / s),
    logsf=lambda xp, z, s: xp.log_ndtr(-xp.log(z) / s),
    ppf=lambda xp, q, s: xp.exp(s * xp.ndtri(q)),
    isf=lambda xp, q, s: xp.exp(-s * xp.ndtri(q)),
    entropy=lambda xp, s: 0.5 + HALF_LOG_2PI + xp.log(s),
    low=0.0,
)
distribution(
    "expon",
    "",
    logpdf=lambda xp, z: -z,
    cdf=lambda xp, z: -xp.expm1(-z),
    sf=lambda xp, z: xp.exp(-z),
    logcdf=lambda xp, z: xp.log1mexp(z),
    logsf=lambda xp, z: -z,
    ppf=lambda xp, q: -xp.log1p(-q),
    isf=lambda xp, q: -xp.log(q),
    entropy=lambda xp: 1.0,
    low=0.0,
)
distribution(
    "laplace",
    "",
    logpdf=lambda xp, z: -xp.abs(z) - LOG_2,
    cdf=lambda xp, z: laplace_cdf(xp, z),
    sf=lambda xp, z: laplace_cdf(xp, -z),
    logcdf=lambda xp, z: laplace_logcdf(xp, z),
    logsf=lambda xp, z: laplace_logcdf(xp, -z),
    ppf=lambda xp, q: laplace_ppf(xp, q),
    isf=lambda xp, q: -laplace_ppf(xp, q),
    entropy=lambda xp: 1.0 + LOG_2,
)
distribution(
    "logistic",
    "",
    logpdf=lambda xp, z: xp.log_expit(z) + xp.log_expit(-z),
    cdf=lambda xp, z: xp.expit(z),
    sf=lambda xp, z: xp.expit(-z),
    logcdf=lambda xp, z: xp.log_expit(z),
    logsf=lambda xp, z: xp.log_expit(-z),
    ppf=lambda xp, q: xp.logit(q),
    isf=lambda xp, q: -xp.logit(q),
    entropy=lambda xp: 2.0,
)
distribution(
    "cauchy",
    "",
    logpdf=lambda xp, z: -LOG_PI - xp.log1p(z * z),
    cdf=lambda xp, z: xp.arctan2(1.0, -z) / pi,
    sf=lambda xp, z: xp.arctan2(1.0, z) / pi,
    ppf=lambda xp, q: xp.tan(pi * q - 0.5 * pi),
    isf=lambda xp, q: xp.tan(0.5 * pi - pi * q),
    entropy=lambda xp: log(4.0 * pi),
)
distribution(
    "halfcauchy",
    "",
    logpdf=lambda xp, z: LOG_2 - LOG_PI - xp.log1p(z * z),
    cdf=lambda xp, z: 2.0 / pi * xp.arctan(z),
    sf=lambda xp, z: 2.0 / pi * xp.arctan2(1.0, z),
    ppf=lambda xp, q: xp.tan(0.5 * pi * q),
    isf=lambda xp, q: 1.0 / xp.tan(0.5 * pi * q),
    entropy=lambda xp: log(2.0 * pi),
    low=0.0,
)
distribution(
    "gumbel_r",
    "",
    logpdf=lambda xp, z: -z - xp.exp(-z),
    cdf=lambda xp, z: xp.exp(-xp.exp(-z)),
    sf=lambda xp, z: -xp.expm1(-xp.exp(-z)),
    logcdf=lambda xp, z: -xp.exp(-z),
    logsf=lambda xp, z: xp.log1mexp(xp.exp(-z)),
    ppf=lambda xp, q: -xp.log(-xp.log(q)),
    isf=lambda xp, q: -xp.log(-xp.log1p(-q)),
    entropy=lambda xp: 1.5772156649015329,
)
distribution(
    "gumbel_l",
    "",
    logpdf=lambda xp, z: z - xp.exp(z),
    cdf=lambda xp, z: -xp.expm1(-xp.exp(z)),
    sf=lambda xp, z: xp.exp(-xp.exp(z)),
    logcdf=lambda xp, z: xp.log1mexp(xp.exp(z)),
    logsf=lambda xp, z: -xp.exp(z),
    ppf=lambda xp, q: xp.log(-xp.log1p(-q)),
    isf=lambda xp, q: xp.log(-xp.log(q)),
    entropy=lambda xp: 1.5772156649015329,
)
distribution(
    "uniform",
    "",
    logpdf=lambda xp, z: 0.0 * z,
    cdf=lambda xp, z: z,
    sf=lambda xp, z: 1.0 - z,
    ppf=lambda xp, q: q,
    isf=lambda xp, q: 1.0 - q,
    entropy=lambda xp: 0.0,
    low=0.0,
    high=1.0,
)
distribution(
    "pareto",
    "b",
    logpdf=lambda xp, z, b: xp.log(b) - (b + 1.0) * xp.log(z),
    cdf=lambda xp, z, b: -xp.expm1(-b * xp.log(z)),
    sf=lambda xp, z, b: xp.exp(-b * xp.log(z)),
    logsf=lambda xp, z, b: -b * xp.log(z),
    ppf=lambda xp, q, b: xp.exp(-xp.log1p(-q) / b),
    isf=lambda xp, q, b: xp.exp(-xp.log(q) / b),
    entropy=lambda xp, b: 1.0 + 1.0 / b - xp.log(b),
    low=1.0,
    inside=2.0,
)
distribution(
    "lomax",
    "c",
    logpdf=lambda xp, z, c: xp.log(c) - (c + 1.0) * xp.log1p(z),
    cdf=lambda xp, z, c: -xp.expm1(-c * xp.log1p(z)),
    sf=lambda xp, z, c: xp.exp(-c * xp.log1p(z)),
    logsf=lambda xp, z, c: -c * xp.log1p(z),
    ppf=lambda xp, q, c: xp.expm1(-xp.log1p(-q) / c),
    isf=lambda xp, q, c: xp.expm1(-xp.log(q) / c),
    entropy=lambda xp, c: 1.0 + 1.0 / c - xp.log(c),
    low=0.0,
)
distribution(
    "powerlaw",
    "a",
    logpdf=lambda xp, z, a: xp.log(a) + xp.xlogy(a - 1.0, z),
    cdf=lambda xp, z, a: xp.power(z, a),
    logcdf=lambda xp, z, a: a * xp.log(z),
    ppf=lambda xp, q, a: xp.power(q, 1.0 / a),
    entropy=lambda xp, a: 1.0 - 1.0 / a - xp.log(a),
    low=0.0,
    high=1.0,
)
distribution(
    "weibull_min",
    "c",
    logpdf=lambda xp, z, c: xp.log(c) + xp.xlogy(c - 1.0, z) - xp.power(z, c),
    cdf=lambda xp, z, c: -xp.expm1(-xp.power(z, c)),
    sf=lambda xp, z, c: xp.exp(-xp.power(z, c)),
    logsf=lambda xp, z, c: -xp.power(z, c),
    ppf=lambda xp, q, c: xp.power(-xp.log1p(-q), 1.0 / c),
    isf=lambda xp, q, c: xp.power(-xp.log(q), 1.0 / c),
    entropy=lambda xp, c: 1.5772156649015329 - 0.5772156649015329 / c - xp.log(c),
    low=0.0,
)
distribution(
    "rayleigh",
    "",
    logpdf=lambda xp, z: xp.log(z) - 0.5 * z * z,
    cdf=lambda xp, z: -xp.expm1(-0.5 * z * z),
    sf=lambda xp, z: xp.exp(-0.5 * z * z),
    logsf=lambda xp, z: -0.5 * z * z,
    ppf=lambda xp, q: xp.sqrt(-2.0 * xp.log1p(-q)),
    isf=lambda xp, q: xp.sqrt(-2.0 * xp.log(q)),
    entropy=lambda xp: 1.0 + 0.5 * 0.5772156649015329 - 0.5 * LOG_2,
    low=0.0,
)
distribution(
    "maxwell",
    "",
    logpdf=lambda xp, z: 0.5 * log(2.0 / pi) + 2.0 * xp.log(z) - 0.5 * z * z,
    cdf=lambda xp, z: xp.gammainc(1.5, 0.5 * z * z),
    sf=lambda xp, z: xp.gammaincc(1.5, 0.5 * z * z),
    ppf=lambda xp, q: xp.sqrt(2.0 * xp.gammaincinv(1.5, q)),
    isf=lambda xp, q: xp.sqrt(2.0 * xp.gammainccinv(1.5, q)),
    entropy=lambda xp: 0.5772156649015329 + 0.5 * log(2.0 * pi) - 0.5,
    low=0.0,
)
distribution(
    "hypsecant",
    "",
    logpdf=lambda xp, z: -LOG_PI - xp.logaddexp(z, -z) + LOG_2,
    cdf=lambda xp, z: 2.0 / pi * xp.arctan(xp.exp(z)),
    sf=lambda xp, z: 2.0 / pi * xp.arctan(xp.exp(-z)),
    ppf=lambda xp, q: xp.log(xp.tan(0.5 * pi * q)),
    isf=lambda xp, q: -xp.log(xp.tan(0.5 * pi * q)),
    entropy=lambda xp: log(2.0 * pi),
)
distribution(
    "fisk",
    "c",
    logpdf=lambda xp, z, c: xp.log(c) - xp.log(z) + xp.log_expit(c * xp.log(z)) + xp.log_expit(-c * xp.log(z)),
    cdf=lambda xp, z, c: xp.expit(c * xp.log(z)),
    sf=lambda xp, z, c: xp.expit(-c * xp.log(z)),
    logcdf=lambda xp, z, c: xp.log_expit(c * xp.log(z)),
    logsf=lambda xp, z, c: xp.log_expit(-c * xp.log(z)),
    ppf=lambda xp, q, c: xp.exp(xp.logit(q) / c),
    isf=lambda xp, q, c: xp.exp(-xp.logit(q) / c),
    entropy=lambda xp, c: 2.0 - xp.log(c),
    low=0.0,
)


def laplace_cdf(xp: Any, z: Any) -> Any:
    """Return the Laplace distribution function; each side from its own tail."""
    tail = 0.5 * xp.exp(-xp.abs(z))
    return xp.where(xp.greater(z, 0.0), 1.0 - tail, tail)


def laplace_logcdf(xp: Any, z: Any) -> Any:
    """Return its logarithm."""
    size = xp.abs(z)
    return xp.where(xp.greater(z, 0.0), xp.log1p(-0.5 * xp.exp(-size)), -LOG_2 - size)


def laplace_ppf(xp: Any, q: Any) -> Any:
    """Return its inverse."""
    upper = xp.greater(q, 0.5)
    return xp.where(upper, -xp.log(2.0 * xp.where(upper, 1.0 - q, 0.5)), xp.log(2.0 * xp.where(upper, 0.5, q)))
