"""Rows of the factorizations: LU, RQ, polar, and the two that turn a matrix: Schur's and Hessenberg's.

Signs and phases are LAPACK's choice; the rules are right for what does not depend on them (and, for real matrices, for
the factors themselves). Pivots and block structure stay what they are.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import REGULAR, case
from gradtape.ops.linalg_decompositions import (
    qr_complete_pull,
    right_divided,
    seen_of_qr,
    weighted_projector,
)
from gradtape.ops.linalg_tools import (
    adjoint,
    as_column,
    columns,
    conjugated,
    diagonal_of,
    is_complex,
    one_of_two,
    product,
    rows,
    turned,
)
from gradtape.ops.model import Cotangents, General, Index
from gradtape.ops.registry import op

SHAPES = (case((3, 3)), case((4, 2)), case((2, 4)), case((2, 3, 3)), case((2, 4, 2)), case((2, 2, 3)))
TURNING = (case((4, 4)), case([[0.1, 2.0, 0.3], [-1.0, 0.5, 1.0], [0.2, 0.1, 3.0]]), case((2, 3, 3)), case((1, 1)))


def seen_of_rotation(xp: Any, y: Any) -> Any:
    """Return sizes and diagonal of the turned matrix, and the vectors without their phases."""
    inner, turn = y
    return xp.abs(inner), diagonal_of(xp, inner), weighted_projector(xp, turn, turn.shape[-1])


def seen_of_rq(xp: Any, y: Any) -> Any:
    """Return of an RQ factorization what a QR factorization of the mirrored matrix has."""
    return seen_of_qr(xp, as_qr(xp, *y))


op(
    "lu_rows",
    "a",
    numpy=None,
    parts=3,
    cases=SHAPES,
    a=General(lambda xp, g, y, a: lu_pull(xp, g[0], y[0], y[2])),
)
op(
    "rq_reduced",
    "a",
    numpy=None,
    parts=2,
    gauge_free=seen_of_rq,
    cases=SHAPES,
    a=General(lambda xp, g, y, a: rq_pull(xp, g, y)),
)
op(
    "rq_complete",
    "a",
    numpy=None,
    parts=2,
    gauge_free=seen_of_rq,
    cases=SHAPES,
    a=General(lambda xp, g, y, a: rq_pull(xp, g, y)),
)
op(
    "polar_factors",
    "a",
    numpy=None,
    parts=2,
    domain=REGULAR,
    cases=(case((3, 3)), case((4, 2)), case((2, 3, 2))),
    a=General(lambda xp, g, y, a: polar_pull(xp, g, *y)),
)
op(
    "schur_form",
    "a, output='real'",
    numpy=None,
    parts=2,
    gauge_free=seen_of_rotation,
    cases=(*TURNING, case((3, 3), output="complex")),
    a=General(lambda xp, g, y, a, output: schur_pull(xp, g, *y)),
)
op(
    "hessenberg_form",
    "a",
    numpy=None,
    parts=2,
    gauge_free=seen_of_rotation,
    cases=TURNING,
    a=General(lambda xp, g, y, a: hessenberg_pull(xp, g, *y)),
)


def permuted(xp: Any, x: Any, order: Any) -> Any:
    """Take the rows of matrices in an order."""
    places = xp.broadcast_to(as_column(xp, order), shape=x.shape)
    return xp.take_along_axis(x, places, axis=-2)


def lu_pull(xp: Any, g: Any, packed: Any, order: Any) -> Any:
    """Transpose `l^-1 (p da) u^-1 = l^-1 dl + du u^-1`, of which the left is strictly lower and the right upper."""
    m, n = packed.shape[-2:]
    k = min(packed.shape[-2:])
    square, g_square = (rows(xp, columns(xp, x, None, k), None, k) for x in (packed, g))
    lower, upper = xp.tril(square, k=-1), xp.triu(square)
    lower = lower + xp.matrix_diag(xp.ones_like(packed, shape=(k,)))
    below = xp.matmul(turned(xp, lower), g_square)
    above = xp.matmul(g_square, turned(xp, upper))
    if n > k:
        g_right, right = columns(xp, g, k, None), columns(xp, packed, k, None)
        below = below - xp.matmul(g_right, turned(xp, right))
    if m > k:
        g_down, down = rows(xp, g, k, None), rows(xp, packed, k, None)
        above = above - xp.matmul(turned(xp, down), g_down)
    inner = xp.triangular_solve(turned(xp, lower), xp.tril(below, k=-1) + xp.triu(above), lower=False)
    ct = right_divided(xp, inner, turned(xp, upper), lower=True)
    if n > k:
        ct = xp.concatenate([ct, xp.triangular_solve(turned(xp, lower), g_right, lower=False)], axis=-1)
    if m > k:
        ct = xp.concatenate([ct, right_divided(xp, g_down, turned(xp, upper), lower=True)], axis=-2)
    return permuted(xp, ct, xp.argsort(order))


def as_qr(xp: Any, r: Any, q: Any) -> Any:
    """Read `a = r q` as the QR factorization of the mirrored `aH`."""
    return xp.flip(adjoint(xp, q), axis=-1), xp.flip(adjoint(xp, r), axis=(-2, -1))


def rq_pull(xp: Any, g: Any, y: Any) -> Any:
    """Send cotangents back through the QR factorization that an RQ factorization is."""
    gq = None if g[1] is None else xp.flip(adjoint(xp, g[1]), axis=-1)
    gr = None if g[0] is None else xp.flip(adjoint(xp, g[0]), axis=(-2, -1))
    ct = qr_complete_pull(xp, Cotangents({0: gq, 1: gr}), *as_qr(xp, *y))
    return adjoint(xp, xp.flip(ct, axis=-1))


def polar_pull(xp: Any, g: Any, u: Any, p: Any) -> Any:
    """Transpose the derivative of `a = u p`: `uH du` is the skew solution of a Sylvester equation with `p`."""
    back = turned(xp, p)
    inner = None if g[1] is None else -xp.matmul(g[1], back)
    inner = one_of_two(xp, inner, None if g[0] is None else xp.matmul(turned(xp, u), g[0]))
    skew = xp.sylvester(back, back, inner)
    skew = skew - adjoint(xp, skew)
    ct = xp.matmul(conjugated(xp, u), skew if g[1] is None else skew + g[1])
    if g[0] is None or u.shape[-2] == u.shape[-1]:
        return ct
    outside = g[0] - product(xp, conjugated(xp, u), turned(xp, u), g[0])
    return ct + turned(xp, xp.solve(p, turned(xp, outside)))


def places_below(n: int, offset: int, first: int) -> tuple[list[int], list[int]]:
    """Return the rows and columns of the elements below a diagonal, from a first column on."""
    pairs = [(i, j) for j in range(first, n) for i in range(j + 1 + offset, n)]
    return [i for i, _ in pairs], [j for _, j in pairs]


def schur_pull(xp: Any, g: Any, inner: Any, turn: Any) -> Any:
    """Send cotangents of Schur's form back.

    What must stay zero below the diagonal says how the vectors turn; in a 2 x 2 block of a complex pair it is the
    difference of the two diagonal elements that stays zero.
    """
    *_, n = inner.shape
    below = down, across = places_below(n, 0, 0)
    count = len(down)
    zero = units(xp, inner, below, n)
    at = [k for k in range(count) if down[k] == across[k] + 1]
    rights, lefts = [across[k] for k in at], [down[k] for k in at]
    ones = xp.ones_like(inner, shape=(len(at),))
    equal = xp.scatter_add(ones, Index((at, rights, rights)), shape=(count, n, n))
    equal = equal - xp.scatter_add(ones, Index((at, lefts, lefts)), shape=(count, n, n))
    in_block = xp.cast(xp.not_equal(xp.getitem(inner, Index((Ellipsis, *below))), 0.0), dtype=inner.dtype)
    in_block = xp.reshape(in_block, shape=(*in_block.shape, 1, 1))
    return rotation_pull(xp, g, inner, turn, below, zero + in_block * (equal - zero))


def hessenberg_pull(xp: Any, g: Any, inner: Any, turn: Any) -> Any:
    """Send cotangents of Hessenberg's form back: zero below the first subdiagonal, the first vector stands still."""
    *_, n = inner.shape
    stays_zero = units(xp, inner, places_below(n, 1, 0), n)
    return rotation_pull(xp, g, inner, turn, places_below(n, 0, 1), stays_zero)


