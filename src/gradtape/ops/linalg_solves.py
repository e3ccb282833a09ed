"""Rows of inverses, determinants and systems of equations.

A determinant has its cofactors as derivative, also where the matrix is singular and has no inverse; the cofactors have
theirs in the same way. The third derivative goes through the inverse.
"""

from __future__ import annotations

from math import prod
from typing import Any

from gradtape.ops.domains import REAL, REGULAR, case
from gradtape.ops.linalg_tools import (
    EPSILON,
    adjoint,
    as_column,
    conjugated,
    is_complex,
    matrix_sized,
    one_of_two,
    product,
    rounding,
    trace_of_product,
    turned,
)
from gradtape.ops.model import General, Multilinear, NoTangent
from gradtape.ops.registry import composite, op

SQUARE = (case((3, 3)), case((2, 3, 3)), case((1, 1)), case((2, 0, 0)))
RANK = NoTangent("counts independent directions, and a count is an integer")

op("inv", "a", numpy="linalg.inv", domain=REGULAR, cases=SQUARE, a=General(lambda xp, g, y, a: inv_pull(xp, g, y)))
op(
    "det",
    "a",
    numpy="linalg.det",
    cases=(*SQUARE, case([[1.0, 2.0], [2.0, 4.0]]), case([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 1.0]])),
    a=General(lambda xp, g, y, a: matrix_sized(xp, g) * xp.cofactor(a)),
)
op(
    "cofactor",
    "a",
    numpy=None,
    cases=(*SQUARE, case((2, 2))),
    a=General(lambda xp, g, y, a: xp.cofactor_slope(g, a)),
)
op(
    "cofactor_slope",
    "h, a",
    numpy=None,
    domain=(REAL, REGULAR),
    cases=(case((3, 3), (3, 3)), case((2, 3, 3), (2, 3, 3)), case((1, 1), (1, 1)), case((2, 2), (2, 2))),
    h=Multilinear(lambda xp, g, y, h, a: xp.cofactor_slope(g, a)),
    a=General(lambda xp, g, y, h, a: third_slope_of_det(xp, a, g, h)),
)
op(
    "slogdet",
    "a",
    numpy="linalg.slogdet",
    parts=2,
    domain=REGULAR,
    cases=SQUARE,
    a=General(lambda xp, g, y, a: slogdet_pull(xp, g, y[0], a)),
)
op(
    "solve",
    "a, b",
    numpy="linalg.solve",
    domain=(REGULAR, REAL),
    cases=(
        case((3, 3), (3,)),
        case((3, 3), (3, 2)),
        case((2, 3, 3), (3, 1)),
        case((3, 3), (2, 3, 2)),
        case((2, 3, 3), (3,)),
        case((0, 0), (0, 2)),
    ),
    a=General(lambda xp, g, y, a, b: solve_left(xp, xp.solve, g, y, a, b.ndim == 1)),
    b=Multilinear(lambda xp, g, y, a, b: solve_right(xp, xp.solve, g, a, b.shape)),
)
op(
    "triangular_solve",
    "a, b, lower=True, unit=False",
    numpy=None,
    domain=(REGULAR, REAL),
    cases=(
        case((3, 3), (3, 2)),
        case((3, 3), (3, 2), lower=False),
        case((3, 3), (3, 2), unit=True),
        case((2, 3, 3), (3, 1), lower=False, unit=True),
        case((3, 3), (2, 3, 2)),
    ),
    a=General(lambda xp, g, y, a, b, lower, unit: triangular_left(xp, g, y, a, lower, unit)),
    b=Multilinear(
        lambda xp, g, y, a, b, lower, unit: xp.unbroadcast(
            xp.triangular_solve(turned(xp, a), g, lower=not lower, unit=unit), b.shape
        )
    ),
)
op(
    "pinv",
    "a, rcond=1e-15, hermitian=False",
    numpy="linalg.pinv",
    cases=(case((3, 2)), case((2, 3)), case((2, 3, 2)), case((2, 2)), case((0, 3))),
    a=General(lambda xp, g, y, a, rcond, hermitian: pinv_pull(xp, g, y, a, hermitian)),
)
op(
    "lstsq",
    "a, b, rcond=None",
    numpy="linalg.lstsq",
    parts=4,
    cases=(case((4, 2), (4,)), case((4, 2), (4, 3)), case((2, 4), (2,)), case((2, 2), (2, 3))),
    a=General(lambda xp, g, y, a, b, rcond: lstsq_left(xp, g, y, a, b, rcond)),
    b=General(lambda xp, g, y, a, b, rcond: lstsq_right(xp, g, y, a, b, rcond)),
)
op(
    "matrix_rank",
    "A, tol=None, hermitian=False, rtol=None",
    numpy="linalg.matrix_rank",
    A=RANK,
    cases=(case((3, 3)), case((2, 3, 2))),
)


