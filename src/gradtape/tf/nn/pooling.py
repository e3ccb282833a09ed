"""Pools, patches and the morphology of grey values of `tf.nn`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf.calls import of_dtype, operands, row, run_row, static, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.nn.windows import layout, numbers, padding_pairs
from gradtape.tf.random import generator_for


def _pooled(
    what: str,
    kind: str,
    input: Any,
    axes: int | None,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None,
    dilations: Any = None,
) -> Any:
    x = tensor(input)
    axes = x.ndim - 2 if axes is None else axes
    lie = layout(what, x, axes, data_format)
    size, steps, apart = (
        numbers(what, n, v, axes, data_format)
        for n, v in (("ksize", ksize), ("strides", strides), ("dilations", dilations))
    )
    x = lie.enter(x)
    pairs = padding_pairs(what, padding, x.shape[1:-1], size, steps, apart, data_format)
    made = run_row(kind, x, size=size, strides=steps, padding=pairs, dilations=apart)
    return lie.leave(made[0] if kind == "max_pool" else made)


def max_pool(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = None, name: str | None = None
) -> Any:
    """Return the largest element of each window; of equal ones the first has the derivative.

    Parameters
    ----------
    input : array_like
        Of shape (batch, *lengths, channels), or with the channels first for a format `"NC..."`.
    ksize, strides : int or sequence of int
        One number, one per axis, or with a 1 for the batch and the channels.
    padding : str or list of pairs
        `"VALID"`, `"SAME"`, or the numbers of elements before and after along each axis; they never win.
    data_format : str, optional
        `"NWC"`, `"NHWC"`, `"NDHWC"` or `"NCW"`, `"NCHW"`, `"NCDHW"`.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> tf.nn.max_pool(tf.reshape(tf.range(4.0), [1, 4, 1]), 2, 2, "VALID")[0, :, 0]
    <tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 3.], dtype=float32)>
    """
    return _pooled("max_pool", "max_pool", input, None, ksize, strides, padding, data_format)


def max_pool1d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = "NWC", name: str | None = None
) -> Any:
    """Return the largest element of each window along one axis; see `max_pool`."""
    return _pooled("max_pool1d", "max_pool", input, 1, ksize, strides, padding, data_format)


def max_pool2d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = "NHWC", name: str | None = None
) -> Any:
    """Return the largest element of each window of height and width; see `max_pool`."""
    return _pooled("max_pool2d", "max_pool", input, 2, ksize, strides, padding, data_format)


def max_pool3d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = "NDHWC", name: str | None = None
) -> Any:
    """Return the largest element of each window of depth, height and width; see `max_pool`."""
    return _pooled("max_pool3d", "max_pool", input, 3, ksize, strides, padding, data_format)


def avg_pool(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = None, name: str | None = None
) -> Any:
    """Return the mean of each window, padding left out; arguments as for `max_pool`."""
    return _pooled("avg_pool", "avg_pool", input, None, ksize, strides, padding, data_format)


def avg_pool1d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = "NWC", name: str | None = None
) -> Any:
    """Return the mean of each window along one axis."""
    return _pooled("avg_pool1d", "avg_pool", input, 1, ksize, strides, padding, data_format)


def avg_pool2d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = "NHWC", name: str | None = None
) -> Any:
    """Return the mean of each window of height and width."""
    return _pooled("avg_pool2d", "avg_pool", input, 2, ksize, strides, padding, data_format)


def avg_pool3d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = "NDHWC", name: str | None = None
) -> Any:
    """Return the mean of each window of depth, height and width."""
    return _pooled("avg_pool3d", "avg_pool", input, 3, ksize, strides, padding, data_format)


def pool(
    input: Any,
    window_shape: Any,
    pooling_type: str,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Pool by `"MAX"` or `"AVG"` over windows that may have holes."""
    kinds = {"MAX": "max_pool", "AVG": "avg_pool"}
    if pooling_type not in kinds:
        raise InvalidArgumentError(f"pool: `pooling_type` is 'MAX' or 'AVG', got {pooling_type!r}")
    return _pooled("pool", kinds[pooling_type], input, None, window_shape, strides, padding, data_format, dilations)


