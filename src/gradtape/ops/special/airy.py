"""Rows of Airy's, Kelvin's and Struve's functions, and of integrals of Bessel functions: DLMF 9, 10.61 to 10.68, 11.

Most come in several results, of which one is the derivative of another; beyond that lies their differential equation.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import POSITIVE, Domain
from gradtape.ops.model import General, Partial
from gradtape.ops.registry import op
from gradtape.ops.special.bessel import real_for_real
from gradtape.ops.special.families import slopes, woven

PLACE = Domain(0.5, 4.0)
ORDER = Domain(0.2, 2.5)

op(
    "airy",
    "z",
    scipy="special.airy",
    parts=4,
    elementwise=True,
    z=General(lambda xp, g, y, z: woven(g, lambda: y[1], lambda: z * y[0], lambda: y[3], lambda: z * y[2])),
)
op(
    "airye",
    "z",
    scipy="special.airye",
    parts=4,
    elementwise=True,
    z=General(lambda xp, g, y, z: scaled_airy(xp, g, y, z)),
    domain=POSITIVE,
)
op(
    "itairy",
    "x",
    scipy="special.itairy",
    parts=4,
    elementwise=True,
    x=General(
        lambda xp, g, y, x: woven(
            g,
            lambda: xp.airy(x)[0],
            lambda: xp.airy(x)[2],
            lambda: xp.airy(-x)[0],
            lambda: xp.airy(-x)[2],
        )
    ),
    domain=POSITIVE,
)


def scaled_airy(xp: Any, g: Any, y: Any, z: Any) -> Any:
    """Return the cotangent of Airy's functions, two scaled by an exponential, two by the size of one (DLMF 9.2.1)."""
    root = xp.sqrt(z)
    holomorphic = woven(
        g,
        lambda: y[1] + root * y[0],
        lambda: z * y[0] + root * y[1],
        lambda: y[3],
        lambda: z * y[2],
    )
    shrunk = [xp.real(g[k] * y[k]) for k in (2, 3) if g[k] is not None]
    return holomorphic - xp.sign(xp.real(z * root)) * sum(shrunk) * root


def kelvin_second(xp: Any, x: Any, value: Any, slope: Any, limit: Any) -> Any:
    """Return `value - slope / x`, the second derivative by Kelvin's equation (DLMF 10.61.3), and its limit at 0."""
    zero = xp.equal(x, 0.0)
    return xp.where(zero, limit, value - slope / xp.where(zero, 1.0, x))


op("ber", "x", scipy="special.ber", x=Partial(lambda xp, y, x: xp.berp(x)))
op("bei", "x", scipy="special.bei", x=Partial(lambda xp, y, x: xp.beip(x)))
op("berp", "x", scipy="special.berp", x=Partial(lambda xp, y, x: kelvin_second(xp, x, -xp.bei(x), y, 0.0)))
op("beip", "x", scipy="special.beip", x=Partial(lambda xp, y, x: kelvin_second(xp, x, xp.ber(x), y, 0.5)))
op("ker", "x", scipy="special.ker", x=Partial(lambda xp, y, x: xp.kerp(x)), domain=POSITIVE)
op("kei", "x", scipy="special.kei", x=Partial(lambda xp, y, x: xp.keip(x)), domain=POSITIVE)
op("kerp", "x", scipy="special.kerp", x=Partial(lambda xp, y, x: -xp.kei(x) - y / x), domain=POSITIVE)
op("keip", "x", scipy="special.keip", x=Partial(lambda xp, y, x: xp.ker(x) - y / x), domain=POSITIVE)
op(
    "kelvin",
    "x",
    scipy="special.kelvin",
    parts=4,
    elementwise=True,
    x=General(
        lambda xp, g, y, x: real_for_real(
            xp,
            woven(
                g,
                lambda: y[2],
                lambda: y[3],
                lambda: kelvin_second(xp, x, 1j * y[0], y[2], 0.5j),
                lambda: 1j * y[1] - y[3] / x,
            ),
            x,
        )
    ),
    domain=POSITIVE,
)
slopes("struve_slope", "v, x", domain=(ORDER, PLACE))
slopes("modstruve_slope", "v, x", domain=(ORDER, PLACE))
op(
    "struve",
    "v, x",
    scipy="special.struve",
    v=Partial(lambda xp, y, v, x: xp.struve_slope(v, x)),
    x=Partial(lambda xp, y, v, x: 0.5 * (xp.struve(v - 1.0, x) - xp.struve(v + 1.0, x)) + struve_term(xp, v, x)),
    domain=(ORDER, PLACE),
)
op(
    "modstruve",
    "v, x",
    scipy="special.modstruve",
    v=Partial(lambda xp, y, v, x: xp.modstruve_slope(v, x)),
    x=Partial(lambda xp, y, v, x: 0.5 * (xp.modstruve(v - 1.0, x) + xp.modstruve(v + 1.0, x)) + struve_term(xp, v, x)),
    domain=(ORDER, PLACE),
)


def struve_term(xp: Any, v: Any, x: Any) -> Any:
    """Return the term that Struve's functions have more than Bessel's in the recurrence DLMF 11.4.25, halved."""
    return xp.power(0.5 * x, v) * xp.rgamma(v + 1.5) / 3.5449077018110318


op(
    "itstruve0",
    "x",
    scipy="special.itstruve0",
    x=Partial(lambda xp, y, x: xp.struve(xp.zeros_like(x), x)),
    domain=POSITIVE,
)
op(
    "it2struve0",
    "x",
    scipy="special.it2struve0",
    x=Partial(lambda xp, y, x: -xp.struve(xp.zeros_like(x), x) / x),
    domain=POSITIVE,
)
op(
    "itmodstruve0",
    "x",
    scipy="special.itmodstruve0",
    x=Partial(lambda xp, y, x: xp.modstruve(xp.zeros_like(x), x)),
    domain=POSITIVE,
)


op(
    "itj0y0",
    "x",
    scipy="special.itj0y0",
    parts=2,
    elementwise=True,
    x=General(lambda xp, g, y, x: woven(g, lambda: xp.j0(x), lambda: xp.y0(x))),
    domain=POSITIVE,
)
op(
    "iti0k0",
    "x",
    scipy="special.iti0k0",
    parts=2,
    elementwise=True,
    x=General(lambda xp, g, y, x: woven(g, lambda: xp.i0(x), lambda: xp.k0(x))),
    domain=POSITIVE,
)
op(
    "it2j0y0",
    "x",
    scipy="special.it2j0y0",
    parts=2,
    elementwise=True,
    x=General(
        lambda xp, g, y, x: woven(g, lambda: missing_from_one(xp, xp.j0, xp.jv, x, 1.0) / x, lambda: -xp.y0(x) / x)
    ),
    domain=POSITIVE,
)
op(
    "it2i0k0",
    "x",
    scipy="special.it2i0k0",
    parts=2,
    elementwise=True,
    x=General(
        lambda xp, g, y, x: woven(g, lambda: -missing_from_one(xp, xp.i0, xp.iv, x, -1.0) / x, lambda: -xp.k0(x) / x)
    ),
    domain=POSITIVE,
)


def missing_from_one(xp: Any, lowest: Any, order: Any, x: Any, turn: float) -> Any:
    """Return `1 - J_0(x)` or `1 - I_0(x)`, for small `x` by DLMF 10.12.4 or 10.35.5, which cancel nothing."""
    small = xp.less(x, 1.0)
    near = xp.where(small, x, 1.0)
    series = sum(turn * (turn**k) * 2.0 * order(2.0 * k + 2.0, near) for k in range(7))
    return xp.where(small, series, 1.0 - lowest(x))
