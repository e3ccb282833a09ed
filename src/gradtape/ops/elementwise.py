"""Rows of the elementwise operations: one partial derivative per argument.

Ties follow TensorFlow: `maximum` and `minimum` give everything to the first argument, `clip` lets its edges pass.
"""

from gradtape.ops.model import (
    ABOVE_ONE,
    NONZERO,
    POSITIVE,
    REAL,
    UNIT,
    Linear,
    NoTangent,
    Partial,
    case,
)
from gradtape.ops.registry import op

# one argument
op("negative", "x", x=Partial(lambda xp, y, x: -1.0))
op("positive", "x", x=Partial(lambda xp, y, x: 1.0))
op("abs", "x", numpy="absolute", aliases=("absolute",), x=Partial(lambda xp, y, x: xp.sign(x)), domain=NONZERO)
op("fabs", "x", x=Partial(lambda xp, y, x: xp.sign(x)), domain=NONZERO)
op("sign", "x", x=Partial(lambda xp, y, x: 0.0), domain=NONZERO)
op("sqrt", "x", x=Partial(lambda xp, y, x: 0.5 / y), domain=POSITIVE)
op("rsqrt", "x", numpy=None, x=Partial(lambda xp, y, x: -0.5 * y / x), domain=POSITIVE)
op("cbrt", "x", x=Partial(lambda xp, y, x: 1.0 / (3.0 * y * y)), domain=NONZERO)
op("square", "x", x=Partial(lambda xp, y, x: 2.0 * x))
op("reciprocal", "x", x=Partial(lambda xp, y, x: -y * y), domain=NONZERO)
op("exp", "x", x=Partial(lambda xp, y, x: y))
op("exp2", "x", x=Partial(lambda xp, y, x: 0.6931471805599453 * y))
op("expm1", "x", x=Partial(lambda xp, y, x: y + 1.0))
op("log", "x", x=Partial(lambda xp, y, x: 1.0 / x), domain=POSITIVE)
op("log2", "x", x=Partial(lambda xp, y, x: 1.4426950408889634 / x), domain=POSITIVE)
op("log10", "x", x=Partial(lambda xp, y, x: 0.4342944819032518 / x), domain=POSITIVE)
op("log1p", "x", x=Partial(lambda xp, y, x: 1.0 / (x + 1.0)), domain=POSITIVE)
op("sin", "x", x=Partial(lambda xp, y, x: xp.cos(x)))
op("cos", "x", x=Partial(lambda xp, y, x: -xp.sin(x)))
op("tan", "x", x=Partial(lambda xp, y, x: 1.0 + y * y), domain=UNIT)
op("arcsin", "x", aliases=("asin",), x=Partial(lambda xp, y, x: 1.0 / xp.sqrt(1.0 - x * x)), domain=UNIT)
op("arccos", "x", aliases=("acos",), x=Partial(lambda xp, y, x: -1.0 / xp.sqrt(1.0 - x * x)), domain=UNIT)
op("arctan", "x", aliases=("atan",), x=Partial(lambda xp, y, x: 1.0 / (1.0 + x * x)))
op("sinh", "x", x=Partial(lambda xp, y, x: xp.cosh(x)))
op("cosh", "x", x=Partial(lambda xp, y, x: xp.sinh(x)))
op("tanh", "x", x=Partial(lambda xp, y, x: 1.0 - y * y))
op("arcsinh", "x", aliases=("asinh",), x=Partial(lambda xp, y, x: 1.0 / xp.sqrt(x * x + 1.0)))
op("arccosh", "x", aliases=("acosh",), x=Partial(lambda xp, y, x: 1.0 / xp.sqrt(x * x - 1.0)), domain=ABOVE_ONE)
op("arctanh", "x", aliases=("atanh",), x=Partial(lambda xp, y, x: 1.0 / (1.0 - x * x)), domain=UNIT)
op("degrees", "x", aliases=("rad2deg",), x=Partial(lambda xp, y, x: 57.29577951308232))
op("radians", "x", aliases=("deg2rad",), x=Partial(lambda xp, y, x: 0.017453292519943295))

# two arguments
op("add", "a, b", a=Partial(lambda xp, y, a, b: 1.0), b=Partial(lambda xp, y, a, b: 1.0))
op("subtract", "a, b", a=Partial(lambda xp, y, a, b: 1.0), b=Partial(lambda xp, y, a, b: -1.0))
op("multiply", "a, b", a=Partial(lambda xp, y, a, b: b), b=Partial(lambda xp, y, a, b: a))
op(
    "divide",
    "a, b",
    aliases=("true_divide",),
    a=Partial(lambda xp, y, a, b: 1.0 / b),
    b=Partial(lambda xp, y, a, b: -y / b),
    domain=(REAL, NONZERO),
)
op(
    "where",
    "condition, a, b",
    condition=NoTangent("selects by a condition, and a condition has no derivative"),
    a=Linear(lambda xp, g, y, condition, a, b: xp.where(condition, g, 0.0)),
    b=Linear(lambda xp, g, y, condition, a, b: xp.where(condition, 0.0, g)),
    elementwise=True,
    cases=(case([[True], [False]], (2, 3), (2, 3)), case([True, False, True], (2, 3), (3,))),
)
op(
    "power",
    "a, b",
    aliases=("pow",),
    a=Partial(lambda xp, y, a, b: xp.where(xp.equal(b, 0.0), 0.0, b * xp.power(a, xp.where(xp.equal(b, 0.0), 1.0, b - 1.0)))),
    b=Partial(lambda xp, y, a, b: y * xp.log(xp.where(xp.greater(a, 0.0), a, 1.0))),
    domain=(POSITIVE, REAL),
)
op(
    "remainder",
    "a, b",
    aliases=("mod",),
    a=Partial(lambda xp, y, a, b: 1.0),
    b=Partial(lambda xp, y, a, b: -xp.floor_divide(a, b)),
    domain=(REAL, NONZERO),
)
