"""Kernels of the rows in `ops/quantiles.py`: where quantiles stand among sorted values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.ops.model import is_floating

if TYPE_CHECKING:
    from collections.abc import Callable

quantile: Callable[..., Any] = np.quantile

SHAPES = {
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "linear": (1.0, 1.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
"""Hyndman and Fan's parameters of the methods that are not steps: a place is `alpha + q (n + 1 - alpha - beta) - 1`."""


def _counts(values: Any) -> Any:
    """Count along the first axis what is not NaN."""
    return np.sum(~np.isnan(values), axis=0) if is_floating(values.dtype) else np.full(values.shape[1:], len(values))


def _place(values: Any, q: Any, method: str) -> Any:
    """Take the quantiles of the ranks instead of the values: of `0, 1, ..., n - 1` they are the places themselves."""
    levels = np.ravel(np.asarray(q, np.float64))
    counts = _counts(values)
    places = np.zeros((levels.size, *values.shape[1:]))
    for n in np.unique(counts):
        if n:
            ranks = quantile(np.arange(float(n)), levels, method=method)
            places[:, counts == n] = ranks.reshape(-1, 1)
    return places


def _slope(values: Any, q: Any, method: str) -> Any:
    """Return how far a place moves with its level: not at all where it stands at an end, or jumps."""
    places = _place(values, q, method)
    if method not in SHAPES:
        return np.zeros_like(places)
    alpha, beta = SHAPES[method]
    counts = _counts(values)
    free = np.ravel(np.asarray(q, np.float64)).reshape(-1, *(1,) * (values.ndim - 1)) * (counts + 1 - alpha - beta)
    wanted = alpha + free - 1
    return np.where((wanted >= 0) & (wanted <= counts - 1), counts + 1 - alpha - beta, 0.0)


def _below(values: Any, q: Any, method: str) -> Any:
    return np.floor(_place(values, q, method)).astype(np.int64)


def _part(values: Any, q: Any, method: str) -> Any:
    places = _place(values, q, method)
    return (places - np.floor(places)).astype(np.result_type(q, np.float16 if hasattr(q, "dtype") else values.dtype))


KERNELS: dict[str, Callable[..., Any]] = {
    "quantile_below": _below,
    "quantile_part": _part,
    "quantile_slope": _slope,
}
