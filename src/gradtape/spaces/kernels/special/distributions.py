"""Kernels of the rows in `ops/special/distributions.py`: SciPy's functions of counts, in single precision too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("bdtr", "bdtrc", "bdtri", "nbdtr", "nbdtrc", "nbdtri", "pdtri")


def in_last(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function of counts, which computes in float64 for whole ones, the precision of its last argument."""

    def run(*arrays: Any) -> Any:
        kind = np.asarray(arrays[-1]).dtype
        return np.asarray(function(*arrays)).astype(kind if kind.kind == "f" else np.float64)[()]

    return run


KERNELS: dict[str, Callable[..., Any]] = {name: in_last(getattr(special, name)) for name in NAMES}
