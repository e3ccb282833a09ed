"""Eigenvalues and singular values under SciPy's signatures, also of pairs of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.ops.domains import HERMITIAN, POSITIVE_DEFINITE, REAL, REGULAR, case
from gradtape.ops.lapack.calls import entered, refused
from gradtape.ops.linalg_decompositions import eig_pull, eigh_pull, seen_of_eigh, seen_of_svd, svd_pull
from gradtape.ops.linalg_tools import (
    as_row,
    columns,
    conjugated,
    diagonal_of,
    gaps,
    hermitian_part,
    is_complex,
    one_of_two,
    product,
    turned,
)
from gradtape.ops.model import General, Index, Unsupported
from gradtape.ops.registry import composite, op

if TYPE_CHECKING:
    from collections.abc import Callable

PAIR = (case((3, 3), (3, 3)), case((2, 3, 3), (2, 3, 3)))


def seen_of_values(xp: Any, y: Any) -> Any:
    """Return eigenvalues, and the sizes of the eigenvectors' elements."""
    return y[0], xp.abs(y[1])


op(
    "lapack_eigh",
    "a, lower=True, driver=None",
    numpy=None,
    parts=2,
    domain=HERMITIAN,
    gauge_free=seen_of_eigh,
    cases=(case((3, 3)), case((2, 3, 3), lower=False)),
    a=General(lambda xp, g, y, a, lower, driver: eigh_pull(xp, g[0], g[1], *y)),
)
op(
    "lapack_svd",
    "a, full_matrices=True, lapack_driver='gesdd'",
    numpy=None,
    parts=3,
    gauge_free=seen_of_svd,
    cases=(case((3, 3)), case((4, 2)), case((2, 3, 3), full_matrices=False)),
    a=General(lambda xp, g, y, a, full_matrices, lapack_driver: svd_pull(xp, g, *y)),
)
op(
    "generalised_eigh",
    "a, b, lower=True",
    numpy=None,
    parts=2,
    domain=(HERMITIAN, POSITIVE_DEFINITE),
    gauge_free=seen_of_values,
    cases=PAIR,
    a=General(lambda xp, g, y, a, b, lower: pencil_pull(xp, g, *y)[0]),
    b=General(lambda xp, g, y, a, b, lower: pencil_pull(xp, g, *y)[1]),
)
op(
    "generalised_eig",
    "a, b",
    numpy=None,
    parts=2,
    domain=(REAL, REGULAR),
    gauge_free=seen_of_values,
    cases=PAIR,
    a=General(lambda xp, g, y, a, b: xp.solve(turned(xp, b), eig_pull(xp, g, *y))),
    b=General(
        lambda xp, g, y, a, b: -xp.solve(turned(xp, b), xp.matmul(eig_pull(xp, g, *y), turned(xp, quotient(xp, *y))))
    ),
)


def pencil_pull(xp: Any, g: Any, w: Any, v: Any) -> tuple[Any, Any]:
    """Send cotangents of `a v = b v w`, `vH b v = 1`, back to both matrices.

    With `p = vH da v` and `q = vH db v` the eigenvalues move by the diagonal of `p - q w`, and the eigenvectors by
    `v x`, where `x` is `(p - q w) / gap` beside the diagonal and `-q / 2` on it.
    """
    inner_a = inner_b = None
    if g[0] is not None:
        inner_a, inner_b = xp.matrix_diag(g[0]), -xp.matrix_diag(g[0] * w)
    if g[1] is not None:
        slope = xp.matmul(turned(xp, v), g[1])
        apart = gaps(xp, w) * slope
        inner_a = one_of_two(xp, inner_a, apart)
        on_diagonal = 0.5 * xp.matrix_diag(diagonal_of(xp, slope))
        inner_b = one_of_two(xp, inner_b, -apart * as_row(xp, w) - on_diagonal)
    outside = conjugated(xp, v), turned(xp, v)
    return tuple(hermitian_part(xp, product(xp, outside[0], k, outside[1])) for k in (inner_a, inner_b))


def quotient(xp: Any, w: Any, v: Any) -> Any:
    """Return the matrix with these eigenvalues and eigenvectors."""
    return turned(xp, xp.solve(turned(xp, v), turned(xp, v * as_row(xp, w))))


def eigh(
    xp: Any,
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,
    check_finite: bool = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: str | None = None,
) -> Any:
    """Return eigenvalues and eigenvectors of a Hermitian matrix or pair, in order; those of some places if wanted."""
    refused("eigh", subset_by_value=subset_by_value)
    a = entered(xp, a, check_finite)
    if b is not None:
        if type != 1:
            raise Unsupported(f"eigh has no place for type={type} here")
        w, v = xp.generalised_eigh(a, entered(xp, b, check_finite), lower=lower)
    elif eigvals_only:
        w, v = xp.eigvalsh(a, UPLO="L" if lower else "U"), None
    else:
        w, v = xp.lapack_eigh(a, lower=lower, driver=driver)
    if subset_by_index is not None:
        first, last = subset_by_index
        w = xp.getitem(w, Index((Ellipsis, slice(first, last + 1))))
        v = None if v is None else columns(xp, v, first, last + 1)
    return w if eigvals_only else (w, v)


def eigvalsh(
    xp: Any,
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,
    check_finite: bool = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: str | None = None,
) -> Any:
    """Return eigenvalues of a Hermitian matrix or pair."""
    return eigh(
        xp,
        a,
        b,
        lower=lower,
        eigvals_only=True,
        type=type,
        check_finite=check_finite,
        subset_by_index=subset_by_index,
        subset_by_value=subset_by_value,
    )


