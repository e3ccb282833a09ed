"""Colours: spaces of three channels, brightness, contrast, hue and saturation."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf.calls import operands, row
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.image.pictures import adjusted, floating, picture

GREY = (0.2989, 0.587, 0.114)
YIQ = (
    (0.299, 0.59590059, 0.2115),
    (0.587, -0.27455667, -0.52273617),
    (0.114, -0.32134392, 0.31119955),
)
FROM_YIQ = ((1.0, 1.0, 1.0), (0.95598634, -0.27201283, -1.10674021), (0.6208248, -0.64720424, 1.70423049))
YUV = (
    (0.299, -0.14714119, 0.61497538),
    (0.587, -0.28886916, -0.51496512),
    (0.114, 0.43601035, -0.10001026),
)
FROM_YUV = ((1.0, 1.0, 1.0), (0.0, -0.394642334, 2.03206185), (1.13988303, -0.58062185, 0.0))


def _three(what: str, image: Any) -> Any:
    x = floating(picture(what, image, 1))
    if x.shape[-1] != 3:
        raise InvalidArgumentError(f"{what}: the last axis has the 3 channels of a colour, got shape {tuple(x.shape)}")
    return x


def _mixed(what: str, image: Any, weights: Any) -> Any:
    x = _three(what, image)
    return row("matmul")(x, np.array(weights, x.dtype))


def rgb_to_yiq(images: Any) -> Any:
    """Change red, green, blue to the brightness and the colours of NTSC."""
    return _mixed("rgb_to_yiq", images, YIQ)


def yiq_to_rgb(images: Any) -> Any:
    """Undo `rgb_to_yiq`."""
    return _mixed("yiq_to_rgb", images, FROM_YIQ)


def rgb_to_yuv(images: Any) -> Any:
    """Change red, green, blue to the brightness and the colours of PAL."""
    return _mixed("rgb_to_yuv", images, YUV)


def yuv_to_rgb(images: Any) -> Any:
    """Undo `rgb_to_yuv`."""
    return _mixed("yuv_to_rgb", images, FROM_YUV)


def rgb_to_grayscale(images: Any, name: str | None = None) -> Any:
    """Return the brightness alone, in one channel."""

    def grey(x: Any) -> Any:
        return row("matmul")(_three("rgb_to_grayscale", x), np.array(GREY, x.dtype)[:, None])

    return adjusted("rgb_to_grayscale", images, grey)


def grayscale_to_rgb(images: Any, name: str | None = None) -> Any:
    """Repeat one channel three times."""
    x = picture("grayscale_to_rgb", images)
    if x.shape[-1] != 1:
        raise InvalidArgumentError(f"grayscale_to_rgb: the last axis has length 1, got shape {tuple(x.shape)}")
    return row("broadcast_to")(x, shape=(*x.shape[:-1], 3))


def rgb_to_hsv(images: Any, name: str | None = None) -> Any:
    """Change red, green, blue to hue, saturation and value, all between 0 and 1. The hue of grey is 0."""
    x = _three("rgb_to_hsv", images)
    r, g, b = (x[..., k] for k in range(3))
    value = row("maximum")(row("maximum")(r, g), b)
    spread = value - row("minimum")(row("minimum")(r, g), b)
    saturation = row("divide_no_nan")(spread, value)
    of_red, of_green = row("equal")(r, value), row("equal")(g, value)
    near = row("where")(of_red, g - b, row("where")(of_green, b - r, r - g))
    sixth = row("where")(of_red, 0.0, row("where")(of_green, 2.0, 4.0)).astype(x.dtype)
    turns = (row("divide_no_nan")(near, spread) + sixth) / 6.0
    turns = turns + row("less")(turns, 0.0).astype(x.dtype)
    hue = row("where")(row("greater")(spread, 0.0), turns, 0.0)
    return row("stack")((hue, saturation, value), axis=-1)


def hsv_to_rgb(images: Any, name: str | None = None) -> Any:
    """Undo `rgb_to_hsv`."""
    x = _three("hsv_to_rgb", images)
    hue, saturation, value = (x[..., k] for k in range(3))
    sixths = hue * 6.0
    parts = []
    for centre, sign, start in ((3.0, 1.0, -1.0), (2.0, -1.0, 2.0), (4.0, -1.0, 2.0)):
        share = row("clip")(row("abs")(sixths - centre) * sign + start, 0.0, 1.0)
        parts.append((1.0 - saturation + saturation * share) * value)
    return row("stack")(tuple(parts), axis=-1)


def adjust_brightness(image: Any, delta: Any) -> Any:
    """Add to all channels."""

    def brighter(x: Any) -> Any:
        return x + operands(x, delta)[1]

    return adjusted("adjust_brightness", image, brighter)


def adjust_contrast(images: Any, contrast_factor: Any) -> Any:
    """Stretch each channel away from its mean."""

    def stretched(x: Any) -> Any:
        mean = row("mean")(x, axis=(-3, -2), keepdims=True)
        return (x - mean) * operands(x, contrast_factor)[1] + mean

    return adjusted("adjust_contrast", images, stretched)


def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Any:
    """Return `gain * image**gamma`."""

    def bent(x: Any) -> Any:
        power, factor = operands(x, gamma, gain)[1:]
        return row("power")(x, power) * factor

    return adjusted("adjust_gamma", image, bent)


def adjust_hue(image: Any, delta: Any, name: str | None = None) -> Any:
    """Turn the hue by a share of the whole circle."""

    def turned(x: Any) -> Any:
        hsv = rgb_to_hsv(x)
        hue = row("remainder")(hsv[..., :1] + operands(x, delta)[1], 1.0)
        return hsv_to_rgb(row("concatenate")((hue, hsv[..., 1:]), axis=-1))

    return adjusted("adjust_hue", image, turned)


def adjust_saturation(image: Any, saturation_factor: Any, name: str | None = None) -> Any:
    """Multiply the saturation, which stays between 0 and 1."""

    def stronger(x: Any) -> Any:
        hsv = rgb_to_hsv(x)
        saturation = row("clip")(hsv[..., 1:2] * operands(x, saturation_factor)[1], 0.0, 1.0)
        return hsv_to_rgb(row("concatenate")((hsv[..., :1], saturation, hsv[..., 2:]), axis=-1))

    return adjusted("adjust_saturation", image, stronger)
