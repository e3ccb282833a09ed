"""The special functions that are compositions, and points of the rows where a derivative needs a decision or care."""

import numpy as np
import pytest
import scipy.special

import gradtape as gt
import gradtape.scipy as gsp
from gradtape.ops import COMPOSITES, OPS
from gradtape.testing import check_grads

INF = float("inf")
RNG = np.random.default_rng(3)
MATRIX = RNG.normal(size=(2, 3))
WEIGHTS = RNG.uniform(0.5, 2.0, size=(2, 3))

COMPOSED = {
    "logsumexp": (lambda s, a: s.logsumexp(a), [MATRIX]),
    "logsumexp along an axis": (lambda s, a: s.logsumexp(a, axis=1, keepdims=True), [MATRIX]),
    "logsumexp with weights": (lambda s, a, b: s.logsumexp(a, axis=0, b=b), [MATRIX, WEIGHTS]),
    "logsumexp with a sign": (lambda s, a: s.logsumexp(a, b=[1.0, -1.0, -1.0], return_sign=True)[0], [MATRIX]),
    "softmax": (lambda s, a: s.softmax(a), [MATRIX]),
    "softmax along an axis": (lambda s, a: s.softmax(a, axis=-1), [MATRIX]),
    "log_softmax": (lambda s, a: s.log_softmax(a, axis=0), [MATRIX]),
    "multigammaln": (lambda s, a: s.multigammaln(a, 3), [WEIGHTS + 2.0]),
    "comb": (lambda s, n, k: s.comb(n, k), [WEIGHTS + 4.0, WEIGHTS]),
    "comb with repetition": (lambda s, n, k: s.comb(n, k, repetition=True), [WEIGHTS + 4.0, WEIGHTS]),
    "perm": (lambda s, n, k: s.perm(n, k), [WEIGHTS + 4.0, WEIGHTS]),
    "factorial": (lambda s, n: s.factorial(n), [WEIGHTS]),
    "polygamma": (lambda s, x: s.polygamma(2, x), [WEIGHTS]),
    "radian": (lambda s, d, m, x: s.radian(d, m, x), [WEIGHTS, WEIGHTS, WEIGHTS]),
    "psi": (lambda s, x: s.psi(x), [WEIGHTS]),
    "several results, broadcast": (lambda s, u, m: sum(s.ellipj(u, m)), [WEIGHTS, WEIGHTS[0] / 3.0]),
    "zeta of Riemann": (lambda s, x: s.zeta(x), [WEIGHTS + 1.0]),
    "zeta of Hurwitz": (lambda s, x, q: s.zeta(x, q), [WEIGHTS + 1.0, WEIGHTS]),
    "sinc": (lambda s, x: s.sinc(x), [WEIGHTS]),
    "diric": (lambda s, x: s.diric(x, 5), [WEIGHTS + 6.0]),
    "diric, even": (lambda s, x: s.diric(x, 4), [WEIGHTS + 6.0]),
    "assoc_laguerre": (lambda s, x: s.assoc_laguerre(x, 3, 1.5), [WEIGHTS]),
    "spherical_jn": (lambda s, x: s.spherical_jn(2, x), [WEIGHTS]),
    "spherical_jn'": (lambda s, x: s.spherical_jn([[0], [2]], x, derivative=True), [WEIGHTS]),
    "spherical_yn'": (lambda s, x: s.spherical_yn(2, x, True), [WEIGHTS]),
    "spherical_in'": (lambda s, x: s.spherical_in(2, x, True), [WEIGHTS]),
    "spherical_kn'": (lambda s, x: s.spherical_kn(2, x, True), [WEIGHTS]),
    "jvp": (lambda s, v, z: s.jvp(v, z, 3), [WEIGHTS, WEIGHTS + 1.0]),
    "yvp": (lambda s, v, z: s.yvp(v, z), [WEIGHTS, WEIGHTS + 1.0]),
    "ivp": (lambda s, v, z: s.ivp(v, z, 2), [WEIGHTS, WEIGHTS + 1.0]),
    "kvp": (lambda s, v, z: s.kvp(v, z, 2), [WEIGHTS, WEIGHTS + 1.0]),
    "h1vp": (lambda s, z: np.real(s.h1vp(1.5, z, 2)), [WEIGHTS + 1.0]),
    "h2vp": (lambda s, z: np.imag(s.h2vp(1.5, z, 0)), [WEIGHTS + 1.0]),
    "sph_harm_y": (lambda s, t, p: np.real(s.sph_harm_y(3, -2, t, p)), [WEIGHTS, WEIGHTS]),
    "lambertw": (lambda s, z: np.real(s.lambertw(z)), [WEIGHTS]),
    "lambertw below": (lambda s, z: np.real(s.lambertw(z, -1)), [-WEIGHTS / 8.0]),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_composition(name):
    f, args = COMPOSED[name]
    np.testing.assert_allclose(f(gsp.special, *map(gt.constant, args)).numpy(), f(scipy.special, *args), rtol=1e-13)
    check_grads(lambda *xs: f(gsp.special, *xs), args)


def gradient(f, *args, dtype=float):
    variables = [gt.Variable(np.array(a, dtype)) for a in args]
    with gt.GradientTape() as tape, np.errstate(all="ignore"):
        y = f(*variables)
        y = y[1] if isinstance(y, tuple) else np.real(y)
    found = tape.gradient(y, variables, unconnected_gradients="zero")
    for g, v in zip(found, variables, strict=True):
        assert g.dtype == v.dtype
        assert g.shape == v.shape
    return [g.numpy().tolist() for g in found]


HALF = np.sqrt(0.5e200 * np.pi)
"""The modified Bessel function of order 1/2 at 1e-200; its slope in the order is DLMF 10.38.6."""

EDGES = {
    "xlogy at 0": ("xlogy", ([0.0, 0.0], [0.0, 2.0]), [[0, np.log(2.0)], [0, 0]]),
    "xlog1py at 0": ("xlog1py", ([0.0, 0.0], [-1.0, 1.0]), [[0, np.log(2.0)], [0, 0]]),
    "rel_entr at 0": ("rel_entr", ([0.0, 2.0], [0.0, 1.0]), [[1, 1 + np.log(2.0)], [0, -2]]),
    "kl_div at 0": ("kl_div", ([0.0], [0.0]), [[0], [1]]),
    "entr at 0": ("entr", ([0.0],), [[INF]]),
    "huber at its bend": ("huber", ([1.0, 1.0, 1.0], [1.0, -1.0, 0.0]), [[0, 0, 0], [1, -1, 0]]),
    "boxcox with power 0": ("boxcox", ([2.0], [0.0]), [[0.5], [0.5 * np.log(2.0) ** 2]]),
    "inv_boxcox with power 0": ("inv_boxcox", ([2.0], [0.0]), [[np.exp(2.0)], [-2.0 * np.exp(2.0)]]),
    "rgamma at the poles of gamma": ("rgamma", ([0.0, -1.0, -2.0],), [[1, -1, 2]]),
    "expit far out": ("expit", ([800.0, -800.0],), [[0, 0]]),
    "log_expit far out": ("log_expit", ([800.0, -800.0],), [[0, 1]]),
    "log_ndtr far out": ("log_ndtr", ([-1e10, 40.0],), [[1e10, 0]]),
    "softplus far out": ("softplus", ([800.0, -800.0],), [[1, 0]]),
    "erfcx far out": ("erfcx", ([1e8],), [[-1 / (np.sqrt(np.pi) * 1e16)]]),
    "dawsn far out": ("dawsn", ([1e8],), [[-0.5e-16]]),
    "erfinv at the end": ("erfinv", ([1.0],), [[INF]]),
    "lambertw at 0": ("lambertw", ([0.0],), [[1]]),
    "sici at 0": ("sici", ([0.0],), [[INF]]),
    "gammainc at 0": ("gammainc", ([2.0, 1.0], [0.0, 0.0]), [[0, 0], [0, 1]]),
    "gammaincc far out": ("gammaincc", ([2.0], [1e4]), [[0], [0]]),
    "betainc at both ends": ("betainc", ([2.0, 2.0], [3.0, 3.0], [0.0, 1.0]), [[0, 0], [0, 0], [0, 0]]),
    "i0e at 0": ("i0e", ([0.0],), [[0]]),
    "i1e at 0": ("i1e", ([0.0],), [[0.5]]),
    "k0e far out": ("k0e", ([1e14],), [[-0.5 * np.sqrt(0.5e-14 * np.pi) / 1e14]]),
    "jv of order 0": ("jv", ([0.0], [2.0]), [[0.5 * np.pi * scipy.special.y0(2.0)], [-scipy.special.j1(2.0)]]),
    "kv of order 0": ("kv", ([0.0], [2.0]), [[0], [-scipy.special.k1(2.0)]]),
    "kv far below": ("kv", ([0.5], [1e-200]), [[HALF * (-np.euler_gamma - np.log(2e-200))], [-0.5e200 * HALF]]),
    "ellipk at 0": ("ellipk", ([0.0, 1.0],), [[np.pi / 8, INF]]),
    "ellipe at 0": ("ellipe", ([0.0, 1.0],), [[-np.pi / 8, -INF]]),
    "spence at 1": ("spence", ([1.0],), [[-1]]),
    "exprel at 0": ("exprel", ([0.0],), [[0.5]]),
    "berp at 0": ("berp", ([0.0],), [[0]]),
    "beip at 0": ("beip", ([0.0],), [[0.5]]),
    "legendre of degree 0": ("eval_legendre", ([0.0], [0.3]), [[-0.4307829160924543], [0]]),
    "round": ("round", ([0.3],), [[0]]),
    "betaln of unlike numbers": ("betaln", (1e12, 1.0), [-1e-12, -(np.log(1e12) + np.euler_gamma - 1.0) - 1.0]),
}


@pytest.mark.parametrize("name", EDGES)
def test_edge(name):
    function, args, expected = EDGES[name]
    for got, want in zip(gradient(getattr(gsp.special, function), *args), expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)


def test_expit_keeps_the_slope_where_it_saturates():
    ((got,),) = gradient(gsp.special.expit, [60.0])
    assert got == pytest.approx(np.exp(-60.0), rel=1e-12)


def test_ufuncs_of_scipy_work_on_tensors():
    (got,) = gradient(lambda x: scipy.special.gammaln(x) + scipy.special.psi(x), [2.5])
    np.testing.assert_allclose(got, scipy.special.psi(2.5) + scipy.special.polygamma(1, 2.5))


def test_students_distribution_in_its_degrees_of_freedom():
    (by_degrees, by_t) = gradient(gsp.special.stdtr, [3.0, 3.0, 3.0, 1e3], [0.0, 1e8, -1e8, 0.5])
    assert by_degrees[0] == 0.0
    assert by_t[0] == pytest.approx(2.0 / (np.pi * np.sqrt(3.0)))
    # far out F(-t) is c(v) * t**-v, and 1 - F(t) the same
    assert by_degrees[1] == pytest.approx(-by_degrees[2], rel=1e-12)
    step = 1e-4
    up, down = scipy.special.stdtr([3.0 + step, 3.0 - step], -1e8)
    assert by_degrees[2] == pytest.approx((up - down) / (2 * step), rel=1e-5)
    up, down = scipy.special.stdtr([1e3 + 1.0, 1e3 - 1.0], 0.5)
    assert by_degrees[3] == pytest.approx((up - down) / 2.0, rel=1e-4)


def test_students_distribution_of_infinitely_many_degrees_is_the_normal_one():
    by_degrees, by_t = gradient(gsp.special.stdtr, [np.inf, 1e15], [0.5, -2.0])
    np.testing.assert_allclose(by_t, np.exp([-0.125, -2.0]) / np.sqrt(2.0 * np.pi), rtol=1e-11)
    np.testing.assert_allclose(by_degrees, 0.0, atol=1e-12)


def test_counts_that_are_all_counted_have_no_slope():
    assert gradient(lambda p: gsp.special.bdtr(3, 3, p), [0.4]) == [[0.0]]


def test_scaled_bessel_function_bends_at_0():
    x = gt.Variable(0.0)
    with gt.GradientTape() as outer:
        with gt.GradientTape() as inner:
            y = gsp.special.i1e(x)
        slope = inner.gradient(y, x)
    assert outer.gradient(slope, x).numpy() == 0.0


def test_counts_are_rounded_down():
    with pytest.warns(RuntimeWarning, match="truncated"):
        between = gradient(gsp.special.pdtri, [1.7], [0.4])
    assert between[1] == gradient(gsp.special.pdtri, [1.0], [0.4])[1]


@pytest.mark.parametrize(
    ("part", "x", "slope"),
    [
        (lambda x: gsp.special.shichi(x)[0], [0.0, 1.0], [1.0, np.sinh(1.0)]),
        (lambda x: gsp.special.it2j0y0(x)[0], [1e-6], [0.25e-6]),
        (lambda x: gsp.special.it2i0k0(x)[0], [1e-6], [0.25e-6]),
        (lambda x: np.imag(gsp.special.kelvin(x)[2]), [0.0], [0.5]),
        (lambda x: np.imag(gsp.special.modfresnelp(x)[0]), [0.7], [-np.sin(0.49)]),
        (lambda x: np.imag(gsp.special.modfresnelm(x)[0]), [0.7], [np.sin(0.49)]),
    ],
)
def test_slope_of_one_of_several_results(part, x, slope):
    np.testing.assert_allclose(gradient(part, x), [slope], rtol=1e-12)


NO_ROW = {
    "pro_ang1_cv": "SciPy's values are too rough to be differentiated by differences",
    "pro_rad2": "SciPy's values are too rough to be differentiated by differences",
    "pro_rad2_cv": "SciPy's values are too rough to be differentiated by differences",
}


def test_every_ufunc_of_scipy_has_a_row_or_is_listed_with_a_reason():
    names = {
        name
        for row in (*OPS.values(), *COMPOSITES.values())
        if (row.scipy or "").startswith("special.")
        for name in (row.scipy.removeprefix("special."), *row.aliases)
    }
    ufuncs = {n for n, f in vars(scipy.special).items() if isinstance(f, np.ufunc)}
    assert ufuncs - names == set(NO_ROW)


SINGLE = ("gammaln", "erfcx", "log_ndtr", "expit", "i0e", "k1e", "ellipk", "dawsn", "exprel", "zetac", "kolmogorov")


@pytest.mark.parametrize("name", SINGLE)
def test_single_precision_stays(name):
    x = np.array([0.3, 0.6, 0.9], np.float32)
    (narrow,) = gradient(getattr(gsp.special, name), x, dtype=np.float32)
    (wide,) = gradient(getattr(gsp.special, name), x.astype(np.float64))
    np.testing.assert_allclose(narrow, wide, rtol=2e-6)


def test_whole_degrees_do_not_widen_single_precision():
    x = gt.Variable(np.array([0.3, 0.6], np.float32))
    with gt.GradientTape() as tape:
        y = gsp.special.eval_jacobi(3, 1.5, 0.5, x) + gsp.special.kn(2, x) + gsp.special.bdtr([1], [3], x)
    assert tape.gradient(y, x).dtype == np.float32


def test_nothing_of_scipy_is_lost_without_a_word():
    x = gt.Variable(np.array([1.5, 2.5]))
    with gt.GradientTape() as tape:
        y = gsp.special.pro_rad2(1, 2, 1.5, x)[0]
    with pytest.warns(gt.MissingGradientWarning, match="pro_rad2"):
        assert tape.gradient(y, x) is None
