"""A solution whose gradient is that of the differential equation: the adjoint equation, solved backwards.

With `y' = f(t, y, p)` and cotangents `g_k` of the states at times `t_k`, the adjoint `a` follows `a' = -(df/dy)' a`
backwards and jumps by `g_k` at `t_k`; the gradient in `y0` is `a(t0)`, in `p` the integral of `a' df/dp` (Pontryagin et
al., "The mathematical theory of optimal processes", 1962; Cao et al., "Adjoint sensitivity analysis for
differential-algebraic equations", SIAM J. Sci. Comput. 24, 2003). The states come from SciPy's dense output and are not
integrated backwards, which would be unstable for stiff equations. In forward mode the tangent follows
`d' = (df/dy) d + (df/dp) dp`.

Memory does not grow with the steps, and any method will do, but the gradient is exact only up to the tolerances, and
there is a first derivative only.
"""

from __future__ import annotations

from functools import partial
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.integrate

from gradtape.arrays.dispatch import NO_PARAMS, Node, apply
from gradtape.arrays.external import dynamic_row
from gradtape.arrays.record import STATE, Recording
from gradtape.arrays.tensor import Tensor, wrap
from gradtape.errors import NoGradientError
from gradtape.ops import General, Index, NoTangent
from gradtape.scipy._values import plain, unrecorded, xp
from gradtape.scipy.integrate.steps import slope_at
from gradtape.spaces.batched import Batched
from gradtape.tape.asked import Leaf
from gradtape.tape.forward import Failed, push
from gradtape.tape.jacobian import Run, swept
from gradtape.tape.reverse import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradtape.ops import Rule, Status

GAUSS = np.polynomial.legendre.leggauss(5)
"""The rule by which the gradient in parameters is summed up, per step of the adjoint."""

KEPT = ("rtol", "atol", "max_step")
"""The options that also hold on the way back."""


class Linearised:
    """The right-hand side at one time and state, recorded: its derivatives there."""

    def __init__(self, fun: Callable[..., Any], t: float, y: Any, others: Sequence[int]) -> None:
        self.recording = Recording(auto_watch=False)
        state = wrap(np.array(y))
        self.state = state._id
        self.recording.known.update({state._id, *others})
        self.recording.roots.update({state._id, *others})
        before, STATE.recordings = STATE.recordings, (self.recording,)
        try:
            self.slope = slope_at(fun, t, state)
        finally:
            STATE.recordings = before

    def pulled(self, cotangent: Any, wanted: set[int]) -> dict[int, Any]:
        """Return the cotangents of the state or of what else the function reads, by id."""
        if not isinstance(self.slope, Node):
            return {}
        seeds = {self.slope._id: cotangent}
        with unrecorded():
            return sweep(self.recording.written, self.recording.saved, seeds, wanted, self.recording.known)

    def pushed(self, tangents: dict[int, Any]) -> Any:
        """Return the tangent of the slope."""
        moved = dict(tangents)
        with unrecorded():
            push(self.recording.written, self.recording.saved, moved)
        found = moved.get(self.slope._id) if isinstance(self.slope, Node) else None
        if type(found) is Failed:
            raise found.error
        return np.zeros_like(plain(self.slope)) if found is None else plain(found)

    def jacobian(self) -> Any:
        """Return the derivatives of the slope by the state, a matrix."""
        n = plain(self.slope).size
        if not isinstance(self.slope, Node):
            return np.zeros((n, n))
        run = Run(self.recording, self.recording.written, recorded=False)
        with unrecorded():
            found = swept(run, Leaf("", self.slope), np.eye(n), {self.state}, self.recording.known)
        return found.get(self.state, np.zeros((n, n)))


