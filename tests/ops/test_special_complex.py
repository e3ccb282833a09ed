"""Special functions of complex numbers whose orders stay real; the generic checks make all arguments complex."""

import numpy as np
import pytest
import scipy.special

import gradtape as gt
import gradtape.scipy as gsp

Z = np.array([0.7 + 0.4j, -0.6 + 0.3j, 1.2 - 0.8j, 0.3 - 0.2j, 0.4 + 0.9j])
WEIGHTS = np.array([0.3 + 0.5j, 0.7 - 0.2j, 0.4 + 0.1j, 0.9, -0.6 + 0.2j])
STEP = 1e-6

BESSEL = ["jv", "jve", "yv", "yve", "iv", "ive", "kv", "kve", "hankel1", "hankel1e", "hankel2", "hankel2e"]
DEGREES = ["legendre", "chebyt", "chebyu", "laguerre", "chebyc", "chebys", "sh_legendre", "sh_chebyt"]
ERRORS = ("wofz", "dawsn", "erfcx", "log_ndtr", "ndtr", "spence", "exp1", "expi")
PLAIN = (*ERRORS, "gamma", "loggamma", "rgamma", "digamma", "wrightomega", "lambertw", "zeta")
PARTS = {"airy": 4, "airye": 4, "sici": 2, "shichi": 2, "fresnel": 2}

CALLS = {
    **{n: (lambda s, z, v=1.3, n=n: getattr(s, n)(v, z)) for n in (*BESSEL, "hyp0f1")},
    **{n: (lambda s, z, v=2.3, n=n: getattr(s, f"eval_{n}")(v, z)) for n in DEGREES},
    **{n: (lambda s, z, n=n: getattr(s, n)(z)) for n in PLAIN},
    **{f"{n}[{k}]": (lambda s, z, n=n, k=k: getattr(s, n)(z)[k]) for n, m in PARTS.items() for k in range(m)},
    **{n: (lambda s, z, n=n: getattr(s, f"spherical_{n}")(2, z)) for n in ("jn", "yn", "in", "kn")},
    "hyp1f1": lambda s, z, v=1.2: s.hyp1f1(v, 0.7, z),
    "hyp2f1": lambda s, z, v=1.2: s.hyp2f1(v, 0.7, 1.9, z),
    "gegenbauer": lambda s, z, v=2.3: s.eval_gegenbauer(v, 0.7, z),
    "jacobi": lambda s, z, v=2.3: s.eval_jacobi(v, 0.7, 1.2, z),
    "genlaguerre": lambda s, z, v=0.7: s.eval_genlaguerre(2.3, v, z),
    "elliprf": lambda s, z: s.elliprf(z + 2, 1.0, 2.0),
    "elliprj": lambda s, z: s.elliprj(z + 2, 1.0, 2.0, z + 3),
}
ORDERS = [n for n, f in CALLS.items() if "v" in f.__code__.co_varnames]


def scalar(y):
    return np.sum(np.real(y * WEIGHTS))


@pytest.mark.parametrize("name", CALLS)
def test_in_the_argument(name):
    f = CALLS[name]
    z = gt.Variable(Z)
    with gt.GradientTape() as tape:
        y = scalar(f(gsp.special, z))
    g = tape.gradient(y, z).numpy()
    for turn in (1.0, 1j):
        for k in range(len(Z)):
            step = np.where(np.arange(len(Z)) == k, STEP * turn, 0.0)
            up, down = (scalar(f(scipy.special, Z + sign * step)) for sign in (1.0, -1.0))
            np.testing.assert_allclose(np.real(g[k] * np.conj(turn)), (up - down) / (2 * STEP), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ORDERS)
def test_in_the_order(name):
    f = CALLS[name]
    start = f.__defaults__[0]
    v = gt.Variable(start)
    with gt.GradientTape() as tape:
        y = scalar(f(gsp.special, Z, v))
    up, down = (scalar(f(scipy.special, Z, start + step)) for step in (STEP, -STEP))
    np.testing.assert_allclose(tape.gradient(y, v).numpy(), (up - down) / (2 * STEP), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "z", "slope"),
    [
        ("jve", 2.0 + 0.0j, lambda v, z: scipy.special.jvp(v, z)),
        ("yve", 2.0 + 0.0j, lambda v, z: scipy.special.yvp(v, z)),
        ("ive", 0.0 + 2.0j, lambda v, z: scipy.special.ivp(v, z)),
    ],
)
def test_the_size_has_no_slope_at_its_bend(name, z, slope):
    at = gt.Variable(z)
    with gt.GradientTape() as tape:
        y = np.real(getattr(gsp.special, name)(1.3, at))
    np.testing.assert_allclose(tape.gradient(y, at).numpy(), np.conj(slope(1.3, z)), rtol=1e-12)
