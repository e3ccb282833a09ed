"""Elementwise functions and reductions: `tf.math`, and the short names of the most common of them."""

from __future__ import annotations

from functools import reduce
from importlib import import_module
from typing import Any

import numpy as np

from gradtape.tf import special  # noqa: F401  (a name of this module in TensorFlow)
from gradtape.tf.arrays import top_k  # noqa: F401  (likewise)
from gradtape.tf.calls import (
    elementwise,
    extreme,
    of_dtype,
    operands,
    reduction,
    refuse,
    refused,
    row,
    static,
    tensor,
)
from gradtape.tf.ranking import approx_max_k, approx_min_k, in_top_k, sobol_sample  # noqa: F401  (likewise)
from gradtape.tf.segments import (  # noqa: F401  (likewise)
    segment_max,
    segment_mean,
    segment_min,
    segment_prod,
    segment_sum,
    unsorted_segment_max,
    unsorted_segment_mean,
    unsorted_segment_min,
    unsorted_segment_prod,
    unsorted_segment_sqrt_n,
    unsorted_segment_sum,
)
from gradtape.tf.special import (  # noqa: F401  (likewise)
    bessel_i0,
    bessel_i0e,
    bessel_i1,
    bessel_i1e,
    betainc,
    digamma,
    erf,
    erfc,
    erfcinv,
    erfinv,
    igamma,
    igammac,
    lbeta,
    lgamma,
    ndtri,
    polygamma,
    zeta,
)

abs = elementwise("abs", "x")
acos = elementwise("arccos", "x")
acosh = elementwise("arccosh", "x")
add = elementwise("add", "x", "y")
asin = elementwise("arcsin", "x")
asinh = elementwise("arcsinh", "x")
atan = elementwise("arctan", "x")
atan2 = elementwise("arctan2", "y", "x")
atanh = elementwise("arctanh", "x")
ceil = elementwise("ceil", "x")
conj = elementwise("conjugate", "x")
cos = elementwise("cos", "x")
cosh = elementwise("cosh", "x")
divide = elementwise("divide", "x", "y")
divide_no_nan = elementwise("divide_no_nan", "x", "y")
equal = elementwise("equal", "x", "y")
exp = elementwise("exp", "x")
expm1 = elementwise("expm1", "x")
floor = elementwise("floor", "x")
floordiv = elementwise("floor_divide", "x", "y")
floormod = mod = elementwise("remainder", "x", "y")
greater = elementwise("greater", "x", "y")
greater_equal = elementwise("greater_equal", "x", "y")
is_finite = elementwise("isfinite", "x")
is_inf = elementwise("isinf", "x")
is_nan = elementwise("isnan", "x")
less = elementwise("less", "x", "y")
less_equal = elementwise("less_equal", "x", "y")
log = elementwise("log", "x")
log1p = elementwise("log1p", "x")
logical_and = elementwise("logical_and", "x", "y")
logical_not = elementwise("logical_not", "x")
logical_or = elementwise("logical_or", "x", "y")
logical_xor = elementwise("logical_xor", "x", "y")
maximum = elementwise("maximum", "x", "y")
minimum = elementwise("minimum", "x", "y")
multiply = elementwise("multiply", "x", "y")
multiply_no_nan = elementwise("multiply_no_nan", "x", "y")
negative = elementwise("negative", "x")
not_equal = elementwise("not_equal", "x", "y")
pow = elementwise("power", "x", "y")
real = elementwise("real", "input")
reciprocal = elementwise("reciprocal", "x")
rint = elementwise("rint", "x")
round = elementwise("round", "x")
rsqrt = elementwise("rsqrt", "x")
sign = elementwise("sign", "x")
sin = elementwise("sin", "x")
sinh = elementwise("sinh", "x")
sqrt = elementwise("sqrt", "x")
square = elementwise("square", "x")
squared_difference = elementwise("squared_difference", "x", "y")
subtract = elementwise("subtract", "x", "y")
tan = elementwise("tan", "x")
tanh = elementwise("tanh", "x")
truediv = elementwise("divide", "x", "y")
realdiv = truediv
truncatemod = refused("truncatemod", "fmod", "x", "y", use="`tf.math.floormod` has one")

reduce_all = reduction("all")
reduce_any = reduction("any")
reduce_euclidean_norm = reduction("vector_norm")
reduce_logsumexp = reduction("logsumexp")
reduce_max = extreme("max", -np.inf)
reduce_mean = reduction("mean")
reduce_min = extreme("min", np.inf)
reduce_prod = reduction("prod")
reduce_std = reduction("std")
reduce_sum = reduction("sum")
reduce_variance = reduction("var")


def histogram_fixed_width(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = np.int32, name: str | None = None
) -> Any:
    """Count the elements in bins of equal width; those outside count in the first or the last. Nothing flows back."""
    x, edges = operands(tensor(values), value_range)
    return of_dtype(row("histogram_fixed_width")(x, edges, nbins=static(nbins)), dtype)


def add_n(inputs: Any, name: str | None = None) -> Any:
    """Add a list of tensors up."""
    return reduce(add, operands(*inputs))


accumulate_n = add_n


def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Any:
    """Multiply by a number."""
    return multiply(scalar, x)


def reciprocal_no_nan(x: Any, name: str | None = None) -> Any:
    """Return `1 / x`, and 0 where `x` is 0."""
    return divide_no_nan(1.0, tensor(x))


