"""Functions that bring their own derivative."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

import gradtape as gt
from gradtape import tf
from gradtape.arrays.record import STATE
from gradtape.errors import OperandError, ShapeError

MISSING = pytest.warns(gt.MissingGradientWarning)


def slopes(f, *at):
    variables = [gt.Variable(a) for a in at]
    with gt.GradientTape() as tape:
        y = f(*variables)
    found = tape.gradient(y, variables, unconnected_gradients="zero")
    return [g.numpy().tolist() for g in found]


def second(f, at):
    x = gt.Variable(at)
    with gt.GradientTape() as outer:
        with gt.GradientTape() as inner:
            y = f(x)
        g = inner.gradient(y, x)
    return outer.gradient(g, x)


def test_the_given_derivative_counts_and_not_what_runs_inside():
    @gt.custom_gradient
    def f(x):
        """Square."""
        return x * x, lambda dy: 100.0 * dy

    assert f.__doc__ == "Square."
    assert float(f(3.0)) == 9.0
    assert slopes(f, 3.0) == [100.0]
    assert slopes(lambda x: f(x) * x, 3.0) == [309.0]
    assert slopes(gt.custom_gradient()(f.__wrapped__), 3.0) == [100.0]


def test_the_result_is_not_the_argument():
    assert slopes(gt.custom_gradient(lambda x: (x, lambda d: 2.0 * d)), 3.0) == [2.0]


def test_plain_arguments_arrive_plain():
    seen = []

    @gt.custom_gradient
    def f(x, k, flag, *, scale=1.0):
        seen.extend((x, k, flag))
        return x * k * scale, lambda d: (d * k, None)

    assert slopes(lambda x: f(x, 2.0, "text", scale=10.0), 3.0) == [2.0]
    assert seen[1:] == [2.0, "text"]
    assert float(f(3.0, 2.0, None)) == 6.0
    assert seen[3] == 3.0
    assert type(seen[3]) is float


def test_each_argument_has_its_gradient_and_grad_fn_runs_once():
    calls = []

    @gt.custom_gradient
    def f(x, pair):
        def back(d):
            calls.append(float(d))
            return d * 7.0, (d * 8.0, None)

        return x * pair[0] * pair[1], back

    x, y, z = (gt.Variable(v) for v in (2.0, 3.0, 4.0))
    with gt.GradientTape(persistent=True) as tape:
        r = f(x, (y, z)) * 10.0
    with MISSING:
        assert [g and float(g) for g in tape.gradient(r, [x, y, z])] == [70.0, 80.0, None]
    assert calls == [10.0]
    assert float(tape.gradient(r, y)) == 80.0
    assert calls == [10.0, 10.0]


def test_several_values():
    seen = []

    @gt.custom_gradient
    def f(x):
        def back(a, b, n):
            seen.append([a.numpy().tolist(), b.numpy().tolist(), n.dtype.kind])
            return 10.0 * a + 100.0 * np.sum(b, axis=0)

        return (x * 2.0, np.stack([x, x]) * 3.0, np.argmax(x)), back

    value, table, place = f(gt.constant([1.0, 5.0]))
    assert (value.shape, table.shape, int(place)) == ((2,), (2, 2), 1)
    assert slopes(lambda x: np.sum(f(x)[0]), [1.0, 5.0]) == [[10.0, 10.0]]
    assert seen[-1] == [[1.0, 1.0], [[0.0, 0.0], [0.0, 0.0]], "i"]

    def both(x):
        value, table, _ = f(x)
        return np.sum(value) + 2.0 * np.sum(table[0])

    assert slopes(both, [1.0, 5.0]) == [[210.0, 210.0]]


def test_values_of_different_dtypes_keep_them():
    @gt.custom_gradient
    def f(x):
        wide = x.astype(np.float64)
        return [x, wide], lambda a, b: a * 2.0 + b.astype(np.float32) * 3.0

    x = gt.Variable(np.float32(1.0))
    with gt.GradientTape() as tape:
        a, b = f(x)
        y = a.astype(np.float64) + b
    assert (a.dtype, b.dtype) == (np.float32, np.float64)
    g = tape.gradient(y, x)
    assert (float(g), g.dtype) == (5.0, np.float32)


@pytest.mark.parametrize(
    ("back", "error", "message"),
    [
        (lambda d: d, ShapeError, r"of `product` returned 1 gradients for 2 arguments"),
        (lambda d: (d, d, d), ShapeError, r"of `product` returned 3 gradients for 2 arguments"),
        (lambda d: (np.sum(d), d), ShapeError, r"of `product` returned shape \(\) for argument 0 of shape \(2,\)"),
        (
            lambda d: (d, 5.0),
            ShapeError,
            r"of `product` returned shape \(\) for argument 1 of shape",
        ),
        (lambda d: (d, "no"), OperandError, r"of `product` returned a str for argument 1"),
    ],
)
def test_gradients_are_checked(back, error, message):
    @gt.custom_gradient
    def product(x, y):
        return x * y, back

    x, y = gt.Variable([1.0, 2.0]), gt.Variable([3.0, 4.0])
    with gt.GradientTape() as tape:
        z = product(x, y)
    with pytest.raises(error, match=message) as caught:
        tape.gradient(z, [x, y])
    assert "z = product(x, y)" not in str(caught.value)
    assert "`product(x, y)`" in str(caught.value)


def test_gradients_get_the_dtype_of_their_argument():
    f = gt.custom_gradient(lambda x: (x * 2.0, lambda d: d.astype(np.float64) * 3.0))
    x = gt.Variable(np.ones(2, np.float32))
    with gt.GradientTape() as tape:
        y = x * 1.0
        z = np.sum(f(y))
    assert tape.gradient(z, y).dtype == np.float32
    assert slopes(gt.custom_gradient(lambda x: (x * 2.0, lambda d: 5.0)), 3.0) == [5.0]


def test_what_grad_fn_raises_goes_through():
    def back(d):
        raise KeyError("boom")

    with pytest.raises(KeyError, match="boom"):
        slopes(gt.custom_gradient(lambda x: (x * 2.0, back)), 3.0)
    assert STATE.backward_of is None


@pytest.mark.parametrize("returned", [lambda x: x, lambda x: (x, x), lambda x: (x, len, 1)])
def test_a_function_without_a_gradient_is_refused(returned):
    @gt.custom_gradient
    def forgetful(x):
        return returned(x)

    with pytest.raises(OperandError, match=r"`forgetful` returns \(value, function of its cotangent\)"):
        forgetful(gt.constant(1.0))
    assert STATE.recordings == ()


def test_second_derivatives_are_those_of_grad_fn():
    assert float(second(gt.custom_gradient(lambda x: (x * x, lambda d: d * 5.0 * x)), 3.0)) == 5.0

    @gt.custom_gradient
    def softly(x):
        e = np.exp(x)
        return np.log(1.0 + e), lambda d: d * (1.0 - 1.0 / (1.0 + e))

    np.testing.assert_allclose(float(second(softly, 0.0)), 0.25)
    with MISSING:
        assert second(gt.custom_gradient(lambda x: (x**3, lambda d: d * 5.0)), 3.0) is None


def test_two_outer_tapes_each_get_their_own_answer():
    product = gt.custom_gradient(lambda x, z: (x * z, lambda d: (d * z, d * x)))
    x, z, d = gt.Variable(3.0), gt.Variable(5.0), gt.constant(1.0)
    with gt.GradientTape(persistent=True) as inner:
        y = product(x, z)
    with gt.GradientTape() as outer:
        gx = inner.gradient(y, x, output_gradients=d)
    assert float(outer.gradient(gx, z)) == 1.0
    with gt.GradientTape() as outer:
        gz = inner.gradient(y, z, output_gradients=d)
    assert float(outer.gradient(gz, x)) == 1.0


def test_variables_around_it_need_an_answer():
    v = gt.Variable(2.0, name="v")
    with pytest.raises(OperandError, match=r"`<lambda>` reads variables that are not among its arguments: v"):
        gt.custom_gradient(lambda x: (x * v, lambda d: d))(gt.constant(3.0))

    @gt.custom_gradient
    def f(x):
        return x * v, lambda d, variables: (d * 7.0, [d * 9.0 for _ in variables])

    x = gt.Variable(3.0)
    with gt.GradientTape(persistent=True) as tape:
        y = f(x)
    assert [float(g) for g in tape.gradient(y, [x, v])] == [7.0, 9.0]

    @gt.custom_gradient
    def wrong(x):
        return x * v, lambda d, variables: d

    with gt.GradientTape() as tape:
        y = wrong(x)
    with pytest.raises(OperandError, match="returns two things"):
        tape.gradient(y, x)


def test_a_tensor_around_it_has_no_gradient_and_the_reason_names_the_function():
    w = gt.constant(2.0)
    scaled = gt.custom_gradient(lambda x: (x * w, lambda d: d * 7.0))
    x = gt.Variable(3.0)
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(w)
        y = scaled(x)
    with MISSING as caught:
        assert [g and float(g) for g in tape.gradient(y, [x, w])] == [7.0, None]
    assert "not among its arguments" in str(caught[0].message)
    (finding,) = tape.why(y, w).findings
    assert finding.cause == "no-derivative"


def test_it_works_on_methods_and_with_tapes_inside():
    class Model:
        @gt.custom_gradient
        def f(self, x):
            with gt.GradientTape() as tape:
                tape.watch(x)
                y = x * x
            return tape.gradient(y, x), lambda d: 3.0 * d

    assert float(Model().f(gt.constant(3.0))) == 6.0
    assert slopes(Model().f, 3.0) == [3.0]


def test_whole_numbers_among_the_arguments():
    picked = gt.custom_gradient(lambda x, k: (x[k], lambda d: (np.array([d, 0.0]), None)))
    k = gt.constant(0)
    assert slopes(lambda x: picked(x, k), [4.0, 5.0]) == [[1.0, 0.0]]
    assert np.asarray(gt.custom_gradient(lambda x: (np.argmax(x), lambda d: None))(gt.constant([1.0, 2.0]))) == 1


def test_memory_goes_with_the_tape():
    class Kept:
        pass

    def run():
        kept = Kept()
        big = gt.custom_gradient(lambda x: (x * 2.0, lambda d, kept=kept: d))
        x = gt.Variable(np.ones(3))
        with gt.GradientTape() as tape:
            y = np.sum(big(x))
        tape.gradient(y, x)
        return weakref.ref(kept)

    alive = run()
    gc.collect()
    assert alive() is None


def test_tensorflows_door_gives_numbers_tensorflows_dtype():
    f = tf.custom_gradient(lambda x: (2.5, lambda d: d * 3.0))
    x = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        y = f(x)
    assert y.dtype == tf.float32
    assert float(tape.gradient(y, x)) == 3.0


def test_pass_through_and_recompute():
    assert slopes(tf.grad_pass_through(np.floor), 2.6) == [1.0]
    with pytest.raises(ShapeError, match="`sum` returned"):
        slopes(tf.grad_pass_through(np.sum), [1.0, 2.0])
    runs = []

    def cube(x, unused):
        runs.append(1)
        return x**3

    light = tf.recompute_grad(cube)
    assert slopes(light, 2.0, 1.0) == [12.0, 0.0]
    assert len(runs) == 2
    with gt.GradientTape() as tape:
        light(gt.Variable(2.0), 1.0)
    assert [record.op.name for record in tape._recording.records] == ["cube"]
    assert float(second(lambda x: light(x, 1.0), 2.0)) == 12.0
    v = gt.Variable(2.0)
    scaled = tf.recompute_grad(lambda x: x * v)
    x = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        y = scaled(x)
    assert [float(g) for g in tape.gradient(y, [x, v])] == [2.0, 3.0]


def test_without_a_tape_it_is_remembered_with_what_ran_inside():
    f = gt.custom_gradient(lambda x: (np.exp(x), lambda d: d * 7.0))
    x = gt.constant(1.0)
    (g,) = gt.gradients(f(x), x)
    assert float(g) == 7.0
    assert "exp" in [record.op.name for record in STATE.ambient.records if x._id in record.inputs]


def test_complex_cotangents_point_uphill_and_so_does_what_comes_back():
    seen = []

    @gt.custom_gradient
    def squared(z):
        def back(dy):
            seen.append(complex(dy))
            return dy * np.conj(2.0 * z)

        return z * z, back

    for f in (squared, lambda z: z * z):
        z = gt.Variable(1 + 2j)
        with gt.GradientTape() as tape:
            y = np.real(f(z) * (3 - 1j))
        assert complex(tape.gradient(y, z)) == pytest.approx(np.conj((3 - 1j) * 2 * (1 + 2j)))
    assert seen == [3 + 1j]


def test_a_complex_value_of_a_real_argument():
    @gt.custom_gradient
    def turn(x):
        y = np.exp(1j * x)
        return y, lambda dy: np.real(dy * np.conj(1j * y))

    x = gt.Variable(0.7)
    with gt.GradientTape() as tape:
        y = np.imag(turn(x))
    assert float(tape.gradient(y, x)) == pytest.approx(np.cos(0.7))


def test_values_of_several_kinds_keep_their_own_cotangents():
    seen = []

    @gt.custom_gradient
    def parts(x):
        def back(real, turned, count):
            seen.append((real.dtype, turned.dtype, count.dtype, count.numpy().tolist()))
            return real + np.real(turned * -1j)

        return (x * 2.0, x * 1j, gt.constant([3, 4])), back

    x = gt.Variable([1.0, 2.0])
    with gt.GradientTape() as tape:
        real, turned, count = parts(x)
        loss = np.sum(real) + np.sum(np.imag(turned))
    assert count.dtype.kind == "i"
    assert tape.gradient(loss, x).numpy().tolist() == [2.0, 2.0]
    assert seen == [(np.float64, np.complex128, np.int64, [0, 0])]


def test_errors_of_grad_fn_name_the_function():
    @gt.custom_gradient
    def stubborn(x):
        def back(dy):
            raise KeyError("boom")

        return x * 2.0, back

    x = gt.Variable(1.0)
    with gt.GradientTape() as tape:
        y = stubborn(x)
    with pytest.raises(KeyError, match="boom") as caught:
        tape.gradient(y, x)
    (note,) = caught.value.__notes__
    assert "`stubborn`" in note
    assert "test_custom.py" in note


def test_one_inside_another():
    @gt.custom_gradient
    def inner(x):
        return x * x, lambda dy: dy * 7.0

    @gt.custom_gradient
    def outer(x):
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = inner(x)
        slope = tape.gradient(y, x)
        return y, lambda dy: dy * slope * 10.0

    assert slopes(outer, 3.0) == [70.0]


def test_recomputing_keeps_next_to_nothing():
    def layer(x, w):
        for _ in range(20):
            x = np.tanh(x * w)
        return x

    def kept(f):
        x, w = gt.Variable(np.linspace(0.0, 1.0, 20_000)), gt.Variable(1.1)
        tracemalloc.start()
        with gt.GradientTape() as tape:
            y = x
            for _ in range(4):
                y = f(y, w)
            loss = np.sum(y)
        held = tracemalloc.get_traced_memory()[0]
        found = tape.gradient(loss, [x, w])
        tracemalloc.stop()
        return held, found

    whole, expected = kept(layer)
    little, found = kept(gt.recompute_grad(layer))
    assert whole > 80 * 20_000 * 8
    assert little < whole / 10
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-12)


def test_passing_through_keeps_the_shape():
    x = gt.Variable([1.4, 2.6])
    with gt.GradientTape(persistent=True) as tape:
        rounded = gt.grad_pass_through(np.round)(x)
        total = gt.grad_pass_through(np.sum)(x)
    assert rounded.numpy().tolist() == [1.0, 3.0]
    assert tape.gradient(rounded, x).numpy().tolist() == [1.0, 1.0]
    with pytest.raises(ShapeError, match="`sum`"):
        tape.gradient(total, x)
