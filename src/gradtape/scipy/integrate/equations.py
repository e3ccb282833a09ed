"""Ordinary differential equations: SciPy chooses the steps, and the Runge-Kutta method repeats them on the tape."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.integrate
from scipy.integrate._ivp.ivp import OdeResult

from gradtape.arrays.dispatch import Node
from gradtape.ops import Index
from gradtape.scipy._values import plain, plain_nested, unrecorded, xp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

METHODS = {name: getattr(scipy.integrate, name) for name in ("RK23", "RK45", "DOP853")}
"""The explicit methods; implicit ones solve equations in every step, and have no derivative here."""


def steps(method: Any, fun: Callable[[float, Any], Any], start: float, y: Any, stop: float, options: Any) -> Any:
    """Return the times at which SciPy's steps end, from `start` to `stop`.

    Raises
    ------
    RuntimeError
        If SciPy gives up.
    """
    times = [start]
    with unrecorded():
        solver = method(lambda t, u: plain(plain_nested(fun(t, u))), start, y, stop, **options)
        while solver.status == "running":
            message = solver.step()
            if solver.status == "failed":
                raise RuntimeError(f"the integration stopped at t = {solver.t}: {message}")
            times.append(solver.t)
    return np.array(times), np.array(solver.y)


def stage_slopes(method: Any, fun: Callable[..., Any], t: Any, y: Any, h: Any, first: Any) -> list[Any]:
    """Return the slopes at all stages of a step, of which the first is known."""
    slopes = [first]
    for row, share in zip(method.A[1:], method.C[1:], strict=True):
        slopes.append(slope_at(fun, t + h * float(share), y + h * mixed(row, slopes)))
    return slopes


def mixed(weights: Any, slopes: Sequence[Any]) -> Any:
    """Add slopes up with weights, leaving those of weight 0 out."""
    total: Any = 0.0
    for weight, slope in zip(weights, slopes, strict=False):
        if weight:
            total = total + float(weight) * slope
    return total


def slope_at(fun: Callable[..., Any], t: Any, y: Any) -> Any:
    """Call the user's function; a list of numbers and tensors becomes one tensor."""
    return xp.shaped(fun(t, y)) * 1.0


def repeat(
    method: Any, fun: Callable[..., Any], t0: Any, t1: Any, y: Any, times: Any, wanted: Sequence[Any] = ()
) -> tuple[list[Any], list[Any]]:
    """Repeat steps on the tape; return the states at their ends, and those at wanted times between.

    The ends move with `t0` and `t1`, which may be tensors.
    """
    shares = (times - times[0]) / ((times[-1] - times[0]) or 1.0)
    t, slope = t0, None
    states, found = [y], []
    open_times = list(wanted)
    for k, share in enumerate(shares[1:], 1):
        end = t1 if share == 1.0 else t0 + (t1 - t0) * float(share)
        h = end - t
        slope = slope_at(fun, t, y) if slope is None else slope
        slopes = stage_slopes(method, fun, t, y, h, slope)
        new = y + h * mixed(method.B, slopes)
        slope = slope_at(fun, end, new)
        while open_times and abs(open_times[0] - times[0]) <= abs(times[k] - times[0]):
            found.append(between(method, [*slopes, slope], t, h, y, open_times.pop(0)))
        t, y = end, new
        states.append(y)
    return states, found


