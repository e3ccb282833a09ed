"""Rows of the discrete Fourier transforms, and the transforms over several axes, which are made of those over one.

A transform is a symmetric matrix, so its transpose is the same transform; where `n` pads or cuts, the transpose cuts or
pads. The transforms of real data keep half of the spectrum: the bins in the middle of it stand for two, and those at
its ends (the mean, and the alternating one if the length is even) for one, whose imaginary part is ignored on the way
back.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import Index, Linear, Unsupported
from gradtape.ops.registry import composite, op

CALL = "a, n=None, axis=-1, norm=None, ~out=None"
FULL_CASES = (
    case((4,)),
    case((5,), norm="ortho"),
    case((3, 4), axis=0, norm="forward"),
    case((2, 3), n=5),
    case((2, 5), n=3, norm="ortho"),
    case((1,)),
    case((0, 3)),
)
HALF_CASES = (*FULL_CASES, case((6,), n=4), case((2,), n=1))
BACK_CASES = (
    case((3,)),
    case((3,), n=5),
    case((4, 3), axis=0, norm="forward"),
    case((2, 3), n=7, norm="ortho"),
    case((2, 5), n=4, norm="ortho"),
    case((2,), n=1),
    case((0, 3)),
)
SWAPPED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}

op(
    "fft",
    CALL,
    numpy="fft.fft",
    a=Linear(lambda xp, g, y, a, n, axis, norm: fitted(xp, xp.fft(g, axis=axis, norm=norm), axis, a.shape[axis])),
    cases=FULL_CASES,
)
op(
    "ifft",
    CALL,
    numpy="fft.ifft",
    a=Linear(lambda xp, g, y, a, n, axis, norm: fitted(xp, xp.ifft(g, axis=axis, norm=norm), axis, a.shape[axis])),
    cases=FULL_CASES,
)
op(
    "rfft",
    CALL,
    numpy="fft.rfft",
    a=Linear(
        lambda xp, g, y, a, n, axis, norm: unfolded(xp, g, a.shape[axis] if n is None else n, axis, norm, a.shape)
    ),
    cases=HALF_CASES,
)
op(
    "irfft",
    CALL,
    numpy="fft.irfft",
    a=Linear(lambda xp, g, y, a, n, axis, norm: like_input(xp, folded(xp, g, axis, norm, a.shape), a)),
    cases=BACK_CASES,
)
op(
    "weigh_middle",
    "a, factor, n, axis=-1",
    numpy=None,
    a=Linear(lambda xp, g, y, a, factor, n, axis: xp.weigh_middle(g, factor=factor, n=n, axis=axis)),
    cases=(
        case((3,), factor=2.0, n=4),
        case((3, 2), factor=0.5, n=5, axis=0),
        case((1,), factor=2.0, n=1),
        case((2,), factor=2.0, n=2),
    ),
)


def fitted(xp: Any, x: Any, axis: int, n: int) -> Any:
    """Cut an axis to a length, or pad it with zeros at its end."""
    missing, axis = n - x.shape[axis], axis % x.ndim
    if missing > 0:
        return xp.pad(x, pad_width=tuple((0, missing * (k == axis)) for k in range(x.ndim)))
    return xp.getitem(x, Index((slice(None),) * axis + (slice(0, n),))) if missing else x


def like_input(xp: Any, ct: Any, a: Any) -> Any:
    """Take the real part of a cotangent that belongs to a real input; the sweep does where the result is complex."""
    return ct if a.dtype.kind == "c" else xp.real(ct)


def unfolded(xp: Any, g: Any, n: int, axis: int, norm: str | None, shape: tuple[int, ...]) -> Any:
    """Return the transpose of keeping half of the spectrum of `n` real numbers."""
    half = xp.weigh_middle(xp.conjugate(g), factor=0.5, n=n, axis=axis)
    return fitted(xp, xp.irfft(half, n=n, axis=axis, norm=SWAPPED[norm]), axis, shape[axis])


def folded(xp: Any, g: Any, axis: int, norm: str | None, shape: tuple[int, ...]) -> Any:
    """Return the transpose of making real numbers from half of their spectrum."""
    half = xp.conjugate(xp.rfft(g, axis=axis, norm=SWAPPED[norm]))
    return fitted(xp, xp.weigh_middle(half, factor=2.0, n=g.shape[axis], axis=axis), axis, shape[axis])


def plan(shape: tuple[int, ...], s: Any, axes: Any, back: bool = False) -> list[tuple[int, int]]:
    """Return pairs of a length and an axis from NumPy's `s` and `axes`; `back`: the last one is made from half of it.

    Raises
    ------
    ValueError
        If `s` and `axes` have different lengths.
    """
    if axes is None:
        axes = range(-len(shape if s is None else s), 0)
    axes = [axes] if isinstance(axes, int) else [int(k) for k in axes]
    given = [-1] * len(axes) if s is None else [-1 if n is None else int(n) for n in ([s] if isinstance(s, int) else s)]
    if len(given) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    lengths = [shape[k] if n == -1 else n for n, k in zip(given, axes, strict=True)]
    if (back and s is None) or (back and given and given[-1] == -1):
        lengths[-1] = (shape[axes[-1]] - 1) * 2
    return list(zip(lengths, axes, strict=True))


def many(xp: Any, transform: str, a: Any, s: Any, axes: Any, norm: str | None) -> Any:
    """Transform over one axis after the other, the last one first."""
    a = xp.shaped(a)
    pairs = plan(a.shape, s, axes)
    if not pairs:
        return xp.cast(a, dtype=complex_dtype(a))
    for n, axis in reversed(pairs):
        a = getattr(xp, transform)(a, n=n, axis=axis, norm=norm)
    return a


def complex_dtype(a: Any) -> str:
    """Return the complex dtype of an array's precision."""
    return "complex64" if a.dtype.name in {"float16", "float32", "complex64"} else "complex128"


