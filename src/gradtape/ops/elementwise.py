"""Rows of the elementwise operations: one partial derivative per argument.

Where a derivative does not exist but a subgradient does, the rule gives one: `abs` and `hypot` have 0 at the origin,
`x**0` has 0 everywhere, and the exponent's derivative is 0 where the base is not positive.
"""

from __future__ import annotations

from math import log
from typing import Any

from gradtape.ops.domains import ABOVE_ONE, AWAY_FROM_INTEGERS, NONZERO, POSITIVE, REAL, UNIT, case
from gradtape.ops.model import General, Linear, NoTangent, Partial
from gradtape.ops.registry import composite, op

# one argument
op("negative", "x", x=Partial(lambda xp, y, x: -1.0))
op("positive", "x", x=Partial(lambda xp, y, x: 1.0))
op(
    "abs",
    "x",
    numpy="absolute",
    aliases=("absolute",),
    x=Partial(lambda xp, y, x: xp.conjugate(xp.sign(x))),
    domain=NONZERO,
)
op("fabs", "x", x=Partial(lambda xp, y, x: xp.sign(x)), domain=NONZERO)
op("sign", "x", elementwise=True, x=General(lambda xp, g, y, x: turned(xp, g, y, x)), domain=NONZERO)
# adding 0.0 makes the root of -0.0 a plain zero, whose slope is +inf
op("sqrt", "x", x=Partial(lambda xp, y, x: 0.5 / (y + 0.0)), domain=POSITIVE)
op("rsqrt", "x", numpy=None, x=Partial(lambda xp, y, x: -0.5 * y / x), domain=POSITIVE)
op("cbrt", "x", numpy="cbrt", scipy="special.cbrt", x=Partial(lambda xp, y, x: 1.0 / (3.0 * y * y)), domain=NONZERO)
op("square", "x", x=Partial(lambda xp, y, x: 2.0 * x))
op("reciprocal", "x", x=Partial(lambda xp, y, x: -y * y), domain=NONZERO)
op("exp", "x", x=Partial(lambda xp, y, x: y))
op("exp2", "x", numpy="exp2", scipy="special.exp2", x=Partial(lambda xp, y, x: 0.6931471805599453 * y))
op("expm1", "x", numpy="expm1", scipy="special.expm1", x=Partial(lambda xp, y, x: y + 1.0))
op("log", "x", x=Partial(lambda xp, y, x: 1.0 / x), domain=POSITIVE)
op("log2", "x", x=Partial(lambda xp, y, x: 1.4426950408889634 / x), domain=POSITIVE)
op("log10", "x", x=Partial(lambda xp, y, x: 0.4342944819032518 / x), domain=POSITIVE)
op("log1p", "x", numpy="log1p", scipy="special.log1p", x=Partial(lambda xp, y, x: 1.0 / (x + 1.0)), domain=POSITIVE)
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
op("degrees", "x", x=Partial(lambda xp, y, x: 57.29577951308232))
op("rad2deg", "x", x=Partial(lambda xp, y, x: 57.29577951308232))
op("radians", "x", x=Partial(lambda xp, y, x: 0.017453292519943295))
op("deg2rad", "x", x=Partial(lambda xp, y, x: 0.017453292519943295))
op("sinc", "x", numpy="sinc", scipy="special.sinc", x=Partial(lambda xp, y, x: sinc_slope(xp, y, x)), domain=NONZERO)
op(
    "nan_to_num",
    "x, copy=True, nan=0.0, posinf=None, neginf=None",
    x=Partial(lambda xp, y, x, copy, nan, posinf, neginf: xp.isfinite(x)),
)
op(
    "conjugate",
    "x",
    aliases=("conj",),
    methods=("conjugate", "conj"),
    elementwise=True,
    x=Linear(lambda xp, g, y, x: xp.conjugate(g)),
)
op("real", "val", elementwise=True, val=Linear(lambda xp, g, y, val: xp.cast(g, dtype=val.dtype)))
op("imag", "val", elementwise=True, val=Linear(lambda xp, g, y, val: imaginary_part(xp, g, val.dtype)))

