"""How images differ and how rough they are: `psnr`, `ssim`, total variation, edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf import math
from gradtape.tf.calls import operands, row, static, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.image.pictures import convert_image_dtype, picture
from gradtape.tf.nn.pooling import windows_as_channels


def _pair(what: str, a: Any, b: Any, max_val: Any) -> tuple[Any, Any, float]:
    """Make two images real numbers of the same range."""
    x, y = map(tensor, operands(tensor(a), b))
    if x.ndim < 3 or x.shape[-3:] != y.shape[-3:]:
        raise InvalidArgumentError(f"{what}: images of shapes {tuple(x.shape)} and {tuple(y.shape)} cannot be compared")
    largest = float(static(max_val))
    if x.dtype.kind != "f":
        largest = largest / float(np.iinfo(x.dtype).max)
        x, y = convert_image_dtype(x, np.float32), convert_image_dtype(y, np.float32)
    return x, y, largest


def psnr(a: Any, b: Any, max_val: Any, name: str | None = None) -> Any:
    """Return the ratio of the largest value to the error, in decibels, image by image."""
    x, y, largest = _pair("psnr", a, b, max_val)
    error = math.reduce_mean(math.squared_difference(x, y), [-3, -2, -1])
    return 20.0 * float(np.log10(largest)) - row("log10")(error) * 10.0


def _weighted_means(values: Any, size: int, sigma: float) -> Any:
    """Return the means over all windows of normal weights: first down, then across, channel by channel."""
    line = np.exp(-0.5 * ((np.arange(size) - (size - 1) / 2.0) / sigma) ** 2)
    line = line / line.sum()
    channels = values.shape[-1]
    made = row("reshape")(values, shape=(-1, *values.shape[-3:]))
    for window in ((size, 1), (1, size)):
        weights = np.broadcast_to(line.reshape(*window, 1, 1), (*window, 1, channels)).astype(values.dtype)
        made = row("convolution")(
            made, weights, strides=(1, 1), padding=((0, 0), (0, 0)), dilations=(1, 1), groups=channels
        )
    return row("reshape")(made, shape=(*values.shape[:-3], *made.shape[1:]))


def _likeness(
    x: Any, y: Any, largest: float, filter_size: int, filter_sigma: float, k1: float, k2: float
) -> tuple[Any, Any]:
    """Return the similarity, and its part that is contrast and structure, at each place of each channel.

    Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment" (2004), section III.
    """

    def mean(values: Any) -> Any:
        return _weighted_means(values, filter_size, filter_sigma)

    c1, c2 = (k1 * largest) ** 2, (k2 * largest) ** 2
    mean_x, mean_y = mean(x), mean(y)
    product, squares = mean_x * mean_y * 2.0, mean_x * mean_x + mean_y * mean_y
    light = (product + c1) / (squares + c1)
    rest = (mean(x * y) * 2.0 - product + c2) / (mean(x * x + y * y) - squares + c2)
    return light * rest, rest


def _check_size(what: str, x: Any, filter_size: int) -> None:
    if min(x.shape[-3:-1]) < filter_size:
        raise InvalidArgumentError(
            f"{what}: `filter_size` is {filter_size}, and images are {x.shape[-3]} x {x.shape[-2]}; give a smaller one"
        )


def ssim(
    img1: Any,
    img2: Any,
    max_val: Any,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    return_index_map: bool = False,
) -> Any:
    """Return the structural similarity of two images, from -1 to 1; place by place with `return_index_map`."""
    x, y, largest = _pair("ssim", img1, img2, max_val)
    _check_size("ssim", x, filter_size)
    alike, _ = _likeness(x, y, largest, filter_size, filter_sigma, k1, k2)
    return math.reduce_mean(alike, [-1] if return_index_map else [-3, -2, -1])


POWERS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Wang, Simoncelli, Bovik, "Multiscale structural similarity" (2003)."""


