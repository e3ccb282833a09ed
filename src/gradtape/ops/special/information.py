"""Rows of entropies, of products with logarithms, of power transforms and of robust losses.

A term that is 0 because its factor is 0 has derivative 0 in the other factor, also where that one is 0.

The power transforms are built on two functions that are smooth where their formulas divide zero by zero, and on their
derivatives, which are integrals of the same form:

    exprel_slope(x, n) = integral of s**n exp(s x) over [0, 1],     log1prel(x, n) = of s**n / (1 + s x)**(n + 1)
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import POSITIVE, Domain
from gradtape.ops.model import Partial
from gradtape.ops.registry import composite, op

ABOVE_MINUS_ONE = Domain(-0.8, 2.0)
SHARE = Domain(0.1, 0.9)

op("entr", "x", scipy="special.entr", x=Partial(lambda xp, y, x: -1.0 - xp.log(x)), domain=POSITIVE)
op(
    "rel_entr",
    "x, y",
    scipy="special.rel_entr",
    x=Partial(lambda xp, out, x, y: 1.0 + log_ratio(xp, x, y)),
    y=Partial(lambda xp, out, x, y: -xp.divide_no_nan(x, y)),
    domain=POSITIVE,
)
op(
    "kl_div",
    "x, y",
    scipy="special.kl_div",
    x=Partial(lambda xp, out, x, y: log_ratio(xp, x, y)),
    y=Partial(lambda xp, out, x, y: 1.0 - xp.divide_no_nan(x, y)),
    domain=POSITIVE,
)
op(
    "xlogy",
    "x, y",
    scipy="special.xlogy",
    x=Partial(lambda xp, out, x, y: xp.log(xp.where(both_zero(xp, x, y), 1.0, y))),
    y=Partial(lambda xp, out, x, y: xp.divide_no_nan(x, y)),
    domain=POSITIVE,
)
op(
    "xlog1py",
    "x, y",
    scipy="special.xlog1py",
    x=Partial(lambda xp, out, x, y: xp.log1p(xp.where(both_zero(xp, x, y + 1.0), 0.0, y))),
    y=Partial(lambda xp, out, x, y: xp.divide_no_nan(x, y + 1.0)),
    domain=POSITIVE,
)
op("exprel", "x", scipy="special.exprel", x=Partial(lambda xp, y, x: xp.exprel_slope(x, n=1)))
op("exprel_slope", "x, n=1", numpy=None, x=Partial(lambda xp, y, x, n: xp.exprel_slope(x, n=n + 1)))
op(
    "log1prel",
    "x, n=0",
    numpy=None,
    x=Partial(lambda xp, y, x, n: -(n + 1.0) * xp.log1prel(x, n=n + 1)),
    domain=ABOVE_MINUS_ONE,
)
op(
    "boxcox",
    "x, power",
    scipy="special.boxcox",
    x=Partial(lambda xp, y, x, power: xp.power(x, power - 1.0)),
    power=Partial(lambda xp, y, x, power: box_slope(xp, xp.log(x), power)),
    domain=(POSITIVE, Domain(-2.0, 2.0)),
)
op(
    "boxcox1p",
    "x, power",
    scipy="special.boxcox1p",
    x=Partial(lambda xp, y, x, power: xp.exp((power - 1.0) * xp.log1p(x))),
    power=Partial(lambda xp, y, x, power: box_slope(xp, xp.log1p(x), power)),
    domain=(ABOVE_MINUS_ONE, Domain(-2.0, 2.0)),
)
op(
    "inv_boxcox",
    "y, power",
    scipy="special.inv_boxcox",
    y=Partial(lambda xp, out, y, power: out / (1.0 + power * y)),
    power=Partial(lambda xp, out, y, power: -out * y * y * xp.log1prel(power * y, n=1)),
    domain=(SHARE, SHARE),
)
op(
    "inv_boxcox1p",
    "y, power",
    scipy="special.inv_boxcox1p",
    y=Partial(lambda xp, out, y, power: (out + 1.0) / (1.0 + power * y)),
    power=Partial(lambda xp, out, y, power: -(out + 1.0) * y * y * xp.log1prel(power * y, n=1)),
    domain=(SHARE, SHARE),
)
op(
    "powm1",
    "x, y",
    scipy="special.powm1",
    x=Partial(lambda xp, out, x, y: y * xp.power(x, y - 1.0)),
    y=Partial(lambda xp, out, x, y: (out + 1.0) * xp.log(x)),
    domain=POSITIVE,
)
op(
    "huber",
    "delta, r",
    scipy="special.huber",
    delta=Partial(lambda xp, y, delta, r: xp.maximum(xp.abs(r) - delta, 0.0)),
    r=Partial(lambda xp, y, delta, r: xp.clip(r, -delta, delta)),
    domain=(SHARE, Domain(-2.0, 2.0)),
)
op(
    "pseudo_huber",
    "delta, r",
    scipy="special.pseudo_huber",
    delta=Partial(lambda xp, y, delta, r: bend(xp, delta, xp.hypot(1.0, r / delta), r / delta)),
    r=Partial(lambda xp, y, delta, r: r / xp.hypot(1.0, r / delta)),
    domain=(Domain(0.3, 2.0), Domain(-2.0, 2.0)),
)
op("exp10", "x", scipy="special.exp10", x=Partial(lambda xp, y, x: 2.302585092994046 * y), domain=Domain(-1.0, 1.0))
op("cosm1", "x", scipy="special.cosm1", x=Partial(lambda xp, y, x: -xp.sin(x)))


def log_ratio(xp: Any, x: Any, y: Any) -> Any:
    """Return `log(x / y)` without a quotient that overflows, 0 where both are 0."""
    both = both_zero(xp, x, y)
    return xp.log(xp.where(both, 1.0, x)) - xp.log(xp.where(both, 1.0, y))


def both_zero(xp: Any, x: Any, y: Any) -> Any:
    """Whether both are 0: there the product is 0, and so is its derivative by convention."""
    return xp.logical_and(xp.equal(x, 0.0), xp.equal(y, 0.0))


def box_slope(xp: Any, log: Any, power: Any) -> Any:
    """Return the derivative of `(exp(power * log) - 1) / power` in `power`."""
    return log * log * xp.exprel_slope(power * log, n=1)


def bend(xp: Any, delta: Any, root: Any, ratio: Any) -> Any:
    """Return the derivative of the pseudo-Huber loss in `delta`: `delta (root - 1)**2 / root`, without cancellation."""
    above = ratio * ratio / (root + 1.0)
    return delta * above * above / root


composite("radian", lambda xp, d, m, s: (d + m / 60.0 + s / 3600.0) * 0.017453292519943295, scipy="special.radian")
