"""SciPy's linear algebra on tensors: values as SciPy's, gradients to second order, and the edges."""

import numpy as np
import pytest
import scipy.linalg

import gradtape as gt
import gradtape.scipy as gsp
from gradtape.testing import check_grads

RNG = np.random.default_rng(11)
A = RNG.normal(size=(4, 4)) + 3.0 * np.eye(4)
B = RNG.normal(size=(4, 4))
SMALL = 0.3 * RNG.normal(size=(3, 3))
S = A @ A.T + np.eye(4)
TALL, WIDE = RNG.normal(size=(4, 2)), RNG.normal(size=(2, 4))
STACK = RNG.normal(size=(2, 3, 3)) + 2.0 * np.eye(3)
X, Y = np.array([0.3, 0.57, 0.71, 0.23]), np.array([0.61, 0.26, 0.43, 0.87])
STEEP = X + np.array([3.0, 0.0, 0.0, 0.0])
BAND = np.array([[0.0, 0.3, 0.2, 0.1], [4.0, 5.0, 6.0, 7.0], [0.5, 0.4, 0.3, 0.0]])
LOWER_BAND = np.array([[4.0, 5.0, 6.0, 7.0], [0.5, 0.4, 0.3, 0.0]])
UPPER_BAND = np.array([[0.0, 0.5, 0.4, 0.3], [4.0, 5.0, 6.0, 7.0]])


def sym(a):
    return (a + np.swapaxes(a, -1, -2)) * 0.5


def spd(a):
    return a @ np.swapaxes(a, -1, -2) + np.eye(a.shape[-1])


