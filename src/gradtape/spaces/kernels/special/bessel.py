"""Kernels of the rows in `ops/special/bessel.py`: derivatives in the order, by differences of SciPy's own values.

In `z` the derivatives are exact combinations of neighbouring orders (DLMF 10.6.7, 10.29.5). Measured by the size of the
function, the error against fifty digits (`tests/ops/test_special_accuracy.py`) is near 1e-12 for the first derivative
in the order and 1e-10 for the second.
"""

from __future__ import annotations

from math import comb, pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from gradtape.spaces.kernels.special.precision import in_double_or_complex, in_last
from gradtape.spaces.kernels.special.stencils import partial

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNS = {"jv": (1.0, -1.0), "yv": (1.0, -1.0), "iv": (1.0, 1.0), "kv": (-1.0, -1.0), "hankel1": (1.0, -1.0)}
SIGNS["hankel2"] = SIGNS["hankel1"]
"""How the derivative in `z` is made of half the orders below and above."""


def reach(name: str, v: Any, z: Any) -> Any:
    """Return how far the order may move: by it the logarithm of the size grows with asinh(v / z), the phase with pi."""
    return 1.0 / ((0.4 if name == "kv" else np.pi) + np.arcsinh((np.abs(v) + 1.0) / np.abs(z)))


def by_order(name: str) -> Callable[..., Any]:
    """Make the kernel of all derivatives of a Bessel function in its order and in `z`."""
    function = getattr(special, name)
    below, above = SIGNS[name]

    def run(v: Any, z: Any, i: int = 1, j: int = 0) -> Any:
        v, z = np.broadcast_arrays(v, z)

        def in_z(v: Any, z: Any) -> Any:
            terms = (comb(j, k) * below ** (j - k) * above**k * function(v - j + 2 * k, z) for k in range(j + 1))
            return sum(terms) / 2.0**j

        return partial(in_z, (v, z), (i, 0), (reach(name, v, z), None))

    run.__name__ = f"{name}_slope"
    return in_double_or_complex(run)


def scaled(name: str) -> Callable[..., Any]:
    """Make the kernel of the derivatives of `iv(v, z) exp(-z)` or `kv(v, z) exp(z)` in the order and in `z`."""
    function = getattr(special, f"{name}e")
    below, above = SIGNS[name]
    grows = -1.0 if name == "iv" else 1.0

    def near(v: Any, z: Any, j: int) -> Any:
        """Return the derivative of the product as neighbouring orders, which nearly cancel where `z` is large."""
        pairs = ((k, m) for k in range(j + 1) for m in range(k + 1))
        factors = {(k, m): comb(j, k) * grows ** (j - k) * comb(k, m) * 0.5**k for k, m in pairs}
        return sum(f * below ** (k - m) * above**m * function(v - k + 2 * m, z) for (k, m), f in factors.items())

    def in_z(v: Any, z: Any, j: int) -> Any:
        large = (z > 30.0 + v * v) & (j > 0)
        if not large.any():
            return near(v, z, j)
        return np.where(large, far(np.where(large, v, 0.0), np.where(large, z, 50.0), j), near(v, z, j))

    def far(v: Any, z: Any, j: int) -> Any:
        """Differentiate the asymptotic series (DLMF 10.40.1, 10.40.2) term by term."""
        term = np.full(np.shape(z), sqrt(0.5 / pi if name == "iv" else 0.5 * pi)) / np.sqrt(z)
        total = np.zeros(np.shape(z))
        for k in range(30):
            falling = np.prod([-0.5 - k - m for m in range(j)])
            total = total + term * falling / z**j
            term = term * grows * (4.0 * v * v - (2.0 * k + 1.0) ** 2) / (8.0 * (k + 1.0) * z)
        return total

    def run(v: Any, z: Any, i: int = 1, j: int = 0) -> Any:
        v, z = np.broadcast_arrays(v, z)
        if np.iscomplexobj(z) and j:
            if name == "iv":
                raise TypeError("ive is not holomorphic: of complex numbers only derivatives in the order are here")
            return partial(lambda v, z: near(v, z, j), (v, z), (i, 0), (reach(name, v, z), None))
        scale = reach(name, v, z)
        if j == 0:
            return partial(function, (v, z), (i, 0), (scale, None))
        turned = np.where(z < 0, np.where(v % 2 == 1, -1.0, 1.0) * (-1.0) ** j, 1.0)  # whole orders are even or odd
        place = np.where((z < 0) & (v == np.round(v)), -z, z)
        return turned * partial(lambda v, z: in_z(v, z, j), (v, place), (i, 0), (scale, None))

    run.__name__ = f"{name}e_slope"
    return in_double_or_complex(run)


KERNELS: dict[str, Callable[..., Any]] = {
    **{f"{name}_slope": by_order(name) for name in SIGNS},
    "ive_slope": scaled("iv"),
    "kve_slope": scaled("kv"),
    "yn": in_last(special.yn),
    "kn": in_last(special.kn),
    **{f"spherical_{kind}": in_last(getattr(special, f"spherical_{kind}")) for kind in ("jn", "yn", "in", "kn")},
}
