"""Roots: SciPy's values with every method, exact derivatives, and gradients against quotients of the whole search."""

import numpy as np
import pytest
import scipy.optimize

import gradtape as gt
from gradtape.scipy import optimize
from gradtape.testing import check_grads

C = np.array([3.0, 0.5])


def equations(x, c):
    return [x[0] ** 2 + x[1] - c[0], x[0] - x[1] ** 3 + c[1]]


@pytest.mark.parametrize("method", ["hybr", "lm", "krylov", "broyden1", "df-sane", "anderson"])
def test_a_root(method):
    theirs = scipy.optimize.root(equations, [1.0, 1.0], (C,))
    start = theirs.x.round(1) if method in {"broyden1", "df-sane", "anderson"} else [1.0, 1.0]
    ours = optimize.root(equations, start, (C,), method)
    assert ours.success
    assert type(ours.x) is np.ndarray
    np.testing.assert_allclose(ours.x, theirs.x, atol=1e-5)
    check_grads(
        lambda c: optimize.root(equations, start, (c,), method, tol=1e-11 if method != "anderson" else 1e-8).x,
        [C],
        step=1e-4,
        rtol=1e-3,
    )


def test_the_jacobian_saves_calls():
    calls = []

    def counted(x):
        calls.append(1)
        return equations(x, C)

    optimize.root(counted, [1.0, 1.0])
    exact = len(calls)
    calls.clear()
    scipy.optimize.root(counted, [1.0, 1.0])
    assert exact < len(calls)


def test_structures():
    def balance(p, k):
        return {"a": p["a"] ** 2 - k, "b": p["b"] - p["a"] * np.ones(2)}

    found = optimize.root(balance, {"a": 1.0, "b": np.zeros(2)}, (4.0,))
    np.testing.assert_allclose(found.params["b"], [2.0, 2.0])
    k = gt.Variable(4.0)
    with gt.GradientTape() as tape:
        y = optimize.root(balance, {"a": 1.0, "b": np.zeros(2)}, (k,)).params["b"][1]
    np.testing.assert_allclose(tape.gradient(y, k), 0.25)
    v = gt.Variable([1.0, 1.0])
    optimize.root(lambda v: np.stack(equations(v, C)), v)
    np.testing.assert_allclose(equations(v.numpy(), C), 0.0, atol=1e-9)


def test_fsolve():
    found = optimize.fsolve(equations, [1.0, 1.0], (C,), full_output=True)
    theirs = scipy.optimize.fsolve(equations, [1.0, 1.0], (C,), full_output=True)
    np.testing.assert_allclose(found[0], theirs[0], rtol=1e-8)
    assert found[2:] == theirs[2:]
    check_grads(lambda c: optimize.fsolve(equations, [1.0, 1.0], (c,), xtol=1e-12), [C], step=1e-4)
    with pytest.warns(RuntimeWarning, match="not making good progress"):
        optimize.fsolve(lambda x: x**2 + 1.0, [1.0])
    slope = lambda x, c: np.array([[2 * x[0], 1.0], [1.0, -3 * x[1] ** 2]])
    np.testing.assert_allclose(optimize.fsolve(equations, [1.0, 1.0], (C,), slope), theirs[0], rtol=1e-8)


def test_fixed_point():
    def cosines(x, c):
        return np.cos(c * x)

    np.testing.assert_allclose(
        optimize.fixed_point(cosines, [0.5, 0.6], (C / 4,)), scipy.optimize.fixed_point(cosines, [0.5, 0.6], (C / 4,))
    )
    check_grads(lambda c: optimize.fixed_point(cosines, 0.5, (c,), xtol=1e-12), [0.9], step=1e-4)
    check_grads(lambda c: optimize.fixed_point(cosines, [0.5, 0.5], (c,), xtol=1e-12), [C / 4], step=1e-4)


def f(x, c):
    return np.cos(x) - c * x


@pytest.mark.parametrize("name", ["bisect", "brentq", "brenth", "ridder", "toms748"])
def test_brackets(name):
    solve = getattr(optimize, name)
    theirs = getattr(scipy.optimize, name)(f, 0.0, 2.0, (0.5,))
    assert solve(f, 0.0, 2.0, (0.5,)) == theirs
    root, told = solve(f, 0.0, 2.0, (0.5,), full_output=True)
    assert root == theirs
    assert told.converged
    check_grads(lambda c: solve(f, 0.0, 2.0, (c,), xtol=1e-13), [0.5], step=1e-4)
    with pytest.raises(ValueError, match="different signs"):
        solve(f, 0.0, 0.1, (0.5,))


