"""Ties, zeros, infinities, NaN, empty arrays: what the derivative is where it needs a decision."""

import numpy as np
import pytest

import gradtape as gt

INF, NAN = float("inf"), float("nan")


def gradient(f, *args, dtype=float):
    variables = [gt.Variable(np.array(a, dtype)) for a in args]
    with gt.GradientTape() as tape, np.errstate(all="ignore"):
        y = f(*variables)
    found = tape.gradient(y, variables, unconnected_gradients="zero")
    for g, v in zip(found, variables, strict=True):
        assert g.dtype == v.dtype
        assert g.shape == v.shape
    return [g.numpy().tolist() for g in found]


TIES = {
    "maximum: the first takes all": (np.maximum, ([2.0, 1.0, 3.0], [2.0, 2.0, 1.0]), [[1, 0, 1], [0, 1, 0]]),
    "minimum: the first takes all": (np.minimum, ([2.0, 1.0, 3.0], [2.0, 2.0, 1.0]), [[1, 1, 0], [0, 0, 1]]),
    "fmax ignores NaN": (np.fmax, ([NAN, 1.0, 2.0], [3.0, NAN, 2.0]), [[0, 1, 1], [1, 0, 0]]),
    "max shares": (np.max, ([1.0, 3.0, 3.0],), [[0, 0.5, 0.5]]),
    "min shares along an axis": (lambda x: np.min(x, axis=1), ([[1.0, 1.0], [1.0, 0.0]],), [[[0.5, 0.5], [0, 1]]]),
    "clip: both edges pass": (lambda x: np.clip(x, 0.0, 1.0), ([-1.0, 0.0, 0.5, 1.0, 2.0],), [[0, 1, 1, 1, 0]]),
    "clip: the bounds": (np.clip, ([-1.0, 0.5, 2.0], 0.0, 1.0), [[0, 1, 0], 1, 1]),
    "clip from above": (lambda x: np.clip(x, None, 1.0), ([0.0, 2.0],), [[1, 0]]),
    "sort is stable": (lambda x: np.sort(x) * [1.0, 10.0, 100.0], ([1.0, 0.0, 1.0],), [[10, 1, 100]]),
    "inf-norm shares": (lambda x: np.linalg.norm(x, ord=np.inf), ([3.0, -4.0, 4.0],), [[0, -0.5, 0.5]]),
}
ZEROS = {
    "abs": (np.abs, ([0.0, -0.0, -2.0],), [[0, 0, -1]]),
    "sign": (np.sign, ([0.5, -2.0],), [[0, 0]]),
    "std of a constant": (np.std, ([2.0, 2.0],), [[0, 0]]),
    "std of one": (lambda x: np.std(x, axis=0), ([[2.0, 1.0]],), [[[0, 0]]]),
    "norm": (np.linalg.norm, ([0.0, 0.0],), [[0, 0]]),
    "norm of one row": (lambda x: np.linalg.norm(x, axis=1), ([[0.0, 0.0], [3.0, 4.0]],), [[[0, 0], [0.6, 0.8]]]),
    "hypot": (np.hypot, (0.0, 0.0), [0, 0]),
    "arctan2": (np.arctan2, (0.0, 0.0), [0, 0]),
    "prod with one zero": (np.prod, ([2.0, 0.0, 4.0],), [[0, 8, 0]]),
    "prod with two zeros": (np.prod, ([0.0, 0.0, 4.0],), [[0, 0, 0]]),
    "prod of one": (np.prod, ([3.0],), [[1]]),
    "cumprod with a zero": (np.cumprod, ([2.0, 0.0, 4.0],), [[1, 10, 0]]),
    "cumprod with two zeros": (np.cumprod, ([2.0, 0.0, 3.0, 0.0, 5.0],), [[1, 8, 0, 0, 0]]),
    "power": (lambda x: x**2.0, (0.0,), [0]),
    "power one": (lambda x: x**1.0, (0.0,), [1]),
    "power zero": (lambda x: x**0.0, (0.0,), [0]),
    "power of arrays": (np.power, ([0.0, 0.0, -2.0], [0.0, 2.0, 3.0]), [[0, 0, 12], [0, 0, 0]]),
    "zero to a power": (lambda y: 0.0**y, (2.0,), [0]),
    "a negative number to a power": (lambda y: (-2.0) ** y, (2.0,), [0]),
    "where guards a logarithm": (lambda x: np.where(x > 0.0, np.log(x), 0.0), ([0.0, 2.0],), [[0, 0.5]]),
    "where guards a division": (lambda x: np.where(x == 0.0, 0.0, 1.0 / x), ([0.0, 2.0],), [[0, -0.25]]),
    "nan_to_num": (np.nan_to_num, ([1.0, NAN, INF],), [[1, 0, 0]]),
}
INFINITE = {
    "logaddexp of two -inf": (np.logaddexp, (-INF, -INF), [0.5, 0.5]),
    "logaddexp of inf": (np.logaddexp, (INF, 1.0), [1, 0]),
    "logaddexp of -inf": (np.logaddexp, (-INF, 1.0), [0, 1]),
    "logaddexp far apart": (np.logaddexp, (1000.0, -1000.0), [1, 0]),
    "sqrt at 0": (np.sqrt, (0.0,), [INF]),
}


