"""Methods of ufuncs: `reduce`, `accumulate`, `reduceat`, `outer` and `at`, of those that have rows and of all others.

Where no row is what a method computes, it is computed as NumPy defines it: one application after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.arrays import doors, writing
from gradtape.arrays.dispatch import Node
from gradtape.arrays.writing import deliver
from gradtape.ops import Index, Op, Unsupported, row_named
from gradtape.ops.reductions import axes_of, in_rows

if TYPE_CHECKING:
    from types import FrameType

METHODS: dict[tuple[str, str], str] = {
    ("add", "reduce"): "sum",
    ("multiply", "reduce"): "prod",
    ("maximum", "reduce"): "max",
    ("minimum", "reduce"): "min",
    ("fmax", "reduce"): "nanmax",
    ("fmin", "reduce"): "nanmin",
    ("logaddexp", "reduce"): "logsumexp",
    ("logical_and", "reduce"): "all",
    ("logical_or", "reduce"): "any",
    ("add", "accumulate"): "cumsum",
    ("multiply", "accumulate"): "cumprod",
    ("maximum", "accumulate"): "running_max",
    ("minimum", "accumulate"): "running_min",
}
"""Methods of ufuncs that are operations of their own."""


def call(ufunc: Any, method: str, args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType) -> Any:
    """Run a method of a ufunc on tensors.

    Raises
    ------
    Unsupported
        If it can only be left to NumPy: `at` on a plain array.
    """
    if method == "at":
        if not isinstance(args[0], Node):
            raise Unsupported("a plain array is written to")
        operands = args[2] if len(args) > 2 else ...
        return writing.ufunc_at(ufunc.__name__, ufunc, args[0], args[1], operands, frame)
    if method == "outer":
        a, b = (doors.SPACE.shaped(x) for x in args)
        return ufunc(doors.SPACE.reshape(a, shape=(*a.shape, *(1,) * b.ndim)), b, **kwargs)
    name = METHODS.get((ufunc.__name__, method))
    if name is not None:
        row = row_named(name)
        full = {"axis": 0, **kwargs}
        try:
            if isinstance(row, Op):
                return doors.call_row(row, args, full, frame)
            return doors.call_composite(row, args, full, frame)
        except Unsupported:
            pass
    out = kwargs.pop("out", None)
    compute = reduced if method == "reduce" else accumulated if method == "accumulate" else reduced_at
    return deliver(compute(ufunc, *args, **kwargs), out, frame, ufunc.__name__)


def operand(array: Any, dtype: Any) -> Any:
    """Return the array in the dtype that the call asks for."""
    return doors.SPACE.shaped(array) if dtype is None else doors.SPACE.cast(array, dtype=dtype)


def reduced(
    ufunc: Any,
    array: Any,
    axis: Any = 0,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Combine the elements along axes, from the first to the last."""
    xp = doors.SPACE
    x = operand(array, dtype)
    rows = in_rows(xp, x, axis)
    kept = None if where is True else in_rows(xp, xp.broadcast_to(where, shape=x.shape), axis)
    result = ufunc.identity if initial is None and (kept is not None or not rows.shape[0]) else initial
    if result is None and (kept is not None or not rows.shape[0]):
        raise ValueError(f"reduction operation '{ufunc.__name__}' has no identity, so it needs `initial` here")
    if initial is None and result is not None and not ufunc.__name__.startswith("logical"):
        result = xp.cast(result, dtype=x.dtype)
    for k in range(rows.shape[0]):
        row = xp.getitem(rows, Index(k))
        combined = row if result is None else ufunc(result, row)
        result = combined if kept is None else xp.where(xp.getitem(kept, Index(k)), combined, result)
    result = xp.broadcast_to(result, shape=rows.shape[1:])
    if not keepdims:
        return result
    gone = axes_of(x.ndim, axis)
    return xp.reshape(result, shape=tuple(1 if k in gone else n for k, n in enumerate(x.shape)))


def accumulated(ufunc: Any, array: Any, axis: int = 0, dtype: Any = None) -> Any:
    """Combine the elements along an axis, and keep every step."""
    xp = doors.SPACE
    pieces = list(xp.unstack(operand(array, dtype), axis=axis))
    for k in range(1, len(pieces)):
        pieces[k] = ufunc(pieces[k - 1], pieces[k])
    return xp.stack(pieces, axis=axis)


def reduced_at(ufunc: Any, array: Any, indices: Any, axis: int = 0, dtype: Any = None) -> Any:
    """Combine the elements of each part of an axis: from one index to the next one, or that element alone."""
    xp = doors.SPACE
    x = operand(array, dtype)
    places = [int(k) for k in (indices._value if isinstance(indices, Node) else indices)]
    before = (slice(None),) * (axis % x.ndim)
    pieces = []
    for start, stop in zip(places, [*places[1:], x.shape[axis]], strict=True):
        part = xp.getitem(x, Index((*before, slice(start, max(stop, start + 1)))))
        pieces.append(ufunc.reduce(part, axis=axis))
    return xp.stack(pieces, axis=axis)
