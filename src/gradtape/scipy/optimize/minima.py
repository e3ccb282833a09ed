"""Minima of functions: `minimize` and `minimize_scalar`."""

from __future__ import annotations

from inspect import signature
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.optimize

from gradtape.arrays.failures import located
from gradtape.arrays.record import STATE
from gradtape.errors import OperandError
from gradtape.scipy._values import unrecorded, xp
from gradtape.scipy.optimize.bounds import Box
from gradtape.scipy.optimize.constraints import Constraint, all_of, multipliers
from gradtape.scipy.optimize.evaluations import Watched, plain_leaf
from gradtape.scipy.optimize.implicit import constant_of, gradient_of, jacobian_of, polished
from gradtape.scipy.optimize.unknowns import Unknowns, joined
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

WITHOUT_GRADIENT = {"nelder-mead", "powell", "cobyla", "cobyqa"}
WITH_PRODUCT = {"newton-cg", "trust-ncg", "trust-krylov", "trust-constr"}
WITH_HESSIAN = {"dogleg", "trust-exact"}
HINT = "method='Nelder-Mead' or 'COBYQA' needs no gradient; `scipy.optimize.minimize` takes finite differences"


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    method: Any = None,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: Any = None,
    options: dict[str, Any] | None = None,
) -> Any:
    """Minimise a function of any structure of parameters, with exact derivatives.

    SciPy's function of the same name, in which the gradient, the Hessian, its products and the constraints' Jacobians
    come from the tape, as the method asks for them. Value and gradient come from one run of the function. Under an open
    tape the minimum keeps its gradient, of any order of nested tapes, in all that it depends on (see `implicit`).

    Parameters
    ----------
    fun : callable
        `fun(params, *args)` returns a real number.
    x0 : array_like, Variable, a structure of them, or an object with `trainable_variables`
        The start, in the form in which `fun` gets the parameters. Variables are moved in place, and hold the minimum in
        the end. The start has no influence on the gradient of the minimum.
    args : tuple
        Further arguments.
    method : str or callable, optional
        As in SciPy, all of its methods.
    jac, hess, hessp : callable or str, optional
        As in SciPy, in the place of the tape's: functions of the parameters in their form, or "2-point", "3-point".
    bounds : scipy.optimize.Bounds, sequence of (low, high), or pair of structures like `x0`, optional
        A component that ends at a bound stands there: it moves with the bound if that is a tensor, and with nothing
        else.
    constraints : dict, LinearConstraint, NonlinearConstraint, or a list of them
        As in SciPy; functions get the parameters in their form. `jac` may be left out, and is exact.
    tol, options
        As in SciPy.
    callback : callable, optional
        As in SciPy; it gets the parameters in their form, or an `intermediate_result` that has them as `params`.

    Returns
    -------
    scipy.optimize.OptimizeResult
        SciPy's, with `params`: the minimum in the form of `x0`. `x`, `fun` and `params` are tensors if a tape is open.

    Raises
    ------
    MissingGradientError
        Before the search, if no gradient flows from the value to any parameter; the error says why.
    NoGradientError
        When a gradient of the minimum is asked for, and the search had failed or the minimum is not isolated.

    Warns
    -----
    MissingGradientWarning
        If the gradient is missing for some of the parameters, or in part.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> from gradtape.scipy.optimize import minimize
    >>> line = minimize(
    ...     lambda p: np.sum((p["a"] + p["b"] * np.arange(3.0) - np.array([1.0, 3.0, 5.0])) ** 2), {"a": 0.0, "b": 0.0}
    ... )
    >>> line.params["b"].round(6)
    np.float64(2.0)

    The minimum depends on what the function depends on:

    >>> target = gt.Variable([1.0, 2.0])
    >>> with gt.GradientTape() as tape:
    ...     best = minimize(lambda x: ((x - target) ** 2).sum(), [0.0, 0.0]).x
    ...     y = best[0] * best[1]
    >>> tape.gradient(y, target).numpy().round(6)
    array([2., 1.])
    """
    search = Search("minimize", fun, x0, args, bounds, constraints, _getframe(1))
    given = {"jac": jac, "hess": hess, "hessp": hessp}
    result = search.run(method, given, tol=tol, callback=callback, options=options)
    return search.finished(result)


