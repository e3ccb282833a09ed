"""Images: SciPy's values in every mode and order, and gradients in arrays, weights and places."""

import numpy as np
import pytest
import scipy.ndimage

import gradtape as gt
import gradtape.scipy as gsp
from gradtape.testing import check_grads
from tests.on_scipy.agreement import check_agreement

RNG = np.random.default_rng(8)
A = RNG.normal(size=(6, 5))
T = RNG.normal(size=(3, 4, 4))
K = RNG.normal(size=(3, 2))
W = np.array([0.5, -1.0, 0.25])
MODES = ["reflect", "constant", "nearest", "mirror", "wrap", "grid-mirror", "grid-constant", "grid-wrap"]
PLACES = np.stack([RNG.uniform(0.1, 4.9, 7), RNG.uniform(0.1, 3.9, 7)])
BEYOND = np.stack([RNG.uniform(-9, 12, 9), RNG.uniform(-9, 12, 9)])
TURN = np.array([[0.91, 0.31], [-0.23, 1.13]])
NAMES = np.array([[1, 1, 2, 0, 2]] * 6)

CALLS = [
    *((name, (A, W), {"mode": m, "axis": 0}) for name in ("correlate1d", "convolve1d") for m in MODES),
    ("correlate1d", (A, np.array([1.0, 2.0, 3.0, 4.0])), {"origin": 1, "cval": 2.0, "mode": "constant"}),
    ("convolve1d", (A, np.array([1.0, 2.0, 3.0, 4.0])), {"origin": -1}),
    *((name, (A, K), {"mode": m}) for name in ("correlate", "convolve") for m in MODES[:5]),
    ("correlate", (A, K), {"origin": (1, -1)}),
    ("convolve", (A, K), {"origin": (-1, 0), "mode": "wrap"}),
    *(("gaussian_filter", (A, 0.8), {"mode": m, "cval": 1.0}) for m in MODES),
    ("gaussian_filter", (A, [0.7, 0.5]), {"order": [1, 2]}),
    ("gaussian_filter", (A, 1.0), {"order": 3, "truncate": 2.0}),
    ("gaussian_filter", (T, 0.5), {"axes": (0, 2), "radius": 1}),
    ("gaussian_filter", (A, [0.0, 0.5]), {}),
    ("gaussian_filter1d", (A, 1.5), {"axis": 0, "order": 1}),
    ("uniform_filter", (A,), {}),
    ("uniform_filter", (A, (1, 4)), {"mode": "mirror", "origin": (0, 1)}),
    ("uniform_filter1d", (A, 4), {"origin": -2}),
    *((name, (A,), p) for name in ("sobel", "prewitt") for p in ({}, {"axis": 0, "mode": "wrap"})),
    ("sobel", (T,), {"axis": 1}),
    ("laplace", (A,), {"mode": "nearest"}),
    ("gaussian_laplace", (A, 0.7), {}),
    ("gaussian_gradient_magnitude", (A, 0.7), {}),
    ("median_filter", (A,), {"size": 3}),
    ("median_filter", (A,), {"size": (2, 3), "mode": "constant"}),
    ("percentile_filter", (A, 20), {"size": 3, "mode": "mirror"}),
    ("percentile_filter", (A, -10), {"size": (3, 1)}),
    ("rank_filter", (A, -2), {"footprint": [[1, 0, 1], [0, 1, 1], [1, 1, 0]]}),
    ("maximum_filter", (A,), {"size": 3}),
    ("maximum_filter", (A,), {"size": (1, 4), "origin": (0, 1), "mode": "wrap"}),
    ("minimum_filter", (A,), {"footprint": [[0, 1], [1, 1]], "mode": "nearest"}),
    *((f"{name}_filter1d", (A, n), {"axis": 0, "origin": -1}) for name in ("maximum", "minimum") for n in (3, 4)),
    *(
        (f"grey_{name}", (A,), params)
        for name in ("erosion", "dilation", "opening", "closing")
        for params in ({"size": 3}, {"size": (2, 3), "mode": "wrap"}, {"footprint": [[1, 1], [0, 1]]})
    ),
    ("grey_dilation", (A,), {"size": (3, 4), "origin": (1, -1)}),
    ("morphological_gradient", (A,), {"size": (3, 3)}),
    ("sum", (A, NAMES, 1), {}),
    ("spline_filter", (A,), {}),
    ("spline_filter", (A, 5), {"mode": "reflect"}),
    ("spline_filter1d", (A, 2, 0), {}),
    *(("map_coordinates", (A, PLACES), {"order": k}) for k in range(1, 6)),
    *(("map_coordinates", (A, BEYOND), {"order": k, "mode": m, "cval": 0.3}) for k in (1, 2, 3) for m in MODES),
    ("map_coordinates", (A, PLACES), {"prefilter": False}),
    ("map_coordinates", (T, RNG.uniform(0, 3, (3, 2, 4))), {"mode": "nearest"}),
    ("affine_transform", (A, TURN), {"mode": "reflect"}),
    ("affine_transform", (A, TURN, np.array([0.312, -0.217])), {"order": 1, "output_shape": (3, 4)}),
    ("affine_transform", (A, np.array([0.6, 0.7]), 0.2), {"mode": "mirror"}),
    ("affine_transform", (A, np.array([[0.91, 0.31, 0.212], [-0.23, 1.13, 0.417]])), {"mode": "nearest"}),
    ("shift", (A, np.array([0.3, -1.2])), {"mode": "grid-wrap"}),
    ("shift", (A, 0.7), {"order": 2, "cval": 1.0}),
    ("zoom", (A, 1.7), {"mode": "nearest"}),
    ("zoom", (A, (2.0, 0.5)), {"order": 1, "mode": "reflect"}),
    ("zoom", (A, 2), {"grid_mode": True, "mode": "grid-mirror"}),
    ("rotate", (A, 30.0), {"mode": "reflect"}),
    ("rotate", (A, -20.0), {"reshape": False, "order": 1, "mode": "nearest"}),
    ("rotate", (T, 25.0), {"axes": (0, 2), "mode": "mirror", "order": 2}),
    ("sum_labels", (A,), {}),
    ("sum_labels", (A, NAMES), {}),
    *((name, (A, NAMES, [2, 0, 2]), {}) for name in ("sum_labels", "mean", "variance", "maximum", "minimum")),
    ("mean", (A, NAMES, 1), {}),
    ("standard_deviation", (A, NAMES, [1, 2]), {}),
    ("sum_labels", (A, NAMES, [7, 1]), {}),
    ("center_of_mass", (A + 3.0,), {}),
    ("center_of_mass", (A + 3.0, NAMES, [1, 2]), {}),
]


