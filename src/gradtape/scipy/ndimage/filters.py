"""Filters: sums of products with weights, and choices among neighbours.

The arguments are those of SciPy's functions, but for `output`, which must be None: a tensor is never written to.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.ops import Index
from gradtape.scipy._values import matched, plain, xp

if TYPE_CHECKING:
    from collections.abc import Sequence

NUMPYS_MODES = {
    "reflect": "symmetric",
    "grid-mirror": "symmetric",
    "constant": "constant",
    "grid-constant": "constant",
    "nearest": "edge",
    "mirror": "reflect",
    "wrap": "wrap",
    "grid-wrap": "wrap",
}
"""How NumPy calls the ways to go on beyond the edges."""


def refuse_output(output: Any) -> None:
    """Refuse to write into an array or to change the dtype."""
    if output is not None:
        raise TypeError("the functions of gradtape.scipy.ndimage have no place for `output`: use the returned tensor")


def per_axis(value: Any, ndim: int, name: str) -> list[Any]:
    """Return one value for each axis.

    Raises
    ------
    RuntimeError
        If there are as many as axes neither nor only one, as in SciPy.
    """
    if isinstance(value, Node) and value._value.ndim:
        value = [xp.getitem(value, Index(k)) for k in range(value._value.shape[0])]
    values = list(value) if isinstance(value, list | tuple | np.ndarray) and np.ndim(value) else [value] * ndim
    if len(values) != ndim:
        raise RuntimeError(f"{name} has {len(values)} values for {ndim} axes")
    return values


def beyond(x: Any, widths: Sequence[tuple[int, int]], modes: Sequence[str], cval: Any) -> Any:
    """Continue an array beyond its edges.

    Raises
    ------
    RuntimeError
        If a mode is unknown, as in SciPy.
    """
    for axis, (pair, mode) in enumerate(zip(widths, modes, strict=True)):
        if mode not in NUMPYS_MODES:
            raise RuntimeError(f"boundary mode not supported: {mode!r}; there are {', '.join(NUMPYS_MODES)}")
        kind = NUMPYS_MODES[mode]
        options = {"constant_values": cval} if kind == "constant" else {}
        if any(pair):
            x = xp.pad_call(x, [pair if k == axis else (0, 0) for k in range(x.ndim)], mode=kind, **options)
    return x


def margins(size: int, origin: int) -> tuple[int, int]:
    """Return by how many elements a window reaches beyond an element to both sides.

    Raises
    ------
    ValueError
        If the origin lies outside of the window.
    """
    before, after = size // 2 + origin, size - size // 2 - 1 - origin
    if before < 0 or after < 0:
        raise ValueError("invalid origin")
    return before, after


def conjugated(w: Any) -> Any:
    """Conjugate complex weights: a correlation is a product with them."""
    return xp.conjugate(w) if w.dtype.kind == "c" else w


def correlate1d(
    input: Any,
    weights: Any,
    axis: int = -1,
    output: None = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Any:
    """Correlate along one axis; both the array and the weights have derivatives."""
    refuse_output(output)
    x, w = xp.shaped(input), conjugated(xp.shaped(weights))
    pair = margins(w.shape[0], origin)
    widths = [pair if k == axis % x.ndim else (0, 0) for k in range(x.ndim)]
    return xp.correlate_line(beyond(x, widths, [mode] * x.ndim, cval), w, axis=axis)


def convolve1d(
    input: Any,
    weights: Any,
    axis: int = -1,
    output: None = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Any:
    """Convolve along one axis; both the array and the weights have derivatives."""
    w = conjugated(xp.shaped(weights))
    return correlate1d(input, xp.flip(w), axis, output, mode, cval, -origin - (w.shape[0] % 2 == 0))


def correlate(
    input: Any, weights: Any, output: None = None, mode: Any = "reflect", cval: float = 0.0, origin: Any = 0
) -> Any:
    """Correlate with weights of the same number of axes; both have derivatives."""
    refuse_output(output)
    x, w = xp.shaped(input), conjugated(xp.shaped(weights))
    if x.ndim != w.ndim:
        raise RuntimeError("filter weights array has incorrect shape.")
    widths = [margins(n, o) for n, o in zip(w.shape, per_axis(origin, x.ndim, "origin"), strict=True)]
    wide = beyond(x, widths, per_axis(mode, x.ndim, "mode"), cval)
    return xp.convolve_axes_valid(wide, xp.flip(w), axes=tuple(range(x.ndim)), method="direct")


def convolve(
    input: Any, weights: Any, output: None = None, mode: Any = "reflect", cval: float = 0.0, origin: Any = 0
) -> Any:
    """Convolve with weights of the same number of axes; both have derivatives."""
    w = conjugated(xp.shaped(weights))
    origins = [-o - (n % 2 == 0) for n, o in zip(w.shape, per_axis(origin, w.ndim, "origin"), strict=True)]
    return correlate(input, xp.flip(w), output, mode, cval, origins)


def gaussian_weights(sigma: Any, order: int, radius: int) -> Any:
    """Return the samples of a Gaussian, or of its derivative: a polynomial times the Gaussian."""
    places = np.arange(-radius, radius + 1.0)
    sigma = xp.shaped(sigma)
    bell = xp.exp(-0.5 * xp.square(places / sigma))
    bell = bell / xp.sum(bell)
    if order == 0:
        return bell
    terms: list[Any] = [1.0]
    for _ in range(order):
        slopes = [*((k + 1) * terms[k + 1] for k in range(len(terms) - 1)), 0.0, 0.0]
        terms = [slopes[k] + (terms[k - 1] * (-1.0 / (sigma * sigma)) if k else 0.0) for k in range(len(terms) + 1)]
    total = terms[0] * np.ones_like(places)
    for k, term in enumerate(terms[1:], 1):
        total = total + term * places**k
    return total * bell


def gaussian_filter1d(
    input: Any,
    sigma: Any,
    axis: int = -1,
    order: int = 0,
    output: None = None,
    mode: str = "reflect",
    cval: float = 0.0,
    truncate: float = 4.0,
    *,
    radius: int | None = None,
) -> Any:
    """Smooth along one axis by a Gaussian, or apply its derivative; `sigma` may be a tensor.

    The number of weights changes in steps as `sigma` grows; the derivative is that between the steps.
    """
    x = xp.shaped(input)
    reach = int(truncate * float(plain(sigma)) + 0.5) if radius is None else radius
    weights = gaussian_weights(sigma, order, reach)
    weights = xp.flip(weights) if isinstance(weights, Node) else weights[::-1]
    if isinstance(weights, Node) and not isinstance(sigma, Node):
        weights = matched(weights._value, x)
    return correlate1d(x, weights, axis, output, mode, cval)


def gaussian_filter(
    input: Any,
    sigma: Any,
    order: Any = 0,
    output: None = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    truncate: float = 4.0,
    *,
    radius: Any = None,
    axes: Any = None,
) -> Any:
    """Smooth by a Gaussian along all axes, or some.

    Parameters
    ----------
    input : Tensor or array_like
    sigma : Tensor, float or sequence
        Width, one for all axes or one for each; tensors have a gradient.
    order : int or sequence of int
        Which derivative of the Gaussian.
    output : None
        There is no place for it.
    mode : str or sequence of str
        How the array goes on beyond its edges.
    cval : float
        What stands there in mode 'constant'.
    truncate : float
        Where the Gaussian ends, in widths.
    radius : int or sequence of int, optional
        Where it ends, in elements.
    axes : int or tuple of int, optional
        The axes to smooth.

    Returns
    -------
    Tensor
        Of the shape of `input`.
    """
    refuse_output(output)
    x = xp.shaped(input) * 1.0
    chosen = range(x.ndim) if axes is None else np.atleast_1d(axes).tolist()
    n = len(chosen)
    rows = zip(
        chosen,
        *(per_axis(v, n, s) for v, s in ((sigma, "sigma"), (order, "order"), (mode, "mode"), (radius, "radius"))),
        strict=True,
    )
    for axis, width, derivative, kind, reach in rows:
        if float(plain(width)) > 1e-15:
            x = gaussian_filter1d(x, width, axis, derivative, None, kind, cval, truncate, radius=reach)
    return x


def uniform_filter1d(
    input: Any,
    size: int,
    axis: int = -1,
    output: None = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Any:
    """Average neighbours along one axis."""
    x = xp.shaped(input)
    return correlate1d(x, matched(np.full(size, 1.0 / size), x), axis, output, mode, cval, origin)


def uniform_filter(
    input: Any,
    size: Any = 3,
    output: None = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
    *,
    axes: Any = None,
) -> Any:
    """Average the neighbours in a box."""
    refuse_output(output)
    x = xp.shaped(input) * 1.0
    chosen = range(x.ndim) if axes is None else np.atleast_1d(axes).tolist()
    n = len(chosen)
    rows = (per_axis(v, n, s) for v, s in ((size, "size"), (mode, "mode"), (origin, "origin")))
    for axis, length, kind, place in zip(chosen, *rows, strict=True):
        if length > 1:
            x = uniform_filter1d(x, int(length), axis, None, kind, cval, place)
    return x


def _edges(input: Any, axis: int, output: None, mode: Any, cval: float, smooth: list[float]) -> Any:
    refuse_output(output)
    x = xp.shaped(input)
    modes = per_axis(mode, x.ndim, "mode")
    y = correlate1d(x, matched(np.array([-1.0, 0.0, 1.0]), x), axis, None, modes[axis], cval)
    for k in range(x.ndim):
        if k != axis % x.ndim:
            y = correlate1d(y, matched(np.array(smooth), x), k, None, modes[k], cval)
    return y


def sobel(input: Any, axis: int = -1, output: None = None, mode: Any = "reflect", cval: float = 0.0) -> Any:
    """Apply Sobel's filter for edges."""
    return _edges(input, axis, output, mode, cval, [1.0, 2.0, 1.0])


