"""Linear algebra: values and tuples as NumPy's, gradients where a matrix is singular, repeated, or empty."""

import types

import numpy as np
import pytest

import gradtape as gt
from gradtape.ops import linalg_decompositions
from gradtape.spaces import numpy_space
from gradtape.testing import check_grads

INF = float("inf")
RNG = np.random.default_rng(7)
A = RNG.normal(size=(3, 3)) + 2.0 * np.eye(3)
B = RNG.normal(size=(3, 3))
S = A @ A.T + np.eye(3)
TALL = RNG.normal(size=(4, 2))
STACK = RNG.normal(size=(2, 3, 3)) + 2.0 * np.eye(3)
CUBE = RNG.normal(size=(2, 3, 4))
V = RNG.normal(size=3)


def gradient(f, *args):
    variables = [gt.Variable(np.array(a)) for a in args]
    with gt.GradientTape() as tape:
        y = f(*variables)
    found = [g.numpy() for g in tape.gradient(y, variables)]
    return found if len(found) > 1 else found[0]


def hessian(f, x):
    v = gt.Variable(np.array(x))
    with gt.GradientTape(persistent=True) as outer:
        with gt.GradientTape() as inner:
            y = f(v)
        g = inner.gradient(y, v)
        rows = [g[place] for place in np.ndindex(g.shape)]
    found = [outer.gradient(row, v, unconnected_gradients="zero").numpy() for row in rows]
    return np.reshape(found, g.shape + v.shape)


def symmetric(x):
    return 0.5 * (x + np.swapaxes(x, -1, -2))


CALLS = {
    "matrix_norm": (np.linalg.matrix_norm, [CUBE]),
    **{
        f"matrix_norm {ord} {keepdims}": (
            lambda x, ord=ord, keepdims=keepdims: np.linalg.matrix_norm(x, ord=ord, keepdims=keepdims),
            [CUBE],
        )
        for ord in ("nuc", 2, -2, 1, -1, INF, -INF)
        for keepdims in (False, True)
    },
    **{
        f"norm {ord} {axis} {keepdims}": (
            lambda x, ord=ord, axis=axis, keepdims=keepdims: np.linalg.norm(x, ord, axis, keepdims),
            [CUBE],
        )
        for ord, axis in [
            (3, 1),
            (0.5, -1),
            (INF, 0),
            (-INF, 2),
            (1, 1),
            (-1, 1),
            (2, (0, 2)),
            ("nuc", (2, 0)),
            (1, (2, 0)),
        ]
        for keepdims in (False, True)
    },
    "norm of everything": (np.linalg.norm, [CUBE]),
    "norm of a vector": (lambda x: np.linalg.norm(x, 3), [V]),
    "norm fro": (lambda x: np.linalg.norm(x, "fro"), [A]),
    "vector_norm": (lambda x: np.linalg.vector_norm(x, ord=3), [CUBE]),
    "vector_norm axes": (lambda x: np.linalg.vector_norm(x, axis=(0, 2), ord=1.5, keepdims=True), [CUBE]),
    "vector_norm inf": (lambda x: np.linalg.vector_norm(x, ord=INF), [A]),
    **{f"cond {p}": (lambda x, p=p: np.linalg.cond(x, p), [A]) for p in (None, 2, -2, 1, INF, "fro", "nuc")},
    "cond of a stack": (np.linalg.cond, [STACK]),
    **{f"matrix_power {n}": (lambda x, n=n: np.linalg.matrix_power(x, n), [STACK]) for n in (-3, -1, 1, 2, 3, 4, 5, 7)},
    "multi_dot": (lambda a, b, c: np.linalg.multi_dot([a, b, c]), [TALL, TALL.T, TALL]),
    "multi_dot of vectors": (lambda v, a, b: np.linalg.multi_dot([v, a, b, v]), [V, A, B]),
    "multi_dot of two": (lambda a, b: np.linalg.multi_dot([a, b]), [A, V]),
    "multi_dot of many": (lambda a, b: np.linalg.multi_dot([a, b, b.T, a, a]), [A, TALL[:3]]),
    "tensorinv": (lambda a: np.linalg.tensorinv(a.reshape(3, 3, 1, 9), ind=2), [RNG.normal(size=(9, 9))]),
    "tensorsolve": (lambda a, b: np.linalg.tensorsolve(a.reshape(3, 1, 3), b), [A, V]),
    "tensorsolve axes": (lambda a, b: np.linalg.tensorsolve(a.reshape(3, 3, 1), b, axes=(0,)), [A, V]),
    "qr r": (lambda a: np.linalg.qr(a, mode="r"), [TALL]),
    "qr complete": (lambda a: np.linalg.qr(a, mode="complete")[1], [TALL]),
    "qr wide": (np.linalg.qr, [CUBE]),
    "qr vectors": (np.linalg.qr, [TALL]),
    "svd values": (lambda a: np.linalg.svd(a, compute_uv=False), [CUBE]),
    "svd of symmetric": (lambda a: np.linalg.svd(symmetric(a), hermitian=True), [B]),
    "svd values of symmetric": (lambda a: np.linalg.svd(symmetric(a), compute_uv=False, hermitian=True), [B]),
    "svd vectors": (lambda a: np.linalg.svd(a, full_matrices=False), [CUBE]),
    "eigh vectors": (lambda a: np.linalg.eigh(symmetric(a)), [B]),
    "eigh upper": (lambda a: np.linalg.eigh(symmetric(a), "U"), [STACK]),
    "eig of real eigenvalues": (np.linalg.eig, [np.diag([1.0, 2.0, 4.0]) + 0.1 * B]),
    "eigvals of pairs": (np.linalg.eigvals, [[[0.0, 1.0, 0.0], [-1.0, 0.2, 0.3], [0.1, 0.0, 2.0]]]),
    "pinv": (np.linalg.pinv, [CUBE]),
    "pinv rtol": (lambda a: np.linalg.pinv(a, rtol=None), [TALL]),
    "pinv rcond": (lambda a: np.linalg.pinv(a, 1e-10), [TALL]),
    "pinv of symmetric": (lambda a: np.linalg.pinv(symmetric(a), hermitian=True), [B]),
    "lstsq": (lambda a, b: np.linalg.lstsq(a, b)[0], [TALL, RNG.normal(size=4)]),
    "lstsq residuals": (lambda a, b: np.linalg.lstsq(a, b, rcond=None)[1], [TALL, RNG.normal(size=(4, 3))]),
    "lstsq too few equations": (lambda a, b: np.linalg.lstsq(a, b, rcond=-1)[0], [TALL.T, V[:2]]),
    "slogdet": (lambda a: np.linalg.slogdet(a)[1], [STACK]),
    "cholesky upper": (lambda a: np.linalg.cholesky(symmetric(a), upper=True), [S]),
    "solve vector": (np.linalg.solve, [STACK, V]),
}


