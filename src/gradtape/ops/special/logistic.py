"""Rows of the logistic function and its relatives, exact where it saturates; logarithms of sums of exponentials."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import Domain, case
from gradtape.ops.model import General, Partial, Unsupported
from gradtape.ops.registry import composite, op

op("expit", "x", scipy="special.expit", x=Partial(lambda xp, y, x: y * xp.expit(-x)))
op("log_expit", "x", scipy="special.log_expit", x=Partial(lambda xp, y, x: xp.expit(-x)))
op("logit", "x", scipy="special.logit", x=Partial(lambda xp, y, x: 1.0 / (x * (1.0 - x))), domain=Domain(0.05, 0.95))
op("softplus", "x", scipy="special.softplus", x=Partial(lambda xp, y, x: xp.expit(x)))


def log_sum_exp(
    xp: Any, a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """Return the logarithm of a sum of exponentials, weighted by `b`, and its sign where it may be negative."""
    if b is None and not return_sign:
        return xp.logsumexp(xp.shaped(a), axis=axis, keepdims=keepdims)
    if return_sign:
        return signed(xp, a, axis, 1.0 if b is None else b, keepdims)
    total, sign = signed(xp, a, axis, b, keepdims)
    return xp.where(xp.less(sign, 0.0), float("nan"), total)


def signed(xp: Any, a: Any, axis: Any, b: Any, keepdims: bool) -> tuple[Any, Any]:
    """Return the logarithm of the size of a weighted sum of exponentials, and the sign of the sum."""
    a = xp.shaped(a)
    weight = xp.shaped(b) + xp.zeros_like(a)
    a = a + xp.zeros_like(weight)
    if a.dtype.kind == "c" or weight.dtype.kind == "c":
        raise Unsupported("logsumexp: complex numbers with weights have no row")
    counted = xp.where(xp.equal(weight, 0.0), float("-inf"), a)
    top = xp.stop_gradient(xp.max(counted, axis=axis, keepdims=True))
    top = xp.where(xp.isfinite(top), top, 0.0)
    total = xp.sum(weight * xp.exp(counted - top), axis=axis, keepdims=True)
    sign = xp.sign(total)
    result = xp.log(xp.abs(total)) + top
    return tuple(part if keepdims else xp.squeeze(part, axis=axis) for part in (result, sign))


composite("special_logsumexp", log_sum_exp, scipy="special.logsumexp")

# rows, not compositions: one record in the place of six, and derivatives from the result alone
op(
    "softmax",
    "x, axis=None",
    scipy="special.softmax",
    x=General(
        lambda xp, g, y, x, axis: y * (g - xp.sum(g * y, axis=axis, keepdims=True)),
        jvp=lambda xp, t, y, x, axis: y * (t - xp.sum(t * y, axis=axis, keepdims=True)),
    ),
    cases=(case((3,)), case((2, 3), axis=-1), case((2, 3, 4), axis=(0, 2))),
)
op(
    "log_softmax",
    "x, axis=None",
    scipy="special.log_softmax",
    x=General(
        lambda xp, g, y, x, axis: g - xp.exp(y) * xp.sum(g, axis=axis, keepdims=True),
        jvp=lambda xp, t, y, x, axis: t - xp.sum(t * xp.exp(y), axis=axis, keepdims=True),
    ),
    cases=(case((3,)), case((2, 3), axis=-1), case((2, 3, 4), axis=(0, 2))),
)
