"""Rows of trigonometric functions of degrees, of rounding, and of the distributions of Kolmogorov and Smirnov."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import AWAY_FROM_INTEGERS, Domain, case
from gradtape.ops.model import NoTangent, Partial, Zero
from gradtape.ops.registry import composite, op

DEGREE = 0.017453292519943295
SHARE = Domain(0.15, 0.85)
WHOLE = NoTangent("takes whole numbers of observations")
SAMPLES = (case([2, 3, 5], (2, 3)), case([4], ()), case([4], (0, 3)))

op("sindg", "x", scipy="special.sindg", x=Partial(lambda xp, y, x: DEGREE * xp.cosdg(x)), domain=Domain(-400.0, 400.0))
op("cosdg", "x", scipy="special.cosdg", x=Partial(lambda xp, y, x: -DEGREE * xp.sindg(x)), domain=Domain(-400.0, 400.0))
op("tandg", "x", scipy="special.tandg", x=Partial(lambda xp, y, x: DEGREE * (1.0 + y * y)), domain=Domain(-60.0, 60.0))
op("cotdg", "x", scipy="special.cotdg", x=Partial(lambda xp, y, x: -DEGREE * (1.0 + y * y)), domain=Domain(30.0, 150.0))
op(
    "special_round",
    "x",
    scipy="special.round",
    elementwise=True,
    x=Zero("is constant between half-integers, so its derivative is zero wherever it exists"),
    domain=AWAY_FROM_INTEGERS,
)
op(
    "kolmogorov",
    "x",
    scipy="special.kolmogorov",
    x=Partial(lambda xp, y, x: xp.kolmogorov_slope(x)),
    domain=Domain(0.4, 2.0),
)
op(
    "kolmogorov_slope",
    "x, n=1",
    numpy=None,
    x=Partial(lambda xp, y, x, n: xp.kolmogorov_slope(x, n=n + 1)),
    domain=Domain(0.4, 2.0),
)
op("kolmogi", "p", scipy="special.kolmogi", p=Partial(lambda xp, y, p: 1.0 / xp.kolmogorov_slope(y)), domain=SHARE)
op(
    "smirnov",
    "n, d",
    scipy="special.smirnov",
    n=WHOLE,
    d=Partial(lambda xp, y, n, d: xp.smirnov_slope(n, d)),
    domain=SHARE,
    cases=SAMPLES,
)
op(
    "smirnov_slope",
    "n, d, k=1",
    numpy=None,
    n=WHOLE,
    d=Partial(lambda xp, y, n, d, k: xp.smirnov_slope(n, d, k=k + 1)),
    domain=SHARE,
    cases=SAMPLES,
)
op(
    "smirnovi",
    "n, p",
    scipy="special.smirnovi",
    n=WHOLE,
    p=Partial(lambda xp, y, n, p: 1.0 / xp.smirnov_slope(n, y)),
    domain=SHARE,
    cases=SAMPLES,
)


def periodic_sinc(xp: Any, x: Any, n: Any) -> Any:
    """Return `sin(n x / 2) / (n sin(x / 2))`, with its limits 1 and -1 where both are 0."""
    turns = xp.rint(x / 6.283185307179586)
    part = 0.5 * (x - 6.283185307179586 * turns)
    flat = xp.less(xp.abs(part), 1e-9)
    safe = xp.where(flat, 1.0, part)
    sign = 1.0 - 2.0 * xp.remainder(turns * (n - 1.0), 2.0)
    return sign * xp.where(flat, 1.0, xp.sin(n * safe) / (n * xp.sin(safe)))


composite("diric", periodic_sinc, scipy="special.diric")


def repeated(name: str, below: float, above: float) -> Any:
    """Make the function that gives the n-th derivative of a Bessel function in its argument (DLMF 10.6.7, 10.29.5)."""

    def derivative(xp: Any, v: Any, z: Any, n: int = 1) -> Any:
        terms: dict[int, float] = {0: 1.0}
        for _ in range(n):
            following: dict[int, float] = {}
            for shift, factor in terms.items():
                following[shift - 1] = following.get(shift - 1, 0.0) + 0.5 * below * factor
                following[shift + 1] = following.get(shift + 1, 0.0) + 0.5 * above * factor
            terms = following
        function = getattr(xp, name)
        return sum(factor * function(v + float(shift), z) for shift, factor in sorted(terms.items()))

    return derivative


composite("jvp", repeated("jv", 1.0, -1.0), scipy="special.jvp")
composite("yvp", repeated("yv", 1.0, -1.0), scipy="special.yvp")
composite("ivp", repeated("iv", 1.0, 1.0), scipy="special.ivp")
composite("kvp", repeated("kv", -1.0, -1.0), scipy="special.kvp")
composite("h1vp", repeated("hankel1", 1.0, -1.0), scipy="special.h1vp")
composite("h2vp", repeated("hankel2", 1.0, -1.0), scipy="special.h2vp")
composite("assoc_laguerre", lambda xp, x, n, k=0.0: xp.eval_genlaguerre(n, k, x), scipy="special.assoc_laguerre")
