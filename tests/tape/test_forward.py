"""Forward mode: `ForwardAccumulator` against derivatives worked out by hand, in every nesting."""

import gc
import weakref

import numpy as np
import pytest

import gradtape as gt
from gradtape import tf
from gradtape.arrays.record import STATE
from gradtape.errors import DTypeError, MissingGradientError, NoGradientError, ShapeError, SourceError, TapeStateError

MISSING = pytest.warns(gt.MissingGradientWarning)


def along(f, x, t):
    x = gt.constant(x)
    with gt.ForwardAccumulator(x, gt.constant(t)) as accumulator:
        y = f(x)
    return accumulator.jvp(y)


def value(t):
    return np.asarray(t._value).tolist()


FUNCTIONS = {
    "partial": (lambda x: np.sin(x) * x, lambda x, t: (np.cos(x) * x + np.sin(x)) * t),
    "a number beside it": (lambda x: 3.0 / x, lambda x, t: -3.0 * t / x**2),
    "broadcasting": (lambda x: x * np.ones((2, 3)), lambda x, t: t * np.ones((2, 3))),
    "linear": (lambda x: np.reshape(np.cumsum(x)[::-1], (3, 1)), lambda x, t: np.cumsum(t)[::-1].reshape(3, 1)),
    "where": (lambda x: np.where(np.array([True, False, True]), x, 5.0), lambda x, t: t * np.array([1.0, 0.0, 1.0])),
    "linear of several": (lambda x: np.concatenate([x, np.ones(2), x * x]), lambda x, t: np.r_[t, 0.0, 0.0, 2 * x * t]),
    "multilinear": (
        lambda x: np.outer(x, x) @ x,
        lambda x, t: (np.outer(t, x) + np.outer(x, t)) @ x + np.outer(x, x) @ t,
    ),
    "einsum": (lambda x: np.einsum("i,i,j->j", x, x, x), lambda x, t: 2 * (x @ t) * x + (x @ x) * t),
    "general": (np.prod, lambda x, t: x[1] * x[2] * t[0] + x[0] * x[2] * t[1] + x[0] * x[1] * t[2]),
    "sort": (np.sort, lambda x, t: t[np.argsort(x)]),
    "max": (np.max, lambda x, t: t[np.argmax(x)]),
    "padded with something": (lambda x: np.pad(x, 1, constant_values=7.0), lambda x, t: np.pad(t, 1)),
    "positions": (lambda x: np.take(x, [2, 0, 2]) * x[1:2], lambda x, t: t[[2, 0, 2]] * x[1] + x[[2, 0, 2]] * t[1]),
    "softmax": (lambda x: np.exp(x) / np.sum(np.exp(x)), lambda x, t: (s := np.exp(x) / np.exp(x).sum()) * (t - s @ t)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_derivative_along_a_direction(name):
    f, by_hand = FUNCTIONS[name]
    x, t = np.array([0.5, 2.0, -1.0]), np.array([1.0, 10.0, 0.1])
    np.testing.assert_allclose(value(along(f, x, t)), by_hand(x, t), rtol=1e-12)


def test_several_results():
    a, t = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[1.0, 0.7], [0.7, -2.0]])
    _, vectors = np.linalg.eigh(a)
    np.testing.assert_allclose(value(along(lambda x: np.linalg.eigh(x)[0], a, t)), np.diag(vectors.T @ t @ vectors))


def test_complex_numbers_move_along_complex_directions():
    z, t = np.array([1.0 + 2.0j, -0.5j]), np.array([0.3 - 1.0j, 2.0 + 0.0j])
    np.testing.assert_allclose(value(along(lambda z: z * z, z, t)), 2 * z * t)
    np.testing.assert_allclose(value(along(np.abs, z, t)), np.real(np.conj(z) * t) / np.abs(z))
    np.testing.assert_allclose(value(along(lambda x: x * (1 + 2j), np.array([1.0]), np.array([3.0]))), [3 + 6j])


def test_the_dtype_is_that_of_the_result():
    x = gt.constant(np.float32([1.0, 2.0]))
    with gt.ForwardAccumulator(x, np.array([1, 10])) as accumulator:
        y = x * x
        z = y * np.float64(2.0)
    assert accumulator.jvp(y).dtype == np.float32
    assert accumulator.jvp(z).dtype == z.dtype


def test_structures_in_and_out():
    p = {"w": gt.Variable([1.0, 2.0]), "b": gt.Variable(3.0)}
    with gt.ForwardAccumulator(p, {"w": np.array([0.0, 1.0]), "b": 10.0}) as accumulator:
        y = [p["w"] * p["b"], {"sum": np.sum(p["w"]) + p["b"]}]
    found = accumulator.jvp(y)
    assert value(found[0]) == [10.0, 23.0]
    assert value(found[1]["sum"]) == 11.0
    assert value(accumulator.jvp(p["b"])) == 10.0