CALLS = {
    "inv": (lambda la, a: la.inv(a), [A]),
    "inv pos": (lambda la, a: la.inv(spd(a), assume_a="pos"), [A]),
    "inv upper": (lambda la, a: la.inv(a, assume_a="upper triangular"), [A]),
    "det": (lambda la, a: la.det(a), [A]),
    "solve": (lambda la, a, b: la.solve(a, b), [A, X]),
    "solve many": (lambda la, a, b: la.solve(a, b), [A, TALL]),
    "solve pos": (lambda la, a, b: la.solve(spd(a), b, assume_a="pos"), [A, X]),
    "solve sym": (lambda la, a, b: la.solve(sym(a), b, assume_a="sym", lower=True), [A, TALL]),
    "solve transposed": (lambda la, a, b: la.solve(a, b, transposed=True), [A, X]),
    "solve upper": (lambda la, a, b: la.solve(np.triu(a), b, assume_a="upper triangular"), [A, X]),
    "solve_triangular": (lambda la, a, b: la.solve_triangular(a, b), [A, B]),
    "solve_triangular lower": (lambda la, a, b: la.solve_triangular(a, b, "T", True), [A, X]),
    "solve_triangular unit": (lambda la, a, b: la.solve_triangular(a, b, unit_diagonal=True), [A, X]),
    "solve_banded": (lambda la, ab, b: la.solve_banded((1, 1), ab, b), [BAND, X]),
    "solveh_banded": (lambda la, ab, b: la.solveh_banded(ab, b), [UPPER_BAND, X]),
    "solveh_banded lower": (lambda la, ab, b: la.solveh_banded(ab, b, lower=True), [LOWER_BAND, TALL]),
    "cholesky_banded": (lambda la, ab: la.cholesky_banded(ab), [UPPER_BAND]),
    "cholesky_banded lower": (lambda la, ab: la.cholesky_banded(ab, lower=True), [LOWER_BAND]),
    "cho_solve_banded": (
        lambda la, ab, b: la.cho_solve_banded((la.cholesky_banded(ab, lower=True), True), b),
        [LOWER_BAND, X],
    ),
    "cho_solve_banded upper": (
        lambda la, ab, b: la.cho_solve_banded((la.cholesky_banded(ab), False), b),
        [UPPER_BAND, X],
    ),
    "solve_toeplitz": (lambda la, c, b: la.solve_toeplitz(c, b), [STEEP, Y]),
    "solve_toeplitz row": (lambda la, c, r, b: la.solve_toeplitz((c, r), b), [STEEP, Y, TALL]),
    "matmul_toeplitz": (lambda la, c, r, b: la.matmul_toeplitz((c, r), b), [X, Y[:3], TALL[:3]]),
    "solve_circulant": (lambda la, c, b: la.solve_circulant(c, b), [STEEP, Y]),
    "lstsq": (lambda la, a, b: la.lstsq(a, b)[:2], [TALL, X]),
    "lstsq many": (lambda la, a, b: la.lstsq(a, b)[:2], [TALL, B]),
    "lstsq wide": (lambda la, a, b: la.lstsq(a, b)[0], [WIDE, X[:2]]),
    "pinv": (lambda la, a: la.pinv(a), [TALL]),
    "pinvh": (lambda la, a: la.pinvh(sym(a)), [A]),
    "norm": (lambda la, a: la.norm(a), [A]),
    "norm nuc": (lambda la, a: la.norm(a, "nuc"), [A]),
    "orthogonal_procrustes": (lambda la, a, b: la.orthogonal_procrustes(a, b), [A, B]),
    "cholesky": (lambda la, a: la.cholesky(spd(a)), [A]),
    "cholesky lower": (lambda la, a: la.cholesky(spd(a), lower=True), [A]),
    "cho_factor": (lambda la, a: la.cho_factor(spd(a))[0], [A]),
    "cho_solve": (lambda la, a, b: la.cho_solve(la.cho_factor(spd(a)), b), [A, X]),
    "cho_solve lower": (lambda la, a, b: la.cho_solve(la.cho_factor(spd(a), lower=True), b), [A, B]),
    "lu": (lambda la, a: la.lu(a), [A]),
    "lu permuted": (lambda la, a: la.lu(a, permute_l=True), [TALL]),
    "lu indices": (lambda la, a: la.lu(a, p_indices=True)[1:], [WIDE]),
    "lu_factor": (lambda la, a: la.lu_factor(a)[0], [A]),
    "lu_solve": (lambda la, a, b: la.lu_solve(la.lu_factor(a), b), [B, X]),
    "lu_solve transposed": (lambda la, a, b: la.lu_solve(la.lu_factor(a), b, trans=1), [B, TALL]),
    "qr": (lambda la, a: la.qr(a), [A]),
    "qr economic": (lambda la, a: la.qr(a, mode="economic"), [TALL]),
    "qr r": (lambda la, a: la.qr(a, mode="r"), [TALL]),
    "qr pivoting": (lambda la, a: la.qr(a, pivoting=True)[:2], [A]),
    "qr_multiply": (lambda la, a, c: la.qr_multiply(a, c), [TALL, B]),
    "qr_multiply left": (lambda la, a, c: la.qr_multiply(a, c, "left"), [TALL, WIDE]),
    "rq": (lambda la, a: la.rq(a), [A]),
    "rq economic": (lambda la, a: la.rq(a, mode="economic"), [WIDE]),
    "rq r": (lambda la, a: la.rq(a, mode="r"), [WIDE]),
    "polar": (lambda la, a: la.polar(a), [A]),
    "polar left": (lambda la, a: la.polar(a, side="left"), [TALL]),
    "polar wide": (lambda la, a: la.polar(a), [WIDE]),
    "polar left wide": (lambda la, a: la.polar(a, "left"), [WIDE]),
    "schur": (lambda la, a: la.schur(a), [A]),
    "hessenberg": (lambda la, a: la.hessenberg(a, calc_q=True), [A]),
    "hessenberg alone": (lambda la, a: la.hessenberg(a), [A]),
    "rsf2csf": (lambda la, a: np.abs(la.rsf2csf(*la.schur(a))[0]), [B]),
    "eigh": (lambda la, a: la.eigh(sym(a)), [A]),
    "eigh values": (lambda la, a: la.eigh(sym(a), eigvals_only=True, subset_by_index=[1, 2]), [A]),
    "eigh of two": (lambda la, a, b: la.eigh(sym(a), spd(b)), [A, B]),
    "eigvalsh": (lambda la, a: la.eigvalsh(sym(a)), [A]),
    "eigvalsh of two": (lambda la, a, b: la.eigvalsh(sym(a), spd(b)), [A, B]),
    "eig values": (lambda la, a: np.abs(la.eig(a)[0]), [A]),
    "eigvals": (lambda la, a: np.real(la.eigvals(a)), [A]),
    "eigvals of two": (lambda la, a, b: np.abs(la.eigvals(a, b)), [A, S]),
    "svd": (lambda la, a: la.svd(a), [A]),
    "svd thin": (lambda la, a: la.svd(a, full_matrices=False), [TALL]),
    "svd values": (lambda la, a: la.svd(a, compute_uv=False), [TALL]),
    "svdvals": (lambda la, a: la.svdvals(a), [TALL]),
    "diagsvd": (lambda la, s: la.diagsvd(s, 4, 6), [X]),
    "eigh_tridiagonal": (lambda la, d, e: la.eigh_tridiagonal(d, e), [X, Y[:3]]),
    "eigh_tridiagonal some": (
        lambda la, d, e: la.eigh_tridiagonal(d, e, eigvals_only=True, select="i", select_range=(0, 1)),
        [X, Y[:3]],
    ),
    "eigvalsh_tridiagonal": (lambda la, d, e: la.eigvalsh_tridiagonal(d, e), [X, Y[:3]]),
    "eigvals_banded": (lambda la, ab: la.eigvals_banded(ab, lower=True), [LOWER_BAND]),
    "eig_banded": (lambda la, ab: la.eig_banded(ab)[1] ** 2, [UPPER_BAND]),
    "expm": (lambda la, a: la.expm(a), [STACK]),
    "expm_frechet": (lambda la, a, e: la.expm_frechet(a, e), [A, B]),
    "expm_frechet alone": (lambda la, a, e: la.expm_frechet(a, e, compute_expm=False), [A, B]),
    "logm": (lambda la, a: la.logm(spd(a)), [A]),
    "sqrtm": (lambda la, a: la.sqrtm(spd(a)), [A]),
    "funm": (lambda la, a: la.funm(a, np.exp), [A]),
    "funm of symmetric": (lambda la, a: la.funm(sym(a), np.sin), [A]),
    "fractional_matrix_power": (lambda la, a, t: la.fractional_matrix_power(spd(a), t), [SMALL, 0.4]),
    "cosm": (lambda la, a: la.cosm(a), [SMALL]),
    "sinm": (lambda la, a: la.sinm(a), [SMALL]),
    "tanm": (lambda la, a: la.tanm(a), [SMALL]),
    "coshm": (lambda la, a: la.coshm(a), [SMALL]),
    "sinhm": (lambda la, a: la.sinhm(a), [SMALL]),
    "tanhm": (lambda la, a: la.tanhm(a), [SMALL]),
    "signm": (lambda la, a: la.signm(a), [B]),
    "solve_sylvester": (lambda la, a, b, q: la.solve_sylvester(a, b, q), [A, A + B, S]),
    "solve_continuous_lyapunov": (lambda la, a, q: la.solve_continuous_lyapunov(a, q), [A, B]),
    "solve_discrete_lyapunov": (lambda la, a, q: la.solve_discrete_lyapunov(0.1 * a, q), [A, B]),
    "solve_discrete_lyapunov bilinear": (lambda la, a, q: la.solve_discrete_lyapunov(0.1 * a, q, "bilinear"), [A, B]),
    "solve_continuous_are": (
        lambda la, a, b, q, r: la.solve_continuous_are(a, b, spd(q), spd(r)),
        [A, TALL, B, B[:2, :2]],
    ),
    "solve_discrete_are": (
        lambda la, a, b, q, r: la.solve_discrete_are(0.3 * a, b, spd(q), spd(r)),
        [A, TALL, B, B[:2, :2]],
    ),
    "toeplitz": (lambda la, c: la.toeplitz(c), [X]),
    "toeplitz row": (lambda la, c, r: la.toeplitz(c, r), [X, Y[:3]]),
    "circulant": (lambda la, c: la.circulant(c), [X]),
    "hankel": (lambda la, c: la.hankel(c), [X]),
    "hankel row": (lambda la, c, r: la.hankel(c, r), [X, Y[:3]]),
    "companion": (lambda la, a: la.companion(a), [X]),
    **{
        f"convolution_matrix {mode} {n}": (lambda la, a, n=n, mode=mode: la.convolution_matrix(a, n, mode), [X])
        for mode in ("full", "same", "valid")
        for n in (1, 3, 4, 6)
    },
    "fiedler": (lambda la, a: la.fiedler(a), [X]),
    **{
        f"fiedler_companion {n}": (lambda la, a: la.fiedler_companion(a), [np.r_[X, Y][:n] + 1.0])
        for n in (2, 3, 4, 5, 8)
    },
    "leslie": (lambda la, f, s: la.leslie(f, s), [X, Y[:3]]),
    "block_diag": (lambda la, a, b, v: la.block_diag(a, b, v), [TALL, WIDE, X]),
    "khatri_rao": (lambda la, a, b: la.khatri_rao(a, b), [TALL, A[:, :2]]),
}


