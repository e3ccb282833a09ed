"""Kernels of the rows in `ops/nn/convolutions.py`: all windows of a group as rows of one matrix, and one product."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.spaces.kernels.nn.windows import overlapped, places, windows

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
    rows = _rows(x, shape[:-2], strides, padding, dilations, groups)
    w = np.swapaxes(rows, 1, 2) @ _outputs(g, groups)
    return np.moveaxis(w, 0, 1).reshape(shape)


KERNELS: dict[str, Callable[..., Any]] = {
    "convolution": _convolution,
    "convolution_filter": _convolution_filter,
    "convolution_spread": _convolution_spread,
}
