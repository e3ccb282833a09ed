"""Constraints of a minimum: exact Jacobians and Hessians for SciPy, and the equations that hold at the solution."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.optimize

from gradtape.arrays.failures import describe, located
from gradtape.errors import OperandError
from gradtape.scipy._values import unrecorded, xp
from gradtape.scipy.optimize.bounds import NEAR, STRENGTH
from gradtape.scipy.optimize.evaluations import Watched, listed, plain_leaf
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from gradtape.scipy.optimize.unknowns import Unknowns


class Constraint:
    """One constraint, `low <= fun(parameters, *args) <= high`, in SciPy's forms.

    Parameters
    ----------
    given : scipy.optimize.LinearConstraint, NonlinearConstraint or dict
        A dict has `type` ("eq" or "ineq"), `fun` and perhaps `args` and `jac`. Functions get what the objective gets; a
        linear constraint is one on the flat vector.
    unknowns : Unknowns
    frame : FrameType
    """

    def __init__(self, given: Any, unknowns: Unknowns, frame: FrameType) -> None:
        self.given, self.unknowns, self.frame = given, unknowns, frame
        self.args: tuple[Any, ...] = ()
        self.low: Any
        self.high: Any
        if isinstance(given, dict):
            if given.get("type") not in {"eq", "ineq"} or not callable(given.get("fun")):
                raise located(
                    OperandError,
                    f"{unknowns.kind}: a constraint has a `type`, 'eq' or 'ineq', and a `fun`; this one has {given}",
                    frame,
                )
            self.fun, self.args = given["fun"], tuple(given.get("args", ()))
            self.low, self.high = 0.0, 0.0 if given["type"] == "eq" else np.inf
        elif isinstance(given, scipy.optimize.LinearConstraint | scipy.optimize.NonlinearConstraint):
            self.low, self.high = given.lb, given.ub
            self.fun = getattr(given, "fun", None)
        else:
            raise located(
                OperandError,
                f"{unknowns.kind}: a constraint is {describe(given)}",
                frame,
                "give a dict, or a LinearConstraint or NonlinearConstraint of scipy.optimize",
            )
        self.watched = Watched(unknowns, vector_form(self.values), (), frame)

    def values(self, params: Any) -> Any:
        """Return the constrained values as a flat tensor."""
        if self.fun is None:
            flat = xp.concatenate([xp.reshape(xp.shaped(p), shape=(-1,)) for p in self.unknowns.moving(params)])
            matrix = self.given.A.toarray() if hasattr(self.given.A, "toarray") else self.given.A
            return xp.matmul(np.atleast_2d(plain_leaf(matrix)), flat)
        leaves = [leaf for _, leaf in flatten(listed(self.fun(params, *self.args)))]
        return xp.concatenate([xp.reshape(xp.shaped(leaf), shape=(-1,)) for leaf in leaves])

    def for_scipy(self, *, curved: bool) -> Any:
        """Return the constraint with derivatives of the tape; `curved` for a method that takes second ones."""
        if self.fun is None:
            return self.given
        own = self.given.get("jac") if isinstance(self.given, dict) else self.given.jac
        jac = self.watched.jacobian
        if callable(own):

            def jac(x: Any) -> Any:
                with unrecorded():
                    return plain_leaf(own(self.unknowns.at(x), *self.args))

        if isinstance(self.given, dict):
            return {"type": self.given["type"], "fun": self.watched.values, "jac": jac}
        more = {"hess": self.hessian, "keep_feasible": self.given.keep_feasible} if curved else {}
        return scipy.optimize.NonlinearConstraint(
            self.watched.values, plain_leaf(self.low), plain_leaf(self.high), jac=jac, **more
        )

    def hessian(self, x: Any, weights: Any) -> Any:
        """Return the second derivatives of the weighted sum of the values."""

        def weighed(params: Any) -> Any:
            return xp.sum(self.values(params) * np.asarray(weights))

        return Watched(self.unknowns, weighed, (), self.frame).hessian(x)

    def active(self, params: Any) -> tuple[Any, Any]:
        """Return the distances to bounds that are reached, recorded, and the sign that each one's multiplier may have.

        The sign is 0 for an equality; at a low bound a minimum pushes down, so that the multiplier is negative.
        """
        found = self.values(params)
        value = plain_leaf(found)
        low, high = (xp.broadcast_to(xp.shaped(e), shape=value.shape) for e in (self.low, self.high))
        below, above = plain_leaf(low), plain_leaf(high)
        slack = NEAR * (1.0 + np.abs(value))
        equal = below == above
        at_low, at_high = np.abs(value - below) <= slack, np.abs(value - above) <= slack
        picked = np.flatnonzero(equal | at_low | at_high)
        if not picked.size:
            return None, None
        end = xp.where(at_low | equal, low, high)
        signs = np.where(equal, 0, np.where(at_low, -1, 1))
        return (found - end)[picked], signs[picked]


def vector_form(fun: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function that returns a list of numbers return one vector."""

    @wraps(fun)
    def vector(*args: Any) -> Any:
        return listed(fun(*args))

    return vector


def all_of(given: Any, unknowns: Unknowns, frame: FrameType) -> list[Constraint]:
    """Return the constraints of a call: one alone, or several."""
    several = given if isinstance(given, list | tuple) else [given]
    return [Constraint(c, unknowns, frame) for c in several]


def multipliers(slope: Any, slopes: Any, gaps: Any, signs: Any, free: Any) -> Any:
    """Return which of the constraints near their bounds hold the solution, and with which multipliers.

    They are `m` in `slope + slopes' m = 0`. A constraint that is reached by chance has none, or one of the wrong sign,
    and the solution does not move with it.
    """
    kept = np.arange(len(signs))
    while True:
        held = np.linalg.lstsq(slopes[np.ix_(kept, free)].T, -slope[free], rcond=None)[0] if kept.size else np.zeros(0)
        weakest = np.maximum(STRENGTH * (1.0 + np.abs(slope).max(initial=0.0)), np.abs(gaps))
        wrong = [k for k, m in enumerate(held) if signs[kept[k]] and m * signs[kept[k]] <= weakest[kept[k]]]
        if not wrong:
            return kept, held
        kept = np.delete(kept, min(wrong, key=lambda k: held[k] * signs[kept[k]]))
