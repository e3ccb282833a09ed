"""Rows of the convolutions in any number of dimensions, and of the resampling filter, and SciPy's functions of them.

A full convolution is transposed into a valid one with the other factor reversed, and the reverse. `axes` are convolved,
the other axes broadcast together.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.fourier import fitted
from gradtape.ops.model import Index, Multilinear, Unsupported
from gradtape.ops.registry import composite, op

op(
    "convolve_axes_full",
    "a, v, axes, method='fft'",
    numpy=None,
    a=Multilinear(
        lambda xp, g, y, a, v, axes, method: xp.unbroadcast(
            xp.convolve_axes_valid(g, xp.flip(v, axis=axes), axes=axes, method=method), a.shape
        )
    ),
    v=Multilinear(
        lambda xp, g, y, a, v, axes, method: xp.unbroadcast(
            xp.convolve_axes_valid(g, xp.flip(a, axis=axes), axes=axes, method=method), v.shape
        )
    ),
    cases=(
        case((5,), (3,), axes=(0,), method="direct"),
        case((2,), (4,), axes=(0,)),
        case((4, 3), (2, 3), axes=(0, 1), method="auto"),
        case((2, 1, 5), (4, 2), axes=(-1,)),
    ),
)
op(
    "convolve_axes_valid",
    "a, v, axes, method='fft'",
    numpy=None,
    a=Multilinear(
        lambda xp, g, y, a, v, axes, method: xp.unbroadcast(
            xp.convolve_axes_full(g, xp.flip(v, axis=axes), axes=axes, method=method), a.shape
        )
    ),
    v=Multilinear(
        lambda xp, g, y, a, v, axes, method: xp.unbroadcast(
            xp.flip(xp.convolve_axes_valid(a, xp.flip(g, axis=axes), axes=axes, method=method), axis=axes), v.shape
        )
    ),
    cases=(
        case((5,), (3,), axes=(0,), method="direct"),
        case((4,), (4,), axes=(0,)),
        case((4, 5), (2, 3), axes=(0, 1), method="auto"),
        case((2, 1, 5), (4, 2), axes=(-1,)),
    ),
)
op(
    "resampling_filter",
    "h, x, up=1, down=1, axis=-1",
    numpy=None,
    h=Multilinear(
        lambda xp, g, y, h, x, up, down, axis: xp.resampled_products(
            g, x, count=h.shape[0], up=up, down=down, axis=axis
        )
    ),
    x=Multilinear(lambda xp, g, y, h, x, up, down, axis: unresampled(xp, g, h, x.shape, up, down, axis)),
    cases=(
        case((3,), (5,)),
        case((4,), (5,), up=2, down=3),
        case((1,), (2, 4), up=3, down=2),
        case((3,), (2, 4)),
        case((5,), (4, 2), up=2, down=5, axis=0),
        case((2,), (3,), up=1, down=4),
    ),
)
op(
    "resampled_products",
    "u, x, count, up=1, down=1, axis=-1",
    numpy=None,
    u=Multilinear(
        lambda xp, g, y, u, x, count, up, down, axis: fitted(
            xp, xp.resampling_filter(g, x, up=up, down=down, axis=axis), axis, u.shape[axis]
        )
    ),
    x=Multilinear(lambda xp, g, y, u, x, count, up, down, axis: unresampled(xp, u, g, x.shape, up, down, axis)),
    cases=(
        case((5,), (5,), count=3),
        case((5,), (5,), count=4, up=2, down=3),
        case((3, 2), (4, 2), count=6, up=2, down=3, axis=0),
    ),
)


def unresampled(xp: Any, g: Any, h: Any, shape: tuple[int, ...], up: int, down: int, axis: int) -> Any:
    """Return the transpose of a resampling filter: up and down change places and the filter is reversed.

    Its first result belongs to the end of the filter, so zeros in front bring the ones that are wanted into step.
    """
    last = h.shape[0] - 1
    ahead = -last % up
    reverse = xp.pad(xp.flip(h), pad_width=((ahead, 0),))
    full = xp.resampling_filter(reverse, g, up=down, down=up, axis=axis)
    start, axis = (last + ahead) // up, axis % len(shape)
    tail = xp.getitem(full, Index((slice(None),) * axis + (slice(start, None),)))
    return fitted(xp, tail, axis, shape[axis])


def cropped(xp: Any, x: Any, shape: tuple[int, ...], later: bool = False) -> Any:
    """Cut the middle out; `later` decides where it is if as many elements cannot be cut off at both ends."""
    starts = [(n - wanted + later) // 2 for n, wanted in zip(x.shape, shape, strict=True)]
    return xp.getitem(x, Index(tuple(slice(s, s + n) for s, n in zip(starts, shape, strict=True))))


def all_axes(axes: Any, ndim: int) -> tuple[int, ...]:
    """Return the axes that are convolved, none negative."""
    return tuple(range(ndim)) if axes is None else tuple(k % ndim for k in ([axes] if isinstance(axes, int) else axes))


def convolve_by(xp: Any, a: Any, v: Any, mode: str, method: str, axes: Any = None) -> Any:
    """Convolve in one of SciPy's modes.

    Raises
    ------
    ValueError
        If the mode or the method is unknown, the arrays have different numbers of axes, or neither contains the other.
    """
    a, v = xp.shaped(a), xp.shaped(v)
    if a.ndim != v.ndim:
        raise ValueError(f"the arrays have {a.ndim} and {v.ndim} axes, and both want the same number")
    if mode not in {"full", "same", "valid"}:
        raise ValueError(f"mode is 'full', 'same' or 'valid', not {mode!r}")
    if method not in {"auto", "direct", "fft"}:
        raise ValueError(f"method is 'auto', 'direct' or 'fft', not {method!r}")
    if a.ndim == 0:
        return a * v
    axes = all_axes(axes, a.ndim)
    if mode == "valid":
        if any(a.shape[k] < v.shape[k] for k in axes):
            a, v = v, a
        if any(a.shape[k] < v.shape[k] for k in axes):
            raise ValueError(f"mode 'valid': one array must be at least as long in every axis: {a.shape}, {v.shape}")
        return xp.convolve_axes_valid(a, v, axes=axes, method=method)
    whole = xp.convolve_axes_full(a, v, axes=axes, method=method)
    return cropped(xp, whole, a.shape) if mode == "same" else whole


def turned_round(xp: Any, v: Any, axes: Any = None) -> Any:
    """Reverse and conjugate: what makes a correlation of a convolution."""
    v = xp.shaped(v)
    return xp.conjugate(xp.flip(v, axis=all_axes(axes, v.ndim)))


def convolve(xp: Any, in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """Convolve two arrays over all axes."""
    return convolve_by(xp, in1, in2, mode, method)


def correlate(xp: Any, in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """Correlate two arrays over all axes."""
    return convolve_by(xp, in1, turned_round(xp, in2), mode, method)


def fftconvolve(xp: Any, in1: Any, in2: Any, mode: str = "full", axes: Any = None) -> Any:
    """Convolve through the Fourier transform; `oaconvolve` is the same function, computed in blocks."""
    return convolve_by(xp, in1, in2, mode, "fft", axes)


def bounded(xp: Any, in1: Any, in2: Any, mode: str, boundary: str, fillvalue: Any, later: bool = False) -> Any:
    """Convolve two matrices, the first one continued beyond its edges."""
    a, v = xp.shaped(in1), xp.shaped(in2)
    if a.ndim != 2 or v.ndim != 2:
        raise ValueError("convolve2d inputs must both be 2-D arrays")
    if boundary not in {"fill", "pad", "wrap", "circular", "symm", "symmetric"}:
        raise ValueError(f"boundary is 'fill', 'wrap' or 'symm', not {boundary!r}")
    if mode not in {"full", "same"}:
        return convolve_by(xp, a, v, mode, "direct")
    if boundary in {"fill", "pad"} and not isinstance(fillvalue, int | float):
        raise Unsupported("convolve2d wants a number as `fillvalue` here")
    kind = "constant" if boundary in {"fill", "pad"} else "wrap" if boundary in {"wrap", "circular"} else "symmetric"
    options = {"constant_values": fillvalue} if kind == "constant" else {}
    wide = xp.pad_call(a, [(n - 1, n - 1) for n in v.shape], mode=kind, **options)
    whole = xp.convolve_axes_valid(wide, v, axes=(0, 1), method="direct")
    return cropped(xp, whole, a.shape, later) if mode == "same" else whole


def convolve2d(xp: Any, in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0) -> Any:
    """Convolve two matrices."""
    return bounded(xp, in1, in2, mode, boundary, fillvalue)


def correlate2d(xp: Any, in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0) -> Any:
    """Correlate two matrices."""
    return bounded(xp, in1, turned_round(xp, in2), mode, boundary, fillvalue, later=True)


def upfirdn(
    xp: Any, h: Any, x: Any, up: int = 1, down: int = 1, axis: int = -1, mode: str = "constant", cval: float = 0
) -> Any:
    """Insert zeros, filter and keep every `down`-th sample."""
    if mode not in {None, "constant"} or cval != 0:
        raise Unsupported("upfirdn continues the signal with zeros here (mode='constant', cval=0)")
    return xp.resampling_filter(xp.shaped(h), xp.shaped(x), up=int(up), down=int(down), axis=axis)


composite("scipy_convolve", convolve, scipy="signal.convolve")
composite("scipy_correlate", correlate, scipy="signal.correlate")
composite("fftconvolve", fftconvolve, scipy="signal.fftconvolve")
composite("oaconvolve", fftconvolve, scipy="signal.oaconvolve")
composite("convolve2d", convolve2d, scipy="signal.convolve2d")
composite("correlate2d", correlate2d, scipy="signal.correlate2d")
composite("upfirdn", upfirdn, scipy="signal.upfirdn")
