"""The kernel of the row in `ops/image/jpeg.py`: what is left of an image that was written as JPEG and read again.

ITU-T Recommendation T.81: cosine transforms of blocks of 8 x 8, the tables of its annex K scaled as the library of the
Independent JPEG Group does, colours at half the size. Decoders differ by a few levels, and so does this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

BRIGHTNESS = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
COLOUR = np.full((8, 8), 99)
COLOUR[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]
TO_PARTS = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
FROM_PARTS = np.array([[1.0, 0.0, 1.402], [1.0, -0.344136, -0.714136], [1.0, 1.772, 0.0]])
WAVES = np.sqrt(0.25) * np.cos(np.pi / 8 * np.arange(8)[:, None] * (np.arange(8) + 0.5))
WAVES[0] *= np.sqrt(0.5)


def _steps(table: Any, quality: int) -> Any:
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((table * scale + 50) // 100, 1, 255)


def _rounded_waves(plane: Any, steps: Any) -> Any:
    """Round the waves of each block of 8 x 8 to multiples of steps."""
    high, wide = plane.shape
    blocks = plane.reshape(high // 8, 8, wide // 8, 8).transpose(0, 2, 1, 3) - 128.0
    waves = np.rint(WAVES @ blocks @ WAVES.T / steps) * steps
    back = WAVES.T @ waves @ WAVES + 128.0
    return np.clip(np.rint(back), 0.0, 255.0).transpose(0, 2, 1, 3).reshape(high, wide)


def _doubled(plane: Any, axis: int) -> Any:
    """Double the length of an axis: three parts of the nearer element and one of the farther."""
    n = plane.shape[axis]
    before, after = (np.take(plane, np.clip(np.arange(n) + k, 0, n - 1), axis) for k in (-1, 1))
    both = np.stack([0.75 * plane + 0.25 * before, 0.75 * plane + 0.25 * after], axis + 1)
    return both.reshape(*(2 * n if k == axis else m for k, m in enumerate(plane.shape)))


def _jpeg_losses(image: Any, quality: int = 95) -> Any:
    """Take an image of levels from 0 to 255, which are cut to whole ones, with one or three channels."""
    high, wide, channels = image.shape
    unit = 8 if channels == 1 else 16
    levels = np.clip(np.floor(np.asarray(image, np.float64)), 0.0, 255.0)
    whole = np.pad(levels, ((0, -high % unit), (0, -wide % unit), (0, 0)), "edge")
    if channels == 1:
        made = _rounded_waves(whole[..., 0], _steps(BRIGHTNESS, quality))[..., None]
        return made[:high, :wide].astype(image.dtype)
    parts = np.rint(whole @ TO_PARTS.T + np.array([0.0, 128.0, 128.0]))
    planes = [_rounded_waves(parts[..., 0], _steps(BRIGHTNESS, quality))[:high, :wide]]
    for k in (1, 2):
        small = np.rint(parts[..., k].reshape(whole.shape[0] // 2, 2, whole.shape[1] // 2, 2).mean((1, 3)))
        kept = _rounded_waves(small, _steps(COLOUR, quality))[: -(-high // 2), : -(-wide // 2)]
        planes.append(np.rint(_doubled(_doubled(kept, 0), 1))[:high, :wide])
    made = (np.stack(planes, -1) - np.array([0.0, 128.0, 128.0])) @ FROM_PARTS.T
    return np.clip(np.rint(made), 0.0, 255.0).astype(image.dtype)


KERNELS: dict[str, Callable[..., Any]] = {
    "jpeg_losses": _jpeg_losses,
}