@pytest.mark.parametrize(("name", "args", "params"), CALLS)
def test_call(name, args, params):
    check_agreement(getattr(gsp.ndimage, name), getattr(scipy.ndimage, name), args, params, rtol=1e-8)


def test_the_nearest_element_has_the_derivative_and_its_place_has_none():
    x, at = gt.Variable(A[0]), gt.Variable([[1.2, 2.6]])
    with gt.GradientTape() as tape:
        y = gsp.ndimage.map_coordinates(x, at, order=0)
    np.testing.assert_array_equal(y.numpy(), A[0, [1, 3]])
    dx, dat = tape.gradient(y, [x, at], unconnected_gradients="zero")
    assert dx.numpy().tolist() == [0, 1, 0, 1, 0]
    assert dat.numpy().tolist() == [[0, 0]]


def test_widths_and_angles_have_derivatives():
    check_grads(lambda s: gsp.ndimage.gaussian_filter(A, s), [0.8])
    check_grads(lambda s: gsp.ndimage.gaussian_filter(A, s, order=2, radius=3), [np.array([0.8, 1.1])])
    check_grads(lambda a: gsp.ndimage.rotate(A, a, reshape=False, mode="reflect"), [20.0])


def test_the_largest_of_equal_neighbours_share():
    x = gt.Variable([2.0, 2.0, 0.0])
    with gt.GradientTape() as tape:
        y = gsp.ndimage.maximum_filter(x, size=3)
    assert tape.gradient(y, x).numpy().sum() == 3


def test_single_precision_stays():
    x = gt.constant(A.astype(np.float32))
    for y in (
        gsp.ndimage.gaussian_filter(x, 1.0),
        gsp.ndimage.sobel(x),
        gsp.ndimage.zoom(x, 2),
        gsp.ndimage.uniform_filter(x),
    ):
        assert y.dtype == np.float32


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gsp.ndimage.gaussian_filter(A, 1.0, mode="edge"), "boundary mode"),
        (lambda: gsp.ndimage.gaussian_filter(A, [1.0]), "1 values for 2 axes"),
        (lambda: gsp.ndimage.map_coordinates(A, PLACES, order=6), "order"),
        (lambda: gsp.ndimage.map_coordinates(A, PLACES[:1]), "coordinate"),
        (lambda: gsp.ndimage.correlate1d(A, W, origin=2), "origin"),
        (lambda: gsp.ndimage.sobel(A, output=A), "output"),
        (lambda: gsp.ndimage.median_filter(A), "size"),
        (lambda: gsp.ndimage.grey_dilation(A, structure=np.ones((3, 3))), "flat"),
    ],
)
def test_what_is_wrong_is_said(call, words):
    with pytest.raises((RuntimeError, ValueError, TypeError), match=words):
        call()
