"""First values of weights, with Keras's names and distributions; they give plain arrays."""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.nn.named import named, told
from gradtape.nn.random import generator_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Shape = Sequence[int]


class Initializer:
    """The base class: an object that is called with a shape and a dtype, and gives the first value of a weight.

    An integer as `seed` gives the same values at every call, a `SeedGenerator` or a generator of NumPy others each
    time, and None others in every run unless a `seeded` block is around.
    """

    seed: Any = None

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        """Make a value.

        Parameters
        ----------
        shape : sequence of int
        dtype : dtype, optional
            float32 unless given.

        Returns
        -------
        ndarray
        """
        return np.asarray(self.draw(tuple(int(n) for n in shape)), np.float32 if dtype is None else dtype)

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Make the numbers, in any dtype."""
        raise NotImplementedError

    def generator(self) -> np.random.Generator:
        """Return what random numbers are drawn from."""
        return generator_of(self.seed)

    __repr__ = told


class Zeros(Initializer):
    """Zeros."""

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Make the numbers."""
        return np.zeros(shape)


class Ones(Initializer):
    """Ones."""

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Make the numbers."""
        return np.ones(shape)


class Constant(Initializer):
    """One value everywhere.

    Parameters
    ----------
    value : array_like
        A number, or as many numbers as the shape has places.
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Make the numbers."""
        value = np.asarray(self.value)
        return np.full(shape, value) if value.size == 1 else value.reshape(shape)


class Identity(Initializer):
    """The identity matrix, times `gain`; for two axes.

    Parameters
    ----------
    gain : float
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Make the numbers."""
        if len(shape) != 2:
            raise ValueError(f"Identity makes matrices, got shape {shape}")
        return self.gain * np.eye(*shape)


class RandomNormal(Initializer):
    """Draws from a normal distribution.

    Parameters
    ----------
    mean, stddev : float
    seed : int, SeedGenerator, Generator or None
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Make the numbers."""
        return self.generator().normal(self.mean, self.stddev, shape)


class RandomUniform(Initializer):
    """Draws evenly from an interval.

    Parameters
    ----------
    minval, maxval : float
    seed : int, SeedGenerator, Generator or None
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Make the numbers."""
        return self.generator().uniform(self.minval, self.maxval, shape)


def within_two(generator: np.random.Generator, shape: Any) -> Any:
    """Draw standard normal numbers, again and again until all are within two standard deviations."""
    drawn = np.asarray(generator.standard_normal(shape))
    while (outside := np.abs(drawn) > 2.0).any():
        drawn[outside] = generator.standard_normal(int(outside.sum()))
    return drawn


class TruncatedNormal(RandomNormal):
    """Draws from a normal distribution that is cut off at two standard deviations.

    Parameters
    ----------
    mean, stddev : float
        Those of the distribution before it is cut off.
    seed : int, SeedGenerator, Generator or None
    """

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Make the numbers."""
        return self.mean + self.stddev * within_two(self.generator(), shape)


OF_A_CUT_NORMAL = 0.87962566103423978
"""The standard deviation of a standard normal distribution that is cut off at two."""


def fans(shape: Shape) -> tuple[float, float]:
    """Return how many inputs and outputs a weight of that shape connects: (*window, inputs, outputs)."""
    if len(shape) < 2:
        n = float(shape[0]) if shape else 1.0
        return n, n
    window = prod(shape[:-2])
    return float(shape[-2] * window), float(shape[-1] * window)