def inv_pull(xp: Any, g: Any, y: Any) -> Any:
    """Transpose `dy = -y da y`."""
    back = turned(xp, y)
    return -product(xp, back, g, back)


def third_slope_of_det(xp: Any, a: Any, g: Any, h: Any) -> Any:
    """Return the gradient in `a` of the second derivative of `det(a)` along `g` and `h`."""
    t = turned(xp, xp.inv(a))
    along_g, along_h = product(xp, t, turned(xp, g), t), product(xp, t, turned(xp, h), t)
    p, q, r = trace_of_product(xp, t, g), trace_of_product(xp, t, h), trace_of_product(xp, h, along_g)
    mixed = product(xp, along_g, turned(xp, h), t) + product(xp, along_h, turned(xp, g), t)
    return matrix_sized(xp, xp.det(a)) * ((p * q - r) * t - q * along_g - p * along_h + mixed)


def slogdet_pull(xp: Any, g: Any, sign: Any, a: Any) -> Any:
    """Return the inverse's transpose times the cotangent of the logarithm; a complex sign turns with the phase."""
    weight = xp.zeros_like(sign) if g[1] is None else g[1]
    if is_complex(sign) and g[0] is not None:
        weight = weight + 1j * xp.imag(g[0] * sign)
    return matrix_sized(xp, weight) * turned(xp, xp.inv(a))


def solve_right(xp: Any, solve: Any, g: Any, a: Any, shape: tuple[int, ...]) -> Any:
    """Transpose `b -> solve(a, b)`; one vector stands for a column."""
    if len(shape) > 1:
        return xp.unbroadcast(solve(turned(xp, a), g), shape)
    column = solve(turned(xp, a), as_column(xp, g))
    return xp.reshape(xp.unbroadcast(column, (*shape, 1)), shape=shape)


def solve_left(xp: Any, solve: Any, g: Any, y: Any, a: Any, vector: bool) -> Any:
    """Return what flows to the matrix of `y = solve(a, b)`."""
    if vector:
        g, y = as_column(xp, g), as_column(xp, y)
    return xp.unbroadcast(xp.matmul(-solve(turned(xp, a), g), turned(xp, y)), a.shape)  # of both it is the smaller


def triangular_left(xp: Any, g: Any, y: Any, a: Any, lower: bool, unit: bool) -> Any:
    """Return what flows to the triangle that is read."""
    back = xp.triangular_solve(turned(xp, a), g, lower=not lower, unit=unit)
    full = xp.unbroadcast(xp.matmul(-back, turned(xp, y)), a.shape)
    return xp.tril(full, k=-1 if unit else 0) if lower else xp.triu(full, k=1 if unit else 0)


def pinv_pull(xp: Any, g: Any, y: Any, a: Any, hermitian: bool) -> Any:
    """Transpose the derivative of the pseudo-inverse at constant rank (Golub and Pereyra, 1973).

    `dy = -y da y + y yH daH (1 - a y) + (1 - y a) daH yH y`.
    """
    back = turned(xp, y)
    here = conjugated(xp, y)
    there = turned(xp, conjugated(xp, g))
    g_rows = xp.matmul(there, xp.matmul(here, back))
    g_columns = product(xp, back, here, there)
    keep_rows = turned(xp, adjoint(xp, a))
    ct = -product(xp, back, g, back)
    ct = ct + g_rows - product(xp, keep_rows, here, g_rows)
    ct = ct + g_columns - product(xp, g_columns, here, keep_rows)
    return 0.5 * (ct + adjoint(xp, ct)) if hermitian else ct


