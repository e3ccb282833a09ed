"""What keeps values in range: moments, normalizations, biases and dropout of `tf.nn`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from gradtape.tf import math
from gradtape.tf.calls import of_dtype, operands, row, static, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.random import generator_for, stateless_seed


def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: Any, name: str | None = None
) -> Any:
    """Move and stretch to the mean 0 and the variance 1, then by `scale` and `offset`."""
    factor = math.rsqrt(math.add(variance, variance_epsilon))
    normal = math.multiply(math.subtract(x, mean), factor if scale is None else math.multiply(factor, scale))
    return normal if offset is None else math.add(normal, offset)


def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Any:
    """Add one number per channel, which is the last axis, or the second with `"NC..."`."""
    x, b = operands(tensor(value), bias)
    if data_format is not None and data_format.startswith("NC") and x.ndim > 2:
        b = row("reshape")(b, shape=(-1, *(1,) * (x.ndim - 2)))
    return math.add(x, b)


def moments(x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None) -> tuple[Any, Any]:
    """Return the mean and the variance over axes."""
    return math.reduce_mean(x, axes, keepdims), math.reduce_variance(x, axes, keepdims)


def weighted_moments(
    x: Any, axes: Any, frequency_weights: Any, keepdims: bool = False, name: str | None = None
) -> tuple[Any, Any]:
    """Return the weighted mean and variance over axes."""
    values, weights = operands(tensor(x), frequency_weights)
    weights = row("broadcast_to")(weights, shape=values.shape)
    total = math.reduce_sum(weights, axes, keepdims=True)
    mean = math.reduce_sum(values * weights, axes, keepdims=True) / total
    variance = math.reduce_sum(weights * math.square(values - mean), axes, keepdims=True) / total
    if keepdims:
        return mean, variance
    place = static(axes)
    return row("squeeze")(mean, axis=place), row("squeeze")(variance, axis=place)


def sufficient_statistics(
    x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None
) -> tuple[Any, Any, Any, Any]:
    """Return the number of elements over axes, their sum, the sum of their squares, and the shift of both."""
    values, place = tensor(x), static(axes)
    places = {k % values.ndim for k in ((place,) if isinstance(place, int) else place)}
    count = tensor(float(np.prod([values.shape[k] for k in places])), values.dtype)
    moved = values if shift is None else math.subtract(values, shift)
    sums = math.reduce_sum(moved, axes, keepdims), math.reduce_sum(math.square(moved), axes, keepdims)
    return count, *sums, None if shift is None else tensor(shift)


def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None
) -> tuple[Any, Any]:
    """Return the mean and the variance that `sufficient_statistics` stand for."""
    moved = math.divide(mean_ss, counts)
    variance = math.divide(variance_ss, counts) - math.square(moved)
    return (moved if shift is None else math.add(moved, shift)), variance


def zero_fraction(value: Any, name: str | None = None) -> Any:
    """Return which share of the elements is 0; nothing flows back."""
    x = tensor(value)
    return of_dtype(row("sum")(row("equal")(x, 0)), np.float32) / float(x.size)


def local_response_normalization(
    input: Any,
    depth_radius: int = 5,
    bias: float = 1.0,
    alpha: float = 1.0,
    beta: float = 0.5,
    name: str | None = None,
) -> Any:
    """Divide by a power of the squares of the neighbouring channels: `x / (bias + alpha * sum(x**2))**beta`."""
    x = tensor(input)
    place = np.arange(x.shape[-1])
    near = (np.abs(place[:, None] - place) <= depth_radius).astype(x.dtype)
    size = row("resample")(math.square(x), near, axis=-1) * float(alpha) + float(bias)
    return x * row("power")(size, -float(beta))


lrn = local_response_normalization


def _share(what: str, rate: Any) -> float:
    share = float(static(rate))
    if not 0.0 <= share < 1.0:
        raise InvalidArgumentError(f"{what}: `rate` is in [0, 1), got {share}")
    return share


def _dropped(what: str, x: Any, rate: Any, noise_shape: Any, generator: np.random.Generator) -> Any:
    values, share = tensor(x), _share(what, rate)
    shape = values.shape if noise_shape is None else static(noise_shape)
    shape = tuple(n if k is None else k for k, n in zip(shape, values.shape, strict=True))
    kept = generator.random(shape) >= share
    return row("where")(kept, values / (1.0 - share), 0.0)


def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None, name: str | None = None) -> Any:
    """Set a share of the elements to 0 at random and scale the others up, so that the mean stays.

    Parameters
    ----------
    x : array_like
        Floating-point values.
    rate : float
        Which share to drop, from 0 to below 1.
    noise_shape : sequence of int, optional
        The shape of what is drawn; along an axis of length 1 all elements go together.
    seed : int, optional
        The same seed drops the same elements, which are not TensorFlow's.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> tf.nn.dropout([1.0, 2.0], 0.0)
    <tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>
    """
    return _dropped("dropout", x, rate, noise_shape, generator_for(seed))


def stateless_dropout(
    x: Any, rate: Any, seed: Any, rng_alg: Any = "auto_select", noise_shape: Any = None, name: str | None = None
) -> Any:
    """Do what `dropout` does, with a seed of two whole numbers."""
    return _dropped("stateless_dropout", x, rate, noise_shape, generator_for(stateless_seed(seed)))


experimental = SimpleNamespace(stateless_dropout=stateless_dropout)
"""`tf.nn.experimental`."""
