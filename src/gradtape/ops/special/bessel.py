"""Rows of the Bessel functions, in the argument and in the order: DLMF 10 (https://dlmf.nist.gov/10).

In the argument a derivative is made of the orders below and above (DLMF 10.6.1, 10.29.1). In the order it is a row of
its own, `jv_slope(v, z, i, j)` and so on, which counts the derivatives in both.

The functions scaled by the size of an exponential are not holomorphic: `ive` has `exp(-|Re z|)`, `jve` and `yve` have
`exp(-|Im z|)`. Their rules add what the size itself does. Of large real numbers the difference between a function
and its neighbour is taken from the asymptotic series (`ive_slope`, `kve_slope`), term by term.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import POSITIVE, Domain, case
from gradtape.ops.model import General, NoTangent, Partial
from gradtape.ops.registry import composite, op
from gradtape.ops.special.families import slopes

ORDER = Domain(0.2, 3.0)
PLACE = Domain(0.5, 4.0)
WHOLE = NoTangent("takes whole numbers as orders")
WHOLE_ORDERS = (case([0, 1, 2], (2, 3)), case([[1], [3]], (3,)), case(2, ()), case([1], (0, 3)))

op("i1", "x", scipy="special.i1", x=Partial(lambda xp, y, x: 0.5 * (xp.i0(x) + xp.iv(2.0, x))))
op("i0e", "x", scipy="special.i0e", x=Partial(lambda xp, y, x: xp.sign(x) * xp.ive_slope(0.0, xp.abs(x), i=0, j=1)))
op("i1e", "x", scipy="special.i1e", x=Partial(lambda xp, y, x: xp.ive_slope(1.0, xp.abs(x), i=0, j=1)))
op("k0", "x", scipy="special.k0", x=Partial(lambda xp, y, x: -xp.k1(x)), domain=POSITIVE)
op("k1", "x", scipy="special.k1", x=Partial(lambda xp, y, x: -xp.k0(x) - y / x), domain=POSITIVE)
op("k0e", "x", scipy="special.k0e", x=Partial(lambda xp, y, x: xp.kve_slope(0.0, x, i=0, j=1)), domain=POSITIVE)
op("k1e", "x", scipy="special.k1e", x=Partial(lambda xp, y, x: xp.kve_slope(1.0, x, i=0, j=1)), domain=POSITIVE)
op("j0", "x", scipy="special.j0", x=Partial(lambda xp, y, x: -xp.j1(x)))
op("j1", "x", scipy="special.j1", x=Partial(lambda xp, y, x: 0.5 * (xp.j0(x) - xp.jv(2.0, x))))
op("y0", "x", scipy="special.y0", x=Partial(lambda xp, y, x: -xp.y1(x)), domain=POSITIVE)
op("y1", "x", scipy="special.y1", x=Partial(lambda xp, y, x: xp.y0(x) - y / x), domain=POSITIVE)
op(
    "jv",
    "v, z",
    scipy="special.jv",
    aliases=("jn",),
    v=Partial(lambda xp, y, v, z: xp.jv_slope(v, z)),
    z=Partial(lambda xp, y, v, z: 0.5 * (xp.jv(v - 1.0, z) - xp.jv(v + 1.0, z))),
    domain=(ORDER, PLACE),
)
op(
    "yv",
    "v, z",
    scipy="special.yv",
    v=Partial(lambda xp, y, v, z: xp.yv_slope(v, z)),
    z=Partial(lambda xp, y, v, z: 0.5 * (xp.yv(v - 1.0, z) - xp.yv(v + 1.0, z))),
    domain=(ORDER, PLACE),
)
op(
    "iv",
    "v, z",
    scipy="special.iv",
    v=Partial(lambda xp, y, v, z: xp.iv_slope(v, z)),
    z=Partial(lambda xp, y, v, z: 0.5 * (xp.iv(v - 1.0, z) + xp.iv(v + 1.0, z))),
    domain=(ORDER, PLACE),
)
op(
    "kv",
    "v, z",
    scipy="special.kv",
    v=Partial(lambda xp, y, v, z: xp.kv_slope(v, z)),
    z=Partial(lambda xp, y, v, z: -0.5 * (xp.kv(v - 1.0, z) + xp.kv(v + 1.0, z))),
    domain=(ORDER, PLACE),
)
for _name in ("jv", "yv", "iv", "kv", "ive", "kve", "hankel1", "hankel2"):
    slopes(f"{_name}_slope", "v, z", domain=(ORDER, PLACE))
op(
    "jve",
    "v, z",
    scipy="special.jve",
    v=Partial(lambda xp, y, v, z: xp.jv_slope(v, z) * xp.exp(-xp.abs(xp.imag(z)))),
    z=General(lambda xp, g, y, v, z: g * 0.5 * (xp.jve(v - 1.0, z) - xp.jve(v + 1.0, z)) + in_height(xp, g, y, z)),
    elementwise=True,
    domain=(ORDER, PLACE),
)
op(
    "yve",
    "v, z",
    scipy="special.yve",
    v=Partial(lambda xp, y, v, z: xp.yv_slope(v, z) * xp.exp(-xp.abs(xp.imag(z)))),
    z=General(lambda xp, g, y, v, z: g * 0.5 * (xp.yve(v - 1.0, z) - xp.yve(v + 1.0, z)) + in_height(xp, g, y, z)),
    elementwise=True,
    domain=(ORDER, PLACE),
)
op(
    "ive",
    "v, z",
    scipy="special.ive",
    v=Partial(lambda xp, y, v, z: xp.ive_slope(v, z)),
    z=General(lambda xp, g, y, v, z: scaled_by_size(xp, g, y, v, z)),
    elementwise=True,
    domain=(ORDER, PLACE),
)
op(
    "kve",
    "v, z",
    scipy="special.kve",
    v=Partial(lambda xp, y, v, z: xp.kve_slope(v, z)),
    z=Partial(lambda xp, y, v, z: xp.kve_slope(v, z, i=0, j=1)),
    domain=(ORDER, PLACE),
)
op(
    "yn",
    "n, x",
    scipy="special.yn",
    n=WHOLE,
    x=Partial(lambda xp, y, n, x: 0.5 * (xp.yn(n - 1, x) - xp.yn(n + 1, x))),
    domain=POSITIVE,
    cases=WHOLE_ORDERS,
)
op(
    "kn",
    "n, x",
    scipy="special.kn",
    n=WHOLE,
    x=Partial(lambda xp, y, n, x: -0.5 * (xp.kn(abs(n - 1), x) + xp.kn(n + 1, x))),
    domain=POSITIVE,
    cases=WHOLE_ORDERS,
)


def in_height(xp: Any, g: Any, y: Any, z: Any) -> Any:
    """Return what a factor `exp(-|Im z|)` sends back: nothing to real numbers."""
    if not is_complex(z):
        return 0.0
    return -1j * xp.cast(xp.real(g * y) * -xp.sign(xp.imag(z)), dtype=z.dtype)


def scaled_by_size(xp: Any, g: Any, y: Any, v: Any, z: Any) -> Any:
    """Return the cotangent of `iv(v, z) * exp(-|Re z|)` in `z`."""
    if not is_complex(z):
        return g * xp.ive_slope(v, z, i=0, j=1)
    inner = g * 0.5 * (xp.ive(v - 1.0, z) + xp.ive(v + 1.0, z))
    return inner - xp.cast(xp.real(g * y) * xp.sign(xp.real(z)), dtype=z.dtype)


def is_complex(z: Any) -> bool:
    """Whether an argument is complex: the rules of functions that are not holomorphic differ there."""
    return isinstance(z, complex) or (hasattr(z, "dtype") and z.dtype.kind == "c")


def real_for_real(xp: Any, ct: Any, z: Any) -> Any:
    """Return of a complex cotangent what belongs to `z`: the real part if it is real."""
    return ct if is_complex(z) else xp.real(ct)


def hankel(kind: str, turn: complex) -> None:
    """Add the rows of a Hankel function and of the one that is scaled by `exp(turn * z)`, `turn` = -i or i."""
    slope = f"{kind}_slope"
    op(
        kind,
        "v, z",
        scipy=f"special.{kind}",
        v=General(lambda xp, g, y, v, z: xp.real(g * getattr(xp, slope)(v, z))),
        z=General(lambda xp, g, y, v, z: real_for_real(xp, g * halved(getattr(xp, kind), v, z), z)),
        elementwise=True,
        domain=(ORDER, PLACE),
    )
    op(
        f"{kind}e",
        "v, z",
        scipy=f"special.{kind}e",
        v=General(lambda xp, g, y, v, z: xp.real(g * getattr(xp, slope)(v, z) * xp.exp(turn * z))),
        z=General(lambda xp, g, y, v, z: real_for_real(xp, g * (halved(getattr(xp, f"{kind}e"), v, z) + turn * y), z)),
        elementwise=True,
        domain=(ORDER, PLACE),
    )


def halved(function: Any, v: Any, z: Any) -> Any:
    """Return half the difference of the orders below and above: the derivative in `z`."""
    return 0.5 * (function(v - 1.0, z) - function(v + 1.0, z))


hankel("hankel1", -1j)
hankel("hankel2", 1j)


def spherical(kind: str, below: float, above: float) -> None:
    """Add a spherical Bessel function; its derivative is a combination of its neighbours (DLMF 10.51.2, 10.51.5)."""

    def slope(xp: Any, n: Any, z: Any, like: Any) -> Any:
        order = xp.cast(n, dtype=like.dtype)
        function = getattr(xp, kind)
        lower, upper = function(xp.maximum(n - 1, 0), z), function(n + 1, z)
        return (below * order * lower + above * (order + 1.0) * upper) / (2.0 * order + 1.0)

    op(
        kind,
        "n, z",
        numpy=None,
        n=WHOLE,
        z=Partial(lambda xp, y, n, z: slope(xp, n, z, y)),
        domain=PLACE,
        cases=WHOLE_ORDERS,
        elementwise=True,
    )

    def call(xp: Any, n: Any, z: Any, derivative: bool = False) -> Any:
        """Take the call of SciPy's function."""
        return slope(xp, xp.shaped(n), z, xp.shaped(z)) if derivative else getattr(xp, kind)(n, z)

    composite(f"{kind}_call", call, scipy=f"special.{kind}")


spherical("spherical_jn", 1.0, -1.0)
spherical("spherical_yn", 1.0, -1.0)
spherical("spherical_in", 1.0, 1.0)
spherical("spherical_kn", -1.0, -1.0)
