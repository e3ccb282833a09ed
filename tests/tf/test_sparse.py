"""Sparse tensors: every function is that of the dense whole, and the values are on the tape."""

import numpy as np
import pytest

from gradtape import tf
from gradtape.tf.errors import InvalidArgumentError

PLACES = [[0, 1], [2, 0], [2, 3], [1, 1]]
VALUES = np.array([1.5, -2.0, 0.5, 3.0])
WHOLE = np.zeros((3, 4))
WHOLE[tuple(np.transpose(PLACES))] = VALUES
DENSE = np.random.default_rng(2).normal(size=(4, 2))


def sparse(values=VALUES):
    return tf.SparseTensor(PLACES, values, [3, 4])


def dense(x):
    return tf.sparse.to_dense(x) if isinstance(x, tf.SparseTensor) else x


CASES = {
    "to_dense": (lambda s: s, WHOLE),
    "default": (lambda s: tf.sparse.to_dense(s, 7.0), np.where(WHOLE == 0, 7.0, WHOLE)),
    "matmul": (lambda s: tf.sparse.sparse_dense_matmul(s, DENSE), WHOLE @ DENSE),
    "matmul_adjoint": (lambda s: tf.sparse.sparse_dense_matmul(s, DENSE[:3], adjoint_a=True), WHOLE.T @ DENSE[:3]),
    "matmul_adjoint_b": (lambda s: tf.sparse.sparse_dense_matmul(s, DENSE.T, adjoint_b=True), WHOLE @ DENSE),
    "dense_sparse": (lambda s: tf.sparse.sparse_dense_matmul(DENSE.T[:, :3], s), DENSE.T[:, :3] @ WHOLE),
    "sum": (tf.sparse.reduce_sum, WHOLE.sum()),
    "sum_rows": (lambda s: tf.sparse.reduce_sum(s, 1, keepdims=True), WHOLE.sum(1, keepdims=True)),
    "sum_sparse": (lambda s: tf.sparse.reduce_sum(s, 0, output_is_sparse=True), WHOLE.sum(0)),
    "max": (lambda s: tf.sparse.reduce_max(s, 1), np.array([1.5, 3.0, 0.5])),
    "max_columns": (lambda s: tf.sparse.reduce_max(s, 0), np.array([-2.0, 3.0, 0.0, 0.5])),
    "reorder": (tf.sparse.reorder, WHOLE),
    "transpose": (tf.sparse.transpose, WHOLE.T),
    "reshape": (lambda s: tf.sparse.reshape(s, [2, -1]), WHOLE.reshape(2, 6)),
    "add": (lambda s: tf.sparse.add(s, tf.sparse.transpose(tf.sparse.transpose(s))), 2 * WHOLE),
    "add_dense": (lambda s: tf.sparse.add(s, np.ones((3, 4))), WHOLE + 1.0),
    "concat": (lambda s: tf.sparse.concat(1, [s, s]), np.concatenate([WHOLE, WHOLE], 1)),
    "retain": (lambda s: tf.sparse.retain(s, [True, True, True, False]), np.where(WHOLE == 3.0, 0.0, WHOLE)),
    "expand_dims": (lambda s: tf.sparse.expand_dims(s, 1), WHOLE[:, None]),
    "map_values": (lambda s: tf.sparse.map_values(tf.square, s), WHOLE**2),
    "times": (lambda s: s * np.array([1.0, 2.0, 3.0, 4.0]), WHOLE * [1.0, 2.0, 3.0, 4.0]),
    "over": (lambda s: s / 2.0, WHOLE / 2.0),
    "softmax": (
        tf.sparse.softmax,
        np.array([[0, 1, 0, 0], [0, 1, 0, 0], [1 / (1 + np.e**2.5), 0, 0, 1 / (1 + np.e**-2.5)]]),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients(smooth, case):
    function, expected = CASES[case]
    np.testing.assert_allclose(dense(function(sparse())).numpy(), expected, atol=1e-12)
    smooth(lambda v: dense(function(sparse(v))), [VALUES])


def test_the_dense_factor_has_a_gradient(smooth):
    smooth(lambda d: tf.sparse.sparse_dense_matmul(sparse(), d), [DENSE])


def test_from_dense_keeps_the_path():
    x = tf.Variable(WHOLE)
    with tf.GradientTape() as tape:
        y = tf.sparse.reduce_sum(tf.sparse.from_dense(x) * 3.0)
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), 3.0 * (WHOLE != 0))
    s = tf.sparse.from_dense(WHOLE)
    assert s.shape == (3, 4)
    assert s.dtype == np.float64
    assert s.indices.numpy().tolist() == np.argwhere(WHOLE).tolist()
    assert "SparseTensor" in repr(s)


def test_eye():
    np.testing.assert_array_equal(dense(tf.sparse.eye(2, 3)).numpy(), np.eye(2, 3))


def test_refusals():
    with pytest.raises(InvalidArgumentError, match="twice"):
        tf.sparse.to_dense(tf.SparseTensor([[0], [0]], [1.0, 2.0], [2]))
    with pytest.raises(InvalidArgumentError, match="from_dense"):
        tf.sparse.reorder(WHOLE)
    with pytest.raises(InvalidArgumentError, match="elements"):
        tf.sparse.reshape(sparse(), [5])
    with pytest.raises(AttributeError, match="cross"):
        tf.sparse.cross
