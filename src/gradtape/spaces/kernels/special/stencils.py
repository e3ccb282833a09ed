"""Derivatives in a parameter, where neither a series nor an integral of the library helps: central differences.

They take the 13 or more nearest points of a grid, so that for an analytic function the error of the formula is below
rounding, and the step is fitted to the function: a tenth of the distance in which it changes by a factor e, a thirtieth
of the distance of its nearest pole. What remains is rounding, which grows by about 20 for the first, 1000 for the
second and 30,000 for the third derivative; steps are powers of 2, so the places themselves are exact.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.spaces.kernels.special.precision import in_double, in_double_or_complex

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

REACH = 6
"""Points on each side for the first two derivatives; one more for every two orders more."""


@cache
def weights(order: int) -> Any:
    """Return the weights of the derivative of an order at whole numbers from -m to m, exact and then rounded."""
    m = REACH + (order - 1) // 2
    places = range(-m, m + 1)
    result = []
    for k in places:
        # the coefficient of x**order in Lagrange's polynomial that is 1 at k and 0 at the other places
        polynomial = [Fraction(1)]
        for other in places:
            if other != k:
                shifted = [Fraction(0), *polynomial]
                polynomial = [
                    (s - other * p) / (k - other) for s, p in zip(shifted, [*polynomial, Fraction(0)], strict=True)
                ]
        result.append(float(polynomial[order] * factorial(order)))
    return np.array(result)


def partial(f: Callable[..., Any], args: Sequence[Any], orders: Sequence[int], steps: Sequence[Any]) -> Any:
    """Differentiate a vectorised function in some of its arguments.

    Parameters
    ----------
    f : callable
        Takes the arrays of `args`, with leading axes more, and returns an array.
    args : sequence of ndarray
        Arrays of one shape.
    orders : sequence of int
        How often to differentiate in each argument.
    steps : sequence of ndarray or None
        The distance in which the function changes moderately, for each argument with an order.
    """
    args = list(args)
    turns: list[tuple[Any, Any]] = []
    for place, (order, scale) in enumerate(zip(orders, steps, strict=True)):
        if order:
            w = weights(order)
            m = len(w) // 2
            step = 2.0 ** np.round(np.log2(0.1 * scale))
            axes = (slice(None), *(None,) * (args[place].ndim + len(turns)))
            args[place] = args[place] + np.arange(-m, m + 1)[axes] * step
            turns.append((w, step**order))
    value = f(*args)
    for w, scale in reversed(turns):
        value = _weighted(w, value) / scale
    return value


def _weighted(w: Any, value: Any) -> Any:
    """Add up along the first axis, the outermost pair of points first: they are the smallest terms."""
    m = len(w) // 2
    total = w[m] * value[m]
    for k in range(m, 0, -1):
        total = total + (w[m + k] * value[m + k] + w[m - k] * value[m - k])
    return total


def by_differences(function: Any, reach: Callable[..., Sequence[Any]]) -> Callable[..., Any]:
    """Make the kernel of all partial derivatives of a ufunc; of complex numbers where it takes them.

    Parameters
    ----------
    function : ufunc
        The function of SciPy.
    reach : callable
        Takes the arrays and returns for each the distance in which the function changes moderately.
    """

    def run(*args: Any, i: int = 1, j: int = 0, k: int = 0, l: int = 0) -> Any:
        wide = np.broadcast_arrays(*args)
        return partial(function, wide, (i, j, k, l)[: len(args)], reach(*wide))

    run.__name__ = f"{function.__name__}_slope"
    complex_too = any("D" in types for types in function.types)
    return in_double_or_complex(run) if complex_too else in_double(run)
