"""B-splines of any degree: knots, coefficients and places all have derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.ops import Index
from gradtape.scipy._values import plain, xp
from gradtape.scipy.interpolate.piecewise import beside, data, part, placed


def spans(t: Any, at: Any, k: int) -> Any:
    """Return between which knots places lie: the last non-empty span at the right end and beyond."""
    knots = plain(t)
    return np.clip(np.searchsorted(knots, at, side="right") - 1, k, len(knots) - k - 2)


def basis(t: Any, x: Any, span: Any, k: int) -> list[Any]:
    """Return the `k + 1` B-splines that are not zero at places (Cox and de Boor); the first belongs to `span - k`."""
    values: list[Any] = [xp.ones_like(x)]
    for r in range(1, k + 1):
        carried: Any = 0.0
        raised = []
        for j, value in enumerate(values):
            right, left = xp.take(t, span + j + 1), xp.take(t, span + j + 1 - r)
            share = xp.divide_no_nan(value, right - left)
            raised.append(carried + (right - x) * share)
            carried = (x - left) * share
        values = [*raised, carried]
    return values


class BSpline:
    """A linear combination of B-splines.

    Parameters
    ----------
    t : Tensor or array_like
        Knots, `n + k + 1` of them, not decreasing.
    c : Tensor or array_like
        Coefficients, at least `n` along the axis.
    k : int
        Degree.
    extrapolate : bool or 'periodic'
        Whether the first and last polynomial go on beyond the base interval; NaN comes back otherwise.
    axis : int
        The axis of `c` that belongs to the knots.

    Raises
    ------
    ValueError
        If there are too few knots or coefficients, or the knots decrease.

    Examples
    --------
    >>> from gradtape.scipy.interpolate import BSpline
    >>> BSpline([0.0, 0.0, 1.0, 2.0, 2.0], [1.0, 2.0, 5.0], 1)(1.5)
    Tensor(3.5)
    """

    def __init__(self, t: Any, c: Any, k: int, extrapolate: bool | str = True, axis: int = 0) -> None:
        self.t, c, self.k = xp.shaped(t), xp.shaped(c), int(k)
        self.axis = axis % c.ndim
        self.c = xp.moveaxis(c, self.axis, 0)
        self.extrapolate = extrapolate
        n = self.t.shape[0] - self.k - 1
        if n < self.k + 1:
            raise ValueError(f"Need at least {2 * self.k + 2} knots for degree {self.k}")
        if (np.diff(plain(self.t)) < 0).any():
            raise ValueError("Knots must be in a non-decreasing order.")
        if self.c.shape[0] < n:
            raise ValueError("Knots, coefficients and degree are inconsistent.")

    def __call__(self, x: Any, nu: int = 0, extrapolate: bool | str | None = None) -> Any:
        """Evaluate the spline or its derivative of order `nu`."""
        beyond = self.extrapolate if extrapolate is None else extrapolate
        if nu:
            return self.derivative(nu)(x, extrapolate=beyond)
        x = xp.shaped(x)
        x = x if x.dtype.kind == "f" else xp.cast(x, dtype="float64")
        n = self.t.shape[0] - self.k - 1
        low, high = plain(self.t)[[self.k, n]]
        if beyond == "periodic":
            first, last = (xp.getitem(self.t, Index(j)) for j in (self.k, n))
            x = x - np.floor((plain(x) - low) / (high - low)) * (last - first)
        at = plain(x)
        span = spans(self.t, at, self.k)
        total: Any = 0.0
        for j, value in enumerate(basis(self.t, x, span, self.k)):
            c = xp.take(self.c, span - self.k + j, axis=0)
            total = total + beside(value, c) * c
        if not beyond:
            inside = (at >= low) & (at <= high)
            total = xp.where(inside.reshape(*at.shape, *(1,) * (self.c.ndim - 1)), total, np.nan)
        return placed(total, at.ndim, self.axis)

    def derivative(self, nu: int = 1) -> BSpline:
        """Return the derivative, a spline of lower degree."""
        t, c, k = self.t, part(self.c, 0, self.t.shape[0] - self.k - 1), self.k
        for _ in range(nu):
            if k == 0:
                c = c * 0.0
                break
            count = c.shape[0]
            widths = part(t, k + 1, k + count) - part(t, 1, count)
            c = float(k) * xp.divide_no_nan(xp.diff(c, axis=0), beside(widths, c))
            t, k = part(t, 1, -1), k - 1
        return self._like(t, c, k, self.extrapolate)

    def antiderivative(self, nu: int = 1) -> BSpline:
        """Return the antiderivative that is 0 at the first knot, a spline of higher degree."""
        t, c, k = self.t, part(self.c, 0, self.t.shape[0] - self.k - 1), self.k
        for _ in range(nu):
            count = c.shape[0]
            widths = part(t, k + 1, k + 1 + count) - part(t, 0, count)
            sums = xp.cumsum(c * beside(widths, c) / (k + 1.0), axis=0)
            c = xp.concatenate([xp.zeros_like(part(sums, 0, 1)), sums], axis=0)
            t, k = xp.concatenate([part(t, 0, 1), t, part(t, -1, None)], axis=0), k + 1
        return self._like(t, c, k, False if self.extrapolate == "periodic" else self.extrapolate)

    def integrate(self, a: Any, b: Any, extrapolate: bool | None = None) -> Any:
        """Integrate from `a` to `b`, both of which have a derivative.

        Raises
        ------
        TypeError
            If the spline is periodic.
        """
        beyond = self.extrapolate if extrapolate is None else extrapolate
        if beyond == "periodic":
            raise TypeError("the integral of a periodic spline over several periods has no place here")
        whole = self.antiderivative()
        if not beyond:
            n = self.t.shape[0] - self.k - 1
            first, last = (xp.getitem(self.t, Index(j)) for j in (self.k, n))
            a, b = (xp.clip(v, first, last) for v in (a, b))
        return whole(b, extrapolate=True) - whole(a, extrapolate=True)

    def _like(self, t: Any, c: Any, k: int, extrapolate: bool | str) -> BSpline:
        return BSpline(t, xp.moveaxis(c, 0, self.axis), k, extrapolate, self.axis)


def usual_knots(x: Any, k: int) -> Any:
    """Return the knots of an interpolating spline: places of the data, or middles between, and the ends repeated."""
    if k == 0:
        return xp.concatenate([x, part(x, -1, None)], axis=0)
    middles = x if k % 2 else 0.5 * (part(x, 1, None) + part(x, None, -1))
    skipped = (k + 1) // 2
    inner = part(middles, skipped, middles.shape[0] - skipped)
    ends = [xp.broadcast_to(part(x, *cut), shape=(k + 1,)) for cut in ((0, 1), (-1, None))]
    return xp.concatenate([ends[0], inner, ends[1]], axis=0)


def interpolating(x: Any, y: Any, t: Any, k: int) -> Any:
    """Solve for the coefficients of the spline through values; the matrix has `k` diagonals on both sides."""
    n = x.shape[0]
    span = spans(t, plain(x), k)
    values = basis(t, x, span, k)
    if (np.abs(span - k // 2 - np.arange(n)) > k).any():
        raise ValueError("a knot has no place of the data near it (Schoenberg-Whitney), so no spline is determined")
    rows = np.arange(n)
    columns = [span - k + j for j in range(k + 1)]
    places = (np.stack([k + rows - c for c in columns]), np.stack(columns))
    ab = xp.scatter_add(xp.stack(values, axis=0), Index(places), shape=(2 * k + 1, n))
    solved = xp.banded_solve(ab, xp.reshape(y, shape=(n, -1)), lower=k, upper=k)
    return xp.reshape(solved, shape=y.shape)


def make_interp_spline(
    x: Any, y: Any, k: int = 3, t: Any = None, bc_type: Any = None, axis: int = 0, check_finite: bool = True
) -> BSpline:
    """Return the spline of degree `k` through values.

    Parameters
    ----------
    x, y : Tensor or array_like
        Places, increasing, and values.
    k : int
        Degree.
    t : Tensor or array_like, optional
        Knots; chosen as SciPy does if not given.
    bc_type : None or 'not-a-knot'
        Other conditions have no place here; `CubicSpline` has them.
    axis : int
        The axis of `y` that belongs to `x`.
    check_finite : bool
        Whether to look for infinities and NaN.

    Returns
    -------
    BSpline

    Raises
    ------
    TypeError
        If `bc_type` asks for another condition.
    ValueError
        If there are too few data for the degree, or they are not finite.
    """
    if bc_type is not None and bc_type != "not-a-knot":
        raise TypeError(f"make_interp_spline has no place for bc_type={bc_type!r} here; CubicSpline has")
    x, y, axis = data(x, y, axis)
    if check_finite and not (np.isfinite(plain(x)).all() and np.isfinite(plain(y)).all()):
        raise ValueError("array must not contain infs or NaNs")
    if x.shape[0] < k + 1:
        raise ValueError(f"a spline of degree {k} wants {k + 1} places or more, not {x.shape[0]}")
    knots = usual_knots(x, k) if t is None else xp.shaped(t)
    if knots.shape[0] != x.shape[0] + k + 1:
        raise ValueError(f"{x.shape[0]} places want {x.shape[0] + k + 1} knots, not {knots.shape[0]}")
    c = interpolating(x, y, knots, k) if k else y
    return BSpline(knots, xp.moveaxis(c, 0, axis), k, True, axis)


def splrep(x: Any, y: Any, k: int = 3, s: float = 0, t: Any = None, **options: Any) -> tuple[Any, Any, int]:
    """Return knots, coefficients and degree of the spline through values, for `splev`.

    Raises
    ------
    TypeError
        If it is to smooth: only `s=0` and no other option has a place here.
    """
    if s or any(value is not None for value in options.values()):
        raise TypeError("splrep goes through the values here (s=0), and has no other options")
    spline = make_interp_spline(x, y, k, t)
    return spline.t, xp.concatenate([spline.c, xp.zeros_like(part(spline.c, 0, 1)).repeat(k + 1)], axis=0), k


def splev(x: Any, tck: Any, der: int = 0, ext: int = 0) -> Any:
    """Evaluate a spline or its derivative; beyond its ends it goes on, is 0, an error, or constant (`ext` 0 to 3).

    Raises
    ------
    ValueError
        If `ext` is 2 and a place lies beyond, or it is none of the four.
    """
    t, c, k = (tck.t, tck.c, tck.k) if isinstance(tck, BSpline) else tck
    spline = BSpline(t, c, k)
    if ext not in {0, 1, 2, 3}:
        raise ValueError(f"ext = {ext} not in {{0, 1, 2, 3}}")
    x = xp.shaped(x)
    n = spline.t.shape[0] - k - 1
    low, high = plain(spline.t)[[k, n]]
    outside = (plain(x) < low) | (plain(x) > high)
    if ext == 2 and outside.any():
        raise ValueError("Found x value not in the domain")
    if ext == 3:
        x = xp.clip(x, *(xp.getitem(spline.t, Index(j)) for j in (k, n)))
    y = spline(x, der)
    return xp.where(outside, 0.0, y) if ext == 1 else y


class InterpolatedUnivariateSpline:
    """The spline through values, by SciPy's older name.

    Parameters
    ----------
    x, y : Tensor or array_like
        Places, increasing, and values.
    w, bbox : None
        Weights and other ends have no place here.
    k : int
        Degree.
    ext : int
        What stands beyond the ends; see `splev`.

    Raises
    ------
    TypeError
        If weights or other ends are given.
    """

    def __init__(self, x: Any, y: Any, w: Any = None, bbox: Any = None, k: int = 3, ext: int = 0) -> None:
        if w is not None or (bbox is not None and any(end is not None for end in bbox)):
            raise TypeError("InterpolatedUnivariateSpline has no place for weights and other ends here")
        self._spline = make_interp_spline(x, y, k)
        self.ext = ext

    def __call__(self, x: Any, nu: int = 0, ext: int | None = None) -> Any:
        """Evaluate the spline or its derivative of order `nu`."""
        return splev(x, self._spline, nu, self.ext if ext is None else ext)

    def integral(self, a: Any, b: Any) -> Any:
        """Integrate from `a` to `b`; beyond the data the spline counts as 0."""
        return self._spline.integrate(a, b, extrapolate=False)
