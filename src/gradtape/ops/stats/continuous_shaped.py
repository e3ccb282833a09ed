"""Continuous distributions whose functions are special functions: the gamma and beta families and their relatives."""

from __future__ import annotations

from math import log, pi
from typing import Any

from gradtape.ops.stats.continuous import HALF_LOG_2PI, LOG_2, LOG_PI, log_normal_density
from gradtape.ops.stats.continuous_model import distribution

distribution(
    "gamma",
    "a",
    logpdf=lambda xp, z, a: xp.xlogy(a - 1.0, z) - z - xp.gammaln(a),
    cdf=lambda xp, z, a: xp.gammainc(a, z),
    sf=lambda xp, z, a: xp.gammaincc(a, z),
    ppf=lambda xp, q, a: xp.gammaincinv(a, q),
    isf=lambda xp, q, a: xp.gammainccinv(a, q),
    entropy=lambda xp, a: a + xp.gammaln(a) + (1.0 - a) * xp.digamma(a),
    low=0.0,
)
distribution(
    "invgamma",
    "a",
    logpdf=lambda xp, z, a: -(a + 1.0) * xp.log(z) - xp.gammaln(a) - 1.0 / z,
    cdf=lambda xp, z, a: xp.gammaincc(a, 1.0 / z),
    sf=lambda xp, z, a: xp.gammainc(a, 1.0 / z),
    ppf=lambda xp, q, a: 1.0 / xp.gammainccinv(a, q),
    isf=lambda xp, q, a: 1.0 / xp.gammaincinv(a, q),
    entropy=lambda xp, a: a + xp.gammaln(a) - (1.0 + a) * xp.digamma(a),
    low=0.0,
)
distribution(
    "chi2",
    "df",
    logpdf=lambda xp, z, df: xp.xlogy(0.5 * df - 1.0, z) - 0.5 * z - xp.gammaln(0.5 * df) - (0.5 * LOG_2) * df,
    cdf=lambda xp, z, df: xp.gammainc(0.5 * df, 0.5 * z),
    sf=lambda xp, z, df: xp.gammaincc(0.5 * df, 0.5 * z),
    ppf=lambda xp, q, df: 2.0 * xp.gammaincinv(0.5 * df, q),
    isf=lambda xp, q, df: 2.0 * xp.gammainccinv(0.5 * df, q),
    entropy=lambda xp, df: 0.5 * df + LOG_2 + xp.gammaln(0.5 * df) + (1.0 - 0.5 * df) * xp.digamma(0.5 * df),
    low=0.0,
)
distribution(
    "chi",
    "df",
    logpdf=lambda xp, z, df: LOG_2 - (0.5 * LOG_2) * df - xp.gammaln(0.5 * df) + xp.xlogy(df - 1.0, z) - 0.5 * z * z,
    cdf=lambda xp, z, df: xp.gammainc(0.5 * df, 0.5 * z * z),
    sf=lambda xp, z, df: xp.gammaincc(0.5 * df, 0.5 * z * z),
    ppf=lambda xp, q, df: xp.sqrt(2.0 * xp.gammaincinv(0.5 * df, q)),
    isf=lambda xp, q, df: xp.sqrt(2.0 * xp.gammainccinv(0.5 * df, q)),
    low=0.0,
)
distribution(
    "beta",
    "a, b",
    logpdf=lambda xp, z, a, b: xp.xlogy(a - 1.0, z) + xp.xlog1py(b - 1.0, -z) - xp.betaln(a, b),
    cdf=lambda xp, z, a, b: xp.betainc(a, b, z),
    sf=lambda xp, z, a, b: xp.betainc(b, a, 1.0 - z),
    ppf=lambda xp, q, a, b: xp.betaincinv(a, b, q),
    isf=lambda xp, q, a, b: 1.0 - xp.betaincinv(b, a, q),
    entropy=lambda xp, a, b: (
        xp.betaln(a, b) - (a - 1.0) * xp.digamma(a) - (b - 1.0) * xp.digamma(b) + (a + b - 2.0) * xp.digamma(a + b)
    ),
    low=0.0,
    high=1.0,
)
distribution(
    "t",
    "df",
    logpdf=lambda xp, z, df: (
        xp.gammaln(0.5 * (df + 1.0))
        - xp.gammaln(0.5 * df)
        - 0.5 * (xp.log(df) + LOG_PI)
        - 0.5 * (df + 1.0) * xp.log1p(z * z / df)
    ),
    cdf=lambda xp, z, df: xp.stdtr(df, z),
    sf=lambda xp, z, df: xp.stdtr(df, -z),
    ppf=lambda xp, q, df: xp.stdtrit(df, q),
    isf=lambda xp, q, df: -xp.stdtrit(df, q),
    entropy=lambda xp, df: (
        0.5 * (df + 1.0) * (xp.digamma(0.5 * (df + 1.0)) - xp.digamma(0.5 * df))
        + 0.5 * xp.log(df)
        + xp.betaln(0.5 * df, 0.5)
    ),
)
distribution(
    "f",
    "dfn, dfd",
    logpdf=lambda xp, z, dfn, dfd: (
        0.5 * dfn * xp.log(dfn)
        + 0.5 * dfd * xp.log(dfd)
        + xp.xlogy(0.5 * dfn - 1.0, z)
        - 0.5 * (dfn + dfd) * xp.log(dfd + dfn * z)
        - xp.betaln(0.5 * dfn, 0.5 * dfd)
    ),
    cdf=lambda xp, z, dfn, dfd: xp.betainc(0.5 * dfn, 0.5 * dfd, dfn * z / (dfd + dfn * z)),
    sf=lambda xp, z, dfn, dfd: xp.betainc(0.5 * dfd, 0.5 * dfn, dfd / (dfd + dfn * z)),
    low=0.0,
)
distribution(
    "gennorm",
    "beta",
    logpdf=lambda xp, z, beta: xp.log(0.5 * beta) - xp.gammaln(1.0 / beta) - xp.power(xp.abs(z), beta),
    cdf=lambda xp, z, beta: 0.5 + 0.5 * xp.sign(z) * xp.gammainc(1.0 / beta, xp.power(xp.abs(z), beta)),
    sf=lambda xp, z, beta: 0.5 - 0.5 * xp.sign(z) * xp.gammainc(1.0 / beta, xp.power(xp.abs(z), beta)),
    entropy=lambda xp, beta: 1.0 / beta - xp.log(0.5 * beta) + xp.gammaln(1.0 / beta),
    inside=0.5,
)
distribution(
    "truncnorm",
    "a, b",
    logpdf=lambda xp, z, a, b: log_normal_density(xp, z) - log_mass(xp, a, b),
    cdf=lambda xp, z, a, b: xp.exp(log_mass(xp, a, z) - log_mass(xp, a, b)),
    sf=lambda xp, z, a, b: xp.exp(log_mass(xp, z, b) - log_mass(xp, a, b)),
    logcdf=lambda xp, z, a, b: log_mass(xp, a, z) - log_mass(xp, a, b),
    logsf=lambda xp, z, a, b: log_mass(xp, z, b) - log_mass(xp, a, b),
    low=lambda xp, a, b: a,
    high=lambda xp, a, b: b,
    inside=lambda xp, a, b: middle(xp, a, b),
    free=("a", "b"),
)
distribution(
    "vonmises",
    "kappa",
    logpdf=lambda xp, z, kappa: kappa * (xp.cos(z) - 1.0) - log(2.0 * pi) - xp.log(xp.i0e(kappa)),
)
distribution(
    "wrapcauchy",
    "c",
    logpdf=lambda xp, z, c: xp.log1p(-c * c) - log(2.0 * pi) - xp.log(1.0 + c * c - 2.0 * c * xp.cos(z)),
    cdf=lambda xp, z, c: wrapped_cauchy_cdf(xp, z, c),
    low=0.0,
    high=2.0 * pi,
    inside=1.0,
)
distribution(
    "loggamma",
    "c",
    logpdf=lambda xp, z, c: c * z - xp.exp(z) - xp.gammaln(c),
    cdf=lambda xp, z, c: xp.gammainc(c, xp.exp(z)),
    sf=lambda xp, z, c: xp.gammaincc(c, xp.exp(z)),
    ppf=lambda xp, q, c: xp.log(xp.gammaincinv(c, q)),
    isf=lambda xp, q, c: xp.log(xp.gammainccinv(c, q)),
)
distribution(
    "invgauss",
    "mu",
    logpdf=lambda xp, z, mu: -HALF_LOG_2PI - 1.5 * xp.log(z) - 0.5 * xp.square((z - mu) / mu) / z,
    cdf=lambda xp, z, mu: (
        xp.ndtr((z / mu - 1.0) / xp.sqrt(z)) + xp.exp(2.0 / mu + xp.log_ndtr(-(z / mu + 1.0) / xp.sqrt(z)))
    ),
    low=0.0,
)
distribution(
    "skewnorm",
    "a",
    logpdf=lambda xp, z, a: LOG_2 + log_normal_density(xp, z) + xp.log_ndtr(a * z),
    cdf=lambda xp, z, a: xp.ndtr(z) - 2.0 * xp.owens_t(z, a),
    free=("a",),
)
distribution(
    "levy",
    "",
    logpdf=lambda xp, z: -HALF_LOG_2PI - 1.5 * xp.log(z) - 0.5 / z,
    cdf=lambda xp, z: xp.erfc(xp.sqrt(0.5 / z)),
    sf=lambda xp, z: xp.erf(xp.sqrt(0.5 / z)),
    ppf=lambda xp, q: 1.0 / xp.square(xp.ndtri(0.5 * q)),
    low=0.0,
)