def leaves(y):
    return [y] if not isinstance(y, tuple | list) else list(y)


@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients(name):
    f, args = CALLS[name]
    ours, theirs = f(gsp.linalg, *[gt.constant(a) for a in args]), f(scipy.linalg, *args)
    assert isinstance(ours, tuple) == isinstance(theirs, tuple)
    for a, b in zip(leaves(ours), leaves(theirs), strict=True):
        assert a.shape == np.shape(b)
        assert a.dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-8, atol=1e-9)
    check_grads(lambda *xs: f(gsp.linalg, *xs), args, order=2, rtol=1e-4, atol=1e-5)


def gradient(f, x):
    v = gt.Variable(np.array(x))
    with gt.GradientTape() as tape:
        y = f(v)
    return tape.gradient(y, v).numpy()


@pytest.mark.parametrize("function", ["inv", "solve", "cholesky", "expm", "eigvals"])
def test_numbers_that_are_not_finite_are_refused_as_scipy_does(function):
    args = [np.full((2, 2), np.nan)] + [[1.0, 2.0]] * (function == "solve")
    if function == "expm":
        assert np.isnan(gsp.linalg.expm(gt.constant(args[0])).numpy()).all()
        return
    with pytest.raises(ValueError, match="infs or NaNs"):
        getattr(gsp.linalg, function)(*map(gt.constant, args))


