"""Searches of a whole region: SciPy looks around, and the descents that it makes on the way have exact gradients."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.optimize

from gradtape.scipy.optimize.evaluations import Watched
from gradtape.scipy.optimize.minima import HINT, WITHOUT_GRADIENT, Search

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


def local(search: Search, given: dict[str, Any] | None, method: str) -> dict[str, Any]:
    """Return what SciPy's local descents are called with: the exact gradient, unless the method has no use for it."""
    options = {"method": method, **(given or {})}
    if str(options["method"]).lower() not in WITHOUT_GRADIENT and "jac" not in options:
        options["jac"] = search.watched.gradient
    return options


def search_of(kind: str, func: Callable[..., Any], start: Any, args: Any, bounds: Any, frame: FrameType) -> Search:
    """Make a search whose function is watched; runs without a derivative are not recorded."""
    search = Search(kind, func, start, args, bounds, (), frame)
    search.watched = Watched(search.unknowns, func, search.args, frame, HINT)
    return search


def number(search: Search) -> Callable[[Any], float]:
    """Return the function on plain arrays, for the places where nobody asks for its gradient."""
    return Watched(search.unknowns, search.fun, search.args, search.frame, recorded=False).number


def middle(bounds: Any) -> Any:
    """Return a point inside of bounds, by which their number is known."""
    low, high = (bounds.lb, bounds.ub) if hasattr(bounds, "lb") else np.array(list(bounds), float).T
    return (np.asarray(low, float) + np.asarray(high, float)) / 2.0


def differential_evolution(
    func: Callable[..., Any], bounds: Any, args: tuple[Any, ...] = (), polish: bool = True, **options: Any
) -> Any:
    """Minimise by `scipy.optimize.differential_evolution`; the last descent has exact gradients. See `minimize`.

    Parameters
    ----------
    func : callable
        `func(x, *args)` for a vector returns a number.
    bounds : sequence of (low, high) or scipy.optimize.Bounds
    args : tuple
    polish : bool
        Whether to descend from the best place by L-BFGS-B, as SciPy does.
    **options
        As in SciPy: `strategy`, `maxiter`, `popsize`, `tol`, `seed` or `rng`, ...

    Returns
    -------
    scipy.optimize.OptimizeResult
        SciPy's; `x` and `fun` are tensors if a tape is open.

    Examples
    --------
    >>> import numpy as np
    >>> from gradtape.scipy.optimize import differential_evolution
    >>> found = differential_evolution(lambda x: np.sum(x**2 - np.cos(6.0 * x)), [(-3.0, 4.0)] * 2, seed=1)
    >>> bool(np.abs(found.x).max() < 1e-5)
    True
    """
    search = search_of("differential_evolution", func, middle(bounds), args, bounds, _getframe(1))
    result = scipy.optimize.differential_evolution(number(search), search.box.plain, polish=False, **options)
    if polish and "integrality" not in options and "constraints" not in options:
        better = scipy.optimize.minimize(
            search.watched.number, result.x, method="L-BFGS-B", jac=search.watched.gradient, bounds=search.box.plain
        )
        result.nfev += better.nfev
        if better.fun < result.fun:
            result.x, result.fun, result.jac = better.x, better.fun, better.jac
    return search.finished(result)


def basinhopping(
    func: Callable[..., Any], x0: Any, *, minimizer_kwargs: dict[str, Any] | None = None, **options: Any
) -> Any:
    """Minimise by `scipy.optimize.basinhopping`, whose descents have exact gradients; see `minimize`.

    Parameters
    ----------
    func : callable
        `func(params, *args)`, with `args` from `minimizer_kwargs`.
    x0 : array_like or a structure, as for `minimize`
    minimizer_kwargs : dict, optional
        As in SciPy.
    **options
        As in SciPy: `niter`, `T`, `stepsize`, `seed` or `rng`, ...

    Returns
    -------
    scipy.optimize.OptimizeResult
        SciPy's, with `params`.

    Examples
    --------
    >>> import numpy as np
    >>> from gradtape.scipy.optimize import basinhopping
    >>> found = basinhopping(lambda x: np.sum(x**2 - np.cos(6.0 * x)), [2.0, 2.0], niter=20, seed=1)
    >>> bool(np.abs(found.x).max() < 1e-5)
    True
    """
    given = dict(minimizer_kwargs or {})
    search = search_of("basinhopping", func, x0, given.pop("args", ()), given.get("bounds"), _getframe(1))
    result = scipy.optimize.basinhopping(
        search.watched.number, search.unknowns.vector, minimizer_kwargs=local(search, given, "BFGS"), **options
    )
    result.success = bool(result.lowest_optimization_result.success)
    return search.finished(result)


def dual_annealing(
    func: Callable[..., Any],
    bounds: Any,
    args: tuple[Any, ...] = (),
    *,
    minimizer_kwargs: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Minimise by `scipy.optimize.dual_annealing`, whose descents have exact gradients; see `differential_evolution`.

    Examples
    --------
    >>> import numpy as np
    >>> from gradtape.scipy.optimize import dual_annealing
    >>> found = dual_annealing(lambda x: np.sum(x**2 - np.cos(6.0 * x)), [(-3.0, 4.0)] * 2, maxiter=50, seed=1)
    >>> bool(np.abs(found.x).max() < 1e-5)
    True
    """
    search = search_of("dual_annealing", func, middle(bounds), args, bounds, _getframe(1))
    given = local(search, minimizer_kwargs, "L-BFGS-B")
    given.setdefault("bounds", search.box.plain)
    result = scipy.optimize.dual_annealing(search.watched.number, search.box.plain, minimizer_kwargs=given, **options)
    return search.finished(result)


def shgo(
    func: Callable[..., Any],
    bounds: Any,
    args: tuple[Any, ...] = (),
    *,
    minimizer_kwargs: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Minimise by `scipy.optimize.shgo`, whose descents have exact gradients; see `differential_evolution`.

    Examples
    --------
    >>> import numpy as np
    >>> from gradtape.scipy.optimize import shgo
    >>> found = shgo(lambda x: np.sum((x - 1.0) ** 2), [(-3.0, 4.0)] * 2)
    >>> found.x.round(6)
    array([1., 1.])
    """
    search = search_of("shgo", func, middle(bounds), args, bounds, _getframe(1))
    given = local(search, minimizer_kwargs, "SLSQP")
    result = scipy.optimize.shgo(search.watched.number, search.box.plain, minimizer_kwargs=given, **options)
    return search.finished(result) if result.success else result