def as_complex(xp: Any, x: Any) -> Any:
    """Make real numbers complex."""
    return x if is_complex(x) else xp.cast(x, dtype="complex64" if x.dtype.itemsize == 4 else "complex128")


def eig(
    xp: Any,
    a: Any,
    b: Any = None,
    left: bool = False,
    right: bool = True,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    homogeneous_eigvals: bool = False,
) -> Any:
    """Return eigenvalues, always complex, and eigenvectors of a matrix or pair."""
    refused("eig", left=left, homogeneous_eigvals=homogeneous_eigvals)
    a = entered(xp, a, check_finite)
    if not right:
        return eigvals(xp, a, b, check_finite=check_finite)
    w, v = xp.eig(a) if b is None else xp.generalised_eig(a, entered(xp, b, check_finite))
    return as_complex(xp, w), v


def eigvals(
    xp: Any,
    a: Any,
    b: Any = None,
    overwrite_a: bool = False,
    check_finite: bool = True,
    homogeneous_eigvals: bool = False,
) -> Any:
    """Return eigenvalues, always complex, of a matrix or pair."""
    refused("eigvals", homogeneous_eigvals=homogeneous_eigvals)
    a = entered(xp, a, check_finite)
    if b is not None:
        return as_complex(xp, xp.generalised_eig(a, entered(xp, b, check_finite))[0])
    return as_complex(xp, xp.eigvals(a))


def svd(
    xp: Any,
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    overwrite_a: bool = False,
    check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:
    """Return left singular vectors, singular values and right singular vectors, or the values alone."""
    a = entered(xp, a, check_finite)
    if not compute_uv:
        return xp.svdvals(a)
    u, s, vh = xp.lapack_svd(a, full_matrices=full_matrices, lapack_driver=lapack_driver)
    return u, s, vh


def diagsvd(xp: Any, s: Any, M: int, N: int) -> Any:
    """Put singular values on the diagonal of a matrix of a shape."""
    s = xp.shaped(s)
    if s.shape[-1] not in {M, N}:
        raise ValueError("Length of s must be M or N.")
    places = list(range(s.shape[-1]))
    return xp.scatter_add(s, Index((Ellipsis, places, places)), shape=(*s.shape[:-1], M, N))


def eigh_tridiagonal(
    xp: Any,
    d: Any,
    e: Any,
    eigvals_only: bool = False,
    select: str = "a",
    select_range: Any = None,
    check_finite: bool = True,
    tol: float = 0.0,
    lapack_driver: str = "auto",
) -> Any:
    """Return eigenvalues and eigenvectors of a symmetric matrix with three diagonals."""
    w, v = xp.tridiagonal_eigh(entered(xp, d, check_finite), entered(xp, e, check_finite))
    return selected(xp, w, v, eigvals_only, select, select_range)


def selected(xp: Any, w: Any, v: Any, eigvals_only: bool, select: Any, select_range: Any) -> Any:
    """Return all eigenvalues, or those of some places in order."""
    if select in {"i", "index", 2}:
        first, last = (int(k) for k in select_range)
        w, v = xp.getitem(w, Index((Ellipsis, slice(first, last + 1)))), columns(xp, v, first, last + 1)
    elif select not in {"a", "all", 0}:
        raise Unsupported(f"select={select!r} has no place here: take all eigenvalues and cut them out")
    return w if eigvals_only else (w, v)


def eig_banded(
    xp: Any,
    a_band: Any,
    lower: bool = False,
    eigvals_only: bool = False,
    overwrite_a_band: bool = False,
    select: Any = "a",
    select_range: Any = None,
    max_ev: int = 0,
    check_finite: bool = True,
) -> Any:
    """Return eigenvalues and eigenvectors of a Hermitian matrix of few diagonals."""
    band = entered(xp, a_band, check_finite)
    count = band.shape[-2] - 1
    w, v = xp.eigh(xp.dense_band(xp.hermitian_band(band, lower), count, count))
    return selected(xp, w, v, eigvals_only, select, select_range)


CALLS: dict[str, Callable[..., Any]] = {
    "eigh": eigh,
    "eigvalsh": eigvalsh,
    "eig": eig,
    "eigvals": eigvals,
    "svd": svd,
    "diagsvd": diagsvd,
    "eigh_tridiagonal": eigh_tridiagonal,
    "eig_banded": eig_banded,
}
"""The functions under SciPy's names."""

for _name, _function in CALLS.items():
    composite(f"scipy_{_name}", _function, scipy=f"linalg.{_name}")
composite(
    "scipy_svdvals",
    lambda xp, a, overwrite_a=False, check_finite=True: xp.svdvals(entered(xp, a, check_finite)),
    scipy="linalg.svdvals",
)
composite(
    "scipy_eigvalsh_tridiagonal",
    lambda xp, d, e, select="a", select_range=None, check_finite=True, tol=0.0, lapack_driver="auto": eigh_tridiagonal(
        xp, d, e, True, select, select_range, check_finite
    ),
    scipy="linalg.eigvalsh_tridiagonal",
)
composite(
    "scipy_eigvals_banded",
    lambda xp, a_band, lower=False, overwrite_a_band=False, select="a", select_range=None, check_finite=True: (
        eig_banded(xp, a_band, lower, True, False, select, select_range, 0, check_finite)
    ),
    scipy="linalg.eigvals_banded",
)