def test_what_does_not_move_is_none_and_the_reason_is_told():
    x, w = gt.constant(3.0), gt.constant(2.0)
    before = x * 2.0
    with gt.ForwardAccumulator(x, 1.0) as accumulator:
        y, late = w * w, before * 2.0
        steps = np.floor(x) + gt.stop_gradient(x)
    after = x * x
    for z in (y, late, steps, after, gt.constant(1.0)):
        with MISSING:
            assert accumulator.jvp(z) is None
        assert value(accumulator.jvp(z, "zero")) == 0.0
    with pytest.raises(MissingGradientError):
        accumulator.jvp(y, unconnected_gradients="raise")
    with pytest.raises(ValueError, match="unconnected_gradients"):
        accumulator.jvp(y, "nothing")


def test_jvp_inside_the_block_and_on():
    x = gt.constant(3.0)
    accumulator = gt.ForwardAccumulator(x, 1.0)
    with accumulator:
        y = x * x
        assert value(accumulator.jvp(y)) == 6.0
        z = y * y
    with accumulator:
        u = z * x
    assert value(accumulator.jvp(z)) == 108.0
    assert value(accumulator.jvp(u)) == 5 * 81.0


def test_variables_keep_their_tangent_through_assignments():
    v = gt.Variable(2.0)
    with gt.ForwardAccumulator(v, 1.0) as accumulator:
        early = v * v
        v.assign(10.0)
        late = v * 3.0
    assert value(accumulator.jvp(early)) == 4.0
    assert value(accumulator.jvp(late)) == 3.0


def test_refusals():
    x = gt.constant([1.0, 2.0])
    with pytest.raises(SourceError, match="multiple times"):
        gt.ForwardAccumulator([x, x], [np.ones(2), np.ones(2)])
    with pytest.raises(ShapeError, match="structure"):
        gt.ForwardAccumulator([x], np.ones(2))
    with pytest.raises(ShapeError, match="shape"):
        gt.ForwardAccumulator(x, 1.0)
    with pytest.raises(DTypeError, match="cast it"):
        gt.ForwardAccumulator(x, gt.constant(np.float32([1.0, 1.0])))
    with pytest.raises(DTypeError, match="floating point"):
        gt.ForwardAccumulator(gt.constant(2), 1)
    with pytest.raises(SourceError):
        gt.ForwardAccumulator(2.0, 1.0)
    accumulator = gt.ForwardAccumulator(x, np.ones(2))
    with accumulator, pytest.raises(TapeStateError, match="already recording"), accumulator:
        pass


@pytest.mark.parametrize("library", [gt, tf])
def test_nested_accumulators_see_those_inside_them(library):
    x = library.constant(1.5)
    outer = tf.autodiff.ForwardAccumulator(x, library.constant(1.0))
    with outer, gt.ForwardAccumulator(x, library.constant(1.0)) as inner:
        y = x**3.0
    assert value(outer.jvp(inner.jvp(y))) == pytest.approx(9.0)
    assert type(outer.jvp(y)) is type(x)
    with MISSING:
        assert inner.jvp(outer.jvp(y)) is None


def test_forward_over_backward():
    v = gt.Variable([1.0, 2.0])
    with gt.ForwardAccumulator(v, np.array([1.0, 0.5])) as accumulator:
        with gt.GradientTape() as tape:
            y = np.sum(v**3) + v[0] * v[1]
        g = tape.gradient(y, v)
    assert value(accumulator.jvp(g)) == [6.5, 7.0]
    with gt.ForwardAccumulator(v, np.array([1.0, 0.0])) as accumulator, gt.GradientTape() as tape:
        y = np.sum(v**3)
    g = tape.gradient(y, v)
    with MISSING:
        assert accumulator.jvp(g) is None


def test_backward_over_forward():
    x, t = gt.Variable(2.0), gt.Variable(3.0)
    with gt.GradientTape() as tape:
        with gt.ForwardAccumulator(x, t) as accumulator:
            y = x**3
        d = accumulator.jvp(y)
    gx, gt_ = tape.gradient(d, [x, t])
    assert (value(gx), value(gt_)) == (36.0, 12.0)


def test_general_rules_in_third_order():
    x = gt.Variable([1.0, 2.0, 3.0])
    with gt.GradientTape() as tape:
        with gt.ForwardAccumulator(x, np.array([1.0, 0.0, 0.0])) as outer:
            with gt.ForwardAccumulator(x, np.array([0.0, 1.0, 0.0])) as inner:
                y = np.prod(x) * x[2]
            d = inner.jvp(y)
        dd = outer.jvp(d)  # of x0 x1 x2^2
    assert value(dd) == 9.0
    np.testing.assert_allclose(value(tape.gradient(dd, x)), [0.0, 0.0, 6.0])


