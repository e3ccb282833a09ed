"""Counts and orders, names that belong to graphs, first values of variables."""

import numpy as np
import pytest

from gradtape import tf

X = [[1.0, 0.0, 2.0], [0.0, 0.0, 5.0]]


def test_counts():
    assert tf.math.count_nonzero(X).numpy() == 3
    assert tf.math.count_nonzero(X, axis=1, keepdims=True).numpy().tolist() == [[2], [1]]
    assert tf.math.zero_fraction(X).numpy() == pytest.approx(0.5)
    assert tf.math.bincount([1, 1, 3]).numpy().tolist() == [0, 2, 0, 1]
    assert tf.math.bincount([1, 9], minlength=3, maxlength=3).numpy().tolist() == [0, 1, 0]
    assert tf.math.confusion_matrix([0, 1, 1], [0, 1, 0]).numpy().tolist() == [[1, 0], [1, 1]]
    assert tf.math.confusion_matrix([1], [0], num_classes=3, weights=[4]).numpy()[1, 0] == 4
    assert tf.histogram_fixed_width_bins([-1.0, 0.5, 9.0], [0.0, 1.0], 4).numpy().tolist() == [0, 2, 3]


def test_weights_of_a_count_have_a_gradient():
    w = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape() as tape:
        y = tf.math.bincount([[1, 0], [1, 7]], weights=w, maxlength=2) * tf.constant([10.0, 1.0])
    assert y.numpy().tolist() == [20.0, 4.0]
    assert tape.gradient(y, w).numpy().tolist() == [[1.0, 10.0], [1.0, 0.0]]


def test_orders():
    assert tf.math.in_top_k([2, 0], X, 1).numpy().tolist() == [True, False]
    assert tf.math.invert_permutation([2, 0, 1]).numpy().tolist() == [1, 2, 0]
    assert bool(tf.math.is_non_decreasing([1, 1, 2]))
    assert not bool(tf.math.is_strictly_increasing([1, 1, 2]))
    assert tf.sequence_mask([1, 3]).numpy().tolist() == [[True, False, False], [True, True, True]]
    assert tf.sequence_mask([1], 2, tf.float32).numpy().tolist() == [[1.0, 0.0]]
    assert tf.unravel_index([5, 1], [2, 3]).numpy().tolist() == [[1, 0], [2, 1]]


def test_a_polynomial_and_its_slopes():
    x, c = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = tf.math.polyval([c, 2.0, 1.0], x)
    assert float(y) == 17.0
    assert [float(g) for g in tape.gradient(y, [x, c])] == [14.0, 4.0]


def test_division_that_drops_the_fraction():
    assert tf.truncatediv([7, -7], [2, 2]).numpy().tolist() == [3, -3]
    assert tf.realdiv(7.0, 2.0).numpy() == 3.5
    assert tf.saturate_cast([300.0, -5.0], tf.uint8).numpy().tolist() == [255, 0]


def test_names_of_graphs():
    assert tf.group(tf.constant(1.0)) is None
    assert tf.no_op() is None
    assert [t.numpy().tolist() for t in tf.shape_n([X, 1.0])] == [[2, 3], []]
    assert [float(t) for t in tf.tuple([1.0, 2.0])] == [1.0, 2.0]
    assert [float(t) for t in tf.identity_n([1.0])] == [1.0]
    assert tf.timestamp().dtype == tf.float64
    assert tf.get_static_value(tf.constant([1])).tolist() == [1]
    assert not tf.inside_function()
    assert not tf.is_symbolic_tensor(tf.constant(1.0))
    assert tf.broadcast_static_shape([2, 1], [3]) == (2, 3)
    assert tf.broadcast_dynamic_shape([2, 1], [3]).numpy().tolist() == [2, 3]
    assert tf.VariableAggregation.SUM == 1
    spec = tf.TensorSpec.from_tensor(tf.zeros([2, 3]))
    assert spec.is_compatible_with(tf.ones([2, 3]))
    assert not spec.is_compatible_with(tf.ones([2, 4]))


@pytest.mark.parametrize(
    ("make", "check"),
    [
        (lambda: tf.zeros_initializer(), lambda v: (v == 0).all()),
        (lambda: tf.ones_initializer(), lambda v: (v == 1).all()),
        (lambda: tf.constant_initializer(3.0), lambda v: (v == 3).all()),
        (lambda: tf.random_normal_initializer(seed=1), lambda v: 0 < np.abs(v).max() < 1),
        (lambda: tf.random_uniform_initializer(1.0, 2.0, seed=1), lambda v: ((v >= 1) & (v < 2)).all()),
    ],
)
def test_first_values(make, check):
    value = tf.Variable(make()([4, 5]))
    assert value.shape == (4, 5)
    assert value.dtype == tf.float32
    assert check(value.numpy())


def test_more_checks():
    tf.debugging.assert_integer([1])
    tf.debugging.assert_rank_in(X, (1, 2))
    tf.debugging.assert_proper_iterable([1])
    assert tf.debugging.assert_same_float_dtype([tf.constant(1.0)], tf.float32) == tf.float32
    for error, call in (
        (TypeError, lambda: tf.debugging.assert_integer(1.0)),
        (tf.errors.InvalidArgumentError, lambda: tf.debugging.assert_rank_in(X, (1,))),
        (TypeError, lambda: tf.debugging.assert_proper_iterable(np.ones(2))),
        (ValueError, lambda: tf.debugging.assert_same_float_dtype([tf.constant(1.0)], tf.float64)),
    ):
        with pytest.raises(error):
            call()
