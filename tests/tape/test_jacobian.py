"""Jacobians: values by hand, the same from a batch and from its members, and what they cost."""

import tracemalloc
import warnings

import numpy as np
import pytest

import gradtape as gt
from gradtape import tf
from gradtape.errors import (
    MissingGradientError,
    MixedExamplesWarning,
    NoGradientError,
    ShapeError,
    SourceError,
    TapeStateError,
    UsedUpError,
)
from tests.benchmarks.counting import calls

MISSING = pytest.warns(gt.MissingGradientWarning)


def value(t):
    return np.asarray(t._value)


def of(f, *at, **options):
    variables = [gt.Variable(a) for a in at]
    with gt.GradientTape(persistent=True) as tape:
        y = f(*variables)
    found = tape.jacobian(y, variables, **options)
    return value(found[0]) if len(found) == 1 else [value(j) for j in found]


def test_by_hand():
    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(of(lambda x: x * x, x), np.diag(2 * x))
    np.testing.assert_allclose(of(np.sum, x), [1.0, 1.0, 1.0])
    np.testing.assert_allclose(of(np.cumsum, x), np.tril(np.ones((3, 3))))
    np.testing.assert_allclose(of(lambda x: np.stack([x[2], x[0]]), x), [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_allclose(of(lambda x: np.outer(x, x)[0], x), [[2, 0, 0], [2, 1, 0], [3, 0, 1]])


def test_every_element_by_every_element():
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    by_a, by_b = of(lambda a, b: a @ b, a, b)
    np.testing.assert_allclose(by_a, np.einsum("ik,lj->ijkl", np.eye(2), b))
    np.testing.assert_allclose(by_b, np.einsum("il,jk->ijlk", a, np.eye(4)))


A = np.random.default_rng(0).normal(size=(4, 4))
X = np.random.default_rng(1).normal(size=(3, 4))
PROGRAMS = {
    "layers": lambda x: np.tanh(x @ A) @ A,
    "vectors": lambda x: (A @ x[0]) * np.sum(x, axis=0) + x[1] @ A,
    "stacks": lambda x: np.matmul(np.reshape(x, (3, 1, 4)), np.reshape(x, (3, 4, 1)) * np.ones((3, 4, 2))),
    "picks": lambda x: x[[0, 2, 0]][:, 1:] * x[np.array([2, 1, 0]), np.array([0, 0, 3])][:, None],
    "picks apart": lambda x: np.reshape(x, (3, 2, 2))[[0, 1], :, [1, 0]] * 2.0,
    "masks": lambda x: x[X > 0] ** 2,
    "sorted": lambda x: np.sort(x, axis=0) * np.max(x, axis=1, keepdims=True),
    "axes": lambda x: np.transpose(np.flip(np.roll(x, 1), axis=None)) + np.mean(x) + np.std(x, axis=-1),
    "joined": lambda x: np.concatenate([x, np.ones((1, 4)), np.cumprod(x, axis=1)], axis=0),
    "flattened": lambda x: np.concatenate([x, x * x], axis=None)[::3],
    "solved": lambda x: np.linalg.solve(A + 5 * np.eye(4), x.T) + np.linalg.solve(A + x[0] * np.eye(4), x[1])[:, None],
    "sums of products": lambda x: np.einsum("ij,kj,jl->il", x, x, A) + np.einsum("...j,j", x, x[0])[:, None],
    "padded": lambda x: np.pad(x, ((1, 0), (0, 2)), constant_values=3.0) * np.pad(x, 1, mode="edge")[:4, :6],
    "where": lambda x: np.where(X > 0, x, x * x) + np.clip(x, -0.5, 0.5) + np.maximum(x, x[0]),
    "convolved": lambda x: np.convolve(x[0], x[1]) * np.linalg.det(A + np.outer(x[2], x[2])),
    "broadcast": lambda x: np.broadcast_to(x, (2, 3, 4)) * x[:, :1] + np.tile(x[0], (2, 3, 1)),
    "constant in part": lambda x: np.stack([x[0] * 0.0 + 1.0, np.ones(4), x[1]]),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_one_sweep_for_all_gives_what_one_sweep_for_each_gives(name):
    f = PROGRAMS[name]
    slow = of(f, X, experimental_use_pfor=False)
    np.testing.assert_allclose(of(f, X), slow, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(of(f, X, parallel_iterations=2), slow, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(gt.jacfwd(f)(X), slow, rtol=1e-12, atol=1e-13)
    outer = gt.jacrev(lambda x: gt.jacrev(f)(x))(X[:, :])
    np.testing.assert_allclose(gt.jacfwd(lambda x: gt.jacrev(f)(x))(X), outer, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(gt.jacrev(lambda x: gt.jacfwd(f)(x))(X), outer, rtol=1e-10, atol=1e-11)


def test_a_user_s_rule_runs_once_for_each_element():
    calls = []

    @gt.custom_gradient
    def f(x, y):
        def back(d):
            calls.append(1)
            return d * y * 3.0, d * x

        return x * y, back

    by_x, by_y = of(lambda x, y: f(x, y), [1.0, 2.0], [5.0, 7.0])
    np.testing.assert_allclose(by_x, np.diag([15.0, 21.0]))
    np.testing.assert_allclose(by_y, np.diag([1.0, 2.0]))
    opaque = gt.external(lambda x: np.sin(x), vjp=lambda g, y, x: g * np.cos(x))
    np.testing.assert_allclose(of(opaque, [0.0, 1.0]), np.diag(np.cos([0.0, 1.0])))


def test_several_results_of_a_user_s_function():
    @gt.custom_gradient
    def both(x):
        return (x * x, x * 2.0), lambda d, e: d * 2.0 * x + e * 2.0

    np.testing.assert_allclose(of(lambda x: both(x)[0] + both(x)[1], [1.0, 3.0]), np.diag([4.0, 8.0]))


def test_the_hessian_is_the_jacobian_of_the_gradient():
    x = gt.Variable([1.0, 2.0])
    with gt.GradientTape() as outer:
        with gt.GradientTape() as inner:
            y = np.sum(x**3) + x[0] * x[1]
        g = inner.gradient(y, x)
    assert value(outer.jacobian(g, x)).tolist() == [[6.0, 1.0], [1.0, 12.0]]


def test_a_jacobian_can_be_differentiated():
    x = gt.Variable([1.0, 2.0])
    with gt.GradientTape() as outer:
        with gt.GradientTape() as inner:
            y = x**3 * np.sum(x)
        j = inner.jacobian(y, x)
        size = np.sum(j * j)
    h = 1e-6

    def plain(x):
        j = np.diag(3 * x**2 * x.sum()) + np.outer(x**3, np.ones(2))
        return np.sum(j * j)

    at = np.array([1.0, 2.0])
    quotient = [(plain(at + h * e) - plain(at - h * e)) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(value(outer.gradient(size, x)), quotient, rtol=1e-7)


def test_what_is_not_connected():
    x, w = gt.Variable([1.0, 2.0]), gt.Variable([[1.0]])
    with gt.GradientTape(persistent=True) as tape:
        y = x * x
        steps = y.astype(int)
    with MISSING:
        found = tape.jacobian(y, {"x": x, "w": [w]})
    assert found["w"] == [None]
    zeros = tape.jacobian(y, [w], unconnected_gradients="zero")[0]
    assert value(zeros).shape == (2, 1, 1)
    with pytest.raises(MissingGradientError):
        tape.jacobian(y, w, "raise")
    with MISSING:
        assert tape.jacobian(steps, x) is None
    with MISSING:
        assert tape.jacobian(gt.constant([1.0]), x) is None


def test_dtypes_and_empty_arrays():
    x = gt.Variable(np.zeros(0, np.float32))
    with gt.GradientTape() as tape:
        y = x * x
    j = tape.jacobian(y, x)
    assert j.shape == (0, 0)
    assert j.dtype == np.float32
    x = gt.Variable(np.float32([1.0, 2.0]))
    with gt.GradientTape() as tape:
        y = x * np.float64([2.0, 3.0])
    j = tape.jacobian(y, x)
    assert j.dtype == np.float32


def test_the_variable_itself():
    v = gt.Variable([1.0, 2.0])
    with gt.GradientTape() as tape:
        v.read_value()
    assert value(tape.jacobian(v, v)).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_a_tape_answers_once_and_refuses_by_name():
    x = gt.Variable([[1.0, 2.0]])
    with gt.GradientTape() as tape:
        y = x * x
        inside = tape.jacobian(y, x)
    assert inside.shape == (1, 2, 1, 2)
    with pytest.raises(UsedUpError):
        tape.jacobian(y, x)
    with gt.GradientTape() as tape:
        y = x * x
    with pytest.raises(TapeStateError, match="persistent=True to compute the jacobian"):
        tape.jacobian(y, x, experimental_use_pfor=False)
    with pytest.raises(TapeStateError, match="persistent=True to compute the batch_jacobian"):
        tape.batch_jacobian(y, x, experimental_use_pfor=False)
    with pytest.raises(SourceError, match="of one tensor"):
        tape.jacobian([y, y], x)
    with pytest.raises(ValueError, match="unconnected"):
        tape.jacobian(y, x, "never")
    without = gt.external(lambda x: x * 2.0)
    with gt.GradientTape() as tape:
        y = without(x)
    with pytest.raises(NoGradientError):
        tape.jacobian(y, x)


@np.errstate(divide="ignore", invalid="ignore")
def test_zero_times_infinity_is_zero():
    np.testing.assert_array_equal(of(lambda x: np.where(x > 0, np.log(x), 0.0), [0.0, 2.0]), [[0.0, 0.0], [0.0, 0.5]])
    infinite = np.array([[np.inf, 0.0], [0.0, 1.0]])
    found = of(lambda x: np.where(np.array([False, True]), infinite @ x, 0.0), [0.0, 2.0])
    np.testing.assert_array_equal(found, [[0.0, 0.0], [0.0, 1.0]])


def test_examples_each_for_itself():
    w = np.random.default_rng(2).normal(size=(2, 4))
    x = gt.Variable(np.random.default_rng(3).normal(size=(3, 2)))
    with gt.GradientTape(persistent=True) as tape:
        y = np.tanh(x @ w)
    full, batch = value(tape.jacobian(y, x)), value(tape.batch_jacobian(y, x))
    assert batch.shape == (3, 4, 2)
    np.testing.assert_allclose(batch, [full[b, :, b] for b in range(3)], rtol=1e-12)
    np.testing.assert_allclose(value(tape.batch_jacobian(y, x, experimental_use_pfor=False)), batch, rtol=1e-12)
    np.testing.assert_allclose(value(tape.batch_jacobian(y, x, parallel_iterations=2)), batch, rtol=1e-12)


def test_examples_refused_and_missing():
    x = gt.Variable([[1.0, 2.0], [3.0, 4.0]])
    with gt.GradientTape(persistent=True) as tape:
        y = x * x
        long, flat = np.concatenate([x, x]), np.sum(x, axis=1)
        other = gt.constant([[1.0], [2.0]])
    with pytest.raises(ShapeError, match="first dimension"):
        tape.batch_jacobian(long, x)
    with pytest.raises(ShapeError, match="rank at least 2"):
        tape.batch_jacobian(flat, x)
    with pytest.raises(SourceError):
        tape.batch_jacobian(y, [x])
    with MISSING:
        assert tape.batch_jacobian(other, x) is None
    assert value(tape.batch_jacobian(other, x, "zero")).shape == (2, 1, 2)
    empty = gt.Variable(np.zeros((1, 0)))
    with gt.GradientTape() as tape:
        y = empty**2
    assert value(tape.batch_jacobian(y, empty)).shape == (1, 0, 0)


def test_examples_that_interact_are_told():
    x = gt.Variable([[1.0, 2.0], [3.0, 4.0]])
    with gt.GradientTape() as tape:
        y = x * np.sum(x, axis=0)
    with pytest.warns(MixedExamplesWarning, match="interact"):
        j = tape.batch_jacobian(y, x)
    assert value(j).tolist() == [[[8.0, 0.0], [0.0, 12.0]], [[8.0, 0.0], [0.0, 12.0]]]


def test_tensorflow_s_names():
    x = tf.Variable([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        y = tf.gather(x, [2, 0])
    j = tape.jacobian(y, x)
    assert j.numpy().tolist() == [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    assert isinstance(j, tf.Tensor)
    x = tf.constant([[1.0, 2.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.nn.relu(x @ tf.ones([2, 3]))
    assert tape.batch_jacobian(y, x).shape == (1, 3, 2)


def test_one_sweep_for_all_makes_fewer_calls_than_one_for_each():
    x = gt.Variable(np.random.default_rng(4).normal(size=64))
    a = np.random.default_rng(5).normal(size=(64, 64))

    def made(*, batched):
        with gt.GradientTape(persistent=True) as tape:
            y = np.tanh(a @ np.tanh(a @ x))
        tape.jacobian(y, x, experimental_use_pfor=batched)  # what is made once is made
        return calls(lambda: tape.jacobian(y, x, experimental_use_pfor=batched)).total()

    assert made(batched=True) < made(batched=False) / 4


def test_memory_is_bounded_by_cutting_the_batch(monkeypatch):
    monkeypatch.setattr("gradtape.tape.jacobian.BUDGET", 40_000)
    x = gt.Variable(np.ones(1000))
    with gt.GradientTape() as tape:
        wide = np.sin(x)
        for _ in range(20):
            wide = np.sin(wide)
        y = np.sum(np.reshape(wide, (100, 10)), axis=1)
    tracemalloc.start()
    j = tape.jacobian(y, x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    result = 100 * 1000 * 8
    assert j.shape == (100, 1000)
    assert peak < 5 * result  # the parts and the whole, and no 20 arrays of the whole's size


def test_no_warning_of_numpy_comes_out():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        of(lambda x: np.sqrt(x), [0.0, 1.0])
