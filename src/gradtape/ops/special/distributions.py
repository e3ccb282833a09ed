"""Rows of distribution functions and their inverses that are incomplete gamma and beta functions in other variables.

An inverse has the slope of the function itself upside down, and moves with the other arguments so that the value stays
(the implicit function theorem). Counts that are rounded down have no slope. Where an inverse answers with a count, its
slope is that of the continuous extension, which SciPy solves for.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import REAL, Domain, case
from gradtape.ops.model import NoTangent, Partial, Zero
from gradtape.ops.registry import op
from gradtape.ops.special.incomplete import FEW, few
from gradtape.ops.special.information import box_slope

DEGREES = Domain(1.2, 5.0)
REACH = Domain(0.4, 4.0)
SHARE = Domain(0.15, 0.85)
COUNT = Domain(0.1, 1.9, away_from_integers=True)
ROUNDED = Zero("is constant between whole counts, so its derivative in the count is zero wherever it exists")
WHOLE = NoTangent("takes whole numbers of trials")
MANY = 1e12
"""Degrees of freedom beyond which Student's distribution is the normal one in double precision."""
ROOT_TWO_PI = 2.5066282746310002


def gamma_at(xp: Any, a: Any, x: Any) -> Any:
    """Return the density of the gamma distribution."""
    return xp.gamma_density(a, x)


def gamma_by(xp: Any, a: Any, x: Any) -> Any:
    """Return the slope of its distribution function in the parameter."""
    return xp.gammainc_slope(a, x)


op(
    "chdtr",
    "v, x",
    scipy="special.chdtr",
    v=Partial(lambda xp, y, v, x: 0.5 * gamma_by(xp, 0.5 * v, 0.5 * x)),
    x=Partial(lambda xp, y, v, x: 0.5 * gamma_at(xp, 0.5 * v, 0.5 * x)),
    domain=(DEGREES, REACH),
)
op(
    "chdtrc",
    "v, x",
    scipy="special.chdtrc",
    v=Partial(lambda xp, y, v, x: -0.5 * gamma_by(xp, 0.5 * v, 0.5 * x)),
    x=Partial(lambda xp, y, v, x: -0.5 * gamma_at(xp, 0.5 * v, 0.5 * x)),
    domain=(DEGREES, REACH),
)
op(
    "chdtri",
    "v, p",
    scipy="special.chdtri",
    v=Partial(lambda xp, y, v, p: -gamma_by(xp, 0.5 * v, 0.5 * y) / gamma_at(xp, 0.5 * v, 0.5 * y)),
    p=Partial(lambda xp, y, v, p: -2.0 / gamma_at(xp, 0.5 * v, 0.5 * y)),
    domain=(DEGREES, SHARE),
)
op(
    "chdtriv",
    "p, x",
    scipy="special.chdtriv",
    p=Partial(lambda xp, y, p, x: 2.0 / gamma_by(xp, 0.5 * y, 0.5 * x)),
    x=Partial(lambda xp, y, p, x: -gamma_at(xp, 0.5 * y, 0.5 * x) / gamma_by(xp, 0.5 * y, 0.5 * x)),
    domain=(SHARE, REACH),
)
op(
    "gdtr",
    "a, b, x",
    scipy="special.gdtr",
    a=Partial(lambda xp, y, a, b, x: x * gamma_at(xp, b, a * x)),
    b=Partial(lambda xp, y, a, b, x: gamma_by(xp, b, a * x)),
    x=Partial(lambda xp, y, a, b, x: a * gamma_at(xp, b, a * x)),
    cases=FEW,
    domain=DEGREES,
)
op(
    "gdtrc",
    "a, b, x",
    scipy="special.gdtrc",
    a=Partial(lambda xp, y, a, b, x: -x * gamma_at(xp, b, a * x)),
    b=Partial(lambda xp, y, a, b, x: -gamma_by(xp, b, a * x)),
    x=Partial(lambda xp, y, a, b, x: -a * gamma_at(xp, b, a * x)),
    cases=FEW,
    domain=DEGREES,
)
op(
    "gdtrix",
    "a, b, p",
    scipy="special.gdtrix",
    a=Partial(lambda xp, y, a, b, p: -y / a),
    b=Partial(lambda xp, y, a, b, p: -gamma_by(xp, b, a * y) / (a * gamma_at(xp, b, a * y))),
    p=Partial(lambda xp, y, a, b, p: 1.0 / (a * gamma_at(xp, b, a * y))),
    cases=FEW,
    domain=(DEGREES, DEGREES, SHARE),
)
op(
    "gdtria",
    "p, b, x",
    scipy="special.gdtria",
    p=Partial(lambda xp, y, p, b, x: 1.0 / (x * gamma_at(xp, b, y * x))),
    b=Partial(lambda xp, y, p, b, x: -gamma_by(xp, b, y * x) / (x * gamma_at(xp, b, y * x))),
    x=Partial(lambda xp, y, p, b, x: -y / x),
    cases=FEW,
    domain=(SHARE, DEGREES, DEGREES),
)
op(
    "gdtrib",
    "a, p, x",
    scipy="special.gdtrib",
    a=Partial(lambda xp, y, a, p, x: -x * gamma_at(xp, y, a * x) / gamma_by(xp, y, a * x)),
    p=Partial(lambda xp, y, a, p, x: 1.0 / gamma_by(xp, y, a * x)),
    x=Partial(lambda xp, y, a, p, x: -a * gamma_at(xp, y, a * x) / gamma_by(xp, y, a * x)),
    cases=FEW,
    domain=(DEGREES, SHARE, DEGREES),
)
op(
    "pdtr",
    "k, m",
    scipy="special.pdtr",
    k=ROUNDED,
    m=Partial(lambda xp, y, k, m: -gamma_at(xp, xp.floor(k) + 1.0, m)),
    domain=(COUNT, REACH),
)
op(
    "pdtrc",
    "k, m",
    scipy="special.pdtrc",
    k=ROUNDED,
    m=Partial(lambda xp, y, k, m: gamma_at(xp, xp.floor(k) + 1.0, m)),
    domain=(COUNT, REACH),
)
op(
    "pdtri",
    "k, p",
    scipy="special.pdtri",
    k=ROUNDED,
    p=Partial(lambda xp, y, k, p: -1.0 / gamma_at(xp, xp.cast(xp.floor(k), dtype=y.dtype) + 1.0, y)),
    domain=SHARE,
    cases=(case([0, 1, 2], (2, 3)), case([1], ()), case([1], (0, 3))),
)


