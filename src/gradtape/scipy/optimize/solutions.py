"""Differentiable solutions: `minimize`, `least_squares`, `root` and their scalar relatives.

SciPy searches on plain numbers. From what it finds, Newton's method is run, recorded: at a solution a Newton step
changes nothing, and its derivative in everything that the equation depends on, also in tensors that the function only
mentions, is that of the implicit function theorem, dx = -(dF/dx)^-1 dF (Krantz and Parks, "The implicit function
theorem", 2003). One step makes the first derivative exact, two make the third (each step doubles the order of contact).
"""

from __future__ import annotations

from importlib import import_module
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.arrays.doors import SPACE
from gradtape.arrays.failures import located
from gradtape.arrays.record import STATE
from gradtape.arrays.variable import constant
from gradtape.errors import GradtapeError
from gradtape.tape.gradient_tape import GradientTape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STEPS = 2
"""How many Newton steps are recorded: derivatives are exact up to the third."""


class SolutionError(GradtapeError, RuntimeError):
    """SciPy found no solution, so that there is nothing to differentiate."""


class Solution(dict[str, Any]):
    """What SciPy's solvers return, with `x` (and `fun`) as tensors; its entries are attributes, too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self})


def plain(value: Any) -> Any:
    """Take the array out of a tensor, without an event: what is done with it is differentiated here."""
    return value._value if isinstance(value, Node) else value


def off_the_tapes(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let a function of tensors run without being recorded: the search is no part of the program's gradient."""

    def quiet(x: Any) -> Any:
        recordings, STATE.recordings = STATE.recordings, ()
        try:
            return f(x)
        finally:
            STATE.recordings = recordings

    return quiet


def jacobian_of(f: Callable[[Any], Any], x: Any) -> tuple[Any, Any]:
    """Return `f(x)` and its Jacobian, both recorded on the tapes that are open."""
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = f(x)
    return y, tape.jacobian(y, x, unconnected_gradients="zero")


