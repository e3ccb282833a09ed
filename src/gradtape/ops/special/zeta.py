"""Rows of the zeta functions of Riemann and Hurwitz, in both arguments (DLMF 25)."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import Domain
from gradtape.ops.model import Partial
from gradtape.ops.registry import composite, op
from gradtape.ops.special.families import slopes

ABOVE_ONE = Domain(1.3, 5.0)

op(
    "zeta",
    "x, q",
    numpy=None,
    x=Partial(lambda xp, y, x, q: xp.zeta_slope(x, q)),
    q=Partial(lambda xp, y, x, q: -x * xp.zeta(x + 1.0, q)),
    domain=(ABOVE_ONE, Domain(0.4, 3.0)),
)
slopes("zeta_slope", "x, q", domain=(ABOVE_ONE, Domain(0.4, 3.0)))
op("riemann_zeta", "x", numpy=None, x=Partial(lambda xp, y, x: xp.riemann_slope(x)), domain=ABOVE_ONE)
op("riemann_slope", "x, n=1", numpy=None, x=Partial(lambda xp, y, x, n: xp.riemann_slope(x, n=n + 1)), domain=ABOVE_ONE)
op("zetac", "x", scipy="special.zetac", x=Partial(lambda xp, y, x: xp.riemann_slope(x)), domain=ABOVE_ONE)


def zeta(xp: Any, x: Any, q: Any = None) -> Any:
    """Return Hurwitz's zeta function, or Riemann's without `q`."""
    return xp.riemann_zeta(x) if q is None else xp.zeta(x, q)


composite("zeta_call", zeta, scipy="special.zeta")