def above_zero(xp: Any, count: Any, slope: Any) -> Any:
    """Return a slope of a count that a probability belongs to: none is below 0, where the least probabilities are."""
    return xp.where(xp.greater(count, 0.0), slope, 0.0)


op(
    "pdtrik",
    "p, m",
    scipy="special.pdtrik",
    p=Partial(lambda xp, y, p, m: above_zero(xp, y, -1.0 / gamma_by(xp, y + 1.0, m))),
    m=Partial(lambda xp, y, p, m: above_zero(xp, y, -gamma_at(xp, y + 1.0, m) / gamma_by(xp, y + 1.0, m))),
    domain=(SHARE, DEGREES),
)


def beta_by(xp: Any, a: Any, b: Any, x: Any, i: int, j: int) -> Any:
    """Return a slope of the beta distribution function in its parameters; with i = j = 0 it is the density."""
    return xp.betainc_slope(a, b, x, i=i, j=j) if i or j else xp.beta_density(a, b, x)


op(
    "btdtria",
    "p, b, x",
    scipy="special.btdtria",
    p=Partial(lambda xp, y, p, b, x: 1.0 / beta_by(xp, y, b, x, 1, 0)),
    b=Partial(lambda xp, y, p, b, x: -beta_by(xp, y, b, x, 0, 1) / beta_by(xp, y, b, x, 1, 0)),
    x=Partial(lambda xp, y, p, b, x: -beta_by(xp, y, b, x, 0, 0) / beta_by(xp, y, b, x, 1, 0)),
    cases=FEW,
    domain=(SHARE, DEGREES, SHARE),
)
op(
    "btdtrib",
    "a, p, x",
    scipy="special.btdtrib",
    a=Partial(lambda xp, y, a, p, x: -beta_by(xp, a, y, x, 1, 0) / beta_by(xp, a, y, x, 0, 1)),
    p=Partial(lambda xp, y, a, p, x: 1.0 / beta_by(xp, a, y, x, 0, 1)),
    x=Partial(lambda xp, y, a, p, x: -beta_by(xp, a, y, x, 0, 0) / beta_by(xp, a, y, x, 0, 1)),
    cases=FEW,
    domain=(DEGREES, SHARE, SHARE),
)


