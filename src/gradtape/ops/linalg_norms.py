"""Norms of vectors and matrices of every order, and what is made of them and of products.

Where a norm has a kink the gradient is a subgradient: 0 at 0, shared equally among the largest elements or sums.
"""

from __future__ import annotations

from operator import index
from typing import Any

from gradtape.ops.domains import NONZERO, case
from gradtape.ops.linalg_tools import as_column
from gradtape.ops.model import General, Unsupported
from gradtape.ops.registry import composite, op

INFINITY = float("inf")

op(
    "p_norm",
    "x, ord, axis=None, keepdims=False",
    numpy=None,
    domain=NONZERO,
    cases=(
        case((2, 3), ord=3),
        case((2, 3), ord=1.5, axis=0),
        case((2, 3, 2), ord=0.5, axis=(0, -1), keepdims=True),
        case((2, 3), ord=-2, axis=1),
    ),
    x=General(lambda xp, g, y, x, ord, axis, keepdims: p_norm_pull(xp, g, y, x, ord, axis, keepdims)),
)


def p_norm_pull(xp: Any, g: Any, y: Any, x: Any, ord: float, axis: Any, keepdims: bool) -> Any:
    """Return `sign(x) (|x| / y) ** (ord - 1)` times the cotangent, and 0 where an element is 0."""
    share = xp.divide_no_nan(xp.abs(x), xp.unreduce(y, x.ndim, axis, keepdims))
    nothing = xp.equal(share, 0.0)
    slope = xp.where(nothing, 0.0, xp.power(xp.where(nothing, 1.0, share), ord - 1.0))
    return xp.conjugate(xp.sign(x)) * (slope * xp.unreduce(g, x.ndim, axis, keepdims))