class VarianceScaling(Initializer):
    """Draws numbers whose variance is `scale` divided by a number of connections.

    Parameters
    ----------
    scale : float
    mode : {"fan_in", "fan_out", "fan_avg"}
        Inputs, outputs, or the mean of both.
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}
    seed : int, SeedGenerator, Generator or None

    Raises
    ------
    ValueError
        If an argument is none of its words, or `scale` is not positive.

    Examples
    --------
    >>> import gradtape as gt
    >>> values = gt.nn.initializers.VarianceScaling(2.0, seed=0)((400, 10))
    >>> values.shape, values.dtype, float(abs(values.std() - (2 / 400) ** 0.5)) < 0.002
    ((400, 10), dtype('float32'), True)
    """

    def __init__(
        self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal", seed: Any = None
    ) -> None:
        if scale <= 0.0:
            raise ValueError(f"`scale` is positive, got {scale}")
        if mode not in {"fan_in", "fan_out", "fan_avg"}:
            raise ValueError(f"`mode` is 'fan_in', 'fan_out' or 'fan_avg', got {mode!r}")
        distribution = "truncated_normal" if distribution.lower() == "normal" else distribution.lower()
        if distribution not in {"truncated_normal", "untruncated_normal", "uniform"}:
            raise ValueError(
                f"`distribution` is 'truncated_normal', 'untruncated_normal' or 'uniform', got {distribution!r}"
            )
        self.scale, self.mode, self.distribution, self.seed = scale, mode, distribution, seed

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Make the numbers."""
        into, out = fans(shape)
        count = {"fan_in": into, "fan_out": out, "fan_avg": (into + out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, count)
        if self.distribution == "uniform":
            limit = sqrt(3.0 * variance)
            return self.generator().uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return self.generator().normal(0.0, sqrt(variance), shape)
        return sqrt(variance) / OF_A_CUT_NORMAL * within_two(self.generator(), shape)


def _scaled(name: str, scale: float, mode: str, distribution: str, source: str) -> type[VarianceScaling]:
    def made(self: VarianceScaling, seed: Any = None) -> None:
        VarianceScaling.__init__(self, scale, mode, distribution, seed)

    doc = (
        f"`VarianceScaling({scale}, {mode!r}, {distribution!r})`: {source}.\n\n"
        "    Parameters\n    ----------\n    seed : int, SeedGenerator, Generator or None\n    "
    )
    return type(name, (VarianceScaling,), {"__init__": made, "__doc__": doc, "__module__": __name__})


_GLOROT, _HE, _LECUN = (
    "Glorot and Bengio 2010, equation 16", "He et al. 2015, equation 10", "LeCun et al. 1998, section 4.6",
)  # fmt: skip
GlorotUniform = _scaled("GlorotUniform", 1.0, "fan_avg", "uniform", _GLOROT)
GlorotNormal = _scaled("GlorotNormal", 1.0, "fan_avg", "truncated_normal", _GLOROT)
HeUniform = _scaled("HeUniform", 2.0, "fan_in", "uniform", _HE)
HeNormal = _scaled("HeNormal", 2.0, "fan_in", "truncated_normal", _HE)
LecunUniform = _scaled("LecunUniform", 1.0, "fan_in", "uniform", _LECUN)
LecunNormal = _scaled("LecunNormal", 1.0, "fan_in", "truncated_normal", _LECUN)


class Orthogonal(Initializer):
    """A random matrix whose columns (or rows, if there are fewer of them) are orthonormal, times `gain`.

    All axes but the last are taken together (Saxe, McClelland and Ganguli 2014).

    Parameters
    ----------
    gain : float
    seed : int, SeedGenerator, Generator or None

    Examples
    --------
    >>> import gradtape as gt
    >>> q = gt.nn.initializers.Orthogonal(seed=0)((4, 3), "float64")
    >>> (q.T @ q).round(6) + 0.0
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        self.gain, self.seed = gain, seed

    def draw(self, shape: tuple[int, ...]) -> Any:
        """Make the numbers."""
        if len(shape) < 2:
            raise ValueError(f"Orthogonal needs two axes or more, got shape {shape}")
        rows, columns = prod(shape[:-1]), shape[-1]
        drawn = self.generator().standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(drawn)
        q = q * np.sign(np.diagonal(r))
        return self.gain * (q.T if rows < columns else q).reshape(shape)


NAMED = {
    "constant": Constant,
    "glorot_normal": GlorotNormal,
    "glorot_uniform": GlorotUniform,
    "he_normal": HeNormal,
    "he_uniform": HeUniform,
    "identity": Identity,
    "lecun_normal": LecunNormal,
    "lecun_uniform": LecunUniform,
    "ones": Ones,
    "orthogonal": Orthogonal,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "normal": RandomNormal,
    "truncated_normal": TruncatedNormal,
    "uniform": RandomUniform,
    "variance_scaling": VarianceScaling,
    "zeros": Zeros,
}


def get(identifier: Any) -> Callable[..., Any]:
    """Return an initializer by its name, `"he_normal"` or `"HeNormal"`; objects and functions stand for themselves."""
    return named("initializer", NAMED, identifier)  # type: ignore[no-any-return]
