"""SciPy's linear algebra where one triangle is read: which numbers get a gradient, and that it is symmetric."""

import numpy as np
import pytest

import gradtape as gt
import gradtape.scipy as gsp

A = np.array([[3.0, 0.4 + 0.7j, -0.3j], [0.4 + 0.7j, 4.0, 0.6 - 0.2j], [-0.3j, 0.6 - 0.2j, 5.0]])
B = np.array([1.0 + 0.5j, -2.0j, 0.7])
WEIGHTS = np.array([0.3 - 1.0j, 2.0, 0.5 + 0.8j])


def gradient(solve, a):
    v = gt.Variable(a)
    with gt.GradientTape() as tape:
        y = np.sum(np.real(WEIGHTS * solve(v)))
    return tape.gradient(y, v).numpy()


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("kind", ["symmetric", "hermitian"])
def test_the_gradient_of_a_mirrored_matrix_is_mirrored(kind, lower):
    same = np.transpose if kind == "symmetric" else lambda x: np.conj(x.T)
    a = A if kind == "symmetric" else np.tril(A) + np.conj(np.tril(A, -1).T)
    found = gradient(lambda a: gsp.linalg.solve(a, B, assume_a=kind, lower=lower), a)
    whole = gradient(lambda a: np.linalg.solve(a, B), a)
    np.testing.assert_allclose(found, 0.5 * (whole + same(whole)), rtol=1e-9)


def test_a_function_of_a_matrix_with_equal_eigenvalues_has_no_gradient():
    v = gt.Variable(np.diag([2.0, 2.0, 3.0]))
    with gt.GradientTape() as tape:
        y = gsp.linalg.funm(v, np.exp)
    with pytest.raises(np.linalg.LinAlgError, match="all eigenvalues differ"):
        tape.gradient(y, v)


def test_the_complex_schur_form_of_several_blocks():
    """What stands below the blocks is not read."""
    t = np.array([[0.5, 1.0, 0.3, -0.2], [-0.7, 0.5, 0.8, 0.4], [0.0, 0.0, 2.0, 0.6], [0.0, 0.0, -0.9, 2.0]])
    weights = np.arange(1.0, 17.0).reshape(4, 4)

    def scalar(t):
        form, turn = gsp.linalg.rsf2csf(t, np.eye(4))
        return np.sum(weights * (np.abs(form) + np.abs(turn)))

    v, step = gt.Variable(t), 1e-6
    with gt.GradientTape() as tape:
        y = scalar(v)
    found = tape.gradient(y, v).numpy()
    np.testing.assert_array_equal(np.tril(found, -2), np.zeros((4, 4)))
    for place in zip(*np.nonzero(np.triu(t, -1)), strict=True):
        d = np.zeros((4, 4))
        d[place] = step
        slope = (scalar(t + d).numpy() - scalar(t - d).numpy()) / (2.0 * step)
        np.testing.assert_allclose(found[place], slope, rtol=1e-5, atol=1e-5)