class Flow:
    """A solution as one operation from the initial state, and everything that the function reads, to states.

    Parameters
    ----------
    method : str
    fun : callable
        `fun(t, y)`, with tensors in it.
    y : Tensor
        The state at the start of the solution.
    solution : scipy.integrate.OdeSolution
    options : dict
        SciPy's.
    """

    def __init__(
        self, method: str, fun: Callable[..., Any], ends: tuple[Any, Any], y: Any, solution: Any, options: Any
    ) -> None:
        start: Any = ends[0]
        self.method, self.fun, self.solution = method, fun, solution
        self.start = float(plain(ends[0]))
        self.options = {name: options[name] for name in KEPT if name in options}
        self.read, self.first = read_by(lambda: slope_at(fun, self.start, y), y)
        self.leave_out_what_nothing_flows_to()
        moved = plain(fun_value(fun, self.start, plain(y))) if isinstance(start, Node) else None
        self.y = y if moved is None else y - xp.multiply(moved, xp.subtract(start, self.start))

    def leave_out_what_nothing_flows_to(self) -> None:
        """Let the slope at the start stand for what the function reads without a gradient: its reason is seen there."""
        ids = [t._id for t in self.read]
        reached: dict[int, tuple[int, ...]] = {}
        for piece in self.solution.interpolants:
            if len(reached) < len(ids):
                point = Linearised(self.fun, piece.t_old, self.solution(piece.t_old), ids)
                found = point.pulled(np.ones_like(plain(point.slope)), set(ids))
                reached |= {i: plain(part).shape for i, part in found.items()}
        self.read = [Tensor(np.zeros(reached[i]), i) for i in ids if i in reached]

    def states(self, times: Sequence[Any]) -> list[Any]:
        """Return the states at times, which may be tensors: a state moves with its time by its slope."""
        at = [float(plain(t)) for t in times]
        order = np.argsort(at, kind="stable") if self.solution.ascending else np.argsort(at, kind="stable")[::-1]
        ordered = [at[k] for k in order]
        whole = self.operation(ordered)
        places = np.argsort(order)
        found = []
        for k, t in enumerate(times):
            state = whole[:, int(places[k])]
            if isinstance(t, Node):
                state = state + xp.multiply(plain(fun_value(self.fun, at[k], plain(state))), xp.subtract(t, at[k]))
            found.append(state)
        return found

    def mesh(self, times: Sequence[Any], _y: Any) -> list[Any]:
        """Return the states at the ends of SciPy's steps."""
        return self.states(times)

    def operation(self, times: list[float]) -> Any:
        """Record the solution at plain times, in the order in which it reaches them."""
        call = _Call(self, times)
        names = ["call", "slope", "y0", *(f"captured{k}" for k in range(len(self.read)))]
        rules: dict[str, Rule | Status] = {
            name: General(partial(_pull, k), jvp=partial(_push, k)) for k, name in enumerate(names[2:])
        }
        none: dict[str, Rule | Status] = {
            "call": NoTangent("is no number"),
            "slope": NoTangent("is followed as an equation, not by its values"),
        }
        row = dynamic_row("solve_ivp", ", ".join(names), none | rules)
        row.kernel = lambda call, *_values: call.value.computed
        return apply(row, (Index(call), self.first, self.y, *self.read), NO_PARAMS, _getframe(1))


def fun_value(fun: Callable[..., Any], t: float, y: Any) -> Any:
    """Return the slope at a plain state, unrecorded."""
    with unrecorded():
        return slope_at(fun, t, y)


def read_by(body: Callable[[], Any], y: Any) -> tuple[list[Any], Any]:
    """Run a function; return stand-ins for the tensors around it that it reads, with their ids, and its value.

    They are those that an open tape may ask about.
    """
    probe = Recording(auto_watch=True)
    before, STATE.recordings = STATE.recordings, (*STATE.recordings, probe)
    try:
        value = body()
    finally:
        STATE.recordings = before
    inside = {record[2] for record in probe.written}
    known = {i for recording in before for i in recording.known}
    read = dict.fromkeys(i for record in probe.written for i in record[1] if i and i not in inside and i in known)
    read.pop(y._id if isinstance(y, Node) else 0, None)
    return [Tensor(np.zeros(()), i) for i in read], value


