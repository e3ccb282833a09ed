"""Gradients that are odd: nothing but zeros, or not finite somewhere. Every one is looked at, so it must be cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.core import CORE
from gradtape.arrays.dispatch import Node

if TYPE_CHECKING:
    from collections.abc import Iterable

vdot, INF = np.vdot, float("inf")
is_ordinary = None if CORE is None else CORE.is_ordinary
"""The core's answer for small arrays: whether one is surely not odd."""

SMALL = 1000
"""So many elements are copied to be looked at, if they do not lie side by side."""


def odd_ones(values: Iterable[Any]) -> list[Any]:
    """Return the values that `is_odd` of: for every gradient, so that it must be cheap."""
    return [value for value in values if is_odd(value)]


def is_odd(value: Any) -> bool:
    """Whether a value is nothing but zeros, or has an element that is not finite.

    The sum of squares answers nearly always, in one pass and without warnings. Only if it is zero or not finite, which
    very small or large elements do as well, are the elements themselves looked at.
    """
    plain = value._value if isinstance(value, Node) else value
    if is_ordinary is not None and is_ordinary(plain):
        return False
    cheap = plain.dtype.kind in "fc" and (plain.size < SMALL or plain.flags.c_contiguous)
    if cheap and 0.0 < vdot(plain, plain).real < INF:
        return False
    return not is_finite(plain) or not plain.any()


def is_finite(value: Any) -> bool:
    """Whether all elements of a value are finite."""
    return bool(np.isfinite(value._value if isinstance(value, Node) else value).all())