def ssim_multiscale(
    img1: Any,
    img2: Any,
    max_val: Any,
    power_factors: Any = POWERS,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Any:
    """Return the structural similarity of two images at several scales, each half of the one before.

    Contrast and structure of every scale count with a power, brightness at the last one; below 0 they count as 0, and
    the gradient there is 0.
    """
    x, y, largest = _pair("ssim_multiscale", img1, img2, max_val)
    powers = [float(p) for p in static(power_factors)]
    total: Any = None
    for k, power in enumerate(powers):
        if k:
            x, y = _half(x), _half(y)
        _check_size("ssim_multiscale", x, filter_size)
        alike, rest = _likeness(x, y, largest, filter_size, filter_sigma, k1, k2)
        part = math.reduce_mean(alike if k == len(powers) - 1 else rest, [-3, -2])
        positive = row("greater")(part, 0.0)
        scaled = row("where")(positive, row("power")(row("where")(positive, part, 1.0), power), 0.0)
        total = scaled if total is None else total * scaled
    return math.reduce_mean(total, [-1])


def _half(x: Any) -> Any:
    """Average 2 x 2 pixels; an odd last row or column is repeated first."""
    odd = tuple(n % 2 for n in x.shape[-3:-1])
    if any(odd):
        x = row("pad_call")(x, (*((0, 0),) * (x.ndim - 3), (0, odd[0]), (0, odd[1]), (0, 0)), "symmetric")
    *batch, high, wide, channels = x.shape
    apart = row("reshape")(x, shape=(*batch, high // 2, 2, wide // 2, 2, channels))
    return row("mean")(apart, axis=(-4, -2))


def total_variation(images: Any, name: str | None = None) -> Any:
    """Return the sum of the sizes of all steps between neighbours, image by image."""
    x = picture("total_variation", images)
    down = row("abs")(x[..., 1:, :, :] - x[..., :-1, :, :])
    across = row("abs")(x[..., :, 1:, :] - x[..., :, :-1, :])
    return row("sum")(down, axis=(-3, -2, -1)) + row("sum")(across, axis=(-3, -2, -1))


def image_gradients(image: Any) -> tuple[Any, Any]:
    """Return the steps downwards and to the right of each pixel; 0 at the last row and column."""
    x = picture("image_gradients", image, 4)
    down = row("pad")(x[:, 1:] - x[:, :-1], pad_width=((0, 0), (0, 1), (0, 0), (0, 0)))
    across = row("pad")(x[:, :, 1:] - x[:, :, :-1], pad_width=((0, 0), (0, 0), (0, 1), (0, 0)))
    return down, across


def sobel_edges(image: Any) -> Any:
    """Return Sobel's steps downwards and to the right, as a new last axis; the edges are mirrored."""
    x = picture("sobel_edges", image, 4)
    channels = x.shape[-1]
    smooth, step = np.array([1.0, 2.0, 1.0]), np.array([-1.0, 0.0, 1.0])
    both = np.stack([np.outer(step, smooth), np.outer(smooth, step)], -1)
    weights = np.tile(both, (1, 1, channels))[:, :, None].astype(x.dtype)
    padded = row("pad_call")(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
    made = row("convolution")(
        padded, weights, strides=(1, 1), padding=((0, 0), (0, 0)), dilations=(1, 1), groups=channels
    )
    return row("reshape")(made, shape=(*x.shape, 2))


def extract_patches(images: Any, sizes: Any, strides: Any, rates: Any, padding: str, name: str | None = None) -> Any:
    """Take windows of images out; the elements of a window become channels."""
    return windows_as_channels("extract_patches", images, 2, sizes, strides, rates, padding)


def adjust_jpeg_quality(image: Any, jpeg_quality: Any, dct_method: str = "", name: str | None = None) -> Any:
    """Return what is left of an image that was written as JPEG and read again; nothing flows back, because it rounds.

    Computed here and not by a codec, with exact transforms: TensorFlow's quick ones are off by some levels.

    Parameters
    ----------
    image : array_like
        Of shape (height, width, 1 or 3), real numbers from 0 to 1 or whole ones.
    jpeg_quality : int
        From 0 to 100.
    """
    x, quality = picture("adjust_jpeg_quality", image), int(static(jpeg_quality))
    if x.ndim != 3 or x.shape[-1] not in {1, 3} or not 0 <= quality <= 100:
        raise InvalidArgumentError(
            f"adjust_jpeg_quality: takes shape (height, width, 1 or 3) and a quality from 0 to 100, got shape "
            f"{tuple(x.shape)} and {quality}"
        )
    scale = 255.0 if x.dtype.kind == "f" else float(np.iinfo(x.dtype).max) / 255.0
    if x.dtype.kind == "f":
        return row("jpeg_losses")(x * (scale + 0.5), quality=max(quality, 1)) / scale
    levels = row("jpeg_losses")(x.astype(np.float32) / scale, quality=max(quality, 1))
    return row("rint")(levels * scale).astype(x.dtype)