def f_slope(xp: Any, dfn: Any, dfd: Any, x: Any, place: int) -> Any:
    """Return the slope of Fisher's distribution function in one of its degrees of freedom, or in `x`, the place 2."""
    a, b, odds = 0.5 * dfn, 0.5 * dfd, dfn * x / dfd
    density = xp.odds_density(a, b, odds)
    if place == 0:
        return 0.5 * xp.odds_slope(a, b, odds, i=1, j=0) + density * x / dfd
    if place == 1:
        return 0.5 * xp.odds_slope(a, b, odds, i=0, j=1) - density * odds / dfd
    return density * dfn / dfd


op(
    "fdtr",
    "dfn, dfd, x",
    scipy="special.fdtr",
    dfn=Partial(lambda xp, y, dfn, dfd, x: f_slope(xp, dfn, dfd, x, 0)),
    dfd=Partial(lambda xp, y, dfn, dfd, x: f_slope(xp, dfn, dfd, x, 1)),
    x=Partial(lambda xp, y, dfn, dfd, x: f_slope(xp, dfn, dfd, x, 2)),
    cases=FEW,
    domain=DEGREES,
)
op(
    "fdtrc",
    "dfn, dfd, x",
    scipy="special.fdtrc",
    dfn=Partial(lambda xp, y, dfn, dfd, x: -f_slope(xp, dfn, dfd, x, 0)),
    dfd=Partial(lambda xp, y, dfn, dfd, x: -f_slope(xp, dfn, dfd, x, 1)),
    x=Partial(lambda xp, y, dfn, dfd, x: -f_slope(xp, dfn, dfd, x, 2)),
    cases=FEW,
    domain=DEGREES,
)
op(
    "fdtri",
    "dfn, dfd, p",
    scipy="special.fdtri",
    dfn=Partial(lambda xp, y, dfn, dfd, p: -f_slope(xp, dfn, dfd, y, 0) / f_slope(xp, dfn, dfd, y, 2)),
    dfd=Partial(lambda xp, y, dfn, dfd, p: -f_slope(xp, dfn, dfd, y, 1) / f_slope(xp, dfn, dfd, y, 2)),
    p=Partial(lambda xp, y, dfn, dfd, p: 1.0 / f_slope(xp, dfn, dfd, y, 2)),
    cases=FEW,
    domain=(DEGREES, DEGREES, SHARE),
)
op(
    "fdtridfd",
    "dfn, p, x",
    scipy="special.fdtridfd",
    dfn=Partial(lambda xp, y, dfn, p, x: -f_slope(xp, dfn, y, x, 0) / f_slope(xp, dfn, y, x, 1)),
    p=Partial(lambda xp, y, dfn, p, x: 1.0 / f_slope(xp, dfn, y, x, 1)),
    x=Partial(lambda xp, y, dfn, p, x: -f_slope(xp, dfn, y, x, 2) / f_slope(xp, dfn, y, x, 1)),
    cases=few(2.0, 0.6, 1.3),
    domain=(DEGREES, Domain(0.55, 0.62), Domain(1.2, 1.5)),
)


def t_density(xp: Any, df: Any, t: Any, like: Any) -> Any:
    """Return the density of Student's distribution; of infinitely many degrees it is the normal one, to rounding."""
    df = xp.minimum(df, MANY)
    log_beta = xp.cast(xp.betaln(0.5, 0.5 * df), dtype=like.dtype)
    return xp.exp(-0.5 * (df + 1.0) * xp.log1p(t * t / df) - log_beta - 0.5 * xp.log(df))


def t_by_degrees(xp: Any, df: Any, t: Any) -> Any:
    """Return the slope of Student's distribution function in the degrees of freedom, 0 at t = 0 by symmetry."""
    df = xp.minimum(df, MANY)
    odds = xp.where(xp.equal(t, 0.0), 1.0, t * t) / df
    half = 0.5 * df
    return (
        0.25 * xp.sign(t) * (xp.odds_slope(0.5, half, odds, i=0, j=1) - xp.odds_density(0.5, half, odds) * odds / half)
    )


