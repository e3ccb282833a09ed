"""The row of padding with a constant, and the modes of padding that repeat elements: those are a `take`."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import General, Index, Unsupported
from gradtape.ops.registry import composite, op

op(
    "pad",
    "array, pad_width, value=0",
    numpy=None,
    # not `Linear`: run on tangents, it would put the value around them
    array=General(lambda xp, g, y, array, pad_width, value: xp.getitem(g, inside(pad_width, array.shape))),
    cases=(
        case((2, 3), pad_width=((1, 2), (0, 1))),
        case((2,), pad_width=((1, 0),)),
        case((2,), pad_width=((1, 2),), value=3.0),
    ),
)


def inside(pad_width: Any, shape: tuple[int, ...]) -> Index:
    """Write the brackets that cut the padding off again."""
    return Index(tuple(slice(before, before + n) for (before, _), n in zip(pad_width, shape, strict=True)))


def widths(pad_width: Any, ndim: int) -> tuple[tuple[int, int], ...]:
    """Write NumPy's short forms of a padding out: a pair for each axis."""
    pairs: list[Any]
    if isinstance(pad_width, dict):
        pairs = [pad_width.get(k, pad_width.get(k - ndim, 0)) for k in range(ndim)]
    elif not hasattr(pad_width, "__len__"):
        pairs = [pad_width] * ndim
    elif len(pad_width) == 1:
        pairs = [pad_width[0]] * ndim
    elif not hasattr(pad_width[0], "__len__"):
        pairs = [pad_width] * ndim
    else:
        pairs = list(pad_width)
    return tuple((int(p[0]), int(p[-1])) if hasattr(p, "__len__") else (int(p), int(p)) for p in pairs)


def source(k: int, n: int, mode: str) -> int:
    """Return which of `n` elements stands at place `k` (negative: before the first) of an endless padding."""
    if mode == "edge":
        return min(max(k, 0), n - 1)
    if mode == "wrap":
        return k % n
    period = max(2 * n if mode == "symmetric" else 2 * n - 2, 1)
    k %= period
    return k if k < n else period - k - (mode == "symmetric")


def pad_call(xp: Any, array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    """Pad as NumPy does, in the modes that repeat elements or put one constant."""
    array = xp.shaped(array)
    pairs = widths(pad_width, array.ndim)
    value = options.pop("constant_values", 0)
    if (
        mode not in {"constant", "edge", "reflect", "symmetric", "wrap"}
        or options
        or not isinstance(value, int | float)
    ):
        raise Unsupported(f"pad has no place for mode={mode!r}, {', '.join(options) or 'constant_values'} here")
    if mode == "constant":
        return xp.pad(array, pad_width=pairs, value=value)
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            n = array.shape[axis]
            array = xp.take(array, [source(k, n, mode) for k in range(-before, n + after)], axis=axis)
    return array


composite("pad_call", pad_call, numpy="pad")
