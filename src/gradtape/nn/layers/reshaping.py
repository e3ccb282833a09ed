"""Layers that move, repeat, pad and cut, without weights."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from gradtape.arrays import doors
from gradtape.nn.layer import Layer
from gradtape.nn.layers.dense import whole
from gradtape.nn.layers.images import ImageLayer
from gradtape.nn.resampling import KERNELS, resampling
from gradtape.nn.windows import one_of, per_axis
from gradtape.ops import Index

xp = doors.SPACE


class Flatten(Layer):
    """All axes but the batch as one.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
        With the second, the channels are put last first.
    **options
        `dtype`, `name`; see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> gt.nn.Flatten()(np.ones((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        words = ("channels_last", "channels_first")
        self.data_format = one_of("Flatten", "data_format", data_format or "channels_last", words)

    def call(self, inputs: Any) -> Any:
        """Compute the output, of shape (batch, n)."""
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = xp.moveaxis(inputs, 1, -1)
        return xp.reshape(inputs, shape=(inputs.shape[0], prod(inputs.shape[1:])))


class Reshape(Layer):
    """Another shape, but for the batch.

    Parameters
    ----------
    target_shape : sequence of int
        Without the batch; one length may be -1, which stands for what is left.
    **options
        `dtype`, `name`; see `Layer`.
    """

    def __init__(self, target_shape: Any, **options: Any) -> None:
        super().__init__(**options)
        self.target_shape = tuple(target_shape)

    def call(self, inputs: Any) -> Any:
        """Compute the output, of shape (batch, *target_shape)."""
        known = prod(n for n in self.target_shape if n != -1)
        count = prod(inputs.shape[1:])
        if (-1 in self.target_shape and (known == 0 or count % known)) or (
            -1 not in self.target_shape and count != known
        ):
            self.refuse(
                f"an example of shape {tuple(inputs.shape[1:])} has {count} elements, which make no "
                f"`target_shape` {self.target_shape}"
            )
        return xp.reshape(inputs, shape=(inputs.shape[0], *self.target_shape))


class Permute(Layer):
    """The axes in another order.

    Parameters
    ----------
    dims : sequence of int
        The axes from 1 on, without the batch: `(2, 1)` exchanges the two.
    **options
        `dtype`, `name`; see `Layer`.
    """

    def __init__(self, dims: Any, **options: Any) -> None:
        super().__init__(**options)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"Permute: `dims` has the axes from 1 to {len(self.dims)} once each, got {dims}")

    def call(self, inputs: Any) -> Any:
        """Compute the output."""
        if inputs.ndim != len(self.dims) + 1:
            self.refuse(f"the input has {len(self.dims) + 1} axes, got shape {tuple(inputs.shape)}")
        return xp.transpose(inputs, axes=(0, *self.dims))


class RepeatVector(Layer):
    """Each vector `n` times, along a new axis.

    Parameters
    ----------
    n : int
    **options
        `dtype`, `name`; see `Layer`.
    """

    def __init__(self, n: int, **options: Any) -> None:
        super().__init__(**options)
        self.n = whole("n", n)

    def call(self, inputs: Any) -> Any:
        """Compute the output, of shape (batch, n, features)."""
        if inputs.ndim != 2:
            self.refuse(f"the input has shape (batch, features), got {tuple(inputs.shape)}")
        return xp.repeat(xp.expand_dims(inputs, 1), self.n, axis=1)


def amounts(kind: str, name: str, value: Any, axes: int) -> tuple[tuple[int, int], ...]:
    """Read how much is put or cut before and after each axis: a number, one per axis, or a pair per axis.

    Along one axis two numbers are a pair.
    """
    if hasattr(value, "__index__"):
        return ((int(value),) * 2,) * axes
    given = tuple(value)
    if axes == 1 and len(given) == 2:
        given = (given,)
    if len(given) != axes:
        raise ValueError(f"{kind}: `{name}` is a number, or {axes} numbers or pairs, one per axis; got {value!r}")
    return tuple(per_axis(kind, name, g, 2, least=0) for g in given)  # type: ignore[misc]


class ZeroPadding2D(ImageLayer):
    """Zeros around images.

    Parameters
    ----------
    padding : int or sequence
        How many on all sides, one number per axis, or a pair (before, after) per axis.
    data_format : {"channels_last", "channels_first"}, optional
    **options
        `dtype`, `name`; see `Layer`.
    """

    def __init__(self, padding: Any = 1, data_format: str | None = None, **options: Any) -> None:
        super().__init__(data_format, **options)
        self.padding = amounts(type(self).__name__, "padding", padding, self.rank)

    def call(self, inputs: Any) -> Any:
        """Compute the output."""
        self.checked(inputs)
        none = ((0, 0),)
        around = (none * 2 + self.padding) if self.first else (none + self.padding + none)
        return xp.pad(inputs, pad_width=around)


class ZeroPadding1D(ZeroPadding2D):
    """Zeros around sequences; see `ZeroPadding2D`."""

    rank: ClassVar[int] = 1


class ZeroPadding3D(ZeroPadding2D):
    """Zeros around volumes; see `ZeroPadding2D`."""

    rank: ClassVar[int] = 3


class Cropping2D(ImageLayer):
    """Images without their edges.

    Parameters
    ----------
    cropping : int or sequence
        How much on all sides, one number per axis, or a pair (before, after) per axis.
    data_format : {"channels_last", "channels_first"}, optional
    **options
        `dtype`, `name`; see `Layer`.
    """

    def __init__(self, cropping: Any = 0, data_format: str | None = None, **options: Any) -> None:
        super().__init__(data_format, **options)
        self.cropping = amounts(type(self).__name__, "cropping", cropping, self.rank)

    def call(self, inputs: Any) -> Any:
        """Compute the output."""
        self.checked(inputs)
        axes = range(2, self.rank + 2) if self.first else range(1, self.rank + 1)
        cut = [slice(None)] * inputs.ndim
        for axis, (before, after) in zip(axes, self.cropping, strict=True):
            if before + after >= inputs.shape[axis]:
                self.refuse(f"`cropping` {self.cropping} leaves nothing of an input of shape {tuple(inputs.shape)}")
            cut[axis] = slice(before, inputs.shape[axis] - after)
        return xp.getitem(inputs, Index(tuple(cut)))


class Cropping1D(Cropping2D):
    """Sequences without their ends; see `Cropping2D`."""

    rank: ClassVar[int] = 1

    def __init__(self, cropping: Any = 1, **options: Any) -> None:
        super().__init__(cropping, **options)


class Cropping3D(Cropping2D):
    """Volumes without their edges; see `Cropping2D`."""

    rank: ClassVar[int] = 3

    def __init__(self, cropping: Any = 1, data_format: str | None = None, **options: Any) -> None:
        super().__init__(cropping, data_format, **options)


class UpSampling2D(ImageLayer):
    """Larger images.

    Parameters
    ----------
    size : int or sequence of int
        How many times larger, one number or one per axis.
    data_format : {"channels_last", "channels_first"}, optional
    interpolation : str
        `"nearest"` repeats; `"bilinear"`, `"bicubic"`, `"lanczos3"`, `"lanczos5"` weigh neighbours.
    **options
        `dtype`, `name`; see `Layer`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.UpSampling2D((1, 2))([[[[1.0], [2.0]]]])[0, 0, :, 0]
    Tensor([1., 1., 2., 2.], dtype=float32)
    """

    def __init__(
        self, size: Any = 2, data_format: str | None = None, interpolation: str = "nearest", **options: Any
    ) -> None:
        super().__init__(data_format, **options)
        kind = type(self).__name__
        self.size = per_axis(kind, "size", size, self.rank)
        self.interpolation = one_of(kind, "interpolation", interpolation, ("nearest", *KERNELS))

    def call(self, inputs: Any) -> Any:
        """Compute the output."""
        x = self.checked(inputs)
        for k, times in enumerate(self.size):
            axis = k + (2 if self.first else 1)
            if times == 1:
                continue
            if self.interpolation == "nearest":
                x = xp.repeat(x, times, axis=axis)
            else:
                n = x.shape[axis]
                weights = resampling(n, n * times, self.interpolation, antialias=False).astype(x.dtype)
                x = xp.resample(x, weights, axis=axis)
        return x


class UpSampling1D(UpSampling2D):
    """Longer sequences: every step `size` times; see `UpSampling2D`."""

    rank: ClassVar[int] = 1

    def __init__(self, size: int = 2, **options: Any) -> None:
        super().__init__(size, **options)


class UpSampling3D(UpSampling2D):
    """Larger volumes: every element repeated; see `UpSampling2D`."""

    rank: ClassVar[int] = 3

    def __init__(self, size: Any = 2, data_format: str | None = None, **options: Any) -> None:
        super().__init__(size, data_format, **options)


class Identity(Layer):
    """Its input."""

    supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Return the input."""
        return inputs
