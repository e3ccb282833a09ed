"""The row that makes complex numbers of their two parts."""

from __future__ import annotations

from gradtape.ops.domains import case
from gradtape.ops.model import Linear
from gradtape.ops.registry import op

# of what flows to a real number the sweep takes the real part
op(
    "complex_of",
    "real, imag",
    numpy=None,
    elementwise=True,
    real=Linear(lambda xp, g, y, real, imag: g),
    imag=Linear(lambda xp, g, y, real, imag: -xp.imag(g)),
    cases=(case((2, 3), (3,)),),
)
