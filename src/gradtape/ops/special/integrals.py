"""Rows of integrals of elementary functions: exponential, sine, Fresnel, dilogarithm, Owen's T (DLMF 6, 7)."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import POSITIVE, case
from gradtape.ops.model import General, NoTangent, Partial
from gradtape.ops.registry import op
from gradtape.ops.special.bessel import real_for_real
from gradtape.ops.special.families import woven

HALF_PI = 1.5707963267948966
ROOT_HALF = 0.7071067811865476
TURN = complex(ROOT_HALF, -ROOT_HALF)
"""The eighth root of 1 below the real axis."""

op("exp1", "x", scipy="special.exp1", x=Partial(lambda xp, y, x: -xp.exp(-x) / x), domain=POSITIVE)
op("expi", "x", scipy="special.expi", x=Partial(lambda xp, y, x: xp.exp(x) / x), domain=POSITIVE)
op(
    "expn",
    "n, x",
    scipy="special.expn",
    n=NoTangent("takes whole numbers as orders"),
    x=Partial(lambda xp, y, n, x: -xp.expn(n - 1, x)),
    domain=POSITIVE,
    cases=(case([0, 1, 2], (2, 3)), case([[1], [3]], (3,)), case(2, ()), case([1], (0, 3))),
)
op(
    "sici",
    "x",
    scipy="special.sici",
    parts=2,
    elementwise=True,
    x=General(lambda xp, g, y, x: woven(g, lambda: xp.sinc(x / 3.141592653589793), lambda: xp.cos(x) / x)),
    domain=POSITIVE,
)
op(
    "shichi",
    "x",
    scipy="special.shichi",
    parts=2,
    elementwise=True,
    x=General(lambda xp, g, y, x: woven(g, lambda: sinhc(xp, x), lambda: xp.cosh(x) / x)),
    domain=POSITIVE,
)
op(
    "fresnel",
    "z",
    scipy="special.fresnel",
    parts=2,
    elementwise=True,
    z=General(lambda xp, g, y, z: woven(g, lambda: xp.sin(HALF_PI * z * z), lambda: xp.cos(HALF_PI * z * z))),
)
op(
    "modfresnelp",
    "x",
    scipy="special.modfresnelp",
    parts=2,
    elementwise=True,
    x=General(
        lambda xp, g, y, x: real_for_real(
            xp, woven(g, lambda: -xp.exp(1j * x * x), lambda: -TURN * xp.erfc_integral(TURN * x, n=1)), x
        )
    ),
    domain=POSITIVE,  # at negative numbers SciPy's own imaginary part of the first result is not the integral's
)
op(
    "modfresnelm",
    "x",
    scipy="special.modfresnelm",
    parts=2,
    elementwise=True,
    x=General(
        lambda xp, g, y, x: real_for_real(
            xp,
            woven(
                g,
                lambda: -xp.exp(-1j * x * x),
                lambda: -TURN.conjugate() * xp.erfc_integral(TURN.conjugate() * x, n=1),
            ),
            x,
        )
    ),
    domain=POSITIVE,  # at negative numbers SciPy's own imaginary part of the first result is not the integral's
)
op("spence", "z", scipy="special.spence", z=Partial(lambda xp, y, z: -xp.log1prel(z - 1.0)), domain=POSITIVE)
op(
    "owens_t",
    "h, a",
    scipy="special.owens_t",
    h=Partial(lambda xp, y, h, a: -0.19947114020071635 * xp.exp(-0.5 * h * h) * xp.erf(ROOT_HALF * a * h)),
    a=Partial(lambda xp, y, h, a: xp.exp(-0.5 * h * h * (1.0 + a * a)) / (6.283185307179586 * (1.0 + a * a))),
)


def sinhc(xp: Any, x: Any) -> Any:
    """Return `sinh(x) / x`, and 1 at 0."""
    zero = xp.equal(x, 0.0)
    return xp.where(zero, 1.0, xp.sinh(x) / xp.where(zero, 1.0, x))
