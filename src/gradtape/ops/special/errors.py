"""Rows of the error function and its relatives.

Derivatives from DLMF 7.2 and 7.18 (https://dlmf.nist.gov/7). The scaled functions fall like `1/x`, and their
derivatives are differences of nearly equal numbers; so they are taken from the family of the repeated integrals of the
error function, which is closed under differentiation and loses nothing (DLMF 7.18.5 and 7.18.7):

    e_n(x) = exp(x**2) * i^n erfc(x),    e_n' = -2 (n + 1) e_{n+1},    erfcx = e_0
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import REAL, UNIT, Domain
from gradtape.ops.model import Partial
from gradtape.ops.registry import composite, op

TWO_OVER_ROOT_PI = 1.1283791670955126
HALF_ROOT_PI = 0.886226925452758
ROOT_TWO_PI = 2.5066282746310002
ROOT_TWO_OVER_PI = 0.7978845608028654
ROOT_HALF_PI = 1.2533141373155001
ROOT_HALF = 0.7071067811865476
SHARE = Domain(0.05, 0.95)

op("erf", "x", scipy="special.erf", x=Partial(lambda xp, y, x: TWO_OVER_ROOT_PI * xp.exp(-x * x)))
op("erfc", "x", scipy="special.erfc", x=Partial(lambda xp, y, x: -TWO_OVER_ROOT_PI * xp.exp(-x * x)))
op("erfi", "x", scipy="special.erfi", x=Partial(lambda xp, y, x: TWO_OVER_ROOT_PI * xp.exp(x * x)))
op("erfcx", "x", scipy="special.erfcx", x=Partial(lambda xp, y, x: -2.0 * xp.erfc_integral(x, n=1)))
op(
    "erfc_integral",
    "x, n=1",
    numpy=None,
    x=Partial(lambda xp, y, x, n: -2.0 * (n + 1) * xp.erfc_integral(x, n=n + 1)),
)
op("dawsn", "x", scipy="special.dawsn", x=Partial(lambda xp, y, x: xp.dawsn_slope(x, n=1)))
op("dawsn_slope", "x, n=1", numpy=None, x=Partial(lambda xp, y, x, n: xp.dawsn_slope(x, n=n + 1)))
op("erfinv", "x", scipy="special.erfinv", x=Partial(lambda xp, y, x: HALF_ROOT_PI * xp.exp(y * y)), domain=UNIT)
op("erfcinv", "x", scipy="special.erfcinv", x=Partial(lambda xp, y, x: -HALF_ROOT_PI * xp.exp(y * y)), domain=SHARE)
op("ndtr", "x", scipy="special.ndtr", x=Partial(lambda xp, y, x: xp.exp(-0.5 * (x * x)) / ROOT_TWO_PI))
op("log_ndtr", "x", scipy="special.log_ndtr", x=Partial(lambda xp, y, x: hazard(xp, x)))
op("ndtri", "x", scipy="special.ndtri", x=Partial(lambda xp, y, x: ROOT_TWO_PI * xp.exp(0.5 * (y * y))), domain=SHARE)
op(
    "ndtri_exp",
    "x",
    scipy="special.ndtri_exp",
    x=Partial(lambda xp, y, x: ROOT_HALF_PI * xp.erfcx(-ROOT_HALF * y)),
    domain=Domain(-4.0, -0.1),
)
op(
    "voigt_profile",
    "x, sigma, gamma",
    scipy="special.voigt_profile",
    x=Partial(lambda xp, y, x, sigma, gamma: xp.voigt_slope(x, sigma, gamma, n=1)),
    sigma=Partial(lambda xp, y, x, sigma, gamma: sigma * xp.voigt_slope(x, sigma, gamma, n=2)),
    gamma=Partial(lambda xp, y, x, sigma, gamma: -xp.voigt_slope(x, sigma, gamma, n=1, imaginary=True)),
    domain=(REAL, Domain(0.4, 2.0), Domain(0.4, 2.0)),
)
op(
    "voigt_slope",
    "x, sigma, gamma, n=1, imaginary=False",
    numpy=None,
    x=Partial(
        lambda xp, y, x, sigma, gamma, n, imaginary: xp.voigt_slope(x, sigma, gamma, n=n + 1, imaginary=imaginary)
    ),
    sigma=Partial(
        lambda xp, y, x, sigma, gamma, n, imaginary: (
            sigma * xp.voigt_slope(x, sigma, gamma, n=n + 2, imaginary=imaginary)
        )
    ),
    gamma=Partial(
        lambda xp, y, x, sigma, gamma, n, imaginary: (
            (1.0 if imaginary else -1.0) * xp.voigt_slope(x, sigma, gamma, n=n + 1, imaginary=not imaginary)
        )
    ),
    domain=(REAL, Domain(0.4, 2.0), Domain(0.4, 2.0)),
)


def hazard(xp: Any, x: Any) -> Any:
    """Return the slope of the logarithm of the normal distribution function, exact in both tails."""
    return ROOT_TWO_OVER_PI / xp.erfcx(-ROOT_HALF * x)


composite("wofz", lambda xp, z: xp.erfcx(z * -1j), scipy="special.wofz")