class Search:
    """One call of `minimize`: the unknowns, what watches the function, bounds and constraints."""

    def __init__(
        self, kind: str, fun: Callable[..., Any], x0: Any, args: Any, bounds: Any, constraints: Any, frame: FrameType
    ) -> None:
        self.kind, self.fun, self.frame = kind, fun, frame
        self.args = args if isinstance(args, tuple) else (args,)
        self.unknowns = Unknowns(kind, x0, frame)
        self.box = Box(bounds, self.unknowns, frame)
        self.constraints: list[Constraint] = all_of(constraints, self.unknowns, frame)

    def run(self, method: Any, given: dict[str, Any], **options: Any) -> Any:
        """Let SciPy search."""
        if given["jac"] is True:
            raise located(
                OperandError,
                f"{self.kind}: jac=True means a function that returns its gradient, too",
                self.frame,
                "return the value alone: the gradient comes from the tape",
            )
        name = method.lower() if isinstance(method, str) else ("" if method is None else "custom")
        own = {key: self.own(value) for key, value in given.items() if value is not None}
        differentiated = name not in WITHOUT_GRADIENT and "jac" not in own
        self.watched = Watched(self.unknowns, self.fun, self.args, self.frame, HINT, recorded=differentiated)
        exact: dict[str, Any] = {}
        if differentiated:
            exact["jac"] = self.watched.gradient
        if not {"hess", "hessp"} & set(own):
            if name in WITH_PRODUCT:
                exact["hessp"] = self.watched.product
            elif name in WITH_HESSIAN:
                exact["hess"] = self.watched.hessian
            elif name == "custom":
                exact |= {"hess": self.watched.hessian, "hessp": self.watched.product}
        start = self.unknowns.vector
        try:
            return scipy.optimize.minimize(
                self.watched.number,
                start,
                method=method,
                bounds=self.box.plain,
                constraints=[c.for_scipy(curved=name in {"trust-constr", "custom"}) for c in self.constraints],
                **{**options, **own, **exact, "callback": self.told(options.get("callback"))},
            )
        except BaseException:
            if self.unknowns.in_place:
                self.unknowns.at(start)
            raise

    def own(self, derivative: Any) -> Any:
        """Let a derivative of the user's own have the parameters in their form."""
        if not callable(derivative):
            return derivative

        def flat(x: Any, *direction: Any) -> Any:
            with unrecorded():
                found = derivative(self.unknowns.at(x), *direction, *self.args)
            if isinstance(found, dict | list | tuple) and not self.unknowns.alone:
                return joined([leaf for _, leaf in flatten(found)])
            return plain_leaf(found)

        return flat

    def told(self, callback: Any) -> Any:
        """Let a callback have the parameters in their form, with the signature by which SciPy knows what it wants."""
        if callback is None:
            return None
        if set(signature(callback).parameters) == {"intermediate_result"}:

            def with_result(intermediate_result: Any) -> Any:
                intermediate_result.params = self.unknowns.at(intermediate_result.x)
                return callback(intermediate_result=intermediate_result)

            return with_result

        def with_parameters(xk: Any, *state: Any) -> Any:
            return callback(self.unknowns.at(xk), *state)

        return with_parameters

    def finished(self, result: Any) -> Any:
        """Give SciPy's result the parameters' form and, under a tape, its gradient."""
        found = np.asarray(result.x, np.float64)
        if self.unknowns.in_place:
            self.unknowns.leave_at(found)
            result.params = self.unknowns.form if self.unknowns.holder is None else self.unknowns.holder
            return result
        if STATE.recordings:
            failure = "" if result.success else str(result.message)
            result.x = self.moving(found, failure)
            result.fun = self.objective(result.x)
            result.params = self.unknowns.cut(result.x)
        else:
            result.params = self.unknowns.at(found)
        return result

    def objective(self, x: Any) -> Any:
        """Return the function of a flat tensor, recorded."""
        return xp.reshape(xp.shaped(self.fun(self.unknowns.cut(x), *self.args)), shape=())

    def moving(self, found: Any, failure: str) -> Any:
        """Return a minimum that moves with what it depends on: its conditions of Karush, Kuhn and Tucker stay true."""
        with unrecorded():
            slope = plain_leaf(gradient_of(self.objective)(constant_of(found)))
            slopes, gaps, signs = self.active_slopes(found)
        if not signs.size:
            free, base = self.box.free(found, slope), self.box.base(found, slope)
            return polished(self.kind, gradient_of(self.objective), found, free, base, failure)
        held_back = np.abs(slopes).max(0) > 0
        free, base = (
            self.box.free(found, np.where(held_back, 0.0, slope)),
            self.box.base(found, np.where(held_back, 0.0, slope)),
        )
        moves = np.arange(found.size) if free is None else np.array(free, int)
        kept, held = multipliers(slope, slopes, gaps, signs, moves)
        size = found.size

        def conditions(z: Any) -> Any:
            x, forces = z[:size], z[size:]

            def lagrangian(x: Any) -> Any:
                return self.objective(x) + xp.sum(forces * self.reached(x)[kept])

            gaps = [self.reached(x)[kept]] if kept.size else []
            return xp.concatenate([gradient_of(lagrangian if kept.size else self.objective)(x), *gaps])

        start = None if base is None else xp.concatenate([base, xp.shaped(held)])
        every = [*moves.tolist(), *range(size, size + kept.size)]
        return polished(self.kind, conditions, np.concatenate([found, held]), every, start, failure)[:size]

    def reached(self, x: Any) -> Any:
        """Return the distances of a flat tensor to all bounds of constraints that are reached at the solution."""
        params = self.unknowns.cut(x)
        return xp.concatenate([gaps for gaps, _ in (c.active(params) for c in self.constraints) if gaps is not None])

    def active_slopes(self, x: Any) -> tuple[Any, Any, Any]:
        """Return of reached constraints the Jacobian, the distances to their bounds, and their multipliers' signs."""
        there = [c.active(self.unknowns.cut(constant_of(x))) for c in self.constraints]
        if all(gaps is None for gaps, _ in there):
            return np.zeros((0, x.size)), np.zeros(0), np.zeros(0, int)
        gaps, slopes = jacobian_of(self.reached, constant_of(x))
        return plain_leaf(slopes), plain_leaf(gaps), np.concatenate([signs for gap, signs in there if gap is not None])