# two arguments
op("add", "a, b", a=Partial(lambda xp, y, a, b: 1.0), b=Partial(lambda xp, y, a, b: 1.0))
op("subtract", "a, b", a=Partial(lambda xp, y, a, b: 1.0), b=Partial(lambda xp, y, a, b: -1.0))
op("multiply", "a, b", a=Partial(lambda xp, y, a, b: b), b=Partial(lambda xp, y, a, b: a))
op(
    "divide",
    "a, b",
    aliases=("true_divide",),
    domain=(REAL, NONZERO),
    a=Partial(lambda xp, y, a, b: 1.0 / b),
    b=Partial(lambda xp, y, a, b: -y / b),
)
op(
    "divide_no_nan",
    "a, b",
    numpy=None,
    domain=(REAL, NONZERO),
    a=Partial(lambda xp, y, a, b: xp.divide_no_nan(1.0, b)),
    b=Partial(lambda xp, y, a, b: xp.divide_no_nan(-y, b)),
)
op(
    "multiply_no_nan",
    "a, b",
    numpy=None,
    domain=(REAL, NONZERO),
    a=Partial(lambda xp, y, a, b: b),
    b=Partial(lambda xp, y, a, b: a),
)
op(
    "power",
    "a, b",
    aliases=("pow",),
    domain=(POSITIVE, REAL),
    a=Partial(lambda xp, y, a, b: slope_in_base(xp, a, b)),
    b=Partial(lambda xp, y, a, b: slope_in_exponent(xp, y, a)),
    cases=(
        case((2, 3), 0.0),
        case((2, 3), 1.0),
        case((2, 3), 2),
        case((2, 3), 3),
        case(0.3, (2, 3)),
        case(1.5, (2, 3)),
    ),
)
op(
    "float_power",
    "a, b",
    domain=(POSITIVE, REAL),
    a=Partial(lambda xp, y, a, b: slope_in_base(xp, a, b)),
    b=Partial(lambda xp, y, a, b: slope_in_exponent(xp, y, a)),
)
op(
    "remainder",
    "a, b",
    aliases=("mod",),
    domain=(REAL, POSITIVE),
    a=Partial(lambda xp, y, a, b: 1.0),
    b=Partial(lambda xp, y, a, b: -xp.floor_divide(a, b)),
)
op(
    "fmod",
    "a, b",
    domain=(REAL, POSITIVE),
    a=Partial(lambda xp, y, a, b: 1.0),
    b=Partial(lambda xp, y, a, b: -xp.trunc(a / b)),
)
op(
    "arctan2",
    "a, b",
    aliases=("atan2",),
    domain=(NONZERO, NONZERO),
    a=Partial(lambda xp, y, a, b: xp.divide_no_nan(b, a * a + b * b)),
    b=Partial(lambda xp, y, a, b: xp.divide_no_nan(-a, a * a + b * b)),
)
op(
    "hypot",
    "a, b",
    domain=(NONZERO, NONZERO),
    a=Partial(lambda xp, y, a, b: xp.divide_no_nan(a, y)),
    b=Partial(lambda xp, y, a, b: xp.divide_no_nan(b, y)),
)
op(
    "logaddexp",
    "a, b",
    a=Partial(lambda xp, y, a, b: squashed(xp, xp.exp, gap(xp, a, b))),
    b=Partial(lambda xp, y, a, b: squashed(xp, xp.exp, gap(xp, b, a))),
)
op(
    "logaddexp2",
    "a, b",
    a=Partial(lambda xp, y, a, b: squashed(xp, xp.exp2, gap(xp, a, b))),
    b=Partial(lambda xp, y, a, b: squashed(xp, xp.exp2, gap(xp, b, a))),
)
op(
    "copysign",
    "a, b",
    domain=(NONZERO, NONZERO),
    a=Partial(lambda xp, y, a, b: xp.copysign(1.0, b) * xp.sign(a)),
    b=Partial(lambda xp, y, a, b: 0.0),
)
op(
    "ldexp",
    "a, b",
    a=Partial(lambda xp, y, a, b: xp.ldexp(xp.ones_like(a), b)),
    b=NoTangent("takes whole numbers as exponents"),
    cases=(case((2, 3), [1, 2, -3]),),
)
op(
    "modf",
    "x",
    parts=2,
    x=General(lambda xp, g, y, x: xp.zeros_like(x) if g[0] is None else g[0]),
    domain=AWAY_FROM_INTEGERS,
    cases=(case((2, 3)), case(())),
)
op(
    "frexp",
    "x",
    parts=2,
    x=General(lambda xp, g, y, x: xp.ldexp(g[0], -y[1])),
    domain=NONZERO,
    cases=(case((2, 3)), case(())),
)
op(
    "where",
    "condition, a, b",
    elementwise=True,
    condition=NoTangent("selects by a condition, and a condition has no derivative"),
    a=Linear(lambda xp, g, y, condition, a, b: xp.where(condition, g, 0.0)),
    b=Linear(lambda xp, g, y, condition, a, b: xp.where(condition, 0.0, g)),
    cases=(case([[True], [False]], (2, 3), (2, 3)), case([True, False, True], (2, 3), (3,))),
)


