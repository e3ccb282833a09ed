"""Piecewise polynomials."""

from __future__ import annotations

from math import perm
from typing import Any

import numpy as np

from gradtape.ops import Index
from gradtape.scipy._values import plain, xp


def data(x: Any, y: Any, axis: int) -> tuple[Any, Any, int]:
    """Return places, values with the axis of the places in front, and that axis.

    Raises
    ------
    ValueError
        If the places are no increasing vector of numbers, or there are not as many values.
    """
    x, y = (xp.shaped(v) for v in (x, y))
    x, y = (v if v.dtype.kind in "fc" else xp.cast(v, dtype="float64") for v in (x, y))
    axis %= y.ndim
    if x.ndim != 1 or x.shape[0] < 2:
        raise ValueError("`x` must be 1-dimensional and contain at least 2 elements.")
    if (np.diff(plain(x)) <= 0).any():
        raise ValueError("`x` must be strictly increasing sequence.")
    if y.shape[axis] != x.shape[0]:
        raise ValueError(f"The length of `y` along `axis`={axis} doesn't match the length of `x`")
    return x, xp.moveaxis(y, axis, 0), axis


def beside(v: Any, other: Any) -> Any:
    """Give a vector as many axes as another array has."""
    return xp.reshape(v, shape=(*v.shape, *(1,) * (other.ndim - v.ndim)))


def part(v: Any, start: int | None, stop: int | None) -> Any:
    """Cut the first axis."""
    return xp.getitem(v, Index(slice(start, stop)))


def placed(values: Any, ndim: int, axis: int) -> Any:
    """Move the axes of the places, which stand in front, to where the data had the axis of its places."""
    order = [*range(ndim, ndim + axis), *range(ndim), *range(ndim + axis, values.ndim)]
    return xp.transpose(values, axes=tuple(order)) if values.ndim else values


class PPoly:
    """A piecewise polynomial: `sum_k c[k, i] (x - x[i])**(m - k)` between `x[i]` and `x[i + 1]`.

    Parameters
    ----------
    c : Tensor or array_like
        Coefficients, of shape `(m + 1, n, ...)`, highest power first.
    x : Tensor or array_like
        Breakpoints, `n + 1` of them, increasing.
    extrapolate : bool or 'periodic', optional
        Whether the first and last polynomial go on beyond the breakpoints; NaN comes back otherwise.
    axis : int
        Where the axes of the places stand in results.

    Examples
    --------
    >>> from gradtape.scipy.interpolate import PPoly
    >>> PPoly([[1.0, 2.0], [0.0, 1.0]], [0.0, 1.0, 2.0])([0.5, 1.5])
    Tensor([0.5, 2. ])
    """

    def __init__(self, c: Any, x: Any, extrapolate: bool | str | None = None, axis: int = 0) -> None:
        self.c = xp.shaped(c)
        self.x = xp.shaped(x)
        self.extrapolate = True if extrapolate is None else extrapolate
        self.axis = axis

    def __call__(self, x: Any, nu: int = 0, extrapolate: bool | str | None = None) -> Any:
        """Evaluate the polynomial or its derivative of order `nu`.

        Returns
        -------
        Tensor
            The axes of `x` stand in the place of the interpolated axis.
        """
        if nu > 0:
            return self.derivative(nu)(x, extrapolate=extrapolate)
        beyond = self.extrapolate if extrapolate is None else extrapolate
        x = xp.shaped(x)
        ends = plain(self.x)
        if beyond == "periodic":
            rounds = np.floor((plain(x) - ends[0]) / (ends[-1] - ends[0]))
            x = x - rounds * (xp.getitem(self.x, Index(-1)) - xp.getitem(self.x, Index(0)))
        at = plain(x)
        piece = np.clip(np.searchsorted(ends, at, side="right") - 1, 0, len(ends) - 2)
        distance = x - xp.take(self.x, piece)
        distance = xp.reshape(distance, shape=(*at.shape, *(1,) * (self.c.ndim - 2)))
        total = xp.take(xp.getitem(self.c, Index(0)), piece, axis=0)
        for k in range(1, self.c.shape[0]):
            total = total * distance + xp.take(xp.getitem(self.c, Index(k)), piece, axis=0)
        if not beyond:
            inside = (at >= ends[0]) & (at <= ends[-1])
            total = xp.where(inside.reshape(*at.shape, *(1,) * (self.c.ndim - 2)), total, np.nan)
        return placed(total, at.ndim, self.axis)

    def derivative(self, nu: int = 1) -> PPoly:
        """Return the derivative, a piecewise polynomial; a negative order is an antiderivative."""
        if nu <= 0:
            return self.antiderivative(-nu) if nu else PPoly(self.c, self.x, self.extrapolate, self.axis)
        degree = self.c.shape[0] - 1
        if nu > degree:
            return PPoly(xp.zeros_like(part(self.c, 0, 1)), self.x, self.extrapolate, self.axis)
        factors = np.array([float(perm(p, nu)) for p in range(degree, nu - 1, -1)])
        return PPoly(part(self.c, 0, -nu) * beside(factors, self.c), self.x, self.extrapolate, self.axis)

    def antiderivative(self, nu: int = 1) -> PPoly:
        """Return the continuous antiderivative that is 0 at the first breakpoint."""
        if nu == 0:
            return self
        powers = self.c.shape[0]
        raised = self.c / beside(np.arange(powers, 0.0, -1.0), self.c)
        widths = beside(xp.diff(self.x), xp.getitem(self.c, Index(0)))
        total = xp.getitem(raised, Index(0)) * widths
        for k in range(1, powers):
            total = (total + xp.getitem(raised, Index(k))) * widths
        before = xp.cumsum(total, axis=0) - total
        c = xp.concatenate([raised, xp.expand_dims(before, 0)], axis=0)
        beyond = False if self.extrapolate == "periodic" else self.extrapolate
        return PPoly(c, self.x, beyond, self.axis).antiderivative(nu - 1)

    def integrate(self, a: Any, b: Any, extrapolate: bool | None = None) -> Any:
        """Integrate from `a` to `b`, both of which have a derivative.

        Raises
        ------
        TypeError
            If the polynomial is periodic.
        """
        beyond = self.extrapolate if extrapolate is None else extrapolate
        if beyond == "periodic":
            raise TypeError("the integral of a periodic polynomial over several periods has no place here")
        whole = self.antiderivative()
        return whole(b, extrapolate=beyond) - whole(a, extrapolate=beyond)