def prewitt(input: Any, axis: int = -1, output: None = None, mode: Any = "reflect", cval: float = 0.0) -> Any:
    """Apply Prewitt's filter for edges."""
    return _edges(input, axis, output, mode, cval, [1.0, 1.0, 1.0])


def laplace(input: Any, output: None = None, mode: Any = "reflect", cval: float = 0.0) -> Any:
    """Add up the second differences along all axes."""
    refuse_output(output)
    x = xp.shaped(input)
    taps = matched(np.array([1.0, -2.0, 1.0]), x)
    return sum(correlate1d(x, taps, k, None, m, cval) for k, m in enumerate(per_axis(mode, x.ndim, "mode")))


def gaussian_laplace(
    input: Any, sigma: Any, output: None = None, mode: Any = "reflect", cval: float = 0.0, **options: Any
) -> Any:
    """Add up the second derivatives of the smoothed array along all axes."""
    x = xp.shaped(input)
    turns = np.eye(x.ndim, dtype=int) * 2
    return sum(gaussian_filter(x, sigma, order.tolist(), output, mode, cval, **options) for order in turns)


def gaussian_gradient_magnitude(
    input: Any, sigma: Any, output: None = None, mode: Any = "reflect", cval: float = 0.0, **options: Any
) -> Any:
    """Return the size of the gradient of the smoothed array; where it is 0, its derivative is 0."""
    x = xp.shaped(input)
    turns = np.eye(x.ndim, dtype=int)
    slopes = [gaussian_filter(x, sigma, order.tolist(), output, mode, cval, **options) for order in turns]
    return xp.vector_norm(xp.stack(slopes, axis=0), axis=0)


