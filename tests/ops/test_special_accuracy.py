"""The kernels that are our own, against numbers of fifty digits: over a wide range, to about 1e-10."""

import mpmath as mp
import numpy as np
import pytest

from gradtape.spaces.numpy_space import xp

DIGITS = 50
TINY = mp.mpf(10) ** -15


@pytest.fixture(autouse=True)
def fifty_digits():
    with mp.workdps(DIGITS), np.errstate(all="ignore"):
        yield


def slope(f, x, n=1):
    """The n-th derivative of a function of fifty digits."""
    x = mp.mpf(x)
    return mp.diff(f, x, n, h=TINY * max(abs(x), TINY)) if n else f(x)


def close(ours, theirs, rtol=1e-10, atol=0.0):
    np.testing.assert_allclose(complex(ours), complex(theirs), rtol=rtol, atol=atol)


def repeated_integral(x, n):
    before, here = 2 / mp.sqrt(mp.pi), mp.exp(x * x) * mp.erfc(x)
    for k in range(n):
        before, here = here, (before - 2 * x * here) / (2 * (k + 1))
    return here


@pytest.mark.parametrize("n", [1, 2, 3])
def test_repeated_integrals_of_the_error_function(n):
    for x in (-3.0, -0.1, 0.0, 0.9, 1.0, 2.0, 10.0, 1e4, 1j, 7.9j, 8.1j, 100j, 0.9 + 0.9j, 6 - 1j):
        with mp.workdps(120):
            close(xp.erfc_integral(x, n=n), repeated_integral(mp.mpmathify(x), n))


@pytest.mark.parametrize("n", [1, 2])
def test_derivatives_of_dawsons_integral(n):
    for x in (-1.0, 0.3, 2.0, 6.0, 9.0):
        with mp.workdps(100):
            close(xp.dawsn_slope(x, n=n), slope(lambda t: mp.sqrt(mp.pi) / 2 * mp.exp(-t * t) * mp.erfi(t), x, n))


def test_integrals_over_the_unit_interval():
    for n in (1, 2, 3):
        for x in (-50.0, -1.1, -0.9, 0.0, 1e-8, 3.0, 300.0):
            close(xp.exprel_slope(x, n=n), mp.quad(lambda s, n=n, x=x: s**n * mp.exp(s * x), [0, 1]), 1e-13)
        for x in (-0.9, -0.1, 0.0, 1e-8, 3.0, 300.0):
            integral = mp.quad(lambda s, n=n, x=x: s**n / (1 + s * x) ** (n + 1), [0, 0.01, 0.1, 0.9, 1])
            close(xp.log1prel(x, n=n), integral, 1e-13)


def test_derivatives_of_one_over_gamma():
    for n in (1, 2, 3):
        for x in (-7.0, -3.3, -2.0, -1e-9, 0.0, 0.7, 10.0, 50.0, -2 + 1j, 3 - 2j):
            close(xp.rgamma_slope(x, n=n), mp.diff(mp.rgamma, x, n), 1e-12)


def test_complex_polygamma():
    for n in (0, 1, 2, 3):
        for z in (0.3 + 0.1j, -2.3 + 0.2j, 5j, 20 + 3j, -10 + 1j):
            close(xp.polygamma(n, z), mp.polygamma(n, z), 1e-11)


def test_differences_of_polygamma():
    for n in (0, 1, 2):
        for x in (0.3, 2.0, 14.0, 16.0, 1e8):
            for step in (1e-9, 1e-3, 0.5, 3.0, 40.0):
                close(xp.polygamma_gap(x, step, n=n), mp.polygamma(n, mp.mpf(x) + step) - mp.polygamma(n, x), 1e-12)


def tail_of_gamma(a, x):
    if x < a:
        return lambda t: mp.gammainc(t, 0, x, regularized=True)
    return lambda t: -mp.gammainc(t, x, mp.inf, regularized=True)


@pytest.mark.parametrize("n", [1, 2])
def test_incomplete_gamma_in_its_parameter(n):
    for a in (1e-6, 0.01, 0.3, 1.0, 1.5, 20.0, 1e4):
        for factor in (1e-6, 0.1, 0.9, 1.1, 2.0, 10.0):
            x = factor * max(a, 0.3)
            theirs = slope(tail_of_gamma(a, x), a, n)
            if abs(theirs) > 1e-280:
                close(xp.gammainc_slope(a, x, n=n), theirs, 1e-12 if n == 1 else 1e-9)


