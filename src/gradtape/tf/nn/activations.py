"""Activations, and the weights that scores become: elementwise functions of `tf.nn`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf import math
from gradtape.tf.calls import row, tensor
from gradtape.tf.math import sigmoid


def _zero(x: Any) -> Any:
    return np.zeros((), x.dtype)[()]


def relu(features: Any, name: str | None = None) -> Any:
    """Return the positive part; the gradient at 0 is 0."""
    return row("relu")(tensor(features))


def relu6(features: Any, name: str | None = None) -> Any:
    """Return the positive part, at most 6."""
    x = relu(features)
    return row("minimum")(_zero(x) + 6, x)


def crelu(features: Any, axis: int = -1, name: str | None = None) -> Any:
    """Return the positive part and the positive part of the negative, joined along an axis."""
    x = tensor(features)
    return relu(row("concatenate")((x, -x), axis=axis))


def leaky_relu(features: Any, alpha: Any = 0.2, name: str | None = None) -> Any:
    """Return the positive part plus `alpha` times the negative part."""
    return row("leaky_relu")(tensor(features), alpha)


def elu(features: Any, name: str | None = None) -> Any:
    """Return the positive part plus `exp(x) - 1` of the negative part."""
    return row("elu")(tensor(features))


def selu(features: Any, name: str | None = None) -> Any:
    """Return the scaled `elu` of self-normalizing networks."""
    return row("selu")(tensor(features))


def silu(features: Any, beta: Any = 1.0) -> Any:
    """Return `x * sigmoid(beta * x)`."""
    x = tensor(features)
    return x * sigmoid(math.multiply(x, beta))


swish = silu


def gelu(features: Any, approximate: bool = False, name: str | None = None) -> Any:
    """Return `x` times the normal distribution function of `x`, or its approximation by `tanh`."""
    return row("gelu")(tensor(features), approximate)


def _below_zero(logits: Any, axis: int) -> Any:
    """Move scores so that the largest is 0, which changes no weight and makes exponentials safe."""
    x = tensor(logits)
    return x - row("stop_gradient")(math.reduce_max(x, axis, keepdims=True))


def log_softmax(logits: Any, axis: int = -1, name: str | None = None) -> Any:
    """Return the logarithm of `softmax`, without underflow."""
    x = _below_zero(logits, axis)
    return x - math.log(math.reduce_sum(math.exp(x), axis, keepdims=True))


def softmax(logits: Any, axis: int = -1, name: str | None = None) -> Any:
    """Turn scores into weights that add up to 1 along an axis."""
    x = math.exp(_below_zero(logits, axis))
    return x / math.reduce_sum(x, axis, keepdims=True)
