"""SciPy's factorizations under its signatures: Cholesky, LU, QR, RQ, polar, Schur, Hessenberg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.ops.domains import case
from gradtape.ops.lapack.calls import entered, refused, with_columns
from gradtape.ops.lapack.factors import permuted, schur_pull, seen_of_rotation
from gradtape.ops.lapack.solves import TRANSPOSED
from gradtape.ops.linalg_tools import adjoint, as_row, columns, conjugated, is_complex, product, rows, turned
from gradtape.ops.model import General, NoTangent
from gradtape.ops.registry import composite, op

if TYPE_CHECKING:
    from collections.abc import Callable

op(
    "column_order",
    "a",
    numpy=None,
    a=NoTangent("answers with positions, and positions are integers"),
    cases=(case((3, 4)), case((2, 3, 3))),
)
op(
    "complex_schur",
    "t",
    numpy=None,
    parts=2,
    gauge_free=seen_of_rotation,
    cases=(case([[0.5, 1.0], [-0.7, 0.5]]),),  # one block: SciPy's way is exact for real Schur forms only
    t=General(lambda xp, g, y, t: xp.triu(schur_pull(xp, g, *y), k=-1)),
)


def cholesky(xp: Any, a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """Factor a positive definite matrix; its gradient is symmetric."""
    return xp.cholesky(entered(xp, a, check_finite), upper=not lower)


def cho_factor(
    xp: Any, a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Any, bool]:
    """Factor a positive definite matrix; the other triangle still holds the matrix, as LAPACK leaves it."""
    a = entered(xp, a, check_finite)
    factor = xp.cholesky(a, upper=not lower)
    return factor + (xp.triu(a, k=1) if lower else xp.tril(a, k=-1)), lower


def cho_solve(xp: Any, c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """Solve with what `cho_factor` found; one triangle is read."""
    c, lower = c_and_lower
    c, b = entered(xp, c, check_finite), entered(xp, b, check_finite)
    first, second = (c, adjoint(xp, c)) if lower else (adjoint(xp, c), c)

    def run(column: Any) -> Any:
        return xp.triangular_solve(second, xp.triangular_solve(first, column), lower=False)

    return with_columns(xp, run, b, b.ndim == 1)


def lu(
    xp: Any,
    a: Any,
    permute_l: bool = False,
    overwrite_a: bool = False,
    check_finite: bool = True,
    p_indices: bool = False,
) -> tuple[Any, ...]:
    """Factor into triangular matrices, with exchanges of rows."""
    packed, _, order = xp.lu_rows(entered(xp, a, check_finite))
    m, n = packed.shape[-2:]
    k = min(m, n)
    lower, upper = xp.tril(columns(xp, packed, None, k), k=-1), xp.triu(rows(xp, packed, None, k))
    unit = xp.matrix_diag(xp.ones_like(packed, shape=(k,)))
    lower = lower + (xp.concatenate([unit, xp.zeros_like(packed, shape=(m - k, k))], axis=-2) if m > k else unit)
    if permute_l:
        return permuted(xp, lower, xp.argsort(order)), upper
    if p_indices:
        return xp.argsort(order), lower, upper
    places = [[i] for i in range(m)]
    return xp.cast(xp.equal(as_row(xp, order), places), dtype=xp.real(packed).dtype), lower, upper


def lu_factor(xp: Any, a: Any, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Any, Any]:
    """Factor into triangular matrices in one, with LAPACK's exchanges of rows."""
    packed, exchanges, _ = xp.lu_rows(entered(xp, a, check_finite))
    return packed, exchanges