def test_a_tape_sees_tangents_of_operations_that_it_saw():
    x = gt.Variable(2.0)
    with gt.GradientTape() as tape:
        with gt.ForwardAccumulator(x, 1.0) as accumulator:
            y = x**3
            with tape.stop_recording():
                d = accumulator.jvp(y)
                unseen = accumulator.jvp(x**3)
        both = d + unseen
    assert value(tape.gradient(both, x)) == 12.0


def test_a_tape_that_was_paused_does_not_see_the_tangents():
    x = gt.Variable(2.0)
    with gt.GradientTape(persistent=True) as tape, gt.ForwardAccumulator(x, 1.0) as accumulator:
        with tape.stop_recording():
            y = x**3
        z = x**2
        seen, unseen = accumulator.jvp(z), accumulator.jvp(y)
    assert value(tape.gradient(seen, x)) == 2.0
    with MISSING:
        assert tape.gradient(unseen, x) is None


def test_the_rule_of_a_custom_gradient_counts():
    @gt.custom_gradient
    def steep(x, y):
        return x * y, lambda d: (100.0 * d * y, -d * x)

    x = gt.constant([2.0, 3.0])
    with gt.ForwardAccumulator(x, np.array([1.0, 10.0])) as accumulator:
        z = steep(x, 5.0 * x)
    assert value(accumulator.jvp(z)) == [1000.0 - 10.0, 15000.0 - 150.0]


def test_the_rule_of_an_opaque_function_is_transposed():
    @gt.custom_gradient
    def sine(x):
        return np.sin(np.asarray(x)), lambda d: d * np.cos(x)

    assert value(along(sine, 2.0, 3.0)) == pytest.approx(3.0 * np.cos(2.0))


BAD_RULES = {
    "not linear": lambda x: (x * 1.0, lambda d: d * d),
    "the size of it": lambda x: (x * 1.0, lambda d: np.abs(d)),
    "clipped": lambda x: (x * 1.0, lambda d: np.clip(d, -0.5, 0.5)),
    "leaves the tape": lambda x: (x * 1.0, lambda d: np.asarray(d) * 2.0),
}


@pytest.mark.parametrize("name", BAD_RULES)
def test_a_rule_that_cannot_be_transposed_is_refused_by_name(name):
    def clumsy(x):
        return BAD_RULES[name](x)

    x = gt.constant([1.0, 2.0])
    with gt.ForwardAccumulator(x, np.ones(2)) as accumulator:
        y = gt.custom_gradient(clumsy)(x)
        other = x * 2.0
    for _ in range(2):
        with pytest.raises(NoGradientError, match="clumsy"):
            accumulator.jvp(y)
    assert value(accumulator.jvp(other)) == [2.0, 2.0]


def test_external_functions_are_refused_only_where_they_matter():
    opaque = gt.external(lambda x: np.sin(x), vjp=lambda g, y, x: g * np.cos(x))
    without = gt.external(lambda x: np.sin(x))
    x = gt.constant(1.0)
    with gt.ForwardAccumulator(x, 1.0) as accumulator:
        y, z, u = opaque(x) * 2.0, without(x) * 2.0, x * x
    with pytest.raises(NoGradientError):
        accumulator.jvp(z)
    with pytest.raises(NoGradientError):
        accumulator.jvp(y)
    assert value(accumulator.jvp(u)) == 2.0


def test_recomputed_functions():
    assert value(along(gt.checkpoint(lambda x: np.sin(x) * x), 2.0, 1.0)) == pytest.approx(
        np.cos(2.0) * 2 + np.sin(2.0)
    )
    with pytest.raises(NotImplementedError, match="reverse mode only"):
        along(tf.recompute_grad(lambda x: x * x), 2.0, 1.0)


def test_zero_times_infinity_is_zero():
    x, w = gt.constant([0.0, 4.0]), gt.constant(2.0)
    with gt.ForwardAccumulator([x, w], [np.array([0.0, 1.0]), 1.0]) as accumulator:
        y = w * np.sqrt(x)
    assert value(accumulator.jvp(y)) == [0.0, 2.5]
    np.testing.assert_array_equal(value(along(np.sqrt, 0.0, 1.0)), np.inf)


def test_no_trace_is_left():
    x = gt.Variable(np.ones(1000))
    accumulator = gt.ForwardAccumulator(x, np.ones(1000))
    with accumulator:
        y = np.sort(x) * x
    assert not STATE.recordings
    assert not any(accumulator._recording.saved)
    gone = weakref.ref(y)
    gc.disable()
    try:
        del accumulator, y
        assert gone() is None
    finally:
        gc.enable()


def test_an_exception_inside_closes_the_accumulator():
    x = gt.constant(1.0)
    with pytest.raises(ZeroDivisionError), gt.ForwardAccumulator(x, 1.0):
        1 / 0
    assert not STATE.recordings


def test_integers_do_not_move_in_tensorflow():
    x = tf.constant(2)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1)) as accumulator:
        y = x * x
    with MISSING:
        assert accumulator.jvp(y) is None
