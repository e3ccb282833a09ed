"""Rows that take complex numbers apart and put them together: the angle, a number made of its two parts.

Real functions of a complex number are not holomorphic; their rules give the plain derivative that the sweep conjugates.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.model import NONZERO, General, Linear, case
from gradtape.ops.registry import op

op(
    "angle",
    "z, deg=False",
    domain=NONZERO,
    z=General(lambda xp, g, y, z, deg: turning(xp, g, z, deg)),
    cases=(case((2, 3)), case((2, 3), deg=True)),
)
op(
    "complex_of",
    "real, imag",
    numpy=None,
    elementwise=True,
    real=Linear(lambda xp, g, y, real, imag: xp.real(g)),
    imag=Linear(lambda xp, g, y, real, imag: -xp.imag(g)),
    cases=(case((2, 3), (3,)),),
)


def turning(xp: Any, g: Any, z: Any, deg: bool) -> Any:
    """Return the cotangent of an angle, the imaginary part of the logarithm; that of a real number does not turn."""
    if z.dtype.kind != "c":
        return g * 0.0
    return xp.divide_no_nan(g * (-57.29577951308232j if deg else -1j), z)