def between(method: Any, slopes: list[Any], t: Any, h: Any, y: Any, at: float) -> Any:
    """Return the state inside of a step, by the method's own polynomial."""
    x = (at - t) / h
    powers = [x ** (k + 1) for k in range(method.P.shape[1])]
    total: Any = 0.0
    for row, slope in zip(method.P, slopes, strict=True):
        weight = sum(float(p) * power for p, power in zip(row, powers, strict=True) if p)
        total = total + slope * weight
    return y + h * total


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
    vectorized: bool = False,  # noqa: ARG001 - explicit methods have no use for it
    args: tuple[Any, ...] | None = None,
    **options: Any,
) -> Any:
    """Solve an initial value problem by an explicit Runge-Kutta method.

    The result is SciPy's. The gradient is that of its steps and exact for them; it reaches the initial values, both
    ends of the time span, `args` and whatever `fun` reads.

    Parameters
    ----------
    fun : callable
        `fun(t, y, *args)` returns the slopes: a tensor, or a list of numbers and tensors. It is called with plain
        arrays while the steps are chosen, and with tensors when they are repeated.
    t_span : pair of Tensor or float
    y0 : Tensor or array_like
        A vector.
    method : {'RK45', 'RK23', 'DOP853'}
    t_eval : array_like, optional
        Times at which to store the state; otherwise at the end of every step.
    dense_output, events
        Have no place here.
    vectorized : bool
        Has no effect.
    args : tuple, optional
        More arguments of the function.
    **options
        `rtol`, `atol`, `first_step`, `max_step`, as in SciPy.

    Returns
    -------
    OdeResult
        SciPy's, with the times in `t` as a plain array and the states in `y`, a tensor of shape `(n, times)`.

    Raises
    ------
    TypeError
        If the method is not explicit, or events or a dense output are asked for.
    ValueError
        If `t_eval` is not sorted or leaves `t_span`.
    """
    if method not in METHODS:
        raise TypeError(f"solve_ivp differentiates the explicit methods {', '.join(METHODS)}, and {method!r} is none")
    if dense_output or events is not None:
        raise TypeError("solve_ivp has no place for events and dense_output here; ask for times with t_eval")
    scheme, given = METHODS[method], args or ()
    t0, t1 = t_span
    y = initial(y0)
    start, stop = float(plain(t0)), float(plain(t1))
    wanted = None if t_eval is None else np.asarray(plain(t_eval), float)
    if wanted is not None and (
        (wanted < min(start, stop)).any()
        or (wanted > max(start, stop)).any()
        or (np.diff(wanted) * np.sign(stop - start) <= 0).any()
    ):
        raise ValueError("Values in `t_eval` must be sorted and lie within `t_span`.")
    known = plain_nested(given)
    times, _ = steps(scheme, lambda t, u: fun(t, u, *known), start, plain(y), stop, options)

    def with_args(t: Any, u: Any) -> Any:
        return fun(t, u, *given)

    if wanted is None:
        states, shown = repeat(scheme, with_args, t0, t1, y, times)[0], times
    elif isinstance(scheme.P, np.ndarray):
        states, shown = _at(scheme, with_args, t0, t1, y, times, wanted), wanted
    else:
        states, shown = _landing(scheme, with_args, known, fun, t0, t1, y, wanted, options), wanted
    stacked = xp.stack(states, axis=-1) if states else xp.reshape(y, shape=(-1, 1))[:, :0]
    return OdeResult(
        t=shown, y=stacked, sol=None, t_events=None, y_events=None, nfev=len(times) * scheme.n_stages, njev=0, nlu=0,
        status=0, message="The solver successfully reached the end of the integration interval.", success=True,
    )  # fmt: skip


def _at(scheme: Any, fun: Callable[..., Any], t0: Any, t1: Any, y: Any, times: Any, wanted: Any) -> list[Any]:
    """Return the states at wanted times, by the polynomial of the step around each."""
    at_start = [y] if wanted.size and wanted[0] == times[0] else []
    return at_start + repeat(scheme, fun, t0, t1, y, times, wanted[len(at_start) :].tolist())[1]


def _landing(
    scheme: Any,
    fun: Callable[..., Any],
    known: tuple[Any, ...],
    raw: Callable[..., Any],
    t0: Any,
    t1: Any,
    y: Any,
    wanted: Any,
    options: Any,
) -> list[Any]:
    """Return the states at wanted times by steps that end there."""
    low, high = float(plain(t0)), float(plain(t1))
    span = (high - low) or 1.0
    ends = [t0 if t == low else t1 if t == high else t0 + (t1 - t0) * float((t - low) / span) for t in wanted]
    return chain(scheme, fun, lambda t, u: raw(t, u, *known), [t0, *ends], y, options)[1:]


def chain(
    scheme: Any, fun: Callable[..., Any], known: Callable[..., Any], ends: list[Any], y: Any, options: Any
) -> list[Any]:
    """Return the states at all ends, by steps that end there."""
    states = [y]
    for begin, end in pairwise(ends):
        start, stop = float(plain(begin)), float(plain(end))
        if start != stop:
            times, _ = steps(scheme, known, start, plain(y), stop, options)
            y = repeat(scheme, fun, begin, end, y, times)[0][-1]
        states.append(y)
    return states


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
    **options: Any,
) -> Any:
    """Integrate a system of differential equations, with derivatives in initial values, times and parameters.

    Steps are those of an explicit Runge-Kutta method of order 8 with SciPy's tolerances, so the values agree with
    scipy.integrate.odeint within them; a stiff system takes many steps. The gradient is that of the steps, exactly.

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
    **options
        LSODA's options have no place here.

    Returns
    -------
    Tensor
        Of shape `(times, n)`.

    Raises
    ------
    TypeError
        If an option is given that only LSODA has.
    ValueError
        If the times are not sorted.
    """
    if any(value for value in options.values()):
        raise TypeError(f"odeint has no place for {', '.join(options)} here")
    times = plain(t).astype(float)
    if times.ndim != 1 or ((np.diff(times) < 0).any() and (np.diff(times) > 0).any()):
        raise ValueError("The values in t must be monotonically increasing or monotonically decreasing.")
    y, known = initial(y0), plain_nested(tuple(args))
    ends = [xp.getitem(t, Index(k)) if isinstance(t, Node) else float(times[k]) for k in range(times.size)]

    def slopes(given: tuple[Any, ...]) -> Callable[[Any, Any], Any]:
        return lambda at, u: func(at, u, *given) if tfirst else func(u, at, *given)

    limits = {"rtol": rtol, "atol": atol, **({"max_step": hmax} if hmax else {})}
    states = chain(METHODS["DOP853"], slopes(tuple(args)), slopes(known), ends, y, limits)
    return xp.stack(states, axis=0)
