"""Interpolators: SciPy's values, and gradients in data, places of the data, knots and places of reading."""

import numpy as np
import pytest
import scipy.interpolate

import gradtape as gt
import gradtape.scipy as gsp
from gradtape.testing import check_grads
from tests.on_scipy.agreement import check_agreement

RNG = np.random.default_rng(6)
ours, theirs = gsp.interpolate, scipy.interpolate
X = np.cumsum(RNG.uniform(0.4, 1.2, 7))
Y, SLOPES = RNG.normal(size=(2, 7))
YY = RNG.normal(size=(2, 7, 3))
AT = RNG.uniform(X[0], X[-1], 5)
WIDE = np.concatenate([AT, [X[0] - 0.3, X[-1] + 0.4]])
ROUND = np.append(Y[:-1], Y[0])

ONE = {
    "not-a-knot": ("CubicSpline", (X, Y), {}),
    "natural": ("CubicSpline", (X, Y), {"bc_type": "natural"}),
    "clamped": ("CubicSpline", (X, Y), {"bc_type": "clamped", "extrapolate": True}),
    "mixed": ("CubicSpline", (X, Y), {"bc_type": ((2, 0.5), (1, -0.3))}),
    "half": ("CubicSpline", (X, Y), {"bc_type": ("not-a-knot", "natural")}),
    "two points": ("CubicSpline", (X[:2], Y[:2]), {}),
    "two points and a slope": ("CubicSpline", (X[:2], Y[:2]), {"bc_type": ("clamped", "not-a-knot")}),
    "three points": ("CubicSpline", (X[:3], Y[:3]), {}),
    "three points, natural": ("CubicSpline", (X[:3], Y[:3]), {"bc_type": "natural"}),
    "four points": ("CubicSpline", (X[:4], Y[:4]), {}),
    "several": ("CubicSpline", (X, YY), {"axis": 1}),
    "hermite": ("CubicHermiteSpline", (X, Y, SLOPES), {}),
    "pchip": ("PchipInterpolator", (X, Y), {}),
    "pchip of two": ("PchipInterpolator", (X[:2], Y[:2]), {}),
    "pchip of several": ("PchipInterpolator", (X, YY), {"axis": 1}),
    "akima": ("Akima1DInterpolator", (X, Y), {"extrapolate": True}),
    "makima": ("Akima1DInterpolator", (X, Y), {"method": "makima", "extrapolate": True}),
    "akima of several": ("Akima1DInterpolator", (X, YY), {"axis": 1, "extrapolate": True}),
    "barycentric": ("BarycentricInterpolator", (X, Y), {}),
    "barycentric of several": ("BarycentricInterpolator", (X, YY), {"axis": 1}),
    **{
        f"interp1d {kind}": ("interp1d", (X, YY), {"axis": 1, "kind": kind, "fill_value": "extrapolate"})
        for kind in ("linear", "slinear", "quadratic", "cubic", 4)
    },
}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.thorough) if n.endswith("several") else n for n in ONE]
)
def test_one_variable(name):
    cls, args, params = ONE[name]
    check_agreement(
        lambda *a: getattr(ours, cls)(*a[:-1], **params)(a[-1]),
        lambda *a: getattr(theirs, cls)(*a[:-1], **params)(a[-1]),
        (*args, WIDE),
        {},
        rtol=1e-8,
    )


def test_a_periodic_spline():
    def of(library):
        return lambda x, y, at: library.CubicSpline(x, y, bc_type="periodic")(at)

    far = WIDE + 1.7
    np.testing.assert_allclose(of(ours)(X, ROUND, far).numpy(), of(theirs)(X, ROUND, far), rtol=1e-10)
    check_grads(lambda x, y, at: of(ours)(x, np.concatenate([y, y[:1]]), at), [X, ROUND[:-1], far])
    with pytest.raises(ValueError, match="periodic"):
        ours.CubicSpline(X, Y, bc_type="periodic")