@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients(name):
    f, args = CALLS[name]
    args = [np.array(a) for a in args]
    ours, theirs = f(*[gt.constant(a) for a in args]), f(*args)
    if isinstance(theirs, tuple):
        assert type(ours) is type(theirs)
    else:
        ours, theirs = [ours], [theirs]
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-12, atol=1e-13)
    check_grads(f, args, order=2, rtol=1e-4)


@pytest.mark.parametrize("function", [np.linalg.slogdet, np.linalg.eig, np.linalg.eigh, np.linalg.qr, np.linalg.svd])
def test_results_are_numpys_named_tuples(function):
    assert type(function(gt.constant(S))) is type(function(S))


def test_matrix_power_zero_is_the_identity():
    np.testing.assert_array_equal(np.linalg.matrix_power(gt.constant(STACK), 0).numpy(), [np.eye(3)] * 2)


def test_cond_of_a_singular_matrix_is_infinite_as_numpys():
    assert np.linalg.cond(gt.constant([[1.0, 2.0], [2.0, 4.0]]), 1).numpy() == INF


SINGULAR = {
    "rank 1": [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 2.0, 3.0]],
    "rank 2": [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 1.0]],
    "zero": np.zeros((3, 3)),
}


def cofactors(m):
    m = np.asarray(m)
    n = len(m)
    minor = lambda i, j: np.delete(np.delete(m, i, 0), j, 1)
    return [[(-1.0) ** (i + j) * np.linalg.det(minor(i, j)) for j in range(n)] for i in range(n)]


@pytest.mark.parametrize("name", SINGULAR)
def test_the_determinant_of_a_singular_matrix_has_its_cofactors(name):
    np.testing.assert_allclose(gradient(np.linalg.det, SINGULAR[name]), cofactors(SINGULAR[name]), atol=1e-13)


