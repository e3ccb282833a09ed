"""Activations with JAX's and Keras's names, as compositions."""

from __future__ import annotations

from math import log
from typing import Any

from gradtape.ops.registry import composite


def celu(xp: Any, x: Any, alpha: float = 1.0) -> Any:
    """Return x where positive, `alpha (exp(x / alpha) - 1)` elsewhere (Barron 2017)."""
    above = xp.greater(x, 0.0)
    return xp.where(above, x, alpha * xp.expm1(xp.where(above, 0.0, x) / alpha))


def glu(xp: Any, x: Any, axis: int = -1) -> Any:
    """Return one half of the elements along an axis, gated by the other (Dauphin et al. 2017)."""
    x = xp.shaped(x)
    if x.shape[axis] % 2:
        raise ValueError(f"glu wants an even number of elements along axis {axis}, not {x.shape[axis]}")
    value, gate = xp.split(x, 2, axis=axis)
    return value * xp.expit(gate)


def clipped(xp: Any, x: Any, low: float, high: float) -> Any:
    """Keep numbers between two others."""
    return xp.minimum(xp.maximum(x, low), high)


def sparse_plus(xp: Any, x: Any) -> Any:
    """Return 0 below -1, x above 1 and `(x + 1)^2 / 4` between."""
    return xp.where(xp.greater_equal(x, 1.0), x, 0.25 * xp.square(clipped(xp, x, -1.0, 1.0) + 1.0))


def log1mexp(xp: Any, x: Any) -> Any:
    """Return `log(1 - exp(-x))` for positive x, from whichever form keeps its digits (Maechler 2012)."""
    small = xp.less(x, log(2.0))
    near = xp.log(-xp.expm1(-xp.where(small, x, 1.0)))
    return xp.where(small, near, xp.log1p(-xp.exp(-xp.where(small, 1.0, x))))


def logmeanexp(xp: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the logarithm of the mean of exponentials."""
    x = xp.shaped(x)
    count = xp.logsumexp(xp.zeros_like(x), axis=axis, keepdims=keepdims)
    return xp.logsumexp(x, axis=axis, keepdims=keepdims) - count


def elu(xp: Any, x: Any, alpha: float = 1.0) -> Any:
    """Return x where positive, `alpha (exp(x) - 1)` elsewhere (Clevert, Unterthiner, Hochreiter 2015)."""
    above = xp.greater(x, 0.0)
    negative = xp.expm1(xp.where(above, 0.0, x))
    return xp.where(above, x, negative if alpha == 1.0 else alpha * negative)


def selu(xp: Any, x: Any) -> Any:
    """Return the scaled `elu` of self-normalizing networks (Klambauer et al. 2017, section 2)."""
    above = xp.greater_equal(x, 0.0)
    negative = 1.6732632423543772 * xp.expm1(xp.where(above, 0.0, x))
    return 1.0507009873554805 * xp.where(above, x, negative)


def leaky_relu(xp: Any, x: Any, negative_slope: Any = 0.2) -> Any:
    """Return x where positive, `negative_slope * x` elsewhere."""
    return xp.where(xp.greater(x, 0.0), x, x * negative_slope)


def gelu(xp: Any, x: Any, approximate: bool = False) -> Any:
    """Return x times the normal distribution function of x (Hendrycks, Gimpel 2016), or its approximation by tanh."""
    x = xp.shaped(x)
    if approximate:
        return x * 0.5 * (xp.tanh((x + x * x * x * 0.044715) * 0.7978845608028654) + 1.0)
    return x * 0.5 * (xp.erf(x * 0.7071067811865476) + 1.0)


def soft_shrink(xp: Any, x: Any, threshold: float = 0.5) -> Any:
    """Return what of x lies beyond a threshold, moved to 0."""
    far = xp.greater(xp.abs(x), threshold)
    return xp.where(far, x - threshold * xp.sign(x), 0.0)


def hard_shrink(xp: Any, x: Any, threshold: float = 0.5) -> Any:
    """Return x where it lies beyond a threshold, 0 elsewhere."""
    return xp.where(xp.greater(xp.abs(x), threshold), x, 0.0)


composite("celu", celu, numpy=None)
composite("elu", elu, numpy=None)
composite("selu", selu, numpy=None)
composite("leaky_relu", leaky_relu, numpy=None)
composite("gelu", gelu, numpy=None)
composite("silu", lambda xp, x: x * xp.expit(x), numpy=None)
composite("softsign", lambda xp, x: x / (1.0 + xp.abs(x)), numpy=None)
composite("soft_shrink", soft_shrink, numpy=None)
composite("hard_shrink", hard_shrink, numpy=None)
composite("tanh_shrink", lambda xp, x: x - xp.tanh(x), numpy=None)
composite("glu", glu, numpy=None)
composite("hard_sigmoid", lambda xp, x: clipped(xp, x + 3.0, 0.0, 6.0) / 6.0, numpy=None)
composite("hard_silu", lambda xp, x: x * (clipped(xp, x + 3.0, 0.0, 6.0) / 6.0), numpy=None)
composite("hard_tanh", lambda xp, x: clipped(xp, x, -1.0, 1.0), numpy=None)
composite("mish", lambda xp, x: x * xp.tanh(xp.logaddexp(x, 0.0)), numpy=None)
composite("squareplus", lambda xp, x, b=4.0: 0.5 * (x + xp.sqrt(xp.square(x) + b)), numpy=None)
composite("sparse_plus", sparse_plus, numpy=None)
composite("sparse_sigmoid", lambda xp, x: 0.5 * clipped(xp, x + 1.0, 0.0, 2.0), numpy=None)
composite("log1mexp", log1mexp, numpy=None)
composite("logmeanexp", logmeanexp, numpy=None)
composite("lerp", lambda xp, start, end, weight: start + weight * (end - start), numpy=None)
composite("frac", lambda xp, x: x - xp.trunc(x), numpy=None)
