"""SciPy's solves, inverses and norms, as compositions of the rows of linear algebra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.ops.lapack.calls import entered, refused, with_columns
from gradtape.ops.linalg_tools import adjoint, conjugated, diagonal_of, rounding, turned
from gradtape.ops.model import Unsupported
from gradtape.ops.registry import composite

if TYPE_CHECKING:
    from collections.abc import Callable

TRANSPOSED = {0: 0, "N": 0, 1: 1, "T": 1, 2: 2, "C": 2}


def solve(
    xp: Any,
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Any:
    """Solve; of a matrix that is said to be symmetric one triangle is read, and its gradient is symmetric."""
    a, b = entered(xp, a, check_finite), entered(xp, b, check_finite)
    kind = {"sym": "symmetric", "her": "hermitian", "pos": "positive definite"}.get(assume_a or "", assume_a)
    if transposed:
        a, lower = turned(xp, a), not lower
    if kind in {"upper triangular", "lower triangular"}:
        below = (kind == "lower triangular") != transposed
        return with_columns(xp, lambda c: xp.triangular_solve(a, c, lower=below), b, b.ndim == 1)
    if kind == "positive definite":
        factor = xp.cholesky(xp.mirrored(a, lower=lower))
        return with_columns(xp, lambda c: solve_by_cholesky(xp, factor, c), b, b.ndim == 1)
    if kind in {"symmetric", "hermitian"}:
        a = xp.mirrored(a, lower=lower, conjugate=kind == "hermitian")
    elif kind == "diagonal":
        a = xp.matrix_diag(diagonal_of(xp, a))
    elif kind == "tridiagonal":
        a = xp.triu(xp.tril(a, k=1), k=-1)
    elif kind not in {None, "gen", "general", "banded"}:
        raise ValueError(f"{assume_a} is not a recognized matrix structure")
    return xp.solve(a, b)


def solve_by_cholesky(xp: Any, factor: Any, b: Any) -> Any:
    """Solve with a lower triangular factor and its adjoint."""
    return xp.triangular_solve(adjoint(xp, factor), xp.triangular_solve(factor, b), lower=False)


def solve_triangular(
    xp: Any,
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solve with one triangle; the other gets no gradient."""
    a, b = entered(xp, a, check_finite), entered(xp, b, check_finite)
    kind = TRANSPOSED[trans]
    if kind:
        a, lower = adjoint(xp, a) if kind == 2 else turned(xp, a), not lower
    return with_columns(xp, lambda c: xp.triangular_solve(a, c, lower=lower, unit=unit_diagonal), b, b.ndim == 1)


def inv(
    xp: Any,
    a: Any,
    overwrite_a: bool = False,
    check_finite: bool = True,
    *,
    assume_a: str | None = None,
    lower: bool = False,
) -> Any:
    """Invert."""
    a = entered(xp, a, check_finite)
    kind = {"sym": "symmetric", "her": "hermitian", "pos": "positive definite"}.get(assume_a or "", assume_a)
    if kind in {"symmetric", "hermitian", "positive definite"}:
        a = xp.mirrored(a, lower=lower, conjugate=kind != "symmetric")
    elif kind in {"upper triangular", "lower triangular"}:
        a = xp.triu(a) if kind == "upper triangular" else xp.tril(a)
    elif kind not in {None, "gen", "general"}:
        raise Unsupported(f"inv has no place for assume_a={assume_a!r} here")
    if kind == "positive definite":
        xp.cholesky(xp.stop_gradient(a))  # refuses what is not
    return xp.inv(a)


def lstsq(
    xp: Any,
    a: Any,
    b: Any,
    cond: float | None = None,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    lapack_driver: str | None = None,
) -> Any:
    """Solve in the sense of least squares."""
    a, b = entered(xp, a, check_finite), entered(xp, b, check_finite)
    x, residuals, rank, s = xp.lstsq(a, b, rcond=rounding(a.dtype) if cond is None else cond)
    if b.ndim == 1 and residuals.size:
        residuals = xp.reshape(residuals, shape=())
    elif a.shape[0] == a.shape[1]:
        residuals = xp.zeros_like(xp.real(b), shape=b.shape[1:])
    return x, residuals, rank, s


def pinv(
    xp: Any, a: Any, *, atol: Any = None, rtol: Any = None, return_rank: bool = False, check_finite: bool = True
) -> Any:
    """Return the pseudo-inverse."""
    a = entered(xp, a, check_finite)
    result = xp.pinv(a, rcond=cutoff(xp, a, atol, rtol))
    return (result, xp.matrix_rank(a, rtol=cutoff(xp, a, atol, rtol))) if return_rank else result


