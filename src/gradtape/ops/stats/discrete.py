"""The discrete distributions. Counts have no derivative; parameters do, through the logarithm of the mass.

Where a count is outside the support the mass is 0 with derivative 0. Formulas: the distributions' usual definitions,
with gamma functions for factorials; distribution functions by the incomplete gamma and beta functions (DLMF 8.2, 8.17).
"""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING, Any

from gradtape.ops.domains import POSITIVE, case
from gradtape.ops.model import NoTangent, Partial
from gradtape.ops.registry import composite, op
from gradtape.ops.stats.continuous_model import sorted_arguments

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = NoTangent("answers with a count, and a count jumps")


def discrete(
    name: str,
    shapes: str,
    logpmf: Callable[..., Any],
    *,
    cdf: Callable[..., Any] | None = None,
    low: float = 0.0,
    high: Callable[..., Any] | None = None,
    valid: Callable[..., Any] | None = None,
) -> None:
    """Add the composites of a discrete distribution; every formula takes `(xp, k, *shapes)` with `k` in the support.

    `high` is the end of the support as a function of `(xp, *shapes)`, `valid` where the shapes are in their range.
    """
    names = tuple(shapes.split(", "))
    order = sorted_arguments(("k", *names), {"loc": 0.0})

    def placed(xp: Any, k: Any, args: tuple[Any, ...]) -> tuple[Any, Any, Any, Any, tuple[Any, ...]]:
        *given, loc = args
        k = xp.stop_gradient(xp.shaped(k)) - loc
        top = high(xp, *given) if high else inf
        below, above = xp.less(k, low), xp.greater(k, top)
        good = valid(xp, *given) if valid else True
        safe = xp.where(xp.logical_or(below, above), low, k)
        return safe, below, above, good, tuple(given)

    def logpmf_(xp: Any, *args: Any, **named: Any) -> Any:
        k, *rest = order(*args, **named)
        safe, below, above, good, given = placed(xp, k, tuple(rest))
        whole = xp.equal(xp.floor(safe), safe)
        off = xp.logical_or(xp.logical_or(below, above), xp.logical_not(whole))
        inside = logpmf(xp, xp.where(whole, safe, low), *given)
        return xp.where(good, xp.where(off, -inf, inside), nan)

    def cdf_(xp: Any, *args: Any, **named: Any) -> Any:
        k, *rest = order(*args, **named)
        safe, below, above, good, given = placed(xp, k, tuple(rest))
        inside = cdf(xp, xp.floor(safe), *given)  # type: ignore[misc]
        return xp.where(good, xp.where(below, 0.0, xp.where(above, 1.0, inside)), nan)

    methods: dict[str, Callable[..., Any]] = {
        "logpmf": logpmf_,
        "pmf": lambda xp, *args, **named: xp.exp(logpmf_(xp, *args, **named)),
    }
    if cdf is not None:
        methods |= {
            "cdf": cdf_,
            "sf": lambda xp, *args, **named: 1.0 - cdf_(xp, *args, **named),
            "logcdf": lambda xp, *args, **named: xp.log(cdf_(xp, *args, **named)),
            "logsf": lambda xp, *args, **named: xp.log1p(-cdf_(xp, *args, **named)),
        }
    for method, function in methods.items():
        composite(f"{name}_{method}", function, scipy=f"stats.{name}.{method}")


def probability(xp: Any, *shapes: Any) -> Any:
    """Return where the last shape is between 0 and 1."""
    return xp.logical_and(xp.greater_equal(shapes[-1], 0.0), xp.less_equal(shapes[-1], 1.0))


def log_choose(xp: Any, n: Any, k: Any) -> Any:
    """Return the logarithm of a binomial coefficient."""
    return xp.gammaln(n + 1.0) - xp.gammaln(k + 1.0) - xp.gammaln(n - k + 1.0)


def at_most(xp: Any, n: Any, k: Any, value: Callable[[Any], Any]) -> Any:
    """Return 1 where `k` is the largest count, so that the incomplete beta function is not asked at its edge."""
    last = xp.greater_equal(k, n)
    return xp.where(last, 1.0, value(xp.where(last, 0.0, k)))


