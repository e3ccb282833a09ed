"""Rows of the elliptic integrals and functions: DLMF 19 and 22.

All derivatives are integrals of the same two kinds with other powers, so that nothing is divided by `m` or `1 - m`
(the textbook's formulas lose their digits near 0):

    elliptic_moment(phi, m, n, r)           of sin(t)**(2 n) (1 - m sin(t)**2)**(-r / 2) from 0 to phi
    carlson_integral(x, y, z, p, i, j, k, l, q)   of t**q (t + x)**(-i - 1/2) ... (t + p)**(-l) from 0 to infinity
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import POSITIVE, Domain, case
from gradtape.ops.model import General, Partial
from gradtape.ops.registry import op
from gradtape.ops.special.families import woven
from gradtape.ops.special.incomplete import FEW

HALF_PI = 1.5707963267948966
MODULUS = Domain(-1.5, 0.9)
ANGLE = Domain(-2.0, 4.0)

op(
    "elliptic_moment",
    "phi, m, n=0, r=1",
    numpy=None,
    phi=Partial(lambda xp, y, phi, m, n, r: xp.power(xp.sin(phi), 2.0 * n) * xp.power(delta(xp, phi, m), -0.5 * r)),
    m=Partial(lambda xp, y, phi, m, n, r: 0.5 * r * xp.elliptic_moment(phi, m, n=n + 1, r=r + 2)),
    domain=(ANGLE, MODULUS),
)
op("ellipk", "m", scipy="special.ellipk", m=Partial(lambda xp, y, m: complete(xp, m, 3)), domain=MODULUS)
op("ellipkm1", "p", scipy="special.ellipkm1", p=Partial(lambda xp, y, p: -0.25 * near_one(xp, p)), domain=POSITIVE)
op("ellipe", "m", scipy="special.ellipe", m=Partial(lambda xp, y, m: -complete(xp, m, 1)), domain=MODULUS)
op(
    "ellipkinc",
    "phi, m",
    scipy="special.ellipkinc",
    phi=Partial(lambda xp, y, phi, m: 1.0 / xp.sqrt(delta(xp, phi, m))),
    m=Partial(lambda xp, y, phi, m: 0.5 * xp.elliptic_moment(phi, m, n=1, r=3)),
    domain=(ANGLE, MODULUS),
)
op(
    "ellipeinc",
    "phi, m",
    scipy="special.ellipeinc",
    phi=Partial(lambda xp, y, phi, m: xp.sqrt(delta(xp, phi, m))),
    m=Partial(lambda xp, y, phi, m: -0.5 * xp.elliptic_moment(phi, m, n=1, r=1)),
    domain=(ANGLE, MODULUS),
)
op(
    "ellipj",
    "u, m",
    scipy="special.ellipj",
    parts=4,
    elementwise=True,
    u=General(lambda xp, g, y, u, m: jacobi_in_u(xp, g, y, m)),
    m=General(lambda xp, g, y, u, m: jacobi_in_m(xp, g, y, m)),
    domain=(ANGLE, Domain(0.1, 0.9)),
)
op(
    "agm",
    "a, b",
    scipy="special.agm",
    a=Partial(lambda xp, y, a, b: y * y * a / 3.141592653589793 * carlson(xp, 0.0, a * a, b * b, j=1)),
    b=Partial(lambda xp, y, a, b: y * y * b / 3.141592653589793 * carlson(xp, 0.0, a * a, b * b, k=1)),
    domain=POSITIVE,
)


def delta(xp: Any, phi: Any, m: Any) -> Any:
    """Return `1 - m sin(phi)**2`."""
    return 1.0 - m * xp.square(xp.sin(phi))


def complete(xp: Any, m: Any, r: int) -> Any:
    """Return half the complete integral of `sin(t)**2 (1 - m sin(t)**2)**(-r / 2)`."""
    return 0.5 * xp.elliptic_moment(HALF_PI, m, n=1, r=r)


def near_one(xp: Any, p: Any) -> Any:
    """Return four times the slope of the complete integral of the first kind at 1 - p, exact for small p."""
    return carlson(xp, 0.0, p, 1.0, j=1)


def carlson(xp: Any, x: Any, y: Any, z: Any, **powers: int) -> Any:
    """Return the integral of three roots."""
    return xp.carlson_integral(x, y, z, 1.0, **powers)


def jacobi_in_u(xp: Any, g: Any, y: Any, m: Any) -> Any:
    """Return the cotangent of Jacobi's functions in `u` (DLMF 22.13)."""
    sn, cn, dn, _ = y
    return woven(g, lambda: cn * dn, lambda: -sn * dn, lambda: -m * sn * cn, lambda: dn)


