"""Interpolation on grids of any number of axes."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.ops import Index
from gradtape.scipy._values import plain, xp
from gradtape.scipy.interpolate.splines import basis, interpolating, spans, usual_knots

DEGREES = {"linear": 1, "slinear": 1, "cubic": 3, "quintic": 5}


class RegularGridInterpolator:
    """Interpolation on a grid of points that need not be evenly spaced.

    Parameters
    ----------
    points : tuple of Tensor or array_like
        The places along each axis, all increasing or all decreasing.
    values : Tensor or array_like
        Of one axis for each of them, and more.
    method : {'linear', 'nearest', 'slinear', 'cubic', 'quintic'}
        Products of splines of degree 1, 3 or 5, or the value of the nearest point, which is constant between the steps.
    bounds_error : bool
        Whether places beyond the grid are an error.
    fill_value : float, Tensor or None
        What stands beyond the grid; None goes on with the outermost polynomials.

    Raises
    ------
    ValueError
        If the method is unknown, the shapes do not fit, or the places of an axis are in no order.

    Examples
    --------
    >>> from gradtape.scipy.interpolate import RegularGridInterpolator
    >>> RegularGridInterpolator(([0.0, 1.0], [0.0, 2.0]), [[0.0, 2.0], [1.0, 3.0]])([[0.5, 1.0]])
    Tensor([1.5])
    """

    def __init__(
        self,
        points: Any,
        values: Any,
        method: str = "linear",
        bounds_error: bool = True,
        fill_value: Any = np.nan,
    ) -> None:
        values = xp.shaped(values)
        self.values = values if values.dtype.kind in "fc" else xp.cast(values, dtype="float64")
        if len(points) > self.values.ndim:
            raise ValueError(f"There are {len(points)} point arrays, but values has {self.values.ndim} dimensions")
        grid = []
        for axis, p in enumerate(points):
            place = xp.cast(xp.shaped(p), dtype="float64") if xp.shaped(p).dtype.kind != "f" else xp.shaped(p)
            if place.ndim != 1 or place.shape[0] != self.values.shape[axis]:
                raise ValueError(
                    f"There are {place.size} points and {self.values.shape[axis]} values on dimension {axis}"
                )
            steps = np.diff(plain(place))
            if (steps < 0).all() and steps.size:
                place, self.values = xp.flip(place, axis=0), xp.flip(self.values, axis=axis)
            elif (steps <= 0).any():
                raise ValueError(f"The points in dimension {axis} must be strictly ascending or descending")
            grid.append(place)
        self.grid = tuple(grid)
        self.method = method
        self.bounds_error, self.fill_value = bounds_error, fill_value
        self._check(method)

    def _check(self, method: str) -> None:
        if method not in {"nearest", *DEGREES}:
            raise ValueError(f"Method '{method}' is not defined; there are nearest, {', '.join(DEGREES)}")
        short = [p.shape[0] for p in self.grid if p.shape[0] <= DEGREES.get(method, 0)]
        if short:
            raise ValueError(
                f"the method {method!r} wants {DEGREES[method] + 1} points per axis or more, not {short[0]}"
            )

    def __call__(self, xi: Any, method: str | None = None) -> Any:
        """Evaluate at places whose coordinates stand in the last axis, or in a tuple.

        Returns
        -------
        Tensor
            The shape of the places without their coordinates, then the other axes of the values.

        Raises
        ------
        ValueError
            If a place lies beyond the grid and that is an error, or has another number of coordinates.
        """
        kind = self.method if method is None else method
        self._check(kind)
        if isinstance(xi, tuple):
            shape = np.broadcast_shapes(*(np.shape(plain(c)) for c in xi))
            xi = xp.stack([xp.broadcast_to(xp.shaped(c), shape=shape) for c in xi], axis=-1)
        xi = xp.shaped(xi)
        n = len(self.grid)
        if n == 1 and (xi.ndim == 0 or xi.shape[-1] != 1):
            xi = xp.expand_dims(xi, -1)
        if xi.shape[-1] != n:
            raise ValueError(f"The requested sample points xi have dimension {xi.shape[-1]} but this has dimension {n}")
        shape = xi.shape[:-1]
        flat = xp.reshape(xi, shape=(-1, n))
        coordinates = [xp.take(flat, k, axis=1) for k in range(n)]
        outside = np.zeros(int(np.prod(shape)), bool)
        for axis, (c, p) in enumerate(zip(coordinates, self.grid, strict=True)):
            beyond = (plain(c) < plain(p)[0]) | (plain(c) > plain(p)[-1])
            if self.bounds_error and beyond.any():
                raise ValueError(f"One of the requested xi is out of bounds in dimension {axis}")
            outside |= beyond
        y = self._nearest(coordinates) if kind == "nearest" else self._splines(coordinates, DEGREES[kind])
        rest = self.values.shape[n:]
        if self.fill_value is not None and (outside.any() or isinstance(self.fill_value, Node)):
            y = xp.where(outside.reshape(-1, *(1,) * len(rest)), self.fill_value, y)
        return xp.reshape(y, shape=(*shape, *rest))

    def _nearest(self, coordinates: list[Any]) -> Any:
        """Take the value of the nearest point; in the middle, of the smaller one."""
        at = []
        for c, p in zip(coordinates, self.grid, strict=True):
            knots = plain(p)
            left = np.clip(np.searchsorted(knots, plain(c)) - 1, 0, max(knots.size - 2, 0))
            share = (plain(c) - knots[left]) / (knots[left + 1] - knots[left])
            at.append(np.where(share <= 0.5, left, left + 1))
        return self._pick(self.values, at)

    def _pick(self, values: Any, places: list[Any]) -> Any:
        shape = values.shape[: len(places)]
        flat = xp.reshape(values, shape=(-1, *values.shape[len(places) :]))
        return xp.take(flat, np.ravel_multi_index(places, shape), axis=0)

    def _splines(self, coordinates: list[Any], k: int) -> Any:
        """Add products of splines up."""
        c, axes = self.values, []
        for axis, (x, p) in enumerate(zip(coordinates, self.grid, strict=True)):
            t = usual_knots(p, k)
            if k > 1:
                c = xp.moveaxis(interpolating(p, xp.moveaxis(c, axis, 0), t, k), 0, axis)
            span = spans(t, plain(x), k)
            axes.append((span - k, basis(t, x, span, k)))
        total: Any = 0.0
        for choice in product(range(k + 1), repeat=len(axes)):
            weight: Any = 1.0
            for j, (_, values) in zip(choice, axes, strict=True):
                weight = weight * values[j]
            picked = self._pick(c, [first + j for j, (first, _) in zip(choice, axes, strict=True)])
            total = total + xp.reshape(weight, shape=(-1, *(1,) * (picked.ndim - 1))) * picked
        return total


def interpn(
    points: Any, values: Any, xi: Any, method: str = "linear", bounds_error: bool = True, fill_value: Any = np.nan
) -> Any:
    """Interpolate on a grid in one call; see `RegularGridInterpolator`."""
    return RegularGridInterpolator(points, values, method, bounds_error, fill_value)(xi)


class RectBivariateSpline:
    """The spline through values on a grid of two axes.

    Parameters
    ----------
    x, y : Tensor or array_like
        Places along the axes, increasing.
    z : Tensor or array_like
        Values, `(x.size, y.size)`.
    bbox : None
        Other ends have no place here.
    kx, ky : int
        Degrees, both 1, 3 or 5 here.
    s : float
        Only 0: the spline goes through the values.

    Raises
    ------
    TypeError
        If the degrees differ, or it is to smooth, or other ends are given.
    """

    def __init__(self, x: Any, y: Any, z: Any, bbox: Any = None, kx: int = 3, ky: int = 3, s: float = 0) -> None:
        names = {1: "linear", 3: "cubic", 5: "quintic"}
        if kx != ky or kx not in names or s or (bbox is not None and any(end is not None for end in bbox)):
            raise TypeError("RectBivariateSpline goes through the values (s=0) with one degree of 1, 3 or 5 here")
        self._spline = RegularGridInterpolator((x, y), z, names[kx], bounds_error=False, fill_value=None)

    def __call__(self, x: Any, y: Any, dx: int = 0, dy: int = 0, grid: bool = True) -> Any:
        """Evaluate on the grid of `x` and `y`, or at pairs of them; beyond the ends the value is that at the end.

        Raises
        ------
        TypeError
            If a derivative is asked for: take the gradient in `x` and `y` instead.
        """
        if dx or dy:
            raise TypeError("RectBivariateSpline has no place for `dx` and `dy` here: take the gradient in x and y")
        ends = [[xp.getitem(p, Index(k)) for k in (0, -1)] for p in self._spline.grid]
        x, y = (xp.clip(xp.shaped(v), *pair) for v, pair in zip((x, y), ends, strict=True))
        return self._spline((xp.reshape(x, shape=(-1, 1)), xp.reshape(y, shape=(1, -1))) if grid else (x, y))

    def ev(self, xi: Any, yi: Any) -> Any:
        """Evaluate at pairs."""
        return self(xi, yi, grid=False)
