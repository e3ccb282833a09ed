"""`tf.linalg` beyond what TensorFlow could record: edges where we differ, complex numbers, second derivatives."""

import numpy as np
import pytest

from gradtape import tf

RNG = np.random.default_rng(5)
SQUARE = RNG.normal(size=(3, 3)) + 2.0 * np.eye(3)
STACK = RNG.normal(size=(2, 3, 3)) + 2.0 * np.eye(3)
TALL = RNG.normal(size=(4, 2))
RHS = RNG.normal(size=(3, 2))
DIAGONALS = RNG.normal(size=(3, 4)) + np.array([[0.0], [4.0], [0.0]])
VECTOR = RNG.uniform(0.5, 2.0, 4)


def spd(a):
    return tf.matmul(a, a, transpose_b=True) + tf.eye(3, dtype=tf.float64)


def projector(v):
    return tf.matmul(v, v, transpose_b=True)


TWICE = {
    "cholesky": (lambda a: tf.linalg.cholesky(spd(a)), [SQUARE]),
    "logdet": (lambda a: tf.linalg.logdet(spd(a)), [SQUARE]),
    "expm": (lambda a: tf.linalg.expm(0.5 * a), [STACK]),
    "logm": (lambda a: tf.linalg.logm(spd(a)), [SQUARE]),
    "sqrtm": (lambda a: tf.linalg.sqrtm(spd(a)), [SQUARE]),
    "lu": (lambda a: tf.linalg.lu(a).lu, [STACK]),
    "lu_solve": (lambda a, b: tf.linalg.lu_solve(*tf.linalg.lu(a), b), [STACK, RHS]),
    "lu_reconstruct": (lambda a: tf.linalg.lu_reconstruct(*tf.linalg.lu(a)), [STACK]),
    "lu_matrix_inverse": (lambda a: tf.linalg.lu_matrix_inverse(*tf.linalg.lu(a)), [SQUARE]),
    "qr_full": (lambda a: tf.linalg.qr(a, full_matrices=True).r, [TALL]),
    "svd_far_from_square": (
        lambda a: projector(tf.linalg.svd(a, full_matrices=True)[2][:, 1:]),
        [TALL.T[:1]],
    ),
    "eigh_tridiagonal": (lambda a, b: tf.linalg.eigh_tridiagonal(a, b), [VECTOR, VECTOR[:3]]),
    "eigh_tridiagonal_vectors": (
        lambda a, b: tf.linalg.eigh_tridiagonal(a, b, eigvals_only=False)[1] ** 2,
        [VECTOR, VECTOR[:3]],
    ),
    "eig": (lambda a: tf.math.real(tf.linalg.eig(a)[0] * (1.0 + 2.0j)), [SQUARE]),
    "tridiagonal_solve": (lambda d, b: tf.linalg.tridiagonal_solve(d, b), [DIAGONALS, VECTOR]),
    "tridiagonal_solve_matrix": (
        lambda a, b: tf.linalg.tridiagonal_solve(a, b, diagonals_format="matrix"),
        [SQUARE, RHS],
    ),
    "banded_triangular_solve": (
        lambda d, b: tf.linalg.banded_triangular_solve(d, b),
        [DIAGONALS[1:], VECTOR],
    ),
    "norm_nuclear": (lambda a: tf.norm(a, ord="nuc", axis=[-2, -1]), [STACK]),
    "lstsq_slow": (lambda a, b: tf.linalg.lstsq(a, b, fast=False), [TALL, VECTOR[:, None]]),
    "adjoint": (lambda a: tf.math.imag(tf.linalg.adjoint(tf.complex(a, a * a))), [SQUARE]),
    "householder": (
        lambda v, b: tf.linalg.LinearOperatorHouseholder(v).solve(b, adjoint=True),
        [VECTOR[:3] / np.linalg.norm(VECTOR[:3]), RHS],
    ),
    "toeplitz": (lambda c, r, b: tf.linalg.LinearOperatorToeplitz(c, r).solve(b), [[3.0, 1.0, 0.5], VECTOR[:3], RHS]),
}


@pytest.mark.parametrize("name", TWICE)
def test_derivatives_to_second_order(name, smooth):
    f, points = TWICE[name]
    if name == "householder":  # the inverse is the transpose for unit vectors only
        f, given = (lambda v, b: TWICE[name][0](v / tf.norm(v), b)), points
        points = given
    smooth(f, points)


def gradient(f, x):
    v = tf.Variable(x, dtype=tf.float64)
    with tf.GradientTape() as tape:
        y = f(v)
    return tape.gradient(y, v).numpy()


