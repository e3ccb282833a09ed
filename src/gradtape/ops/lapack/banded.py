"""Rows of systems whose matrix has few diagonals, stored as LAPACK does: `ab[u + i - j, j] = a[i, j]`."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import NONZERO, REAL, Domain, case
from gradtape.ops.linalg_decompositions import eigh_pull
from gradtape.ops.linalg_tools import diagonal_of, rows, turned
from gradtape.ops.model import General, Index, Multilinear
from gradtape.ops.registry import composite, op

STEEP = Domain(3.0, 5.0)


def seen_of_vectors(xp: Any, y: Any) -> Any:
    """Return eigenvalues, and products of the eigenvectors' elements: no sign is left."""
    weights = xp.cast([k + 1.0 for k in range(y[1].shape[-1])], dtype=y[1].dtype)
    return y[0], xp.matmul(y[1] * weights, turned(xp, y[1]))


op(
    "banded_solve",
    "ab, b, lower, upper",
    numpy=None,
    domain=(STEEP, REAL),
    cases=(
        case((3, 4), (4, 2), lower=1, upper=1),
        case((3, 4), (4, 1), lower=0, upper=2),
        case((2, 3), (3, 1), lower=1, upper=0),
        case((4, 5), (5, 2), lower=2, upper=1),
        case((2, 3, 4), (4, 2), lower=1, upper=1),
        case((1, 3), (3, 1), lower=0, upper=0),
    ),
    ab=General(lambda xp, g, y, ab, b, lower, upper: banded_left(xp, g, y, ab, lower, upper)),
    b=Multilinear(
        lambda xp, g, y, ab, b, lower, upper: xp.unbroadcast(
            xp.banded_solve(mirrored_band(xp, ab, lower, upper), g, lower=upper, upper=lower), b.shape
        )
    ),
)
op(
    "tridiagonal_eigh",
    "d, e",
    numpy=None,
    parts=2,
    domain=(REAL, NONZERO),
    gauge_free=seen_of_vectors,
    cases=(case((4,), (3,)), case((2, 3), (2, 2))),
    d=General(lambda xp, g, y, d, e: diagonal_of(xp, eigh_pull(xp, g[0], g[1], *y))),
    e=General(lambda xp, g, y, d, e: 2.0 * diagonal_of(xp, eigh_pull(xp, g[0], g[1], *y), 1)),
)


def shifted(xp: Any, x: Any, by: int) -> Any:
    """Move the elements of the last axis, `y[j] = x[j + by]`; zeros come in."""
    if by == 0:
        return x
    kept, places = (slice(by, None), slice(None, -by)) if by > 0 else (slice(None, by), slice(-by, None))
    return xp.scatter_add(xp.getitem(x, Index((Ellipsis, kept))), Index((Ellipsis, places)), shape=x.shape)


def band(xp: Any, ab: Any, k: int) -> Any:
    """Take one stored diagonal."""
    return xp.getitem(ab, Index((Ellipsis, k, slice(None))))


def mirrored_band(xp: Any, ab: Any, lower: int, upper: int) -> Any:
    """Store the transpose."""
    parts = [shifted(xp, band(xp, ab, upper + lower - k), k - lower) for k in range(lower + upper + 1)]
    return xp.stack(parts, axis=-2)


def banded_left(xp: Any, g: Any, y: Any, ab: Any, lower: int, upper: int) -> Any:
    """Return what flows to the stored diagonals: those of `-back yT`."""
    back = turned(xp, xp.banded_solve(mirrored_band(xp, ab, lower, upper), g, lower=upper, upper=lower))
    across = turned(xp, y)
    parts = [-xp.sum(shifted(xp, back, k - upper) * across, axis=-2) for k in range(lower + upper + 1)]
    return xp.unbroadcast(xp.stack(parts, axis=-2), ab.shape)


def dense_band(xp: Any, ab: Any, lower: int, upper: int) -> Any:
    """Write a stored band out as square matrices."""
    n = ab.shape[-1]
    total = None
    for k in range(lower + upper + 1):
        down = k - upper
        start, stop = max(-down, 0), min(n, n - down)
        if start >= stop:
            continue
        columns = list(range(start, stop))
        kept = xp.getitem(ab, Index((Ellipsis, k, slice(start, stop))))
        places = Index((Ellipsis, [j + down for j in columns], columns))
        part = xp.scatter_add(kept, places, shape=(*ab.shape[:-2], n, n))
        total = part if total is None else total + part
    return total


def band_of(xp: Any, a: Any, lower: int, upper: int) -> Any:
    """Store the diagonals of square matrices, zeros where there is no element."""
    n = a.shape[-1]
    parts = []
    for k in range(lower + upper + 1):
        down = k - upper
        start, stop = max(-down, 0), min(n, n - down)
        kept = diagonal_of(xp, a, -down)
        parts.append(xp.scatter_add(kept, Index((Ellipsis, slice(start, stop))), shape=(*a.shape[:-2], n)))
    return xp.stack(parts, axis=-2)


def hermitian_band(xp: Any, ab: Any, lower: bool) -> Any:
    """Add the other triangle to a stored one."""
    n = ab.shape[-2] - 1
    if lower:
        mirrored = xp.conjugate(mirrored_band(xp, ab, n, 0))
        return xp.concatenate([rows(xp, mirrored, None, n), ab], axis=-2)
    mirrored = xp.conjugate(mirrored_band(xp, ab, 0, n))
    return xp.concatenate([ab, rows(xp, mirrored, 1, None)], axis=-2)


composite("dense_band", dense_band, numpy=None)
composite("band_of", band_of, numpy=None)
composite("hermitian_band", hermitian_band, numpy=None)
composite("mirrored_band", mirrored_band, numpy=None)