def tail_of_beta(a, b, x):
    if x < a / (a + b):
        return lambda p, q: mp.betainc(p, q, 0, x, regularized=True)
    return lambda p, q: -mp.betainc(p, q, x, 1, regularized=True)


@pytest.mark.parametrize(("i", "j"), [(1, 0), (0, 1), (2, 0), (1, 1)])
def test_incomplete_beta_in_its_parameters(i, j):
    for a in (0.01, 0.5, 1.5, 50.0):
        for b in (0.01, 1.0, 7.0, 1000.0):
            for x in (1e-6, 0.2, 0.8, 0.99):
                f = tail_of_beta(a, b, x)
                if j and i:
                    theirs = slope(lambda p, f=f, b=b: slope(lambda q, p=p: f(p, q), b), a)
                else:
                    theirs = slope(lambda t, f=f, a=a, b=b: f(t, b) if i else f(a, t), a if i else b, i + j)
                if abs(theirs) > 1e-60:
                    close(xp.betainc_slope(a, b, x, i=i, j=j), theirs)


def test_densities_far_out():
    for a, x in ((1e6, 1.001e6), (1e8, 1e8 - 1e4), (3.0, 1e-200), (0.5, 600.0), (20.0, 1e-10)):
        close(xp.gamma_density(a, x), mp.mpf(x) ** (mp.mpf(a) - 1) * mp.exp(-x) / mp.gamma(a))
    for a, b, x in ((1e6, 2e6, 0.3333), (0.1, 3000.0, 0.2), (400.0, 0.3, 0.5), (30.0, 1e5, 1e-7)):
        density = mp.mpf(x) ** (mp.mpf(a) - 1) * (1 - mp.mpf(x)) ** (mp.mpf(b) - 1) / mp.beta(a, b)
        close(xp.beta_density(a, b, x), density)


BESSEL = {"jv": mp.besselj, "yv": mp.bessely, "iv": mp.besseli, "kv": mp.besselk}


@pytest.mark.parametrize("name", BESSEL)
def test_bessel_functions_in_their_order(name):
    function = BESSEL[name]
    for v in (-2.3, 0.0, 0.3, 2.5, 50.0):
        for z in (1e-6, 0.5, 2.0, 10.0, 300.0):
            size = abs(function(v, z)) * (1 + mp.asinh((abs(v) + 1) / z))
            if 1e-250 < size < 1e250:
                theirs = slope(lambda t, z=z: function(t, mp.mpf(z)), v or mp.mpf(0))
                close(getattr(xp, f"{name}_slope")(v, z), theirs, 1e-11, atol=float(size * 1e-11))


def test_scaled_bessel_functions_far_out():
    for v in (0.0, 1.0, 2.7):
        for z in (0.3, 20.0, 50.0, 1e4):
            i = (mp.besseli(v - 1, z) + mp.besseli(v + 1, z)) / 2 - mp.besseli(v, z)
            k = mp.besselk(v, z) - (mp.besselk(v - 1, z) + mp.besselk(v + 1, z)) / 2
            close(xp.ive_slope(v, z, i=0, j=1), i * mp.exp(-z), 1e-12)
            close(xp.kve_slope(v, z, i=0, j=1), k * mp.exp(z), 1e-12)


def test_zeta_in_its_exponent():
    for n in (1, 2):
        for s in (1.0001, 3.0, 20.0):
            for q in (0.01, 200.0):
                close(xp.zeta_slope(s, q, i=n, j=0), mp.diff(lambda t, q=q: mp.zeta(t, mp.mpf(q)), s, n), 1e-12)
                mixed = mp.diff(lambda t, u: mp.zeta(t, u), (mp.mpf(s), mp.mpf(q)), (n, 1))
                close(xp.zeta_slope(s, q, i=n, j=1), mixed, 1e-12)
        for s in (-9.5, -3.0, -0.3, 0.0, 0.999, 30.0, 0.5 + 14j, -3 + 2j):
            close(xp.riemann_slope(s, n=n), mp.zeta(s, 1, n), 1e-12)


def test_the_odds_are_exact_at_both_ends():
    for a, b in ((0.5, 1.5), (2.0, 30.0), (400.0, 0.5)):
        for r in (1e-20, 0.3, 7.0, 1e20):
            r_exact = mp.mpf(r)
            density = r_exact ** (mp.mpf(a) - 1) * (1 + r_exact) ** (-mp.mpf(a) - b) / mp.beta(a, b)
            close(xp.odds_density(a, b, r), density)
            share, rest = r_exact / (1 + r_exact), 1 / (1 + r_exact)
            if r < a / b:
                theirs = slope(lambda t, s=share, b=b: mp.betainc(t, b, 0, s, regularized=True), a)
            else:
                theirs = -slope(lambda t, s=rest, b=b: mp.betainc(b, t, 0, s, regularized=True), a)
            close(xp.odds_slope(a, b, r), theirs)