def norm(xp: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the norm of vectors or matrices, as the number of axes says."""
    x = xp.shaped(x)
    if axis is None and ord is None:
        return xp.vector_norm(x, axis=None, keepdims=keepdims)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple | list) else (index(axis),)
    if len(axes) == 1:
        if isinstance(ord, str):
            raise ValueError(f"Invalid norm order '{ord}' for vectors")
        return norm_of_vectors(xp, x, 2 if ord is None else ord, axes[0], keepdims)
    if len(axes) != 2:
        raise ValueError("Improper number of dimensions to norm.")
    return norm_of_matrices(xp, x, "fro" if ord in {None, "f"} else ord, (axes[0], axes[1]), keepdims)


def norm_of_vectors(xp: Any, x: Any, ord: float, axis: Any, keepdims: bool) -> Any:
    """Return the norm of any order over one or several axes, or over all."""
    if ord == 2:
        return xp.vector_norm(x, axis=axis, keepdims=keepdims)
    if ord in {INFINITY, -INFINITY}:
        return (xp.max if ord > 0 else xp.min)(xp.abs(x), axis=axis, keepdims=keepdims)
    if ord == 0:
        return xp.cast(xp.sum(xp.not_equal(x, 0.0), axis=axis, keepdims=keepdims), dtype=xp.real(x).dtype)
    if ord == 1:
        return xp.sum(xp.abs(x), axis=axis, keepdims=keepdims)
    return xp.p_norm(x, ord=ord, axis=axis, keepdims=keepdims)


def norm_of_matrices(xp: Any, x: Any, ord: Any, axis: tuple[int, int], keepdims: bool) -> Any:
    """Return the norm over two axes: of singular values, or the largest (smallest) sum of sizes along one of them."""
    row, column = (k + x.ndim if k < 0 else k for k in axis)
    if row == column:
        raise ValueError("Duplicate axes given.")
    if ord == "fro":
        return xp.vector_norm(x, axis=axis, keepdims=keepdims)
    if ord in {2, -2, "nuc"}:
        values = xp.svdvals(xp.moveaxis(x, axis, (-2, -1)))
        reduced = {2: xp.max, -2: xp.min, "nuc": xp.sum}[ord](values, axis=-1)
        return xp.expand_dims(reduced, axis=tuple(sorted((row, column)))) if keepdims else reduced
    if ord not in {1, -1, INFINITY, -INFINITY}:
        raise ValueError("Invalid norm order for matrices.")
    summed, chosen = (row, column) if ord in {1, -1} else (column, row)
    sums = xp.sum(xp.abs(x), axis=summed, keepdims=True)
    best = (xp.max if ord > 0 else xp.min)(sums, axis=chosen, keepdims=True)
    return best if keepdims else xp.squeeze(best, axis=axis)


def linalg_vector_norm(xp: Any, x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """Return the norm of vectors along axes, or of all elements as one vector."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    return norm_of_vectors(xp, xp.shaped(x), ord, axis, keepdims)


def linalg_matrix_norm(xp: Any, x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Return the norm of matrices, the last two axes."""
    return norm(xp, x, ord, (-2, -1), keepdims)


def cond(xp: Any, x: Any, p: Any = None) -> Any:
    """Return the norm of a matrix times that of its inverse."""
    x = xp.shaped(x)
    if p in {None, 2, -2}:
        s = xp.svdvals(x)
        if 0 in s.shape:
            raise Unsupported("cond is not defined on empty arrays")
        largest, smallest = (xp.take(s, place, axis=-1) for place in (0, s.shape[-1] - 1))
        return smallest / largest if p == -2 else largest / smallest
    try:
        inverse = xp.inv(x)
    except ValueError as error:  # NumPy answers inf for a singular matrix, a constant
        raise Unsupported(f"cond: {error}") from None
    return norm(xp, x, p, (-2, -1)) * norm(xp, inverse, p, (-2, -1))


def matrix_power(xp: Any, a: Any, n: int) -> Any:
    """Multiply square matrices with themselves, by squaring, in the order of NumPy."""
    a, n = xp.shaped(a), index(n)
    if n < 0:
        a, n = xp.inv(a), -n
    if n == 0:
        return xp.zeros_like(a) + xp.matrix_diag(xp.ones_like(a, shape=a.shape[-1:]))
    if n == 3:
        return xp.matmul(xp.matmul(a, a), a)
    power = result = None
    while n > 0:
        power = a if power is None else xp.matmul(power, power)
        n, bit = divmod(n, 2)
        if bit:
            result = power if result is None else xp.matmul(result, power)
    return result


def multi_dot(xp: Any, arrays: Any, *, out: Any = None) -> Any:
    """Multiply several matrices in the order with the fewest multiplications; the first and last may be vectors."""
    if out is not None:
        raise Unsupported("multi_dot has no place for `out` here")
    factors = [xp.shaped(a) for a in arrays]
    if len(factors) < 2:
        raise ValueError("Expecting at least two arrays.")
    if len(factors) == 2:
        return xp.dot(*factors)
    vectors = factors[0].ndim == 1, factors[-1].ndim == 1
    if vectors[0]:
        factors[0] = xp.reshape(factors[0], shape=(1, -1))
    if vectors[1]:
        factors[-1] = as_column(xp, factors[-1])
    for k, a in enumerate(factors):
        if a.ndim != 2:
            raise ValueError(f"{a.ndim}-dimensional array given. Array {k} must be two-dimensional")
    result = chain(xp, factors, cheapest_splits([a.shape[0] for a in factors] + [factors[-1].shape[1]]))
    return xp.reshape(result, shape=() if all(vectors) else (-1,)) if any(vectors) else result


def cheapest_splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Find where to split each run of a chain of matrices (Cormen et al., Introduction to Algorithms, 15.2)."""
    n = len(sizes) - 1
    costs = {(k, k): 0 for k in range(n)}
    splits = {}
    for length in range(1, n):
        for first in range(n - length):
            last = first + length
            tried = [
                (costs[first, k] + costs[k + 1, last] + sizes[first] * sizes[k + 1] * sizes[last + 1], k)
                for k in range(first, last)
            ]
            costs[first, last], splits[first, last] = min(tried)
    return splits


def chain(xp: Any, factors: list[Any], splits: dict[tuple[int, int], int]) -> Any:
    """Multiply a chain of matrices with the splits that were found."""

    def run(first: int, last: int) -> Any:
        if first == last:
            return factors[first]
        split = splits[first, last]
        return xp.matmul(run(first, split), run(split + 1, last))

    return run(0, len(factors) - 1)


composite("norm", norm, numpy="linalg.norm")
composite("linalg_vector_norm", linalg_vector_norm, numpy="linalg.vector_norm")
composite("linalg_matrix_norm", linalg_matrix_norm, numpy="linalg.matrix_norm")
composite("cond", cond, numpy="linalg.cond")
composite("matrix_power", matrix_power, numpy="linalg.matrix_power")
composite("multi_dot", multi_dot, numpy="linalg.multi_dot")
