"""Truncated Taylor series with arrays as coefficients: `[f, f', f''/2!, f'''/3!, ...]` at every element at once.

They give derivatives of any order of what is computed by sums, products and exponentials, as exactly as the value.
"""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Jet = list[Any]


def product(a: Sequence[Any], b: Sequence[Any]) -> Jet:
    """Multiply two series of the same length."""
    return [sum(a[i] * b[k - i] for i in range(k + 1)) for k in range(len(a))]


def quotient(a: Sequence[Any], b: Sequence[Any]) -> Jet:
    """Divide two series of the same length."""
    result: Jet = []
    for k in range(len(a)):
        result.append((a[k] - sum(result[i] * b[k - i] for i in range(k))) / b[0])
    return result


def exponential(a: Sequence[Any]) -> Jet:
    """Return the series of the exponential of a series, its own first coefficient included."""
    result: Jet = [np.exp(a[0])]
    for k in range(1, len(a)):
        result.append(sum(i * a[i] * result[k - i] for i in range(1, k + 1)) / k)
    return result


def slope(a: Sequence[Any]) -> Any:
    """Return the derivative of the order of the last coefficient."""
    return factorial(len(a) - 1) * a[-1]