def max_pool_with_argmax(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    output_dtype: Any = np.int64,
    include_batch_in_index: bool = False,
    name: str | None = None,
) -> tuple[Any, Any]:
    """Return the largest element of each window, and its place in the flat image (in the flat batch, if wanted)."""
    what, x = "max_pool_with_argmax", tensor(input)
    if data_format != "NHWC":
        raise InvalidArgumentError(f"{what}: `data_format` is 'NHWC', got {data_format!r}")
    size, steps = (numbers(what, n, v, 2, None) for n, v in (("ksize", ksize), ("strides", strides)))
    pairs = padding_pairs(what, padding, x.shape[1:-1], size, steps, (1, 1))
    values, places = row("max_pool")(x, size=size, strides=steps, padding=pairs, dilations=(1, 1))
    if not include_batch_in_index:
        places = places % (x.size // max(x.shape[0], 1))
    return values, of_dtype(places, output_dtype)


def fractional_max_pool(
    value: Any,
    pooling_ratio: Any,
    pseudo_random: bool = False,
    overlapping: bool = False,
    seed: int = 0,
    name: str | None = None,
) -> tuple[Any, Any, Any]:
    """Return the largest elements of cells whose lengths vary by one at random, and the cells' edges.

    The numbers drawn are not TensorFlow's. Graham, "Fractional Max-Pooling" (2014), https://arxiv.org/abs/1412.6071.
    """
    x, edges, starts, stops = _cells("fractional_max_pool", value, pooling_ratio, pseudo_random, overlapping, seed)
    return row("cell_max")(x, starts=starts, stops=stops)[0], *edges


def fractional_avg_pool(
    value: Any,
    pooling_ratio: Any,
    pseudo_random: bool = False,
    overlapping: bool = False,
    seed: int = 0,
    name: str | None = None,
) -> tuple[Any, Any, Any]:
    """Return the means of cells whose lengths vary by one at random, and their edges; see `fractional_max_pool`."""
    x, edges, starts, stops = _cells("fractional_avg_pool", value, pooling_ratio, pseudo_random, overlapping, seed)
    for axis, (first, after) in enumerate(zip(starts, stops, strict=True), 1):
        place = np.arange(x.shape[axis])
        inside = (place >= np.array(first)[:, None]) & (place < np.array(after)[:, None])
        x = row("resample")(x, (inside / inside.sum(1, keepdims=True)).astype(x.dtype), axis=axis)
    return x, *edges


def _cells(
    what: str, value: Any, pooling_ratio: Any, pseudo_random: bool, overlapping: bool, seed: int
) -> tuple[Any, list[Any], Any, Any]:
    x = tensor(value)
    ratios = static(pooling_ratio)
    ratios = (ratios, ratios) if isinstance(ratios, int | float) else ratios[1:3] if len(ratios) == 4 else ratios
    if len(ratios) != 2 or min(ratios) < 1:
        raise InvalidArgumentError(f"{what}: `pooling_ratio` is one or two numbers from 1 on, got {pooling_ratio!r}")
    generator = generator_for(seed or None)
    cuts = [_edges(n, int(n / r), pseudo_random, generator) for n, r in zip(x.shape[1:3], ratios, strict=True)]
    starts = tuple(tuple(e[:-1].tolist()) for e in cuts)
    stops = tuple(
        tuple(np.minimum(e[1:] + int(overlapping), n).tolist()) for e, n in zip(cuts, x.shape[1:3], strict=True)
    )
    return x, [tensor(e.astype(np.int64)) for e in cuts], starts, stops


def _edges(length: int, cells: int, pseudo_random: bool, generator: np.random.Generator) -> Any:
    """Cut a length into cells of two lengths, one apart, in a random order or in the regular one of a random phase."""
    if pseudo_random:
        ratio = length / cells
        phase = generator.random() * (1.0 if ratio >= 2.0 else 1.0 / ratio)
        edges = np.ceil(ratio * (np.arange(cells + 1) + phase)).astype(int)
        edges = edges - edges[0]
        edges[-1] = length
        return np.minimum(edges, length)
    short = length // cells
    sizes = np.full(cells, short)
    sizes[: length - short * cells] += 1
    return np.concatenate([[0], np.cumsum(generator.permutation(sizes))])


def dilation2d(
    input: Any,
    filters: Any,
    strides: Any,
    padding: Any,
    data_format: str,
    dilations: Any,
    name: str | None = None,
) -> Any:
    """Return the largest sum of an element and the filter's in each window, channel by channel."""
    what = "dilation2d"
    if data_format != "NHWC":
        raise InvalidArgumentError(f"{what}: `data_format` is 'NHWC', got {data_format!r}")
    x, w = map(tensor, operands(tensor(input), filters))
    steps, apart = (numbers(what, n, v, 2, None) for n, v in (("strides", strides), ("dilations", dilations)))
    pairs = padding_pairs(what, padding, x.shape[1:-1], w.shape[:2], steps, apart)
    return run_row("dilation2d", x, w, strides=steps, padding=pairs, dilations=apart)[0]


def erosion2d(
    value: Any,
    filters: Any,
    strides: Any,
    padding: Any,
    data_format: str,
    dilations: Any,
    name: str | None = None,
) -> Any:
    """Return the smallest difference of an element and the filter's, turned round, in each window."""
    x, w = map(tensor, operands(tensor(value), filters))
    return -dilation2d(-x, row("flip")(w, axis=(0, 1)), strides, padding, data_format, dilations)


def extract_volume_patches(input: Any, ksizes: Any, strides: Any, padding: Any, name: str | None = None) -> Any:
    """Take windows of volumes out; the elements of a window become channels."""
    return windows_as_channels("extract_volume_patches", input, 3, ksizes, strides, 1, padding)


def windows_as_channels(what: str, input: Any, axes: int, sizes: Any, strides: Any, rates: Any, padding: Any) -> Any:
    """Take windows out; the elements of a window become channels, those of one place side by side."""
    x = tensor(input)
    size, steps, apart = (
        numbers(what, n, v, axes, None) for n, v in (("sizes", sizes), ("strides", strides), ("rates", rates))
    )
    pairs = padding_pairs(what, padding, x.shape[1:-1], size, steps, apart)
    pieces = run_row("patches", x, size=size, strides=steps, padding=pairs, dilations=apart)
    return row("reshape")(pieces, shape=(*pieces.shape[: axes + 1], int(np.prod(pieces.shape[axes + 1 :]))))
