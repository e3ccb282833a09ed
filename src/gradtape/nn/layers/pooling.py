"""The largest or the mean of windows, and of whole images."""

from __future__ import annotations

from typing import Any, ClassVar

from gradtape.arrays import doors
from gradtape.nn.layers.images import ImageLayer, padding_of
from gradtape.nn.windows import per_axis

xp = doors.SPACE


class MaxPooling2D(ImageLayer):
    """The largest element of each window; of equal ones the first has the whole derivative.

    Parameters
    ----------
    pool_size : int or sequence of int
        The window's lengths.
    strides : int or sequence of int, optional
        The steps between windows; `pool_size` unless given.
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}, optional
    **options
        `name` and the like; see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> gt.nn.MaxPooling2D()(np.arange(16.0).reshape(1, 4, 4, 1))[0, :, :, 0]
    Tensor([[ 5.,  7.],
            [13., 15.]], dtype=float32)
    """

    row: ClassVar[str] = "max_pool"

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(data_format, **options)
        kind = type(self).__name__
        self.pool_size = per_axis(kind, "pool_size", pool_size, self.rank)
        self.strides = self.pool_size if strides is None else per_axis(kind, "strides", strides, self.rank)
        self.padding = padding_of(kind, padding, 2)

    def call(self, inputs: Any) -> Any:
        """Compute the output, of shape (batch, *places, channels)."""
        self.checked(inputs)
        x = self.lie.enter(inputs) if self.first else inputs
        ones = (1,) * self.rank
        pairs = self.pairs(self.padding, x.shape[1:-1], self.pool_size, self.strides, ones)
        y = getattr(xp, self.row)(x, size=self.pool_size, strides=self.strides, padding=pairs, dilations=ones)
        y = y[0] if self.row == "max_pool" else y
        return self.lie.leave(y) if self.first else y


class MaxPooling1D(MaxPooling2D):
    """The largest element of each window along one axis; see `MaxPooling2D`."""

    rank: ClassVar[int] = 1


class MaxPooling3D(MaxPooling2D):
    """The largest element of each window of volumes; see `MaxPooling2D`."""

    rank: ClassVar[int] = 3


class AveragePooling2D(MaxPooling2D):
    """The mean of each window, without its padding; the arguments are those of `MaxPooling2D`."""

    row: ClassVar[str] = "avg_pool"


class AveragePooling1D(AveragePooling2D):
    """The mean of each window along one axis; see `AveragePooling2D`."""

    rank: ClassVar[int] = 1


class AveragePooling3D(AveragePooling2D):
    """The mean of each window of volumes; see `AveragePooling2D`."""

    rank: ClassVar[int] = 3


class GlobalMaxPooling2D(ImageLayer):
    """The largest element of each channel of an image.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
    keepdims : bool
        Whether the axes stay, with length 1.
    **options
        `name` and the like; see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> gt.nn.GlobalMaxPooling2D()(np.ones((2, 5, 4, 3))).shape
    (2, 3)
    """

    reduction: ClassVar[str] = "max"

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **options: Any) -> None:
        super().__init__(data_format, **options)
        self.keepdims = keepdims

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Compute the output, of shape (batch, channels)."""
        self.checked(inputs)
        axes = tuple(range(2, self.rank + 2)) if self.first else tuple(range(1, self.rank + 1))
        if mask is not None and self.reduction == "mean" and self.rank == 1:
            weight = xp.cast(mask, dtype=inputs.dtype)
            weight = xp.expand_dims(weight, 1 if self.first else -1)
            total = xp.sum(inputs * weight, axis=axes, keepdims=self.keepdims)
            return total / xp.sum(weight, axis=axes, keepdims=self.keepdims)
        return getattr(xp, self.reduction)(inputs, axis=axes, keepdims=self.keepdims)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002
        """Return no mask: the axis is gone."""
        return None


class GlobalMaxPooling1D(GlobalMaxPooling2D):
    """The largest element of each channel along one axis; see `GlobalMaxPooling2D`."""

    rank: ClassVar[int] = 1


class GlobalMaxPooling3D(GlobalMaxPooling2D):
    """The largest element of each channel of a volume; see `GlobalMaxPooling2D`."""

    rank: ClassVar[int] = 3


class GlobalAveragePooling2D(GlobalMaxPooling2D):
    """The mean of each channel of an image; the arguments are those of `GlobalMaxPooling2D`."""

    reduction: ClassVar[str] = "mean"


class GlobalAveragePooling1D(GlobalAveragePooling2D):
    """The mean of each channel along one axis, of what a `mask` leaves; see `GlobalAveragePooling2D`."""

    supports_masking = True

    rank: ClassVar[int] = 1


class GlobalAveragePooling3D(GlobalAveragePooling2D):
    """The mean of each channel of a volume; see `GlobalAveragePooling2D`."""

    rank: ClassVar[int] = 3