@pytest.mark.parametrize("name", SINGULAR)
def test_and_their_derivatives(name):
    m, step = np.asarray(SINGULAR[name]), 1e-5
    found = hessian(np.linalg.det, m)
    for place in np.ndindex(3, 3):
        d = np.zeros((3, 3))
        d[place] = step
        slope = (np.array(cofactors(m + d)) - np.array(cofactors(m - d))) / (2 * step)
        np.testing.assert_allclose(found[(..., *place)], slope, atol=1e-9)


def test_a_stack_may_hold_both():
    both = [SINGULAR["rank 2"], A]
    np.testing.assert_allclose(gradient(np.linalg.det, both), [cofactors(m) for m in both], atol=1e-13)


def test_the_third_derivative_of_a_determinant():
    check_grads(np.linalg.det, [A], order=3, rtol=1e-4)


def test_no_silent_answer_for_an_indefinite_matrix():
    with pytest.raises(np.linalg.LinAlgError, match=r"cholesky.*positive definite"):
        np.linalg.cholesky(gt.constant([[1.0, 2.0], [2.0, 1.0]]))


@pytest.mark.parametrize("function", [np.linalg.inv, lambda a: np.linalg.solve(a, [1.0, 2.0])])
def test_no_silent_answer_for_a_singular_matrix(function):
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        function(gt.constant([[1.0, 2.0], [2.0, 4.0]]))


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_gradient_that_does_not_exist_is_an_error_at_its_line():
    v = gt.Variable([[1.0, 2.0], [2.0, 4.0]])
    with gt.GradientTape() as tape:
        y = np.linalg.slogdet(v)[1]
    with pytest.raises(np.linalg.LinAlgError, match=r"slogdet: .* gradient does not: Singular") as caught:
        tape.gradient(y, v)
    assert "np.linalg.slogdet(v)" in str(caught.value)


SYMMETRIC = {
    "cholesky": (np.linalg.cholesky, [[4.0, 2.0], [2.0, 3.0]], [[0.21339, 0.07322], [0.07322, 0.35355]]),
    "eigvalsh": (
        lambda a: np.linalg.eigvalsh(a) * [1.0, 10.0],
        [[2.0, 1.0], [1.0, 3.0]],
        [[3.48754, 4.02492], [4.02492, 7.51246]],
    ),
    "eigvalsh of the upper triangle": (
        lambda a: np.linalg.eigvalsh(a, UPLO="U") * [1.0, 10.0],
        [[2.0, 1.0], [9.0, 3.0]],
        [[3.48754, 4.02492], [4.02492, 7.51246]],
    ),
    "pinv": (
        lambda a: np.linalg.pinv(a, hermitian=True) * [[1.0, 3.0], [5.0, 2.0]],
        [[2.0, 1.0], [1.0, 3.0]],
        [[0.52, -0.84], [-0.84, 0.28]],
    ),
    "eigh": (
        lambda a: np.linalg.eigh(a)[0] * [1.0, 10.0],
        [[2.0, 1.0], [1.0, 3.0]],
        [[3.48754, 4.02492], [4.02492, 7.51246]],
    ),
}


@pytest.mark.parametrize("name", SYMMETRIC)
def test_functions_of_symmetric_matrices_have_symmetric_gradients(name):
    f, at, expected = SYMMETRIC[name]
    np.testing.assert_allclose(gradient(f, at), expected, atol=1e-5)


REPEATED = {
    "eigh values": (lambda a: np.linalg.eigh(a)[0], 2.0 * np.eye(2), np.eye(2)),
    "eigh vectors": (lambda a: np.linalg.eigh(a)[1], 2.0 * np.eye(2), np.zeros((2, 2))),
    "eigh vectors but for rounding": (
        lambda a: np.linalg.eigh(a)[1],
        np.diag([1e10, 1e10 + 2e-6]),
        np.zeros((2, 2)),
    ),
    "eigh vectors but for the rounding of all": (
        lambda a: np.linalg.eigh(a)[1][0, 1],
        np.diag([1.0, 1.0 + 3.0 * 2.0**-52, 4.0]),
        np.zeros((3, 3)),
    ),
    "eig vectors but for rounding": (
        lambda a: np.linalg.eig(a)[1],
        np.diag([1e10 + 1.0j, 1e10 + 2e-6 + 1.0j]),
        np.zeros((2, 2)),
    ),
    "eigvalsh": (np.linalg.eigvalsh, 2.0 * np.eye(3), np.eye(3)),
    "eigvals": (np.linalg.eigvals, 2.0 * np.eye(2), np.eye(2)),
    "svd values": (lambda a: np.linalg.svd(a)[1], 2.0 * np.eye(2), np.eye(2)),
    "svd vectors": (lambda a: np.linalg.svd(a)[0], 2.0 * np.eye(2), np.zeros((2, 2))),
    "svdvals": (np.linalg.svdvals, -2.0 * np.eye(2), -np.eye(2)),
}


