"""Polynomials, slopes, integrals, interpolation, histograms and statistics: NumPy's values, and right gradients."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.testing import check_grads

RNG = np.random.default_rng(0)
X = np.array([0.3, 0.57, 0.71, 0.23])
Y = np.array([0.61, 0.26, 0.43, 0.87])
W = np.array([0.5, -1.2, 0.8])
UP = np.array([0.1, 0.4, 0.5, 0.9, 1.4])
H = RNG.normal(size=5)
M = RNG.normal(size=(3, 5))
T = RNG.normal(size=(3, 4, 5))

CALLS = {
    "vander": (np.vander, X),
    "vander increasing": (lambda x: np.vander(x, 3, increasing=True), X),
    "polyval": (np.polyval, W, X),
    "polyadd": (np.polyadd, W, X),
    "polysub": (np.polysub, X, W),
    "polymul": (np.polymul, W, X),
    "polydiv": (np.polydiv, X, W),
    "polydiv by a number": (lambda x, w: np.polydiv(x, w[:1]), X, W),
    "polydiv of a smaller one": (lambda x, w: np.polydiv(w[:2], x), X, W),
    "polyder": (np.polyder, X),
    "polyder twice": (lambda x: np.polyder(x, 2), X),
    "polyint": (np.polyint, X),
    "polyint twice": (lambda x, w: np.polyint(x, 2, k=w[:2]), X, W),
    "poly": (np.poly, X),
    "poly of a matrix": (lambda x: np.real(np.poly(x[:, :3])), M),
    "roots": (lambda w: np.abs(np.roots(w)), W),
    "polyfit": (lambda x, y: np.polyfit(x, y, 2), X, Y),
    "polyfit weighted": (lambda x, y, w: np.polyfit(x, y, 1, w=w), X, Y, X + 1.0),
    "polyfit of columns": (lambda x, y: np.polyfit(x, np.stack([y, y * y], axis=1), 1), X, Y),
    "polyfit full": (lambda x, y: np.polyfit(x, y, 1, full=True)[:2], X, Y),
    "polyfit cov": (lambda x, y: np.polyfit(x, y, 1, cov=True), X, Y),
    "polyfit unscaled": (lambda x, y: np.polyfit(x, y, 1, cov="unscaled")[1], X, Y),
    "poly1d": (lambda w: np.poly1d(w)(2.0), W),
    "interp": (np.interp, np.array([0.2, 0.45, 0.7, 1.3]), UP, H),
    "interp beyond": (lambda x, p, f: np.interp(x, p, f), np.array([-0.2, 0.45, 1.7]), UP, H),
    "interp left right": (lambda x, p, f, a, b: np.interp(x, p, f, a, b), np.array([-0.2, 0.45, 1.7]), UP, H, 0.5, 0.7),
    "interp period": (lambda x, p, f: np.interp(x, p, f, period=1.1), np.array([-0.35, 0.45, 2.75]), UP, H),
    "interp complex": (lambda x, p, f: np.abs(np.interp(x, p, f * 1j)), np.array([0.2, 0.45]), UP, H),
    "interp one point": (lambda p, f: np.interp([0.0, 1.0], p, f, left=2.0), UP[:1], H[:1]),
    "diff": (lambda a, p: np.diff(a, 2, axis=1, prepend=p, append=1.0), M, 0.4),
    "ediff1d": (lambda a, p: np.ediff1d(a, to_end=p, to_begin=[1.0, 2.0]), M, W),
    "trapezoid": (lambda y, x: np.trapezoid(y, x), M, UP),
    "trapezoid dx": (lambda y, d: np.trapezoid(y, dx=d, axis=0), M, 0.4),
    "gradient": (np.gradient, H),
    "gradient of several axes": (lambda f, h: np.gradient(f, h, 2.0, 0.5), T, 0.3),
    "gradient at places": (lambda f, x: np.gradient(f, x, axis=-1), T, UP),
    "gradient at places, second order": (lambda f, x: np.gradient(f, x, axis=1, edge_order=2), M, UP),
    "gradient second order": (lambda f, h: np.gradient(f, h, edge_order=2), M, 0.3),
    "gradient of some axes": (lambda f: np.gradient(f, axis=(0, 2)), T),
    "linspace": (lambda a, b: np.linspace(a, b, 4, axis=-1), X, Y),
    "linspace step": (lambda a, b: np.linspace(a, b, 4, retstep=True, endpoint=False), X, Y),
    "logspace": (lambda a: np.logspace(a, 2.0, 5), 0.7),
    "logspace base": (lambda a, b: np.logspace(a, Y, 3, base=b), X, 2.0),
    "geomspace": (lambda a, b: np.geomspace(a, b, 5), 0.7, 3.0),
    "geomspace below zero": (lambda a: np.geomspace(-a, -8.0, 4, endpoint=False), 0.7),
    "cumulative_sum": (lambda a: np.cumulative_sum(a, axis=1, include_initial=True), M),
    "cumulative_prod": (lambda a: np.cumulative_prod(a, axis=0, include_initial=True), M),
    "windows of two axes": (lambda a: np.lib.stride_tricks.sliding_window_view(a, (2, 3)), M),
    "einsum of lists": (lambda a, b: np.einsum(a, [0, 1], b, [2, 1], [2, 0], optimize=True), M, M[:2]),
    "einsum of lists with dots": (lambda a, b: np.einsum(a, [..., 0], b, [0]), T, H),
    "average returned": (lambda a, w: np.average(a, axis=1, weights=w, returned=True), M, UP),
    "average over axes": (lambda a, w: np.average(a, axis=(2, 0), weights=w.T), T, np.abs(M)),
    "cov": (np.cov, M),
    "cov of two": (lambda a, b: np.cov(a, b), X, Y),
    "cov of columns": (lambda a: np.cov(a, rowvar=False, ddof=0), M),
    "cov weighted": (lambda a, w: np.cov(a, aweights=w, fweights=[1, 2, 1, 3, 1]), M, UP),
    "cov repeated": (lambda a: np.cov(a, fweights=[1, 2, 1, 3, 1]), M),
    "corrcoef": (np.corrcoef, M),
    "corrcoef of two": (lambda a, b: np.corrcoef(a, b), X, Y),
    "bincount": (lambda w: np.bincount(np.array([0, 2, 2, 5]), weights=w, minlength=8), X),
    "histogram": (lambda x: np.histogram(x)[1], X),
    "histogram weights": (lambda w: np.histogram(Y, bins=3, weights=w), X),
    "histogram density": (lambda x: np.histogram(x, bins=3, density=True), X),
    "histogram_bin_edges": (lambda x: np.histogram_bin_edges(x, 4), X),
    "histogram2d": (lambda x, y: np.histogram2d(x, y, bins=[3, 4]), X, Y),
    "histogramdd weights": (lambda x, w: np.histogramdd((x, Y), bins=3, weights=w, density=True), X, Y),
    "histogramdd of points": (lambda x: np.histogramdd(x, bins=(2, 3), range=[None, (0.0, 1.0)])[1], M[:, :2]),
    "modf": (np.modf, H),
    "frexp": (lambda x: np.frexp(x)[0], H),
    "nextafter": (lambda x: np.nextafter(x, 2.0), H),
    "ix_": (lambda x, y: np.ix_(x, y), X, Y),
}


def arrays(result):
    return list(result) if isinstance(result, tuple | list) else [result]


def leaves(result):
    return [leaf for r in arrays(result) for leaf in arrays(r)]


@pytest.mark.parametrize("name", CALLS)
def test_value_and_gradient(name):
    f, *args = CALLS[name]
    ours, theirs = leaves(f(*map(gt.Variable, args))), leaves(f(*args))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert isinstance(a, gt.Tensor)
        assert a.dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-9, atol=1e-13)
    check_grads(lambda *xs: [leaf for leaf in leaves(f(*xs)) if leaf.dtype.kind == "f"], args)


@pytest.mark.parametrize("x", [0.4, 1.4, 0.1])
def test_interpolation_at_a_point_is_the_height_there(x):
    places, heights = [0.1, 0.4, 0.4, 1.4, 1.4], [1.0, 2.0, 3.0, 4.0, 5.0]
    assert np.interp(gt.constant(x), places, heights).numpy() == np.interp(x, places, heights)


def test_interpolation_is_done_in_double_precision():
    assert np.interp(gt.constant(0.2, "float32"), UP, H).dtype == np.float64


def test_roots_move_with_zero_coefficients_at_both_ends():
    p = gt.Variable([0.0, 1.0, -3.0, 2.0, 0.0])
    with gt.GradientTape() as tape:
        total = np.sum(np.roots(p))
    assert total.numpy() == pytest.approx(3.0)
    # `r**k / p'(r)` for the roots 2, 1, 0 with p' = 3 r**2 - 6 r + 2
    slopes = {2.0: 2.0, 1.0: -1.0, 0.0: 2.0}
    expected = [-sum(r**k / s for r, s in slopes.items()) for k in (4, 3, 2, 1, 0)]
    np.testing.assert_allclose(tape.gradient(total, p).numpy(), expected, atol=1e-9)


def test_counts_have_no_gradient_and_the_reason_is_known():
    x = gt.Variable(X)
    with gt.GradientTape() as tape:
        counts, _ = np.histogram(x, bins=[0.0, 0.5, 1.0])
        total = (counts * 1.0).sum()
    assert counts.tolist() == [2, 2]
    with pytest.warns(gt.MissingGradientWarning):
        assert tape.gradient(total, x) is None
