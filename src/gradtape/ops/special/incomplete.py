"""Rows of the incomplete gamma and beta functions (DLMF 8), in all of their arguments.

Two densities and their integrals, each with the orders of its derivatives in the parameters: a family that is closed
under differentiation.

    gamma_density(a, x, n)           the n-th derivative in a of x**(a - 1) exp(-x) / gamma(a)
    gammainc_slope(a, x, n)          its integral from 0 to x
    beta_density(a, b, x, i, j)      the i-th and j-th derivative in a and b of x**(a - 1) (1 - x)**(b - 1) / beta(a, b)
    betainc_slope(a, b, x, i, j)     its integral from 0 to x
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.ops.domains import Domain, case
from gradtape.ops.model import Partial
from gradtape.ops.registry import op

if TYPE_CHECKING:
    from gradtape.ops.domains import Case

SHAPE = Domain(0.4, 3.0)
REACH = Domain(0.3, 4.0)
SHARE = Domain(0.1, 0.9)


def few(*point: float) -> tuple[Case, ...]:
    """Return one broadcast case, one 0-d and one point: what is an integral per element is not tried in all ways."""
    return (case((2, 3), (3,), (2, 1)), case((), (), ()), case(*([x] for x in point)))


FEW = few(0.5, 0.6, 0.4)
op(
    "gamma_density",
    "a, x, n=0",
    numpy=None,
    a=Partial(lambda xp, y, a, x, n: xp.gamma_density(a, x, n=n + 1)),
    x=Partial(lambda xp, y, a, x, n: density_slope(xp, y, a, x, n)),
    domain=(SHAPE, REACH),
    cases=(case((2, 3), (3,), n=2),),
)
op(
    "gammainc_slope",
    "a, x, n=1",
    numpy=None,
    a=Partial(lambda xp, y, a, x, n: xp.gammainc_slope(a, x, n=n + 1)),
    x=Partial(lambda xp, y, a, x, n: xp.gamma_density(a, x, n=n)),
    domain=(SHAPE, REACH),
)
op(
    "gammainc",
    "a, x",
    scipy="special.gammainc",
    a=Partial(lambda xp, y, a, x: xp.gammainc_slope(a, x)),
    x=Partial(lambda xp, y, a, x: xp.gamma_density(a, x)),
    domain=(SHAPE, REACH),
)
op(
    "gammaincc",
    "a, x",
    scipy="special.gammaincc",
    a=Partial(lambda xp, y, a, x: -xp.gammainc_slope(a, x)),
    x=Partial(lambda xp, y, a, x: -xp.gamma_density(a, x)),
    domain=(SHAPE, REACH),
)
op(
    "gammaincinv",
    "a, p",
    scipy="special.gammaincinv",
    a=Partial(lambda xp, y, a, p: -xp.gammainc_slope(a, y) / xp.gamma_density(a, y)),
    p=Partial(lambda xp, y, a, p: 1.0 / xp.gamma_density(a, y)),
    domain=(SHAPE, SHARE),
)
op(
    "gammainccinv",
    "a, p",
    scipy="special.gammainccinv",
    a=Partial(lambda xp, y, a, p: -xp.gammainc_slope(a, y) / xp.gamma_density(a, y)),
    p=Partial(lambda xp, y, a, p: -1.0 / xp.gamma_density(a, y)),
    domain=(SHAPE, SHARE),
)
op(
    "beta_density",
    "a, b, x, i=0, j=0",
    numpy=None,
    a=Partial(lambda xp, y, a, b, x, i, j: xp.beta_density(a, b, x, i=i + 1, j=j)),
    b=Partial(lambda xp, y, a, b, x, i, j: xp.beta_density(a, b, x, i=i, j=j + 1)),
    x=Partial(lambda xp, y, a, b, x, i, j: beta_density_slope(xp, y, a, b, x, i, j)),
    domain=(SHAPE, SHAPE, SHARE),
    cases=(*FEW, case((3,), (3,), (3,), i=2, j=2)),
)
op(
    "betainc_slope",
    "a, b, x, i=1, j=0",
    numpy=None,
    a=Partial(lambda xp, y, a, b, x, i, j: xp.betainc_slope(a, b, x, i=i + 1, j=j)),
    b=Partial(lambda xp, y, a, b, x, i, j: xp.betainc_slope(a, b, x, i=i, j=j + 1)),
    x=Partial(lambda xp, y, a, b, x, i, j: xp.beta_density(a, b, x, i=i, j=j)),
    domain=(SHAPE, SHAPE, SHARE),
    cases=FEW,
)
op(
    "betainc",
    "a, b, x",
    scipy="special.betainc",
    a=Partial(lambda xp, y, a, b, x: xp.betainc_slope(a, b, x, i=1, j=0)),
    b=Partial(lambda xp, y, a, b, x: xp.betainc_slope(a, b, x, i=0, j=1)),
    x=Partial(lambda xp, y, a, b, x: xp.beta_density(a, b, x)),
    domain=(SHAPE, SHAPE, SHARE),
    cases=FEW,
)
op(
    "betaincc",
    "a, b, x",
    scipy="special.betaincc",
    a=Partial(lambda xp, y, a, b, x: -xp.betainc_slope(a, b, x, i=1, j=0)),
    b=Partial(lambda xp, y, a, b, x: -xp.betainc_slope(a, b, x, i=0, j=1)),
    x=Partial(lambda xp, y, a, b, x: -xp.beta_density(a, b, x)),
    domain=(SHAPE, SHAPE, SHARE),
    cases=FEW,
)
op(
    "betaincinv",
    "a, b, p",
    scipy="special.betaincinv",
    a=Partial(lambda xp, y, a, b, p: -xp.betainc_slope(a, b, y, i=1, j=0) / xp.beta_density(a, b, y)),
    b=Partial(lambda xp, y, a, b, p: -xp.betainc_slope(a, b, y, i=0, j=1) / xp.beta_density(a, b, y)),
    p=Partial(lambda xp, y, a, b, p: 1.0 / xp.beta_density(a, b, y)),
    domain=(SHAPE, SHAPE, SHARE),
    cases=FEW,
)
op(
    "betainccinv",
    "a, b, p",
    scipy="special.betainccinv",
    a=Partial(lambda xp, y, a, b, p: -xp.betainc_slope(a, b, y, i=1, j=0) / xp.beta_density(a, b, y)),
    b=Partial(lambda xp, y, a, b, p: -xp.betainc_slope(a, b, y, i=0, j=1) / xp.beta_density(a, b, y)),
    p=Partial(lambda xp, y, a, b, p: -1.0 / xp.beta_density(a, b, y)),
    domain=(SHAPE, SHAPE, SHARE),
    cases=FEW,
)

op(
    "odds_density",
    "a, b, r, i=0, j=0",
    numpy=None,
    a=Partial(lambda xp, y, a, b, r, i, j: xp.odds_density(a, b, r, i=i + 1, j=j)),
    b=Partial(lambda xp, y, a, b, r, i, j: xp.odds_density(a, b, r, i=i, j=j + 1)),
    r=Partial(lambda xp, y, a, b, r, i, j: odds_density_slope(xp, y, a, b, r, i, j)),
    domain=(SHAPE, SHAPE, REACH),
    cases=(*FEW, case((3,), (3,), (3,), i=2, j=2)),
)
op(
    "odds_slope",
    "a, b, r, i=1, j=0",
    numpy=None,
    a=Partial(lambda xp, y, a, b, r, i, j: xp.odds_slope(a, b, r, i=i + 1, j=j)),
    b=Partial(lambda xp, y, a, b, r, i, j: xp.odds_slope(a, b, r, i=i, j=j + 1)),
    r=Partial(lambda xp, y, a, b, r, i, j: xp.odds_density(a, b, r, i=i, j=j)),
    domain=(SHAPE, SHAPE, REACH),
    cases=FEW,
)


def density_slope(xp: Any, y: Any, a: Any, x: Any, n: int) -> Any:
    """Return the derivative in `x` of a gamma density that was differentiated n times in `a` (Leibniz)."""
    slope = y * ((a - 1.0) / x - 1.0)
    return slope + n * xp.gamma_density(a, x, n=n - 1) / x if n else slope


def beta_density_slope(xp: Any, y: Any, a: Any, b: Any, x: Any, i: int, j: int) -> Any:
    """Return the derivative in `x` of a beta density that was differentiated in `a` and `b` (Leibniz)."""
    slope = y * ((a - 1.0) / x - (b - 1.0) / (1.0 - x))
    if i:
        slope = slope + i * xp.beta_density(a, b, x, i=i - 1, j=j) / x
    return slope - j * xp.beta_density(a, b, x, i=i, j=j - 1) / (1.0 - x) if j else slope


def odds_density_slope(xp: Any, y: Any, a: Any, b: Any, r: Any, i: int, j: int) -> Any:
    """Return the derivative in `r` of a density of the odds that was differentiated in `a` and `b` (Leibniz)."""
    slope = y * ((a - 1.0) / r - (a + b) / (1.0 + r))
    if i:
        slope = slope + i * xp.odds_density(a, b, r, i=i - 1, j=j) / (r * (1.0 + r))
    return slope - j * xp.odds_density(a, b, r, i=i, j=j - 1) / (1.0 + r) if j else slope
