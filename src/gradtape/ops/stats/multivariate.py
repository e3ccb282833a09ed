"""Distributions of vectors: the normal, Dirichlet's and the multinomial."""

from __future__ import annotations

from math import inf, log, pi
from typing import Any

from gradtape.ops.registry import composite

LOG_2PI = log(2.0 * pi)


def covariance(xp: Any, cov: Any, dim: int) -> Any:
    """Return a covariance as a matrix: SciPy takes a number, a diagonal or the whole."""
    cov = xp.shaped(cov)
    if cov.ndim == 0:
        return cov * xp.constant([[1.0 if j == k else 0.0 for k in range(dim)] for j in range(dim)])
    return xp.diag(cov) if cov.ndim == 1 else cov


def dimension(*arguments: Any) -> int:
    """Return the length of the vectors that an argument of `multivariate_normal` is about."""
    for argument in arguments:
        if getattr(argument, "ndim", 0):
            return int(argument.shape[-1])
    return 1


def normal_logpdf(xp: Any, x: Any, mean: Any = None, cov: Any = 1.0, allow_singular: bool = False) -> Any:
    """Return the logarithm of the normal density, by a Cholesky factor of the covariance."""
    if allow_singular:
        raise TypeError("a singular covariance has no density with a derivative")
    x = xp.shaped(x)
    mean = xp.shaped(0.0 if mean is None else mean)
    dim = dimension(mean, xp.shaped(cov))
    if x.ndim and dim == 1 and x.shape[-1] != 1:
        x = xp.reshape(x, shape=(*x.shape, 1))  # many numbers, as SciPy reads them
    cov = covariance(xp, cov, dim)
    factor = xp.cholesky(cov)
    deviation = xp.reshape(x - mean, shape=(-1, dim))
    scaled = xp.solve(factor, xp.transpose(deviation, axes=None))
    distance = xp.sum(xp.square(scaled), axis=0)
    log_det = 2.0 * xp.sum(xp.log(xp.diagonal(factor)))
    result = -0.5 * (distance + dim * LOG_2PI + log_det)
    shape = x.shape[:-1] if x.ndim else ()
    return xp.reshape(result, shape=shape)


def normal_entropy(xp: Any, mean: Any = None, cov: Any = 1.0) -> Any:
    """Return the entropy of a normal distribution: half the logarithm of the determinant, and a constant."""
    cov = xp.shaped(cov)
    dim = dimension(xp.shaped(0.0 if mean is None else mean), cov)
    factor = xp.cholesky(covariance(xp, cov, dim))
    return 0.5 * dim * (LOG_2PI + 1.0) + xp.sum(xp.log(xp.diagonal(factor)))


def dirichlet_logpdf(xp: Any, x: Any, alpha: Any) -> Any:
    """Return the logarithm of Dirichlet's density; the vectors run along the first axis, the last may be left out."""
    x, alpha = xp.shaped(x), xp.shaped(alpha)
    if x.shape[0] == alpha.shape[0] - 1:
        x = xp.concatenate([x, xp.reshape(1.0 - xp.sum(x, axis=0), shape=(1, *x.shape[1:]))], axis=0)
    if x.shape[0] != alpha.shape[0]:
        raise ValueError(f"dirichlet wants vectors of length {alpha.shape[0]}, or one less, not {x.shape[0]}")
    powers = xp.reshape(alpha, shape=(alpha.shape[0],) + (1,) * (x.ndim - 1)) - 1.0
    norm = xp.sum(xp.gammaln(alpha)) - xp.gammaln(xp.sum(alpha))
    return xp.sum(xp.xlogy(powers, x), axis=0) - norm


def dirichlet_entropy(xp: Any, alpha: Any) -> Any:
    """Return the entropy of Dirichlet's distribution."""
    alpha = xp.shaped(alpha)
    total = xp.sum(alpha)
    norm = xp.sum(xp.gammaln(alpha)) - xp.gammaln(total)
    return norm + (total - alpha.size) * xp.digamma(total) - xp.sum((alpha - 1.0) * xp.digamma(alpha))


def multinomial_logpmf(xp: Any, x: Any, n: Any, p: Any) -> Any:
    """Return the logarithm of the multinomial mass; the last probability is what the others leave, as in SciPy."""
    x, p = xp.stop_gradient(xp.shaped(x)), xp.shaped(p)
    head = p[..., :-1]
    p = xp.concatenate([head, 1.0 - xp.sum(head, axis=-1, keepdims=True)], axis=-1)
    value = xp.gammaln(n + 1.0) + xp.sum(xp.xlogy(x, p) - xp.gammaln(x + 1.0), axis=-1)
    return xp.where(xp.equal(xp.sum(x, axis=-1), n), value, -inf)


for _name, _fn in (
    ("multivariate_normal.logpdf", normal_logpdf),
    ("multivariate_normal.entropy", normal_entropy),
    ("dirichlet.logpdf", dirichlet_logpdf),
    ("dirichlet.entropy", dirichlet_entropy),
    ("multinomial.logpmf", multinomial_logpmf),
):
    composite(_name.replace(".", "_"), _fn, scipy=f"stats.{_name}")
composite(
    "multivariate_normal_pdf",
    lambda xp, *args, **named: xp.exp(normal_logpdf(xp, *args, **named)),
    scipy="stats.multivariate_normal.pdf",
)
composite("dirichlet_pdf", lambda xp, x, alpha: xp.exp(dirichlet_logpdf(xp, x, alpha)), scipy="stats.dirichlet.pdf")
composite("multinomial_pmf", lambda xp, x, n, p: xp.exp(multinomial_logpmf(xp, x, n, p)), scipy="stats.multinomial.pmf")
