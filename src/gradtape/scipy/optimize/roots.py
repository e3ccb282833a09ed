"""Roots: `root`, `fsolve`, `fixed_point` of vectors; `root_scalar`, `newton` and the bracketing methods of numbers."""

from __future__ import annotations

import warnings
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.optimize

from gradtape.arrays.frames import user_frame
from gradtape.arrays.record import STATE
from gradtape.scipy._values import unrecorded, xp
from gradtape.scipy.optimize.constraints import vector_form
from gradtape.scipy.optimize.evaluations import Watched, listed, plain_leaf, same_size
from gradtape.scipy.optimize.implicit import constant_of, gradient_of, polished
from gradtape.scipy.optimize.unknowns import Unknowns
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

HINT = "method='krylov' or 'broyden1' needs no Jacobian"
WITH_JACOBIAN = {"hybr", "lm"}


class Equations:
    """A vector function whose root is sought: how SciPy calls it, and how its root moves."""

    def __init__(
        self, kind: str, fun: Callable[..., Any], x0: Any, args: Any, frame: FrameType, *, recorded: bool
    ) -> None:
        self.kind, self.fun, self.frame = kind, vector_form(fun), frame
        self.args = args if isinstance(args, tuple) else (args,)
        self.unknowns = Unknowns(kind, x0, frame)
        self.watched = Watched(self.unknowns, self.fun, self.args, frame, HINT, recorded=recorded)
        same_size(kind, self.watched.values(self.unknowns.vector), self.unknowns.vector, frame)

    def flat(self, x: Any) -> Any:
        """Return the equations' values at a flat tensor, recorded."""
        leaves = [leaf for _, leaf in flatten(listed(self.fun(self.unknowns.cut(x), *self.args)))]
        return xp.concatenate([xp.reshape(xp.shaped(leaf), shape=(-1,)) for leaf in leaves])

    def own(self, jac: Any) -> Any:
        """Let a Jacobian of the user's own have the unknowns in their form; without one, the tape's."""
        if jac is None:
            return self.watched.jacobian

        def matrix(x: Any, *_args: Any) -> Any:
            with unrecorded():
                return plain_leaf(jac(self.unknowns.at(x), *self.args))

        return matrix if callable(jac) else jac

    def moving(self, found: Any, failure: str) -> Any:
        """Return a root that moves with what the equations depend on."""
        found = np.asarray(found, np.float64)
        if self.unknowns.in_place:
            self.unknowns.leave_at(found)
            return found
        return polished(self.kind, self.flat, found, failure=failure)


