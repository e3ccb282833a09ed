"""Rows of the step functions: constant between their steps, so nothing can flow back through them."""

from __future__ import annotations

from gradtape.ops.domains import AWAY_FROM_INTEGERS, NONZERO, REAL, case
from gradtape.ops.model import Zero
from gradtape.ops.registry import op

STEPS = Zero("is constant between integers, so its derivative is zero wherever it exists")
QUOTIENT = Zero(
    "is constant while the quotient stays between two integers, so its derivative is zero wherever it exists"
)
DECIMALS = Zero("is constant between its steps, so its derivative is zero wherever it exists")

op("floor", "x", x=STEPS, domain=AWAY_FROM_INTEGERS, elementwise=True)
op("ceil", "x", x=STEPS, domain=AWAY_FROM_INTEGERS, elementwise=True)
op("rint", "x", x=Zero(STEPS.reason.replace("integers", "half-integers")), domain=AWAY_FROM_INTEGERS, elementwise=True)
op("trunc", "x", x=STEPS, domain=AWAY_FROM_INTEGERS, elementwise=True)
op("fix", "x", x=STEPS, domain=AWAY_FROM_INTEGERS, elementwise=True)
op(
    "round",
    "a, decimals=0, ~out=None",
    methods=("round",),
    domain=AWAY_FROM_INTEGERS,
    elementwise=True,
    a=DECIMALS,
    cases=(case((2, 3)), case((2, 3), decimals=1)),
)
op("around", "a, decimals=0, ~out=None", domain=AWAY_FROM_INTEGERS, elementwise=True, a=DECIMALS, cases=(case((2, 3)),))
op("floor_divide", "a, b", a=QUOTIENT, b=QUOTIENT, domain=(REAL, NONZERO), elementwise=True)