@pytest.mark.parametrize("name", REPEATED)
def test_repeated_values_have_finite_gradients(name):
    f, at, expected = REPEATED[name]
    np.testing.assert_allclose(gradient(f, at), expected, atol=1e-12)
    assert np.isfinite(hessian(f, at)).all()


ORDERS = [None, "fro", "nuc", 1, -1, 2, -2, INF, -INF]


@pytest.mark.parametrize("ord", ORDERS)
def test_the_norm_of_a_zero_matrix_has_gradient_zero(ord):
    np.testing.assert_array_equal(gradient(lambda a: np.linalg.norm(a, ord), np.zeros((2, 3))), np.zeros((2, 3)))


@pytest.mark.parametrize("ord", [1, 1.5, 2, 3, 0.5, INF, -INF, -2])
def test_the_norm_of_a_zero_vector_has_gradient_zero(ord):
    f = lambda a: np.linalg.norm(a, ord)
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(gradient(f, np.zeros(3)), np.zeros(3))


def test_a_norm_of_negative_order_that_is_zero_has_gradient_zero():
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(gradient(lambda a: np.linalg.norm(a, -2), np.array([0.0, 3.0])), np.zeros(2))


def test_the_nuclear_norm_has_a_subgradient_where_the_rank_drops():
    found = gradient(lambda a: np.linalg.norm(a, "nuc"), np.outer([3.0, 4.0], [0.0, 2.0]))
    np.testing.assert_allclose(found, [[0.0, 0.6], [0.0, 0.8]], atol=1e-12)


def test_the_spectral_norm_shares_among_equal_values():
    np.testing.assert_allclose(gradient(lambda a: np.linalg.norm(a, 2), np.eye(2)), 0.5 * np.eye(2), atol=1e-12)


def test_many_eigenvalues_keep_their_eigenvectors():
    """LAPACK finds them in another order when the vectors are wanted."""
    m = np.random.default_rng(3).normal(size=(120, 120))
    values, place = np.linalg.eigvals(m), 17
    with gt.GradientTape() as tape:
        v = gt.Variable(m)
        y = np.real(np.linalg.eigvals(v))[place]
    w, right = np.linalg.eig(m)
    k = np.abs(w - values[place]).argmin()
    expected = np.real(np.outer(np.linalg.inv(right)[k], right[:, k]))
    np.testing.assert_allclose(tape.gradient(y, v).numpy(), expected, atol=1e-8)


EMPTY = [np.linalg.inv, np.linalg.det, np.linalg.svdvals, np.linalg.eigvalsh, np.linalg.cholesky, np.linalg.pinv]


@pytest.mark.parametrize("function", EMPTY)
def test_empty_matrices(function):
    assert gradient(lambda a: np.sum(function(a)), np.zeros((2, 0, 0))).shape == (2, 0, 0)


def test_the_sign_of_a_determinant_is_flat():
    np.testing.assert_array_equal(gradient(lambda a: np.linalg.slogdet(a)[0], A), np.zeros((3, 3)))


def test_a_rank_deficient_system_of_least_squares():
    a = np.array([[1.0, 2.0], [2.0, 4.0], [0.0, 0.0]])
    found = gradient(lambda b: np.linalg.lstsq(a, b, rcond=None)[0] @ [1.0, 1.0], np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(found, np.linalg.pinv(a).T @ [1.0, 1.0], atol=1e-12)


def test_qr_raw_leaves_the_tape_and_says_so():
    with gt.GradientTape() as tape:
        v = gt.Variable(TALL)
        h, _ = np.linalg.qr(v, mode="raw")
    with pytest.warns(gt.MissingGradientWarning, match=r"np\.linalg\.qr.*no operation of the tape"):
        assert tape.gradient(h, v) is None


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [129, 160, 161])
def test_a_large_cholesky_factor_is_pulled_back_by_blocks_to_the_same_gradient(n, dtype):
    rng = np.random.default_rng(n)
    a, weight = rng.normal(size=(n, n)), rng.normal(size=(n, n)).astype(dtype)
    a = (a @ a.T / n + np.eye(n)).astype(dtype)
    composed = linalg_decompositions.cholesky_slope(numpy_space.xp, np.tril(weight), np.linalg.cholesky(a))
    assert isinstance(numpy_space.xp.cholesky_slope, types.FunctionType)  # one kernel, no composition
    for upper in (False, True):
        found = gradient(lambda v, u=upper: np.linalg.cholesky(v, upper=u) * (weight.T if u else weight), a)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, composed, atol=1e3 * np.finfo(dtype).eps * np.abs(composed).max())
        np.testing.assert_array_equal(found, found.T)


