"""The steps of a solution, on the tape: each is repeated where SciPy made it, and gives the states in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.integrate

from gradtape.arrays.record import STATE
from gradtape.scipy._values import plain, xp
from gradtape.scipy.optimize.implicit import polished, with_value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EXPLICIT = {name: getattr(scipy.integrate, name) for name in ("RK23", "RK45", "DOP853")}
"""The explicit methods of Runge and Kutta."""

IMPLICIT = ("Radau", "BDF")
"""The methods whose steps are repeated by Radau's formula of order 5, on SciPy's mesh and through SciPy's states."""

ROOT = np.sqrt(6.0)
NODES = np.array([(4.0 - ROOT) / 10.0, (4.0 + ROOT) / 10.0, 1.0])
WEIGHTS = np.array(
    [
        [(88 - 7 * ROOT) / 360, (296 - 169 * ROOT) / 1800, (-2 + 3 * ROOT) / 225],
        [(296 + 169 * ROOT) / 1800, (88 + 7 * ROOT) / 360, (-2 - 3 * ROOT) / 225],
        [(16 - ROOT) / 36, (16 + ROOT) / 36, 1 / 9],
    ]
)
"""Radau IIA of order 5 (Hairer and Wanner, "Solving Ordinary Differential Equations II", section IV.5)."""


class Segment:
    """The state inside of one step, as a function of time: a polynomial in the share of the step.

    Parameters
    ----------
    start, width : Tensor or float
    old, new : Tensor
        The states at the ends.
    inside : callable
        The change of the state at a share of the step.
    value : callable, optional
        SciPy's own state at a time, where ours is only as near as the tolerance.
    """

    def __init__(
        self,
        start: Any,
        width: Any,
        old: Any,
        new: Any,
        inside: Callable[[Any], Any],
        value: Callable[[float], Any] | None = None,
    ) -> None:
        self.start, self.width, self.old, self.new, self.inside, self.value = start, width, old, new, inside, value

    def __call__(self, t: Any) -> Any:
        """Return the state at a time, which may be a tensor."""
        found = self.old + self.inside((t - self.start) / self.width)
        return found if self.value is None else with_value(found, self.value(float(plain(t))))


def slope_at(fun: Callable[..., Any], t: Any, y: Any) -> Any:
    """Call the user's function; a list of numbers and tensors becomes one tensor."""
    return xp.shaped(fun(t, y)) * 1.0


def mixed(weights: Any, slopes: Sequence[Any]) -> Any:
    """Add slopes up with weights, leaving those of weight 0 out."""
    kept = [k for k in range(len(slopes)) if weights[k]]
    if not kept:
        return 0.0
    return xp.matmul(np.asarray(weights)[kept], xp.stack([slopes[k] for k in kept]))


def explicit_step(
    method: Any, fun: Callable[..., Any], t: Any, y: Any, width: Any, first: Any, end: Any
) -> tuple[Segment, Any]:
    """Make a step of an explicit method from the slope at its start; return it with the slope at its end."""
    slopes = [first]
    for row, share in zip(method.A[1:], method.C[1:], strict=True):
        slopes.append(slope_at(fun, t + width * float(share), y + width * mixed(row, slopes)))
    new = y + width * mixed(method.B, slopes)
    slopes.append(slope_at(fun, end, new))
    inside = by_polynomial if isinstance(method.P, np.ndarray) else by_hermite
    return Segment(t, width, y, new, inside(method, fun, t, y, width, new, slopes)), slopes[-1]


def by_polynomial(
    method: Any, _fun: Any, _t: Any, _y: Any, width: Any, _new: Any, slopes: list[Any]
) -> Callable[[Any], Any]:
    """Return the change inside of a step by the method's polynomial."""

    def inside(x: Any) -> Any:
        powers = xp.stack([xp.shaped(x) * 1.0] * method.P.shape[1]) ** np.arange(1, method.P.shape[1] + 1)
        return width * xp.matmul(xp.matmul(method.P, powers), xp.stack(slopes))

    return inside


