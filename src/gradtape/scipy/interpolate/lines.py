"""Interpolation of one variable by the older names, and by one polynomial."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.scipy._values import plain, xp
from gradtape.scipy.interpolate.piecewise import beside, data, placed
from gradtape.scipy.interpolate.splines import make_interp_spline

DEGREES = {"zero": 0, "slinear": 1, "quadratic": 2, "cubic": 3}
STEPS = ("nearest", "nearest-up", "previous", "next")


class interp1d:  # noqa: N801 - SciPy's name
    """Interpolation between places of data.

    Parameters
    ----------
    x, y : Tensor or array_like
        Places and values.
    kind : str or int
        'linear', 'nearest', 'nearest-up', 'previous', 'next', 'zero', 'slinear', 'quadratic', 'cubic', or the degree of
        a spline. Of steps the values have derivatives, the places do not.
    axis : int
        The axis of `y` that belongs to `x`.
    copy : bool
        Has no effect.
    bounds_error : bool, optional
        Whether places beyond the data are an error; so it is unless there is a `fill_value`.
    fill_value : float, Tensor, pair of them or 'extrapolate'
        What stands beyond the data.
    assume_sorted : bool
        Whether the places increase already.

    Raises
    ------
    NotImplementedError
        If the kind is unknown, as in SciPy.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        kind: str | int = "linear",
        axis: int = -1,
        copy: bool = True,  # noqa: ARG002 - SciPy's argument
        bounds_error: bool | None = None,
        fill_value: Any = np.nan,
        assume_sorted: bool = False,
    ) -> None:
        x, y = xp.shaped(x), xp.shaped(y)
        if not assume_sorted:
            order = np.argsort(plain(x), kind="mergesort")
            x, y = xp.take(x, order), xp.take(y, order, axis=axis)
        self.x, self._y, self._axis = data(x, y, axis)
        self._extrapolates = isinstance(fill_value, str) and fill_value == "extrapolate"
        if self._extrapolates and bounds_error:
            raise ValueError("Cannot extrapolate and raise at the same time.")
        self.bounds_error = not self._extrapolates if bounds_error is None else bounds_error
        self.fill_value = fill_value
        self._kind = kind
        degree = DEGREES.get(kind) if isinstance(kind, str) else kind
        if degree is None and kind not in {"linear", *STEPS}:
            raise NotImplementedError(f"{kind} is unsupported: Use fitpack routines for other types.")
        self._spline = None if degree is None else make_interp_spline(self.x, self._y, degree)

    def __call__(self, x: Any) -> Any:
        """Evaluate at places of any shape.

        Raises
        ------
        ValueError
            If a place lies beyond the data and that is an error.
        """
        x = xp.shaped(x)
        x = x if x.dtype.kind == "f" else xp.cast(x, dtype="float64")
        at, knots = plain(x), plain(self.x)
        below, above = at < knots[0], at > knots[-1]
        if self.bounds_error and (below | above).any():
            raise ValueError("A value in x_new is outside of the interpolation range.")
        y = self._spline(x) if self._spline is not None else self._between(x, at, knots)
        if not self._extrapolates:
            pair = self.fill_value if isinstance(self.fill_value, tuple) else (self.fill_value, self.fill_value)
            wide = (...,) + (None,) * (self._y.ndim - 1)
            y = xp.where(below[wide], pair[0], xp.where(above[wide], pair[1], y))
        return placed(y, at.ndim, self._axis)

    def _between(self, x: Any, at: Any, knots: Any) -> Any:
        last = len(knots) - 1
        if self._kind == "linear":
            right = np.clip(np.searchsorted(knots, at), 1, last)
            x0, x1, y0, y1 = (xp.take(v, k, axis=0) for v in (self.x, self._y) for k in (right - 1, right))
            return y0 + beside((x - x0) / (x1 - x0), y0) * (y1 - y0)
        if self._kind == "previous":
            place = np.searchsorted(knots, at, side="right") - 1
        elif self._kind == "next":
            place = np.searchsorted(knots, at, side="left")
        else:
            side: Any = "left" if self._kind == "nearest" else "right"
            place = np.searchsorted((knots[1:] + knots[:-1]) / 2.0, at, side=side)
        return xp.take(self._y, np.clip(place, 0, last), axis=0)


class BarycentricInterpolator:
    """The polynomial through all values.

    Parameters
    ----------
    xi : Tensor or array_like
        Places, all different.
    yi : Tensor or array_like
        Values.
    axis : int
        The axis of `yi` that belongs to `xi`.

    Raises
    ------
    ValueError
        If two places are equal or there are not as many values.
    """

    def __init__(self, xi: Any, yi: Any, axis: int = 0) -> None:
        self.xi, yi = xp.shaped(xi), xp.shaped(yi)
        self.xi = self.xi if self.xi.dtype.kind == "f" else xp.cast(self.xi, dtype="float64")
        self._axis = axis % yi.ndim
        self.yi = xp.moveaxis(yi, self._axis, 0)
        places = plain(self.xi)
        if np.unique(places).size != places.size or places.size != self.yi.shape[0]:
            raise ValueError("Interpolation points xi must be distinct, one for each value.")
        n = places.size
        # at this scale the products of distances neither overflow nor vanish
        self._scale = 4.0 / (places.max() - places.min()) if n > 1 else 1.0
        gaps = (xp.reshape(self.xi, shape=(n, 1)) - self.xi) * self._scale
        self.wi = 1.0 / xp.prod(gaps + np.eye(n), axis=1)

    def __call__(self, x: Any) -> Any:
        """Evaluate the polynomial; exact at the data too, and differentiable there."""
        x = xp.shaped(x)
        distances = xp.expand_dims(x, -1) - self.xi
        distances = distances * self._scale
        others = xp.products_before(distances) * xp.flip(xp.products_before(xp.flip(distances, axis=-1)), axis=-1)
        flat = xp.reshape(self.yi, shape=(self.yi.shape[0], -1))
        y = xp.matmul(xp.reshape(others * self.wi, shape=(-1, flat.shape[0])), flat)
        return placed(xp.reshape(y, shape=(*x.shape, *self.yi.shape[1:])), x.ndim, self._axis)


def barycentric_interpolate(xi: Any, yi: Any, x: Any, axis: int = 0, *, der: int = 0) -> Any:
    """Interpolate by `BarycentricInterpolator` in one call.

    Raises
    ------
    TypeError
        If a derivative is asked for: differentiate the interpolator instead.
    """
    if der:
        raise TypeError("barycentric_interpolate has no place for `der` here: take the gradient in x")
    return BarycentricInterpolator(xi, yi, axis)(x)
