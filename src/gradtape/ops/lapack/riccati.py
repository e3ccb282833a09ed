"""Rows of the algebraic Riccati equations of optimal control, by their implicit derivatives.

With the feedback `k` and the closed loop `c = a - b k` the solution moves by the solution of a Lyapunov equation with
`c` (Kao and Hennequin, "Automatic differentiation of Sylvester, Lyapunov, and algebraic Riccati equations", 2020).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.ops.domains import POSITIVE_DEFINITE, REAL, case
from gradtape.ops.lapack.calls import refused
from gradtape.ops.linalg_tools import adjoint, conjugated, hermitian_part, product, turned
from gradtape.ops.model import General
from gradtape.ops.registry import composite, op

if TYPE_CHECKING:
    from collections.abc import Callable

SYSTEM = (case((3, 3), (3, 2), (3, 3), (2, 2)), case((2, 2), (2, 1), (2, 2), (1, 1)))


def continuous_pull(xp: Any, g: Any, x: Any, a: Any, b: Any, r: Any) -> tuple[Any, ...]:
    """Send the cotangent of the solution of `aH x + x a - x b r^-1 bH x + q = 0` back."""
    k = xp.solve(r, xp.matmul(adjoint(xp, b), x))
    closed = a - xp.matmul(b, k)
    z = -xp.sylvester(conjugated(xp, closed), turned(xp, closed), hermitian_part(xp, g))
    return shared(xp, z, x, k, x)


def discrete_pull(xp: Any, g: Any, x: Any, a: Any, b: Any, r: Any) -> tuple[Any, ...]:
    """Send the cotangent of the solution of `aH x a - x - aH x b (r + bH x b)^-1 bH x a + q = 0` back."""
    across = xp.matmul(adjoint(xp, b), x)
    k = xp.solve(r + xp.matmul(across, b), xp.matmul(across, a))
    closed = a - xp.matmul(b, k)
    z = xp.discrete_lyapunov(conjugated(xp, closed), hermitian_part(xp, g))
    return shared(xp, z, x, k, xp.matmul(adjoint(xp, closed), x))


def shared(xp: Any, z: Any, x: Any, k: Any, lever: Any) -> tuple[Any, ...]:
    """Return what flows to `a`, `b`, `q` and `r`, given what flows to the equation.

    The equation moves by `dq + kH dr k` and by `lever (da - db k)` with its adjoint.
    """
    back = xp.matmul(turned(xp, lever), z)
    back = back + product(xp, turned(xp, lever), adjoint(xp, z))
    to_q = hermitian_part(xp, z)
    to_r = hermitian_part(xp, product(xp, conjugated(xp, k), z, turned(xp, k)))
    return back, -xp.matmul(back, turned(xp, k)), to_q, to_r


def receiving(pull: Callable[..., tuple[Any, ...]], place: int) -> General:
    """Make the rule of one of the four matrices."""
    return General(lambda xp, g, y, a, b, q, r: pull(xp, g, y, a, b, r)[place])


for _name, _pull in {"continuous": continuous_pull, "discrete": discrete_pull}.items():
    op(
        f"{_name}_riccati",
        "a, b, q, r",
        numpy=None,
        domain=(REAL, REAL, POSITIVE_DEFINITE, POSITIVE_DEFINITE),
        cases=SYSTEM,
        a=receiving(_pull, 0),
        b=receiving(_pull, 1),
        q=receiving(_pull, 2),
        r=receiving(_pull, 3),
    )


def given(matrix: Any) -> str:
    """Say whether a matrix was given."""
    return "" if matrix is None else "a matrix"


def solve_continuous_are(
    xp: Any, a: Any, b: Any, q: Any, r: Any, e: Any = None, s: Any = None, balanced: bool = True
) -> Any:
    """Solve the Riccati equation of a system that runs continuously."""
    refused("solve_continuous_are", e=given(e), s=given(s))
    return xp.continuous_riccati(a, b, q, r)


def solve_discrete_are(
    xp: Any, a: Any, b: Any, q: Any, r: Any, e: Any = None, s: Any = None, balanced: bool = True
) -> Any:
    """Solve the Riccati equation of a system that runs in steps."""
    refused("solve_discrete_are", e=given(e), s=given(s))
    return xp.discrete_riccati(a, b, q, r)


composite("scipy_solve_continuous_are", solve_continuous_are, scipy="linalg.solve_continuous_are")
composite("scipy_solve_discrete_are", solve_discrete_are, scipy="linalg.solve_discrete_are")