def by_hermite(method: Any, fun: Any, t: Any, y: Any, width: Any, new: Any, slopes: list[Any]) -> Callable[[Any], Any]:
    """Return the change inside of a step of DOP853, which asks for three more slopes, once it is needed."""
    kept: dict[Any, list[Any]] = {}  # what one tape recorded is not on another

    def found() -> list[Any]:
        terms = kept.setdefault(STATE.recordings, [])
        if not terms:
            known = list(slopes)
            for row, share in zip(method.A_EXTRA, method.C_EXTRA, strict=True):
                known.append(slope_at(fun, t + width * float(share), y + width * mixed(row, known)))
            change = new - y
            terms.extend([change, width * slopes[0] - change, 2.0 * change - width * (slopes[-1] + slopes[0])])
            terms.extend(width * mixed(row, known) for row in method.D)
        return terms

    def inside(x: Any) -> Any:
        total: Any = 0.0
        for k, term in enumerate(reversed(found())):
            total = (total + term) * (x if k % 2 == 0 else 1.0 - x)
        return total

    return inside


def implicit_step(fun: Callable[..., Any], t: Any, y: Any, width: Any, theirs: Any) -> Segment:
    """Make a step of Radau's formula whose stages are roots of its equations, near SciPy's own states."""
    start, size = float(plain(t)), y.shape[0]
    span = float(plain(width))
    guess = np.concatenate([theirs(start + span * c) for c in NODES]) - np.tile(plain(y), 3)

    def equations(changes: Any) -> Any:
        slopes = [
            slope_at(fun, t + width * float(c), y + changes[k * size : (k + 1) * size]) for k, c in enumerate(NODES)
        ]
        return changes - width * xp.reshape(xp.matmul(WEIGHTS, xp.stack(slopes)), shape=(-1,))

    stages = xp.reshape(polished("solve_ivp", equations, guess), shape=(3, size))
    knots = np.array([0.0, *NODES])

    def inside(x: Any) -> Any:
        weights = [
            np.prod([1.0 / (knots[k] - knot) for j, knot in enumerate(knots) if j != k])
            * _product([x - float(knot) for j, knot in enumerate(knots) if j != k])
            for k in (1, 2, 3)
        ]
        return xp.matmul(xp.stack(weights), stages)

    new = with_value(y + stages[2], theirs(start + span))
    return Segment(t, width, y, new, inside, theirs)


def _product(factors: Sequence[Any]) -> Any:
    """Multiply numbers, of which some may be tensors."""
    total: Any = 1.0
    for factor in factors:
        total = total * factor
    return total


class Steps:
    """A solution as steps on the tape: exact derivatives of what SciPy did, of any order.

    Parameters
    ----------
    method : str
    fun : callable
        `fun(t, y)`.
    ends : pair of Tensor or float
        The time span; the steps in between move with it.
    y : Tensor
    solution : scipy.integrate.OdeSolution
    """

    def __init__(self, method: str, fun: Callable[..., Any], ends: tuple[Any, Any], y: Any, solution: Any) -> None:
        self.solution, self.fun = solution, fun
        t0, t1 = ends
        low, high = float(plain(t0)), float(plain(t1))
        self.segments: list[Segment] = []
        start, slope = t0, None
        for piece in solution.interpolants:
            share = (piece.t - low) / (high - low)
            end = t1 if piece.t == high else t0 + (t1 - t0) * float(share)
            if method in EXPLICIT:
                slope = slope_at(fun, start, y) if slope is None else slope
                segment, slope = explicit_step(EXPLICIT[method], fun, start, y, end - start, slope, end)
            else:
                segment = implicit_step(fun, start, y, end - start, piece)
            self.segments.append(segment)
            start, y = end, segment.new

    def states(self, times: Sequence[Any]) -> list[Any]:
        """Return the states at times, which may be tensors."""
        return [self.segments[self.place(float(plain(t)))](t) for t in times]

    def place(self, t: float) -> int:
        """Return the step that SciPy takes a time from."""
        theirs = self.solution
        k = min(max(int(np.searchsorted(theirs.ts_sorted, t, side=theirs.side)) - 1, 0), int(theirs.n_segments) - 1)
        return k if theirs.ascending else int(theirs.n_segments) - 1 - k

    def mesh(self, times: Sequence[Any], y: Any) -> list[Any]:
        """Return the states at the ends of all steps, the last of which an event may have cut short."""
        found = [y, *(segment.new for segment in self.segments)]
        if float(plain(times[-1])) != self.solution.interpolants[-1].t:
            found[-1] = self.states([times[-1]])[0]
        return found
