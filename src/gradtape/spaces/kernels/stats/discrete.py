"""Kernels of the rows in `ops/stats/discrete.py`: quantiles, and means over counts."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special, stats

if TYPE_CHECKING:
    from collections.abc import Callable


def _mean_log_factorial(mu: Any, order: int = 0) -> Any:
    """Sum over all counts that matter at any of the rates; the difference of log k! is itself written as a sum."""
    rates = np.asarray(mu)
    top = float(np.max(rates, initial=1.0))
    counts = np.arange(int(top + 40.0 * np.sqrt(top) + 60.0))
    terms = sum((-1) ** (order - j) * comb(order, j) * special.gammaln(counts + j + 1.0) for j in range(order + 1))
    weights = np.exp(special.xlogy(counts, rates[..., None]) - rates[..., None] - special.gammaln(counts + 1.0))
    return (weights @ terms).astype(rates.dtype)[()]


KERNELS: dict[str, Callable[..., Any]] = {
    "poisson_mean_log_factorial": _mean_log_factorial,
    **{
        f"{name}_{method}": getattr(getattr(stats, name), method)
        for name in ("bernoulli", "binom", "geom", "poisson")
        for method in ("ppf", "isf")
    },
}
