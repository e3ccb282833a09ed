"""The weights of old pixels in new ones when an axis of an image is resized."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _cubic(x: Any) -> Any:
    """Keys, "Cubic convolution interpolation for digital image processing" (1981), with a = -1/2."""
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x >= 2.0, 0.0, np.where(x >= 1.0, far, (1.5 * x - 2.5) * x * x + 1.0))


def _mitchell(x: Any) -> Any:
    """Mitchell, Netravali, "Reconstruction filters in computer graphics" (1988), with B = C = 1/3."""
    far = ((-7.0 / 18.0 * x + 2.0) * x - 10.0 / 3.0) * x + 16.0 / 9.0
    return np.where(x >= 2.0, 0.0, np.where(x >= 1.0, far, (7.0 / 6.0 * x - 2.0) * x * x + 8.0 / 9.0))


def _lanczos(radius: float) -> Callable[[Any], Any]:
    return lambda x: np.where(x > radius, 0.0, np.sinc(x) * np.sinc(x / radius))


KERNELS: dict[str, tuple[float, Callable[[Any], Any]]] = {
    "bilinear": (1.0, lambda x: np.maximum(0.0, 1.0 - x)),
    "bicubic": (2.0, _cubic),
    "lanczos3": (3.0, _lanczos(3.0)),
    "lanczos5": (5.0, _lanczos(5.0)),
    "gaussian": (1.5, lambda x: np.where(x >= 1.5, 0.0, np.exp(-2.0 * x * x))),
    "mitchellcubic": (2.0, _mitchell),
}
"""How far each method looks, in pixels, and the weight of a pixel at a distance."""


def resampling(old: int, new: int, method: str, antialias: bool) -> Any:
    """Return the matrix of shape (new, old) whose rows are the weights of the old pixels in each new one.

    Pixels are counted by their centres. Weights outside the image are dropped, and the others scaled to add up to 1.
    """
    scale = old / new
    if method == "area":
        edges = np.arange(new + 1) * scale
        place = np.arange(old)
        inside = np.minimum(edges[1:, None], place + 1) - np.maximum(edges[:-1, None], place)
        return np.maximum(inside, 0.0) / scale
    centre = (np.arange(new) + 0.5) * scale
    if method == "bilinear" and not antialias:
        centre = np.clip(centre, 0.5, old - 0.5)
    if method == "bicubic" and not antialias:
        # as TensorFlow, which reads the weights from a table of 1024 steps
        start = np.floor(centre - 0.5)
        centre = start + np.rint((centre - 0.5 - start) * 1024.0) / 1024.0 + 0.5
    radius, kernel = KERNELS[method]
    wide = max(scale, 1.0) if antialias else 1.0
    distance = np.abs(np.arange(old) + 0.5 - centre[:, None])
    found = np.where(distance <= radius * wide, kernel(distance / wide), 0.0)
    return found / found.sum(1, keepdims=True)