def is_number(value: Any) -> bool:
    """Whether an argument is a Python number: its products keep the other operand's dtype, those of arrays may not."""
    return not hasattr(value, "dtype")


def slope_in_base(xp: Any, a: Any, b: Any) -> Any:
    """Return the derivative of `a**b` in `a`; 0 where `b` is 0, also at `a` = 0."""
    if is_number(b):
        return 0.0 if b == 0 else 1.0 if b == 1 else 2.0 * a if b == 2 else b * xp.power(a, b - 1.0)
    flat = xp.logical_and(xp.equal(a, 0.0), xp.equal(b, 0.0))
    return b * xp.power(a, xp.where(flat, 1.0, b - 1.0))


def slope_in_exponent(xp: Any, y: Any, a: Any) -> Any:
    """Return the derivative of `a**b` in `b`; 0 where `a` is not positive, as nothing else is real there."""
    if is_number(a) and not isinstance(a, complex):
        return y * log(a) if a > 0 else 0.0 * y
    if y.dtype.kind == "c":
        return y * xp.log(xp.where(xp.equal(a, 0.0), 1.0, a))
    return y * xp.log(xp.where(xp.less_equal(a, 0.0), 1.0, a))


def gap(xp: Any, a: Any, b: Any) -> Any:
    """Return `b - a`, and 0 between two equal infinities."""
    return xp.where(xp.logical_and(xp.isinf(a), xp.equal(a, b)), 0.0, b - a)


def squashed(xp: Any, exp: Any, x: Any) -> Any:
    """Return `1 / (1 + exp(x))` from exponentials of negative numbers: none is so large that its slope is lost."""
    above = xp.greater(x, 0.0)
    part = exp(xp.where(above, -x, x))
    return xp.where(above, part, 1.0) / (1.0 + part)


def turned(xp: Any, g: Any, y: Any, x: Any) -> Any:
    """Return the cotangent of a sign: 0 for real numbers; the sign `x / |x|` of a complex one turns with it."""
    if x.dtype.kind != "c":
        return g * 0.0
    return xp.divide_no_nan(g - xp.conjugate(y) * xp.real(g * y), xp.abs(x))


def imaginary_part(xp: Any, g: Any, dtype: Any) -> Any:
    """Return the transpose of taking the imaginary part: of a real number it is the constant 0."""
    return xp.cast(g, dtype=dtype) * -1j if dtype.kind == "c" else g * 0.0


def sinc_slope(xp: Any, y: Any, x: Any) -> Any:
    """Return the derivative of `sin(pi x) / (pi x)`: `(cos(pi x) - y) / x`, and 0 at 0."""
    return xp.divide_no_nan(xp.cos(3.141592653589793 * x) - y, x)


composite("divmod", lambda xp, a, b: (xp.floor_divide(a, b), xp.remainder(a, b)))
composite("squared_difference", lambda xp, a, b: xp.square(a - b), numpy=None)