discrete(
    "bernoulli",
    "p",
    lambda xp, k, p: xp.xlogy(k, p) + xp.xlog1py(1.0 - k, -xp.shaped(p)),
    cdf=lambda xp, k, p: xp.where(xp.less(k, 1.0), 1.0 - xp.shaped(p), 1.0),
    high=lambda xp, p: 1.0,
    valid=probability,
)
discrete(
    "binom",
    "n, p",
    lambda xp, k, n, p: log_choose(xp, xp.shaped(n), k) + xp.xlogy(k, p) + xp.xlog1py(n - k, -xp.shaped(p)),
    cdf=lambda xp, k, n, p: at_most(xp, n, k, lambda j: xp.betainc(n - j, j + 1.0, 1.0 - xp.shaped(p))),
    high=lambda xp, n, p: n,
    valid=probability,
)
discrete(
    "geom",
    "p",
    lambda xp, k, p: xp.log(p) + xp.xlog1py(k - 1.0, -xp.shaped(p)),
    cdf=lambda xp, k, p: -xp.expm1(xp.log1p(-xp.shaped(p)) * k),
    low=1.0,
    valid=probability,
)
discrete(
    "nbinom",
    "n, p",
    lambda xp, k, n, p: (
        xp.gammaln(n + k) - xp.gammaln(k + 1.0) - xp.gammaln(n) + n * xp.log(p) + xp.xlog1py(k, -xp.shaped(p))
    ),
    cdf=lambda xp, k, n, p: xp.betainc(n, k + 1.0, p),
    valid=probability,
)
discrete(
    "poisson",
    "mu",
    lambda xp, k, mu: xp.xlogy(k, mu) - xp.gammaln(k + 1.0) - mu,
    cdf=lambda xp, k, mu: xp.gammaincc(k + 1.0, mu),
    valid=lambda xp, mu: xp.greater_equal(mu, 0.0),
)
discrete(
    "betabinom",
    "n, a, b",
    lambda xp, k, n, a, b: log_choose(xp, xp.shaped(n), k) + xp.betaln(k + a, n - k + b) - xp.betaln(a, b),
    high=lambda xp, n, a, b: n,
    valid=lambda xp, n, a, b: xp.logical_and(xp.greater(a, 0.0), xp.greater(b, 0.0)),
)
discrete(
    "logser",
    "p",
    lambda xp, k, p: k * xp.log(p) - xp.log(k) - xp.log(-xp.log1p(-xp.shaped(p))),
    low=1.0,
    valid=probability,
)
discrete(
    "zipf",
    "a",
    lambda xp, k, a: -a * xp.log(k) - xp.log(xp.zeta(a, 1.0)),
    low=1.0,
    valid=lambda xp, a: xp.greater(a, 1.0),
)

for _name, _cases in (("bernoulli", (0.3,)), ("geom", (0.4,)), ("poisson", (2.5,))):
    for _method in ("ppf", "isf"):
        op(
            f"{_name}_{_method}",
            "q, shape",
            scipy=f"stats.{_name}.{_method}",
            q=COUNT,
            shape=COUNT,
            cases=(case([0.3, 0.8], [*_cases]),),
        )
for _method in ("ppf", "isf"):
    op(
        f"binom_{_method}",
        "q, n, p",
        scipy=f"stats.binom.{_method}",
        q=COUNT,
        n=COUNT,
        p=COUNT,
        cases=(case([0.3, 0.8], [5], [0.3]),),
    )

op(
    "poisson_mean_log_factorial",
    "mu, order=0",
    numpy=None,
    mu=Partial(lambda xp, y, mu, order: xp.poisson_mean_log_factorial(mu, order=order + 1)),
    domain=POSITIVE,
    cases=(case((2, 3)), case((3,), order=1), case((), order=3)),
)
"""The mean of the `order`-th forward difference of log k! under a Poisson law: its derivative is the next one."""
composite(
    "poisson_entropy",
    lambda xp, mu, loc=0.0: mu * (1.0 - xp.log(mu)) + xp.poisson_mean_log_factorial(mu),
    scipy="stats.poisson.entropy",
)
composite(
    "bernoulli_entropy",
    lambda xp, p, loc=0.0: xp.entr(p) + xp.entr(1.0 - xp.shaped(p)),
    scipy="stats.bernoulli.entropy",
)
