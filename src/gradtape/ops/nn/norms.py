"""Normalisations and attention, as compositions: over the last axes, as in JAX and PyTorch."""

from __future__ import annotations

from typing import Any

from gradtape.ops.registry import composite


def standardize(xp: Any, x: Any, axis: Any = -1, mean: Any = None, variance: Any = None, epsilon: float = 1e-5) -> Any:
    """Shift and scale to mean 0 and variance 1 along an axis."""
    x = xp.shaped(x)
    mean = xp.mean(x, axis=axis, keepdims=True) if mean is None else mean
    if variance is None:
        variance = xp.mean(xp.square(x), axis=axis, keepdims=True) - xp.square(mean)
    return (x - mean) / xp.sqrt(variance + epsilon)


def scaled(xp: Any, x: Any, weight: Any, bias: Any) -> Any:
    """Multiply and add what there is."""
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def layer_norm(
    xp: Any, x: Any, normalized_shape: Any = None, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Normalise over the last axes (Ba, Kiros and Hinton 2016)."""
    x = xp.shaped(x)
    last = 1 if normalized_shape is None or isinstance(normalized_shape, int) else len(normalized_shape)
    axes = tuple(range(x.ndim - last, x.ndim))
    centered = x - xp.mean(x, axis=axes, keepdims=True)
    return scaled(xp, centered / xp.sqrt(xp.mean(xp.square(centered), axis=axes, keepdims=True) + eps), weight, bias)


def rms_norm(xp: Any, x: Any, normalized_shape: Any = None, weight: Any = None, eps: float = 1e-6) -> Any:
    """Divide by the root of the mean square over the last axes (Zhang and Sennrich 2019)."""
    x = xp.shaped(x)
    last = 1 if normalized_shape is None or isinstance(normalized_shape, int) else len(normalized_shape)
    axes = tuple(range(x.ndim - last, x.ndim))
    return scaled(xp, x / xp.sqrt(xp.mean(xp.square(x), axis=axes, keepdims=True) + eps), weight, None)


def group_norm(xp: Any, x: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Normalise groups of channels; channels run along the second axis (Wu and He 2018)."""
    x = xp.shaped(x)
    channels = x.shape[1]
    if channels % num_groups:
        raise ValueError(f"group_norm: {channels} channels do not fall into {num_groups} equal groups")
    grouped = xp.reshape(x, shape=(x.shape[0], num_groups, -1))
    result = xp.reshape(layer_norm(xp, grouped, eps=eps), shape=x.shape)
    along = (1, channels) + (1,) * (x.ndim - 2)
    weight, bias = (v if v is None else xp.reshape(xp.shaped(v), shape=along) for v in (weight, bias))
    return scaled(xp, result, weight, bias)


def attention(
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    *,
    scale: Any = None,
    is_causal: bool = False,
) -> Any:
    """Return the mean of the values, weighted by how well their keys answer a query (Vaswani et al. 2017).

    Shapes as in JAX: (batch, time, heads, features).
    """
    query, key, value = (xp.shaped(v) for v in (query, key, value))
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    logits = factor * xp.einsum([query, key], subscripts="bthd,bshd->bhts")
    logits = logits if bias is None else logits + bias
    if is_causal:
        allowed = [[s <= t for s in range(key.shape[1])] for t in range(query.shape[1])]
        logits = xp.where(allowed, logits, float("-inf"))
    logits = logits if mask is None else xp.where(mask, logits, float("-inf"))
    weights = xp.exp(logits - xp.logsumexp(logits, axis=-1, keepdims=True))
    return xp.einsum([weights, value], subscripts="bhts,bshd->bthd")


for _fn in (standardize, layer_norm, rms_norm, group_norm):
    composite(_fn.__name__, _fn, numpy=None)
composite("dot_product_attention", attention, numpy=None)
