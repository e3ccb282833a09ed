"""Every way to call a ufunc: its methods, `out=`, `where=`, `dtype=`, `initial=`, several results."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.testing import check_grads

RNG = np.random.default_rng(0)
M = RNG.uniform(0.5, 1.5, (3, 4))
N = RNG.uniform(0.5, 1.5, (3, 4))
V = RNG.uniform(0.5, 1.5, 5)
KEPT = RNG.random((3, 4)) > 0.3

CALLS = {
    "add.reduce": (lambda x: np.add.reduce(x), M),
    "add.reduce where": (lambda x: np.add.reduce(x, axis=1, where=KEPT, initial=2.0, keepdims=True), M),
    "multiply.reduce": (lambda x: np.multiply.reduce(x, axis=None), M),
    "maximum.reduce": (lambda x: np.maximum.reduce(x, axis=(0, 1), initial=0.1, where=KEPT), M),
    "fmin.reduce": (lambda x: np.fmin.reduce(x, axis=1), M),
    "logaddexp.reduce": (lambda x: np.logaddexp.reduce(x, axis=1), M),
    "logaddexp.reduce initial": (lambda x: np.logaddexp.reduce(x, axis=1, initial=0.3), M),
    "hypot.reduce": (lambda x: np.hypot.reduce(x, axis=(0, 1), keepdims=True), M),
    "subtract.reduce": (lambda x: np.subtract.reduce(x, axis=1), M),
    "divide.reduce": (lambda x: np.divide.reduce(x, axis=-1, initial=2.0), M),
    "power.reduce": (lambda x: np.power.reduce(x, axis=0, keepdims=True), M),
    "logaddexp2.reduce where": (lambda x: np.logaddexp2.reduce(x, axis=1, where=KEPT), M),
    "hypot.reduce of nothing": (lambda x: np.hypot.reduce(x[:0]), M),
    "add.accumulate": (lambda x: np.add.accumulate(x, axis=1), M),
    "multiply.accumulate": (lambda x: np.multiply.accumulate(x), M),
    "maximum.accumulate": (lambda x: np.maximum.accumulate(x, axis=1), M),
    "minimum.accumulate": (lambda x: np.minimum.accumulate(x), M),
    "subtract.accumulate": (lambda x: np.subtract.accumulate(x, axis=-1), M),
    "hypot.accumulate": (lambda x: np.hypot.accumulate(x), V),
    "add.reduceat": (lambda x: np.add.reduceat(x, [0, 3, 1, 1, 4]), V),
    "multiply.reduceat": (lambda x: np.multiply.reduceat(x, np.array([0, 2]), axis=1), M),
    "add.outer": (lambda x, v: np.add.outer(x, v), M, V),
    "power.outer": (lambda x, v: np.power.outer(v, x), M, V),
    "arctan2.outer": (lambda v: np.arctan2.outer([1.0, 2.0], v), V),
    "multiply where": (lambda x, y: np.multiply(x, y, where=KEPT, out=np.zeros((3, 4))), M, N),
    "sin where": (lambda x: np.sin(x, where=KEPT, out=x * 0.5), M),
    "where is a tensor": (lambda x, y: np.add(x, y, where=x > 1.0, out=x * y), M, N),
    "modf": (lambda x: np.modf(x, out=(np.empty((3, 4)), None)), M + 0.05),
    "divmod": (lambda x, y: np.divmod(5.0 * x, y), M, N),
    "divmod out": (lambda x, y: np.divmod(5.0 * x, y, out=(None, np.empty((3, 4)))), M, N),
    "reflected operators": (lambda x: [2.0 / x, 2.0 - x, 2.0**x, N @ x.T, N // x, divmod(N, x)[1], N % x], M),
}


def leaves(result):
    return [leaf for r in result for leaf in leaves(r)] if isinstance(result, tuple | list) else [result]


@pytest.mark.parametrize("name", CALLS)
def test_value_and_gradient(name):
    f, *args = CALLS[name]
    ours, theirs = leaves(f(*map(gt.constant, args))), leaves(f(*args))
    for a, b in zip(ours, theirs, strict=True):
        assert isinstance(a, gt.Tensor)
        assert a.dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-14)
    check_grads(lambda *xs: leaves(f(*xs)), args)


def test_running_extrema_keep_nan():
    x = [1.0, 3.0, np.nan, 2.0, 5.0]
    np.testing.assert_array_equal(np.maximum.accumulate(gt.constant(x)).numpy(), np.maximum.accumulate(x))
    np.testing.assert_array_equal(np.minimum.accumulate(gt.constant(x)).numpy(), np.minimum.accumulate(x))


def test_a_reduction_without_identity_wants_a_start():
    with pytest.raises(ValueError, match="no identity"):
        np.subtract.reduce(gt.constant(M), where=KEPT)
    with pytest.raises(ValueError, match="identity"):
        np.maximum.reduce(gt.constant(M)[:0])


@pytest.mark.parametrize("f", [np.logical_and.reduce, np.logical_or.reduce, np.logical_xor.reduce])
def test_answers(f):
    assert f(gt.constant(M) > 1.0).tolist() == f(M > 1.0).tolist()


def test_several_results_go_into_several_tensors():
    whole, part = gt.constant(np.zeros(2)), gt.constant(np.zeros(2))
    x = gt.Variable([1.25, -2.5])
    with gt.GradientTape() as tape:
        results = np.modf(x, out=(part, whole))
    assert results[0] is part
    assert (part.tolist(), whole.tolist()) == ([0.25, -0.5], [1.0, -2.0])
    assert tape.gradient(part, x).tolist() == [1.0, 1.0]


def test_dtype_casts_on_the_tape():
    x = gt.Variable([1.0, 2.0])
    with gt.GradientTape() as tape:
        y = np.add.reduce(np.multiply(x, x, dtype=np.float32), dtype=np.float32)
    assert y.dtype == np.float32
    g = tape.gradient(y, x)
    assert (g.dtype, g.tolist()) == (np.float64, [2.0, 4.0])
