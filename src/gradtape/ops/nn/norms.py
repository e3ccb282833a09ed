"""Normalisations and attention, as compositions: over the last axes, as in JAX and PyTorch."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import General
from gradtape.ops.registry import composite, op


def spread_evenly(xp: Any, g: Any, y: Any, x: Any, axis: Any, epsilon: float, centered: bool) -> Any:
    """Return the cotangent of what was standardized; the matrix is symmetric, so tangents go the same way.

    With s the deviation it is `(g - mean(g) - y mean(g y)) / s` (Ba, Kiros and Hinton 2016), and without `mean(g)`
    where nothing was centered.
    """
    apart = x - xp.mean(x, axis=axis, keepdims=True) if centered else x
    rest = g - xp.mean(g, axis=axis, keepdims=True) if centered else g
    rest = rest - y * xp.mean(g * y, axis=axis, keepdims=True)
    return rest / xp.sqrt(xp.mean(xp.square(apart), axis=axis, keepdims=True) + epsilon)


# a row, not a composition: one record in the place of seven, and a rule with half of the passes over memory
op(
    "standardized",
    "x, axis=-1, epsilon=0.0, centered=True",
    numpy=None,
    x=General(spread_evenly, jvp=spread_evenly),
    cases=(
        case((4,)),
        case((2, 3), axis=0, epsilon=0.1),
        case((2, 3, 4), axis=(0, 2), epsilon=1e-3),
        case((2, 5), axis=1, epsilon=0.1, centered=False),
    ),
)


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
    return scaled(xp, xp.standardized(x, axis=last_axes(x, normalized_shape), epsilon=eps), weight, bias)


def rms_norm(xp: Any, x: Any, normalized_shape: Any = None, weight: Any = None, eps: float = 1e-6) -> Any:
    """Divide by the root of the mean square over the last axes (Zhang and Sennrich 2019)."""
    x = xp.shaped(x)
    axes = last_axes(x, normalized_shape)
    return scaled(xp, xp.standardized(x, axis=axes, epsilon=eps, centered=False), weight, None)


def last_axes(x: Any, normalized_shape: Any) -> tuple[int, ...]:
    """Return as many of the last axes as a shape has; one if there is none."""
    last = 1 if normalized_shape is None or isinstance(normalized_shape, int) else len(normalized_shape)
    return tuple(range(x.ndim - last, x.ndim))


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
    return xp.einsum([xp.softmax(logits, axis=-1), value], subscripts="bhts,bshd->bthd")


for _fn in (standardize, layer_norm, rms_norm, group_norm):
    composite(_fn.__name__, _fn, numpy=None)
composite("dot_product_attention", attention, numpy=None)
