"""Roots and optima: SciPy's values; derivatives against difference quotients of the whole search."""

import numpy as np
import pytest
import scipy.optimize

import gradtape as gt
from gradtape.scipy import optimize
from gradtape.testing import check_grads

A = np.array([[3.0, 0.5], [0.5, 2.0]])
B = np.array([0.7, -0.4])


def bowl(x, a, b):
    return np.sum(x * (a @ x)) + np.sum(np.exp(0.3 * x) * b) + np.sum(x**4)


@pytest.mark.parametrize("method", [None, "CG", "Newton-CG", "L-BFGS-B", "TNC", "SLSQP", "trust-constr"])
def test_a_minimum_is_scipys_and_moves_with_what_it_depends_on(method):
    theirs = scipy.optimize.minimize(lambda x: bowl(x, A, B), np.zeros(2), tol=1e-12)
    tol = 1e-15 if method == "SLSQP" else 1e-9  # it means the function's value there, and the gradient's elsewhere
    ours = optimize.minimize(bowl, np.zeros(2), (A, B), method, tol=tol)
    np.testing.assert_allclose(ours.x, theirs.x, atol=1e-5)
    check_grads(lambda a, b: optimize.minimize(bowl, np.zeros(2), (a, b), method, tol=tol).x, [A, B], step=1e-3)


def test_a_minimum_moves_with_tensors_that_the_function_only_mentions():
    b = gt.Variable(B)
    with gt.GradientTape() as tape:
        x = optimize.minimize(lambda x: bowl(x, A, b), np.zeros(2)).x
    with gt.GradientTape() as other:
        y = optimize.minimize(bowl, np.zeros(2), (A, b)).x
    np.testing.assert_allclose(tape.gradient(x, b), other.gradient(y, b))


def test_a_component_at_its_bound_stays_there():
    target = gt.Variable([2.0, 0.3])
    with gt.GradientTape() as tape:
        x = optimize.minimize(lambda x: np.sum((x - target) ** 2), [0.5, 0.5], bounds=[(None, 1.0), (None, 1.0)]).x
    np.testing.assert_allclose(x, [1.0, 0.3], atol=1e-6)
    np.testing.assert_allclose(tape.gradient(x, target), [0.0, 1.0], atol=1e-9)


def test_the_search_leaves_no_trace_and_no_question():
    b = gt.Variable(B)
    with gt.GradientTape() as tape:
        optimize.minimize(lambda x: bowl(x, A, b), np.zeros(2), method="BFGS")
    assert len(tape._recording.written) < 400


def test_no_solution_is_an_error():
    with pytest.raises(RuntimeError, match="minimize: no solution was found"):
        optimize.minimize(bowl, np.zeros(2), (A, B), options={"maxiter": 1})
    with pytest.raises(RuntimeError, match="root: no solution was found"):
        optimize.root(lambda x: x**2 + 1.0, [1.0])


@pytest.mark.parametrize("method", ["hybr", "lm", "krylov"])
def test_a_root(method):
    def equations(x, c):
        return np.stack([x[0] ** 2 + x[1] - c[0], x[0] - x[1] ** 3 + c[1]])

    c = np.array([3.0, 0.5])
    theirs = scipy.optimize.root(lambda x: equations(x, c), [1.0, 1.0])
    np.testing.assert_allclose(optimize.root(equations, [1.0, 1.0], (c,), method).x, theirs.x, atol=1e-5)
    check_grads(lambda c: optimize.root(equations, [1.0, 1.0], (c,), method).x, [c], step=1e-4)


def test_roots_of_one_number():
    def f(x, c):
        return np.cos(x) - c * x

    for solve in (
        lambda c: optimize.brentq(f, 0.0, 2.0, (c,), xtol=1e-13),
        lambda c: optimize.newton(f, 0.8, (c,)),
        lambda c: optimize.root_scalar(f, (c,), bracket=[0.0, 2.0]).root,
    ):
        assert float(f(float(solve(0.5)), 0.5)) == pytest.approx(0.0, abs=1e-9)
        check_grads(solve, [0.5], step=1e-4)


def test_a_minimum_of_one_number():
    check_grads(lambda c: optimize.minimize_scalar(lambda x: (x - c) ** 4 + c * x**2).x, [0.7], step=1e-4, rtol=1e-4)


def test_least_squares():
    t = np.array([0.0, 1.0, 2.0, 3.0])

    def residuals(p, y):
        return p[0] * np.exp(-p[1] * t) - y

    y = np.array([2.1, 1.2, 0.8, 0.4])
    theirs = scipy.optimize.least_squares(lambda p: residuals(p, y), [1.0, 0.5])
    np.testing.assert_allclose(optimize.least_squares(residuals, [1.0, 0.5], (y,)).x, theirs.x, atol=1e-6)
    check_grads(lambda y: optimize.least_squares(residuals, [1.0, 0.5], (y,)).x, [y], step=1e-4)
    with pytest.raises(TypeError, match="'huber' is not differentiated"):
        optimize.least_squares(residuals, [1.0, 0.5], (y,), loss="huber")