def log_mass(xp: Any, a: Any, b: Any) -> Any:
    """Return the logarithm of the normal mass between two points, from the tail in which both lie, if they do."""
    right = xp.greater(a, 0.0)
    upper = xp.where(right, -xp.shaped(a), b)
    lower = xp.where(right, -xp.shaped(b), a)
    one_tail = xp.less_equal(upper, 0.0)
    high, low = (xp.log_ndtr(xp.where(one_tail, x, fill)) for x, fill in ((upper, -0.5), (lower, -1.0)))
    gap = high - low
    same = xp.less_equal(gap, 0.0)
    tail = high + xp.where(same, float("-inf"), xp.log1mexp(xp.where(same, 1.0, gap)))
    body = xp.log1p(-xp.ndtr(xp.where(one_tail, -1.0, lower)) - xp.ndtr(-xp.where(one_tail, 1.0, upper)))
    return xp.where(one_tail, tail, body)


def middle(xp: Any, a: Any, b: Any) -> Any:
    """Return a point between two that may be infinite."""
    low = xp.where(xp.isinf(a), xp.where(xp.isinf(b), -1.0, b - 1.0), a)
    high = xp.where(xp.isinf(b), low + 1.0, b)
    return 0.5 * (low + high)


def wrapped_cauchy_cdf(xp: Any, z: Any, c: Any) -> Any:
    """Return the distribution function of the wrapped Cauchy distribution on (0, 2 pi)."""
    ratio = (1.0 + c) / (1.0 - c)
    first = xp.less(z, pi)
    lower = xp.arctan(ratio * xp.tan(0.5 * xp.where(first, z, 1.0))) / pi
    upper = 1.0 - xp.arctan(ratio * xp.tan(0.5 * (2.0 * pi - xp.where(first, 4.0, z)))) / pi
    return xp.where(first, lower, upper)