def lstsq_left(xp: Any, g: Any, y: Any, a: Any, b: Any, rcond: Any) -> Any:
    """Return what flows to the matrix of a least-squares problem from solution, residuals and singular values.

    The solution is `pinv(a) b`; a residual moves as `-2 Re(rH da x)` as the rest `r = b - a x` is orthogonal to `a`.
    """
    ct = None if g[3] is None else svdvals_pull(xp, g[3], a)
    x, b = (as_column(xp, v) if b.ndim == 1 else v for v in (y[0], b))
    rest = conjugated(xp, b - xp.matmul(a, x))
    if g[1] is not None and y[1].size:
        ct = one_of_two(xp, ct, -2.0 * xp.matmul(rest * g[1], turned(xp, x)))
    if g[0] is None:
        return xp.zeros_like(a) if ct is None else ct
    gx = as_column(xp, g[0]) if g[0].ndim == 1 else g[0]
    inverse = xp.pinv(a, rcond=lstsq_cutoff(a, rcond))
    back, here, there = turned(xp, inverse), conjugated(xp, inverse), adjoint(xp, gx)
    through = -xp.matmul(xp.matmul(back, gx), turned(xp, x))
    along_rows = product(xp, rest, there, here, back)
    along_columns = product(xp, back, conjugated(xp, x), there)
    along_columns = along_columns - product(xp, along_columns, here, conjugated(xp, a))
    return one_of_two(xp, ct, through + along_rows + along_columns)


def lstsq_right(xp: Any, g: Any, y: Any, a: Any, b: Any, rcond: Any) -> Any:
    """Return what flows to the right-hand side of a least-squares problem."""
    ct = None if g[0] is None else xp.matmul(turned(xp, xp.pinv(a, rcond=lstsq_cutoff(a, rcond))), g[0])
    if g[1] is not None and y[1].size:
        ct = one_of_two(xp, ct, 2.0 * conjugated(xp, b - xp.matmul(a, y[0])) * g[1])
    return xp.zeros_like(b) if ct is None else ct


def lstsq_cutoff(a: Any, rcond: Any) -> float:
    """Return below which share of the largest a singular value counts as zero, as NumPy and LAPACK decide it.

    Both compute in double precision, whatever the dtype; LAPACK takes cutoffs that are not between 0 and 1 for its own.
    """
    if rcond is None:
        return float(EPSILON[8] * max(a.shape))
    return float(rcond) if 0.0 < rcond < 1.0 else 0.5 * EPSILON[8]


def svdvals_pull(xp: Any, g: Any, a: Any) -> Any:
    """Send cotangents of singular values back; a value that is zero but for rounding gets 0, a subgradient."""
    u, s, vh = xp.svd(a, full_matrices=False)
    alive = xp.greater(s, rounding(s.dtype) * xp.sum(s, axis=-1, keepdims=True))
    weight = xp.where(alive, g, 0.0)
    scaled = conjugated(xp, u) * xp.reshape(weight, shape=(*weight.shape[:-1], 1, weight.shape[-1]))
    return xp.matmul(scaled, conjugated(xp, vh))


def pinv_call(xp: Any, a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = 1e-15) -> Any:
    """Read NumPy's two names for the cutoff; None stands for NumPy's default of the standard."""
    a = xp.shaped(a)
    if rcond is None:
        rcond = rounding(a.dtype) * max(a.shape[-2:]) if rtol is None else rtol
    return xp.pinv(a, rcond=rcond, hermitian=hermitian)


def tensorinv(xp: Any, a: Any, ind: int = 2) -> Any:
    """Invert the map from the axes after `ind` to those before."""
    a = xp.shaped(a)
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    inverse = (*a.shape[ind:], *a.shape[:ind])
    return xp.reshape(xp.inv(xp.reshape(a, shape=(prod(a.shape[ind:]), -1))), shape=inverse)


def tensorsolve(xp: Any, a: Any, b: Any, axes: Any = None) -> Any:
    """Solve for the tensor whose product over its axes with the last ones of `a` is `b`."""
    a, b = xp.shaped(a), xp.shaped(b)
    if axes is not None:
        order = [k for k in range(a.ndim) if k not in axes] + list(axes)
        a = xp.transpose(a, axes=tuple(order))
    shape = a.shape[b.ndim - a.ndim :] if a.ndim > b.ndim else ()
    if prod(shape) != prod(a.shape[: b.ndim]):
        raise ValueError("Input arrays must satisfy the requirement prod(a.shape[b.ndim:]) == prod(a.shape[:b.ndim])")
    matrix = xp.reshape(a, shape=(-1, prod(shape)))
    return xp.reshape(xp.solve(matrix, xp.ravel(b)), shape=shape)


composite("pinv_call", pinv_call, numpy="linalg.pinv")
composite("tensorinv", tensorinv, numpy="linalg.tensorinv")
composite("tensorsolve", tensorsolve, numpy="linalg.tensorsolve")
