"""Activations and the losses made of them: `tf.nn`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf import math
from gradtape.tf.arrays import gather, one_hot_positions, top_k
from gradtape.tf.calls import operands, refuse, row, tensor
from gradtape.tf.math import l2_normalize, log_sigmoid, sigmoid, softplus, softsign, tanh
from gradtape.tf.random import generator_for

__all__ = ["l2_normalize", "log_sigmoid", "sigmoid", "softplus", "softsign", "tanh", "top_k"]


def _zero(x: Any) -> Any:
    return np.zeros((), x.dtype)[()]


def relu(features: Any, name: str | None = None) -> Any:
    """Return the positive part; the gradient at 0 is 0."""
    x = tensor(features)
    return row("maximum")(_zero(x), x)


def relu6(features: Any, name: str | None = None) -> Any:
    """Return the positive part, at most 6."""
    x = relu(features)
    return row("minimum")(_zero(x) + 6, x)


def leaky_relu(features: Any, alpha: Any = 0.2, name: str | None = None) -> Any:
    """Return the positive part plus `alpha` times the negative part."""
    x = tensor(features)
    return row("where")(math.greater(x, 0.0), x, math.multiply(x, alpha))


def elu(features: Any, name: str | None = None) -> Any:
    """Return the positive part plus `exp(x) - 1` of the negative part."""
    x = tensor(features)
    positive = math.greater(x, 0.0)
    return row("where")(positive, x, math.expm1(row("where")(positive, 0.0, x)))


def selu(features: Any, name: str | None = None) -> Any:
    """Return the scaled `elu` of self-normalizing networks."""
    x = tensor(features)
    positive = math.greater(x, 0.0)
    negative = math.expm1(row("where")(positive, 0.0, x)) * 1.6732632423543772
    return row("where")(positive, x, negative) * 1.0507009873554805


def silu(features: Any, beta: Any = 1.0) -> Any:
    """Return `x * sigmoid(beta * x)`."""
    x = tensor(features)
    return x * sigmoid(math.multiply(x, beta))


swish = silu


def gelu(features: Any, approximate: bool = False, name: str | None = None) -> Any:
    """Return `x` times the normal distribution function of `x`, or its approximation by `tanh`."""
    x = tensor(features)
    if approximate:
        return x * 0.5 * (tanh((x + x * x * x * 0.044715) * 0.7978845608028654) + 1.0)
    return x * 0.5 * (math.erf(x * 0.7071067811865476) + 1.0)


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


def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: int = -1, name: str | None = None) -> Any:
    """Return the cross entropy of weights and scores along an axis."""
    scores, weights = operands(tensor(logits), labels)
    return -math.reduce_sum(weights * log_softmax(scores, axis), axis)


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Any:
    """Return the cross entropy of class numbers and scores along the last axis."""
    scores = tensor(logits)
    return -math.reduce_sum(log_softmax(scores) * one_hot_positions(labels, scores.shape[-1], scores.dtype), -1)


def sigmoid_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Any:
    """Return the cross entropy of truths between 0 and 1 and their scores, element by element."""
    scores, truths = operands(tensor(logits), labels)
    return softplus(scores) - math.multiply(scores, truths)


def weighted_cross_entropy_with_logits(labels: Any, logits: Any, pos_weight: Any, name: str | None = None) -> Any:
    """Return `sigmoid_cross_entropy_with_logits` with the truths weighted by `pos_weight`."""
    scores, truths, weight = operands(tensor(logits), labels, pos_weight)
    of_one = math.multiply(math.multiply(truths, weight), softplus(-scores))
    return math.add(of_one, math.multiply(math.subtract(1.0, truths), softplus(scores)))


def log_poisson_loss(targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None) -> Any:
    """Return `exp(log_input) - targets * log_input`; with `compute_full_loss` also Stirling's terms above 1."""
    scores, counts = operands(tensor(log_input), targets)
    loss = math.subtract(math.exp(scores), math.multiply(counts, scores))
    if not compute_full_loss:
        return loss
    large = math.greater(counts, 1.0)
    safe = row("where")(large, counts, 1.0)
    terms = math.multiply(safe, math.log(safe)) - safe + math.log(math.multiply(safe, 2 * np.pi)) * 0.5
    return loss + row("where")(large, terms, 0.0)


def space_to_depth(input: Any, block_size: int, data_format: str = "NHWC", name: str | None = None) -> Any:
    """Move blocks of an image into its channels."""
    x = _image("space_to_depth", input, data_format)
    n, h, w, c = x.shape
    x = row("reshape")(x, shape=(n, h // block_size, block_size, w // block_size, block_size, c))
    x = row("transpose")(x, axes=(0, 1, 3, 2, 4, 5))
    return row("reshape")(x, shape=(n, h // block_size, w // block_size, block_size * block_size * c))


def depth_to_space(input: Any, block_size: int, data_format: str = "NHWC", name: str | None = None) -> Any:
    """Move channels of an image into blocks of it."""
    x = _image("depth_to_space", input, data_format)
    n, h, w, c = x.shape
    depth = c // (block_size * block_size)
    x = row("reshape")(x, shape=(n, h, w, block_size, block_size, depth))
    x = row("transpose")(x, axes=(0, 1, 3, 2, 4, 5))
    return row("reshape")(x, shape=(n, h * block_size, w * block_size, depth))


def _image(what: str, value: Any, data_format: str) -> Any:
    if data_format != "NHWC":
        raise NotImplementedError(f"{what}: only the format NHWC is here, not {data_format}")
    return tensor(value)


def l2_loss(t: Any, name: str | None = None) -> Any:
    """Return half the sum of squares."""
    return math.reduce_sum(math.square(t)) * 0.5


def embedding_lookup(params: Any, ids: Any, max_norm: Any = None, name: str | None = None) -> Any:
    """Pick rows by number."""
    return gather(params, ids)


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


def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None, name: str | None = None) -> Any:
    """Set a share of the elements to 0 at random and scale the others up, so that the mean stays."""
    values = tensor(x)
    kept = generator_for(seed).random(noise_shape or values.shape) >= rate
    return row("where")(kept, values / (1.0 - rate), 0.0)


def __getattr__(name: str) -> Any:
    raise refuse("tf.nn", name)