@pytest.mark.parametrize("nu", [1, 2, 3, 4, -1, -2])
def test_derivatives_and_antiderivatives(nu):
    mine = ours.CubicSpline(X, gt.constant(YY), axis=1).derivative(nu)(AT).numpy()
    np.testing.assert_allclose(mine, theirs.CubicSpline(X, YY, axis=1).derivative(nu)(AT), rtol=1e-9, atol=1e-10)
    mine = ours.make_interp_spline(X, gt.constant(Y)).derivative(max(nu, 1))(AT).numpy()
    spline = theirs.make_interp_spline(X, Y)
    if nu in {1, 2, 3}:
        np.testing.assert_allclose(mine, spline.derivative(nu)(AT), rtol=1e-9, atol=1e-10)
    if nu < 0:
        mine = ours.make_interp_spline(X, gt.constant(Y)).antiderivative(-nu)(AT).numpy()
        np.testing.assert_allclose(mine, spline.antiderivative(-nu)(AT), rtol=1e-9, atol=1e-10)


def test_integrals():
    for make in ("CubicSpline", "make_interp_spline"):
        mine = getattr(ours, make)(X, Y).integrate(AT[0], AT[1]).numpy()
        np.testing.assert_allclose(mine, getattr(theirs, make)(X, Y).integrate(AT[0], AT[1]), rtol=1e-10)
        few = [X[:5], Y[:5], X[0] + 0.1, X[4] - 0.2]
        check_grads(lambda x, y, a, b, make=make: getattr(ours, make)(x, y).integrate(a, b), few)
    off = ours.BSpline(*theirs.make_interp_spline(X, Y).tck, extrapolate=False).integrate(X[0] - 1.0, AT[1]).numpy()
    np.testing.assert_allclose(off, theirs.make_interp_spline(X, Y).integrate(X[0], AT[1]), rtol=1e-10)


@pytest.mark.parametrize("k", [0, 1, 2, 3, pytest.param(5, marks=pytest.mark.thorough)])
def test_splines_of_any_degree(k):
    def of(library):
        return lambda x, y, at: library.make_interp_spline(x, y, k)(at)

    check_agreement(of(ours), of(theirs), (X, Y, AT), {}, rtol=1e-8)
    t = np.cumsum(RNG.uniform(0.3, 1.0, 9 + 2 * k))
    c = RNG.normal(size=(len(t) - k - 1, 2))
    at = RNG.uniform(t[k] - 0.2, t[-k - 1] + 0.2, 6)
    check_agreement(
        lambda t, c, at: ours.BSpline(t, c, k)(at), lambda t, c, at: theirs.BSpline(t, c, k)(at), (t, c, at), {}
    )
    inside = ours.BSpline(t, c, k, extrapolate=False)([t[k] - 0.1, t[k] + 0.1]).numpy()
    assert np.isnan(inside[0]).all()
    assert not np.isnan(inside[1]).any()


def test_periodic_b_splines_and_splev():
    t, c, k = theirs.make_interp_spline(X, Y).tck
    far = X[-1] + 1.3
    mine = ours.BSpline(t, c, k, extrapolate="periodic")(far).numpy()
    np.testing.assert_allclose(mine, theirs.BSpline(t, c, k, extrapolate="periodic")(far))
    tck = ours.splrep(X, gt.constant(Y))
    for ext in (0, 1, 3):
        np.testing.assert_allclose(
            ours.splev(WIDE, tck, 0, ext).numpy(), theirs.splev(WIDE, theirs.splrep(X, Y), 0, ext), rtol=1e-9
        )
    np.testing.assert_allclose(ours.splev(AT, tck, 1).numpy(), theirs.splev(AT, theirs.splrep(X, Y), 1), rtol=1e-9)
    check_grads(lambda y, at: ours.splev(at, ours.splrep(X, y), 1), [Y, AT])


@pytest.mark.parametrize("kind", ["nearest", "nearest-up", "previous", "next", "zero"])
def test_steps_have_derivatives_in_their_values_only(kind):
    at = np.concatenate([AT, (X[1:2] + X[2:3]) / 2, X[:1]])
    mine = ours.interp1d(X[::-1], gt.constant(YY[..., ::-1, :]), kind, axis=1)(at).numpy()
    np.testing.assert_allclose(mine, theirs.interp1d(X[::-1], YY[..., ::-1, :], kind, axis=1)(at))
    y, x = gt.Variable(Y), gt.Variable(X)
    with gt.GradientTape() as tape:
        read = ours.interp1d(x, y, kind)(AT)
    dy, dx = tape.gradient(read, [y, x], unconnected_gradients="zero")
    assert dy.numpy().sum() == pytest.approx(len(AT))
    assert (dx.numpy() == 0).all()


