"""Cubic interpolants: they differ in the slopes that they have at the places of the data."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.ops import Index
from gradtape.scipy._values import plain, xp
from gradtape.scipy.interpolate.piecewise import PPoly, beside, data, part


class CubicHermiteSpline(PPoly):
    """The cubic polynomials with given values and slopes.

    Parameters
    ----------
    x : Tensor or array_like
        Places, increasing.
    y, dydx : Tensor or array_like
        Values and slopes there.
    axis : int
        The axis of `y` that belongs to `x`.
    extrapolate : bool or 'periodic', optional
        Whether to go on beyond the data.

    Raises
    ------
    ValueError
        If the shapes do not fit or `x` does not increase.
    """

    def __init__(self, x: Any, y: Any, dydx: Any, axis: int = 0, extrapolate: bool | str | None = None) -> None:
        places, values, axis = data(x, y, axis)
        self._set(places, values, data(x, dydx, axis)[1], axis, extrapolate)

    def _set(self, x: Any, y: Any, slopes: Any, axis: int, extrapolate: bool | str | None) -> None:
        widths = beside(xp.diff(x), y)
        chords = xp.diff(y, axis=0) / widths
        first, second = part(slopes, None, -1), part(slopes, 1, None)
        bend = (first + second - 2.0 * chords) / widths
        c = xp.stack([bend / widths, (chords - first) / widths - bend, first, part(y, None, -1)], axis=0)
        super().__init__(c, x, extrapolate, axis)


def edge(h0: Any, h1: Any, m0: Any, m1: Any) -> Any:
    """Return a slope at an end, by three points, that keeps the shape of the data."""
    slope = ((2.0 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
    against = np.sign(plain(slope)) != np.sign(plain(m0))
    steep = (np.sign(plain(m0)) != np.sign(plain(m1))) & (np.abs(plain(slope)) > 3.0 * np.abs(plain(m0)))
    return xp.where(against, 0.0, xp.where(steep, 3.0 * m0, slope))


class PchipInterpolator(CubicHermiteSpline):
    """The cubic interpolant that is monotonic where the data are (Fritsch and Butland).

    Slopes at peaks of the data are 0 and constant there.

    Parameters
    ----------
    x : Tensor or array_like
        Places, increasing.
    y : Tensor or array_like
        Values.
    axis : int
        The axis of `y` that belongs to `x`.
    extrapolate : bool, optional
        Whether to go on beyond the data.
    """

    def __init__(self, x: Any, y: Any, axis: int = 0, extrapolate: bool | None = None) -> None:
        x, y, axis = data(x, y, axis)
        h = beside(xp.diff(x), y)
        m = xp.diff(y, axis=0) / h
        if x.shape[0] == 2:
            slopes = xp.concatenate([m, m], axis=0)
        else:
            before, after, h0, h1 = part(m, None, -1), part(m, 1, None), part(h, None, -1), part(h, 1, None)
            flat = plain(before) * plain(after) <= 0
            w0, w1 = 2.0 * h1 + h0, h1 + 2.0 * h0
            parts = w0 / xp.where(flat, 1.0, before) + w1 / xp.where(flat, 1.0, after)
            inner = xp.where(flat, 0.0, (w0 + w1) / parts)
            ends = [edge(*(part(v, k, k + 1 or None) for v in (h, m) for k in order)) for order in ((0, 1), (-1, -2))]
            slopes = xp.concatenate([ends[0], inner, ends[1]], axis=0)
        self._set(x, y, slopes, axis, extrapolate)


class Akima1DInterpolator(CubicHermiteSpline):
    """Akima's cubic interpolant, which a wild value disturbs in its neighbourhood only.

    Parameters
    ----------
    x : Tensor or array_like
        Places, increasing.
    y : Tensor or array_like
        Values.
    axis : int
        The axis of `y` that belongs to `x`.
    method : {'akima', 'makima'}
        Akima's weights, or those that are gentle where the data are flat.
    extrapolate : bool, optional
        Whether to go on beyond the data; not unless asked for.

    Raises
    ------
    NotImplementedError
        If the method is unknown, as in SciPy.
    """

    def __init__(
        self, x: Any, y: Any, axis: int = 0, *, method: str = "akima", extrapolate: bool | str | None = None
    ) -> None:
        if method not in {"akima", "makima"}:
            raise NotImplementedError(f"`method`={method} is unsupported.")
        x, y, axis = data(x, y, axis)
        m = xp.diff(y, axis=0) / beside(xp.diff(x), y)
        slopes = akima_slopes(m, modified=method == "makima") if x.shape[0] > 2 else xp.concatenate([m, m], axis=0)
        self._set(x, y, slopes, axis, False if extrapolate is None else extrapolate)


def akima_slopes(m: Any, *, modified: bool) -> Any:
    """Return the slopes at the data: chords weighed by how much those on the other side change."""
    for _ in range(2):
        left = 2.0 * part(m, 0, 1) - part(m, 1, 2)
        right = 2.0 * part(m, -1, None) - part(m, -2, -1)
        m = xp.concatenate([left, m, right], axis=0)
    change = xp.abs(xp.diff(m, axis=0))
    if modified:
        change = change + 0.5 * xp.abs(part(m, 1, None) + part(m, None, -1))
    f1, f2 = part(change, 2, None), part(change, None, -2)
    total = f1 + f2
    size = plain(total)
    known = size > 1e-9 * size.max(initial=0.0)
    weighed = (f1 * part(m, 1, -2) + f2 * part(m, 2, -1)) / xp.where(known, total, 1.0)
    return xp.where(known, weighed, 0.5 * (part(m, 3, None) + part(m, None, -3)))


class CubicSpline(CubicHermiteSpline):
    """The cubic spline: two derivatives are continuous.

    Parameters
    ----------
    x : Tensor or array_like
        Places, increasing.
    y : Tensor or array_like
        Values.
    axis : int
        The axis of `y` that belongs to `x`.
    bc_type : str or pair
        'not-a-knot', 'natural', 'clamped', 'periodic', or for each end one of them or `(order, value)` of a derivative.
    extrapolate : bool or 'periodic', optional
        Whether to go on beyond the data.

    Raises
    ------
    ValueError
        If the condition is unknown, or the data of a periodic spline do not end as they begin.
    """

    def __init__(
        self, x: Any, y: Any, axis: int = 0, bc_type: Any = "not-a-knot", extrapolate: bool | str | None = None
    ) -> None:
        x, y, axis = data(x, y, axis)
        h = xp.diff(x)
        chords = xp.diff(y, axis=0) / beside(h, y)
        if isinstance(bc_type, str) and bc_type == "periodic":
            if not np.allclose(plain(y)[0], plain(y)[-1], rtol=1e-15, atol=1e-15):
                raise ValueError("The first and last `y` point must be identical when `bc_type='periodic'`.")
            slopes = periodic_slopes(h, chords)
            extrapolate = "periodic" if extrapolate is None else extrapolate
        else:
            kinds = (bc_type, bc_type) if isinstance(bc_type, str) else tuple(bc_type)
            slopes = spline_slopes(h, y, chords, [condition(kind) for kind in kinds])
        self._set(x, y, slopes, axis, extrapolate)


def condition(kind: Any) -> tuple[int, Any]:
    """Return the order of the derivative that is given at an end, and its value; order 0 stands for not-a-knot."""
    if isinstance(kind, str):
        known = {"not-a-knot": (0, 0.0), "natural": (2, 0.0), "clamped": (1, 0.0)}
        if kind not in known:
            raise ValueError(f"bc_type={kind!r} is not allowed; there are {', '.join(known)}, periodic")
        return known[kind]
    order, value = kind
    if order not in {1, 2}:
        raise ValueError("The specified derivative order must be 1 or 2.")
    return order, value


def end_equation(kind: tuple[int, Any], h0: Any, h1: Any, chords: tuple[Any, Any], outward: float) -> tuple[Any, ...]:
    """Return diagonal, neighbour and right-hand side of the equation at an end; `h0` is the width next to it."""
    order, value = kind
    if order == 1:
        return xp.ones_like(h0), xp.zeros_like(h0), value
    if order == 2:
        return 2.0 * h0, h0, outward * 0.5 * value * h0 * h0 + 3.0 * chords[0] * h0
    whole = h0 + h1
    return h1, whole, ((h0 + 2.0 * whole) * h1 * chords[0] + h0 * h0 * chords[1]) / whole


def spline_slopes(h: Any, y: Any, chords: Any, kinds: list[tuple[int, Any]]) -> Any:
    """Return the slopes that make the second derivative continuous, with a condition at each end."""
    n = y.shape[0]
    if n == 2:
        kinds = [(1, xp.getitem(chords, Index(0))) if order == 0 else (order, value) for order, value in kinds]
    first, last, second, before = (xp.getitem(h, Index(k)) for k in (0, -1, min(1, n - 2), max(-2, 1 - n)))
    c = [xp.getitem(chords, Index(k)) for k in (0, min(1, n - 2), -1, max(-2, 1 - n))]
    if n == 3 and kinds[0][0] == kinds[1][0] == 0:  # both ends ask for the same: the parabola through the points
        one = xp.ones_like(first)
        left, right = (one, one, 2.0 * c[0]), (one, one, 2.0 * c[2])
    else:
        left = end_equation(kinds[0], first, second, (c[0], c[1]), -1.0)
        right = end_equation(kinds[1], last, before, (c[2], c[3]), 1.0)
    wide = [beside(part(h, k, n - 2 + k), chords) for k in (0, 1)]
    inner = 3.0 * (wide[1] * part(chords, None, -1) + wide[0] * part(chords, 1, None))
    shape = chords.shape[1:]
    ends = [xp.broadcast_to(xp.cast(v, dtype=chords.dtype), shape=(1, *shape)) for v in (left[2], right[2])]
    rhs = xp.concatenate([ends[0], inner, ends[1]], axis=0)

    def row(*pieces: Any) -> Any:
        return xp.concatenate([xp.reshape(p, shape=(-1,)) for p in pieces], axis=0)

    zero = xp.zeros_like(first)
    bands = [
        row(zero, left[1], part(h, None, -1)),
        row(left[0], 2.0 * (part(h, None, -1) + part(h, 1, None)), right[0]),
        row(part(h, 1, None), right[1], zero),
    ]
    flat = xp.reshape(rhs, shape=(n, -1))
    return xp.reshape(xp.banded_solve(xp.stack(bands, axis=0), flat, lower=1, upper=1), shape=rhs.shape)


def periodic_slopes(h: Any, chords: Any) -> Any:
    """Return the slopes of a periodic spline, from the cyclic system of all but the last."""
    n = h.shape[0]
    before = xp.roll(h, shift=1)
    main, neighbours = xp.diag(2.0 * (before + h)), (np.eye(n, k=-1), np.eye(n, k=1))
    neighbours[0][0, -1] += 1.0
    neighbours[1][-1, 0] += 1.0
    matrix = main + xp.reshape(h, shape=(n, 1)) * neighbours[0] + xp.reshape(before, shape=(n, 1)) * neighbours[1]
    earlier = xp.roll(chords, shift=1, axis=0)
    rhs = 3.0 * (beside(h, chords) * earlier + beside(before, chords) * chords)
    found = xp.reshape(xp.solve(matrix, xp.reshape(rhs, shape=(n, -1))), shape=rhs.shape)
    return xp.concatenate([found, part(found, 0, 1)], axis=0)


def pchip_interpolate(xi: Any, yi: Any, x: Any, der: int = 0, axis: int = 0) -> Any:
    """Interpolate by `PchipInterpolator` in one call."""
    return PchipInterpolator(xi, yi, axis)(x, der)
