"""Integrals of functions: SciPy finds the intervals, and the rule of Gauss and Kronrod runs over them on the tape."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.integrate
import scipy.special

from gradtape.scipy._values import plain, plain_nested, unrecorded, xp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@cache
def gauss_legendre(n: int) -> tuple[Any, Any]:
    """Return the nodes and weights of a rule on the interval from 0 to 1."""
    nodes, weights = scipy.special.roots_legendre(n)
    return (nodes + 1.0) / 2.0, weights / 2.0


POINTS = 21
"""Points per interval, as many as QUADPACK's rule has; Gauss' rule is exact for higher polynomials than Kronrod's."""


def places(a: Any, b: Any, inside: bool) -> Callable[[float], tuple[Any, Any]]:
    """Return the map from QUADPACK's variable to the place and its slope: for finite ranges, the share of the way."""
    low, high = float(plain(a)), float(plain(b))
    if np.isfinite(low) and np.isfinite(high):
        return lambda t: (a + (b - a) * t, b - a)
    if np.isfinite(low) or np.isfinite(high):
        end, sign = (a, 1.0 if high > low else -1.0) if np.isfinite(low) else (b, -1.0 if high > low else 1.0)
        turn = 1.0 if np.isfinite(low) == (sign > 0) else -1.0
        return lambda t: (end + sign * ((1.0 - t) / t), turn / t**2)
    turn = 1.0 if high > low else -1.0
    side = 1.0 if inside else -1.0
    return lambda t: (side * ((1.0 - t) / t), turn / t**2)


def fixed_quad(func: Callable[..., Any], a: Any, b: Any, args: tuple[Any, ...] = (), n: int = 5) -> tuple[Any, None]:
    """Integrate by Gauss' rule of order `n`; the limits and everything that the function reads have derivatives.

    Parameters
    ----------
    func : callable
        `func(x, *args)` for a vector of places; the places run along the last axis of its result.
    a, b : Tensor or float
        Limits, finite.
    args : tuple
        More arguments of the function.
    n : int
        Number of places.

    Returns
    -------
    integral : Tensor
    None
        As in SciPy.

    Raises
    ------
    ValueError
        If a limit is infinite.
    """
    if not (np.isfinite(plain(a)).all() and np.isfinite(plain(b)).all()):
        raise ValueError("Gaussian quadrature is only available for finite limits.")
    nodes, weights = gauss_legendre(n)
    width = xp.shaped(b) - xp.shaped(a)
    heights = xp.shaped(func(width * nodes + a, *args))
    return xp.sum(heights * weights, axis=-1) * width, None


def quad(
    func: Callable[..., Any],
    a: Any,
    b: Any,
    args: Any = (),
    full_output: int = 0,
    epsabs: float = 1.49e-8,
    epsrel: float = 1.49e-8,
    limit: int = 50,
    points: Any = None,
    **options: Any,
) -> Any:
    """Integrate a function by QUADPACK; the limits and everything that the function reads have derivatives.

    The value is SciPy's. The gradient is that of Gauss' rule with 21 points over each of the intervals that SciPy ended
    with, so the function is called that often with a tensor, beside SciPy's own calls with numbers.

    Parameters
    ----------
    func : callable
        `func(x, *args)` for one number; it must be smooth in what has a gradient.
    a, b : Tensor or float
        Limits, which may be infinite.
    args : tuple or object
        More arguments of the function.
    full_output : int
        Whether to return SciPy's dictionary too.
    epsabs, epsrel : float
        Tolerances.
    limit : int
        How many intervals at most.
    points : sequence of float, optional
        Places where the function is not smooth.
    **options
        Weights and what belongs to them have no place here.

    Returns
    -------
    integral : Tensor
    error : float
        SciPy's estimate.
    info : dict
        With `full_output`.

    Raises
    ------
    TypeError
        If there is a weight or another option.
    """
    given = {name: value for name, value in options.items() if value not in {None, 50, False}}
    if given:
        raise TypeError(f"quad has no place for {', '.join(given)} here: write the weight into the function")
    args = args if isinstance(args, tuple) else (args,)

    def height(x: float) -> float:
        return float(plain(func(x, *plain_nested(args))))

    low, high = float(plain(a)), float(plain(b))
    with unrecorded():
        value, error, info, *rest = scipy.integrate.quad(
            height, low, high, full_output=1, epsabs=epsabs, epsrel=epsrel, limit=limit, points=points
        )
    finite = bool(np.isfinite(low) and np.isfinite(high))
    pieces = np.stack([info["alist"], info["blist"]], axis=1)[: info["last"]]
    shares = _shares(pieces, low, high) if finite else pieces
    sides = (True,) if np.isfinite(low) or np.isfinite(high) else (True, False)
    total: Any = 0.0
    for inside in sides:
        total = total + _over(func, args, places(a, b, inside), shares)
    result = _with_value(total, value)
    return (result, error, info, *rest) if full_output else (result, error)


