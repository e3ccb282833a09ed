"""Rows of the decompositions of matrices.

Functions of symmetric matrices read one triangle; their gradient is symmetric. Eigenvectors and singular vectors are
defined up to a sign or a phase: the rules are right for whatever does not depend on that choice, and those of `eig`
also follow LAPACK's choice, length 1 with a real largest element. Where two eigenvalues or singular values are equal
the vectors have no derivative, and what would be divided by the gap is left out.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import HERMITIAN, POSITIVE_DEFINITE, case
from gradtape.ops.linalg_solves import svdvals_pull
from gradtape.ops.linalg_tools import (
    adjoint,
    as_column,
    as_row,
    columns,
    conjugated,
    diagonal_of,
    gaps,
    guarded_inverse,
    hermitian_part,
    is_complex,
    one_of_two,
    product,
    rounding,
    rows,
    turned,
)
from gradtape.ops.model import General, NoTangent, Unsupported
from gradtape.ops.registry import composite, op

SYMMETRIC = (case((3, 3)), case((3, 3), UPLO="U"), case((2, 3, 3)), case((1, 1)), case((0, 0)))


def weighted_projector(xp: Any, v: Any, count: int) -> Any:
    """Sum the projectors onto columns with the weights 1 to `count`, and one weight for the rest.

    No sign or phase is left, and of the rest nothing but what it spans.
    """
    weights = xp.cast([min(k, count) + 1.0 for k in range(v.shape[-1])], dtype=xp.real(v).dtype)
    return xp.matmul(v * weights, adjoint(xp, v))


def seen_of_eigh(xp: Any, y: Any) -> Any:
    """Return eigenvalues, and eigenvectors without their phases."""
    return y[0], weighted_projector(xp, y[1], y[1].shape[-1])


def seen_of_eig(xp: Any, y: Any) -> Any:
    """Return eigenvalues, and products of the eigenvectors' elements: LAPACK's choice leaves no more than the sign."""
    weights = xp.cast([k + 1.0 for k in range(y[1].shape[-1])], dtype=xp.real(y[1]).dtype)
    return y[0], xp.matmul(y[1] * weights, turned(xp, y[1]))


def seen_of_qr(xp: Any, y: Any) -> Any:
    """Return the columns of `q` that have a row of `r`, and how far the rest of the space is from them."""
    q, r = y
    k = min(q.shape[-1], r.shape[-1])
    return columns(xp, q, None, k), r, weighted_projector(xp, q, k)


def seen_of_svd(xp: Any, y: Any) -> Any:
    """Return singular values and what both kinds of vectors span together, without their common phases."""
    u, s, vh = y
    k = s.shape[-1]
    left, right = columns(xp, u, None, k), rows(xp, vh, None, k)
    joint = xp.matmul(left * as_row(xp, s), right), xp.matmul(left, right)
    return s, *joint, weighted_projector(xp, u, k), weighted_projector(xp, adjoint(xp, vh), k)


op(
    "cholesky",
    "a, upper=False",
    numpy="linalg.cholesky",
    domain=POSITIVE_DEFINITE,
    cases=(case((3, 3)), case((3, 3), upper=True), case((2, 3, 3)), case((1, 1)), case((0, 0))),
    a=General(lambda xp, g, y, a, upper: cholesky_pull(xp, g, y, upper)),
)
op(
    "qr",
    "a, ~mode='reduced'",
    numpy="linalg.qr",
    parts=2,
    gauge_free=seen_of_qr,
    cases=(case((3, 3)), case((4, 2)), case((2, 3)), case((2, 4, 3)), case((2, 2, 3)), case((0, 0))),
    a=General(lambda xp, g, y, a: qr_pull(xp, g[0], g[1], *y)),
)
op(
    "qr_complete",
    "a",
    numpy=None,
    parts=2,
    gauge_free=seen_of_qr,
    cases=(case((3, 3)), case((4, 2)), case((2, 3)), case((2, 4, 3)), case((2, 2, 3)), case((1, 2, 3, 2))),
    a=General(lambda xp, g, y, a: qr_complete_pull(xp, g, *y)),
)
op(
    "eigh",
    "a, UPLO='L'",
    numpy="linalg.eigh",
    parts=2,
    domain=HERMITIAN,
    gauge_free=seen_of_eigh,
    cases=SYMMETRIC,
    a=General(lambda xp, g, y, a, UPLO: eigh_pull(xp, g[0], g[1], *y)),  # noqa: N803 - NumPy's name
)
op(
    "eigvalsh",
    "a, UPLO='L'",
    numpy="linalg.eigvalsh",
    domain=HERMITIAN,
    cases=SYMMETRIC,
    a=General(lambda xp, g, y, a, UPLO: eigh_pull(xp, g, None, *xp.eigh(a, UPLO=UPLO))),  # noqa: N803
)
op(
    "eig",
    "a",
    numpy="linalg.eig",
    parts=2,
    gauge_free=seen_of_eig,
    cases=(case((3, 3)), case((2, 3, 3)), case([[2.0, 1.0, 0.5], [1.0, 3.0, 0.1], [0.4, 0.0, 5.0]]), case((1, 1))),
    a=General(lambda xp, g, y, a: eig_pull(xp, g, *y)),
)
op(
    "eigvals",
    "a",
    numpy="linalg.eigvals",
    cases=(case((3, 3)), case((2, 3, 3)), case([[2.0, 1.0], [1.0, 3.0]]), case((1, 1))),
    a=General(lambda xp, g, y, a: eigvals_pull(xp, g, xp.eig_in_order(a, y)[1])),
)
op(
    "eig_in_order",
    "a, values",
    numpy=None,
    parts=2,
    gauge_free=seen_of_eig,
    a=General(lambda xp, g, y, a, values: eig_pull(xp, g, *y)),
    values=NoTangent("only says in which order the eigenvectors are wanted"),
    cases=(case([[2.0, 1.0, 0.5], [1.0, 3.0, 0.1], [0.4, 0.0, 5.0]], [3.5, 1.2, 5.1]),),
)
op(
    "svd",
    "a, full_matrices=True, ~compute_uv=True",
    numpy="linalg.svd",
    parts=3,
    gauge_free=seen_of_svd,
    cases=(
        case((3, 3)),
        case((4, 2)),
        case((2, 4)),
        case((4, 2), full_matrices=False),
        case((2, 3), full_matrices=False),
        case((2, 3, 2)),
        case((2, 2, 4), full_matrices=False),
    ),
    a=General(lambda xp, g, y, a, full_matrices: svd_pull(xp, g, *y)),
)
op(
    "svd_hermitian",
    "a",
    numpy=None,
    parts=3,
    domain=HERMITIAN,
    gauge_free=seen_of_svd,
    cases=(case((3, 3)), case((2, 3, 3))),
    a=General(lambda xp, g, y, a: hermitian_part(xp, svd_pull(xp, g, *y))),
)
op(
    "svdvals",
    "x",
    numpy="linalg.svdvals",
    cases=(case((3, 3)), case((4, 2)), case((2, 2, 4)), case((0, 2))),
    x=General(lambda xp, g, y, x: svdvals_pull(xp, g, x)),
)


SMALL = 128
"""Up to so many columns a Cholesky factor is handled whole."""


def cholesky_pull(xp: Any, g: Any, y: Any, upper: bool) -> Any:
    """Send the cotangent of a factor back; an upper factor is the adjoint of a lower one."""
    if upper:
        g, y = adjoint(xp, g), adjoint(xp, y)
    whole = y.ndim > 2 or y.shape[-1] <= SMALL or is_complex(y)
    return cholesky_slope(xp, g, y) if whole else xp.cholesky_slope(g, y)


def cholesky_slope(xp: Any, g: Any, y: Any) -> Any:
    """Transpose `dl = l phi(l^-1 da l^-H)`, where `phi` keeps the lower triangle and half the diagonal.

    As Murray, "Differentiation of the Cholesky decomposition" (2016). NumPy's space does it by blocks.
    """
    inner = xp.matmul(turned(xp, y), g)
    inner = 0.5 * (xp.tril(inner) + xp.tril(inner, k=-1))
    half = xp.triangular_solve(turned(xp, y), inner, lower=False)
    return hermitian_part(xp, right_divided(xp, half, conjugated(xp, y), lower=True))


def right_divided(xp: Any, x: Any, triangle: Any, lower: bool) -> Any:
    """Return `x triangle^-1`."""
    return turned(xp, xp.triangular_solve(turned(xp, triangle), turned(xp, x), lower=not lower))


def qr_pull(xp: Any, gq: Any, gr: Any, q: Any, r: Any) -> Any:
    """Send cotangents of a reduced decomposition back; more columns than rows follow the first square.

    As Roberts and Roberts, "QR and LQ decomposition matrix backpropagation algorithms" (2020), with the diagonal of
    `r` real, which is how LAPACK chooses the phases.
    """
    m, n = q.shape[-2], r.shape[-1]
    if n <= m:
        return qr_tall_pull(xp, gq, gr, q, r)
    if gr is None:
        ct = qr_tall_pull(xp, gq, None, q, columns(xp, r, None, m))
        return xp.concatenate([ct, xp.zeros_like(columns(xp, r, m, None))], axis=-1)
    rest, g_rest = columns(xp, r, m, None), columns(xp, gr, m, None)
    gq = one_of_two(xp, gq, product(xp, conjugated(xp, q), conjugated(xp, rest), adjoint(xp, g_rest)))
    first = qr_tall_pull(xp, gq, columns(xp, gr, None, m), q, columns(xp, r, None, m))
    return xp.concatenate([first, xp.matmul(conjugated(xp, q), g_rest)], axis=-1)


def qr_tall_pull(xp: Any, gq: Any, gr: Any, q: Any, r: Any) -> Any:
    """Send cotangents back where `r` is square."""
    inner = None if gr is None else xp.matmul(gr, turned(xp, r))
    inner = one_of_two(xp, inner, None if gq is None else -xp.matmul(turned(xp, q), gq))
    above = xp.triu(inner) + xp.triu(inner, k=1)
    whole = one_of_two(xp, gq, 0.5 * xp.matmul(conjugated(xp, q), above + adjoint(xp, above)))
    return right_divided(xp, whole, turned(xp, r), lower=True)


def qr_complete_pull(xp: Any, g: Any, q: Any, r: Any) -> Any:
    """Send cotangents back through the reduced decomposition; the other columns of `q` stay orthogonal to its own."""
    n = min(r.shape[-2:])
    gr = None if g[1] is None else rows(xp, g[1], None, n)
    return qr_pull(xp, narrowed(xp, g[0], q, n), gr, columns(xp, q, None, n), rows(xp, r, None, n))


def narrowed(xp: Any, g: Any, q: Any, n: int) -> Any:
    """Move the cotangent of the columns that only complete an orthogonal matrix to its first `n` ones.

    A change `dx` of those moves the rest by `-x dxH rest`.
    """
    if g is None or n == q.shape[-1]:
        return g
    first, rest = columns(xp, q, None, n), columns(xp, q, n, None)
    moved = product(xp, conjugated(xp, rest), adjoint(xp, columns(xp, g, n, None)), conjugated(xp, first))
    return columns(xp, g, None, n) - moved


def eigh_pull(xp: Any, gw: Any, gv: Any, w: Any, v: Any) -> Any:
    """Send cotangents of the eigenvalues and eigenvectors of a Hermitian matrix back (Giles, 2008)."""
    ct = None if gw is None else xp.matmul(conjugated(xp, v) * as_row(xp, gw), turned(xp, v))
    if gv is not None:
        inner = gaps(xp, w) * xp.matmul(turned(xp, v), gv)
        ct = one_of_two(xp, ct, product(xp, conjugated(xp, v), inner, turned(xp, v)))
    return hermitian_part(xp, ct)


def eigvals_pull(xp: Any, g: Any, v: Any) -> Any:
    """Send cotangents of eigenvalues back, given the eigenvectors."""
    back = turned(xp, v)
    return xp.solve(back, as_column(xp, g) * back)


def eig_pull(xp: Any, g: Any, w: Any, v: Any) -> Any:
    """Send cotangents of eigenvalues and eigenvectors back (Giles, 2008), the latter as LAPACK scales them."""
    ct = None if g[0] is None else eigvals_pull(xp, g[0], v)
    if g[1] is None:
        return ct
    back = turned(xp, v)
    inner = gaps(xp, w) * xp.matmul(back, scaled_pull(xp, g[1], v))
    return one_of_two(xp, ct, xp.solve(back, xp.matmul(inner, back)))


def scaled_pull(xp: Any, g: Any, v: Any) -> Any:
    """Transpose the scaling of eigenvectors to length 1 with a real largest element.

    A change `dv` becomes `dv - v c` with `Re c = Re(vH dv)` and `Im c = Im(dv_k / v_k)`; `k` is where the largest
    element stands.
    """
    along = xp.sum(g * v, axis=-2, keepdims=True)
    if not is_complex(v):
        return g - v * along
    place = xp.argmax(xp.where(xp.equal(xp.imag(v), 0.0), xp.abs(v), 0.0), axis=-2, keepdims=True)
    turn = -1j * xp.imag(along) / xp.take_along_axis(v, place, axis=-2)
    return g - xp.conjugate(v) * xp.real(along) + xp.untake_along_axis(turn, place, shape=v.shape, axis=-2)


def svd_pull(xp: Any, g: Any, u: Any, s: Any, vh: Any) -> Any:
    """Send cotangents of a singular value decomposition back.

    As Wan and Zhang, "Automatic differentiation for complex valued SVD" (2019). Columns that only complete `u` or `v`
    stay orthogonal to the others.
    """
    k = s.shape[-1]
    v = adjoint(xp, vh)
    gu = narrowed(xp, g[0], u, k)
    gv = narrowed(xp, None if g[2] is None else adjoint(xp, g[2]), v, k)
    u, v = columns(xp, u, None, k), columns(xp, v, None, k)
    smallest = rounding(s.dtype) * xp.sum(s, axis=-1, keepdims=True)
    inverse = as_row(xp, guarded_inverse(xp, s, smallest))
    by_gap = gaps(xp, s) * guarded_inverse(xp, as_row(xp, s) + as_column(xp, s), as_column(xp, smallest))
    ct = None if g[1] is None else xp.matmul(conjugated(xp, u) * as_row(xp, g[1]), turned(xp, v))
    if gu is not None:
        inner = xp.matmul(turned(xp, u), gu)
        core = by_gap * (inner - adjoint(xp, inner)) * as_row(xp, s)
        if is_complex(u):
            turn = 1j * xp.imag(diagonal_of(xp, inner)) * xp.reshape(inverse, shape=s.shape)
            core = core + xp.matrix_diag(turn)
        outside = (gu - xp.matmul(conjugated(xp, u), inner)) * inverse
        ct = one_of_two(xp, ct, xp.matmul(xp.matmul(conjugated(xp, u), core) + outside, turned(xp, v)))
    if gv is not None:
        inner = xp.matmul(turned(xp, v), gv)
        core = as_column(xp, s) * (by_gap * (inner - adjoint(xp, inner)))
        outside = adjoint(xp, (gv - xp.matmul(conjugated(xp, v), inner)) * inverse)
        ct = one_of_two(xp, ct, xp.matmul(conjugated(xp, u), xp.matmul(core, turned(xp, v)) + outside))
    return ct


def qr_call(xp: Any, a: Any, mode: str = "reduced") -> Any:
    """Read NumPy's modes; LAPACK's raw form has no place here."""
    if mode == "reduced":
        return xp.qr(a)
    if mode == "complete":
        return xp.qr_complete(a)
    if mode == "r":
        return xp.qr(a)[1]
    raise Unsupported(f"qr has no place for mode {mode!r} here")


def svd_call(xp: Any, a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """Decompose, and leave the vectors away if they are not wanted."""
    if not hermitian:
        return xp.svd(a, full_matrices=full_matrices) if compute_uv else xp.svdvals(a)
    if not compute_uv:
        return xp.flip(xp.sort(xp.abs(xp.eigvalsh(a)), axis=-1), axis=-1)
    return xp.svd_hermitian(a)


composite("cholesky_slope", cholesky_slope, numpy=None, kernel=True)
composite("qr_call", qr_call, numpy="linalg.qr")
composite("svd_call", svd_call, numpy="linalg.svd")
