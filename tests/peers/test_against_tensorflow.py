"""Rows with the same function in TensorFlow give its gradients."""

import pytest

from .compare import ROWS, by_name, check, nested

tf = pytest.importorskip("tensorflow")

NAMES = {
    "absolute": "abs",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "concatenate": "concat",
    "power": "pow",
    "remainder": "floormod",
    "sum": "reduce_sum",
    "mean": "reduce_mean",
    "prod": "reduce_prod",
    "max": "reduce_max",
    "min": "reduce_min",
    "var": "reduce_variance",
    "std": "reduce_std",
    "conjugate": "conj",
    "special.gammaln": "lgamma",
    "special.psi": "digamma",
    "special.gammainc": "igamma",
    "special.gammaincc": "igammac",
    "special.expit": "sigmoid",
    "special.i0": "bessel_i0",
    "special.i1": "bessel_i1",
}
"""NumPy's and SciPy's functions that TensorFlow calls otherwise."""

DIFFERENT = {
    "cumsum": "TensorFlow's runs along axis 0 unless told otherwise, NumPy's over all elements in a row",
    "cumprod": "TensorFlow's runs along axis 0 unless told otherwise, NumPy's over all elements in a row",
}


def find(row):
    name = row.numpy or row.scipy
    name = NAMES.get(name, name.removeprefix("special."))
    return by_name(tf.math, name) or by_name(tf, name)


def gradients(function, args, params):
    given, leaves = nested(args, lambda a: tf.constant(a, tf.float64))
    with tf.GradientTape() as tape:
        tape.watch(leaves)
        y = function(given[0], 0) if isinstance(given[0], list) else function(*given, **params)
        y = tf.math.real(y) if y.dtype.is_complex else y
    found = tape.gradient(y, leaves)
    return [None if g is None else tf.convert_to_tensor(g).numpy() for g in found]


@pytest.mark.parametrize("name", [n for n, row in ROWS.items() if find(row)])
def test_row(name):
    check(name, find, gradients, DIFFERENT, with_params=False)
