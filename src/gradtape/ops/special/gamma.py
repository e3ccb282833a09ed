"""Rows of the gamma function and its relatives: DLMF 5 (https://dlmf.nist.gov/5) and, for zeta, DLMF 25.

The polygamma functions are closed under differentiation, and so everything here is.
"""

from __future__ import annotations

from math import log, pi
from typing import Any

from gradtape.ops.domains import Domain, case
from gradtape.ops.model import NoTangent, Partial, Unsupported, Zero
from gradtape.ops.registry import composite, op

RIGHT = Domain(0.3, 4.0)
CONSTANT_SIGN = "is a sign, and it is constant between the poles of the gamma function"

op("gammaln", "x", scipy="special.gammaln", x=Partial(lambda xp, y, x: xp.digamma(x)), domain=RIGHT)
op("loggamma", "x", scipy="special.loggamma", x=Partial(lambda xp, y, x: xp.digamma(x)), domain=RIGHT)
op("gamma", "x", scipy="special.gamma", x=Partial(lambda xp, y, x: y * xp.digamma(x)), domain=RIGHT)
op("rgamma", "x", scipy="special.rgamma", x=Partial(lambda xp, y, x: xp.rgamma_slope(x, n=1)), domain=Domain(-1.5, 4.0))
op("rgamma_slope", "x, n=1", numpy=None, x=Partial(lambda xp, y, x, n: xp.rgamma_slope(x, n=n + 1)))
op("gammasgn", "x", scipy="special.gammasgn", elementwise=True, x=Zero(CONSTANT_SIGN), domain=RIGHT)
op(
    "digamma",
    "x",
    scipy="special.digamma",
    aliases=("psi",),
    x=Partial(lambda xp, y, x: xp.polygamma(1, x)),
    domain=RIGHT,
)
op(
    "polygamma",
    "n, x",
    scipy="special.polygamma",
    n=NoTangent("takes whole numbers as orders"),
    x=Partial(lambda xp, y, n, x: xp.polygamma(n + 1, x)),
    domain=RIGHT,
    cases=(case([1], (2, 3)), case([0, 1, 2], (2, 3)), case([[1], [3]], (3,)), case([2], (0, 3)), case(2, ())),
)
op(
    "beta",
    "a, b",
    scipy="special.beta",
    a=Partial(lambda xp, y, a, b: -y * xp.polygamma_gap(a, b, n=0)),
    b=Partial(lambda xp, y, a, b: -y * xp.polygamma_gap(b, a, n=0)),
    domain=RIGHT,
)
op(
    "betaln",
    "a, b",
    scipy="special.betaln",
    a=Partial(lambda xp, y, a, b: -xp.polygamma_gap(a, b, n=0)),
    b=Partial(lambda xp, y, a, b: -xp.polygamma_gap(b, a, n=0)),
    domain=RIGHT,
)
op(
    "polygamma_gap",
    "x, step, n=0",
    numpy=None,
    x=Partial(lambda xp, y, x, step, n: xp.polygamma_gap(x, step, n=n + 1)),
    step=Partial(lambda xp, y, x, step, n: xp.polygamma(n + 1, x + step)),
    domain=RIGHT,
)
op(
    "poch",
    "z, m",
    scipy="special.poch",
    z=Partial(lambda xp, y, z, m: y * xp.polygamma_gap(z, m, n=0)),
    m=Partial(lambda xp, y, z, m: y * xp.digamma(z + m)),
    domain=RIGHT,
)
op(
    "binom",
    "n, k",
    scipy="special.binom",
    n=Partial(lambda xp, y, n, k: y * xp.polygamma_gap(n - k + 1.0, k, n=0)),
    k=Partial(lambda xp, y, n, k: y * xp.polygamma_gap(k + 1.0, n - 2.0 * k, n=0)),
    domain=(Domain(2.2, 5.0), Domain(0.3, 1.8)),
)


def multivariate(xp: Any, a: Any, d: int) -> Any:
    """Return the logarithm of the multivariate gamma function (DLMF 35.3.4)."""
    total = 0.25 * d * (d - 1) * log(pi)
    return sum((xp.gammaln(a - 0.5 * k) for k in range(1, d)), xp.gammaln(a) + total)


def combinations(xp: Any, N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:  # noqa: N803
    """Return the binomial coefficient, and 0 where nothing can be chosen."""
    if exact:
        raise Unsupported("comb: the exact number is an integer")
    if repetition:
        return xp.binom(N + k - 1.0, k)
    return xp.where(chosen(xp, N, k), xp.binom(N, k), 0.0)


def permutations(xp: Any, N: Any, k: Any, exact: bool = False) -> Any:  # noqa: N803
    """Return the number of ordered choices, and 0 where nothing can be chosen."""
    if exact:
        raise Unsupported("perm: the exact number is an integer")
    return xp.where(chosen(xp, N, k), xp.poch(N - k + 1.0, k), 0.0)


def chosen(xp: Any, total: Any, k: Any) -> Any:
    """Whether `k` things can be chosen among `total`."""
    return xp.logical_and(
        xp.less_equal(k, total), xp.logical_and(xp.greater_equal(total, 0.0), xp.greater_equal(k, 0.0))
    )


def factorial(xp: Any, n: Any, exact: bool = False, extend: str = "zero") -> Any:
    """Return the factorial of numbers that need not be whole, 0 below 0."""
    if exact or extend != "zero":
        raise Unsupported("factorial: only the real one, with extend='zero', is recorded")
    return xp.where(xp.less(n, 0.0), 0.0, xp.gamma(n + 1.0))


composite("multigammaln", multivariate, scipy="special.multigammaln")
composite("comb", combinations, scipy="special.comb")
composite("perm", permutations, scipy="special.perm")
composite("factorial", factorial, scipy="special.factorial")
composite("lbeta", lambda xp, x: xp.sum(xp.gammaln(x), axis=-1) - xp.gammaln(xp.sum(x, axis=-1)), numpy=None)
