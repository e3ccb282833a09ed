"""Branches, loops and maps."""

import numpy as np
import pytest

import gradtape as gt
from gradtape import tf
from gradtape.arrays.record import EventKind
from gradtape.errors import OperandError, ShapeError
from gradtape.tf.errors import InvalidArgumentError

NONE = pytest.warns(gt.MissingGradientWarning)


def slope(f, at):
    x = tf.constant(at)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return tape.gradient(y, x).numpy()


@pytest.mark.parametrize(("at", "expected"), [(3.0, 6.0), (-3.0, -1.0)])
def test_cond_records_the_branch_that_is_taken(at, expected):
    assert slope(lambda x: tf.cond(x > 0.0, lambda: x * x, lambda: -x), at) == expected


def test_cond_leaves_the_branch_event_at_the_users_line():
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        tf.cond(x > 0.0, lambda: x * 1.0, lambda: x)
    (event,) = [e for e in tape._recording.events if e.kind is EventKind.BRANCH]
    assert event.detail is True
    assert event.site.span.text == "tf.cond(x > 0.0, lambda: x * 1.0, lambda: x)"


def test_cond_may_return_a_variable():
    x, v = tf.constant(1.0), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        r = tf.cond(x > 0.0, lambda: v, lambda: v**2)
    with NONE:
        gv, gx = tape.gradient(r, [v, x])
    assert float(gv) == 1.0
    assert gx is None


def test_cond_with_plain_values():
    assert float(tf.cond(True, lambda: 1.0, lambda: 2.0)) == 1.0
    assert tf.cond(False, lambda: 1.0, lambda: 2.0).dtype == tf.float32
    with pytest.raises(OperandError, match="true_fn"):
        tf.cond(True, tf.constant(1.0), lambda: 2.0)
    with pytest.raises(ValueError, match="ambiguous"):
        tf.cond(tf.constant([True, False]), lambda: 1.0, lambda: 2.0)


@pytest.mark.parametrize(("at", "expected"), [(-2.0, -1.0), (3.0, 6.0), (6.0, 108.0)])
def test_case_takes_the_first_that_holds(at, expected):
    pairs = lambda x: [(x < 0.0, lambda: -x), (x < 5.0, lambda: x * x)]
    assert slope(lambda x: tf.case(pairs(x), default=lambda: x**3), at) == expected


def test_case_insists():
    true = tf.constant(True)
    with pytest.raises(InvalidArgumentError, match="none of the 1"):
        tf.case([(tf.constant(False), lambda: 1.0)])
    with pytest.raises(InvalidArgumentError, match="0 and 2 both hold"):
        tf.case([(true, lambda: 1.0), (False, lambda: 2.0), (true, lambda: 3.0)], exclusive=True)
    assert float(tf.case([(true, lambda: 1.0), (true, lambda: 2.0)])) == 1.0


def test_switch_case():
    assert slope(lambda x: tf.switch_case(tf.constant(1), [lambda: x, lambda: x * x]), 3.0) == 6.0
    assert float(tf.switch_case(1, {1: lambda: 20.0, 0: lambda: 10.0})) == 20.0
    with pytest.raises(ValueError, match="0 to 1"):
        tf.switch_case(2, {0: lambda: 10.0, 2: lambda: 20.0})
    assert float(tf.switch_case(7, [lambda: 10.0], default=lambda: 99.0)) == 99.0
    for outside in (2, -1):
        with pytest.raises(InvalidArgumentError, match=f"no branch {outside}"):
            tf.switch_case(outside, [lambda: 10.0, lambda: 20.0])


def test_while_loop():
    power = lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), (tf.constant(0), tf.constant(1.0)))
    assert slope(lambda x: power(x)[1], 2.0) == 12.0
    assert isinstance(power(tf.constant(2.0)), tuple)
    assert isinstance(tf.while_loop(lambda i: i < 3, lambda i: [i + 1], [0]), list)
    assert slope(lambda x: tf.while_loop(lambda i: i < 0, lambda i: [i * x], [x * 5.0])[0], 2.0) == 5.0
    assert int(tf.while_loop(lambda i: True, lambda i: [i + 1], [0], maximum_iterations=4)[0]) == 4
    assert tf.while_loop(lambda x: tf.size(x) < 5, lambda x: [tf.concat([x, x], 0)], [tf.constant([1.0])])[0].shape == (
        8,
    )


def test_while_loop_keeps_structures():
    i, pair = tf.while_loop(lambda i, p: i < 2, lambda i, p: (i + 1, {"a": p["a"] * 2.0}), (0, {"a": tf.constant(1.0)}))
    assert float(pair["a"]) == 4.0
    assert int(i) == 2


def test_while_loop_checks_what_the_body_returns():
    with pytest.raises(OperandError, match="the body returned a Tensor"):
        tf.while_loop(lambda i: i < 3, lambda i: i + 1, [tf.constant(0)])
    with pytest.raises(ShapeError, match="1 values for 2"):
        tf.while_loop(lambda i, j: i < 3, lambda i, j: [i + 1], [0, 0])


def test_maps_scans_and_folds():
    np.testing.assert_array_equal(slope(lambda x: tf.map_fn(lambda e: e * e, x), [1.0, 2.0, 3.0]), [2.0, 4.0, 6.0])
    np.testing.assert_array_equal(slope(lambda x: tf.scan(lambda a, e: a * e, x), [2.0, 3.0, 4.0]), [16.0, 10.0, 6.0])
    x = tf.constant([1.0, 2.0, 3.0])
    assert tf.scan(lambda a, e: a + e, x, reverse=True).numpy().tolist() == [6.0, 5.0, 3.0]
    assert tf.scan(lambda a, e: a + e, x, initializer=tf.constant(10.0)).numpy().tolist() == [11.0, 13.0, 16.0]
    assert float(tf.foldl(lambda a, e: a * 2 + e, x)) == 11.0
    assert float(tf.foldr(lambda a, e: a * 2 + e, x)) == 17.0
    assert tf.map_fn(lambda ab: ab[0] * ab[1], (x, x)).numpy().tolist() == [1.0, 4.0, 9.0]
    assert tf.map_fn(lambda e: e * e, tf.constant([], tf.float32)).shape == (0,)


def test_function_is_the_function():
    @tf.function(jit_compile=True)
    def cube(x):
        """Cube."""
        return x**3

    assert slope(tf.function(cube), 2.0) == 12.0
    assert cube.__doc__ == "Cube."


def test_python_functions_are_recorded_and_numpy_functions_are_not():
    assert slope(lambda x: tf.py_function(lambda a: a * a, [x], tf.float32), 3.0) == 6.0
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = tf.numpy_function(lambda a: a * a, [x], tf.float32)
    assert float(y) == 9.0
    with NONE:
        assert tape.gradient(y, x) is None


def test_gradients_goes_by_its_name_and_returns_a_list():
    x = tf.constant(3.0)
    (g,) = tf.gradients(x * x, x)
    assert float(g) == 6.0
    with pytest.raises(ValueError, match=r"tf\.gradients: length mismatch"):
        tf.gradients(x * x, x, grad_ys=[x, x])
