"""Derivatives of solutions: the implicit function theorem, by Newton steps that change nothing.

SciPy searches on plain numbers. From what it finds, steps `x - M F(x)` are run, recorded, with the inverse `M` of the
Jacobian there, a constant. At a solution such a step changes nothing, and its derivative in everything that the
equation depends on, also in tensors that the function only mentions, is that of the implicit function theorem,
dx = -(dF/dx)^-1 dF (Krantz and Parks, "The implicit function theorem", 2003). One step makes the first derivative
exact, and each further one the next: what is wrong in `x` to some order, a step makes right in that order.

Where there is no such derivative, because the search failed or the equation is singular at its solution, the solution
is what SciPy found, and asking for its gradient is an error that says so.
"""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import NO_PARAMS, apply
from gradtape.arrays.external import dynamic_row
from gradtape.arrays.record import STATE
from gradtape.arrays.variable import constant
from gradtape.ops import NotYet
from gradtape.scipy._values import unrecorded, xp
from gradtape.scipy.optimize.evaluations import plain_leaf
from gradtape.tape.gradient_tape import GradientTape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STEPS = 3
"""How many steps are recorded at the least; with more tapes inside each other, one for each, so that all are exact."""

SINGULAR = 1e-13
"""The reciprocal condition of a matrix below which its inverse is noise."""

NEGLIGIBLE = 1e-4
"""How long the step to a solution may be, relative to the solution, where the solver said that it found none."""


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


def polished(
    kind: str,
    equation: Callable[[Any], Any],
    found: Any,
    free: Sequence[int] | None = None,
    base: Any = None,
    failure: str = "",
) -> Any:
    """Give a root the derivative of Newton steps from it.

    Parameters
    ----------
    kind : str
        The function that the user called.
    equation : callable
        A function of a tensor that is zero at the root: a vector, a number, or an array whose elements each have their
        own equation.
    found : ndarray or float
        The root; the value stays SciPy's to the last digit.
    free : sequence of int, optional
        The components that move; the others stand where `base` says.
    base : Tensor, optional
        The root with what is known of it from elsewhere: a bound that is a tensor itself.
    failure : str
        What SciPy said if it found no root. A place from which the first Newton step is negligible is one all the same:
        solvers give up where rounding lets them see no progress.

    Returns
    -------
    Tensor or ndarray
        An array where no tape is open.
    """
    if not STATE.recordings:
        return found
    start = x = constant(np.array(found)) if base is None else base
    moving = list(range(x.size)) if free is None else list(free)
    if not moving:
        return with_value(x, plain_leaf(start))
    with unrecorded():
        value, slope = map(plain_leaf, jacobian_of(equation, constant(np.array(found))))
    part = slope.reshape(x.size, x.size)[np.ix_(moving, moving)]
    reason = why_none(value.reshape(-1)[moving], part, plain_leaf(x), failure)
    if reason:
        return refused(kind, x, equation(x), reason)
    whole = np.zeros((x.size, x.size), part.dtype)
    whole[np.ix_(moving, moving)] = np.linalg.inv(part)
    for _ in range(max(STEPS, len(STATE.recordings))):
        value = equation(x)
        x = x - (xp.matmul(whole, value) if x.ndim else value * whole[0, 0])
    return with_value(x, plain_leaf(start))


def constant_of(x: Any) -> Any:
    """Return a tensor of an array."""
    return constant(np.array(x))


def with_value(recorded: Any, value: Any) -> Any:
    """Return a value with the derivative of a tensor."""
    return recorded - xp.stop_gradient(recorded) + value


def why_none(value: Any, slope: Any, x: Any, failure: str) -> str:
    """Say why a place has no derivative; nothing if it has one."""
    if is_singular(slope):
        if failure:
            return f"found no solution ({failure}), and has no derivative"
        return (
            "found a solution that is not isolated (the matrix of its equations is singular), and has no derivative "
            "there; scale the unknowns alike, or add a term that makes the solution unique"
        )
    if failure and np.abs(np.linalg.solve(slope, value)).max() > NEGLIGIBLE * (1.0 + np.abs(x).max()):
        return f"found no solution ({failure}), and has no derivative"
    return ""


def is_singular(matrix: Any) -> bool:
    """Whether a square matrix has no inverse worth the name."""
    if not np.isfinite(matrix).all():
        return True
    spread = np.linalg.svd(matrix, compute_uv=False)
    return bool(spread[-1] <= SINGULAR * spread[0])


def refused(kind: str, x: Any, equation: Any, reason: str) -> Any:
    """Return a value whose gradient is an error with a reason."""
    row = dynamic_row(kind, "x, equation", {"x": NotYet(reason), "equation": NotYet(reason)})
    row.kernel = lambda x, _equation: x
    return apply(row, (x, equation), NO_PARAMS, _getframe(1))
