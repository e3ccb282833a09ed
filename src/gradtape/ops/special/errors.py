"""Rows of the error function and its relatives.

Derivatives from DLMF 7.2.1 and 7.2.2 (https://dlmf.nist.gov/7.2).
"""

from __future__ import annotations

from gradtape.ops.model import Partial
from gradtape.ops.registry import op

TWO_OVER_ROOT_PI = 1.1283791670955126

op("erf", "x", scipy="special.erf", x=Partial(lambda xp, y, x: TWO_OVER_ROOT_PI * xp.exp(-x * x)))
op("erfc", "x", scipy="special.erfc", x=Partial(lambda xp, y, x: -TWO_OVER_ROOT_PI * xp.exp(-x * x)))