def test_beyond_the_data():
    with pytest.raises(ValueError, match="outside"):
        ours.interp1d(X, Y)(WIDE)
    filled = ours.interp1d(X, Y, bounds_error=False, fill_value=(7.0, gt.constant(8.0)))(WIDE).numpy()
    assert filled[-2:].tolist() == [7, 8]
    assert np.isnan(ours.Akima1DInterpolator(X, Y)(WIDE).numpy()[-1])
    assert np.isnan(ours.CubicSpline(X, Y, extrapolate=False)(WIDE).numpy()[-1])
    with pytest.raises(ValueError, match="domain"):
        ours.splev(WIDE, ours.splrep(X, Y), ext=2)


def test_a_polynomial_has_a_slope_at_its_data():
    x = gt.Variable(X[2])
    with gt.GradientTape() as tape:
        y = ours.BarycentricInterpolator(X, Y)(x)
    np.testing.assert_allclose(y.numpy(), Y[2])
    exact = theirs.KroghInterpolator(X, Y).derivative(X[2])
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), exact, rtol=1e-9)


@pytest.mark.parametrize("method", ["linear", "slinear", "cubic", pytest.param("quintic", marks=pytest.mark.thorough)])
def test_grids(method):
    grid = (X, np.cumsum(RNG.uniform(0.3, 1.0, 6)))
    values = RNG.normal(size=(7, 6, 2))
    at = np.stack([AT, RNG.uniform(grid[1][0], grid[1][-1], 5)], axis=-1)

    def of(library):
        return lambda a, b, v, at: library.RegularGridInterpolator((a, b), v, method)(at)

    # SciPy solves for the higher degrees by iteration
    rtol = 1e-9 if "linear" in method else 1e-2
    check_agreement(of(ours), of(theirs), (*grid, values, at), {}, rtol=rtol)


def test_grids_at_their_edges():
    at = np.array([[X[0] - 1.0, 0.5], [X[1], 0.2]])
    grid = (X[::-1], np.array([0.0, 0.4, 1.0]))
    values = RNG.normal(size=(7, 3))
    for params in ({"fill_value": None}, {"fill_value": 3.0}, {"method": "nearest", "fill_value": None}):
        mine = ours.RegularGridInterpolator(grid, values, bounds_error=False, **params)(at).numpy()
        expected = theirs.RegularGridInterpolator(grid, values, bounds_error=False, **params)(at)
        np.testing.assert_allclose(mine, expected, rtol=1e-10)
    with pytest.raises(ValueError, match="out of bounds"):
        ours.RegularGridInterpolator(grid, values)(at)
    pair = ours.interpn(grid, values, (X[1:3], 0.3)).numpy()
    np.testing.assert_allclose(pair, theirs.interpn(grid, values, (X[1:3], 0.3)))
    line = ours.RegularGridInterpolator((X,), Y)(AT).numpy()
    np.testing.assert_allclose(line, np.interp(AT, X, Y))


@pytest.mark.parametrize(
    ("kernel", "epsilon"),
    [
        ("thin_plate_spline", None),
        ("linear", None),
        ("cubic", 0.7),
        ("quintic", None),
        ("gaussian", 0.8),
        ("multiquadric", 0.8),
        ("inverse_quadratic", 1.1),
        ("inverse_multiquadric", 1.1),
    ],
)
def test_radial_functions(kernel, epsilon):
    places, values, at = RNG.uniform(-2, 2, (9, 2)), RNG.normal(size=(9, 2)), RNG.uniform(-2, 2, (4, 2))
    params = {"kernel": kernel, "epsilon": epsilon, "smoothing": 0.1}
    check_agreement(
        lambda p, v, at: ours.RBFInterpolator(p, v, **params)(at),
        lambda p, v, at: theirs.RBFInterpolator(p, v, **params)(at),
        (places, values, at),
        {},
        rtol=1e-7,
        atol=1e-9,
        order=1,
    )
    exact = ours.RBFInterpolator(places, values[:, 0], kernel=kernel, epsilon=epsilon, degree=2)(places).numpy()
    np.testing.assert_allclose(exact, values[:, 0], atol=1e-6)


