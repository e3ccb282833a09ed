"""Resizing: along each axis a product with a small matrix of weights, so that all derivatives are there."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.nn.resampling import KERNELS, resampling
from gradtape.tf.arrays import positions_of
from gradtape.tf.calls import operands, row, static, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.image.pictures import batched, floating, pad_to_bounding_box, picture


class ResizeMethod:
    """The names of the methods of `resize`."""

    BILINEAR = "bilinear"
    NEAREST_NEIGHBOR = "nearest"
    BICUBIC = "bicubic"
    AREA = "area"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    GAUSSIAN = "gaussian"
    MITCHELLCUBIC = "mitchellcubic"


def resize(
    images: Any,
    size: Any,
    method: str = ResizeMethod.BILINEAR,
    preserve_aspect_ratio: bool = False,
    antialias: bool = False,
    name: str | None = None,
) -> Any:
    """Resize images by one of the methods of `ResizeMethod`.

    Parameters
    ----------
    images : array_like
        Of shape (batch, height, width, channels), or one image without the batch. Whole numbers become float32, but for
        `"nearest"`.
    size : sequence of int
        The new height and width.
    method : str
        `"bilinear"`, `"nearest"`, `"bicubic"`, `"area"`, `"lanczos3"`, `"lanczos5"`, `"gaussian"`, `"mitchellcubic"`.
    preserve_aspect_ratio : bool
        Take the largest size inside of `size` that keeps the proportions.
    antialias : bool
        Look farther when the image becomes smaller; no matter for `"nearest"` and `"area"`.

    Returns
    -------
    Tensor

    Raises
    ------
    InvalidArgumentError
        If the method or the size is none.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> image = tf.reshape([0.0, 1.0, 2.0, 3.0], [1, 4, 1])
    >>> tf.image.resize(image, [1, 2])[0, :, 0]
    <tf.Tensor: shape=(2,), dtype=float32, numpy=array([0.5, 2.5], dtype=float32)>
    """
    how = str(method).lower()
    wanted = tuple(int(n) for n in static(size))
    if how not in {*KERNELS, "nearest", "area"} or len(wanted) != 2 or min(wanted) < 1:
        raise InvalidArgumentError(f"resize: no size {wanted} with the method {method!r}; see `tf.image.ResizeMethod`")

    def work(x: Any) -> Any:
        new = wanted
        if preserve_aspect_ratio:
            share = min(n / m for n, m in zip(wanted, x.shape[1:3], strict=True))
            new = tuple(max(round(share * m), 1) for m in x.shape[1:3])
        if how != "nearest":
            x = floating(x)
        if new == tuple(x.shape[1:3]):
            return x
        for axis, n in enumerate(new, 1):
            old = x.shape[axis]
            if how == "nearest":
                x = row("take")(x, np.minimum(((np.arange(n) + 0.5) * (old / n)).astype(int), old - 1), axis=axis)
            else:
                x = row("resample")(x, resampling(old, n, how, antialias).astype(x.dtype), axis=axis)
        return x

    return batched("resize", images, work)


def resize_with_pad(
    image: Any,
    target_height: Any,
    target_width: Any,
    method: str = ResizeMethod.BILINEAR,
    antialias: bool = False,
) -> Any:
    """Resize without a change of proportions, and put zeros around."""
    x, high, wide = picture("resize_with_pad", image), int(static(target_height)), int(static(target_width))
    ratio = max(x.shape[-2] / wide, x.shape[-3] / high)
    inner = (x.shape[-3] / ratio, x.shape[-2] / ratio)
    made = resize(x, [int(n) for n in inner], method, antialias=antialias)
    above, before = (max(int((n - m) / 2), 0) for n, m in zip((high, wide), inner, strict=True))
    return pad_to_bounding_box(made, above, before, high, wide)


def crop_and_resize(
    image: Any,
    boxes: Any,
    box_indices: Any,
    crop_size: Any,
    method: str = "bilinear",
    extrapolation_value: float = 0.0,
    name: str | None = None,
) -> Any:
    """Cut boxes out of images and resize them; the gradient reaches the images and, if bilinear, the boxes.

    Parameters
    ----------
    image : array_like
        Of shape (batch, height, width, channels).
    boxes : array_like
        Of shape (count, 4): the first and the last row and column, `(y1, x1, y2, x2)`, in shares of the image's.
    box_indices : array_like of int
        Which image each box is of.
    crop_size : sequence of int
        The height and width of the results.
    method : str
        `"bilinear"` or `"nearest"`.
    extrapolation_value : float
        What stands where a box leaves the image.
    """
    x, places = map(tensor, operands(floating(picture("crop_and_resize", image, 4)), boxes))
    owner = positions_of(box_indices).astype(int)
    high, wide = (int(n) for n in static(crop_size))
    if (
        method not in {"bilinear", "nearest"}
        or places.ndim != 2
        or places.shape[1] != 4
        or owner.shape != (len(places),)
    ):
        raise InvalidArgumentError(
            f"crop_and_resize: boxes of shape {tuple(places.shape)}, {owner.size} indices and {method!r}; it takes "
            "boxes of shape (count, 4), an index for each, and 'bilinear' or 'nearest'"
        )
    if owner.size and not 0 <= owner.min() <= owner.max() < x.shape[0]:
        raise InvalidArgumentError(f"crop_and_resize: `box_indices` are in [0, {x.shape[0]}), got {owner.tolist()}")
    rows = _samples(places[:, 0], places[:, 2], high, x.shape[1])
    columns = _samples(places[:, 1], places[:, 3], wide, x.shape[2])
    which = owner[:, None, None]
    if method == "nearest":
        (near, seen), (beside, shown) = (_rounded(s, n) for s, n in ((rows, x.shape[1]), (columns, x.shape[2])))
        cut = x[(which, near[:, :, None], beside[:, None, :])]
    else:
        (top, bottom, down, seen), (left, right, across, shown) = (
            _neighbours(s, n) for s, n in ((rows, x.shape[1]), (columns, x.shape[2]))
        )
        across, down = across[:, None, :, None], down[:, :, None, None]
        upper, lower = (
            x[(which, k[:, :, None], left[:, None, :])] * (1.0 - across)
            + x[(which, k[:, :, None], right[:, None, :])] * across
            for k in (top, bottom)
        )
        cut = upper * (1.0 - down) + lower * down
    inside = seen[:, :, None, None] & shown[:, None, :, None]
    return row("where")(inside, cut, float(extrapolation_value))


def _samples(first: Any, last: Any, count: int, length: int) -> Any:
    """Return where the new pixels of each box lie among the old ones."""
    if count == 1:
        return ((first + last) * (0.5 * (length - 1)))[:, None]
    steps = np.arange(count, dtype=first.dtype) / (count - 1)
    return (first[:, None] + (last - first)[:, None] * steps) * float(length - 1)


def _neighbours(samples: Any, length: int) -> tuple[Any, Any, Any, Any]:
    """Return the pixels before and after each place, how far it is from the first, and whether it is in the image."""
    value = positions_of(samples)
    inside = (value >= 0) & (value <= length - 1)
    low = np.clip(np.floor(value), 0, length - 1).astype(int)
    high = np.clip(np.ceil(value), 0, length - 1).astype(int)
    return low, high, samples - low.astype(value.dtype), inside


def _rounded(samples: Any, length: int) -> tuple[Any, Any]:
    value = positions_of(samples)
    inside = (value >= 0) & (value <= length - 1)
    return np.clip(np.floor(value + 0.5), 0, length - 1).astype(int), inside


def extract_glimpse(
    input: Any,
    size: Any,
    offsets: Any,
    centered: bool = True,
    normalized: bool = True,
    noise: str = "uniform",
    name: str | None = None,
) -> Any:
    """Cut windows of whole pixels out of images, around places of their own; outside there is noise.

    Parameters
    ----------
    input : array_like
        Of shape (batch, height, width, channels).
    size : sequence of int
        The height and width of the windows.
    offsets : array_like
        The row and column of each window: of its centre, counted from the image's if `centered`, else of its first
        pixel; in shares of the image (`centered`: of half of it) if `normalized`. Nothing flows back to them: a window
        jumps from pixel to pixel.
    noise : str
        `"uniform"`, `"gaussian"` or `"zero"`.
    """
    x = picture("extract_glimpse", input, 4)
    if noise not in {"uniform", "gaussian", "zero"}:
        raise InvalidArgumentError(f"extract_glimpse: `noise` is 'uniform', 'gaussian' or 'zero', got {noise!r}")
    places = positions_of(offsets).astype(np.float64)
    lines, seen = [], []
    for axis, count in enumerate(int(n) for n in static(size)):
        length = x.shape[axis + 1]
        start = places[:, axis] * (length if normalized else 1.0)
        if centered:
            start = start / 2.0 + length / 2.0 - count / 2.0
        line = np.trunc(start).astype(int)[:, None] + np.arange(count)
        seen.append((line >= 0) & (line < length))
        lines.append(np.clip(line, 0, length - 1))
    cut = x[(np.arange(x.shape[0])[:, None, None], lines[0][:, :, None], lines[1][:, None, :])]
    inside = seen[0][:, :, None, None] & seen[1][:, None, :, None]
    if inside.all():
        return cut
    return row("where")(inside, cut, _noise(noise, x, cut.shape))


def _noise(kind: str, x: Any, shape: tuple[int, ...]) -> Any:
    """Draw what stands outside: even over the range of the values, or with their mean and spread."""
    from gradtape.tf.random import generator_for

    values, generator = positions_of(x), generator_for(None)
    if kind == "zero":
        return np.zeros(shape, values.dtype)
    drawn = (
        generator.uniform(values.min(), values.max(), shape)
        if kind == "uniform"
        else generator.normal(values.mean(), values.std(), shape)
    )
    return drawn.astype(values.dtype)
