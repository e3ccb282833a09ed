"""Layers that do something at random while training, and nothing else: dropout and noise."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradtape.arrays import doors
from gradtape.nn import regularizers
from gradtape.nn.layer import Layer
from gradtape.nn.layers.images import ImageLayer
from gradtape.nn.random import row_of

xp = doors.SPACE


class Dropout(Layer):
    """Sets a share of the elements to 0 at random while training, and stretches the others so that the mean stays.

    Parameters
    ----------
    rate : float
        Which share, from 0 to 1.
    noise_shape : sequence of int, optional
        The shape of what is drawn, None for the input's length; along an axis of length 1 all elements go together.
    seed : int, SeedGenerator, Generator or None
        None draws other numbers in every run, unless a `seeded` block is around the first call.
    **options
        `dtype`, `name`; see `Layer`.

    Raises
    ------
    ValueError
        If `rate` is no share.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> layer = gt.nn.Dropout(0.5, seed=0)
    >>> np.unique(layer(np.ones((100, 10)), training=True)).tolist(), float(layer(np.ones((100, 10))).mean())
    ([0.0, 2.0], 1.0)
    """

    supports_masking = True

    def __init__(self, rate: float, noise_shape: Any = None, seed: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.rate = share(type(self).__name__, rate)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self.seed = seed
        self.seed_generator = row_of(seed)

    def _shape(self, inputs: Any) -> tuple[int, ...]:
        """Return the shape of what is drawn."""
        if self.noise_shape is None:
            return tuple(inputs.shape)
        if len(self.noise_shape) != inputs.ndim:
            self.refuse(
                f"`noise_shape` {self.noise_shape} has as many axes as the input of shape {tuple(inputs.shape)}"
            )
        return tuple(n if k is None else k for k, n in zip(self.noise_shape, inputs.shape, strict=True))

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Compute the output, of the input's shape."""
        if not training or self.rate == 0.0:
            return inputs
        if self.rate == 1.0:
            return inputs * 0.0
        kept = self.seed_generator.next().random(self._shape(inputs), np.float32) >= self.rate
        return inputs * (kept.astype(inputs.dtype) / np.asarray(1.0 - self.rate, inputs.dtype))


def share(kind: str, rate: Any) -> float:
    """Read a share.

    Raises
    ------
    ValueError
        If it is not from 0 to 1.
    """
    if not 0.0 <= rate <= 1.0:
        raise ValueError(f"{kind}: `rate` is a number from 0 to 1, got {rate!r}")
    return float(rate)


class SpatialDropout2D(Dropout, ImageLayer):
    """Sets whole channels of images to 0 at random while training; see `Dropout`.

    Parameters
    ----------
    rate : float
    data_format : {"channels_last", "channels_first"}, optional
    seed : int, SeedGenerator, Generator or None
    **options
        `dtype`, `name`; see `Layer`.
    """

    def __init__(self, rate: float, data_format: str | None = None, seed: Any = None, **options: Any) -> None:
        super().__init__(rate, seed=seed, data_format=data_format, **options)

    def _shape(self, inputs: Any) -> tuple[int, ...]:
        self.checked(inputs)
        count = self.channels(inputs.shape)
        ones = (1,) * self.rank
        return (inputs.shape[0], count, *ones) if self.first else (inputs.shape[0], *ones, count)


class SpatialDropout1D(SpatialDropout2D):
    """Sets whole channels of sequences to 0 at random while training; see `SpatialDropout2D`."""

    rank: ClassVar[int] = 1


class SpatialDropout3D(SpatialDropout2D):
    """Sets whole channels of volumes to 0 at random while training; see `SpatialDropout2D`."""

    rank: ClassVar[int] = 3


class GaussianNoise(Layer):
    """Adds normal noise while training.

    Parameters
    ----------
    stddev : float
    seed : int, SeedGenerator, Generator or None
    **options
        `dtype`, `name`; see `Layer`.
    """

    supports_masking = True

    def __init__(self, stddev: float, seed: Any = None, **options: Any) -> None:
        super().__init__(**options)
        if stddev < 0:
            raise ValueError(f"GaussianNoise: `stddev` is 0 or more, got {stddev}")
        self.stddev = float(stddev)
        self.seed = seed
        self.seed_generator = row_of(seed)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Compute the output, of the input's shape."""
        if not training or self.stddev == 0.0:
            return inputs
        return inputs + (self.stddev * self.seed_generator.next().standard_normal(inputs.shape)).astype(inputs.dtype)


class GaussianDropout(Layer):
    """Multiplies by normal noise of mean 1 and standard deviation `sqrt(rate / (1 - rate))` while training.

    Parameters
    ----------
    rate : float
        From 0 to below 1.
    seed : int, SeedGenerator, Generator or None
    **options
        `dtype`, `name`; see `Layer`.
    """

    supports_masking = True

    def __init__(self, rate: float, seed: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.rate = share("GaussianDropout", rate)
        self.seed = seed
        self.seed_generator = row_of(seed)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Compute the output, of the input's shape."""
        if not training or self.rate == 0.0:
            return inputs
        spread = (self.rate / (1.0 - self.rate)) ** 0.5
        return inputs * (1.0 + spread * self.seed_generator.next().standard_normal(inputs.shape)).astype(inputs.dtype)


class AlphaDropout(Dropout):
    """Sets a share of the elements to the lowest value of `selu` at random, and keeps mean and variance.

    Klambauer et al., "Self-normalizing neural networks" (2017), section "New dropout technique". The arguments are
    those of `Dropout`.
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Compute the output, of the input's shape."""
        if not training or self.rate == 0.0:
            return inputs
        low = -1.7580993408473766
        kept = (self.seed_generator.next().random(self._shape(inputs), np.float32) >= self.rate).astype(inputs.dtype)
        factor = ((1.0 - self.rate) * (1.0 + self.rate * low**2)) ** -0.5
        return (inputs * kept + low * (1.0 - kept)) * factor - factor * low * self.rate


class ActivityRegularization(Layer):
    """Adds a penalty on its input, which passes unchanged.

    Parameters
    ----------
    l1, l2 : float
    **options
        `dtype`, `name`; see `Layer`.
    """

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **options: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1, l2), **options)
        self.l1, self.l2 = l1, l2

    def call(self, inputs: Any) -> Any:
        """Return the input."""
        return inputs
