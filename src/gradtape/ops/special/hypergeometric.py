"""Rows of the hypergeometric functions and of those that are named after their equations: DLMF 12 to 16.

In the argument, the next contiguous function; in the parameters, rows of all derivatives (`hyp1f1_slope` and so on).
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import REAL, Domain, case
from gradtape.ops.model import General, NoTangent, Partial
from gradtape.ops.registry import composite, op
from gradtape.ops.special.bessel import real_for_real
from gradtape.ops.special.families import slopes, woven
from gradtape.ops.special.incomplete import few

PARAMETER = Domain(0.6, 2.5)
SHARE = Domain(0.1, 0.7)
PLACE = Domain(0.5, 2.5)
POINT = few(1.2, 1.7, 0.4)

op(
    "hyp0f1",
    "v, z",
    scipy="special.hyp0f1",
    v=Partial(lambda xp, y, v, z: xp.hyp0f1_slope(v, z)),
    z=Partial(lambda xp, y, v, z: xp.hyp0f1(v + 1.0, z) / v),
    domain=(PARAMETER, REAL),
)
slopes("hyp0f1_slope", "v, z", domain=(PARAMETER, REAL))
op(
    "hyp1f1",
    "a, b, x",
    scipy="special.hyp1f1",
    a=Partial(lambda xp, y, a, b, x: xp.hyp1f1_slope(a, b, x, i=1, j=0, k=0)),
    b=Partial(lambda xp, y, a, b, x: xp.hyp1f1_slope(a, b, x, i=0, j=1, k=0)),
    x=Partial(lambda xp, y, a, b, x: a / b * xp.hyp1f1(a + 1.0, b + 1.0, x)),
    domain=(PARAMETER, PARAMETER, REAL),
    cases=POINT,
)
slopes("hyp1f1_slope", "a, b, x", domain=(PARAMETER, PARAMETER, REAL), cases=POINT)
op(
    "hyperu",
    "a, b, x",
    scipy="special.hyperu",
    a=Partial(lambda xp, y, a, b, x: xp.hyperu_slope(a, b, x, i=1, j=0, k=0)),
    b=Partial(lambda xp, y, a, b, x: xp.hyperu_slope(a, b, x, i=0, j=1, k=0)),
    x=Partial(lambda xp, y, a, b, x: -a * xp.hyperu(a + 1.0, b + 1.0, x)),
    domain=(PARAMETER, PARAMETER, PLACE),
    cases=POINT,
)
slopes("hyperu_slope", "a, b, x", domain=(PARAMETER, PARAMETER, PLACE), cases=POINT)
op(
    "hyp2f1",
    "a, b, c, z",
    scipy="special.hyp2f1",
    a=Partial(lambda xp, y, a, b, c, z: xp.hyp2f1_slope(a, b, c, z, i=1, j=0, k=0, l=0)),
    b=Partial(lambda xp, y, a, b, c, z: xp.hyp2f1_slope(a, b, c, z, i=0, j=1, k=0, l=0)),
    c=Partial(lambda xp, y, a, b, c, z: xp.hyp2f1_slope(a, b, c, z, i=0, j=0, k=1, l=0)),
    z=Partial(lambda xp, y, a, b, c, z: a * b / c * xp.hyp2f1(a + 1.0, b + 1.0, c + 1.0, z)),
    domain=(PARAMETER, PARAMETER, PARAMETER, SHARE),
    cases=(case((2, 3), (3,), (2, 1), ()), case((), (), (), ()), case([1.2], [0.7], [1.9], [0.3])),
)
slopes(
    "hyp2f1_slope",
    "a, b, c, z",
    domain=(PARAMETER, PARAMETER, PARAMETER, SHARE),
    cases=(case((), (), (), ()), case([1.2], [0.7], [1.9], [0.3])),
)


def parabolic(name: str, curvature: Any) -> None:
    """Add a parabolic cylinder function; `curvature(v, x)` is its second derivative divided by itself."""
    slope = f"{name}_slope"
    slopes(slope, "v, x", domain=(PARAMETER, REAL), room=__name__)
    op(
        name,
        "v, x",
        scipy=f"special.{name}",
        parts=2,
        elementwise=True,
        v=General(
            lambda xp, g, y, v, x: woven(g, lambda: getattr(xp, slope)(v, x), lambda: getattr(xp, slope)(v, x, j=1))
        ),
        x=General(lambda xp, g, y, v, x: woven(g, lambda: y[1], lambda: curvature(v, x) * y[0])),
        domain=(PARAMETER, REAL),
    )


parabolic("pbdv", lambda v, x: 0.25 * x * x - v - 0.5)
parabolic("pbvv", lambda v, x: 0.25 * x * x - v - 0.5)
parabolic("pbwa", lambda a, x: a - 0.25 * x * x)

WHOLE = NoTangent("takes whole numbers as orders")
op(
    "lpmv",
    "m, v, x",
    scipy="special.lpmv",
    elementwise=True,
    m=WHOLE,
    v=Partial(lambda xp, y, m, v, x: xp.lpmv_slope(m, v, x)),
    x=Partial(
        lambda xp, y, m, v, x: (v * x * y - (v + xp.cast(m, dtype=y.dtype)) * xp.lpmv(m, v - 1.0, x)) / (x * x - 1.0)
    ),
    domain=SHARE,
    cases=(case([0, 1, 2], (2, 3), (3,)), case([1], (), ()), case([1], (0, 3), (3,))),
)
op(
    "lpmv_slope",
    "m, v, x, j=1, k=0",
    numpy=None,
    elementwise=True,
    m=WHOLE,
    v=Partial(lambda xp, y, m, v, x, j, k: xp.lpmv_slope(m, v, x, j=j + 1, k=k)),
    x=Partial(lambda xp, y, m, v, x, j, k: xp.lpmv_slope(m, v, x, j=j, k=k + 1)),
    domain=SHARE,
    cases=(case([0, 1, 2], (2, 3), (3,)), case([1], (), ())),
)
op(
    "sph_harm_y",
    "n, m, theta, phi",
    numpy=None,
    elementwise=True,
    n=WHOLE,
    m=WHOLE,
    theta=General(lambda xp, g, y, n, m, theta, phi: in_polar_angle(xp, g, y, n, m, theta, phi)),
    phi=General(lambda xp, g, y, n, m, theta, phi: real_for_real(xp, g * y * (1j * xp.cast(m, dtype=y.dtype)), phi)),
    domain=PLACE,
    cases=(case([0, 1, 3], [0, -1, 2], (2, 3), (3,)), case([2], [1], (), ()), case([1, 1], [2, -2], (2,), ())),
)


def in_polar_angle(xp: Any, g: Any, y: Any, n: Any, m: Any, theta: Any, phi: Any) -> Any:
    """Return the cotangent of the polar angle of a spherical harmonic: its neighbours in m, regular at the poles."""
    up = xp.cast(xp.sqrt(xp.maximum((n - m) * (n + m + 1.0), 0.0)), dtype=y.dtype) * xp.exp(-1j * phi)
    down = xp.cast(xp.sqrt(xp.maximum((n + m) * (n - m + 1.0), 0.0)), dtype=y.dtype) * xp.exp(1j * phi)
    slope = 0.5 * (up * xp.sph_harm_y(n, m + 1, theta, phi) - down * xp.sph_harm_y(n, m - 1, theta, phi))
    return real_for_real(xp, g * slope, theta)


composite("sph_harm_y_call", lambda xp, n, m, theta, phi: xp.sph_harm_y(n, m, theta, phi), scipy="special.sph_harm_y")

op(
    "lambertw",
    "z, k=0, tol=1e-8",
    scipy="special.lambertw",
    elementwise=True,
    z=General(lambda xp, g, y, z, k, tol: real_for_real(xp, g * xp.exp(-y) / (1.0 + y), z)),
    domain=PLACE,
)
op("wrightomega", "z", scipy="special.wrightomega", z=Partial(lambda xp, y, z: y / (1.0 + y)))
op(
    "wright_bessel",
    "a, b, x",
    scipy="special.wright_bessel",
    a=Partial(lambda xp, y, a, b, x: xp.wright_bessel_slope(a, b, x, i=1, j=0, k=0)),
    b=Partial(lambda xp, y, a, b, x: xp.wright_bessel_slope(a, b, x, i=0, j=1, k=0)),
    x=Partial(lambda xp, y, a, b, x: xp.wright_bessel(a, a + b, x)),
    domain=PARAMETER,
    cases=POINT,
)
slopes("wright_bessel_slope", "a, b, x", domain=PARAMETER, cases=POINT)
op(
    "log_wright_bessel",
    "a, b, x",
    scipy="special.log_wright_bessel",
    a=Partial(lambda xp, y, a, b, x: xp.exp(-y) * xp.wright_bessel_slope(a, b, x, i=1, j=0, k=0)),
    b=Partial(lambda xp, y, a, b, x: xp.exp(-y) * xp.wright_bessel_slope(a, b, x, i=0, j=1, k=0)),
    x=Partial(lambda xp, y, a, b, x: xp.exp(xp.log_wright_bessel(a, a + b, x) - y)),
    domain=PARAMETER,
    cases=POINT,
)
op(
    "besselpoly",
    "a, lmb, nu",
    scipy="special.besselpoly",
    a=Partial(lambda xp, y, a, lmb, nu: nu / a * y - 2.0 * xp.besselpoly(a, lmb + 1.0, nu + 1.0)),
    lmb=Partial(lambda xp, y, a, lmb, nu: xp.besselpoly_slope(a, lmb, nu, i=0, j=1, k=0)),
    nu=Partial(lambda xp, y, a, lmb, nu: xp.besselpoly_slope(a, lmb, nu, i=0, j=0, k=1)),
    domain=PARAMETER,
    cases=POINT,
)
slopes("besselpoly_slope", "a, lmb, nu", domain=PARAMETER, cases=POINT)
