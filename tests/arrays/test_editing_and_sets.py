"""Functions that keep, drop, insert and rearrange elements: NumPy's values, and gradients that follow the elements."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.testing import check_grads

RNG = np.random.default_rng(0)
X = RNG.normal(size=6)
Y = RNG.normal(size=4)
M = RNG.normal(size=(3, 4))
Z = RNG.normal(size=4) + 1j * RNG.normal(size=4)
MASK = np.array([True, False, True, True])

CALLS = {
    "delete": (lambda x: np.delete(x, 1), X),
    "delete slice": (lambda x: np.delete(x, slice(1, 6, 2)), X),
    "delete mask": (lambda x: np.delete(x, np.array([True, False] * 3)), X),
    "delete rows": (lambda x: np.delete(x, [0, -1], axis=0), M),
    "insert": (lambda x, y: np.insert(x, 1, y[0]), X, Y),
    "insert many": (lambda x, y: np.insert(x, [3, 1, 1, 6], y), X, Y),
    "insert at one place": (lambda x, y: np.insert(x, 2, y), X, Y),
    "insert at a list of one": (lambda x, y: np.insert(x, [2], y), X, Y),
    "insert column": (lambda x, y: np.insert(x, 1, y[:3], axis=1), M, Y),
    "insert columns": (lambda x, y: np.insert(x, [1, 3], y[:2], axis=1), M, Y),
    "insert row": (lambda x, y: np.insert(x, -1, y, axis=0), M, Y),
    "resize": (lambda x: np.resize(x, (3, 3)), X),
    "resize smaller": (lambda x: np.resize(x, 4), M),
    "rot90": (np.rot90, M),
    "rot90 thrice": (lambda x: np.rot90(x, 3), M),
    "rot90 back": (lambda x: np.rot90(x, 2, axes=(1, 0)), M),
    "trim_zeros": (lambda x: np.trim_zeros(x * [0, 1, 1, 0, 1, 0]), X),
    "trim_zeros front": (lambda x: np.trim_zeros(x * [0, 1, 1, 0, 1, 0], "f"), X),
    "choose": (lambda x, y: np.choose([0, 1, 1, 0], [x[:4], y]), X, Y),
    "choose wrap": (lambda x, y: np.choose(np.array([0, 5, -1, 0]), [x[:4], y], mode="wrap"), X, Y),
    "piecewise": (lambda x: np.piecewise(x, [x < 0, x >= 0], [lambda t: t * t, np.sin]), X),
    "piecewise default": (lambda x: np.piecewise(x, [x < -0.5, x > 0.5], [2.0, np.exp, np.cos]), X),
    "apply_along_axis": (lambda x: np.apply_along_axis(lambda r: r * r[0], 0, x), M),
    "apply_along_axis to matrices": (lambda x: np.apply_along_axis(lambda r: np.outer(r, r), 1, x), M),
    "apply_along_axis to numbers": (lambda x: np.apply_along_axis(np.sum, 1, x), M),
    "apply_over_axes": (lambda x: np.apply_over_axes(np.sum, x, [0, 1]), M),
    "unique": (np.unique, X),
    "unique rows": (lambda x: np.unique(x, axis=0), M[[2, 0]]),
    "unique_values": (np.unique_values, X),
    "union1d": (np.union1d, X, Y),
    "setdiff1d": (lambda x, y: np.setdiff1d(x, y), X, Y),
    "setdiff1d in order": (lambda x, y: np.setdiff1d(x, y, assume_unique=True), X, Y),
    "setxor1d": (np.setxor1d, X, Y),
    "real_if_close": (lambda x: np.real_if_close(x + 1e-15j), X),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", CALLS)
def test_value_and_gradient(name):
    f, *args = CALLS[name]
    ours, theirs = f(*map(gt.Variable, args)), f(*args)
    assert isinstance(ours, gt.Tensor)
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-14)
    check_grads(f, args)


def test_unique_returns_what_is_asked_for():
    x = np.array([3.0, 1.0, 3.0])
    for ours, theirs in zip(np.unique(gt.constant(x), True, True, True), np.unique(x, True, True, True), strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs)
    for f in (np.unique_all, np.unique_counts, np.unique_inverse):
        ours, theirs = f(gt.constant(x)), f(x)
        assert ours._fields == theirs._fields
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a.numpy(), b)


def test_an_intersection_takes_the_values_of_the_first_array():
    a, b = gt.Variable([1.0, 2.0, 3.0]), gt.Variable([3.0, 1.0])
    with gt.GradientTape() as tape:
        values, in_a, in_b = np.intersect1d(a, b, return_indices=True)
    assert (values.tolist(), in_a.tolist(), in_b.tolist()) == ([1.0, 3.0], [0, 2], [1, 0])
    with pytest.warns(gt.MissingGradientWarning):
        gradients = tape.gradient(values, [a, b])
    np.testing.assert_array_equal(gradients[0].numpy(), [1.0, 0.0, 1.0])
    assert gradients[1] is None


@pytest.mark.parametrize("deg", [False, True])
def test_the_angle_of_complex_numbers(deg):
    np.testing.assert_allclose(np.angle(gt.constant(Z), deg=deg).numpy(), np.angle(Z, deg=deg))
    check_grads(lambda x, y: np.angle(x + 1j * y, deg=deg), [Z.real, Z.imag])


def test_choose_refuses_a_choice_that_is_not_there():
    with pytest.raises(ValueError, match="invalid entry"):
        np.choose([0, 2], [gt.constant([1.0, 2.0]), gt.constant([1.0, 2.0])])
