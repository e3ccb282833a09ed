"""Kernels of the rows in `ops/special/distributions.py`: SciPy's functions of counts, in single precision too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scipy import special

from gradtape.spaces.kernels.special.precision import in_last

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("bdtr", "bdtrc", "bdtri", "nbdtr", "nbdtrc", "nbdtri", "pdtri")


KERNELS: dict[str, Callable[..., Any]] = {name: in_last(getattr(special, name)) for name in NAMES}
