"""Rows of `scipy.fft`: cosine, sine and Hankel transforms, and the Fourier transforms under SciPy's signatures.

A cosine or sine transform is an orthogonal matrix but for a factor, which `norm` chooses, and for the weights of its
first and last elements, which `orthogonalize` chooses: without them the transpose has them twice. The logarithmic
Hankel transform is a convolution read backwards, so its matrix is symmetric. Definitions are those of scipy.fft.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.fourier import SWAPPED, fitted, plan
from gradtape.ops.model import Linear
from gradtape.ops.registry import composite, op

CALL = "x, type=2, n=None, axis=-1, norm=None, ~overwrite_x=False, ~workers=None, orthogonalize=None"
OTHER = {1: 1, 2: 3, 3: 2, 4: 4}
CASES = tuple(
    case(shape, type=kind, **params)
    for kind in (1, 2, 3, 4)
    for shape, params in (
        ((4,), {}),
        ((5, 2), {"axis": 0, "norm": "ortho"}),
        ((2, 3), {"n": 5, "norm": "forward", "orthogonalize": True}),
        ((2, 5), {"n": 3, "norm": "ortho", "orthogonalize": False}),
        ((2,), {}),
    )
)

op(
    "dct",
    CALL,
    scipy="fft.dct",
    x=Linear(
        lambda xp, g, y, x, type, n, axis, norm, orthogonalize: fitted(
            xp, turned_cosine(xp, g, type, axis, norm, is_orthogonal(norm, orthogonalize)), axis, x.shape[axis]
        )
    ),
    cases=CASES,
)
op(
    "dst",
    CALL,
    scipy="fft.dst",
    x=Linear(
        lambda xp, g, y, x, type, n, axis, norm, orthogonalize: fitted(
            xp, turned_sine(xp, g, type, axis, norm, is_orthogonal(norm, orthogonalize)), axis, x.shape[axis]
        )
    ),
    cases=CASES,
)
op(
    "weigh_ends",
    "x, first, last, axis=-1",
    numpy=None,
    x=Linear(lambda xp, g, y, x, first, last, axis: xp.weigh_ends(g, first=first, last=last, axis=axis)),
    cases=(
        case((4,), first=2.0, last=1.0),
        case((3, 2), first=0.5, last=2.0, axis=0),
        case((0, 2), first=2.0, last=2.0),
    ),
)
HANKEL = "a, dln, mu, offset=0.0, bias=0.0"
HANKEL_CASES = (case((4,), dln=0.1, mu=0.5), case((2, 5), dln=0.2, mu=1.0, offset=0.1, bias=-0.2))
op(
    "hankel",
    HANKEL,
    numpy=None,
    a=Linear(lambda xp, g, y, a, dln, mu, offset, bias: xp.hankel(g, dln=dln, mu=mu, offset=offset, bias=bias)),
    cases=HANKEL_CASES,
)
op(
    "inverse_hankel",
    HANKEL,
    numpy=None,
    a=Linear(lambda xp, g, y, a, dln, mu, offset, bias: xp.inverse_hankel(g, dln=dln, mu=mu, offset=offset, bias=bias)),
    cases=HANKEL_CASES,
)


def is_orthogonal(norm: str | None, orthogonalize: bool | None) -> bool:
    """Return SciPy's default for `orthogonalize`: the orthogonal norm has the weights."""
    return norm == "ortho" if orthogonalize is None else orthogonalize


def turned_cosine(xp: Any, g: Any, type: int, axis: int, norm: str | None, orthogonal: bool) -> Any:
    """Return the transpose of a cosine transform."""
    if not orthogonal and type in {1, 2}:
        g = xp.weigh_ends(g, first=2.0, last=2.0 if type == 1 else 1.0, axis=axis)
    turned = xp.dct(g, type=OTHER[type], axis=axis, norm=norm, orthogonalize=orthogonal)
    if not orthogonal and type in {1, 3}:
        turned = xp.weigh_ends(turned, first=0.5, last=0.5 if type == 1 else 1.0, axis=axis)
    return turned


def turned_sine(xp: Any, g: Any, type: int, axis: int, norm: str | None, orthogonal: bool) -> Any:
    """Return the transpose of a sine transform."""
    if not orthogonal and type == 2:
        g = xp.weigh_ends(g, first=1.0, last=2.0, axis=axis)
    turned = xp.dst(g, type=OTHER[type], axis=axis, norm=norm, orthogonalize=orthogonal)
    if not orthogonal and type == 3:
        turned = xp.weigh_ends(turned, first=1.0, last=0.5, axis=axis)
    return turned