class _Call:
    """One recorded solution, with what its derivatives need."""

    def __init__(self, flow: Flow, times: list[float]) -> None:
        self.flow, self.times = flow, times
        self.ids = [t._id for t in flow.read]
        known = [plain(flow.y) if t == flow.start else flow.solution(t) for t in times]
        self.computed = np.stack(known, axis=-1) if known else np.zeros((plain(flow.y).size, 0))
        self.answer: tuple[Any, list[Any]] | None = None

    def at(self, t: float) -> Linearised:
        return Linearised(self.flow.fun, t, self.flow.solution(t), self.ids)

    def solve(self, slopes: Any, jac: Any, start: float, stop: float, y: Any) -> Any:
        """Solve a linear equation by the method of the solution, with tolerances in proportion to its size."""
        options = dict(self.flow.options)
        options["atol"] = np.asarray(options.get("atol", 1e-6)) * (float(np.abs(y).max(initial=0.0)) or 1.0)
        if self.flow.method not in {"RK23", "RK45", "DOP853"}:
            options["jac"] = jac
        found = scipy.integrate.solve_ivp(
            slopes, (start, stop), y, method=self.flow.method, dense_output=True, **options
        )
        if not found.success:
            raise NoGradientError(f"solve_ivp: the adjoint equation could not be solved: {found.message}")
        return found

    def backwards(self, g: Any) -> list[Any]:
        """Return the gradients in the initial state and in everything that the function reads."""
        total: dict[int, Any] = {}
        adjoint = np.zeros_like(plain(self.flow.y), np.result_type(g, plain(self.flow.y)))
        here = self.times[-1] if self.times else self.flow.start
        for k in range(len(self.times) - 1, -1, -1):
            if g[:, k].any():  # nothing happens at the other times
                adjoint = self.one_way(here, self.times[k], adjoint, total) + g[:, k]
                here = self.times[k]
        adjoint = self.one_way(here, self.flow.start, adjoint, total)
        return [adjoint, *(total.get(t._id, np.zeros_like(plain(t))) for t in self.flow.read)]

    def one_way(self, start: float, stop: float, adjoint: Any, total: dict[int, Any]) -> Any:
        """Carry the adjoint back between two times, and add up what parameters gather on the way."""
        if start == stop or not adjoint.any():
            return adjoint

        def slopes(t: float, a: Any) -> Any:
            point = self.at(t)
            return -plain(point.pulled(a, {point.state}).get(point.state, np.zeros_like(a)))

        found = self.solve(slopes, lambda t, _a: -self.at(t).jacobian().T, start, stop, adjoint)
        for old, new in zip(found.t[:-1], found.t[1:], strict=True) if self.ids else ():
            for node, weight in zip(*GAUSS, strict=True):
                t = old + (new - old) * (node + 1.0) / 2.0
                for i, part in self.at(t).pulled(found.sol(t), set(self.ids)).items():
                    total[i] = total.get(i, 0.0) - plain(part) * (weight * (new - old) / 2.0)
        return found.y[:, -1]

    def first_only(self) -> NoGradientError:
        """Return the error of who asks for a second derivative: it names what has one."""
        other = " of the method 'Radau' or 'BDF'" if self.flow.method == "LSODA" else ""
        return NoGradientError(
            f"solve_ivp with gradient='adjoint' has a first derivative only; gradient='discrete'{other} has all orders"
        )

    def pull(self, k: int, g: Any) -> Any:
        """Return the gradient of one argument; one way back answers for all of them."""
        if isinstance(g, Node):
            raise self.first_only()
        if self.answer is None or self.answer[0] is not g:
            with unrecorded():
                self.answer = g, self.backwards(np.asarray(g))
        return self.answer[1][k]

    def push(self, k: int, tangent: Any) -> Any:
        """Return what one argument adds to the tangent of the states."""
        if isinstance(tangent, Node):
            raise self.first_only()
        given = {} if k == 0 else {self.ids[k - 1]: np.asarray(tangent)}
        y = np.asarray(tangent) if k == 0 else np.zeros_like(plain(self.flow.y))

        def slopes(t: float, d: Any) -> Any:
            point = self.at(t)
            return point.pushed({point.state: d, **given})

        last = self.times[-1] if self.times else self.flow.start
        if last == self.flow.start:
            return np.stack([y] * len(self.times), axis=-1)
        with unrecorded():
            found = self.solve(slopes, lambda t, _d: self.at(t).jacobian(), self.flow.start, last, y)
        return np.stack([y if t == self.flow.start else found.sol(t) for t in self.times], axis=-1)


def _pull(k: int, _xp: Any, g: Any, _y: Any, call: Index, *_values: Any) -> Any:
    return call.value.pull(k, g)


def _push(k: int, space: Any, tangent: Any, y: Any, call: Index, *values: Any) -> Any:
    if isinstance(tangent, Batched):
        return space.one_by_one(lambda t, *_: call.value.push(k, t), (tangent, y, call, *values), {})
    return call.value.push(k, tangent)