@pytest.mark.parametrize("k", [1, 2, 3, pytest.param(5, marks=pytest.mark.thorough)])
def test_older_splines(k):
    check_agreement(
        lambda x, y, at: ours.InterpolatedUnivariateSpline(x, y, k=k)(at),
        lambda x, y, at: theirs.InterpolatedUnivariateSpline(x, y, k=k)(at),
        (X, Y, WIDE),
        {},
        rtol=1e-8,
    )


def test_older_splines_beyond_the_data_and_their_integrals():
    mine = ours.InterpolatedUnivariateSpline(X, gt.constant(Y), ext=1)
    other = theirs.InterpolatedUnivariateSpline(X, Y, ext=1)
    np.testing.assert_allclose(mine(WIDE).numpy(), other(WIDE), rtol=1e-9)
    np.testing.assert_allclose(mine.integral(X[0] - 1, AT[0]).numpy(), other.integral(X[0] - 1, AT[0]), rtol=1e-9)


def test_older_splines_of_two_variables():
    z = RNG.normal(size=(7, 6))
    other_axis = np.arange(6.0)
    surface = theirs.RectBivariateSpline(X, other_axis, z)
    check_agreement(
        lambda x, y, z, at: ours.RectBivariateSpline(x, y, z)(at, np.array([0.3, 9.0])),
        lambda x, y, z, at: surface(at, [0.3, 9.0]),
        (X, other_axis, z, np.sort(AT)),
        {},
        rtol=1e-8,
    )
    pair = ours.RectBivariateSpline(X, other_axis, gt.constant(z)).ev(AT, AT / 2.0).numpy()
    np.testing.assert_allclose(pair, surface.ev(AT, AT / 2.0), rtol=1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ours.CubicSpline(X[::-1], Y), "increasing"),
        (lambda: ours.CubicSpline(X, Y[:4]), "length"),
        (lambda: ours.CubicSpline(X, Y, bc_type="free"), "not allowed"),
        (lambda: ours.CubicSpline(X, Y, bc_type=((3, 0.0), (1, 0.0))), "1 or 2"),
        (lambda: ours.make_interp_spline(X, Y, bc_type="natural"), "CubicSpline"),
        (lambda: ours.make_interp_spline(X[:3], Y[:3]), "4 places"),
        (lambda: ours.make_interp_spline(X, Y * np.nan), "NaN"),
        (lambda: ours.BSpline([2.0, 1.0, 0.0, 0.0], [1.0, 1.0], 1), "non-decreasing"),
        (lambda: ours.BSpline([0.0, 1.0, 2.0, 3.0], [1.0], 1), "inconsistent"),
        (lambda: ours.BSpline([0.0, 1.0, 2.0], [1.0], 1), "at least 4 knots"),
        (lambda: ours.make_interp_spline(X, Y, 1, t=np.arange(9.0) + 90.0), "no place of the data"),
        (lambda: ours.RBFInterpolator(YY[0], Y, kernel="round"), "one of"),
        (lambda: ours.RBFInterpolator(YY[0], Y, kernel="gaussian"), "epsilon"),
        (lambda: ours.RBFInterpolator(YY[0], Y, neighbors=3), "neighbors"),
        (lambda: ours.RBFInterpolator(YY[0], Y)(X), "shape"),
        (lambda: ours.RectBivariateSpline(X, X, np.outer(Y, Y), kx=2), "degree"),
        (lambda: ours.InterpolatedUnivariateSpline(X, Y, w=X), "weights"),
        (lambda: ours.interp1d(X, Y, "wild"), "unsupported"),
        (lambda: ours.splrep(X, Y, s=1.0), "s=0"),
        (lambda: ours.BarycentricInterpolator([1.0, 1.0], [0.0, 0.0]), "distinct"),
        (lambda: ours.RegularGridInterpolator((X,), Y, "sharp"), "not defined"),
        (lambda: ours.RegularGridInterpolator((X[:3],), Y[:3], "cubic"), "4 points"),
    ],
)
def test_what_is_wrong_is_said(call, words):
    with pytest.raises((ValueError, TypeError, NotImplementedError), match=words):
        call()
