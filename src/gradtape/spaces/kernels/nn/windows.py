"""Windows that move over the axes between the first and the last: what convolutions, pools and patches share."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Pairs = Sequence[tuple[int, int]]


def places(
    lengths: Sequence[int], size: Sequence[int], strides: Sequence[int], padding: Pairs, dilations: Sequence[int]
) -> tuple[int, ...]:
    """Return how many windows there are along each axis.

    Raises
    ------
    ValueError
        If a window is longer than the padded axis.
    """
    found = []
    for axis, (n, k, s, (before, after), d) in enumerate(
        zip(lengths, size, strides, padding, dilations, strict=True), 1
    ):
        reach = (k - 1) * d + 1
        if n + before + after < reach:
            raise ValueError(
                f"a window of {reach} elements does not fit into the {n + before + after} along axis {axis}, padding "
                "included; use padding 'SAME' or a smaller window"
            )
        found.append((n + before + after - reach) // s + 1)
    return tuple(found)


def padded(x: Any, padding: Pairs, value: Any = 0) -> Any:
    """Put a value around the axes between the first and the last; nothing to do gives the array itself."""
    if not any(map(any, padding)):
        return x
    shape = (x.shape[0], *(n + sum(p) for n, p in zip(x.shape[1:-1], padding, strict=True)), x.shape[-1])
    wide = np.full(shape, value, x.dtype)
    wide[inside(x.shape, padding)] = x
    return wide


def inside(shape: Sequence[int], padding: Pairs) -> tuple[slice, ...]:
    """Return the brackets that cut the padding off an array whose shape without it is given."""
    return (slice(None), *(slice(p[0], p[0] + n) for n, p in zip(shape[1:-1], padding, strict=True)))


def taps(
    size: Sequence[int], counts: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """Yield each element of a window: its place there, and the brackets that read it for all windows at once."""
    for tap in product(*map(range, size)):
        cuts = tuple(
            slice(t * d, t * d + (n - 1) * s + 1, s) for t, d, n, s in zip(tap, dilations, counts, strides, strict=True)
        )
        yield tap, (slice(None), *cuts)


def windows(x: Any, size: Sequence[int], strides: Sequence[int], padding: Pairs, dilations: Sequence[int]) -> Any:
    """Return a view of all windows, of shape (batch, *places, *size, channels)."""
    d = len(size)
    places(x.shape[1:-1], size, strides, padding, dilations)
    reach = tuple((k - 1) * step + 1 for k, step in zip(size, dilations, strict=True))
    seen = sliding_window_view(padded(x, padding), reach, tuple(range(1, d + 1)))
    seen = seen[
        (slice(None), *(slice(None, None, s) for s in strides), slice(None), *(slice(None, None, s) for s in dilations))
    ]
    return np.moveaxis(seen, d + 1, -1)


def overlapped(
    pieces: Any,
    shape: Sequence[int],
    size: Sequence[int],
    strides: Sequence[int],
    padding: Pairs,
    dilations: Sequence[int],
) -> Any:
    """Add windows of shape (batch, *places, *size, channels) up where they were read: the transpose of `windows`."""
    d = len(size)
    counts = pieces.shape[1 : d + 1]
    wide = np.zeros(
        (shape[0], *(n + sum(p) for n, p in zip(shape[1:-1], padding, strict=True)), shape[-1]), pieces.dtype
    )
    for tap, cut in taps(size, counts, strides, dilations):
        wide[cut] += pieces[(slice(None),) * (d + 1) + tap]
    return wide[inside(shape, padding)]
