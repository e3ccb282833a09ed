"""Rows of the operations without a derivative to speak of: rounding, comparisons, predicates, positions."""

from gradtape.ops.model import AWAY_FROM_INTEGERS, NONZERO, REAL, NoTangent, Zero, case
from gradtape.ops.registry import op

STEPS = Zero("is constant between integers, so its derivative is zero wherever it exists")
QUOTIENT = Zero("is constant while the quotient stays between two integers, so its derivative is zero wherever it exists")
TRUTH = NoTangent("answers True or False, and an answer has no derivative")

op("floor", "x", x=STEPS, domain=AWAY_FROM_INTEGERS, elementwise=True)
op("ceil", "x", x=STEPS, domain=AWAY_FROM_INTEGERS, elementwise=True)
op("rint", "x", x=STEPS, domain=AWAY_FROM_INTEGERS, elementwise=True)
op("trunc", "x", x=STEPS, domain=AWAY_FROM_INTEGERS, elementwise=True)
op("fix", "x", x=STEPS, domain=AWAY_FROM_INTEGERS, elementwise=True)
op(
    "round",
    "a, decimals=0, ~out=None",
    aliases=("around",),
    methods=("round",),
    a=Zero("is constant between its steps, so its derivative is zero wherever it exists"),
    domain=AWAY_FROM_INTEGERS,
    elementwise=True,
    cases=(case((2, 3)), case((2, 3), decimals=1)),
)
op("floor_divide", "a, b", a=QUOTIENT, b=QUOTIENT, domain=(REAL, NONZERO), elementwise=True)

for _name in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or", "logical_xor"):
    op(_name, "a, b", a=TRUTH, b=TRUTH, elementwise=True)
for _name in ("logical_not", "isfinite", "isinf", "isnan", "signbit"):
    op(_name, "x", x=TRUTH, elementwise=True)
