"""Moves between the lengths of images, their channels and their batch: `tf.nn.space_to_depth` and its kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf.calls import row, static, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.nn.windows import layout


def space_to_depth(input: Any, block_size: int, data_format: str = "NHWC", name: str | None = None) -> Any:
    """Move blocks of an image into its channels."""
    x, b = tensor(input), block_size
    lie = layout("space_to_depth", x, 2, data_format)
    x = lie.enter(x)
    n, h, w, c = x.shape
    if h % b or w % b:
        raise InvalidArgumentError(f"space_to_depth: an image of {h} x {w} has no blocks of {b} x {b}")
    x = row("reshape")(x, shape=(n, h // b, b, w // b, b, c))
    x = row("transpose")(x, axes=(0, 1, 3, 2, 4, 5))
    return lie.leave(row("reshape")(x, shape=(n, h // b, w // b, b * b * c)))


def depth_to_space(input: Any, block_size: int, data_format: str = "NHWC", name: str | None = None) -> Any:
    """Move channels of an image into blocks of it."""
    x, b = tensor(input), block_size
    lie = layout("depth_to_space", x, 2, data_format)
    x = lie.enter(x)
    n, h, w, c = x.shape
    if c % (b * b):
        raise InvalidArgumentError(f"depth_to_space: {c} channels make no blocks of {b} x {b}")
    x = row("reshape")(x, shape=(n, h, w, b, b, c // (b * b)))
    x = row("transpose")(x, axes=(0, 1, 3, 2, 4, 5))
    return lie.leave(row("reshape")(x, shape=(n, h * b, w * b, c // (b * b))))


def _blocks(what: str, block_shape: Any, pairs: Any) -> tuple[tuple[int, ...], Any]:
    given = static(block_shape)
    cuts = [tuple(int(n) for n in pair) for pair in static(pairs)]
    blocks = (given,) * len(cuts) if isinstance(given, int) else tuple(given)
    if len(blocks) != len(cuts) or any(len(pair) != 2 for pair in cuts):
        raise InvalidArgumentError(f"{what}: a block of {len(blocks)} axes needs as many pairs, got {cuts}")
    return blocks, cuts


def space_to_batch(input: Any, block_shape: Any, paddings: Any, name: str | None = None) -> Any:
    """Pad with zeros, and move the places inside of blocks into the batch."""
    x = tensor(input)
    blocks, pairs = _blocks("space_to_batch", block_shape, paddings)
    d = len(blocks)
    x = row("pad")(x, pad_width=((0, 0), *pairs, *((0, 0),) * (x.ndim - d - 1)))
    n, lengths, rest = x.shape[0], x.shape[1 : d + 1], x.shape[d + 1 :]
    if any(length % b for length, b in zip(lengths, blocks, strict=True)):
        raise InvalidArgumentError(f"space_to_batch: padded lengths {lengths} are no multiples of the block {blocks}")
    cells = tuple(length // b for length, b in zip(lengths, blocks, strict=True))
    apart = [k for pair in zip(cells, blocks, strict=True) for k in pair]
    x = row("reshape")(x, shape=(n, *apart, *rest))
    order = (*range(2, 2 * d + 1, 2), 0, *range(1, 2 * d + 1, 2), *range(2 * d + 1, x.ndim))
    return row("reshape")(row("transpose")(x, axes=order), shape=(n * int(np.prod(blocks)), *cells, *rest))


space_to_batch_nd = space_to_batch


def batch_to_space(input: Any, block_shape: Any, crops: Any, name: str | None = None) -> Any:
    """Move the batch into places inside of blocks, and cut the edges off: undoes `space_to_batch`."""
    x = tensor(input)
    blocks, pairs = _blocks("batch_to_space", block_shape, crops)
    d, whole = len(blocks), int(np.prod(blocks))
    if x.shape[0] % whole:
        raise InvalidArgumentError(f"batch_to_space: a batch of {x.shape[0]} makes no blocks of {blocks}")
    n, cells, rest = x.shape[0] // whole, x.shape[1 : d + 1], x.shape[d + 1 :]
    x = row("reshape")(x, shape=(*blocks, n, *cells, *rest))
    order = (d, *(k for j in range(d) for k in (d + 1 + j, j)), *range(2 * d + 1, x.ndim))
    lengths = tuple(c * b for c, b in zip(cells, blocks, strict=True))
    x = row("reshape")(row("transpose")(x, axes=order), shape=(n, *lengths, *rest))
    inside = tuple(slice(before, m - after) for m, (before, after) in zip(lengths, pairs, strict=True))
    return x[(slice(None), *inside)]