def test_elliptic_integrals_in_the_parameter():
    for m in (-1e6, -3.0, -1e-9, 0.0, 1e-9, 0.9, 1.0 - 1e-12):
        close(0.5 * xp.elliptic_moment(np.pi / 2, m, n=1, r=3), mp.diff(mp.ellipk, mp.mpf(m)), 1e-13)
        close(-0.5 * xp.elliptic_moment(np.pi / 2, m, n=1, r=1), mp.diff(mp.ellipe, mp.mpf(m)), 1e-13)
        if m < 0.99:
            for phi in (1e-6, 1.5, 1.6, 10.0, -4.0):
                theirs = mp.diff(lambda t, phi=phi: mp.ellipf(phi, t), mp.mpf(m))
                close(0.5 * xp.elliptic_moment(phi, m, n=1, r=3), theirs, 1e-12)


def test_carlsons_integrals_at_unlike_numbers():
    for x in (1e-9, 3.0, 1e9):
        for y in (0.0, 1e-20, 1.0, 1e30):
            theirs = mp.diff(lambda t, y=y: mp.elliprf(t, y, 1), mp.mpf(x))
            close(-0.25 * xp.carlson_integral(x, y, 1.0, 1.0, i=1), theirs, 1e-12)


PARAMETERS = {
    "hyperu": (lambda a, b, x: mp.hyperu(a, b, x), [(0.1, -1.5, 0.01), (1.0, 0.5, 30.0), (5.0, 3.0, 1.0)], 1e-12),
    "hyp1f1": (lambda a, b, x: mp.hyp1f1(a, b, x), [(-0.5, 0.2, -20.0), (0.5, 1.5, 0.3), (3.0, 6.0, 10.0)], 1e-10),
    "hyp2f1": (
        lambda a, b, c, x: mp.hyp2f1(a, b, c, x),
        [(0.5, 1.2, 2.5, 0.9), (3.0, 1.2, 0.4, -0.5), (3.0, 1.2, 2.5, -3.0)],
        1e-10,
    ),
    "hyp0f1": (lambda v, x: mp.hyp0f1(v, x), [(0.3, -20.0), (1.5, 0.3), (6.0, 10.0)], 1e-10),
    "pbdv": (lambda v, x: mp.pcfd(v, x), [(-1.5, -3.0), (0.3, 0.5), (2.5, 5.0)], 1e-10),
    "struve": (lambda v, x: mp.struveh(v, x), [(-0.3, 0.01), (2.5, 5.0), (10.0, 30.0)], 1e-10),
    "eval_legendre": (lambda n, x: mp.legendre(n, x), [(0.3, -0.5), (2.0, 0.4), (7.5, 0.9)], 1e-10),
    "eval_gegenbauer": (lambda n, a, x: mp.gegenbauer(n, a, x), [(2.0, 0.7, 0.3), (1.3, 1.5, 0.9)], 1e-10),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_derivatives_in_parameters(name):
    function, points, rtol = PARAMETERS[name]
    for point in points:
        for k in range(len(point) - 1):
            orders = tuple(int(m == k) for m in range(len(point)))
            theirs = mp.diff(function, tuple(map(mp.mpf, point)), orders)
            close(getattr(xp, f"{name}_slope")(*point, **dict(zip("ijkl", orders, strict=False))), theirs, rtol)


def test_kolmogorovs_distribution():
    def survival(x):
        return 2 * mp.nsum(lambda k: (-1) ** (int(k) - 1) * mp.exp(-2 * k * k * x * x), [1, 60])

    for n in (1, 2, 3):
        for x in (0.3, 0.9, 1.0, 1.7, 4.0):
            close(xp.kolmogorov_slope(x, n=n), mp.diff(survival, mp.mpf(x), n), 1e-11)


def test_smirnovs_distribution():
    for n in (1, 2, 7):
        for d in (0.05, 0.33, 0.6):
            below = int(n * (1 - d)) + 1
            exact = lambda t, n=n, below=below: (
                t
                * sum(
                    mp.binomial(n, j) * (t + mp.mpf(j) / n) ** (j - 1) * (1 - t - mp.mpf(j) / n) ** (n - j)
                    for j in range(below)
                )
            )
            close(xp.smirnov_slope(n, d), mp.diff(exact, mp.mpf(d)), 1e-11)