def test_a_matrix_that_is_not_positive_definite_is_refused():
    for call in (gsp.linalg.cholesky, lambda a: gsp.linalg.solve(a, [1.0, 1.0], assume_a="pos")):
        with pytest.raises(np.linalg.LinAlgError):
            call(gt.constant([[1.0, 2.0], [2.0, 1.0]]))


def test_one_triangle_of_a_symmetric_matrix_is_read_and_the_gradient_is_symmetric():
    garbage = np.tril(S) + 100.0 * np.triu(B, 1)
    solution = gsp.linalg.solve(gt.constant(garbage), X, assume_a="pos", lower=True)
    np.testing.assert_allclose(solution.numpy(), np.linalg.solve(S, X))
    found = gradient(lambda a: gsp.linalg.solve(a, X, assume_a="pos", lower=True), S)
    np.testing.assert_allclose(found, found.T)


def test_equal_eigenvalues_refuse_the_gradient_of_funm():
    v = gt.Variable(np.eye(3))
    with gt.GradientTape() as tape:
        y = gsp.linalg.funm(v, np.exp)
    np.testing.assert_allclose(y.numpy(), np.e * np.eye(3))
    with pytest.raises(np.linalg.LinAlgError, match="eigenvalues differ"):
        tape.gradient(y, v)


def test_equal_eigenvalues_do_no_harm_to_the_exponential():
    np.testing.assert_allclose(gradient(lambda a: gsp.linalg.expm(a), np.zeros((2, 2))), np.ones((2, 2)))
    np.testing.assert_allclose(gradient(lambda a: gsp.linalg.logm(a), np.eye(2)), np.ones((2, 2)), atol=1e-12)
    np.testing.assert_allclose(gradient(lambda a: gsp.linalg.sqrtm(a), np.eye(2)), np.full((2, 2), 0.5))


def test_equal_singular_values_do_no_harm_to_the_polar_factors():
    found = gradient(lambda a: gsp.linalg.polar(a)[1], 2.0 * np.eye(2))
    np.testing.assert_allclose(found, np.ones((2, 2)))


def test_what_the_table_has_no_place_for_says_so():
    with pytest.raises(TypeError, match="schur has no place for sort='lhp'"):
        gsp.linalg.schur(gt.constant(A), sort="lhp")
    with pytest.raises(TypeError, match="left=True"):
        gsp.linalg.eig(gt.constant(A), left=True)


def test_constant_matrices_are_scipys():
    np.testing.assert_array_equal(np.asarray(gsp.linalg.hadamard(4)), scipy.linalg.hadamard(4))
    np.testing.assert_array_equal(np.asarray(gsp.linalg.hilbert(3)), scipy.linalg.hilbert(3))


@pytest.mark.parametrize("name", ["lu_factor", "sqrtm", "logm", "hessenberg", "schur"])
def test_stacks_are_as_many_single_calls(name):
    whole = leaves(getattr(gsp.linalg, name)(gt.constant(STACK)))[0].numpy()
    for k in range(2):
        single = leaves(getattr(gsp.linalg, name)(gt.constant(STACK[k])))[0].numpy()
        np.testing.assert_allclose(whole[k], single, atol=1e-12)
