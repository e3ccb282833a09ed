"""Values between the elements, by splines, and the transformations that are made of them.

An array has derivatives, and so have the places where it is read: coordinates, matrices, shifts and angles. At order 0
a value is that of the nearest element and constant between the steps.
"""

from __future__ import annotations

from itertools import product
from math import comb, factorial
from typing import Any

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.ops import Index
from gradtape.scipy._values import plain, xp
from gradtape.scipy.ndimage.filters import NUMPYS_MODES, beyond, per_axis, refuse_output

AHEAD = 12
"""Elements that are added at the edges where no exact filter exists for a mode; as many as in SciPy."""


def spline_filter1d(input: Any, order: int = 3, axis: int = -1, output: Any = np.float64, mode: str = "mirror") -> Any:
    """Return the coefficients of the spline along one axis that goes through the values; always in double precision."""
    if np.dtype(output) != np.float64:
        refuse_output(output)
    check_order(order)
    x = xp.cast(xp.shaped(input), dtype="float64")
    return x if order < 2 else xp.spline_filter1d(x, order=order, axis=axis, mode=mode)


def spline_filter(input: Any, order: int = 3, output: Any = np.float64, mode: str = "mirror") -> Any:
    """Return the coefficients of the spline that goes through the values; always in double precision."""
    x = xp.shaped(input)
    for axis in range(x.ndim):
        x = spline_filter1d(x, order, axis, output, mode)
    return x


def check_order(order: int) -> None:
    """Refuse orders that SciPy does not have.

    Raises
    ------
    RuntimeError
        If the order is not between 0 and 5.
    """
    if not 0 <= order <= 5:
        raise RuntimeError("spline order not supported")


def folded(c: Any, n: int, mode: str) -> tuple[Any, Any]:
    """Return the places inside that stand for places anywhere, and the slope of this map: 1, -1 or 0."""
    if n == 1 and mode != "constant":
        return np.zeros_like(c), np.zeros_like(c)
    ones = np.ones_like(c)
    if mode == "mirror":
        turn = np.mod(c, 2 * (n - 1))
        return np.where(turn > n - 1, 2 * (n - 1) - turn, turn), np.where(turn > n - 1, -ones, ones)
    if mode in {"reflect", "grid-mirror"}:
        turn = np.mod(c + 0.5, 2 * n) - 0.5
        back = turn > n - 0.5
        return np.where(back, 2 * n - 1 - turn, turn), np.where(back, -ones, ones)
    if mode == "wrap":
        inside = (c >= 0) & (c <= n - 1)
        return np.where(inside, c, np.mod(c, n - 1)), ones
    if mode == "grid-wrap":
        return np.mod(c, n), ones
    if mode == "nearest":
        return np.clip(c, 0, n - 1), np.where((c < 0) | (c > n - 1), 0 * ones, ones)
    return c, ones


def spline_weights(u: Any, order: int) -> list[Any]:
    """Return the weights of the `order + 1` coefficients around a place; `u` is its distance from the left one.

    Each is a piece of the B-spline, `sum_k (-1)^k C(n + 1, k) (x - k)^n / n!`, with the terms that are positive there.
    """
    weights = []
    for tap in range(order + 1):
        powers = [0.0] * (order + 1)
        for k in range(order - tap + 1):
            for p in range(order + 1):
                powers[p] += (-1) ** k * comb(order + 1, k) * comb(order, p) * float(order - tap - k) ** (order - p)
        total: Any = powers[order] / factorial(order)
        for p in range(order - 1, -1, -1):
            total = total * u + powers[p] / factorial(order)
        weights.append(total)
    return weights


