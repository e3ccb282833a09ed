"""Pooling to a given size: windows that divide an axis as evenly as they can, and overlap where they must."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradtape.arrays import doors
from gradtape.nn.layers.images import ImageLayer
from gradtape.nn.windows import per_axis

xp = doors.SPACE


class AdaptiveAveragePooling2D(ImageLayer):
    """The mean of windows, as many as are wanted along each axis.

    Window `k` of `m` goes along an axis of length `n` from `floor(k * n / m)` to `ceil((k + 1) * n / m)`.

    Parameters
    ----------
    output_size : int or sequence of int
        How many windows.
    data_format : {"channels_last", "channels_first"}, optional
    **options
        `name` and the like; see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> gt.nn.AdaptiveAveragePooling2D(2)(np.arange(9.0).reshape(1, 3, 3, 1))[0, :, :, 0]
    Tensor([[2., 3.],
            [5., 6.]], dtype=float32)
    """

    def __init__(self, output_size: Any, data_format: str | None = None, **options: Any) -> None:
        super().__init__(data_format, **options)
        self.output_size = per_axis(type(self).__name__, "output_size", output_size, self.rank)

    def call(self, inputs: Any) -> Any:
        """Compute the output, of shape (batch, *output_size, channels)."""
        y = self.checked(inputs)
        for k, count in enumerate(self.output_size):
            axis = k + (2 if self.first else 1)
            y = self._pooled(y, axis, windows(y.shape[axis], count))
        return y

    def _pooled(self, x: Any, axis: int, places: list[range]) -> Any:
        """Pool along one axis: the mean of a box is the mean of the means of its lines."""
        share = np.zeros((len(places), x.shape[axis]), x.dtype)
        for k, window in enumerate(places):
            share[k, window] = 1.0 / len(window)
        return xp.moveaxis(xp.matmul(xp.moveaxis(x, source=axis, destination=-1), share.T), source=-1, destination=axis)


class AdaptiveAveragePooling1D(AdaptiveAveragePooling2D):
    """The mean of windows along one axis, as many as are wanted; see `AdaptiveAveragePooling2D`."""

    rank: ClassVar[int] = 1


class AdaptiveAveragePooling3D(AdaptiveAveragePooling2D):
    """The mean of windows of volumes, as many as are wanted; see `AdaptiveAveragePooling2D`."""

    rank: ClassVar[int] = 3


class AdaptiveMaxPooling2D(AdaptiveAveragePooling2D):
    """The largest element of windows, as many as are wanted; the windows are those of `AdaptiveAveragePooling2D`."""

    def _pooled(self, x: Any, axis: int, places: list[range]) -> Any:
        """Pool along one axis: the largest of a box is the largest of those of its lines."""
        most = max(map(len, places))
        index = np.array([[window[min(j, len(window) - 1)] for j in range(most)] for window in places])
        read = xp.take(x, index, axis=axis)
        return xp.max(read, axis=axis + 1)


class AdaptiveMaxPooling1D(AdaptiveMaxPooling2D):
    """The largest element of windows along one axis, as many as are wanted; see `AdaptiveMaxPooling2D`."""

    rank: ClassVar[int] = 1


class AdaptiveMaxPooling3D(AdaptiveMaxPooling2D):
    """The largest element of windows of volumes, as many as are wanted; see `AdaptiveMaxPooling2D`."""

    rank: ClassVar[int] = 3


def windows(length: int, count: int) -> list[range]:
    """Return the places of each window along an axis."""
    return [range(k * length // count, -(-(k + 1) * length // count)) for k in range(count)]
