"""Reductions beside NaN, and with `where=`, `initial=`, `mean=` and `correction=`: values and gradients."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.testing import check_grads

M = np.random.default_rng(0).normal(size=(4, 5))
HOLES = np.where(np.random.default_rng(1).random((4, 5)) < 0.3, np.nan, M)
HOLES[2] = np.nan
KEPT = np.random.default_rng(2).random((4, 5)) > 0.3
AXES = [{}, {"axis": 0}, {"axis": 1, "keepdims": True}, {"axis": (0, 1)}]


def compare(f, a, rtol):
    """The value and dtype of NumPy, and a tensor."""
    ours, theirs = f(gt.Variable(a)), f(a)
    assert isinstance(ours, gt.Tensor)
    assert ours.dtype == np.asarray(theirs).dtype
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=rtol)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("options", AXES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "name", ["nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "nanmedian", "median"]
)
def test_nan_is_passed_over_as_numpy_does(name, dtype, options):
    compare(lambda a: getattr(np, name)(a, **options), HOLES.astype(dtype), 1e-12 if dtype == "float64" else 1e-5)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("options", AXES, ids=str)
@pytest.mark.parametrize("name", ["quantile", "nanquantile", "percentile", "nanpercentile"])
@pytest.mark.parametrize("q", [0.3, [0.3, 0.6]], ids=str)
def test_levels_of_every_shape(name, q, options):
    compare(lambda a: getattr(np, name)(a, q, **options), HOLES, 1e-12)


@pytest.mark.parametrize("options", AXES, ids=str)
@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std", "max", "min"])
def test_where_and_initial(name, options):
    more = {"initial": 0.5} if name in {"sum", "prod", "max", "min"} else {}

    def f(a):
        return getattr(np, name)(a, where=KEPT, **more, **options)

    compare(f, M, 1e-12)
    check_grads(f, [M])


def test_a_mask_may_be_a_tensor():
    x = gt.Variable(M)
    with gt.GradientTape() as tape:
        y = np.sum(x, where=x > 0)
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), M > 0)


@pytest.mark.parametrize("name", ["nanprod", "nanvar", "nanstd", "nanmax", "nanmedian", "nancumsum", "nancumprod"])
def test_gradients_beside_nan(name):
    holes = np.isnan(HOLES[:2])

    def f(a):
        return getattr(np, name)(np.where(holes, np.nan, a), axis=1)

    check_grads(f, [M[:2]])


@pytest.mark.parametrize("name", ["var", "std", "nanvar", "nanstd"])
def test_the_mean_can_be_given_and_has_a_derivative(name):
    def f(a, m):
        return getattr(np, name)(a, axis=1, mean=m, keepdims=True)

    compare(lambda a: f(a, np.mean(M, axis=1, keepdims=True)), M, 1e-12)
    check_grads(f, [M, np.mean(M, axis=1, keepdims=True) + 0.1])
    compare(lambda a: getattr(np, name)(a, axis=0, correction=1), M, 1e-12)


@pytest.mark.parametrize("name", ["std", "nanstd"])
def test_the_spread_of_equal_numbers_has_derivative_zero(name):
    x = gt.Variable([2.0, 2.0, 2.0])
    with gt.GradientTape() as tape:
        y = getattr(np, name)(x, where=np.array([True, True, True]))
    assert not tape.gradient(y, x).numpy().any()


def test_a_median_that_is_nan_says_so_on_the_way_back():
    x = gt.Variable([1.0, np.nan, 2.0])
    with gt.GradientTape() as tape:
        y = np.median(x)
    assert np.isnan(tape.gradient(y, x).numpy()).any()


def test_the_level_of_a_quantile_has_a_derivative():
    q = gt.Variable(0.3)
    with gt.GradientTape() as tape:
        y = np.quantile([1.0, 2.0, 4.0, 8.0], q)
    assert tape.gradient(y, q).numpy() == pytest.approx(3.0)
