"""Ragged tensors: the rows of a list of lists, and gradients in their form."""

import numpy as np
import pytest

from gradtape import tf
from gradtape.tf.errors import InvalidArgumentError

ROWS = [[1.0, 2.0], [], [3.0, 4.0, 5.0]]
VALUES = np.array([1.0, 2.0, 3.0, 4.0, 5.0])


def ragged(values=VALUES):
    return tf.RaggedTensor.from_row_lengths(values, [2, 0, 3])


@pytest.mark.parametrize(
    "made",
    [
        ragged(),
        tf.ragged.constant(ROWS),
        tf.RaggedTensor.from_row_splits(VALUES, [0, 2, 2, 5]),
        tf.RaggedTensor.from_row_starts(VALUES, [0, 2, 2]),
        tf.RaggedTensor.from_row_limits(VALUES, [2, 2, 5]),
        tf.RaggedTensor.from_value_rowids(VALUES, [0, 0, 2, 2, 2]),
        tf.RaggedTensor.from_tensor([[1.0, 2.0, 9.0], [9.0, 9.0, 9.0], [3.0, 4.0, 5.0]], lengths=[2, 0, 3]),
        tf.RaggedTensor.from_tensor([[1.0, 2.0, 0.0], [0.0, 0.0, 0.0], [3.0, 4.0, 5.0]], padding=0.0),
        ragged(VALUES - 1.0) + 1.0,
        2.0 * ragged(VALUES / 2.0),
        ragged(VALUES - 1.0) + tf.constant([[1.0], [7.0], [1.0]], tf.float64),
        tf.sqrt(ragged() * ragged()),
        tf.ragged.map_flat_values(lambda a, b: a - b, ragged(VALUES + 1.0), 1.0),
        tf.ragged.boolean_mask(ragged([1.0, 2.0, 3.0, 4.0, 5.0]), ragged([True, True, True, True, True])),
        ragged()[:],
        tf.negative(-ragged()),
        abs(ragged()),
    ],
)
def test_rows(made):
    assert made.to_list() == ROWS
    assert made.shape == (3, None)
    assert made.ragged_rank == 1
    assert made.row_lengths().numpy().tolist() == [2, 0, 3]
    assert made.row_starts().numpy().tolist() == [0, 2, 2]
    assert made.row_limits().numpy().tolist() == [2, 2, 5]
    assert made.value_rowids().numpy().tolist() == [0, 0, 2, 2, 2]
    assert int(made.nrows()) == len(made) == 3
    assert repr(made) == f"<tf.RaggedTensor {ROWS}>"


def test_nested_rows():
    nested = [[[1.0], [2.0, 3.0]], [], [[4.0, 5.0]]]
    made = tf.ragged.constant(nested)
    assert made.to_list() == nested
    assert made.ragged_rank == 2
    assert made.shape == (3, None, None)
    assert (made * 2.0).flat_values.numpy().tolist() == [2.0, 4.0, 6.0, 8.0, 10.0]
    assert made.to_tensor().shape == (3, 2, 2)
    assert made[0].to_list() == nested[0]
    assert tf.reduce_sum(made, axis=2).to_list() == [[1.0, 5.0], [], [9.0]]


def test_gradients_come_in_the_form_of_the_source():
    x = tf.ragged.constant([[1.0, 2.0], [3.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        total = tf.reduce_sum(y)
        other = tf.constant(1.0) * 2.0
    for target in (y, total):
        assert tape.gradient(target, x).to_list() == [[2.0, 4.0], [6.0]]
    assert tape.gradient(total, [x])[0].to_list() == [[2.0, 4.0], [6.0]]
    assert tape.gradient(total, x.values).numpy().tolist() == [2.0, 4.0, 6.0]
    with pytest.warns(match="no gradient"):
        assert tape.gradient(other, x) is None


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x.to_tensor(), [[1, 2, 0], [0, 0, 0], [3, 4, 5]]),
        (lambda x: x.to_tensor(-1.0), [[1, 2, -1], [-1, -1, -1], [3, 4, 5]]),
        (lambda x: x.to_tensor(shape=[None, 2]), [[1, 2], [0, 0], [3, 4]]),
        (lambda x: tf.reduce_sum(x, axis=1), [3, 0, 12]),
        (lambda x: tf.reduce_mean(x, axis=1), [1.5, 0, 4]),
        (lambda x: tf.reduce_sum(x, axis=0), [4, 6, 5]),
        (lambda x: tf.reduce_prod(x, axis=-1), [2, 1, 60]),
        (lambda x: tf.reduce_max(x[2:], axis=1), [5]),
        (lambda x: x[2], [3, 4, 5]),
        (lambda x: x[2, 1], 4),
        (tf.reduce_max, 5),
    ],
)
def test_dense_results(smooth, function, expected):
    np.testing.assert_allclose(function(ragged()).numpy(), expected)
    smooth(lambda v: function(ragged(v)), [VALUES])


def test_row_ends_and_numbers():
    assert tf.ragged.row_splits_to_segment_ids([0, 2, 2, 5]).numpy().tolist() == [0, 0, 2, 2, 2]
    assert tf.ragged.segment_ids_to_row_splits([0, 0, 2, 2, 2]).numpy().tolist() == [0, 2, 2, 5]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tf.RaggedTensor.from_row_lengths(VALUES, [2, 2]), "make up"),
        (lambda: tf.RaggedTensor.from_value_rowids(VALUES, [0, 1, 0, 1, 1]), "order"),
        (lambda: ragged() + tf.RaggedTensor.from_row_lengths(VALUES, [1, 1, 3]), "other lengths"),
        (lambda: ragged() + tf.constant([1.0, 2.0]), "element per row"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(InvalidArgumentError, match=words):
        call()


def test_a_sparse_tensor_is_watched_and_is_no_source():
    values = tf.constant([1.0, 2.0])
    s = tf.SparseTensor([[0, 0], [1, 2]], values, [3, 4])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([s, {"s": s}])
        y = tf.sparse.reduce_sum(s)
    assert tape.gradient(y, values).numpy().tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="sources"):
        tape.gradient(y, s)