@pytest.mark.parametrize("name", [*TIES, *ZEROS, *INFINITE])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_edge(name, dtype):
    f, args, expected = {**TIES, **ZEROS, **INFINITE}[name]
    found = gradient(f, *args, dtype=dtype)
    for g, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-6)


@pytest.mark.parametrize("f", [np.maximum, np.minimum])
def test_a_chosen_nan_is_not_hidden(f):
    assert np.isnan(gradient(lambda x: f(x, 0.0), [NAN, 1.0])[0][0])


@pytest.mark.parametrize("f", [np.linalg.norm, np.std, lambda x: np.linalg.norm(x, 3), lambda x: np.hypot(x[0], x[1])])
@pytest.mark.parametrize("onward", [np.log, np.reciprocal, np.sqrt, lambda d: d * np.nan])
def test_what_goes_wrong_behind_a_kink_is_not_hidden_by_its_subgradient(f, onward):
    x = gt.Variable([0.0, 0.0])
    with gt.GradientTape() as tape, np.errstate(all="ignore"):
        y = onward(f(x))
    assert np.isnan(tape.gradient(y, x)).all()


def test_a_nan_among_the_reduced_is_not_hidden():
    assert np.isnan(gradient(np.max, [NAN, 1.0])[0]).all()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([-INF, 0.0], [0, 1]),
        ([-INF, -INF], [0, 0]),
        ([INF, 0.0], [1, 0]),
        ([INF, INF, 0.0], [0.5, 0.5, 0]),
        ([1000.0, 1000.0], [0.5, 0.5]),
        ([-1e4, 0.0], [0, 1]),
    ],
)
def test_logsumexp_is_stable(values, expected):
    from gradtape.arrays import doors

    np.testing.assert_allclose(gradient(doors.door("logsumexp"), values)[0], expected, rtol=1e-12)
    with np.errstate(all="ignore"):
        assert doors.door("logsumexp")(gt.constant(values)).numpy() == np.logaddexp.reduce(values)


def in_float32(f, x):
    """The first and the second derivative, and the latter's dtype."""
    v = gt.Variable(np.array(x, np.float32))
    with gt.GradientTape() as outer, np.errstate(all="ignore"):
        with gt.GradientTape() as inner:
            y = f(v)
        first = inner.gradient(y, v)
        weighted = np.sum(first * np.arange(1.0, first.size + 1.0, dtype=np.float32))
    second = outer.gradient(weighted, v)
    assert first.dtype == second.dtype == np.float32
    return first.numpy(), second.numpy()


@pytest.mark.parametrize(
    ("values", "first", "second"),
    [
        ([1000.0, 1000.0], [0.5, 0.5], [-0.25, 0.25]),
        ([1e4, 1e4 - 1], [0.73105858, 0.26894142], [-0.19661193, 0.19661193]),
        ([-INF, -INF], [0, 0], [0, 0]),
        ([INF, 1.0], [1, 0], [0, 0]),
        ([-INF, 0.0, 0.0], [0, 0.5, 0.5], [0, -0.25, 0.25]),
    ],
)
def test_logsumexp_keeps_its_digits_however_large_it_is(values, first, second):
    from gradtape.arrays import doors

    found = in_float32(doors.door("logsumexp"), values)
    np.testing.assert_allclose(found[0], first, rtol=3e-7)
    np.testing.assert_allclose(found[1], second, rtol=2e-6)


@pytest.mark.parametrize(("f", "base"), [(np.logaddexp, np.e), (np.logaddexp2, 2.0)])
@pytest.mark.parametrize("gap", [-60.0, -1.0, 0.0, 1.0, 60.0])
def test_logaddexp_does_not_lose_small_slopes(f, base, gap):
    first, second = in_float32(lambda v: f(v, np.float32(0.0)), [gap])
    share, slope = 1 / (1 + base**-gap), np.log(base) / ((1 + base**-gap) * (1 + base**gap))
    np.testing.assert_allclose(first, [share], rtol=3e-6)
    np.testing.assert_allclose(second, [slope], rtol=3e-6)


