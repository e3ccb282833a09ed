"""Rows of matrix equations and functions of matrices.

An analytic function of `[[a, e], [0, a]]` has its derivative at `a` along `e` in the upper right corner (Najfeld and
Havel, 1995), so the function itself is all that its derivatives of every order need.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.linalg_tools import columns, product, rows, turned
from gradtape.ops.model import REAL, REGULAR, Domain, General, Multilinear, case
from gradtape.ops.registry import composite, op

ROOTS = 10
"""How many square roots bring a matrix close to 1: its 1024th root, where |log(a)| up to 250 is allowed."""

LEGENDRE = tuple(
    (0.5 + 0.5 * sign * x, 0.5 * w)
    for x, w in (
        (0.0, 0.20897959183673469),
        (0.4058451513773972, 0.3818300505051189),
        (0.7415311855993945, 0.2797053914892766),
        (0.9491079123427585, 0.1294849661688697),
    )
    for sign in (-1.0, 1.0)
)
"""Points and weights of Gauss and Legendre on the interval from 0 to 1; half of the middle one's weight, twice."""

SQUARE = (case((3, 3)), case((2, 2, 2)), case((1, 1)))

op(
    "expm",
    "a",
    numpy=None,
    cases=SQUARE,
    a=General(lambda xp, g, y, a: function_slope(xp, xp.expm, turned(xp, a), g)),
)
op(
    "logm",
    "a",
    numpy=None,
    domain=REGULAR,
    cases=SQUARE,
    a=General(lambda xp, g, y, a: slope_of_logarithm(xp, turned(xp, a), g)),
)
op(
    "fractional_power",
    "a, t",
    numpy=None,
    domain=REGULAR,
    cases=(case((3, 3), 0.3), case((2, 2), ()), case((2, 2, 2), -1.5)),
    a=General(lambda xp, g, y, a, t: slope_of_power(xp, turned(xp, a), g, t)),
    t=General(lambda xp, g, y, a, t: xp.sum(g * xp.matmul(xp.logm(a), y))),
)
op(
    "sqrtm",
    "a",
    numpy=None,
    domain=REGULAR,
    cases=SQUARE,
    a=General(lambda xp, g, y, a: xp.sylvester(turned(xp, y), turned(xp, y), g)),
)
op(
    "sylvester",
    "a, b, q",
    numpy=None,
    domain=(REGULAR, Domain(shift=0.4), REAL),
    cases=(case((3, 3), (2, 2), (3, 2)), case((2, 2, 2), (2, 2), (2, 2, 2)), case((1, 1), (1, 1), (1, 1))),
    a=General(
        lambda xp, g, y, a, b, q: (
            -xp.unbroadcast(xp.matmul(xp.sylvester(turned(xp, a), turned(xp, b), g), turned(xp, y)), a.shape)
        )
    ),
    b=General(
        lambda xp, g, y, a, b, q: (
            -xp.unbroadcast(xp.matmul(turned(xp, y), xp.sylvester(turned(xp, a), turned(xp, b), g)), b.shape)
        )
    ),
    q=Multilinear(lambda xp, g, y, a, b, q: xp.unbroadcast(xp.sylvester(turned(xp, a), turned(xp, b), g), q.shape)),
)


def function_slope(xp: Any, function: Any, a: Any, e: Any) -> Any:
    """Return the derivative of an analytic function of matrices at `a` along `e`."""
    n = a.shape[-1]
    whole = function(beside_itself(xp, a, e))
    return rows(xp, columns(xp, whole, n, None), None, n)


def slope_of_logarithm(xp: Any, a: Any, e: Any) -> Any:
    """Return the derivative of the logarithm at `a` along `e`, by square roots until `a` is close to 1.

    There it is the integral of `(1 + s x)^-1 e (1 + s x)^-1` over `s` from 0 to 1, `x = a - 1` (Dieci, Morini and
    Papini, 1996), which seven points of Gauss and Legendre give to rounding.
    """
    for _ in range(ROOTS):
        a = xp.sqrtm(a)
        e = xp.sylvester(a, a, e)
    one = xp.matrix_diag(xp.ones_like(a, shape=a.shape[-1:]))
    total = 0.0 * e
    for point, weight in LEGENDRE:
        inverse = xp.inv(one + point * (a - one))
        total = total + weight * product(xp, inverse, e, inverse)
    return 2.0**ROOTS * total


def slope_of_power(xp: Any, a: Any, e: Any, t: Any) -> Any:
    """Return the derivative of `exp(t log(a))` at `a` along `e`."""
    return function_slope(xp, xp.expm, t * xp.logm(a), t * slope_of_logarithm(xp, a, e))


def beside_itself(xp: Any, a: Any, e: Any) -> Any:
    """Return the matrix `[[a, e], [0, a]]`."""
    upper = xp.concatenate([a, e], axis=-1)
    return xp.concatenate([upper, xp.concatenate([xp.zeros_like(a), a], axis=-1)], axis=-2)


composite("function_slope", function_slope, numpy=None)
