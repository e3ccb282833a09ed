"""Groups of rows: against NumPy, group by group, and to second order."""

import numpy as np
import pytest

from gradtape import tf

rng = np.random.default_rng(8)
ROWS = rng.normal(size=(7, 2))
IDS = np.array([3, 0, 3, 1, 0, 3, -1])
KINDS = {
    "sum": (np.sum, 0.0),
    "mean": (np.mean, 0.0),
    "max": (np.max, np.finfo(np.float64).min),
    "min": (np.min, np.finfo(np.float64).max),
    "prod": (np.prod, 1.0),
    "sqrt_n": (lambda a, axis: a.sum(axis) / len(a) ** 0.5, 0.0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_unsorted_groups(smooth, kind):
    function = getattr(tf.math, f"unsorted_segment_{kind}")
    reduce, empty = KINDS[kind]
    expected = [reduce(ROWS[k == IDS], axis=0) if (k == IDS).any() else [empty, empty] for k in range(5)]
    np.testing.assert_allclose(function(ROWS, IDS, 5).numpy(), expected)
    smooth(lambda x: function(x, IDS, 5)[:2], [ROWS])
    assert function(ROWS[:0], IDS[:0], 2).shape == (2, 2)


@pytest.mark.parametrize("kind", ["sum", "mean", "max", "min", "prod"])
def test_sorted_groups(smooth, kind):
    function, ids = getattr(tf.math, f"segment_{kind}"), [0, 0, 1, 3, 3, 3, 4]
    reduce = KINDS[kind][0]
    found = function(ROWS, ids).numpy()
    for k in (0, 1, 3, 4):
        np.testing.assert_allclose(found[k], reduce(ROWS[np.equal(ids, k)], axis=0))
    np.testing.assert_array_equal(found[2], 1.0 if kind == "prod" else 0.0)
    smooth(lambda x: function(x, ids), [ROWS])


def test_products_with_zeros_and_of_one_very_long_group(smooth):
    smooth(lambda x: tf.math.segment_prod(x, [0, 0, 0, 1]), [np.array([2.0, 0.0, 4.0, 0.0])])
    ids = np.concatenate([np.zeros(300, int), np.arange(1, 300)])
    x = rng.uniform(0.9, 1.1, ids.shape)
    np.testing.assert_allclose(tf.math.segment_prod(x, ids).numpy()[:3], [x[:300].prod(), x[300], x[301]])


def test_whole_numbers():
    found = tf.math.unsorted_segment_max(np.array([3, 9, 4], np.int32), [1, 0, 1], 3).numpy()
    assert found.tolist() == [9, 4, np.iinfo(np.int32).min]
    assert found.dtype == np.int32
