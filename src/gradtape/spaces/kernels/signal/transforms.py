"""Kernels of the rows in `ops/signal/transforms.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from collections.abc import Callable


def _weigh_ends(x: Any, first: float, last: float, axis: int = -1) -> Any:
    weighed = np.array(x)
    moved = np.moveaxis(weighed, axis, 0)
    moved[:1] *= first
    moved[-1:] *= last
    return weighed


def _by_parts(transform: Callable[..., Any]) -> Callable[..., Any]:
    """Transform real and imaginary parts apart: SciPy does so too, but forgets `orthogonalize` on the way."""

    def compute(x: Any, **params: Any) -> Any:
        if np.iscomplexobj(x):
            return transform(x.real, **params) + 1j * transform(x.imag, **params)
        return transform(x, **params)

    return compute


def _hankel(transform: Callable[..., Any]) -> Callable[..., Any]:
    """Keep single precision, which SciPy's function widens."""
    return lambda a, **params: np.asarray(transform(a, **params), a.dtype)


KERNELS: dict[str, Callable[..., Any]] = {
    "weigh_ends": _weigh_ends,
    "dct": _by_parts(fft.dct),
    "dst": _by_parts(fft.dst),
    "hankel": _hankel(fft.fht),
    "inverse_hankel": _hankel(fft.ifht),
}
