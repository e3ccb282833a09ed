"""Diagonals of matrices, one or a band of several, taken out and put in."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from gradtape.ops import Index
from gradtape.tf.calls import operands, run_row, static, tensor
from gradtape.tf.errors import InvalidArgumentError


def band_limits(k: Any) -> tuple[int, int, bool]:
    """Read `k`, one diagonal or the lowest and highest of several; also whether it is one."""
    k = static(k)
    low, high = (k, k) if isinstance(k, int) else (k * 2 if len(k) == 1 else k)
    if low > high:
        raise InvalidArgumentError(f"k must name the lowest diagonal first; got {k}")
    return low, high, isinstance(k, int) or low == high


def longest(m: int, n: int, low: int, high: int) -> int:
    """Return how long the longest diagonal of a band is."""
    return min(m + min(high, 0), n - max(low, 0))


def packed_places(m: int, n: int, low: int, high: int, align: str) -> tuple[Any, Any, Any]:
    """Return for each element of a matrix whether it is in the band, and which diagonal and place hold it."""
    i, j = np.indices((m, n))
    k = j - i
    inside = (k >= low) & (k <= high)
    length = np.minimum(m + np.minimum(k, 0), n - np.maximum(k, 0))
    above, below = align.split("_")
    left = ((k >= 0) & (above == "LEFT")) | ((k <= 0) & (below == "LEFT"))
    place = np.minimum(i, j) + np.where(left, 0, longest(m, n, low, high) - length)
    return inside, np.where(inside, high - k, 0), np.where(inside, place, 0)


def diag(
    diagonal: Any,
    name: str | None = None,
    k: Any = 0,
    num_rows: int = -1,
    num_cols: int = -1,
    padding_value: Any = 0,
    align: str = "RIGHT_LEFT",
) -> Any:
    """Put the last axis on a diagonal of new matrices, or the last two on several; elsewhere is the padding."""
    x = tensor(diagonal)
    low, high, single = band_limits(k)
    if single:
        x = run_row("expand_dims", x, -2)
    long = x.shape[-1]
    rows, columns = long - min(high, 0), long + max(low, 0)
    if num_rows < 0 and num_cols < 0:
        rows = columns = max(rows, columns)
    rows, columns = (rows if num_rows < 0 else num_rows), (columns if num_cols < 0 else num_cols)
    inside, which, place = packed_places(rows, columns, low, high, align)
    spread = run_row("getitem", x, Index((..., which, place)))
    return run_row("where", inside, spread, x.dtype.type(padding_value))


def diag_part(
    input: Any, name: str | None = None, k: Any = 0, padding_value: Any = 0, align: str = "RIGHT_LEFT"
) -> Any:
    """Take a diagonal out of matrices, or several, padded to the longest."""
    x = tensor(input)
    m, n = x.shape[-2:]
    low, high, single = band_limits(k)
    if single:
        return run_row("diagonal", x, low, -2, -1)
    inside, which, place = packed_places(m, n, low, high, align)
    rows, columns = np.nonzero(inside)
    sources = np.zeros((2, high - low + 1, longest(m, n, low, high)), int)
    known = np.zeros(sources.shape[1:], bool)
    sources[:, which[inside], place[inside]] = rows, columns
    known[which[inside], place[inside]] = True
    return run_row("where", known, run_row("getitem", x, Index((..., *sources))), x.dtype.type(padding_value))


def set_diag(input: Any, diagonal: Any, name: str | None = "set_diag", k: Any = 0, align: str = "RIGHT_LEFT") -> Any:
    """Replace a diagonal of matrices, or several."""
    x, new = operands(tensor(input), diagonal)
    m, n = x.shape[-2:]
    low, high, single = band_limits(k)
    if single:
        new = run_row("expand_dims", tensor(new), -2)
    inside, which, place = packed_places(m, n, low, high, align)
    return run_row("where", inside, run_row("getitem", new, Index((..., which, place))), x)


def band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Any:
    """Keep the diagonal, so many lines below and so many above it (all of them where negative); 0 elsewhere."""
    x, lower, upper = tensor(input), static(num_lower), static(num_upper)
    m, n = x.shape[-2:]
    gap = np.arange(m)[:, None] - np.arange(n)
    kept = ((lower < 0) | (gap <= lower)) & ((upper < 0) | (-gap <= upper))
    return run_row("where", kept, x, x.dtype.type(0))


def tensor_diag(diagonal: Any, name: str | None = None) -> Any:
    """Make a tensor of twice the rank with these elements where both halves of the position are the same."""
    x = tensor(diagonal)
    shape = tuple(x.shape)
    return run_row("reshape", diag(run_row("reshape", x, shape=(-1,))), shape=shape * 2)


def tensor_diag_part(input: Any, name: str | None = None) -> Any:
    """Take the elements where both halves of the position are the same."""
    x = tensor(input)
    shape = tuple(x.shape)[: x.ndim // 2]
    if tuple(x.shape) != shape * 2 or not shape:
        raise InvalidArgumentError(f"tensor_diag_part needs a shape twice repeated, as (2, 3, 2, 3); got {x.shape}")
    size = prod(shape)
    return run_row("reshape", diag_part(run_row("reshape", x, shape=(size, size))), shape=shape)
