"""Sums of squares: `least_squares` and `curve_fit`."""

from __future__ import annotations

from functools import wraps
from inspect import signature
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.optimize

from gradtape.arrays.record import STATE
from gradtape.scipy._values import plain_nested, unrecorded, xp
from gradtape.scipy.optimize.bounds import Box
from gradtape.scipy.optimize.constraints import vector_form
from gradtape.scipy.optimize.evaluations import Watched, plain_leaf
from gradtape.scipy.optimize.implicit import constant_of, gradient_of, jacobian_of, polished, with_value
from gradtape.scipy.optimize.unknowns import Unknowns

if TYPE_CHECKING:
    from collections.abc import Callable

HINT = "jac='2-point' takes finite differences"


def least_squares(
    fun: Callable[..., Any],
    x0: Any,
    jac: Any = None,
    bounds: Any = (-np.inf, np.inf),
    method: str = "trf",
    loss: Any = "linear",
    f_scale: float = 1.0,
    args: tuple[Any, ...] = (),
    kwargs: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Minimise half the sum of (losses of) squares of a function's values, with its exact Jacobian.

    SciPy's function of the same name. The Jacobian comes from one run of the function, swept backwards or forwards,
    whichever is cheaper. Under an open tape the minimum keeps its gradient; see `minimize`.

    Parameters
    ----------
    fun : callable
        `fun(params, *args, **kwargs)` returns residuals: a vector, or a list of numbers.
    x0 : array_like, Variable, a structure of them, or an object with `trainable_variables`
        The start, in the form in which `fun` gets the parameters.
    jac : callable or str, optional
        As in SciPy, in the place of the tape's.
    bounds : pair of (low, high) or scipy.optimize.Bounds
        Each a number, a vector, or a structure like `x0`.
    method, loss, f_scale : optional
        As in SciPy; a `loss` that is a function gets tensors where a tape is open.
    args, kwargs
        Further arguments.
    **options
        As in SciPy: `ftol`, `xtol`, `gtol`, `x_scale`, `max_nfev`, `verbose`, ...

    Returns
    -------
    scipy.optimize.OptimizeResult
        SciPy's, with `params`: the minimum in the form of `x0`. `x`, `fun`, `cost` and `params` are tensors if a tape
        is open.

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
    frame, named = _getframe(1), kwargs or {}
    unknowns = Unknowns("least_squares", x0, frame)
    box = Box(bounds, unknowns, frame, pairs=False)

    @wraps(fun)
    def residuals(params: Any, *given: Any) -> Any:
        return fun(params, *given, **named)

    vector = vector_form(residuals)
    watched = Watched(unknowns, vector, args, frame, HINT, recorded=jac is None)
    own = jac

    def jacobian(x: Any) -> Any:
        with unrecorded():
            return plain_leaf(own(unknowns.at(x), *args, **named))

    low, high = box.pair
    try:
        result = scipy.optimize.least_squares(
            watched.values,
            unknowns.vector,
            jac=watched.jacobian if own is None else jacobian if callable(own) else own,
            bounds=(-np.inf, np.inf)
            if method == "lm" and np.isinf(low).all() and np.isinf(high).all()
            else (low, high),
            method=method,
            loss=loss if isinstance(loss, str) else lambda z: plain_nested(loss(z)),
            f_scale=f_scale,
            **options,
        )
    except BaseException:
        if unknowns.in_place:
            unknowns.at(unknowns.vector)
        raise
    found = np.asarray(result.x, np.float64)
    if unknowns.in_place:
        unknowns.leave_at(found)
        result.params = unknowns.form if unknowns.holder is None else unknowns.holder
        return result
    if not STATE.recordings:
        result.params = unknowns.at(found)
        return result

    def values(x: Any) -> Any:
        return xp.reshape(xp.shaped(vector(unknowns.cut(x), *args)), shape=(-1,))

    def cost(x: Any) -> Any:
        return 0.5 * f_scale**2 * xp.sum(lossy(loss, xp.square(values(x) / f_scale)))

    failure = "" if result.success else str(result.message)
    with unrecorded():
        slope = plain_leaf(gradient_of(cost)(constant_of(found)))
    free, base = box.free(found, slope), box.base(found, slope)
    result.x = polished("least_squares", gradient_of(cost), found, free, base, failure)
    result.fun, result.cost, result.params = values(result.x), cost(result.x), unknowns.cut(result.x)
    return result


def lossy(loss: Any, z: Any) -> Any:
    """Return SciPy's losses of squares, recorded (Triggs et al., "Bundle adjustment - a modern synthesis", 2000)."""
    if callable(loss):
        return loss(z)[0]
    if loss == "soft_l1":
        return 2.0 * (xp.sqrt(1.0 + z) - 1.0)
    if loss == "huber":
        return xp.where(plain_leaf(z) <= 1.0, z, 2.0 * xp.sqrt(z) - 1.0)
    if loss == "cauchy":
        return xp.log1p(z)
    return xp.arctan(z) if loss == "arctan" else z


def curve_fit(
    f: Callable[..., Any],
    xdata: Any,
    ydata: Any,
    p0: Any = None,
    sigma: Any = None,
    absolute_sigma: bool = False,
    check_finite: bool | None = None,
    bounds: Any = (-np.inf, np.inf),
    method: str | None = None,
    jac: Any = None,
    *,
    full_output: bool = False,
    nan_policy: str | None = None,
    **options: Any,
) -> Any:
    """Fit a function to data, with its exact Jacobian; the parameters and their covariance keep their gradient.

    SciPy's function of the same name and what it returns. Data, `sigma` and whatever `f` reads may be tensors.

    Parameters
    ----------
    f : callable
        `f(xdata, *parameters)` for numbers returns an array of the shape of `ydata`.
    xdata, ydata, p0, sigma, absolute_sigma, check_finite, bounds, method, full_output, nan_policy
        As in SciPy.
    jac : callable or str, optional
        As in SciPy, in the place of the tape's.
    **options
        As in SciPy: for `leastsq` or `least_squares`.

    Returns
    -------
    popt : Tensor or ndarray of shape (n,)
    pcov : Tensor or ndarray of shape (n, n)
        Tensors if a tape is open.
    infodict, mesg, ier
        With `full_output`.

    Raises
    ------
    RuntimeError
        If no fit is found, as in SciPy.

    Examples
    --------
    >>> import numpy as np
    >>> from gradtape.scipy.optimize import curve_fit
    >>> x = np.linspace(0.0, 3.0, 8)
    >>> popt, pcov = curve_fit(lambda x, a, b: a * np.exp(-b * x), x, 2.0 * np.exp(-0.7 * x))
    >>> popt.round(6)
    array([2. , 0.7])
    """
    frame = _getframe(1)

    def as_vector(p: Any, x: Any) -> Any:
        return f(x, *[p[k] for k in range(p.shape[0])])

    as_vector.__name__ = getattr(f, "__name__", "f")
    watched: dict[int, Watched] = {}

    def at(x: Any, params: tuple[Any, ...]) -> Watched:
        size = len(params)
        if size not in watched:
            unknowns = Unknowns("curve_fit", np.zeros(size), frame)
            watched[size] = Watched(unknowns, vector_form(as_vector), (x,), frame, HINT, recorded=jac is None)
            watched[size].names = [*signature(f).parameters][1:] if size < len(signature(f).parameters) else []
        return watched[size]

    @wraps(f)  # SciPy counts the parameters by the signature
    def model(x: Any, *params: Any) -> Any:
        return at(x, params).values(np.array(params, np.float64))

    def slopes(x: Any, *params: Any) -> Any:
        return at(x, params).jacobian(np.array(params, np.float64))

    extra = {} if nan_policy is None else {"nan_policy": nan_policy}
    with unrecorded():
        popt, pcov, infodict, mesg, ier = scipy.optimize.curve_fit(
            model, plain_nested(xdata), plain_leaf(ydata), p0, plain_nested(sigma), absolute_sigma, check_finite,
            bounds, method, slopes if jac is None else jac, full_output=True, **extra, **options,
        )  # fmt: skip
    rest = (infodict, mesg, ier) if full_output else ()
    if not STATE.recordings:
        return popt, pcov, *rest

    kept = ~np.isnan(plain_leaf(ydata)) if nan_policy == "omit" else None
    spread = (
        sigma if sigma is None or kept is None else xp.shaped(sigma)[np.ix_(*[np.flatnonzero(kept)] * np.ndim(sigma))]
    )

    def residuals(p: Any) -> Any:
        gap = xp.reshape(xp.shaped(as_vector(p, xdata)) - ydata, shape=(-1,))
        return weighed(gap if kept is None else gap[np.flatnonzero(kept)], spread)

    def cost(p: Any) -> Any:
        return 0.5 * xp.sum(xp.square(residuals(p)))

    box = Box(bounds, Unknowns("curve_fit", popt, frame), frame, pairs=False)
    with unrecorded():
        steep = plain_leaf(gradient_of(cost)(constant_of(popt)))
    moving = polished("curve_fit", gradient_of(cost), popt, box.free(popt, steep), box.base(popt, steep))
    if not np.isfinite(pcov).all():
        return moving, pcov, *rest
    value, slope = jacobian_of(residuals, moving)
    covariance = xp.inv(xp.matmul(xp.transpose(slope), slope))
    if not absolute_sigma:
        covariance = covariance * (xp.sum(xp.square(value)) / (value.size - popt.size))
    return moving, with_value(covariance, pcov), *rest


def weighed(residuals: Any, sigma: Any) -> Any:
    """Divide residuals by their standard deviations, or solve with the triangular factor of their covariance."""
    if sigma is None:
        return residuals
    spread = xp.shaped(sigma)
    if spread.ndim == 2:
        return xp.solve(xp.cholesky(spread), residuals)
    return residuals / (xp.reshape(spread, shape=(-1,)) if spread.ndim else spread)
