"""Second chances: what a row has no place for (`where=`, `initial=`, `order="F"`), composed of the rows that there are.

These composites stand for a function of NumPy that is a row, too. A call goes to the row first.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.model import Unsupported
from gradtape.ops.registry import composite


def masked(xp: Any, a: Any, where: Any, other: Any) -> Any:
    """Put another value in the place of the elements that do not count."""
    return a if where is True else xp.where(where, a, other)


def masked_sum(
    xp: Any, a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = 0.0, where: Any = True
) -> Any:
    """Sum the elements that count, and one value more."""
    return xp.sum(masked(xp, a, where, 0.0), axis=axis, keepdims=keepdims) + initial


def masked_prod(
    xp: Any, a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = 1.0, where: Any = True
) -> Any:
    """Multiply the elements that count, and one value more."""
    return xp.prod(masked(xp, a, where, 1.0), axis=axis, keepdims=keepdims) * initial


def masked_mean(xp: Any, a: Any, axis: Any = None, *, keepdims: bool = False, where: Any = True) -> Any:
    """Average the elements that count."""
    counted = xp.sum(xp.broadcast_to(where, shape=xp.shaped(a).shape), axis=axis, keepdims=keepdims)
    return xp.sum(masked(xp, a, where, 0.0), axis=axis, keepdims=keepdims) / counted


def masked_max(
    xp: Any, a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Return the largest of the elements that count and one value more."""
    if initial is None:
        raise Unsupported("max wants `initial` with `where`")
    return xp.maximum(xp.max(masked(xp, a, where, initial), axis=axis, keepdims=keepdims), initial)


def masked_min(
    xp: Any, a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Return the smallest of the elements that count and one value more."""
    if initial is None:
        raise Unsupported("min wants `initial` with `where`")
    return xp.minimum(xp.min(masked(xp, a, where, initial), axis=axis, keepdims=keepdims), initial)


def reshape_columns_first(xp: Any, a: Any, shape: Any, order: str = "C") -> Any:
    """Reshape with the first axis running fastest: the reversal of the ordinary way between two reversals."""
    if order != "F":
        raise Unsupported(f"reshape has no place for order={order!r} here")
    shape = tuple(shape) if hasattr(shape, "__len__") else (shape,)
    return xp.transpose(xp.reshape(xp.transpose(a, axes=None), shape=shape[::-1]), axes=None)


composite("masked_sum", masked_sum, numpy="sum")
composite("masked_prod", masked_prod, numpy="prod")
composite("masked_mean", masked_mean, numpy="mean")
composite("masked_max", masked_max, numpy="max")
composite("masked_min", masked_min, numpy="min")
composite("reshape_columns_first", reshape_columns_first, numpy="reshape")
