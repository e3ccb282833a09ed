"""Kernels of the rows in `ops/nn/convolutions.py`: all windows of a group as rows of one matrix, and one product.

Where every channel is a group of its own those products are too thin; then each element of the window is one
multiplication of everything.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.spaces.kernels.nn.windows import inside, overlapped, padded, places, taps, windows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Pairs = Sequence[tuple[int, int]]


def _rows(
    x: Any, size: Sequence[int], strides: Sequence[int], padding: Pairs, dilations: Sequence[int], groups: int
) -> Any:
    """Return the windows as (groups, batch * places, window * channels of a group)."""
    seen = windows(x, size, strides, padding, dilations)
    depth = seen.shape[-1] // groups
    apart = seen.reshape(*seen.shape[:-1], groups, depth) if groups > 1 else seen[..., None, :]
    return np.moveaxis(apart, -2, 0).reshape(groups, prod(seen.shape[: len(size) + 1]), prod(size) * depth)


def _matrix(w: Any, groups: int) -> Any:
    """Return a filter as (groups, window * channels of a group, outputs of a group)."""
    return np.moveaxis(w.reshape(prod(w.shape[:-1]), groups, w.shape[-1] // groups), 1, 0)


def _outputs(g: Any, groups: int) -> Any:
    """Return what stands in the places as (groups, batch * places, outputs of a group)."""
    return np.moveaxis(g.reshape(prod(g.shape[:-1]), groups, g.shape[-1] // groups), 1, 0)


def _convolution(
    x: Any, w: Any, strides: Sequence[int], padding: Pairs, dilations: Sequence[int], groups: int = 1
) -> Any:
    size = w.shape[:-2]
    if x.ndim != w.ndim or x.shape[-1] != w.shape[-2] * groups or w.shape[-1] % groups:
        raise ValueError(
            f"a filter of shape {w.shape} (*window, channels / groups, outputs) in {groups} group(s) does not fit "
            f"values of shape {x.shape} (batch, *lengths, channels)"
        )
    counts = places(x.shape[1:-1], size, strides, padding, dilations)
    if groups > 1 and w.shape[-2] == 1:
        return _each_channel(x, w, counts, strides, padding, dilations)
    y = _rows(x, size, strides, padding, dilations, groups) @ _matrix(w, groups)
    return np.moveaxis(y, 0, 1).reshape(x.shape[0], *counts, w.shape[-1])


def _convolution_spread(
    g: Any,
    w: Any,
    shape: Sequence[int],
    strides: Sequence[int],
    padding: Pairs,
    dilations: Sequence[int],
    groups: int = 1,
) -> Any:
    size = w.shape[:-2]
    if groups > 1 and w.shape[-2] == 1:
        return _each_channel_spread(g, w, shape, strides, padding, dilations)
    pieces = _outputs(g, groups) @ np.swapaxes(_matrix(w, groups), 1, 2)
    pieces = np.moveaxis(pieces.reshape(groups, *g.shape[:-1], *size, w.shape[-2]), 0, -2)
    whole = pieces.reshape(*pieces.shape[:-2], groups * w.shape[-2])
    return overlapped(whole, shape, size, strides, padding, dilations)


def _convolution_filter(
    x: Any,
    g: Any,
    shape: Sequence[int],
    strides: Sequence[int],
    padding: Pairs,
    dilations: Sequence[int],
    groups: int = 1,
) -> Any:
    if groups > 1 and shape[-2] == 1:
        return _each_channel_filter(x, g, shape, strides, padding, dilations)
    rows = _rows(x, shape[:-2], strides, padding, dilations, groups)
    w = np.swapaxes(rows, 1, 2) @ _outputs(g, groups)
    return np.moveaxis(w, 0, 1).reshape(shape)


def _each_channel(
    x: Any, w: Any, counts: Sequence[int], strides: Sequence[int], padding: Pairs, dilations: Sequence[int]
) -> Any:
    size, channels = w.shape[:-2], x.shape[-1]
    weights = w.reshape(*size, channels, w.shape[-1] // channels)
    wide = padded(x, padding)
    y = np.zeros((x.shape[0], *counts, *weights.shape[-2:]), np.result_type(x, w))
    for tap, cut in taps(size, counts, strides, dilations):
        y += wide[cut][..., None] * weights[tap]
    return y.reshape(*y.shape[:-2], w.shape[-1])


def _each_channel_spread(
    g: Any, w: Any, shape: Sequence[int], strides: Sequence[int], padding: Pairs, dilations: Sequence[int]
) -> Any:
    size, channels = w.shape[:-2], shape[-1]
    weights = w.reshape(*size, channels, w.shape[-1] // channels)
    apart = g.reshape(*g.shape[:-1], *weights.shape[-2:])
    lengths = (n + sum(p) for n, p in zip(shape[1:-1], padding, strict=True))
    wide = np.zeros((shape[0], *lengths, channels), np.result_type(g, w))
    for tap, cut in taps(size, g.shape[1:-1], strides, dilations):
        part = apart * weights[tap]
        wide[cut] += part[..., 0] if part.shape[-1] == 1 else part.sum(-1)
    return wide[inside(shape, padding)]


def _each_channel_filter(
    x: Any, g: Any, shape: Sequence[int], strides: Sequence[int], padding: Pairs, dilations: Sequence[int]
) -> Any:
    size, channels = shape[:-2], x.shape[-1]
    apart = g.reshape(prod(g.shape[:-1]), channels, shape[-1] // channels)
    wide = padded(x, padding)
    w = np.empty((*size, *apart.shape[1:]), np.result_type(x, g))
    for tap, cut in taps(size, g.shape[1:-1], strides, dilations):
        w[tap] = np.einsum("nc,ncm->cm", wide[cut].reshape(-1, channels), apart)
    return w.reshape(shape)


KERNELS: dict[str, Callable[..., Any]] = {
    "convolution": _convolution,
    "convolution_filter": _convolution_filter,
    "convolution_spread": _convolution_spread,
}