def test_a_singular_matrix_has_cofactors():
    np.testing.assert_allclose(gradient(tf.linalg.det, [[1.0, 2.0], [2.0, 4.0]]), [[4.0, -2.0], [-2.0, 1.0]])


@pytest.mark.parametrize("function", [tf.linalg.inv, lambda a: tf.linalg.solve(a, [[1.0], [2.0]])])
def test_a_singular_matrix_is_refused(function):
    singular = tf.constant([[1.0, 1.0], [1.0, 1.0]])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"[Ss]ingular"):
        function(singular)
    with pytest.raises(np.linalg.LinAlgError):
        function(singular)


def test_an_indefinite_matrix_is_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="positive definite"):
        tf.linalg.cholesky(tf.constant([[1.0, 2.0], [2.0, 1.0]]))


def test_cholesky_reads_the_lower_triangle_and_has_a_symmetric_gradient():
    np.testing.assert_allclose(tf.linalg.cholesky([[4.0, 100.0], [2.0, 3.0]])[1], [1.0, np.sqrt(2.0)], rtol=1e-6)
    found = gradient(tf.linalg.cholesky, [[4.0, 2.0], [2.0, 3.0]])
    np.testing.assert_allclose(found, [[0.21339, 0.07322], [0.07322, 0.35355]], atol=1e-5)


@pytest.mark.parametrize("k", [0, 1, 2])
def test_repeated_singular_values_are_finite(k):
    found = gradient(lambda a: tf.linalg.svd(a)[k], 2.0 * np.eye(2))
    np.testing.assert_allclose(found, np.eye(2) if k == 0 else np.zeros((2, 2)), atol=1e-12)


def test_svd_is_in_tensorflows_order():
    s, u, v = tf.linalg.svd(TALL)
    assert (s.shape, u.shape, v.shape) == ((2,), (4, 2), (2, 2))
    np.testing.assert_allclose(u.numpy() * s.numpy() @ v.numpy().T, TALL)


def test_eigenvalues_are_complex_even_where_they_are_real():
    values, vectors = tf.linalg.eig(tf.constant([[2.0, 1.0], [0.0, 3.0]]))
    assert values.dtype == vectors.dtype == tf.complex64
    assert tf.linalg.eigvals(np.eye(2)).dtype == tf.complex128
    found = gradient(lambda a: tf.math.real(tf.linalg.eigvals(a)), [[2.0, 1.0], [0.0, 3.0]])
    np.testing.assert_allclose(found, np.eye(2), atol=1e-12)


def test_results_have_tensorflows_names():
    assert tf.linalg.qr(TALL).q.shape == (4, 2)
    assert tf.linalg.lu(SQUARE).p.dtype == tf.int32
    assert tf.linalg.slogdet(SQUARE).log_abs_determinant.dtype == tf.float64
    assert tf.linalg.matrix_rank(TALL).numpy() == 2


def test_conjugate_gradients_want_a_promise():
    operator = tf.linalg.LinearOperatorFullMatrix(SQUARE)
    with pytest.raises(tf.errors.InvalidArgumentError, match="is_self_adjoint"):
        tf.linalg.experimental.conjugate_gradient(operator, VECTOR[:3])


def test_conjugate_gradients_solve():
    matrix = SQUARE @ SQUARE.T
    operator = tf.linalg.LinearOperatorFullMatrix(matrix, is_self_adjoint=True, is_positive_definite=True)
    helper = tf.linalg.LinearOperatorDiag(1.0 / np.diag(matrix))
    state = tf.linalg.experimental.conjugate_gradient(operator, VECTOR[:3], preconditioner=helper, tol=1e-12)
    assert state.i.numpy() <= 4
    np.testing.assert_allclose(state.x.numpy(), np.linalg.solve(matrix, VECTOR[:3]), rtol=1e-8)


def test_operators_know_their_shape():
    operator = tf.linalg.LinearOperatorFullMatrix(STACK)
    assert tuple(operator.shape) == (2, 3, 3)
    assert tuple(operator.batch_shape) == (2,)
    assert operator.is_square
    np.testing.assert_allclose((operator @ RHS).numpy(), STACK @ RHS)
    np.testing.assert_allclose(operator.H.matvec(VECTOR[:3]).numpy(), np.swapaxes(STACK, 1, 2) @ VECTOR[:3])
    np.testing.assert_allclose(operator.inverse().to_dense().numpy(), np.linalg.inv(STACK))
    np.testing.assert_allclose(operator.cond().numpy(), np.linalg.cond(STACK))


def test_a_name_that_is_not_here_says_so():
    with pytest.raises(AttributeError, match=r"tf\.linalg\.LinearOperatorCirculant3D"):
        tf.linalg.LinearOperatorCirculant3D