def backwards(row: str) -> Any:
    """Make the inverse of a cosine or sine transform: the other type with the other norm."""

    def inverse(
        xp: Any,
        x: Any,
        type: int = 2,
        n: int | None = None,
        axis: int = -1,
        norm: str | None = None,
        overwrite_x: bool = False,
        workers: int | None = None,
        orthogonalize: bool | None = None,
    ) -> Any:
        weights = is_orthogonal(norm, orthogonalize)
        return getattr(xp, row)(
            xp.shaped(x), type=OTHER[type], n=n, axis=axis, norm=SWAPPED[norm], orthogonalize=weights
        )

    return inverse


def over_axes(row: str) -> Any:
    """Make the transform over several axes."""

    def transform(
        xp: Any,
        x: Any,
        type: int = 2,
        s: Any = None,
        axes: Any = None,
        norm: str | None = None,
        overwrite_x: bool = False,
        workers: int | None = None,
        *,
        orthogonalize: bool | None = None,
    ) -> Any:
        x = xp.shaped(x)
        for n, axis in plan(x.shape, s, axes):
            x = getattr(xp, row)(x, type=type, n=n, axis=axis, norm=norm, orthogonalize=orthogonalize)
        return x

    return transform


composite("idct", backwards("dct"), scipy="fft.idct")
composite("idst", backwards("dst"), scipy="fft.idst")
composite("dctn", over_axes("dct"), scipy="fft.dctn")
composite("dstn", over_axes("dst"), scipy="fft.dstn")
composite("idctn", over_axes("idct"), scipy="fft.idctn")
composite("idstn", over_axes("idst"), scipy="fft.idstn")


def under_scipys_signature(row: str) -> Any:
    """Take SciPy's arguments: those about memory and threads do not change the result."""

    def transform(
        xp: Any,
        x: Any,
        n: int | None = None,
        axis: int = -1,
        norm: str | None = None,
        overwrite_x: bool = False,
        workers: int | None = None,
        *,
        plan: Any = None,
    ) -> Any:
        return getattr(xp, row)(xp.shaped(x), n=n, axis=axis, norm=norm)

    return transform


def many_under_scipys_signature(row: str, axes: tuple[int, int] | None = None) -> Any:
    """Take SciPy's arguments of a transform over several axes."""
    default = axes

    def transform(
        xp: Any,
        x: Any,
        s: Any = None,
        axes: Any = default,
        norm: str | None = None,
        overwrite_x: bool = False,
        workers: int | None = None,
        *,
        plan: Any = None,
    ) -> Any:
        return getattr(xp, row)(x, s=s, axes=axes, norm=norm)

    return transform


def hfftn(xp: Any, x: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    """Transform a signal whose spectrum is real over several axes."""
    return xp.irfftn(xp.conjugate(xp.shaped(x)), s=s, axes=axes, norm=SWAPPED[norm])


def ihfftn(xp: Any, x: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    """Make half of the signal whose spectrum is these real numbers, over several axes."""
    return xp.conjugate(xp.rfftn(x, s=s, axes=axes, norm=SWAPPED[norm]))


def in_double(row: str) -> Any:
    """Make SciPy's Hankel transform, which computes in double precision."""

    def transform(xp: Any, a: Any, dln: float, mu: float, offset: float = 0.0, bias: float = 0.0) -> Any:
        return getattr(xp, row)(xp.cast(a, dtype="float64"), dln=dln, mu=mu, offset=offset, bias=bias)

    return transform


composite("fht", in_double("hankel"), scipy="fft.fht")
composite("ifht", in_double("inverse_hankel"), scipy="fft.ifht")
composite("hfftn", hfftn, numpy=None)
composite("ihfftn", ihfftn, numpy=None)
for _row in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"):
    composite(f"scipy_{_row}", under_scipys_signature(_row), scipy=f"fft.{_row}")
    composite(f"scipy_{_row}n", many_under_scipys_signature(f"{_row}n"), scipy=f"fft.{_row}n")
    composite(f"scipy_{_row}2", many_under_scipys_signature(f"{_row}n", (-2, -1)), scipy=f"fft.{_row}2")
composite("scipy_fftshift", lambda xp, x, axes=None: xp.fftshift(x, axes), scipy="fft.fftshift")
composite("scipy_ifftshift", lambda xp, x, axes=None: xp.ifftshift(x, axes), scipy="fft.ifftshift")