def xdivy(x: Any, y: Any, name: str | None = None) -> Any:
    """Return `x / y`, and 0 where `x` is 0."""
    x, y = operands(tensor(x), y)
    zero = equal(x, 0)
    return row("where")(zero, 0.0, divide(x, row("where")(zero, 1.0, y)))


def xlogy(x: Any, y: Any, name: str | None = None) -> Any:
    """Return `x * log(y)`, and 0 where `x` is 0."""
    x, y = operands(tensor(x), y)
    zero = equal(x, 0)
    return row("where")(zero, 0.0, multiply(x, log(row("where")(zero, 1.0, y))))


def xlog1py(x: Any, y: Any, name: str | None = None) -> Any:
    """Return `x * log1p(y)`, and 0 where `x` is 0."""
    x, y = operands(tensor(x), y)
    zero = equal(x, 0)
    return row("where")(zero, 0.0, multiply(x, log1p(row("where")(zero, 0.0, y))))


def softplus(features: Any, name: str | None = None) -> Any:
    """Return `log(1 + exp(x))` without overflow."""
    x = tensor(features)
    return row("logaddexp")(x, np.zeros((), x.dtype)[()])


def sigmoid(x: Any, name: str | None = None) -> Any:
    """Squash to the interval from 0 to 1, without overflow or underflow."""
    return exp(log_sigmoid(x))


def log_sigmoid(x: Any, name: str | None = None) -> Any:
    """Return the logarithm of `sigmoid`, without underflow."""
    return -softplus(-tensor(x))


def softsign(features: Any, name: str | None = None) -> Any:
    """Return `x / (1 + |x|)`."""
    x = tensor(features)
    return x / (abs(x) + 1.0)


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None) -> Any:
    """Divide by the root of the sum of squares, which counts as `epsilon` at least.

    A vector of zeros has gradient 0, a subgradient, where TensorFlow gives the root of `1 / epsilon`.
    """
    x = tensor(x)
    squares = reduce_sum(square(x), axis, keepdims=True)
    return row("where")(squares > 0.0, x * rsqrt(maximum(squares, epsilon)), x.dtype.type(0))


def argmax(input: Any, axis: Any = None, output_type: Any = np.int64, name: str | None = None) -> Any:
    """Return the position of the largest element; along axis 0 unless given. Nothing flows back."""
    return of_dtype(row("argmax")(tensor(input), axis=static(axis) or 0), output_type)


def argmin(input: Any, axis: Any = None, output_type: Any = np.int64, name: str | None = None) -> Any:
    """Return the position of the smallest element; along axis 0 unless given. Nothing flows back."""
    return of_dtype(row("argmin")(tensor(input), axis=static(axis) or 0), output_type)


def _scan(operation: str, x: Any, axis: Any, exclusive: bool, reverse: bool, neutral: float) -> Any:
    x, axis = tensor(x), static(axis) % np.ndim(x)
    turned = (slice(None),) * axis + (slice(None, None, -1),)
    x = x[turned] if reverse else x
    if exclusive:
        edge = np.full((*x.shape[:axis], 1, *x.shape[axis + 1 :]), neutral, x.dtype)
        x = row("concatenate")((edge, x[(slice(None),) * axis + (slice(None, -1),)]), axis=axis)
    result = row(operation)(x, axis=axis)
    return result[turned] if reverse else result


def cumsum(x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Any:
    """Add up along an axis; `exclusive` leaves each element out of its own sum."""
    return _scan("cumsum", x, axis, exclusive, reverse, 0)


def cumprod(x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Any:
    """Multiply along an axis; `exclusive` leaves each element out of its own product."""
    return _scan("cumprod", x, axis, exclusive, reverse, 1)


def complex(real: Any, imag: Any, name: str | None = None) -> Any:
    """Make complex numbers of their two parts."""
    return row("complex_of")(*operands(tensor(real), imag))


def imag(input: Any, name: str | None = None) -> Any:
    """Return the imaginary part; 0 for real numbers."""
    x = tensor(input)
    return row("imag")(x) if x.dtype.kind == "c" else row("zeros_like")(x)


def angle(input: Any, name: str | None = None) -> Any:
    """Return the angle of complex numbers; real ones have 0 or pi, which is constant, so nothing flows back to them."""
    x = tensor(input)
    if x.dtype.kind == "c":
        return row("angle")(x)
    return row("where")(less(x, 0), np.asarray(np.pi, x.dtype)[()], np.zeros((), x.dtype)[()])


def cumulative_logsumexp(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Any:
    """Return the logarithms of the running sums of exponentials; `exclusive` leaves each element out of its own sum."""
    return _scan("cumulative_logsumexp", x, axis, exclusive, reverse, -np.inf)


def truncatediv(x: Any, y: Any, name: str | None = None) -> Any:
    """Divide and drop the fraction, towards zero; nothing flows back."""
    left, right = operands(tensor(x), y)
    return row("floor_divide")(row("subtract")(left, row("fmod")(left, right)), right)


LATER = {
    "bincount": "counting",
    "confusion_matrix": "counting",
    "count_nonzero": "counting",
    "in_top_k": "counting",
    "invert_permutation": "counting",
    "is_non_decreasing": "counting",
    "is_strictly_increasing": "counting",
    "log_softmax": "nn",
    "polyval": "counting",
    "softmax": "nn",
    "zero_fraction": "counting",
}
"""Where names are that are imported when they are first asked for."""


def __getattr__(name: str) -> Any:
    if name not in LATER:
        raise refuse("tf.math", name)
    found = globals()[name] = getattr(import_module(f"gradtape.tf.{LATER[name]}"), name)
    return found