def root(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    method: str = "hybr",
    jac: Any = None,
    tol: float | None = None,
    callback: Any = None,
    options: dict[str, Any] | None = None,
) -> Any:
    """Find a root of as many equations as unknowns, by their exact Jacobian; under an open tape it keeps its gradient.

    Parameters
    ----------
    fun : callable
        `fun(params, *args)` returns one value per unknown: an array, a list of numbers, or a structure.
    x0 : array_like, Variable, a structure of them, or an object with `trainable_variables`
        The start, in the form in which `fun` gets the unknowns.
    args, method, tol, callback, options
        As in SciPy.
    jac : callable or bool, optional
        As in SciPy, in the place of the tape's; the methods "hybr" and "lm" use one.

    Returns
    -------
    scipy.optimize.OptimizeResult
        SciPy's, with `params`: the root in the form of `x0`. `x`, `fun` and `params` are tensors if a tape is open.

    Raises
    ------
    MissingGradientError
        Before the search, if no gradient flows from the equations to any unknown and the method uses the Jacobian.
    NoGradientError
        When a gradient of the root is asked for, and the search had failed or the Jacobian is singular there.

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
    exact = method.lower() in WITH_JACOBIAN and jac is None
    equations = Equations("root", fun, x0, args, _getframe(1), recorded=exact)
    result = scipy.optimize.root(
        equations.watched.values,
        equations.unknowns.vector,
        method=method,
        jac=equations.own(jac) if exact or jac is not None else None,
        tol=tol,
        callback=callback,
        options=options,
    )
    unknowns = equations.unknowns
    result.x = equations.moving(np.reshape(result.x, -1), "" if result.success else str(result.message))
    if unknowns.in_place:
        result.params = unknowns.form if unknowns.holder is None else unknowns.holder
    elif STATE.recordings:
        result.fun, result.params = equations.flat(result.x), unknowns.cut(result.x)
    else:
        result.params = unknowns.at(result.x)
    return result


def fsolve(
    func: Callable[..., Any],
    x0: Any,
    args: Any = (),
    fprime: Any = None,
    full_output: bool = False,
    col_deriv: bool = False,
    **options: Any,
) -> Any:
    """Find a root of as many equations as unknowns; see `root`. What it returns is SciPy's.

    Parameters
    ----------
    func, x0, args, fprime, full_output, col_deriv, **options
        As in SciPy; the Jacobian is the tape's unless `fprime` is given.

    Returns
    -------
    x : Tensor or ndarray
        A tensor if a tape is open; with `full_output` also SciPy's `infodict`, `ier` and `mesg`.

    Examples
    --------
    >>> from gradtape.scipy.optimize import fsolve
    >>> fsolve(lambda x: [x[0] ** 2 - 4.0, x[0] * x[1] - 6.0], [1.0, 1.0]).round(6)
    array([2., 3.])
    """
    frame = _getframe(1)
    equations = Equations("fsolve", func, x0, args, frame, recorded=fprime is None)
    found, infodict, ier, mesg = scipy.optimize.fsolve(
        equations.watched.values, equations.unknowns.vector, fprime=equations.own(fprime),
        full_output=True, col_deriv=col_deriv and fprime is not None, **options,
    )  # fmt: skip
    if ier != 1 and not full_output:
        place = user_frame(frame)
        warnings.warn_explicit(mesg, RuntimeWarning, place.f_code.co_filename, place.f_lineno)
    x = equations.moving(found, "" if ier == 1 else str(mesg))
    return (x, infodict, ier, mesg) if full_output else x


def fixed_point(func: Callable[..., Any], x0: Any, args: tuple[Any, ...] = (), **options: Any) -> Any:
    """Find `x` with `func(x) == x`; under an open tape it keeps its gradient. The rest is SciPy's.

    Examples
    --------
    >>> import numpy as np
    >>> from gradtape.scipy.optimize import fixed_point
    >>> fixed_point(np.cos, 1.0).round(6)
    np.float64(0.739085)
    """
    with unrecorded():
        found = scipy.optimize.fixed_point(lambda x: plain_leaf(func(x, *args)), plain_leaf(x0), **options)
    shape = np.shape(found)

    def equation(x: Any) -> Any:
        return xp.reshape(xp.shaped(func(xp.reshape(x, shape=shape), *args)), shape=(-1,)) - x

    if not STATE.recordings:
        return found
    return xp.reshape(polished("fixed_point", equation, np.ravel(found)), shape=shape)


class Equation:
    """A function of one number, or of an array whose elements each have their own equation."""

    def __init__(self, kind: str, f: Callable[..., Any], args: Any, frame: FrameType) -> None:
        self.kind, self.f, self.frame = kind, f, frame
        self.args = args if isinstance(args, tuple) else (args,)
        self.looked_at = False

    def __call__(self, x: Any) -> Any:
        """Return the value at a tensor, recorded."""
        return xp.shaped(self.f(x, *self.args))

    def value(self, x: Any) -> Any:
        """Return the plain value at a plain place."""
        with unrecorded():
            found = plain_leaf(self.f(x, *self.args))
        return float(found.reshape(())) if np.ndim(x) == 0 else found

    def slope(self, x: Any, order: int = 1) -> Any:
        """Return the plain derivative at a plain place; the first one is looked at."""
        f: Callable[[Any], Any] = self
        if not self.looked_at:
            self.looked_at = True
            Watched(Unknowns(self.kind, x, self.frame), self.in_form(x), (), self.frame).gradient(np.ravel(x))
        for _ in range(order):
            f = gradient_of(f)
        with unrecorded():
            found = plain_leaf(f(constant_of(np.asarray(x, np.float64))))
        return float(found) if np.ndim(x) == 0 else found

    def in_form(self, x: Any) -> Callable[[Any], Any]:
        """Return the sum of the values as a function of a vector."""
        shape = np.shape(x)

        def total(v: Any) -> Any:
            return xp.sum(self(xp.reshape(v, shape=shape)))

        total.__name__ = getattr(self.f, "__name__", type(self.f).__name__)
        return total

    def moving(self, found: Any, failure: str = "") -> Any:
        """Return a root that moves with what the equation depends on."""
        if np.ndim(found) == 0 or not STATE.recordings:
            return polished(self.kind, self, found, failure=failure)
        shape = found.shape

        def flat(x: Any) -> Any:
            return xp.reshape(self(xp.reshape(x, shape=shape)), shape=(-1,))

        return xp.reshape(polished(self.kind, flat, np.ravel(found), failure=failure), shape=shape)


def root_scalar(
    f: Callable[..., Any],
    args: Any = (),
    method: str | None = None,
    bracket: Any = None,
    fprime: Any = None,
    fprime2: Any = None,
    x0: float | None = None,
    x1: float | None = None,
    xtol: float | None = None,
    rtol: float | None = None,
    maxiter: int | None = None,
    options: dict[str, Any] | None = None,
) -> Any:
    """Find a root of a function of one number, with exact derivatives; under an open tape it keeps its gradient.

    Parameters
    ----------
    f : callable
        `f(x, *args)` returns a number.
    args, bracket, x0, x1, xtol, rtol, maxiter, options
        As in SciPy.
    method : str, optional
        As in SciPy; from `x0` alone it is Newton's.
    fprime, fprime2 : callable or bool, optional
        As in SciPy, in the place of the tape's.

    Returns
    -------
    scipy.optimize.RootResults
        SciPy's; `root` is a tensor if a tape is open.

    Examples
    --------
    >>> from gradtape.scipy.optimize import root_scalar
    >>> float(root_scalar(lambda x: x**3 - 8.0, x0=1.0, method="halley").root)
    2.0
    """
    equation = Equation("root_scalar", f, args, _getframe(1))
    if method is None and bracket is None and x1 is None:
        method = "newton" if fprime2 is None else "halley"
    if method in {"newton", "halley"} and fprime is None:
        fprime = equation.slope
    if method == "halley" and fprime2 is None:
        fprime2 = lambda x: equation.slope(x, 2)  # noqa: E731
    found = scipy.optimize.root_scalar(
        equation.value if not isinstance(fprime, bool) else f, () if not isinstance(fprime, bool) else equation.args,
        method, bracket, fprime, fprime2, x0, x1, xtol, rtol, maxiter, options,
    )  # fmt: skip
    found.root = equation.moving(found.root, "" if found.converged else str(found.flag))
    return found


def newton(
    func: Callable[..., Any],
    x0: Any,
    fprime: Any = None,
    args: tuple[Any, ...] = (),
    tol: float = 1.48e-8,
    maxiter: int = 50,
    fprime2: Any = None,
    x1: Any = None,
    rtol: float = 0.0,
    full_output: bool = False,
    disp: bool = True,
) -> Any:
    """Find a root by Newton's method with the tape's derivative; under an open tape it keeps its gradient.

    Parameters
    ----------
    func : callable
        `func(x, *args)` for a number, or for an array whose elements each have their own equation.
    x0, fprime, args, tol, maxiter, fprime2, x1, rtol, full_output, disp
        As in SciPy. With `x1` the method is that of secants.

    Returns
    -------
    float, ndarray or Tensor
        A tensor if a tape is open; with `full_output` also what SciPy tells.

    Examples
    --------
    >>> import numpy as np
    >>> from gradtape.scipy.optimize import newton
    >>> newton(lambda x, a: x**2 - a, np.array([1.0, 2.0]), args=(np.array([2.0, 9.0]),)).round(6)
    array([1.414214, 3.      ])
    """
    equation = Equation("newton", func, args, _getframe(1))
    own = [None if d is None else lambda x, d=d: plain_leaf(d(x, *args))[()] for d in (fprime, fprime2)]
    slope = own[0] if own[0] is not None or x1 is not None else equation.slope
    second = None if x1 is None else plain_leaf(x1)[()]
    found = scipy.optimize.newton(
        equation.value, plain_leaf(x0)[()], slope, (), tol, maxiter, own[1], second, rtol, full_output, disp
    )
    return (equation.moving(found[0]), *found[1:]) if full_output else equation.moving(found)


def bracketing(name: str) -> Callable[..., Any]:
    """Make one of SciPy's methods that halve a bracket."""
    search = getattr(scipy.optimize, name)

    def between(f: Callable[..., Any], a: float, b: float, args: Any = (), **options: Any) -> Any:
        equation = Equation(name, f, args, _getframe(1))
        found = search(equation.value, a, b, **options)
        return (equation.moving(found[0]), *found[1:]) if isinstance(found, tuple) else equation.moving(found)

    between.__name__ = between.__qualname__ = name
    between.__doc__ = f"""Find the root of a function of one number between two points, as `scipy.optimize.{name}`.

    Under an open tape it is a tensor that keeps its gradient in everything that the function depends on; see `root`.

    Parameters
    ----------
    f : callable
        `f(x, *args)` returns a number.
    a, b : float
        Points where its signs differ.
    args : tuple
        Further arguments.
    **options
        As in SciPy.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> from gradtape.scipy.optimize import {name}
    >>> c = gt.Variable(0.5)
    >>> with gt.GradientTape() as tape:
    ...     x = {name}(lambda x: np.cos(x) - c * x, 0.0, 2.0)
    >>> round(float(tape.gradient(x, c)), 6)
    -0.7588
    """
    return between


bisect, brenth, brentq, ridder, toms748 = map(bracketing, ("bisect", "brenth", "brentq", "ridder", "toms748"))