@pytest.mark.parametrize("name", ["floor", "ceil", "rint", "trunc", "round", "fix"])
def test_steps_have_no_gradient_and_say_so(name):
    x = gt.Variable(np.array([0.3, 1.7]))
    with gt.GradientTape() as tape:
        y = getattr(np, name)(x)
    assert np.array_equal(y.numpy(), getattr(np, name)(x.numpy()))
    with pytest.raises(gt.errors.MissingGradientError, match="GT302"):
        tape.gradient(y, x, unconnected_gradients="raise")


@pytest.mark.parametrize(("a", "b"), [(5.5, 2.0), (-5.5, 2.0), (5.5, -2.0)])
def test_remainder(a, b):
    assert gradient(np.remainder, a, b) == [1.0, -np.floor(a / b)]


@pytest.mark.parametrize(
    "f", [np.sum, np.prod, lambda x: np.mean(x * 2.0, axis=0), np.cumsum, np.sort, lambda x: np.concatenate([x, x])]
)
def test_empty(f):
    assert gradient(f, np.zeros((3, 0)).tolist()) == [np.zeros((3, 0)).tolist()]


def test_integer_and_negative_axes_keepdims_and_positions():
    x = gt.Variable(np.arange(24.0).reshape(2, 3, 4))
    for axis in (None, 0, -1, (0, 2), (-1, 0)):
        for name in ("sum", "mean", "max", "min", "prod", "std", "var"):
            f = getattr(np, name)
            assert np.array_equal(f(x, axis).numpy(), f(x.numpy(), axis))
            assert np.array_equal(f(x, axis=axis, keepdims=True).numpy(), f(x.numpy(), axis=axis, keepdims=True))
            assert np.array_equal(getattr(x, name)(axis).numpy(), f(x.numpy(), axis))


def test_single_precision_with_python_numbers_stays_single():
    x = gt.Variable(np.array([0.5, 2.0], np.float32))
    with gt.GradientTape() as tape:
        inner = x * 1.0
        y = np.sum(
            2.0**inner
            + inner**3
            + inner**0.5
            + np.maximum(inner, 1.0)
            + np.clip(inner, 0.0, 1.0)
            + np.where(inner > 1, inner, 0.0)
            + np.arctan2(inner, 2.0)
            + np.logaddexp(inner, 1.0)
            + np.hypot(3.0, inner)
            + 1.0 / inner
            + inner % 0.3
        )
    assert y.dtype == np.float32
    from gradtape.tape import reverse

    recording = tape._recording
    found = reverse.sweep(recording.records, recording.saved, {y._id: np.float32(1)}, {inner._id}, recording.known)
    seen = [cotangent.dtype for cotangent in found.values()]
    assert seen == [np.float32]


def test_picking_in_a_loop_adds_up_and_spares_the_arrays():
    x = gt.Variable(np.arange(6.0).reshape(3, 2))
    with gt.GradientTape() as tape:
        y = x[0] @ x[0] + np.sum(x[[1, 1, 2]] * x[1]) + np.take(x, 5) * x[2, 1] + np.sum(x)
    g = tape.gradient(y, x).numpy()
    a = x.numpy()
    expected = np.ones((3, 2))
    expected[0] += 2 * a[0]
    expected[1] += 2 * a[1] + (2 * a[1] + a[2])
    expected[2] += a[1]
    expected[2, 1] += 2 * a[2, 1]
    np.testing.assert_allclose(g, expected)


def test_picking_does_not_write_into_a_cotangent_that_others_hold():
    x = gt.Variable(np.ones(3))
    with gt.GradientTape() as tape:
        y = +x
        total = np.sum(y) + y[0] * 2.0 + y[1]
    gx, gy = tape.gradient(total, [x, y])
    assert gx.numpy().tolist() == gy.numpy().tolist() == [3.0, 2.0, 1.0]
    with gt.GradientTape() as tape:
        z = +x
        w = z[0] + z[1]
    gz, gx = tape.gradient(w, [z, x], output_gradients=gt.constant(2.0))
    assert gz.numpy().tolist() == gx.numpy().tolist() == [2.0, 2.0, 0.0]


def test_picking_from_a_scalar():
    assert gradient(lambda x: x[()] * x[None][0] + x[...], 3.0) == [7.0]


@pytest.mark.parametrize(("name", "rest"), [("pdtrik", (1.5,)), ("bdtrik", (8.0, 0.3)), ("nbdtrik", (3.5, 0.7))])
@pytest.mark.parametrize("share", [0.01, 0.7])
def test_a_count_stays_at_zero_for_the_least_probabilities(name, rest, share):
    special = pytest.importorskip("scipy.special")
    function, args, step = getattr(special, name), (share, *rest), 1e-6
    for k, found in enumerate(gradient(function, *args)):
        up, down = ([a + s * (j == k) for j, a in enumerate(args)] for s in (step, -step))
        assert found == pytest.approx((function(*up) - function(*down)) / (2 * step), rel=1e-5)
        assert (found == 0.0) is (share == 0.01)
