"""Rows of matrix equations and functions of matrices.

An analytic function of `[[a, e], [0, a]]` has its derivative at `a` along `e` in the upper right corner (Najfeld and
Havel, 1995), so the function itself is all that its derivatives of every order need.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import REAL, REGULAR, Domain, case
from gradtape.ops.lapack.calls import entered
from gradtape.ops.linalg_tools import adjoint, as_row, columns, conjugated, is_complex, product, rows, turned
from gradtape.ops.model import General, Linear, Multilinear, NoTangent, Unsupported
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
    cases=(case((2, 2)), case((2, 1, 1))),
    a=General(lambda xp, g, y, a: slope_of_logarithm(xp, turned(xp, a), g)),
)
op(
    "fractional_power",
    "a, t",
    numpy=None,
    domain=REGULAR,
    cases=(case((2, 2), ()), case((2, 1, 1), -1.5)),
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
op(
    "distinct",
    "w",
    numpy=None,
    w=Linear(lambda xp, g, y, w: g * xp.apart(w)),
    cases=(case((3,)), case((2, 3))),
)
op(
    "apart",
    "w",
    numpy=None,
    w=NoTangent("only refuses numbers that are equal"),
    cases=(case((3,)),),
)
op(
    "real_part_if_real",
    "x",
    numpy=None,
    x=Linear(lambda xp, g, y, x: xp.cast(g, dtype=x.dtype)),
    cases=(case((3, 3)),),
)


def function_slope(xp: Any, function: Any, a: Any, e: Any) -> Any:
    """Return the derivative of an analytic function of matrices at `a` along `e`."""
    *_, n = a.shape
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
    *_, n = a.shape
    one = xp.matrix_diag(xp.ones_like(a, shape=(n,)))
    total = 0.0
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


def discrete_lyapunov(xp: Any, a: Any, q: Any, method: str | None = None) -> Any:
    """Solve `a x aH - x + q = 0`, directly or by way of the continuous equation, as SciPy does."""
    a, q = xp.shaped(a), xp.shaped(q)
    n = a.shape[-1]
    one = xp.matrix_diag(xp.ones_like(a, shape=(n,)))
    method = ("bilinear" if n >= 10 else "direct") if method is None else method.lower()
    if method == "direct":
        left = xp.matrix_diag(xp.ones_like(a, shape=(n * n,))) - xp.kron(a, conjugated(xp, a))
        return xp.reshape(xp.solve(left, xp.ravel(q)), shape=q.shape)
    if method != "bilinear":
        raise ValueError(f"Unknown solver {method}")
    back = adjoint(xp, a)
    inverse = xp.inv(back + one)
    b = xp.matmul(back - one, inverse)
    c = 2.0 * product(xp, xp.inv(a + one), q, inverse)
    return xp.sylvester(adjoint(xp, b), b, -c)


def expm_frechet(
    xp: Any,
    A: Any,
    E: Any,
    method: str | None = None,
    compute_expm: bool = True,
    check_finite: bool = True,
) -> Any:
    """Return the exponential and its derivative along a direction, which can be differentiated again."""
    a, e = entered(xp, A, check_finite), entered(xp, E, check_finite)
    n = a.shape[-1]
    upper = rows(xp, xp.expm(beside_itself(xp, a, e)), None, n)
    slope = columns(xp, upper, n, None)
    return (columns(xp, upper, None, n), slope) if compute_expm else slope


def funm(xp: Any, A: Any, func: Any, disp: bool = True) -> Any:
    """Apply a function to the eigenvalues of a matrix, which must differ for a gradient; `func` runs on tensors."""
    a = xp.shaped(A)
    if not disp:
        raise Unsupported("funm has no place for disp=False here")
    w, v = xp.eig(a)
    values = func(xp.distinct(w))
    return real_if_real(xp, turned(xp, xp.solve(turned(xp, v), turned(xp, v * as_row(xp, values)))), a)


def real_if_real(xp: Any, x: Any, a: Any) -> Any:
    """Drop imaginary parts that are rounding where the argument was real."""
    return x if is_complex(a) or not is_complex(x) else xp.real_part_if_real(x)


def cosm(xp: Any, A: Any) -> Any:
    """Return the cosine of a matrix."""
    a = xp.shaped(A)
    if is_complex(a):
        return 0.5 * (xp.expm(1j * a) + xp.expm(-1j * a))
    return xp.real(xp.expm(1j * a))


def sinm(xp: Any, A: Any) -> Any:
    """Return the sine of a matrix."""
    a = xp.shaped(A)
    if is_complex(a):
        return -0.5j * (xp.expm(1j * a) - xp.expm(-1j * a))
    return xp.imag(xp.expm(1j * a))


def coshm(xp: Any, A: Any) -> Any:
    """Return the hyperbolic cosine of a matrix."""
    a = xp.shaped(A)
    return 0.5 * (xp.expm(a) + xp.expm(-a))


def sinhm(xp: Any, A: Any) -> Any:
    """Return the hyperbolic sine of a matrix."""
    a = xp.shaped(A)
    return 0.5 * (xp.expm(a) - xp.expm(-a))


def signm(xp: Any, A: Any) -> Any:
    """Return the sign of a matrix, `a (a a)^(-1/2)`; no eigenvalue may lie on the imaginary axis."""
    a = xp.shaped(A)
    return xp.matmul(a, xp.inv(xp.sqrtm(xp.matmul(a, a))))


composite("discrete_lyapunov", discrete_lyapunov, scipy="linalg.solve_discrete_lyapunov")
composite("scipy_expm", lambda xp, A: xp.expm(A), scipy="linalg.expm")
composite("scipy_logm", lambda xp, A: xp.logm(A), scipy="linalg.logm")
composite("scipy_sqrtm", lambda xp, A: xp.sqrtm(A), scipy="linalg.sqrtm")
composite("expm_frechet", expm_frechet, scipy="linalg.expm_frechet")
composite("fractional_matrix_power", lambda xp, A, t: xp.fractional_power(A, t), scipy="linalg.fractional_matrix_power")
composite("funm", funm, scipy="linalg.funm")
composite("cosm", cosm, scipy="linalg.cosm")
composite("sinm", sinm, scipy="linalg.sinm")
composite("tanm", lambda xp, A: xp.solve(cosm(xp, A), sinm(xp, A)), scipy="linalg.tanm")
composite("coshm", coshm, scipy="linalg.coshm")
composite("sinhm", sinhm, scipy="linalg.sinhm")
composite("tanhm", lambda xp, A: xp.solve(coshm(xp, A), sinhm(xp, A)), scipy="linalg.tanhm")
composite("signm", signm, scipy="linalg.signm")
composite("solve_sylvester", lambda xp, a, b, q: xp.sylvester(a, b, q), scipy="linalg.solve_sylvester")
for _name in ("solve_continuous_lyapunov", "solve_lyapunov"):
    composite(
        _name,
        lambda xp, a, q: xp.sylvester(a, adjoint(xp, xp.shaped(a)), q),
        scipy=f"linalg.{_name}",
    )