def test_a_stack_of_large_cholesky_factors_is_pulled_back_matrix_by_matrix():
    rng = np.random.default_rng(3)
    a, weight = rng.normal(size=(2, 130, 130)), rng.normal(size=(2, 130, 130))
    a = a @ np.swapaxes(a, -1, -2) / 130 + np.eye(130)
    each = [gradient(lambda v, k=k: np.linalg.cholesky(v) * weight[k], a[k]) for k in (0, 1)]
    np.testing.assert_allclose(gradient(lambda v: np.linalg.cholesky(v) * weight, a), each, atol=1e-11)


def test_a_large_cholesky_factor_has_second_derivatives_and_what_is_not_finite_stays_so():
    n = 130
    rng = np.random.default_rng(n)
    a, weight, v = (rng.normal(size=(n, n)) for _ in range(3))
    a = a @ a.T / n + np.eye(n)
    product = gt.hvp(lambda x: np.sum(np.linalg.cholesky(x) * weight), a, v)
    step = 1e-5 * (v + v.T) / 2
    by_steps = (gradient(lambda x: np.linalg.cholesky(x) * weight, a + step)
                - gradient(lambda x: np.linalg.cholesky(x) * weight, a - step)) / 2e-5  # fmt: skip
    np.testing.assert_allclose(np.asarray(product), by_steps, atol=1e-6 * np.abs(by_steps).max())
    weight[5, 2] = np.inf
    with np.errstate(all="ignore"):
        assert not np.isfinite(gradient(lambda x: np.linalg.cholesky(x) * weight, a)[:3, :3]).any()


@pytest.mark.parametrize("name", ["inv", "cholesky", "eigvalsh", "svdvals", "det"])
def test_single_precision_stays(name):
    v = gt.Variable(S.astype(np.float32))
    with gt.GradientTape() as tape:
        y = getattr(np.linalg, name)(v)
    assert y.dtype == tape.gradient(y, v).dtype == np.float32


def test_eigenvalues_that_are_close_have_vectors_that_move():
    found = gradient(lambda a: np.linalg.eigh(a)[1][0, 1], np.diag([1.0, 1.0 + 2.0**-26]))
    np.testing.assert_allclose(np.abs(found), 2.0**25 * (1.0 - np.eye(2)))


def test_a_value_that_is_zero_but_for_rounding_has_gradient_zero():
    a = np.diag([1e10, 1e-7])
    np.testing.assert_allclose(gradient(np.linalg.svdvals, a), np.diag([1.0, 0.0]), atol=1e-12)


LOST = [np.diag([1e10, 1e-7, 0.0])[:, :2], np.diag([1.0, 1.6e-16, 0.0])[:, :2]]


@pytest.mark.parametrize("a", LOST, ids=["of a large matrix", "between half and one"])
def test_and_its_vectors_do_not_move(a):
    weights = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert np.abs(gradient(lambda a: weights * np.linalg.svd(a, full_matrices=False)[0], a)).max() < 10.0


@pytest.mark.parametrize(
    "function", [np.linalg.svdvals, lambda a: np.linalg.svd(a, full_matrices=False)[0]], ids=["values", "vectors"]
)
def test_rounding_is_each_matrix_of_a_stack_its_own(function):
    stack = np.stack([1e14 * TALL, 1e-8 * TALL])
    for found, alone in zip(gradient(function, stack), stack, strict=True):
        np.testing.assert_allclose(found, gradient(function, alone), rtol=1e-9, atol=1e-12)


def test_the_phase_of_a_determinant():
    a = np.array([[0.0, 1.0 + 2.0j], [1.0 - 0.5j, 0.3j]])
    sign, t = np.linalg.slogdet(a)[0], np.linalg.inv(a).T
    np.testing.assert_allclose(gradient(lambda a: np.linalg.slogdet(a)[1], a), np.conj(t), atol=1e-12)
    along = np.conj(1j * np.imag(sign) * t)
    np.testing.assert_allclose(gradient(lambda a: np.real(np.linalg.slogdet(a)[0]), a), along, atol=1e-12)