def minimize_scalar(
    fun: Callable[..., Any],
    bracket: Any = None,
    bounds: Any = None,
    args: Any = (),
    method: str | None = None,
    tol: float | None = None,
    options: dict[str, Any] | None = None,
) -> Any:
    """Minimise a function of one number; under an open tape the minimum keeps its gradient. See `minimize`.

    Parameters
    ----------
    fun : callable
        `fun(x, *args)` for a number returns a number. SciPy's searches along a line ask for no gradient.
    bracket, bounds, args, method, tol, options
        As in SciPy.

    Returns
    -------
    scipy.optimize.OptimizeResult
        SciPy's; `x` and `fun` are tensors if a tape is open.

    Examples
    --------
    >>> import gradtape as gt
    >>> from gradtape.scipy.optimize import minimize_scalar
    >>> c = gt.Variable(2.0)
    >>> with gt.GradientTape() as tape:
    ...     best = minimize_scalar(lambda x: (x - c**2) ** 2).x
    >>> tape.gradient(best, c).numpy().round(6)
    np.float64(4.0)
    """
    frame, given = _getframe(1), args if isinstance(args, tuple) else (args,)

    def number(x: Any) -> float:
        return float(plain_leaf(fun(x, *given)).reshape(()))

    with unrecorded():
        ends = None if bounds is None else [plain_leaf(b) for b in bounds]
        result = scipy.optimize.minimize_scalar(number, bracket, ends, (), method, tol, options)
    if not STATE.recordings:
        return result
    x = float(result.x)

    def objective(x: Any) -> Any:
        return xp.reshape(xp.shaped(fun(x, *given)), shape=())

    box = Box(None if bounds is None else [tuple(bounds)], Unknowns("minimize_scalar", x, frame), frame)
    slope = plain_leaf(gradient_of(objective)(constant_of(x))).reshape(1)
    free, base = box.free(np.array([x]), slope), box.base(np.array([x]), slope)
    failure = "" if result.success else str(result.get("message", ""))
    base = None if base is None else xp.reshape(base, shape=())
    result.x = polished("minimize_scalar", gradient_of(objective), x, free, base, failure)
    result.fun = objective(result.x)
    return result
