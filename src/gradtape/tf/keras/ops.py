"""Normalizations under the names of Keras: `tf.keras.ops`."""

from __future__ import annotations

from typing import Any

from gradtape.tf import math
from gradtape.tf.calls import operands, refuse, row, static, tensor

EPSILON = 1e-7


def _wide(weight: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """Give a weight of the axes that are normalized the axes between them."""
    near = tensor(operands(x, weight)[1])
    places = {k % x.ndim for k in axes}
    return row("reshape")(near, shape=tuple(n if k in places else 1 for k, n in enumerate(x.shape)))


def _axes(axis: Any) -> tuple[int, ...]:
    given = static(axis)
    return (given,) if isinstance(given, int) else tuple(given)


def layer_normalization(x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: Any = None) -> Any:
    """Move and stretch to the mean 0 and the variance 1 along axes, then by `gamma` and `beta`."""
    values, axes = tensor(x), _axes(axis)
    apart = values - math.reduce_mean(values, axes, keepdims=True)
    spread = math.reduce_mean(math.square(apart), axes, keepdims=True) + (EPSILON if epsilon is None else epsilon)
    normal = apart * math.rsqrt(spread)
    normal = normal if gamma is None else normal * _wide(gamma, values, axes)
    return normal if beta is None else normal + _wide(beta, values, axes)


def rms_normalization(x: Any, scale: Any = None, axis: Any = -1, epsilon: Any = None) -> Any:
    """Divide by the root of the mean of squares along axes, then stretch by `scale`."""
    values, axes = tensor(x), _axes(axis)
    size = math.reduce_mean(math.square(values), axes, keepdims=True) + (EPSILON if epsilon is None else epsilon)
    normal = values * math.rsqrt(size)
    return normal if scale is None else normal * _wide(scale, values, axes)


def __getattr__(name: str) -> Any:
    raise refuse("tf.keras.ops", name)