def units(xp: Any, like: Any, places: tuple[list[int], list[int]], n: int) -> Any:
    """Stack the matrices that are 1 at one place each."""
    down, across = places
    count = len(down)
    ones = xp.ones_like(like, shape=(count,))
    return xp.scatter_add(ones, Index((list(range(count)), down, across)), shape=(count, n, n))


def rotation_pull(xp: Any, g: Any, inner: Any, turn: Any, free: tuple[list[int], list[int]], fixed: Any) -> Any:
    """Send cotangents of `a = turn inner turnH` back, where constraints on `inner` say how `turn` moves.

    With `w = turnH dturn`, which is skew, and `m = turnH da turn`, the inner matrix moves by `m + inner w - w inner`.
    The elements of `w` at the places `free` follow from the equations `sum(fixed[k] * dinner) = 0`.
    """
    *_, n = inner.shape
    count = fixed.shape[-3]
    ct = g[0]
    if count:
        slope = None if ct is None else xp.matmul(turned(xp, inner), ct) - xp.matmul(ct, turned(xp, inner))
        slope = one_of_two(xp, slope, None if g[1] is None else xp.matmul(turned(xp, turn), g[1]))
        slope = xp.getitem(slope - adjoint(xp, slope), Index((Ellipsis, *free)))
        basis = units(xp, inner, free, n)
        if not is_complex(inner):
            basis = basis - turned(xp, basis)
        wide = xp.reshape(inner, shape=(*inner.shape[:-2], 1, n, n))
        moved = xp.matmul(wide, basis) - xp.matmul(basis, wide)
        moved = xp.reshape(moved, shape=(*inner.shape[:-2], count, n * n))
        fixed = xp.broadcast_to(fixed, shape=(*inner.shape[:-2], count, n, n))
        fixed = xp.reshape(fixed, shape=(*inner.shape[:-2], count, n * n))
        system = xp.matmul(moved, turned(xp, fixed))
        weights = xp.matmul(turned(xp, xp.solve(system, as_column(xp, slope))), fixed)
        ct = one_of_two(xp, ct, -xp.reshape(weights, shape=inner.shape))
    if ct is None:
        ct = xp.zeros_like(inner)
    return product(xp, conjugated(xp, turn), ct, turned(xp, turn))