def jacobi_in_m(xp: Any, g: Any, y: Any, m: Any) -> Any:
    """Return their cotangent in `m`: the amplitude moves so that the integral of the first kind stays `u`."""
    sn, cn, dn, phi = y
    turn = -0.5 * dn * xp.elliptic_moment(phi, m, n=1, r=3)
    return woven(
        g, lambda: cn * turn, lambda: -sn * turn, lambda: -0.5 * sn * (sn + 2.0 * m * cn * turn) / dn, lambda: turn
    )


op(
    "carlson_integral",
    "x, y, z, p, i=0, j=0, k=0, l=0, q=0",
    numpy=None,
    x=Partial(
        lambda xp, out, x, y, z, p, i, j, k, l, q: (
            -(i + 0.5) * xp.carlson_integral(x, y, z, p, i=i + 1, j=j, k=k, l=l, q=q)
        )
    ),
    y=Partial(
        lambda xp, out, x, y, z, p, i, j, k, l, q: (
            -(j + 0.5) * xp.carlson_integral(x, y, z, p, i=i, j=j + 1, k=k, l=l, q=q)
        )
    ),
    z=Partial(
        lambda xp, out, x, y, z, p, i, j, k, l, q: (
            -(k + 0.5) * xp.carlson_integral(x, y, z, p, i=i, j=j, k=k + 1, l=l, q=q)
        )
    ),
    p=Partial(
        lambda xp, out, x, y, z, p, i, j, k, l, q: (
            -1.0 * l * xp.carlson_integral(x, y, z, p, i=i, j=j, k=k, l=l + 1, q=q)
        )
    ),
    domain=POSITIVE,
    cases=(case((2, 3), (3,), (2, 1), (), l=1), case((), (), (), ()), case([0.5], [0.3], [2.0], [1.0], i=1, l=1, q=1)),
)
op(
    "elliprc",
    "x, y",
    scipy="special.elliprc",
    x=Partial(lambda xp, out, x, y: -0.25 * carlson(xp, x, y, y, i=1)),
    y=Partial(lambda xp, out, x, y: -0.5 * carlson(xp, x, y, y, j=1)),
    domain=POSITIVE,
)
op(
    "elliprf",
    "x, y, z",
    scipy="special.elliprf",
    x=Partial(lambda xp, out, x, y, z: -0.25 * carlson(xp, x, y, z, i=1)),
    y=Partial(lambda xp, out, x, y, z: -0.25 * carlson(xp, x, y, z, j=1)),
    z=Partial(lambda xp, out, x, y, z: -0.25 * carlson(xp, x, y, z, k=1)),
    domain=POSITIVE,
    cases=FEW,
)
op(
    "elliprd",
    "x, y, z",
    scipy="special.elliprd",
    x=Partial(lambda xp, out, x, y, z: -0.75 * carlson(xp, x, y, z, i=1, k=1)),
    y=Partial(lambda xp, out, x, y, z: -0.75 * carlson(xp, x, y, z, j=1, k=1)),
    z=Partial(lambda xp, out, x, y, z: -2.25 * carlson(xp, x, y, z, k=2)),
    domain=POSITIVE,
    cases=FEW,
)
op(
    "elliprg",
    "x, y, z",
    scipy="special.elliprg",
    x=Partial(lambda xp, out, x, y, z: 0.125 * carlson(xp, x, y, z, i=1, q=1)),
    y=Partial(lambda xp, out, x, y, z: 0.125 * carlson(xp, x, y, z, j=1, q=1)),
    z=Partial(lambda xp, out, x, y, z: 0.125 * carlson(xp, x, y, z, k=1, q=1)),
    domain=POSITIVE,
    cases=FEW,
)
op(
    "elliprj",
    "x, y, z, p",
    scipy="special.elliprj",
    x=Partial(lambda xp, out, x, y, z, p: -0.75 * xp.carlson_integral(x, y, z, p, i=1, l=1)),
    y=Partial(lambda xp, out, x, y, z, p: -0.75 * xp.carlson_integral(x, y, z, p, j=1, l=1)),
    z=Partial(lambda xp, out, x, y, z, p: -0.75 * xp.carlson_integral(x, y, z, p, k=1, l=1)),
    p=Partial(lambda xp, out, x, y, z, p: -1.5 * xp.carlson_integral(x, y, z, p, l=2)),
    domain=POSITIVE,
    cases=(case((2, 3), (3,), (2, 1), ()), case((), (), (), ()), case([0.5], [0.3], [2.0], [1.0])),
)