def rfftn(xp: Any, a: Any, s: Any = None, axes: Any = None, norm: str | None = None, out: Any = None) -> Any:
    """Transform real data: the last axis keeps half of its spectrum, the others are transformed after it."""
    refuse_out(out)
    a = xp.shaped(a)
    *others, (n, axis) = plan(a.shape, s, axes)
    a = xp.rfft(a, n=n, axis=axis, norm=norm)
    for n, axis in reversed(others):
        a = xp.fft(a, n=n, axis=axis, norm=norm)
    return a


def irfftn(xp: Any, a: Any, s: Any = None, axes: Any = None, norm: str | None = None, out: Any = None) -> Any:
    """Make real data from its spectrum, of which the last axis has half."""
    refuse_out(out)
    a = xp.shaped(a)
    *others, (n, axis) = plan(a.shape, s, axes, back=True)
    for m, k in others:
        a = xp.ifft(a, n=m, axis=k, norm=norm)
    return xp.irfft(a, n=n, axis=axis, norm=norm)


def fftn(xp: Any, a: Any, s: Any = None, axes: Any = None, norm: str | None = None, out: Any = None) -> Any:
    """Transform over several axes."""
    refuse_out(out)
    return many(xp, "fft", a, s, axes, norm)


def ifftn(xp: Any, a: Any, s: Any = None, axes: Any = None, norm: str | None = None, out: Any = None) -> Any:
    """Transform back over several axes."""
    refuse_out(out)
    return many(xp, "ifft", a, s, axes, norm)


def hfft(xp: Any, a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None) -> Any:
    """Transform a signal whose spectrum is real: half of it is given."""
    refuse_out(out)
    return xp.irfft(xp.conjugate(xp.shaped(a)), n=n, axis=axis, norm=SWAPPED[norm])


def ihfft(xp: Any, a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None) -> Any:
    """Make half of the signal whose spectrum is these real numbers."""
    refuse_out(out)
    return xp.conjugate(xp.rfft(xp.shaped(a), n=n, axis=axis, norm=SWAPPED[norm]))


def refuse_out(out: Any) -> None:
    """Refuse to write into an array: NumPy can, the tape cannot."""
    if out is not None:
        raise Unsupported("a Fourier transform has no place for `out` here")


def shifted(xp: Any, x: Any, axes: Any, places: Any) -> Any:
    """Roll each axis by `places(length)`."""
    x = xp.shaped(x)
    axes = tuple(range(x.ndim)) if axes is None else (axes,) if isinstance(axes, int) else tuple(axes)
    return xp.roll(x, shift=tuple(places(x.shape[k]) for k in axes), axis=axes)


def over_two(transform: Any) -> Any:
    """Make a transform over the last two axes from one over any."""
    return lambda xp, a, s=None, axes=(-2, -1), norm=None, out=None: transform(xp, a, s, axes, norm, out)


composite("fftn", fftn, numpy="fft.fftn")
composite("ifftn", ifftn, numpy="fft.ifftn")
composite("rfftn", rfftn, numpy="fft.rfftn")
composite("irfftn", irfftn, numpy="fft.irfftn")
composite("fft2", over_two(fftn), numpy="fft.fft2")
composite("ifft2", over_two(ifftn), numpy="fft.ifft2")
composite("rfft2", over_two(rfftn), numpy="fft.rfft2")
composite("irfft2", over_two(irfftn), numpy="fft.irfft2")
composite("hfft", hfft, numpy="fft.hfft")
composite("ihfft", ihfft, numpy="fft.ihfft")
composite("fftshift", lambda xp, x, axes=None: shifted(xp, x, axes, lambda n: n // 2), numpy="fft.fftshift")
composite("ifftshift", lambda xp, x, axes=None: shifted(xp, x, axes, lambda n: -(n // 2)), numpy="fft.ifftshift")
