"""TensorFlow's names of the special functions, and where we have derivatives that it lacks."""

import numpy as np
import pytest
import scipy.special

from gradtape import tf

X = np.array([0.3, 0.8, 1.7])
BOTH = ("bessel_i0", "bessel_i0e", "bessel_i1", "bessel_i1e")
MATH = (*BOTH, "digamma", "erf", "erfc", "erfcinv", "erfinv", "lgamma", "ndtri")
OTHERS = ("bessel_j0", "bessel_j1", "bessel_k0", "bessel_k0e", "bessel_k1", "bessel_k1e", "bessel_y0", "bessel_y1")
SPECIAL = (*BOTH, *OTHERS, "dawsn", "expint", "fresnel_cos", "fresnel_sin", "spence")
NAMES = [*((tf.math, n) for n in MATH), *((tf.math.special, n) for n in SPECIAL)]
THEIRS = {"lgamma": "gammaln", "expint": "expi", "igamma": "gammainc", "igammac": "gammaincc"}


def theirs(name, *args):
    if name.startswith("fresnel"):
        return scipy.special.fresnel(*args)[name.endswith("cos")]
    return getattr(scipy.special, THEIRS.get(name, name.removeprefix("bessel_")))(*args)


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_values_and_slopes(module, name):
    x = X / 4 if name in {"erfinv", "erfcinv", "ndtri"} else X
    v = tf.Variable(x)
    with tf.GradientTape() as tape:
        y = getattr(module, name)(v)
    np.testing.assert_allclose(y.numpy(), theirs(name, x), rtol=1e-14)
    quotient = (theirs(name, x + 1e-6) - theirs(name, x - 1e-6)) / 2e-6
    np.testing.assert_allclose(tape.gradient(y, v).numpy(), quotient, rtol=1e-7)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("igamma", (X + 1, X)),
        ("igammac", (X + 1, X)),
        ("betainc", (X + 1, X[::-1].copy(), X / 2)),
        ("zeta", (X + 2, X)),
        ("polygamma", (np.array([1.0, 2.0, 3.0]), X)),
    ],
)
def test_every_argument_has_a_slope(name, args):
    variables = [tf.Variable(a) for a in args]
    with tf.GradientTape() as tape:
        y = getattr(tf.math, name)(*variables)
    np.testing.assert_allclose(y.numpy(), theirs(name, *args), rtol=1e-13)
    for k, g in enumerate(tape.gradient(y, variables, unconnected_gradients="zero")):
        if (name, k) != ("polygamma", 0):
            up, down = (theirs(name, *(a + s if j == k else a for j, a in enumerate(args))) for s in (1e-6, -1e-6))
            np.testing.assert_allclose(g.numpy(), (up - down) / 2e-6, rtol=1e-6)


def test_plain_numbers_become_float32():
    assert tf.math.lgamma(3.5).dtype == tf.float32
    assert tf.math.lbeta([[1.0, 2.0], [0.5, 0.5]]).numpy().tolist() == pytest.approx([np.log(0.5), np.log(np.pi)])