def gradient_of(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make the gradient of a scalar function, recorded on the tapes that are open."""

    def gradient(x: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, x, unconnected_gradients="zero")

    return gradient


def polished(equation: Callable[[Any], Any], x: Any, free: Sequence[int] | None = None) -> Any:
    """Give a root the derivative of Newton steps from it; components that are not `free` (at a bound) have none.

    The value stays SciPy's to the last digit, whether a tape is open or not.
    """
    found = x = constant(np.array(x))
    if not STATE.recordings:
        return x
    for _ in range(STEPS):
        value, slope = jacobian_of(equation, x)
        if x.ndim == 0:
            x = x - value / slope
        elif free is None or len(free) == x.size:
            x = x - SPACE.solve(slope, value)
        elif free:
            part = SPACE.solve(slope[np.ix_(free, free)], value[np.array(free)])
            x = x - SPACE.untake(part, np.array(free), shape=x.shape)
    return found + (x - SPACE.stop_gradient(x))


def with_arguments(fun: Callable[..., Any], args: Any) -> Callable[[Any], Any]:
    """Bind the further arguments of a function."""
    given = args if isinstance(args, tuple) else (args,)
    return lambda x: SPACE.shaped(fun(x, *given))


def check(result: Any, name: str) -> None:
    """Refuse what is no solution."""
    if not result.get("success", result.get("converged", True)):
        reason = result.get("message", result.get("flag", ""))
        raise located(
            SolutionError,
            f"{name}: no solution was found: {reason}",
            _getframe(),
            "try another start, method or tolerance; scipy.optimize itself returns what it has, without a gradient",
        )


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    method: str | None = None,
    *,
    bounds: Any = None,
    tol: float | None = None,
    callback: Any = None,
    options: dict[str, Any] | None = None,
) -> Solution:
    """Minimise a function; the minimum keeps its gradient in everything that the function depends on.

    Parameters
    ----------
    fun : callable
        Takes a tensor of shape (n,) and `args`, returns a scalar; its derivatives come from the tape.
    x0 : array_like of shape (n,)
        The start; it has no influence on the gradient.
    args : tuple
        Further arguments.
    method : str, optional
        One of `scipy.optimize.minimize`'s methods that can use a gradient; its choice unless given.
    bounds : sequence of (low, high) or scipy.optimize.Bounds, optional
        A component that ends at a bound stays there: its derivative is 0.
    tol, callback, options
        As in SciPy.

    Returns
    -------
    Solution
        SciPy's result; `x` of shape (n,) and `fun` are tensors.

    Raises
    ------
    SolutionError
        If SciPy does not succeed.

    Examples
    --------
    >>> import gradtape as gt
    >>> from gradtape.scipy.optimize import minimize
    >>> target = gt.Variable([1.0, 2.0])
    >>> with gt.GradientTape() as tape:
    ...     best = minimize(lambda x: ((x - target) ** 2).sum(), [0.0, 0.0]).x
    ...     y = best[0] * best[1]
    >>> tape.gradient(y, target).numpy().round(6)
    array([2., 1.])
    """
    objective = with_arguments(fun, args)
    slope = gradient_of(objective)
    result = import_module("scipy.optimize").minimize(
        off_the_tapes(lambda x: float(plain(objective(constant(x))))),
        np.asarray(plain(x0), float),
        method=method,
        jac=off_the_tapes(lambda x: plain(slope(constant(x)))),
        bounds=bounds,
        tol=tol,
        callback=callback,
        options=options,
    )
    check(result, "minimize")
    x = polished(slope, result.x, inside(result.x, bounds))
    return Solution({**result, "x": x, "fun": objective(x)})


def inside(x: Any, bounds: Any) -> list[int] | None:
    """Return which components lie between their bounds and not at one."""
    if bounds is None:
        return None
    low, high = (
        (bounds.lb, bounds.ub)
        if hasattr(bounds, "lb")
        else np.array([[-np.inf if a is None else a, np.inf if b is None else b] for a, b in bounds], float).T
    )
    away = ~(np.isclose(x, low, rtol=1e-9, atol=1e-12) | np.isclose(x, high, rtol=1e-9, atol=1e-12))
    return [int(k) for k in np.flatnonzero(away)]


def least_squares(fun: Callable[..., Any], x0: Any, args: Any = (), **options: Any) -> Solution:
    """Minimise half the sum of squares of a vector function; see `minimize`.

    Parameters
    ----------
    fun : callable
        Takes a tensor of shape (n,) and `args`, returns residuals of shape (m,).
    x0 : array_like of shape (n,)
    args : tuple
    **options
        As in `scipy.optimize.least_squares`, but `jac`, which comes from the tape; no `loss` but the linear one.

    Returns
    -------
    Solution
        SciPy's result; `x`, `fun` and `cost` are tensors.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> from gradtape.scipy.optimize import least_squares
    >>> y = gt.Variable([1.1, 1.9, 3.2])
    >>> with gt.GradientTape() as tape:
    ...     slope = least_squares(lambda p: p[0] * np.array([1.0, 2.0, 3.0]) - y, [0.0]).x
    >>> tape.gradient(slope, y).numpy().round(6)
    array([0.071429, 0.142857, 0.214286])
    """
    if options.get("loss", "linear") != "linear":
        raise TypeError(f"least_squares: loss={options['loss']!r} is not differentiated here; use `minimize`")
    residuals = with_arguments(fun, args)
    result = import_module("scipy.optimize").least_squares(
        off_the_tapes(lambda x: plain(residuals(constant(x)))),
        np.asarray(plain(x0), float),
        jac=off_the_tapes(lambda x: plain(jacobian_of(residuals, constant(x))[1])),
        **options,
    )
    check(result, "least_squares")
    bounds = options.get("bounds")
    pairs = bounds
    if isinstance(bounds, tuple):
        pairs = np.stack(np.broadcast_arrays(*bounds, result.x)[:2], axis=-1)

    def cost(x: Any) -> Any:
        return 0.5 * SPACE.sum(SPACE.square(residuals(x)))

    x = polished(gradient_of(cost), result.x, inside(result.x, pairs))
    return Solution({**result, "x": x, "fun": residuals(x), "cost": cost(x)})


def root(fun: Callable[..., Any], x0: Any, args: Any = (), method: str = "hybr", **options: Any) -> Solution:
    """Find a root of a vector function; it keeps its gradient in everything that the function depends on.

    Parameters
    ----------
    fun : callable
        Takes a tensor of shape (n,) and `args`, returns shape (n,).
    x0 : array_like of shape (n,)
    args : tuple
    method : str
        As in `scipy.optimize.root`.
    **options
        As there, but `jac`, which comes from the tape.

    Returns
    -------
    Solution
        SciPy's result; `x` and `fun` are tensors.

    Raises
    ------
    SolutionError
        If SciPy does not succeed.

    Examples
    --------
    >>> import gradtape as gt
    >>> from gradtape.scipy.optimize import root
    >>> a = gt.Variable([4.0])
    >>> with gt.GradientTape() as tape:
    ...     x = root(lambda x, a: x**2 - a, [1.0], args=(a,)).x
    >>> tape.gradient(x, a).numpy().round(6)
    array([0.25])
    """
    equation = with_arguments(fun, args)
    with_jac = method in {"hybr", "lm"}
    result = import_module("scipy.optimize").root(
        off_the_tapes(lambda x: plain(equation(constant(x)))),
        np.asarray(plain(x0), float),
        method=method,
        jac=off_the_tapes(lambda x: plain(jacobian_of(equation, constant(x))[1])) if with_jac else None,
        **options,
    )
    check(result, "root")
    x = polished(equation, result.x)
    return Solution({**result, "x": x, "fun": equation(x)})


def root_scalar(f: Callable[..., Any], args: Any = (), **options: Any) -> Solution:
    """Find a root of a function of one number; see `root`. `options` as in `scipy.optimize.root_scalar`."""
    equation = with_arguments(f, args)
    found = import_module("scipy.optimize").root_scalar(
        off_the_tapes(lambda x: float(plain(equation(constant(float(x)))))), **options
    )
    check(found, "root_scalar")
    return Solution({**found, "root": polished(equation, float(found.root))})


def brentq(f: Callable[..., Any], a: float, b: float, args: Any = (), **options: Any) -> Any:
    """Find the root between two points; see `root`. `options` as in `scipy.optimize.brentq`.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> from gradtape.scipy.optimize import brentq
    >>> c = gt.Variable(0.5)
    >>> with gt.GradientTape() as tape:
    ...     x = brentq(lambda x: np.cos(x) - c * x, 0.0, 2.0)
    >>> round(float(tape.gradient(x, c)), 6)
    -0.7588
    """
    equation = with_arguments(f, args)
    quiet = off_the_tapes(lambda x: float(plain(equation(constant(float(x))))))
    return polished(equation, import_module("scipy.optimize").brentq(quiet, a, b, **options))


def newton(func: Callable[..., Any], x0: float, args: Any = (), **options: Any) -> Any:
    """Find a root near a point, by Newton's method with the tape's derivative; see `root`."""
    equation = with_arguments(func, args)
    slope = gradient_of(equation)
    found = import_module("scipy.optimize").newton(
        off_the_tapes(lambda x: float(plain(equation(constant(float(x)))))),
        x0,
        fprime=off_the_tapes(lambda x: float(plain(slope(constant(float(x)))))),
        **options,
    )
    return polished(equation, found)


def minimize_scalar(fun: Callable[..., Any], args: Any = (), **options: Any) -> Solution:
    """Minimise a function of one number; see `minimize`. `options` as in `scipy.optimize.minimize_scalar`."""
    objective = with_arguments(fun, args)
    found = import_module("scipy.optimize").minimize_scalar(
        off_the_tapes(lambda x: float(plain(objective(constant(float(x)))))), **options
    )
    check(found, "minimize_scalar")
    x = polished(gradient_of(objective), float(found.x))
    return Solution({**found, "x": x, "fun": objective(x)})
