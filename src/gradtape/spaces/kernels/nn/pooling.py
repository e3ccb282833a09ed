"""Kernels of the rows in `ops/nn/pooling.py`: loops over the elements of one window, each step for all windows."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.spaces.kernels.nn.windows import overlapped, padded, places, taps, windows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Pairs = Sequence[tuple[int, int]]


def _lowest(x: Any) -> Any:
    """Return what loses against every element; refuse complex numbers, which have no order."""
    if x.dtype.kind not in "fiu":
        raise TypeError(f"a maximum over windows needs ordered numbers, not {x.dtype}")
    return -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min


def _first_places(shape: Sequence[int], counts: Sequence[int], strides: Sequence[int], padding: Pairs) -> Any:
    """Return where each window's first element stands, counted in the flat array; padding may make it negative."""
    steps = [prod(shape[k + 1 :]) for k in range(len(shape))]
    found = np.arange(shape[0]).reshape(-1, *(1,) * (len(shape) - 1)) * steps[0] + np.arange(shape[-1])
    for axis, (n, s, (before, _)) in enumerate(zip(counts, strides, padding, strict=True), 1):
        line = (np.arange(n) * s - before) * steps[axis]
        found = found + line.reshape(-1, *(1,) * (len(shape) - axis - 1))
    return found


def _largest(
    x: Any, added: Any, size: Sequence[int], strides: Sequence[int], padding: Pairs, dilations: Sequence[int]
) -> tuple[Any, Any, Any]:
    """Return the largest element of each window, where it stands in `x`, and which of the window's it is.

    `added(tap)` is added to an element before it is compared, where given. A NaN wins.
    """
    counts = places(x.shape[1:-1], size, strides, padding, dilations)
    wide = padded(x, padding, _lowest(x))
    steps = [prod(x.shape[k + 1 :]) * d for k, d in enumerate(dilations, 1)]
    offsets = []
    best: Any = None
    which = np.zeros((x.shape[0], *counts, x.shape[-1]), np.int32)
    for number, (tap, cut) in enumerate(taps(size, counts, strides, dilations)):
        offsets.append(sum(t * step for t, step in zip(tap, steps, strict=True)))
        here = wide[cut] if added is None else wide[cut] + added[tap]
        if best is None:
            best = here.copy()
            continue
        loses = here <= best  # which a NaN never does
        np.copyto(which, number, where=np.logical_not(loses, out=loses))
        np.maximum(best, here, out=best)
    return best, np.array(offsets)[which] + _first_places(x.shape, counts, strides, padding), which


def _max_pool(
    x: Any, size: Sequence[int], strides: Sequence[int], padding: Pairs, dilations: Sequence[int]
) -> tuple[Any, Any]:
    best, place, _ = _largest(x, None, size, strides, padding, dilations)
    return best, place


def _dilation2d(x: Any, w: Any, strides: Sequence[int], padding: Pairs, dilations: Sequence[int]) -> tuple[Any, ...]:
    best, place, which = _largest(x, w, w.shape[:-1], strides, padding, dilations)
    return best, place, which * w.shape[-1] + np.arange(w.shape[-1])


def _cell_max(x: Any, starts: Sequence[Sequence[int]], stops: Sequence[Sequence[int]]) -> tuple[Any, Any]:
    """Go axis by axis, the last one first: so the first of equal elements in the order of memory wins."""
    _lowest(x)
    best, place = x, np.arange(x.size).reshape(x.shape)
    for axis in range(len(starts), 0, -1):
        first, after = np.asarray(starts[axis - 1]), np.asarray(stops[axis - 1])
        read = np.minimum(first[:, None] + np.arange((after - first).max()), after[:, None] - 1)
        cells = np.take(best, read, axis=axis)
        chosen = np.expand_dims(cells.argmax(axis=axis + 1), axis + 1)
        best = np.take_along_axis(cells, chosen, axis + 1).squeeze(axis + 1)
        place = np.take_along_axis(np.take(place, read, axis=axis), chosen, axis + 1).squeeze(axis + 1)
    return best, place


def _counted(
    lengths: Sequence[int],
    size: Sequence[int],
    strides: Sequence[int],
    padding: Pairs,
    dilations: Sequence[int],
    dtype: Any,
) -> Any:
    """Return how many elements each window has that are no padding."""
    ones = np.ones((1, *lengths, 1), dtype)
    return windows(ones, size, strides, padding, dilations).sum(axis=tuple(range(len(size) + 1, 2 * len(size) + 1)))


def _avg_pool(x: Any, size: Sequence[int], strides: Sequence[int], padding: Pairs, dilations: Sequence[int]) -> Any:
    counts = places(x.shape[1:-1], size, strides, padding, dilations)
    wide = padded(x, padding)
    total = np.zeros((x.shape[0], *counts, x.shape[-1]), x.dtype)
    for _, cut in taps(size, counts, strides, dilations):
        total += wide[cut]
    return total / _counted(x.shape[1:-1], size, strides, padding, dilations, x.dtype)


def _avg_unpool(
    g: Any, shape: Sequence[int], size: Sequence[int], strides: Sequence[int], padding: Pairs, dilations: Sequence[int]
) -> Any:
    d = len(size)
    shares = g / _counted(shape[1:-1], size, strides, padding, dilations, g.dtype)
    pieces = np.broadcast_to(
        shares.reshape(*shares.shape[: d + 1], *(1,) * d, -1), (*g.shape[: d + 1], *size, g.shape[-1])
    )
    return overlapped(pieces, shape, size, strides, padding, dilations)


def _patches(x: Any, size: Sequence[int], strides: Sequence[int], padding: Pairs, dilations: Sequence[int]) -> Any:
    return np.ascontiguousarray(windows(x, size, strides, padding, dilations))


KERNELS: dict[str, Callable[..., Any]] = {
    "avg_pool": _avg_pool,
    "avg_unpool": _avg_unpool,
    "cell_max": _cell_max,
    "dilation2d": _dilation2d,
    "max_pool": _max_pool,
    "patches": _patches,
    "unpatch": overlapped,
}