def pinvh(
    xp: Any,
    a: Any,
    atol: Any = None,
    rtol: Any = None,
    lower: bool = True,
    return_rank: bool = False,
    check_finite: bool = True,
) -> Any:
    """Return the pseudo-inverse of a Hermitian matrix, of which one triangle is read."""
    a = xp.mirrored(entered(xp, a, check_finite), lower=lower)
    result = xp.pinv(a, rcond=cutoff(xp, a, atol, rtol), hermitian=True)
    return (result, xp.matrix_rank(a, rtol=cutoff(xp, a, atol, rtol))) if return_rank else result


def cutoff(xp: Any, a: Any, atol: Any, rtol: Any) -> float:
    """Return below which share of the largest a singular value counts as zero."""
    refused("pinv", atol=atol)
    return float(max(a.shape[-2:]) * rounding(a.dtype) if rtol is None else rtol)


def norm(xp: Any, a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Any:
    """Return the norm of vectors or matrices."""
    return xp.norm(entered(xp, a, check_finite), ord, axis, keepdims)


def solve_banded(
    xp: Any,
    l_and_u: tuple[int, int],
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solve with a matrix of few diagonals."""
    ab, b = entered(xp, ab, check_finite), entered(xp, b, check_finite)
    lower, upper = (int(k) for k in l_and_u)
    if lower + upper + 1 != ab.shape[-2]:
        raise ValueError(
            f"invalid values for the number of lower and upper diagonals: l+u+1 ({lower + upper + 1}) "
            f"does not equal ab.shape[0] ({ab.shape[-2]})"
        )
    return with_columns(xp, lambda c: xp.banded_solve(ab, c, lower=lower, upper=upper), b, b.ndim == 1)


def solveh_banded(
    xp: Any,
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    lower: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solve with a positive definite matrix of few diagonals, of which one triangle is stored."""
    factor = cholesky_banded(xp, ab, lower=lower, check_finite=check_finite)
    return cho_solve_banded(xp, (factor, lower), b, check_finite=check_finite)


def cholesky_banded(
    xp: Any, ab: Any, overwrite_ab: bool = False, lower: bool = False, check_finite: bool = True
) -> Any:
    """Factor a positive definite matrix of few diagonals, stored and returned as one triangle of them."""
    ab = entered(xp, ab, check_finite)
    count = ab.shape[-2] - 1
    dense = xp.dense_band(xp.hermitian_band(ab, lower), count, count)
    factor = xp.cholesky(dense, upper=not lower)
    return xp.band_of(factor, count if lower else 0, 0 if lower else count)


def cho_solve_banded(xp: Any, cb_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """Solve with what `cholesky_banded` found."""
    cb, lower = cb_and_lower
    cb, b = entered(xp, cb, check_finite), entered(xp, b, check_finite)
    count = cb.shape[-2] - 1
    mirrored = xp.mirrored_band(conjugated(xp, cb), count if lower else 0, 0 if lower else count)
    first, second = (cb, mirrored) if lower else (mirrored, cb)

    def run(c: Any) -> Any:
        forward = xp.banded_solve(first, c, lower=count, upper=0)
        return xp.banded_solve(second, forward, lower=0, upper=count)

    return with_columns(xp, run, b, b.ndim == 1)


def det(xp: Any, a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """Return the determinant."""
    return xp.det(entered(xp, a, check_finite))


def orthogonal_procrustes(xp: Any, A: Any, B: Any, check_finite: bool = True) -> Any:
    """Return the orthogonal matrix that maps one closest to the other, and how much of it there is."""
    a, b = entered(xp, A, check_finite), entered(xp, B, check_finite)
    if a.ndim != 2 or a.shape != b.shape:
        raise ValueError(f"the shapes of A and B differ ({a.shape} vs {b.shape})")
    product = xp.matmul(adjoint(xp, a), b)
    return xp.polar_factors(product)[0], xp.sum(xp.svdvals(product))


CALLS: dict[str, Callable[..., Any]] = {
    "solve": solve,
    "solve_triangular": solve_triangular,
    "inv": inv,
    "det": det,
    "lstsq": lstsq,
    "pinv": pinv,
    "pinvh": pinvh,
    "norm": norm,
    "solve_banded": solve_banded,
    "solveh_banded": solveh_banded,
    "cholesky_banded": cholesky_banded,
    "cho_solve_banded": cho_solve_banded,
    "orthogonal_procrustes": orthogonal_procrustes,
}
"""The functions under SciPy's names."""

for _name, _function in CALLS.items():
    composite(f"scipy_{_name}", _function, scipy=f"linalg.{_name}")
