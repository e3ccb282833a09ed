"""Integrals: SciPy's values, and gradients in samples, limits and parameters."""

import numpy as np
import pytest
import scipy.integrate

import gradtape as gt
import gradtape.scipy as gsp
from gradtape.testing import check_grads
from tests.on_scipy.agreement import check_agreement

RNG = np.random.default_rng(4)
Y, YY = RNG.normal(size=9), RNG.normal(size=(3, 6))
AT = np.sort(RNG.uniform(0, 3, 9))
INF = np.inf

CALLS = [
    ("trapezoid", (Y, AT), {}),
    ("trapezoid", (YY,), {"axis": 0, "dx": 0.5}),
    ("cumulative_trapezoid", (Y, AT), {"initial": 0}),
    ("cumulative_trapezoid", (YY,), {"axis": 0, "dx": 0.5}),
    ("cumulative_trapezoid", (YY, np.cumsum(np.abs(YY), axis=1)), {}),
    ("simpson", (Y, AT), {}),
    ("simpson", (Y[:8], AT[:8]), {}),
    ("simpson", (YY,), {"dx": 0.3}),
    ("simpson", (YY,), {"axis": 0}),
    ("simpson", (YY, np.cumsum(np.abs(YY), axis=1)), {}),
    ("simpson", (Y[:2],), {}),
    ("simpson", (YY[:, :1],), {}),
    ("romb", (Y,), {"dx": 0.25}),
    ("romb", (YY,), {"axis": 0}),
]


@pytest.mark.parametrize(("name", "args", "params"), CALLS)
def test_samples(name, args, params):
    check_agreement(getattr(gsp.integrate, name), getattr(scipy.integrate, name), args, params)


@pytest.mark.parametrize("n", [2, 3, 4, 9])
@pytest.mark.parametrize("spacing", [{"x": True}, {"dx": 0.3}, {"dx": 0.3, "initial": 0.5}])
def test_cumulative_simpson(n, spacing):
    if "x" in spacing:

        def ours(y, x):
            return gsp.integrate.cumulative_simpson(y, x=x)

        check_agreement(ours, lambda y, x: scipy.integrate.cumulative_simpson(y, x=x), (Y[:n], AT[:n]), {})
    else:
        check_agreement(gsp.integrate.cumulative_simpson, scipy.integrate.cumulative_simpson, (Y[:n],), spacing)


@pytest.mark.parametrize(
    ("f", "a", "b"),
    [
        (lambda x, k: np.exp(-k * x) * np.cos(x), 0.2, 1.7),
        (lambda x, k: np.exp(-k * x) * np.cos(x), 1.7, 0.2),
        (lambda x, k: np.exp(-k * x * x), 0.3, INF),
        (lambda x, k: np.exp(k * x), -INF, 0.4),
        (lambda x, k: np.exp(k * x), 0.4, -INF),
        (lambda x, k: np.exp(-k * x * x) * (1.0 + x), -INF, INF),
        (lambda x, k: np.exp(-k * x * x) * (1.0 + x), INF, -INF),
        (lambda x, k: np.sqrt(np.abs(x - 0.5)) * k, 0.0, 1.0),
    ],
)
def test_quad(f, a, b):
    k = 1.3
    with gt.GradientTape():
        ours, error = gsp.integrate.quad(f, a, b, args=(gt.constant(k),))
    theirs = scipy.integrate.quad(f, a, b, args=(k,))
    np.testing.assert_allclose(ours.numpy(), theirs[0], rtol=1e-12)
    assert error == theirs[1]
    assert gsp.integrate.quad(f, a, b, args=(k,)) == theirs
    finite = [x for x in (a, b) if np.isfinite(x)]

    def integral(k, *limits):
        rest = list(limits)
        ends = [rest.pop(0) if np.isfinite(x) else x for x in (a, b)]
        return gsp.integrate.quad(f, *ends, args=(k,), epsabs=1e-12, epsrel=1e-12)[0]

    check_grads(integral, [k, *finite], order=1 if "sqrt" in f.__code__.co_names else 2, rtol=1e-4)


def test_quad_of_nothing_and_of_what_a_function_reads():
    k = gt.Variable(2.0)
    with gt.GradientTape() as tape:
        y, _ = gsp.integrate.quad(lambda x: k * x, 1.0, 3.0)
    assert abs(tape.gradient(y, k).numpy() - 4.0) < 1e-12
    end = gt.Variable(1.0)
    with gt.GradientTape() as tape:
        y, _ = gsp.integrate.quad(lambda x: x**2 + 2.0, 1.0, end)
    assert y.numpy() == 0
    assert abs(tape.gradient(y, end).numpy() - 3.0) < 1e-12


def test_quad_with_points_where_the_function_has_a_kink():
    def f(x, k):
        return np.abs(x - 0.3) * k + np.abs(x - 0.7)

    given = {"points": [0.3, 0.7], "epsabs": 1e-12}
    theirs = scipy.integrate.quad(f, 0.0, 1.0, args=(1.3,), **given)
    assert gsp.integrate.quad(f, 0.0, 1.0, args=(1.3,), **given) == theirs
    check_grads(lambda k, b: gsp.integrate.quad(f, 0.0, b, args=(k,), **given)[0], [1.3, 1.0], order=1)