def lu_solve(
    xp: Any, lu_and_piv: Any, b: Any, trans: Any = 0, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    """Solve with what `lu_factor` found."""
    packed, exchanges = lu_and_piv
    packed, b = entered(xp, packed, check_finite), entered(xp, b, check_finite)
    order = xp.order_of_exchanges(exchanges, rows=packed.shape[-1])
    kind = TRANSPOSED[trans]

    def run(c: Any) -> Any:
        if not kind:
            forward = xp.triangular_solve(packed, permuted(xp, c, order), unit=True)
            return xp.triangular_solve(packed, forward, lower=False)
        back = adjoint(xp, packed) if kind == 2 else turned(xp, packed)
        forward = xp.triangular_solve(back, c)
        return permuted(xp, xp.triangular_solve(back, forward, lower=False, unit=True), xp.argsort(order))

    return with_columns(xp, run, b, b.ndim == 1)


def qr(
    xp: Any,
    a: Any,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> tuple[Any, ...]:
    """Factor into an orthogonal and an upper triangular matrix, with columns in order of size if `pivoting`."""
    if mode not in {"full", "r", "economic"}:
        refused("qr", mode=mode)
    a = entered(xp, a, check_finite)
    order: tuple[Any, ...] = ()
    if pivoting:
        order = (xp.column_order(a),)
        places = xp.broadcast_to(as_row(xp, order[0]), shape=a.shape)
        a = xp.take_along_axis(a, places, axis=-1)
    q, r = xp.qr(a) if mode == "economic" else xp.qr_complete(a)
    return (r, *order) if mode == "r" else (q, r, *order)


def qr_multiply(
    xp: Any,
    a: Any,
    c: Any,
    mode: str = "right",
    pivoting: bool = False,
    conjugate: bool = False,
    overwrite_a: bool = False,
    overwrite_c: bool = False,
) -> tuple[Any, ...]:
    """Multiply by the orthogonal factor."""
    if mode not in {"left", "right"}:
        raise ValueError(f"Mode argument can only be 'left' or 'right' but not '{mode}'")
    q, *rest = qr(xp, a, mode="economic", pivoting=pivoting)
    c = entered(xp, c)
    q = conjugated(xp, q) if conjugate else q
    return (xp.matmul(q, c) if mode == "left" else xp.matmul(c, q)), *rest


def rq(
    xp: Any,
    a: Any,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    check_finite: bool = True,
) -> Any:
    """Factor into an upper triangular and an orthogonal matrix."""
    if mode not in {"full", "r", "economic"}:
        raise ValueError("Mode argument should be one of ['full', 'r', 'economic']")
    a = entered(xp, a, check_finite)
    r, q = xp.rq_reduced(a) if mode == "economic" else xp.rq_complete(a)
    return r if mode == "r" else (r, q)


def polar(xp: Any, a: Any, side: str = "right") -> tuple[Any, Any]:
    """Factor into a matrix with orthonormal columns (or rows) and a positive semidefinite one."""
    if side not in {"right", "left"}:
        raise ValueError("`side` must be either 'right' or 'left'")
    a = xp.shaped(a)
    if a.shape[-2] >= a.shape[-1]:
        u, p = xp.polar_factors(a)
        return u, (p if side == "right" else product(xp, u, p, adjoint(xp, u)))
    u, p = xp.polar_factors(adjoint(xp, a))
    u = adjoint(xp, u)
    return u, (p if side == "left" else product(xp, adjoint(xp, u), p, u))


def schur(
    xp: Any,
    a: Any,
    output: str = "real",
    lwork: Any = None,
    overwrite_a: bool = False,
    sort: Any = None,
    check_finite: bool = True,
) -> tuple[Any, Any]:
    """Turn a matrix into a triangular one (with blocks for complex pairs, unless the output is complex)."""
    refused("schur", sort=sort)
    names = {"r": "real", "c": "complex"}
    t, z = xp.schur_form(entered(xp, a, check_finite), output=names.get(output, output))
    return t, z


def rsf2csf(xp: Any, T: Any, Z: Any, check_finite: bool = True) -> tuple[Any, Any]:
    """Turn a real Schur form into a complex one; a complex one stays."""
    t, z = entered(xp, T, check_finite), entered(xp, Z, check_finite)
    if is_complex(t):
        return t, z
    t, turn = xp.complex_schur(t)
    return t, xp.matmul(z, turn)


def hessenberg(xp: Any, a: Any, calc_q: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """Turn a matrix into one that is zero below the first subdiagonal."""
    h, q = xp.hessenberg_form(entered(xp, a, check_finite))
    return (h, q) if calc_q else h


CALLS: dict[str, Callable[..., Any]] = {
    "cholesky": cholesky,
    "cho_factor": cho_factor,
    "cho_solve": cho_solve,
    "lu": lu,
    "lu_factor": lu_factor,
    "lu_solve": lu_solve,
    "qr": qr,
    "qr_multiply": qr_multiply,
    "rq": rq,
    "polar": polar,
    "schur": schur,
    "rsf2csf": rsf2csf,
    "hessenberg": hessenberg,
}
"""The functions under SciPy's names."""

for _name, _function in CALLS.items():
    composite(f"scipy_{_name}", _function, scipy=f"linalg.{_name}")