op(
    "stdtr",
    "df, t",
    scipy="special.stdtr",
    df=Partial(lambda xp, y, df, t: t_by_degrees(xp, df, t)),
    t=Partial(lambda xp, y, df, t: t_density(xp, df, t, y)),
    domain=(DEGREES, REAL),
)
op(
    "stdtrit",
    "df, p",
    scipy="special.stdtrit",
    df=Partial(lambda xp, y, df, p: -t_by_degrees(xp, df, y) / t_density(xp, df, y, y)),
    p=Partial(lambda xp, y, df, p: 1.0 / t_density(xp, df, y, y)),
    domain=(DEGREES, SHARE),
)
op(
    "stdtridf",
    "p, t",
    scipy="special.stdtridf",
    p=Partial(lambda xp, y, p, t: 1.0 / t_by_degrees(xp, y, t)),
    t=Partial(lambda xp, y, p, t: -t_density(xp, y, t, y) / t_by_degrees(xp, y, t)),
    domain=(Domain(0.85, 0.88), Domain(1.3, 1.6)),
)


def counted(xp: Any, k: Any, n: Any, p: Any, like: Any) -> Any:
    """Return the slope in `p` of the probability of more than `k` successes in n trials, 0 where all are counted."""
    k = xp.cast(xp.floor(k), dtype=like.dtype)
    inside = xp.less(k, n)
    return xp.where(inside, xp.beta_density(k + 1.0, xp.where(inside, xp.cast(n, dtype=like.dtype) - k, 1.0), p), 0.0)


def waited(xp: Any, k: Any, n: Any, p: Any, like: Any) -> Any:
    """Return the slope in `p` of the probability of at most `k` failures before n successes."""
    return xp.beta_density(xp.cast(n, dtype=like.dtype), xp.cast(k, dtype=like.dtype) + 1.0, p)


def counts(name: str, last: str, slope: Any) -> None:
    """Add a function of two counts and a probability."""
    op(
        name,
        f"k, n, {last}",
        scipy=f"special.{name}",
        elementwise=True,
        k=ROUNDED,
        n=WHOLE,
        domain=SHARE,
        cases=(case([0, 1, 2], [3, 5, 7], (2, 3)), case([1], [4], ()), case([1], [4], (0, 3))),
        **{last: slope},
    )


counts("bdtr", "p", Partial(lambda xp, y, k, n, p: -counted(xp, k, n, p, y)))
counts("bdtrc", "p", Partial(lambda xp, y, k, n, p: counted(xp, k, n, p, y)))
counts("bdtri", "y", Partial(lambda xp, p, k, n, y: -1.0 / counted(xp, k, n, p, p)))
counts("nbdtr", "p", Partial(lambda xp, y, k, n, p: waited(xp, k, n, p, y)))
counts("nbdtrc", "p", Partial(lambda xp, y, k, n, p: -waited(xp, k, n, p, y)))
counts("nbdtri", "y", Partial(lambda xp, p, k, n, y: 1.0 / waited(xp, k, n, p, p)))


def by_count(xp: Any, k: Any, n: Any, p: Any) -> Any:
    """Return the slope of the binomial distribution function, `I_{1 - p}(n - k, k + 1)`, in a real count."""
    return beta_by(xp, n - k, k + 1.0, 1.0 - p, 0, 1) - beta_by(xp, n - k, k + 1.0, 1.0 - p, 1, 0)