def least_squares_gradient(a, dtype, rcond):
    a, b = np.asarray(a, dtype), np.arange(1.0, len(a) + 1.0).astype(dtype)
    return gradient(lambda b: np.linalg.lstsq(a, b, rcond=rcond)[0], b), np.linalg.lstsq(a, b, rcond=rcond)[2]


SMALL_VALUES = [
    (5e-16, None, np.float64, 1),
    (5e-15, None, np.float64, 2),
    (1e-18, None, np.complex128, 1),
    (5e-15, None, np.complex128, 2),
    (5e-15, None, np.float32, 2),
    (5e-16, None, np.float32, 1),
    (1.3e-15, -1, np.float64, 2),
    (1.5 * 2.0**-53, -1, np.float64, 2),
    (1.007 * 2.0**-53, -1, np.float64, 2),
    (0.9 * 2.0**-53, -1, np.float64, 1),
    (0.9 * 2.0**-53, 0.0, np.float64, 1),
    (0.01, 1.0, np.float64, 2),
    (0.01, 1e-3, np.float64, 2),
    (0.01, 0.1, np.float64, 1),
]


@pytest.mark.parametrize(("value", "rcond", "dtype", "rank"), SMALL_VALUES)
def test_least_squares_leaves_out_what_lapack_leaves_out(value, rcond, dtype, rank):
    """A cutoff that is not between 0 and 1 stands for half the distance from 1 to the next number."""
    found, of_lapack = least_squares_gradient(np.eye(8, 2) * [1.0, value], dtype, rcond)
    assert of_lapack == rank
    np.testing.assert_allclose(found[:2], [1.0, 1.0 / value if rank == 2 else 0.0], rtol=1e-6)


@pytest.mark.parametrize("rcond", [0.1, 1e-6])
def test_the_matrix_of_least_squares_with_a_cutoff(rcond):
    a, b = TALL @ np.diag([1.0, 1e-3]), np.array([1.0, 2.0, -1.0, 0.5])
    found = gradient(lambda a: np.linalg.lstsq(a, b, rcond=rcond)[0], a)
    np.testing.assert_allclose(found, gradient(lambda a: np.linalg.pinv(a, rcond) @ b, a), rtol=1e-8)


def test_no_residuals_no_gradient():
    a, b = np.array([[1.0, 0.0, 2.0], [0.5, 1.0, 0.0]]), np.array([0.0, 1.0])
    for g in gradient(lambda a, b: np.sum(np.linalg.lstsq(a, b, rcond=None)[1]), a, b):
        np.testing.assert_array_equal(g, np.zeros_like(g))


def test_eigenvectors_of_complex_numbers_turn_with_their_largest_element():
    """Of real eigenvectors every element is real: which of them stays so is the choice of the largest."""
    a = np.array([[2.0, -1.5, 0.3], [-0.5, 4.0, 1.0], [0.2, 0.7, 1.0]], np.complex128)
    weights = np.array([[1.0 + 2.0j, 0.5j, 2.0], [3.0 - 1.0j, 1.0j, 0.2], [0.4 + 0.3j, 1.5 - 2.0j, 1.0j]])

    def scalar(a):
        return np.sum(np.real(np.linalg.eig(a)[1] * weights))

    found, step = gradient(scalar, a), 1e-6
    for place in np.ndindex(a.shape):
        for turn in (1.0, 1.0j):
            d = np.zeros_like(a)
            d[place] = turn * step
            slope = (scalar(a + d) - scalar(a - d)) / (2.0 * step)
            np.testing.assert_allclose(np.real(np.conj(turn) * found[place]), slope, atol=1e-7)


@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (2, 3, 4), (0, 3), (3, 0)])
@pytest.mark.parametrize("offset", [-4, -3, -2, -1, 0, 1, 2, 3, 4])
def test_diagonals_of_matrices_that_are_not_square(shape, offset):
    a = np.arange(1.0, np.prod(shape) + 1.0).reshape(shape)
    expected = np.diagonal(a, offset, -2, -1)
    np.testing.assert_array_equal(np.diagonal(gt.constant(a), offset, -2, -1).numpy(), expected)
    found = gradient(lambda a: np.diagonal(a, offset, -2, -1) ** 2, a)
    np.testing.assert_array_equal(found, 2.0 * a * np.eye(*shape[-2:], offset))
