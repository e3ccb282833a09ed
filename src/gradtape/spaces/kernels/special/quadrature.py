"""Integrals over a half line of functions that fall exponentially, one per element, with one rule for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = 0.07
KNOTS = np.arange(-3.7, 7.0, STEP)
PLACES = np.exp(KNOTS - np.exp(-KNOTS))
WEIGHTS = STEP * PLACES * (1.0 + np.exp(-KNOTS))
AT_ONCE = 1 << 18
"""How many values of the integrand are held at a time."""


def half_line(integrand: Callable[[Any], Any], scale: Any) -> Any:
    """Integrate `integrand(w)` over w from 0 to infinity by the double exponential rule.

    Places are `w = scale * exp(v - exp(-v))` for equidistant v (Takahasi and Mori 1974, variant for exponential decay).
    They crowd at 0, so an integrand may change on much smaller scales there; decays from `scale / 10` to `25 * scale`
    are met with an error near 1e-14 of the integral of the absolute value.

    Parameters
    ----------
    integrand : callable
        Takes an array with one leading axis more than `scale`.
    scale : ndarray
        How far the integrand reaches, roughly, per element.

    Returns
    -------
    ndarray
        Of the shape of `scale`.
    """
    block = max(1, AT_ONCE // max(1, scale.size))
    total = np.zeros(scale.shape)
    spread = (slice(None), *(None,) * scale.ndim)
    for first in range(0, len(PLACES), block):
        here = slice(first, first + block)
        total = total + np.sum(WEIGHTS[here][spread] * integrand(PLACES[here][spread] * scale), axis=0)
    return scale * total