def both(x, k):
    parts = [np.exp(-k * x * x), np.exp(-k * x * x) * (1.0 + x) * x]
    return np.stack(parts) if isinstance(k, gt.Tensor) else np.array(parts)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (0.0, 2.0), (2.0, -0.5), (-INF, 0.4), (-INF, INF),
        *(pytest.param(*ends, marks=pytest.mark.thorough) for ends in [(0.3, INF), (0.4, -INF), (INF, -INF)]),
    ],
)  # fmt: skip
def test_quad_vec(a, b):
    theirs = scipy.integrate.quad_vec(both, a, b, args=(1.5,))
    ours = gsp.integrate.quad_vec(both, a, b, args=(1.5,))
    np.testing.assert_array_equal(ours[0], theirs[0])
    finite = [x for x in (a, b) if np.isfinite(x)]

    def integral(k, *limits):
        rest = list(limits)
        ends = [rest.pop(0) if np.isfinite(x) else x for x in (a, b)]
        return gsp.integrate.quad_vec(both, *ends, args=(k,), epsrel=1e-11)[0]

    check_grads(integral, [1.5, *finite], order=2, rtol=1e-4)


def test_quad_vec_with_points_and_details():
    found = gsp.integrate.quad_vec(lambda x: np.array([abs(x - 0.3)]), 0.0, 1.0, points=[0.3], full_output=True)
    assert found[2].success
    np.testing.assert_allclose(found[0], [0.29])


def test_fixed_quad():
    check_agreement(
        lambda a, b: gsp.integrate.fixed_quad(np.exp, a, b, n=4),
        lambda a, b: scipy.integrate.fixed_quad(np.exp, a, b, n=4),
        (np.array(0.1), np.array(1.4)),
        {},
    )


def test_several_variables():
    def f(x, y, z, k):
        return k * x * y + z

    def ranges(k):
        return [lambda y, _z, _k: (0.0, y), (0.0, k), (0.0, 1.0)]

    opts = [{"epsabs": 1e-10}, {}, lambda *_: {"limit": 20}]
    theirs = scipy.integrate.nquad(f, ranges(1.3), (1.3,), opts=opts)
    ours = gsp.integrate.nquad(f, ranges(1.3), (1.3,), opts=opts, full_output=True)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-12)
    assert ours[2]["neval"] > 0
    thrice = gsp.integrate.tplquad(lambda z, y, x: x * y * z, 0.0, 1.0, 0.0, lambda x: x, 0.0, lambda x, y: x + y)
    np.testing.assert_allclose(
        thrice[0], scipy.integrate.tplquad(lambda z, y, x: x * y * z, 0, 1, 0, lambda x: x, 0, lambda x, y: x + y)[0]
    )
    k = gt.Variable(1.3)
    with gt.GradientTape() as tape:
        y = gsp.integrate.nquad(lambda x, y: k * x * y, [lambda y: (0.0, y), (0.0, k)])[0]  # k k^4 / 8
    np.testing.assert_allclose(tape.gradient(y, k), 5.0 * 1.3**4 / 8.0)


def test_two_variables():
    def f(y, x, k):
        return k * x * np.exp(-y)

    theirs = scipy.integrate.dblquad(f, 0.0, 1.5, 0.2, lambda x: 1.0 + x, args=(1.3,))[0]
    ours = gsp.integrate.dblquad(f, 0.0, 1.5, 0.2, lambda x: 1.0 + x, args=(1.3,))[0]
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    check_grads(
        lambda k, b, c: gsp.integrate.dblquad(f, 0.0, b, c, lambda x: 1.0 + x * k, args=(k,))[0],
        [1.3, 1.5, 0.2],
        order=1,
        rtol=1e-4,
    )


@pytest.mark.skipif(not hasattr(scipy.integrate, "tanhsinh"), reason="SciPy has it since 1.15")
@pytest.mark.parametrize(
    ("f", "a", "b"),
    [
        (lambda x, k: np.exp(-k * x) * np.cos(x), [0.2, 1.0], 1.7),
        (lambda x, k: np.exp(-k * x) * np.cos(x), 1.7, 0.2),
        (lambda x, k: np.sqrt(x) * k, 0.0, 2.0),
        (lambda x, k: np.exp(-k * x * x), 0.3, INF),
        (lambda x, k: np.exp(k * x), -INF, 0.4),
        (lambda x, k: np.exp(-k * x * x) * (1.0 + x), -INF, INF),
    ],
)
def test_tanhsinh(f, a, b):
    k = np.array([1.3, 0.8])
    expected = scipy.integrate.tanhsinh(f, a, b, args=(k,)).integral
    ours = gsp.integrate.tanhsinh(f, a, b, args=(gt.constant(k),)).integral
    np.testing.assert_allclose(ours.numpy(), expected, rtol=1e-12)
    finite = [np.array(x) for x in (a, b) if np.isfinite(x).all() and np.any(x)]

    def integral(k, *limits):
        rest = list(limits)
        ends = [rest.pop(0) if np.isfinite(x).all() and np.any(x) else x for x in (a, b)]
        return gsp.integrate.tanhsinh(f, *ends, args=(k,)).integral

    check_grads(integral, [k, *finite], rtol=1e-4)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gsp.integrate.quad(np.sin, 0, 1, weight="cos", wvar=2.0), "weight"),
        (lambda: gsp.integrate.fixed_quad(np.sin, 0, INF), "finite"),
        (lambda: gsp.integrate.tanhsinh(np.sin, [0.0, 1.0], [INF, 2.0]), "infinite"),
        (lambda: gsp.integrate.tanhsinh(np.sin, 0.0, 1.0, log=True), "log"),
        (lambda: gsp.integrate.romb(Y[:4]), "power of 2"),
        (lambda: gsp.integrate.simpson(Y, AT[:3]), "length of x"),
    ],
)
def test_what_is_wrong_is_said(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()