op(
    "bdtrik",
    "y, n, p",
    scipy="special.bdtrik",
    y=Partial(lambda xp, k, y, n, p: above_zero(xp, k, 1.0 / by_count(xp, k, n, p))),
    n=Partial(
        lambda xp, k, y, n, p: above_zero(xp, k, -beta_by(xp, n - k, k + 1.0, 1.0 - p, 1, 0) / by_count(xp, k, n, p))
    ),
    p=Partial(lambda xp, k, y, n, p: above_zero(xp, k, xp.beta_density(k + 1.0, n - k, p) / by_count(xp, k, n, p))),
    domain=(Domain(0.4, 0.7), Domain(5.0, 8.0), Domain(0.4, 0.6)),
    cases=few(0.5, 6.0, 0.5),
)
op(
    "bdtrin",
    "k, y, p",
    scipy="special.bdtrin",
    k=Partial(lambda xp, n, k, y, p: -by_count(xp, k, n, p) / beta_by(xp, n - k, k + 1.0, 1.0 - p, 1, 0)),
    y=Partial(lambda xp, n, k, y, p: 1.0 / beta_by(xp, n - k, k + 1.0, 1.0 - p, 1, 0)),
    p=Partial(lambda xp, n, k, y, p: xp.beta_density(k + 1.0, n - k, p) / beta_by(xp, n - k, k + 1.0, 1.0 - p, 1, 0)),
    domain=(DEGREES, Domain(0.4, 0.7), Domain(0.4, 0.6)),
    cases=FEW,
)
op(
    "nbdtrik",
    "y, n, p",
    scipy="special.nbdtrik",
    y=Partial(lambda xp, k, y, n, p: above_zero(xp, k, 1.0 / beta_by(xp, n, k + 1.0, p, 0, 1))),
    n=Partial(
        lambda xp, k, y, n, p: above_zero(xp, k, -beta_by(xp, n, k + 1.0, p, 1, 0) / beta_by(xp, n, k + 1.0, p, 0, 1))
    ),
    p=Partial(
        lambda xp, k, y, n, p: above_zero(xp, k, -beta_by(xp, n, k + 1.0, p, 0, 0) / beta_by(xp, n, k + 1.0, p, 0, 1))
    ),
    domain=(Domain(0.4, 0.7), DEGREES, Domain(0.3, 0.5)),
    cases=few(0.5, 2.0, 0.4),
)
op(
    "nbdtrin",
    "k, y, p",
    scipy="special.nbdtrin",
    k=Partial(lambda xp, n, k, y, p: -beta_by(xp, n, k + 1.0, p, 0, 1) / beta_by(xp, n, k + 1.0, p, 1, 0)),
    y=Partial(lambda xp, n, k, y, p: 1.0 / beta_by(xp, n, k + 1.0, p, 1, 0)),
    p=Partial(lambda xp, n, k, y, p: -beta_by(xp, n, k + 1.0, p, 0, 0) / beta_by(xp, n, k + 1.0, p, 1, 0)),
    domain=(DEGREES, Domain(0.4, 0.7), Domain(0.3, 0.5)),
    cases=few(1.5, 0.5, 0.4),
)
op(
    "nrdtrimn",
    "p, std, x",
    scipy="special.nrdtrimn",
    p=Partial(lambda xp, y, p, std, x: -std * ROOT_TWO_PI * xp.exp(0.5 * xp.square((x - y) / std))),
    std=Partial(lambda xp, y, p, std, x: (y - x) / std),
    x=Partial(lambda xp, y, p, std, x: 1.0),
    domain=(SHARE, DEGREES, REAL),
)
op(
    "nrdtrisd",
    "mn, p, x",
    scipy="special.nrdtrisd",
    mn=Partial(lambda xp, y, mn, p, x: y / (mn - x)),
    p=Partial(lambda xp, y, mn, p, x: -y * y / (x - mn) * ROOT_TWO_PI * xp.exp(0.5 * xp.square((x - mn) / y))),
    x=Partial(lambda xp, y, mn, p, x: y / (x - mn)),
    domain=(Domain(-1.0, 0.0), Domain(0.6, 0.8), Domain(1.0, 2.0)),
)


def lambda_slope(xp: Any, share: Any, lam: Any) -> Any:
    """Return the slope of the quantile function of Tukey's lambda distribution in the share."""
    return xp.power(share, lam - 1.0) + xp.power(1.0 - share, lam - 1.0)


op(
    "tklmbda",
    "x, lam",
    scipy="special.tklmbda",
    x=Partial(lambda xp, y, x, lam: 1.0 / lambda_slope(xp, y, lam)),
    lam=Partial(
        lambda xp, y, x, lam: (
            (box_slope(xp, xp.log1p(-y), lam) - box_slope(xp, xp.log(y), lam)) / lambda_slope(xp, y, lam)
        )
    ),
    domain=(Domain(-0.6, 0.6), Domain(0.2, 1.4)),
)