def taps(c: Any, n: int, order: int, mode: str) -> tuple[Any, list[Any], Any]:
    """Return which coefficients of an axis a place needs `(taps, places)`, their weights, and what lies inside."""
    at = plain(c)
    # beyond the edges, a constant: the element is not looked at, and any place inside will do
    inside = np.ones(at.shape, bool) if mode != "constant" else (at >= 0) & (at <= n - 1)
    moved, slope = folded(np.where(inside, at, 0.0), n, mode)
    low = np.floor(moved + (0.0 if order % 2 else 0.5))
    u = slope * (c - at) + (moved - low + (0.0 if order % 2 else 0.5))
    positions = (low - order // 2 + np.arange(order + 1).reshape(-1, *(1,) * at.ndim)).astype(int)
    edge = {"constant": "mirror", "wrap": "mirror"}.get(mode, mode)
    known = (positions >= 0) & (positions < n) if mode == "grid-constant" else np.ones(positions.shape, bool)
    if mode == "grid-constant":
        positions = np.clip(positions, 0, n - 1)
    positions = folded(positions, n, edge)[0].astype(int)
    return positions, spline_weights(u, order) if order else [1.0], (inside, known)


def read(x: Any, coordinates: list[Any], order: int, mode: str, cval: float) -> Any:
    """Read coefficients of the last axes at places, all of one shape."""
    shape = x.shape[x.ndim - len(coordinates) :]
    batch = x.shape[: x.ndim - len(coordinates)]
    axes = [taps(c, n, order, mode) for c, n in zip(coordinates, shape, strict=True)]
    flat = xp.reshape(x, shape=(*batch, -1))
    total: Any = 0.0
    for choice in product(range(order + 1), repeat=len(shape)):
        position = np.ravel_multi_index([places[k] for k, (places, *_) in zip(choice, axes, strict=True)], shape)
        value = xp.take(flat, position, axis=-1)
        if mode == "grid-constant":
            known = np.all([inside[1][k] for k, (*_, inside) in zip(choice, axes, strict=True)], axis=0)
            value = xp.where(known, value, cval)
        for k, (_, weights, _) in zip(choice, axes, strict=True):
            value = value * weights[k]
        total = total + value
    if mode == "constant":
        total = xp.where(np.all([inside[0] for *_, inside in axes], axis=0), total, cval)
    return total


def sampled(input: Any, coordinates: list[Any], order: int, mode: str, cval: float, prefilter: bool) -> Any:
    """Read the last axes of an array at places, by the spline through its values.

    Raises
    ------
    RuntimeError
        If the mode or the order is unknown, as in SciPy.
    """
    check_order(order)
    if mode not in NUMPYS_MODES:
        raise RuntimeError(f"boundary mode not supported: {mode!r}; there are {', '.join(NUMPYS_MODES)}")
    x = xp.shaped(input)
    dtype = x.dtype
    x = xp.cast(x, dtype="complex128" if dtype.kind == "c" else "float64")
    if order > 1 and prefilter:
        count = len(coordinates)
        if mode in {"nearest", "grid-constant"}:
            widths = [(0, 0)] * (x.ndim - count) + [(AHEAD, AHEAD)] * count
            x = beyond(x, widths, [mode] * x.ndim, cval)
            coordinates = [c + AHEAD for c in coordinates]
        for axis in range(x.ndim - count, x.ndim):
            x = xp.spline_filter1d(x, order=order, axis=axis, mode=mode)
    y = read(x, coordinates, order, mode, cval)
    return xp.cast(y, dtype=dtype if dtype.kind in "fc" else "float64")


def map_coordinates(
    input: Any,
    coordinates: Any,
    output: None = None,
    order: int = 3,
    mode: str = "constant",
    cval: float = 0.0,
    prefilter: bool = True,
) -> Any:
    """Read an array at places between its elements.

    Parameters
    ----------
    input : Tensor or array_like
    coordinates : Tensor or array_like
        One row of places for each axis of `input`.
    output : None
        There is no place for it.
    order : int
        Of the spline, 0 to 5.
    mode : str
        How the array goes on beyond its edges.
    cval : float
        What stands there in mode 'constant'.
    prefilter : bool
        Whether `input` holds values; if not, it holds the coefficients of the spline.

    Returns
    -------
    Tensor
        Of the shape of one row of coordinates.

    Raises
    ------
    RuntimeError
        If there are not as many rows as axes, or the order or the mode is unknown.
    """
    refuse_output(output)
    x, places = xp.shaped(input), xp.shaped(coordinates)
    if places.shape[0] != x.ndim:
        raise RuntimeError("invalid shape for coordinate array")
    rows = [xp.getitem(places, Index(k)) for k in range(x.ndim)]
    return sampled(x, rows, order, mode, cval, prefilter)


def affine_transform(
    input: Any,
    matrix: Any,
    offset: Any = 0.0,
    output_shape: Any = None,
    output: None = None,
    order: int = 3,
    mode: str = "constant",
    cval: float = 0.0,
    prefilter: bool = True,
) -> Any:
    """Read an array at `matrix @ place + offset` for each place of the result; see scipy.ndimage.affine_transform.

    The matrix may be a vector (its diagonal) or hold the offset as a last column; it and the offset have derivatives.
    """
    refuse_output(output)
    x, m = xp.shaped(input), xp.shaped(matrix)
    n = x.ndim
    if m.ndim == 2 and m.shape[1] == n + 1:
        offset = xp.getitem(m, Index((slice(0, n), n)))
        m = xp.getitem(m, Index((slice(0, n), slice(0, n))))
    if m.shape not in {(n,), (n, n)}:
        raise RuntimeError("affine matrix has wrong number of rows or columns")
    offset = xp.broadcast_to(xp.shaped(offset), shape=(n,))
    shape = x.shape if output_shape is None else tuple(output_shape)
    grid = np.indices(shape, float)
    rows = []
    for k in range(n):
        if m.ndim == 1:
            place = xp.getitem(m, Index(k)) * grid[k]
        else:
            place = sum(xp.getitem(m, Index((k, j))) * grid[j] for j in range(n))
        rows.append(place + xp.getitem(offset, Index(k)))
    return sampled(x, rows, order, mode, cval, prefilter)


def shift(
    input: Any,
    shift: Any,
    output: None = None,
    order: int = 3,
    mode: str = "constant",
    cval: float = 0.0,
    prefilter: bool = True,
) -> Any:
    """Move an array by any distance, one for all axes or one for each; the distances have derivatives."""
    refuse_output(output)
    x = xp.shaped(input)
    distances = per_axis(shift, x.ndim, "shift")
    grid = np.indices(x.shape, float)
    return sampled(x, [g - d for g, d in zip(grid, distances, strict=True)], order, mode, cval, prefilter)


def zoom(
    input: Any,
    zoom: Any,
    output: None = None,
    order: int = 3,
    mode: str = "constant",
    cval: float = 0.0,
    prefilter: bool = True,
    *,
    grid_mode: bool = False,
) -> Any:
    """Enlarge an array by factors; the number of elements is rounded, so the factors have no derivative."""
    refuse_output(output)
    x = xp.shaped(input)
    factors = per_axis(zoom, x.ndim, "zoom")
    shape = tuple(round(n * float(plain(z))) for n, z in zip(x.shape, factors, strict=True))
    if grid_mode:
        mode = {"constant": "grid-constant", "wrap": "grid-wrap"}.get(mode, mode)
        lines = [(np.arange(m) + 0.5) * (n / m) - 0.5 for n, m in zip(x.shape, shape, strict=True)]
    else:
        lines = [np.arange(m) * ((n - 1) / (m - 1) if m > 1 else 1.0) for n, m in zip(x.shape, shape, strict=True)]
    return sampled(x, list(np.meshgrid(*lines, indexing="ij")), order, mode, cval, prefilter)


def rotate(
    input: Any,
    angle: Any,
    axes: tuple[int, int] = (1, 0),
    reshape: bool = True,
    output: None = None,
    order: int = 3,
    mode: str = "constant",
    cval: float = 0.0,
    prefilter: bool = True,
) -> Any:
    """Turn an array in the plane of two axes, by an angle in degrees that may be a tensor.

    The shape of the result follows the angle in steps; where it is not to change, say `reshape=False`.
    """
    refuse_output(output)
    x = xp.shaped(input)
    first, second = sorted(k % x.ndim for k in axes)
    x = xp.moveaxis(x, (first, second), (-2, -1))
    radians = angle * (np.pi / 180.0)
    c, s = (xp.cos(radians), xp.sin(radians)) if isinstance(angle, Node) else (np.cos(radians), np.sin(radians))
    size = np.array(x.shape[-2:], float)
    shape = size
    if reshape:
        turn = np.array([[plain(c), plain(s)], [-plain(s), plain(c)]], float)
        corners = turn @ np.array([[0, 0, size[0], size[0]], [0, size[1], 0, size[1]]])
        shape = (np.ptp(corners, axis=1) + 0.5).astype(int)
    (ci, cj), (di, dj) = (size - 1) / 2, (np.asarray(shape) - 1) / 2
    i, j = np.indices(tuple(int(n) for n in shape), float)
    places = [c * (i - di) + s * (j - dj) + ci, c * (j - dj) - s * (i - di) + cj]
    return xp.moveaxis(sampled(x, places, order, mode, cval, prefilter), (-2, -1), (first, second))
