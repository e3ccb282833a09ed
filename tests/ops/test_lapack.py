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
