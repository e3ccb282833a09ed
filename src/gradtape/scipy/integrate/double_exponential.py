"""Integrals by the rule of double exponentials (tanh-sinh)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.integrate

from gradtape.scipy._values import plain, plain_nested, unrecorded, xp

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = 2.0**-5
FINITE, INFINITE = 3.2, 3.9
"""Step and range of the variable of the rule: what lies beyond is less than the rounding of an integral."""


def nodes(low_infinite: bool, high_infinite: bool) -> tuple[Any, Any]:
    """Return places and weights: shares of a finite way, distances from a finite end, or places on the whole line."""
    reach = INFINITE if low_infinite or high_infinite else FINITE
    u = np.arange(-reach, reach + STEP / 2.0, STEP)
    inner, outer = np.pi / 2.0 * np.sinh(u), np.pi / 2.0 * np.cosh(u) * STEP
    if low_infinite and high_infinite:
        return np.sinh(inner), outer * np.cosh(inner)
    if low_infinite or high_infinite:
        return np.exp(inner), outer * np.exp(inner)
    shares = 1.0 / (1.0 + np.exp(-2.0 * inner))  # exact near 0, and never 1: a function may be singular at the ends
    return np.minimum(shares, np.nextafter(1.0, 0.0)), outer / 2.0 / np.cosh(inner) ** 2


def tanhsinh(f: Callable[..., Any], a: Any, b: Any, *, args: Any = (), **options: Any) -> Any:
    """Integrate an elementwise function; limits and arguments broadcast, and all of them have derivatives.

    The value is SciPy's. The gradient is that of the same rule with a fixed step, over the whole range.

    Parameters
    ----------
    f : callable
        `f(x, *args)` of arrays.
    a, b : Tensor or array_like
        Limits; an end is infinite in all integrals or in none, and `a` is the lower one where an end is infinite.
    args : tuple or object
        More arguments of the function.
    **options
        SciPy's, but for `log` and `preserve_shape`.

    Returns
    -------
    object
        SciPy's result, with a tensor in `integral`.

    Raises
    ------
    TypeError
        If an option has no place here, or finite and infinite limits are mixed.
    """
    if options.get("log") or options.get("preserve_shape"):
        raise TypeError("tanhsinh has no place for `log` and `preserve_shape` here")
    args = args if isinstance(args, tuple) else (args,)
    low, high = plain(a), plain(b)
    ends = [bool(np.isinf(end).any()) for end in (low, high)]
    if any(np.isinf(end).any() != np.isinf(end).all() for end in (low, high)) or (any(ends) and (low > high).any()):
        raise TypeError("tanhsinh wants an end to be infinite in all integrals or in none here, and a < b then")
    known = tuple(plain(v) for v in plain_nested(args))
    with unrecorded():
        result = scipy.integrate.tanhsinh(lambda x, *v: plain(plain_nested(f(x, *v))), low, high, args=known, **options)
    places, weights = nodes(*ends)
    wide = tuple(xp.expand_dims(xp.shaped(v), -1) for v in args)
    start, stop = (xp.expand_dims(xp.shaped(v), -1) for v in (a, b))
    if ends[0] and ends[1]:
        x, slope = places, 1.0
    elif ends[1]:
        x, slope = start + places, 1.0
    elif ends[0]:
        x, slope = stop - places, 1.0
    else:
        slope = stop - start
        x = start + slope * places
    recorded = xp.sum(xp.shaped(f(x, *wide)) * slope * weights, axis=-1)
    result.integral = recorded - xp.stop_gradient(recorded) + result.integral
    return result