@pytest.mark.parametrize(
    "given",
    [
        {"bracket": [0.0, 2.0]}, {"x0": 0.8}, {"x0": 0.8, "method": "newton"}, {"x0": 0.8, "method": "halley"},
        {"x0": 0.8, "x1": 1.0}, {"x0": 0.8, "fprime": lambda x: -np.sin(x) - 0.5},
    ],
)  # fmt: skip
def test_root_scalar(given):
    found = optimize.root_scalar(lambda x: f(x, 0.5), **given)
    assert found.converged
    assert f(found.root, 0.5) == pytest.approx(0.0, abs=1e-8)
    check_grads(lambda c: optimize.root_scalar(f, (c,), **{**given, "xtol": 1e-12}).root, [0.5], step=1e-4, rtol=1e-4)


def test_halley_takes_fewer_steps():
    def steep(x):
        return np.exp(3.0 * x) - 5.0

    newtons = optimize.root_scalar(steep, x0=2.0, method="newton")
    halleys = optimize.root_scalar(steep, x0=2.0, method="halley")
    assert halleys.iterations < newtons.iterations
    assert newtons.root == pytest.approx(np.log(5.0) / 3.0)


def test_newton():
    assert optimize.newton(f, 0.8, args=(0.5,)) == pytest.approx(scipy.optimize.newton(f, 0.8, args=(0.5,)))
    check_grads(lambda c: optimize.newton(f, 0.8, args=(c,), tol=1e-12), [0.5], step=1e-4)
    c = np.array([0.5, 1.0])
    many = optimize.newton(f, np.array([0.8, 0.8]), args=(c,))
    np.testing.assert_allclose(f(many, c), 0.0, atol=1e-9)
    check_grads(lambda c: optimize.newton(f, np.array([0.8, 0.8]), args=(c,), tol=1e-12), [c], step=1e-4)
    assert optimize.newton(f, 0.8, args=(0.5,), x1=1.0) == scipy.optimize.newton(f, 0.8, args=(0.5,), x1=1.0)
    assert optimize.newton(f, 0.8, args=(0.5,), full_output=True)[1].converged
    slope = lambda x, c: -np.sin(x) - c
    theirs = scipy.optimize.newton(f, 0.8, slope, args=(0.5,))
    assert optimize.newton(f, 0.8, slope, args=(0.5,)) == theirs


def stairs(x):
    return np.floor(x) - 3.2


def stairs_of_both(x):
    return np.floor(x) - 2.0


def test_what_cannot_be_differentiated_is_told():
    with pytest.raises(gt.errors.MissingGradientError, match="GT302"):
        optimize.root_scalar(stairs, x0=1.0)
    with pytest.raises(gt.errors.MissingGradientError, match="GT302"):
        optimize.newton(stairs, 1.0)
    with pytest.raises(gt.errors.MissingGradientError, match="GT302"):
        optimize.root(stairs_of_both, [1.0, 1.0])
    with pytest.raises(gt.errors.MissingGradientError, match="GT302"):
        optimize.fsolve(stairs_of_both, [1.0, 1.0])


def test_what_has_no_derivative_says_so_when_asked():
    c = gt.Variable(1.0)
    with gt.GradientTape(persistent=True) as tape:
        none = optimize.root(lambda x: x**2 + c, [1.0])
        twice = optimize.root(lambda x: np.stack([x[0] + x[1] - c, 2.0 * (x[0] + x[1] - c)]), [0.0, 0.0], method="lm").x
    assert not none.success
    with pytest.raises(gt.errors.NoGradientError, match="root found no solution"):
        tape.gradient(none.x, c)
    with pytest.raises(gt.errors.NoGradientError, match="not isolated"):
        tape.gradient(twice, c)


def test_as_many_equations_as_unknowns():
    with pytest.raises(ValueError, match=r"shape .3,. for 2 unknowns"):
        optimize.root(lambda x: np.stack([x[0], x[1], x[0]]), [1.0, 1.0])


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_nested_tapes_have_every_derivative_of_a_root(order):
    def cube_root(x):
        return optimize.root_scalar(lambda y: y**3 - x, x0=1.2, method="newton").root

    slope = cube_root
    for _ in range(order):
        slope = gt.grad(slope)
    factors = np.prod([1.0 / 3.0 - k for k in range(order)])
    np.testing.assert_allclose(slope(2.0), factors * 2.0 ** (1.0 / 3.0 - order), rtol=1e-8)
