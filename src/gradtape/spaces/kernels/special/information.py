"""Kernels of the rows in `ops/special/information.py`: integrals over [0, 1] that are smooth at 0."""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from gradtape.spaces.kernels.special.precision import in_double, in_double_or_complex

if TYPE_CHECKING:
    from collections.abc import Callable


@in_double
def exprel_slope(x: Any, n: int = 1) -> Any:
    """Return the integral of `s**n * exp(s * x)` over [0, 1], the n-th derivative of `exprel` (DLMF 13.4.1)."""
    falls = x < -1.0
    size = np.where(falls, -x, 1.0)
    below = factorial(n) * special.gammainc(n + 1.0, size) / size ** (n + 1)
    above = special.hyp1f1(n + 1.0, n + 2.0, np.where(falls, 0.0, x)) / (n + 1)
    return np.where(falls, below, above)


@in_double_or_complex
def log1prel(x: Any, n: int = 0) -> Any:
    """Return the integral of `s**n / (1 + s * x)**(n + 1)` over [0, 1]; `log1p(x) / x` for n = 0 (DLMF 15.6.1)."""
    if n == 0:
        return np.where(x == 0, 1.0, np.log1p(x) / np.where(x == 0, 1.0, x))
    return special.hyp2f1(n + 1.0, n + 1.0, n + 2.0, -x) / (n + 1)


KERNELS: dict[str, Callable[..., Any]] = {
    "exprel_slope": exprel_slope,
    "log1prel": log1prel,
}
