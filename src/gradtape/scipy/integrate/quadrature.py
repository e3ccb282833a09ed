"""Integrals of functions: SciPy finds the intervals, and Gauss' rule runs over them on the tape."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.integrate
import scipy.special

from gradtape.arrays.record import STATE
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

    The value is SciPy's. Where a tape is open, the gradient is that of Gauss' rule with 21 points over each of the
    intervals that SciPy ended with, so the function is called that often with a tensor, beside SciPy's own calls.

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
    integral : Tensor or float
        A tensor if a tape is open.
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
    if not STATE.recordings:
        return (value, error, info, *rest) if full_output else (value, error)
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
    """Integrate a function whose values are arrays; see `quad`.

    Parameters
    ----------
    f : callable
        `f(x, *args)` for one number returns an array.
    a, b : Tensor or float
        Limits, which may be infinite.
    epsabs, epsrel : float
        Tolerances.
    args : tuple
        More arguments of the function.
    full_output : bool
        Whether to return SciPy's details too.
    **options
        As in SciPy: `points`, `limit`, `norm`, `quadrature`, ...

    Returns
    -------
    integral : Tensor or ndarray
        A tensor if a tape is open.
    error : float
    info : object
        With `full_output`.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> from gradtape.scipy.integrate import quad_vec
    >>> width = gt.Variable(2.0)
    >>> with gt.GradientTape() as tape:
    ...     area, _ = quad_vec(lambda x: np.exp(-((x / width) ** 2)), -np.inf, np.inf)
    >>> bool(np.isclose(tape.gradient(area, width), np.sqrt(np.pi)))
    True
    """
    low, high = float(plain(a)), float(plain(b))
    with unrecorded():
        value, error, info = scipy.integrate.quad_vec(
            lambda x: plain(plain_nested(f(x, *plain_nested(args)))),
            low, high, epsabs, epsrel, full_output=True, **options,
        )  # fmt: skip
    if STATE.recordings:
        value = _with_value(_over_pieces(f, a, b, args, np.asarray(info.intervals)), value)
    return (value, error, info) if full_output else (value, error)


def _over_pieces(f: Callable[..., Any], a: Any, b: Any, args: tuple[Any, ...], pieces: Any) -> Any:
    """Apply Gauss' rule to the intervals of quad_vec, whose variable runs over both sides of an infinite range."""
    low, high = float(plain(a)), float(plain(b))
    if np.isfinite(low) and np.isfinite(high):
        return _over(f, args, places(a, b, inside=True), _shares(pieces, low, high))
    if np.isfinite(low) or np.isfinite(high):
        return _over(f, args, places(a, b, inside=True), pieces)
    turn, total = 1.0 if high > low else -1.0, 0.0
    for inside, sign in ((True, 1.0), (False, -1.0)):
        ours = np.array([sorted(np.abs(piece)) for piece in pieces if piece.sum() * sign > 0]).reshape(-1, 2)
        total = total + _over(f, args, places(-np.inf, np.inf, inside), ours)
    return total * turn


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
    integral : Tensor or float
        A tensor if a tape is open.
    error : float
        SciPy's estimate for the outer integral.
    """
    limits: dict[str, Any] = {"epsabs": epsabs, "epsrel": epsrel}

    def inner(x: Any, *rest: Any) -> Any:
        low, high = (end(x) if callable(end) else end for end in (gfun, hfun))
        return quad(lambda y, *more: func(y, x, *more), low, high, args=rest, **limits)[0]

    return quad(inner, a, b, args=args, **limits)  # type: ignore[no-any-return]


def tplquad(
    func: Callable[..., Any],
    a: Any,
    b: Any,
    gfun: Any,
    hfun: Any,
    qfun: Any,
    rfun: Any,
    args: tuple[Any, ...] = (),
    epsabs: float = 1.49e-8,
    epsrel: float = 1.49e-8,
) -> tuple[Any, float]:
    """Integrate a function `func(z, y, x, *args)` of three variables; see `dblquad`.

    The limits in `y`, `gfun` and `hfun`, may be functions of `x`; those in `z`, `qfun` and `rfun`, of `x` and `y`.
    """

    def within(x: Any, *rest: Any) -> Any:
        low, high = (end(x) if callable(end) else end for end in (gfun, hfun))
        below, above = ((lambda y, end=end: end(x, y)) if callable(end) else end for end in (qfun, rfun))
        return dblquad(lambda z, y, *more: func(z, y, x, *more), low, high, below, above, rest, epsabs, epsrel)[0]

    return quad(within, a, b, args=args, epsabs=epsabs, epsrel=epsrel)  # type: ignore[no-any-return]


def nquad(
    func: Callable[..., Any], ranges: Any, args: tuple[Any, ...] = (), opts: Any = None, full_output: bool = False
) -> Any:
    """Integrate a function of several variables, by `quad` within `quad`.

    Parameters
    ----------
    func : callable
        `func(x0, x1, ..., *args)` for numbers; `x0` is the innermost variable.
    ranges : sequence of (low, high) or callables
        Limits of each variable; a callable gets the variables further out and `args`.
    args : tuple
        More arguments of the function.
    opts : dict, callable or sequence of them, optional
        Options of `quad` for all variables, or for each.
    full_output : bool
        Whether to return the number of calls with numbers, too.

    Returns
    -------
    integral : Tensor or float
        A tensor if a tape is open.
    error : float
        The largest of SciPy's estimates.
    info : dict
        With `full_output`: `{"neval": calls}`.

    Examples
    --------
    >>> import gradtape as gt
    >>> from gradtape.scipy.integrate import nquad
    >>> k = gt.Variable(2.0)
    >>> with gt.GradientTape() as tape:
    ...     volume, _ = nquad(lambda x, y: k * x * y, [(0.0, 1.0), (0.0, k)], opts={"limit": 10})
    >>> tape.gradient(volume, k).numpy().round(6)
    np.float64(3.0)
    """
    depth, errors, calls = len(ranges), [0.0], [0]

    def of(given: Any, k: int, outer: tuple[Any, ...]) -> Any:
        one = given[k] if isinstance(given, list | tuple) else given
        return one(*outer) if callable(one) else one

    def counted(*x: Any) -> Any:
        calls[0] += 1
        return func(*x)

    def level(k: int, outer: tuple[Any, ...]) -> Any:
        low, high = of(ranges, k, outer)
        inner = (lambda x: counted(x, *outer)) if k == 0 else (lambda x: level(k - 1, (x, *outer)))
        value, error, *_ = quad(inner, low, high, **(of(opts, k, outer) or {}))
        errors[0] = max(errors[0], error)
        return value

    value = level(depth - 1, tuple(args))
    return (value, errors[0], {"neval": calls[0]}) if full_output else (value, errors[0])