def neighbours(x: Any, size: Any, footprint: Any, mode: Any, cval: float, origin: Any) -> Any:
    """Stack the neighbours of each element along a new last axis.

    Raises
    ------
    RuntimeError
        If there is neither a size nor a footprint, or the footprint has another number of axes.
    """
    if footprint is None:
        if size is None:
            raise RuntimeError("no footprint or filter size provided")
        footprint = np.ones([int(n) for n in per_axis(size, x.ndim, "size")], bool)
    footprint = np.asarray(footprint, bool)
    if footprint.ndim != x.ndim or not footprint.any():
        raise RuntimeError("footprint array has incorrect shape.")
    origins = per_axis(origin, x.ndim, "origin")
    widths = [margins(n, o) for n, o in zip(footprint.shape, origins, strict=True)]
    wide = beyond(x, widths, per_axis(mode, x.ndim, "mode"), cval)
    places = (p for p in product(*map(range, footprint.shape)) if footprint[p])
    cuts = (tuple(slice(s, s + n) for s, n in zip(p, x.shape, strict=True)) for p in places)
    return xp.stack([xp.getitem(wide, Index(cut)) for cut in cuts], axis=-1)


def _ranked(x: Any, rank: int, size: Any, footprint: Any, mode: Any, cval: float, origin: Any) -> Any:
    stacked = neighbours(x, size, footprint, mode, cval, origin)
    count = stacked.shape[-1]
    rank = rank + count if rank < 0 else rank
    if not 0 <= rank < count:
        raise RuntimeError("rank not within filter footprint size")
    return xp.getitem(xp.sort(stacked, axis=-1), Index((..., rank)))


def rank_filter(
    input: Any,
    rank: int,
    size: Any = None,
    footprint: Any = None,
    output: None = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
) -> Any:
    """Choose the neighbour of a rank; its element has the whole derivative."""
    refuse_output(output)
    return _ranked(xp.shaped(input), rank, size, footprint, mode, cval, origin)


def median_filter(
    input: Any,
    size: Any = None,
    footprint: Any = None,
    output: None = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
) -> Any:
    """Choose the neighbour in the middle of the order; its element has the whole derivative."""
    return percentile_filter(input, 50, size, footprint, output, mode, cval, origin)


def percentile_filter(
    input: Any,
    percentile: float,
    size: Any = None,
    footprint: Any = None,
    output: None = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
) -> Any:
    """Choose the neighbour at a percentile of the order; its element has the whole derivative."""
    refuse_output(output)
    x = xp.shaped(input)
    if footprint is None and size is not None:
        count = prod(int(n) for n in per_axis(size, x.ndim, "size"))
    else:
        count = int(np.count_nonzero(footprint))
    percentile = percentile + 100 if percentile < 0 else percentile
    rank = count - 1 if percentile == 100 else int(count * percentile / 100.0)
    return _ranked(x, rank, size, footprint, mode, cval, origin)


def maximum_filter(
    input: Any,
    size: Any = None,
    footprint: Any = None,
    output: None = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
) -> Any:
    """Choose the largest neighbour; elements that are equal share the derivative."""
    refuse_output(output)
    return xp.max(neighbours(xp.shaped(input), size, footprint, mode, cval, origin), axis=-1)


def minimum_filter(
    input: Any,
    size: Any = None,
    footprint: Any = None,
    output: None = None,
    mode: Any = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
) -> Any:
    """Choose the smallest neighbour; elements that are equal share the derivative."""
    refuse_output(output)
    return xp.min(neighbours(xp.shaped(input), size, footprint, mode, cval, origin), axis=-1)
