"""Matrices that are made of a few numbers, and systems with them."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from gradtape.ops.domains import REAL, Domain, case
from gradtape.ops.lapack.calls import entered, refused, with_columns
from gradtape.ops.linalg_tools import as_column, as_row, turned
from gradtape.ops.model import General, Index, Multilinear
from gradtape.ops.registry import composite, op

if TYPE_CHECKING:
    from collections.abc import Callable

op(
    "levinson",
    "c, r, b",
    numpy=None,
    domain=(Domain(-0.4, 0.4), Domain(-0.4, 0.4), REAL),
    cases=(case([3.0, 0.4, -0.3], (3,), (3, 2)), case([2.0], (1,), (1, 1))),
    c=General(lambda xp, g, y, c, r, b: levinson_pull(xp, g, y, c, r)[0]),
    r=General(lambda xp, g, y, c, r, b: levinson_pull(xp, g, y, c, r)[1]),
    b=Multilinear(lambda xp, g, y, c, r, b: xp.levinson(*transposed(xp, c, r), g)),
)


def transposed(xp: Any, c: Any, r: Any) -> tuple[Any, Any]:
    """Return first column and row of the transpose: the corner belongs to the column."""
    corner = xp.getitem(c, Index(slice(0, 1)))
    column = xp.concatenate([corner, xp.getitem(r, Index(slice(1, None)))])
    return column, c


def levinson_pull(xp: Any, g: Any, y: Any, c: Any, r: Any) -> tuple[Any, Any]:
    """Sum `-back yT` along the diagonals, each of which is one number; the first of the row is not read."""
    n = c.shape[0]
    back = xp.levinson(*transposed(xp, c, r), g)
    places = [[i - j + n - 1 for j in range(n)] for i in range(n)]
    sums = xp.scatter_add(-xp.matmul(back, turned(xp, y)), Index(places), shape=(2 * n - 1,))
    above = xp.flip(xp.getitem(sums, Index(slice(0, n - 1))))
    unread = xp.zeros_like(sums, shape=(1,))
    return xp.getitem(sums, Index(slice(n - 1, None))), xp.concatenate([unread, above])


def first_column_and_row(xp: Any, c_or_cr: Any, check_finite: bool) -> tuple[Any, Any]:
    """Read `(c, r)`, or `c` alone, whose conjugate is the row."""
    if isinstance(c_or_cr, tuple):
        c, r = (xp.ravel(entered(xp, x, check_finite)) for x in c_or_cr)
        return c, r
    c = xp.ravel(entered(xp, c_or_cr, check_finite))
    return c, xp.conjugate(c)


def solve_toeplitz(xp: Any, c_or_cr: Any, b: Any, check_finite: bool = True) -> Any:
    """Solve with a matrix whose diagonals are constant."""
    c, r = first_column_and_row(xp, c_or_cr, check_finite)
    b = entered(xp, b, check_finite)
    flat = b if b.ndim < 3 else xp.reshape(b, shape=(b.shape[0], -1))
    return xp.reshape(with_columns(xp, lambda x: xp.levinson(c, r, x), flat, b.ndim == 1), shape=b.shape)


def matmul_toeplitz(xp: Any, c_or_cr: Any, x: Any, check_finite: bool = False, workers: Any = None) -> Any:
    """Multiply with a matrix whose diagonals are constant."""
    c, r = first_column_and_row(xp, c_or_cr, check_finite)
    return xp.tensordot(toeplitz(xp, c, r), entered(xp, x, check_finite), ((1,), (0,)))


def solve_circulant(
    xp: Any,
    c: Any,
    b: Any,
    singular: str = "raise",
    tol: Any = None,
    caxis: int = -1,
    baxis: int = 0,
    outaxis: int = 0,
) -> Any:
    """Solve with a matrix whose columns are one column turned round."""
    refused("solve_circulant", tol=tol, singular=singular != "raise" and singular)
    c = xp.moveaxis(xp.shaped(c), caxis, -1)
    b = xp.moveaxis(xp.shaped(b), baxis, -1)
    x = xp.solve(circulant(xp, c), as_column(xp, b))
    return xp.moveaxis(xp.reshape(x, shape=x.shape[:-1]), -1, outaxis)


def toeplitz(xp: Any, c: Any, r: Any = None) -> Any:
    """Make matrices with constant diagonals from their first column and row, vectors of the last axis."""
    c = xp.shaped(c)
    r = xp.conjugate(c) if r is None else xp.shaped(r)
    m, n = c.shape[-1], r.shape[-1]
    batch = c.shape[:-1]
    both = xp.concatenate([xp.flip(r, axis=-1), c], axis=-1)  # the corner of the row stands before that of the column
    places = [[n + i - j if i >= j else n - 1 - (j - i) for j in range(n)] for i in range(m)]
    return xp.take(both, places, axis=-1) if batch == r.shape[:-1] else spread(xp, c, r)


def spread(xp: Any, c: Any, r: Any) -> Any:
    """Let stacks of columns and rows broadcast together first."""
    like = xp.sum(c, axis=-1, keepdims=True) * 0.0 + xp.sum(r, axis=-1, keepdims=True) * 0.0
    batch = like.shape[:-1]
    return toeplitz(
        xp,
        xp.broadcast_to(c, shape=(*batch, c.shape[-1])),
        xp.broadcast_to(r, shape=(*batch, r.shape[-1])),
    )


def circulant(xp: Any, c: Any) -> Any:
    """Make matrices whose columns are one column turned round."""
    c = xp.shaped(c)
    n = c.shape[-1]
    return xp.take(c, [[(i - j) % n for j in range(n)] for i in range(n)], axis=-1)


def hankel(xp: Any, c: Any, r: Any = None) -> Any:
    """Make a matrix with constant antidiagonals from its first column and last row."""
    c = xp.ravel(xp.shaped(c))
    r = xp.zeros_like(c) if r is None else xp.ravel(xp.shaped(r))
    m, n = c.shape[0], r.shape[0]
    both = xp.concatenate([c, xp.getitem(r, Index(slice(1, None)))])
    return xp.take(both, [[i + j for j in range(n)] for i in range(m)])


def companion(xp: Any, a: Any) -> Any:
    """Make matrices whose characteristic polynomials are given."""
    a = xp.shaped(a)
    n = a.shape[-1]
    if n < 2:
        raise ValueError("The length of `a` along the last axis must be at least 2.")
    row = -part(xp, a, 1, None) / part(xp, a, 0, 1)
    ones = xp.ones_like(row, shape=(*row.shape[:-1], n - 2))
    below = xp.scatter_add(
        ones, Index((Ellipsis, list(range(1, n - 1)), list(range(n - 2)))), shape=(*row.shape[:-1], n - 1, n - 1)
    )
    return below + xp.scatter_add(as_row(xp, row), Index((Ellipsis, slice(0, 1), slice(None))), shape=below.shape)


def part(xp: Any, x: Any, start: int | None, stop: int | None) -> Any:
    """Take a piece of the last axis."""
    return xp.getitem(x, Index((Ellipsis, slice(start, stop))))


def convolution_matrix(xp: Any, a: Any, n: int, mode: str = "full") -> Any:
    """Make matrices that convolve with a vector of `n` numbers."""
    if n <= 0:
        raise ValueError("n must be a positive integer.")
    if mode not in {"full", "valid", "same"}:
        raise ValueError("'mode' argument must be one of ('full', 'valid', 'same')")
    a = xp.shaped(a)
    m = a.shape[-1]
    trim = 0 if mode == "full" else min(n, m) - 1
    first = trim // 2 if mode == "same" else trim
    count = m + n - 1 - (trim if mode == "same" else 2 * trim)
    padded = xp.concatenate([a, xp.zeros_like(a, shape=(*a.shape[:-1], 1))], axis=-1)
    gaps = [[i + first - j for j in range(n)] for i in range(count)]
    return xp.take(padded, [[k if 0 <= k < m else m for k in line] for line in gaps], axis=-1)


def fiedler(xp: Any, a: Any) -> Any:
    """Make the matrices of distances between numbers."""
    a = xp.shaped(a)
    return xp.abs(as_column(xp, a) - as_row(xp, a))


def fiedler_companion(xp: Any, a: Any) -> Any:
    """Make a matrix with five diagonals whose characteristic polynomial is given."""
    a = xp.shaped(a)
    if a.ndim != 1 or a.shape[0] < 2:
        refused("fiedler_companion", shape=a.shape)
    a = a / part(xp, a, 0, 1)
    n = a.shape[0] - 1
    if n == 1:
        return xp.reshape(-part(xp, a, 1, 2), shape=(1, 1))
    odd, even = list(range(3, n + 1, 2)), list(range(2, n + 1, 2))
    ones = [(i, i - 2) for i in range(3, n, 2)] + [(i, i + 2) for i in range(0, n - 2, 2)] + [(1, 0)]
    taken = [(k - 1, k - 2) for k in odd] + [(k - 2, k - 1) for k in even] + [(0, 0)]
    values = xp.concatenate([xp.ones_like(a, shape=(len(ones),)), -xp.take(a, [*odd, *even, 1])])
    places = [*ones, *taken]
    return xp.scatter_add(values, Index(([i for i, _ in places], [j for _, j in places])), shape=(n, n))


def leslie(xp: Any, f: Any, s: Any) -> Any:
    """Make the matrix of a population from its birth rates and survivals."""
    f, s = xp.shaped(f), xp.shaped(s)
    if f.ndim != 1 or s.ndim != 1:
        refused("leslie", shapes=(f.shape, s.shape))
    n = f.shape[0]
    if s.shape[0] != n - 1 or n < 2:
        raise ValueError("Incorrect lengths for f and s. The length of s must be one less than the length of f.")
    below = xp.scatter_add(s, Index((list(range(1, n)), list(range(n - 1)))), shape=(n, n))
    return below + xp.scatter_add(f, Index(0), shape=(n, n))


def block_diag(xp: Any, *arrs: Any) -> Any:
    """Put matrices along the diagonal of one; a vector is a row."""
    blocks = [xp.atleast_2d(xp.shaped(a)) for a in arrs]
    if not blocks or any(b.ndim != 2 for b in blocks):
        refused("block_diag", shapes=[b.shape for b in blocks] or "nothing")
    rows, columns = sum(b.shape[0] for b in blocks), sum(b.shape[1] for b in blocks)
    row = column = 0
    total = None
    for block in blocks:
        m, n = block.shape
        place = Index((slice(row, row + m), slice(column, column + n)))
        placed = xp.scatter_add(block, place, shape=(rows, columns))
        total = placed if total is None else total + placed
        row, column = row + m, column + n
    return total


def khatri_rao(xp: Any, a: Any, b: Any) -> Any:
    """Multiply column by column, each with the Kronecker product."""
    a, b = xp.shaped(a), xp.shaped(b)
    if a.shape[-1] != b.shape[-1]:
        raise ValueError("The number of columns for both arrays should be equal.")
    wide = xp.expand_dims(a, -2) * xp.expand_dims(b, -3)
    return xp.reshape(wide, shape=(*wide.shape[:-3], prod(wide.shape[-3:-1]), wide.shape[-1]))


CALLS: dict[str, Callable[..., Any]] = {
    "solve_toeplitz": solve_toeplitz,
    "matmul_toeplitz": matmul_toeplitz,
    "solve_circulant": solve_circulant,
    "toeplitz": toeplitz,
    "circulant": circulant,
    "hankel": hankel,
    "companion": companion,
    "convolution_matrix": convolution_matrix,
    "fiedler": fiedler,
    "fiedler_companion": fiedler_companion,
    "leslie": leslie,
    "block_diag": block_diag,
    "khatri_rao": khatri_rao,
}
"""The functions under SciPy's names."""

for _name, _function in CALLS.items():
    composite(f"scipy_{_name}", _function, scipy=f"linalg.{_name}")