def _shares(pieces: Any, low: float, high: float) -> Any:
    """Return intervals as shares of the whole; of a range without length, the whole."""
    return np.array([[0.0, 1.0]]) if low == high else np.sort((pieces - low) / (high - low), axis=1)


def _over(func: Callable[..., Any], args: tuple[Any, ...], place: Callable[[float], Any], pieces: Iterable[Any]) -> Any:
    """Apply Gauss' rule to every interval of QUADPACK's variable."""
    total: Any = 0.0
    for start, stop in pieces:
        for node, weight in zip(*gauss_legendre(POINTS), strict=True):
            x, slope = place(float(start + (stop - start) * node))
            total = total + xp.shaped(func(x, *args)) * (slope * float(weight * (stop - start)))
    return total


def _with_value(recorded: Any, value: Any) -> Any:
    """Return a value with the derivative of another way to compute it."""
    recorded = xp.shaped(recorded)
    return recorded - xp.stop_gradient(recorded) + value


def quad_vec(
    f: Callable[..., Any],
    a: Any,
    b: Any,
    epsabs: float = 1e-200,
    epsrel: float = 1e-8,
    *,
    args: tuple[Any, ...] = (),
    full_output: bool = False,
    **options: Any,
) -> Any:
    """Integrate a function whose values are arrays; as `quad`, but with finite limits only.

    Parameters
    ----------
    f : callable
        `f(x, *args)` for one number returns an array.
    a, b : Tensor or float
        Limits, finite.
    epsabs, epsrel : float
        Tolerances.
    args : tuple
        More arguments of the function.
    full_output : bool
        Whether to return SciPy's details too.
    **options
        Handed to scipy.integrate.quad_vec.

    Returns
    -------
    integral : Tensor
    error : float
    info : object
        With `full_output`.

    Raises
    ------
    TypeError
        If a limit is infinite.
    """
    low, high = float(plain(a)), float(plain(b))
    if not (np.isfinite(low) and np.isfinite(high)):
        raise TypeError("quad_vec wants finite limits here; `quad` takes infinite ones")
    with unrecorded():
        value, error, info = scipy.integrate.quad_vec(
            lambda x: plain(plain_nested(f(x, *plain_nested(args)))),
            low, high, epsabs, epsrel, full_output=True, **options,
        )  # fmt: skip
    shares = _shares(np.asarray(info.intervals), low, high)
    result = _with_value(_over(f, args, places(a, b, inside=True), shares), value)
    return (result, error, info) if full_output else (result, error)


def dblquad(
    func: Callable[..., Any],
    a: Any,
    b: Any,
    gfun: Any,
    hfun: Any,
    args: tuple[Any, ...] = (),
    epsabs: float = 1.49e-8,
    epsrel: float = 1.49e-8,
) -> tuple[Any, float]:
    """Integrate a function of two variables, by `quad` within `quad`.

    Parameters
    ----------
    func : callable
        `func(y, x, *args)` for two numbers.
    a, b : Tensor or float
        Limits in `x`.
    gfun, hfun : callable, Tensor or float
        Limits in `y`, or functions of `x` that return them.
    args : tuple
        More arguments of the function.
    epsabs, epsrel : float
        Tolerances of both integrals.

    Returns
    -------
    integral : Tensor
    error : float
        SciPy's estimate for the outer integral.
    """
    limits: dict[str, Any] = {"epsabs": epsabs, "epsrel": epsrel}

    def inner(x: Any, *rest: Any) -> Any:
        low, high = (end(x) if callable(end) else end for end in (gfun, hfun))
        return quad(lambda y, *more: func(y, x, *more), low, high, args=rest, **limits)[0]

    return quad(inner, a, b, args=args, **limits)  # type: ignore[no-any-return]
