"""Special functions: `tf.math.special`, and those that have their names in `tf.math`. They need SciPy.

All arguments have derivatives, also where TensorFlow has none: `betainc` in `a` and `b`, `zeta` in `x`.
"""

from __future__ import annotations

from typing import Any

from gradtape.tf.calls import elementwise, row, tensor

betainc = elementwise("betainc", "a", "b", "x")
digamma = elementwise("digamma", "x")
erf = elementwise("erf", "x")
erfc = elementwise("erfc", "x")
erfcinv = elementwise("erfcinv", "x")
erfinv = elementwise("erfinv", "x")
igamma = elementwise("gammainc", "a", "x")
igammac = elementwise("gammaincc", "a", "x")
lgamma = elementwise("gammaln", "x")
ndtri = elementwise("ndtri", "x")
polygamma = elementwise("polygamma", "a", "x")
zeta = elementwise("zeta", "x", "q")

bessel_i0 = elementwise("i0", "x")
bessel_i0e = elementwise("i0e", "x")
bessel_i1 = elementwise("i1", "x")
bessel_i1e = elementwise("i1e", "x")
bessel_j0 = elementwise("j0", "x")
bessel_j1 = elementwise("j1", "x")
bessel_k0 = elementwise("k0", "x")
bessel_k0e = elementwise("k0e", "x")
bessel_k1 = elementwise("k1", "x")
bessel_k1e = elementwise("k1e", "x")
bessel_y0 = elementwise("y0", "x")
bessel_y1 = elementwise("y1", "x")
dawsn = elementwise("dawsn", "x")
expint = elementwise("expi", "x")
spence = elementwise("spence", "x")


def lbeta(x: Any, name: str | None = None) -> Any:
    """Return the logarithm of the multivariate beta function of the last axis."""
    return row("lbeta")(tensor(x))


def fresnel_cos(x: Any, name: str | None = None) -> Any:
    """Return Fresnel's cosine integral."""
    return row("fresnel")(tensor(x))[1]


def fresnel_sin(x: Any, name: str | None = None) -> Any:
    """Return Fresnel's sine integral."""
    return row("fresnel")(tensor(x))[0]
