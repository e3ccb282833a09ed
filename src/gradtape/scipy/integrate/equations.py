"""Ordinary differential equations: SciPy solves them, and the tape differentiates the steps or the equation itself."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.integrate

from gradtape.arrays.dispatch import Node
from gradtape.arrays.failures import located
from gradtape.arrays.record import STATE
from gradtape.errors import OperandError
from gradtape.ops import Index
from gradtape.scipy._values import plain, plain_nested, unrecorded, xp
from gradtape.scipy.integrate.adjoint import Flow, Linearised
from gradtape.scipy.integrate.steps import EXPLICIT, IMPLICIT, Steps
from gradtape.scipy.optimize.implicit import polished, with_value

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS = (*EXPLICIT, *IMPLICIT, "LSODA")


def initial(y0: Any) -> Any:
    """Return initial values as a vector of floating-point numbers.

    Raises
    ------
    ValueError
        If they are no vector.
    """
    y = xp.atleast_1d(xp.shaped(y0))
    if y.ndim != 1:
        raise ValueError("`y0` must be 1-dimensional.")
    return y if y.dtype.kind in "fc" else xp.cast(y, dtype="float64")


def solve_ivp(
    fun: Callable[..., Any],
    t_span: Any,
    y0: Any,
    method: str = "RK45",
    t_eval: Any = None,
    dense_output: bool = False,
    events: Any = None,
    vectorized: bool = False,
    args: tuple[Any, ...] | None = None,
    *,
    gradient: str | None = None,
    **options: Any,
) -> Any:
    """Solve an initial value problem; under an open tape the solution keeps its gradient.

    The result is SciPy's. The gradient reaches the initial values, both ends of the time span, `t_eval`, `args` and
    whatever `fun` and the events read.

    Parameters
    ----------
    fun : callable
        `fun(t, y, *args)` returns the slopes: an array, or a list of numbers. It is called with plain arrays while
        SciPy solves, and with tensors when a tape is open.
    t_span : pair of float or Tensor
    y0 : array_like or Tensor of shape (n,)
    method : {"RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA"}
        The implicit ones get the exact Jacobian, unless `jac` is given.
    t_eval : array_like or Tensor, optional
        Times at which to return the state; otherwise at the end of every step.
    dense_output : bool
        Whether to return the solution as a function of time, in `sol`.
    events : callable or list of callables, optional
        As in SciPy, with the attributes `terminal` and `direction`. The time of an event moves by the implicit function
        theorem.
    vectorized : bool
        As in SciPy; where a tape is open `fun` gets states of shape (n, 1).
    args : tuple, optional
        More arguments of `fun` and of the events.
    gradient : {"discrete", "adjoint"}, optional
        "discrete", the usual choice, repeats SciPy's steps on the tape: the gradient of the numbers that came out,
        exactly (of the implicit methods, up to the tolerance), in both modes and of any order; memory grows with the
        steps. "adjoint" solves the adjoint equation backwards, or in forward mode the equation of the tangent: memory
        does not grow, the gradient is that of the differential equation up to the tolerances, and of first order.
        LSODA has only this.
    **options
        As in SciPy: `rtol`, `atol`, `first_step`, `max_step`, `jac`, ...

    Returns
    -------
    OdeResult
        SciPy's. If a tape is open, `y` of shape (n, times), `t_events`, `y_events` and what `sol` returns are tensors,
        and `t` where it moves.

    Raises
    ------
    TypeError
        If there is no such method or gradient, or LSODA is to be differentiated by its steps.
    ValueError
        If `t_eval` is not sorted or leaves `t_span`, or `y0` is no vector.
    NoGradientError
        When a second derivative through an adjoint is asked for, or one of an event that the solution only touches.

    Notes
    -----
    "discrete" holds the shares of the steps while everything else moves. Where an explicit method steps at its limit of
    stability, as it does with stiff equations and loose tolerances, that derivative says little about the solution:
    tighten `rtol`, take an implicit method, or the adjoint.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> from gradtape.scipy.integrate import solve_ivp
    >>> rate = gt.Variable(0.5)
    >>> with gt.GradientTape() as tape:
    ...     y = solve_ivp(lambda t, y: -rate * y, (0.0, 2.0), [1.0], rtol=1e-8).y[0, -1]
    >>> tape.gradient(y, rate).numpy().round(5), np.round(-2.0 * np.exp(-1.0), 5)
    (np.float64(-0.73576), np.float64(-0.73576))

    When does a ball hit the ground, and how does that depend on the throw?

    >>> def ground(t, y):
    ...     return y[0]
    >>> ground.terminal, ground.direction = True, -1
    >>> speed = gt.Variable(9.81)
    >>> with gt.GradientTape() as tape:
    ...     flight = solve_ivp(lambda t, y: [y[1], -9.81], (0.0, 10.0), [0.0, speed], events=ground)
    ...     landed = flight.t_events[0][0]
    >>> landed.numpy().round(6), tape.gradient(landed, speed).numpy().round(6)
    (np.float64(2.0), np.float64(0.203874))
    """
    problem = Problem(fun, t_span, y0, method, args or (), vectorized, gradient)
    solved = problem.solved(t_eval, dense_output, events, options)
    return problem.recorded(solved, t_eval, dense_output, events, options) if STATE.recordings else solved


class Problem:
    """One initial value problem, as SciPy solves it and as the tape sees it."""

    def __init__(
        self,
        fun: Callable[..., Any],
        t_span: Any,
        y0: Any,
        method: str,
        args: tuple[Any, ...],
        vectorized: bool,
        gradient: str | None,
    ) -> None:
        frame = _getframe(2)
        if method not in METHODS:
            raise located(OperandError, f"solve_ivp: there is no method {method!r}", frame, f"one of {METHODS}")
        if gradient not in {None, "discrete", "adjoint"}:
            raise located(OperandError, f"solve_ivp: gradient is 'discrete' or 'adjoint', not {gradient!r}", frame)
        if method == "LSODA" and gradient == "discrete":
            raise located(
                OperandError,
                "solve_ivp: the steps of LSODA cannot be repeated",
                frame,
                "gradient='adjoint', or method='BDF', 'Radau' or 'DOP853'",
            )
        self.adjoint = gradient == "adjoint" or method == "LSODA"
        self.method, self.args, self.vectorized = method, tuple(args), vectorized
        self.user_fun, self.known = fun, plain_nested(tuple(args))
        self.ends = (t_span[0], t_span[1])
        self.y = initial(y0)

    def fun(self, t: Any, y: Any) -> Any:
        """Call the user's function with tensors."""
        if self.vectorized:
            return xp.reshape(xp.shaped(self.user_fun(t, xp.reshape(y, shape=(-1, 1)), *self.args)), shape=(-1,))
        return self.user_fun(t, y, *self.args)

    def plainly(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Let SciPy call a function with arrays, unrecorded, and keep what SciPy reads of it."""

        def quiet(t: Any, y: Any) -> Any:
            with unrecorded():
                return plain(plain_nested(function(t, y, *self.known)))

        for name in ("terminal", "direction"):
            if hasattr(function, name):
                setattr(quiet, name, getattr(function, name))
        return quiet

    def jacobian(self, t: float, y: Any) -> Any:
        """Return the exact Jacobian of the slopes."""
        with unrecorded():
            return Linearised(self.fun, t, y, ()).jacobian()

    def solved(self, t_eval: Any, dense_output: bool, events: Any, options: dict[str, Any]) -> Any:
        """Let SciPy solve it."""
        more = dict(options)
        if more.get("jac") is None:
            more |= {} if self.method in EXPLICIT else {"jac": self.jacobian}
            more = {name: value for name, value in more.items() if value is not None}
        elif callable(more.get("jac")):
            more["jac"] = self.plainly(more["jac"])
        several = events if isinstance(events, list | tuple) else [events]
        quiet = None if events is None else [self.plainly(e) for e in several]
        return scipy.integrate.solve_ivp(
            self.plainly(self.user_fun),
            tuple(float(plain(t)) for t in self.ends),
            plain(self.y),
            method=self.method,
            t_eval=None if t_eval is None else plain_nested_array(t_eval),
            dense_output=dense_output or bool(STATE.recordings),
            events=quiet,
            vectorized=self.vectorized,
            **more,
        )

    def recorded(self, result: Any, t_eval: Any, dense_output: bool, events: Any, options: dict[str, Any]) -> Any:
        """Put the solution on the tape."""
        solution = result.sol
        if not dense_output:
            result.sol = None
        if float(plain(self.ends[0])) == float(plain(self.ends[1])):
            return self.standing(result, t_eval)
        if self.adjoint:
            path: Any = Flow(self.method, self.fun, self.ends, self.y, solution, options)
        else:
            path = Steps(self.method, self.fun, self.ends, self.y, solution)
        if dense_output:
            result.sol = Dense(path, solution)
        if events is not None:
            several = events if isinstance(events, list | tuple) else [events]
            self.place_events(result, path, several)
        self.place_times(result, path, t_eval)
        return result

    def standing(self, result: Any, t_eval: Any) -> Any:
        """Return the result of a span without length: the initial state."""
        count = result.t.size if t_eval is None else len(t_eval)
        result.y = xp.stack([self.y] * count, axis=-1)
        return result

    def place_events(self, result: Any, path: Any, events: Any) -> None:
        """Let the times of events and the states there move."""
        for k, event in enumerate(events):
            times = [self.time_of(event, path, float(t)) for t in result.t_events[k]]
            if times:
                result.t_events[k] = xp.stack(times)
                result.y_events[k] = xp.stack(path.states(times))

    def time_of(self, event: Callable[..., Any], path: Any, found: float) -> Any:
        """Return the time of an event: the root of its function along the solution."""

        def along(t: Any) -> Any:
            return xp.reshape(xp.shaped(event(t, path.states([t])[0], *self.args)), shape=())

        return polished("solve_ivp", along, found)

    def place_times(self, result: Any, path: Any, t_eval: Any) -> None:
        """Let times and states move."""
        if t_eval is not None:
            moving = [xp.getitem(t_eval, Index(k)) if isinstance(t_eval, Node) else t for k, t in enumerate(t_eval)]
            times = moving[: result.t.size]
            if any(isinstance(t, Node) for t in times):
                result.t = xp.stack([xp.shaped(t) for t in times])
            if times:
                result.y = with_value(xp.stack(path.states(times), axis=-1), result.y)
            return
        t0, t1 = self.ends
        low, high = float(plain(t0)), float(plain(t1))
        moves = isinstance(t0, Node) or isinstance(t1, Node)
        times = [t0 + (t1 - t0) * ((t - low) / (high - low)) if moves else float(t) for t in result.t]
        times[0], times[-1] = t0, t1 if result.t[-1] == high else times[-1]
        if result.status == 1:
            times[-1] = next(
                xp.getitem(found, Index(-1))
                for found in result.t_events
                if isinstance(found, Node) and plain(found)[-1] == result.t[-1]
            )
        if any(isinstance(t, Node) for t in times):
            result.t = xp.stack([xp.shaped(t) * 1.0 for t in times])
        result.y = with_value(xp.stack(path.mesh(times, self.y), axis=-1), result.y)


def plain_nested_array(values: Any) -> Any:
    """Return times as a plain array, also from a list that holds tensors."""
    return np.array(
        [float(plain(v)) for v in values] if isinstance(values, list | tuple) else plain(values), np.float64
    )


class Dense:
    """A solution as a function of time, on the tape.

    Parameters
    ----------
    path : Steps or Flow
    solution : scipy.integrate.OdeSolution
    """

    def __init__(self, path: Any, solution: Any) -> None:
        self.path, self.solution = path, solution
        self.ts, self.t_min, self.t_max = solution.ts, solution.t_min, solution.t_max

    def __call__(self, t: Any) -> Any:
        """Return the state at a time, of shape (n,), or at several, of shape (n, times).

        Parameters
        ----------
        t : float, array_like or Tensor
        """
        if np.ndim(plain(t)) == 0:
            return self.path.states([t])[0]
        times = [xp.getitem(t, Index(k)) if isinstance(t, Node) else v for k, v in enumerate(t)]
        return xp.stack(self.path.states(times), axis=-1)


def odeint(
    func: Callable[..., Any],
    y0: Any,
    t: Any,
    args: tuple[Any, ...] = (),
    *,
    rtol: float = 1.49012e-8,
    atol: float = 1.49012e-8,
    tfirst: bool = False,
    hmax: float = 0.0,
    method: str = "DOP853",
    gradient: str | None = None,
    **options: Any,
) -> Any:
    """Integrate a system of differential equations; see `solve_ivp`.

    Steps are those of an explicit Runge-Kutta method of order 8 with SciPy's tolerances, so the values agree with
    scipy.integrate.odeint within them; for a stiff system give `method="BDF"` or `"LSODA"`.

    Parameters
    ----------
    func : callable
        `func(y, t, *args)` returns the slopes.
    y0 : Tensor or array_like
        A vector or a number.
    t : Tensor or array_like
        Times, sorted; the first one belongs to `y0`.
    args : tuple
        More arguments of the function.
    rtol, atol : float
        Tolerances.
    tfirst : bool
        Whether the function is `func(t, y, *args)`.
    hmax : float
        The longest step; 0 means any.
    method, gradient : str
        As in `solve_ivp`.
    **options
        Other options of `scipy.integrate.odeint` have no place here.

    Returns
    -------
    Tensor or ndarray of shape (times, n)
        A tensor if a tape is open.

    Raises
    ------
    TypeError
        If an option is given that only LSODA has.
    ValueError
        If the times are not sorted.
    RuntimeError
        If the equation cannot be solved over all times.

    Examples
    --------
    >>> import numpy as np
    >>> from gradtape.scipy.integrate import odeint
    >>> odeint(lambda y, t: -y, 1.0, [0.0, 1.0])[:, 0].round(6)
    array([1.      , 0.367879])
    """
    if any(value for value in options.values()):
        raise TypeError(f"odeint has no place for {', '.join(options)} here")
    times = plain_nested_array(t)
    if times.ndim != 1 or ((np.diff(times) < 0).any() and (np.diff(times) > 0).any()):
        raise ValueError("The values in t must be monotonically increasing or monotonically decreasing.")

    def slopes(at: Any, u: Any, *given: Any) -> Any:
        return func(at, u, *given) if tfirst else func(u, at, *given)

    first, last = (xp.getitem(t, Index(k)) if isinstance(t, Node) else t[k] for k in (0, -1))
    limits: dict[str, Any] = {"rtol": rtol, "atol": atol, **({"max_step": hmax} if hmax else {})}
    result = solve_ivp(slopes, (first, last), y0, method, t, args=tuple(args), gradient=gradient, **limits)
    if not result.success:
        raise RuntimeError(f"odeint: the integration stopped at t = {plain(result.t)[-1]}: {result.message}")
    return xp.transpose(result.y) if isinstance(result.y, Node) else result.y.T
