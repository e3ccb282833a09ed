"""Rows of the orthogonal polynomials at a point: DLMF 18.9. Their degree need not be whole, except Hermite's.

In `x` the derivative is the polynomial one degree lower of the neighbouring family. In the degree and in the families'
parameters it is a row of its own (`eval_jacobi_slope` and so on).
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import Domain, case
from gradtape.ops.model import General, NoTangent
from gradtape.ops.registry import op
from gradtape.ops.special.families import ORDERS, slopes
from gradtape.ops.special.incomplete import few

DEGREE = Domain(0.3, 3.0)
PARAMETER = Domain(0.6, 2.0)
PLACE = Domain(0.1, 0.8)


def constant(xp: Any, n: Any) -> Any:
    """Whether a polynomial of that degree is constant: of degree 0, or one of those below it, which are all 0."""
    return xp.logical_and(xp.less_equal(n, 0), xp.equal(n, xp.floor(n)))


def in_x(xp: Any, g: Any, y: Any, slope: Any, n: Any, *others: Any) -> Any:
    """Return the cotangent of `x`: `slope(xp, degree, degree - 1, ...)`, with degrees in the result's precision."""
    flat = constant(xp, n)
    lower = xp.where(flat, 0, n - 1)
    return xp.where(flat, 0.0, g * slope(xp, xp.cast(n, dtype=y.dtype), lower, *others))


def in_number(xp: Any, g: Any, name: str, place: int, *numbers: Any) -> Any:
    """Return the cotangent of the degree or of a parameter."""
    orders = {letter: int(k == place) for k, letter in enumerate(ORDERS[: len(numbers)])}
    return g * getattr(xp, f"{name}_slope")(*numbers, **orders)


def family(name: str, slope: Any) -> None:
    """Add a family without parameters, of real degrees."""
    op(
        name,
        "n, x",
        scipy=f"special.{name}",
        elementwise=True,
        n=General(lambda xp, g, y, n, x: in_number(xp, g, name, 0, n, x)),
        x=General(lambda xp, g, y, n, x: in_x(xp, g, y, slope, n, x)),
        domain=(DEGREE, PLACE),
        cases=(case((2, 3), (3,)), case((), ()), case((0, 3), (3,)), case([0, 1, 3], (2, 3))),
    )
    slopes(f"{name}_slope", "n, x", domain=(DEGREE, PLACE), room=__name__)


def family_of_one(name: str, slope: Any) -> None:
    """Add a family with one parameter, of real degrees."""
    op(
        name,
        "n, alpha, x",
        scipy=f"special.{name}",
        elementwise=True,
        n=General(lambda xp, g, y, n, alpha, x: in_number(xp, g, name, 0, n, alpha, x)),
        alpha=General(lambda xp, g, y, n, alpha, x: in_number(xp, g, name, 1, n, alpha, x)),
        x=General(lambda xp, g, y, n, alpha, x: in_x(xp, g, y, slope, n, alpha, x)),
        domain=(DEGREE, PARAMETER, PLACE),
        cases=(case((2, 3), (3,), (2, 1)), case((), (), ()), case([0, 1, 3], (2, 3), (3,))),
    )
    slopes(f"{name}_slope", "n, alpha, x", (DEGREE, PARAMETER, PLACE), few(1.3, 0.7, 0.4), room=__name__)


def family_of_two(name: str, slope: Any) -> None:
    """Add a family with two parameters, of real degrees."""
    op(
        name,
        "n, a, b, x",
        scipy=f"special.{name}",
        elementwise=True,
        n=General(lambda xp, g, y, n, a, b, x: in_number(xp, g, name, 0, n, a, b, x)),
        a=General(lambda xp, g, y, n, a, b, x: in_number(xp, g, name, 1, n, a, b, x)),
        b=General(lambda xp, g, y, n, a, b, x: in_number(xp, g, name, 2, n, a, b, x)),
        x=General(lambda xp, g, y, n, a, b, x: in_x(xp, g, y, slope, n, a, b, x)),
        domain=(DEGREE, Domain(1.5, 2.5), PARAMETER, PLACE),
        cases=(case((3,), (), (3,), ()), case([0, 1, 3], (2, 3), (3,), ())),
    )
    domain = (DEGREE, Domain(1.5, 2.5), PARAMETER, PLACE)
    slopes(
        f"{name}_slope", "n, a, b, x", domain, (case((), (), (), ()), case([1.3], [2.1], [0.7], [0.4])), room=__name__
    )


def hermite(name: str, factor: float) -> None:
    """Add one of Hermite's families: whole degrees."""

    def slope(xp: Any, n: Any, lower: Any, x: Any) -> Any:
        return factor * n * getattr(xp, name)(lower, x)

    op(
        name,
        "n, x",
        scipy=f"special.{name}",
        elementwise=True,
        n=NoTangent("takes whole degrees"),
        x=General(lambda xp, g, y, n, x: in_x(xp, g, y, slope, n, x)),
        domain=PLACE,
        cases=(case([0, 1, 3], (2, 3)), case([2], ()), case([2], (0, 3))),
    )


hermite("eval_hermite", 2.0)
hermite("eval_hermitenorm", 1.0)
family("eval_legendre", lambda xp, n, lower, x: 0.5 * (n + 1.0) * xp.eval_jacobi(lower, 1.0, 1.0, x))
family("eval_sh_legendre", lambda xp, n, lower, x: (n + 1.0) * xp.eval_jacobi(lower, 1.0, 1.0, 2.0 * x - 1.0))
family("eval_chebyt", lambda xp, n, lower, x: n * xp.eval_chebyu(lower, x))
family("eval_sh_chebyt", lambda xp, n, lower, x: 2.0 * n * xp.eval_chebyu(lower, 2.0 * x - 1.0))
family("eval_chebyc", lambda xp, n, lower, x: n * xp.eval_chebyu(lower, 0.5 * x))
family("eval_chebyu", lambda xp, n, lower, x: 2.0 * xp.eval_gegenbauer(lower, 2.0, x))
family("eval_sh_chebyu", lambda xp, n, lower, x: 4.0 * xp.eval_gegenbauer(lower, 2.0, 2.0 * x - 1.0))
family("eval_chebys", lambda xp, n, lower, x: xp.eval_gegenbauer(lower, 2.0, 0.5 * x))
family("eval_laguerre", lambda xp, n, lower, x: -xp.eval_genlaguerre(lower, 1.0, x))
family_of_one("eval_genlaguerre", lambda xp, n, lower, a, x: -xp.eval_genlaguerre(lower, a + 1.0, x))
family_of_one("eval_gegenbauer", lambda xp, n, lower, a, x: 2.0 * a * xp.eval_gegenbauer(lower, a + 1.0, x))
family_of_two(
    "eval_jacobi", lambda xp, n, lower, a, b, x: 0.5 * (n + a + b + 1.0) * xp.eval_jacobi(lower, a + 1.0, b + 1.0, x)
)
family_of_two("eval_sh_jacobi", lambda xp, n, lower, p, q, x: n * xp.eval_sh_jacobi(lower, p + 2.0, q + 1.0, x))
