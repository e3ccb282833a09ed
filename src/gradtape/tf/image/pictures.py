"""What functions of images share: dtypes, batches, and moves of whole rows and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.tf.calls import row, static, tensor
from gradtape.tf.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = slice(None)


def picture(what: str, image: Any, least: int = 3) -> Any:
    """Make a tensor of an image (height, width, channels) or a batch of them."""
    x = tensor(image)
    if x.ndim < least:
        raise InvalidArgumentError(f"{what}: an image has {least} axes or more, got shape {tuple(x.shape)}")
    return x


def batched(what: str, image: Any, work: Callable[[Any], Any]) -> Any:
    """Work on a batch of images; one image alone is a batch of one for that time."""
    x = picture(what, image)
    if x.ndim > 4:
        raise InvalidArgumentError(f"{what}: takes one image or one batch of them, got shape {tuple(x.shape)}")
    return work(x) if x.ndim == 4 else work(x[None])[0]


def floating(x: Any) -> Any:
    """Make whole numbers float32; real numbers stay as they are."""
    return x if x.dtype.kind == "f" else x.astype(np.float32)


def convert_image_dtype(image: Any, dtype: Any, saturate: bool = False, name: str | None = None) -> Any:
    """Cast and scale: the largest whole number of a dtype is 1.0. From real to whole numbers nothing flows back."""
    x, wanted = tensor(image), np.dtype(dtype)
    if x.dtype == wanted:
        return x
    if x.dtype.kind == "f":
        if wanted.kind == "f":
            return x.astype(wanted)
        scaled = x * (float(np.iinfo(wanted).max) + 0.5)
        inside = row("clip")(scaled, *(float(v) for v in (np.iinfo(wanted).min, np.iinfo(wanted).max)))
        return (inside if saturate else scaled).astype(wanted)
    here = np.iinfo(x.dtype).max
    if wanted.kind == "f":
        return x.astype(wanted) * (1.0 / here)
    there = np.iinfo(wanted).max
    if here > there:
        return row("floor_divide")(x, x.dtype.type((here + 1) // (there + 1))).astype(wanted)
    return x.astype(wanted) * wanted.type((there + 1) // (here + 1))


def adjusted(what: str, image: Any, work: Callable[[Any], Any]) -> Any:
    """Work on an image between 0 and 1, and give the result the image's dtype."""
    x = picture(what, image)
    made = work(convert_image_dtype(x, np.float32) if x.dtype.kind != "f" else x)
    return convert_image_dtype(made, x.dtype, saturate=True)


def flip_left_right(image: Any) -> Any:
    """Exchange left and right."""
    return row("flip")(picture("flip_left_right", image), axis=-2)


def flip_up_down(image: Any) -> Any:
    """Exchange up and down."""
    return row("flip")(picture("flip_up_down", image), axis=-3)


def transpose(image: Any, name: str | None = None) -> Any:
    """Exchange height and width."""
    return row("swapaxes")(picture("transpose", image), -3, -2)


def rot90(image: Any, k: Any = 1, name: str | None = None) -> Any:
    """Turn counter-clockwise by `k` right angles."""
    x, turns = picture("rot90", image), static(k) % 4
    if turns == 2:
        return row("flip")(x, axis=(-3, -2))
    if turns:
        x = row("flip")(row("swapaxes")(x, -3, -2), axis=-3 if turns == 1 else -2)
    return x


def crop_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Any:
    """Cut a box out."""
    x = picture("crop_to_bounding_box", image)
    top, left, high, wide = (int(static(v)) for v in (offset_height, offset_width, target_height, target_width))
    if min(top, left) < 0 or min(high, wide) < 1 or top + high > x.shape[-3] or left + wide > x.shape[-2]:
        raise InvalidArgumentError(
            f"crop_to_bounding_box: no {high} x {wide} box at ({top}, {left}) in {x.shape[-3]} x {x.shape[-2]} pixels"
        )
    return x[..., top : top + high, left : left + wide, :]


def pad_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Any:
    """Put zeros around an image."""
    x = picture("pad_to_bounding_box", image)
    top, left, high, wide = (int(static(v)) for v in (offset_height, offset_width, target_height, target_width))
    below, right = high - top - x.shape[-3], wide - left - x.shape[-2]
    if min(top, left, below, right) < 0:
        raise InvalidArgumentError(
            f"pad_to_bounding_box: an image of {x.shape[-3]} x {x.shape[-2]} at ({top}, {left}) does not fit into "
            f"{high} x {wide}"
        )
    return row("pad")(x, pad_width=(*((0, 0),) * (x.ndim - 3), (top, below), (left, right), (0, 0)))


def resize_with_crop_or_pad(image: Any, target_height: Any, target_width: Any) -> Any:
    """Cut or pad equally on both sides."""
    x = picture("resize_with_crop_or_pad", image)
    high, wide = int(static(target_height)), int(static(target_width))
    more = [n - m for n, m in zip((high, wide), x.shape[-3:-1], strict=True)]
    top, left = (max(-n // 2, 0) for n in more)
    x = crop_to_bounding_box(x, top, left, min(high, x.shape[-3]), min(wide, x.shape[-2]))
    above, before = (max(n // 2, 0) for n in more)
    return pad_to_bounding_box(x, above, before, high, wide)


def central_crop(image: Any, central_fraction: Any) -> Any:
    """Cut the middle out."""
    x, share = picture("central_crop", image), float(static(central_fraction))
    if not 0.0 < share <= 1.0:
        raise InvalidArgumentError(f"central_crop: `central_fraction` is in (0, 1], got {share}")
    top, left = (int((n - n * share) / 2) for n in x.shape[-3:-1])
    return crop_to_bounding_box(x, top, left, x.shape[-3] - 2 * top, x.shape[-2] - 2 * left)


def per_image_standardization(image: Any) -> Any:
    """Move and stretch each image to the mean 0 and the deviation 1, which counts as `1/sqrt(size)` at least."""
    x = floating(picture("per_image_standardization", image))
    axes = (-3, -2, -1)
    size = float(np.prod([x.shape[k] for k in axes]))
    spread = row("maximum")(row("std")(x, axis=axes, keepdims=True), size**-0.5)
    return (x - row("mean")(x, axis=axes, keepdims=True)) / spread
