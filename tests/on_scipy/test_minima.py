"""Minima: SciPy's values with every method, exact derivatives, and gradients against quotients of the whole search."""

import warnings
from dataclasses import dataclass
from sys import _getframe

import numpy as np
import pytest
import scipy.optimize
from scipy.optimize import Bounds, LinearConstraint, NonlinearConstraint

import gradtape as gt
from gradtape.scipy import optimize
from gradtape.scipy.optimize.evaluations import Watched
from gradtape.scipy.optimize.unknowns import Unknowns
from gradtape.testing import check_grads

A = np.array([[3.0, 0.5], [0.5, 2.0]])
B = np.array([0.7, -0.4])
ALL = [
    "Nelder-Mead", "Powell", "CG", "BFGS", "Newton-CG", "L-BFGS-B", "TNC", "COBYLA", "COBYQA", "SLSQP", "trust-constr",
    "dogleg", "trust-ncg", "trust-exact", "trust-krylov",
]  # fmt: skip

SLOW = {"Nelder-Mead", "Powell", "COBYLA", "COBYQA", "trust-constr", "TNC", "trust-krylov"}


def bowl(x, a, b):
    return np.sum(x * (a @ x)) + np.sum(np.exp(0.3 * x) * b) + np.sum(x**4)


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def tight(method):
    """The tolerance by which a method finds a minimum to six digits: they mean different things by it."""
    return {"trust-krylov": 1e-7, "SLSQP": 1e-15, "COBYLA": 1e-9, "COBYQA": 1e-9}.get(method, 1e-10)


@pytest.mark.parametrize(
    "method",
    [None, *(pytest.param(m, marks=pytest.mark.thorough) if m in SLOW else m for m in ALL)],
)
def test_a_minimum_is_scipys_and_moves_with_what_it_depends_on(method):
    theirs = scipy.optimize.minimize(lambda x: bowl(x, A, B), np.zeros(2), tol=1e-12)
    options = {"maxfun" if method == "TNC" else "maxiter": 2000}
    ours = optimize.minimize(bowl, np.zeros(2), (A, B), method, tol=tight(method), options=options)
    np.testing.assert_allclose(ours.x, theirs.x, atol=2e-5)
    assert type(ours.x) is np.ndarray
    check_grads(
        lambda a, b: optimize.minimize(bowl, np.zeros(2), (a, b), method, tol=tight(method), options=options).x,
        [A, B],
        order=2 if method in {None, "trust-exact"} else 1,
        step=1e-3,
        rtol=1e-3,
        atol=1e-4,
    )


@pytest.mark.parametrize("x", [[-1.2, 1.0, 0.7], [0.3, -0.2, 0.0]])
def test_the_derivatives_that_scipy_gets_are_exact(x):
    x, p = np.array(x), np.array([0.3, -1.0, 2.0])
    watched = Watched(Unknowns("minimize", x, _getframe()), rosenbrock, (), _getframe())
    assert watched.number(x) == pytest.approx(scipy.optimize.rosen(x), rel=1e-14)
    np.testing.assert_allclose(watched.gradient(x), scipy.optimize.rosen_der(x), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(watched.hessian(x), scipy.optimize.rosen_hess(x), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(watched.product(x, p), scipy.optimize.rosen_hess_prod(x, p), rtol=1e-12, atol=1e-12)


def test_value_and_gradient_come_from_one_run():
    calls = []

    def counted(x):
        calls.append(1)
        return rosenbrock(x)

    found = optimize.minimize(counted, [-1.2, 1.0], method="L-BFGS-B")
    assert found.success
    assert len(calls) == found.nfev
    calls.clear()
    assert optimize.minimize(counted, [-1.2, 1.0], method="Nelder-Mead").nfev == len(calls)


@dataclass
class Line:
    slope: object
    shift: object


T = np.linspace(0.0, 1.0, 7)
DATA = 1.5 * T - 0.4


@pytest.mark.parametrize("method", ["BFGS", "trust-exact", "Newton-CG", "Nelder-Mead", "SLSQP"])
@pytest.mark.parametrize(
    ("start", "read"),
    [
        ({"w": np.zeros((1, 1)), "b": 0.0}, lambda p: (p["w"][0, 0], p["b"])),
        ([np.zeros(1), np.float64(0.0)], lambda p: (p[0][0], p[1])),
        (Line(0.0, np.zeros(1, np.float32)), lambda p: (p.slope, p.shift[0])),
        ({"w": {"deep": (0.0,)}, "b": 0, "none": None}, lambda p: (p["w"]["deep"][0], p["b"])),
        (np.zeros((2, 1)), lambda p: (p[0, 0], p[1, 0])),
    ],
)
def test_structures_of_parameters(start, read, method):
    def loss(p, scale):
        w, b = read(p)
        return scale * np.sum((w * T + b - DATA) ** 2)

    found = optimize.minimize(loss, start, (10.0,), method, tol=1e-9)
    assert found.x.shape == (2,)
    assert type(found.params) is type(start)
    np.testing.assert_allclose([float(v) for v in read(found.params)], [1.5, -0.4], atol=2e-3)
    np.testing.assert_allclose(found.x, [1.5, -0.4], atol=2e-3)

    data = gt.Variable(DATA)
    with gt.GradientTape() as tape:
        w, b = read(optimize.minimize(lambda p: np.sum((read(p)[0] * T + read(p)[1] - data) ** 2), start).params)
        y = w * 2.0 + b
    expected = np.linalg.pinv(np.stack([T, np.ones(7)], 1)).T @ [2.0, 1.0]
    np.testing.assert_allclose(tape.gradient(y, data), expected, atol=1e-6)


class Model:
    """An object with variables, as a layer is one."""

    def __init__(self):
        self.w, self.b = gt.Variable(0.0, name="w"), gt.Variable([0.0], name="b")
        self.fixed = gt.Variable(1.0, trainable=False)

    @property
    def trainable_variables(self):
        return [self.w, self.b]

    def __call__(self, t):
        return (self.w * t + self.b) * self.fixed


@pytest.mark.parametrize("method", ["BFGS", "trust-exact", "Newton-CG", "Nelder-Mead"])
def test_variables_are_moved_in_place(method):
    model = Model()
    found = optimize.minimize(lambda m: np.sum((m(T) - DATA) ** 2), model, method=method, tol=1e-9)
    assert found.params is model
    np.testing.assert_allclose([model.w.numpy(), model.b.numpy()[0]], [1.5, -0.4], atol=1e-4)
    other = Model()
    parts = [other.w, other.b, other.fixed]
    found = optimize.minimize(lambda _: np.sum((other(T) - DATA) ** 2), parts, method=method, tol=1e-9)
    assert found.params is parts
    assert other.fixed.numpy() == 1.0
    np.testing.assert_allclose(found.x, [1.5, -0.4], atol=1e-4)


def test_variables_stand_where_they_were_after_an_error():
    v = gt.Variable([1.0, 2.0])

    def fails(_):
        if v.numpy()[0] != 1.0:
            raise ZeroDivisionError
        return np.sum(v**2)

    with pytest.raises(ZeroDivisionError):
        optimize.minimize(fails, v)
    np.testing.assert_array_equal(v.numpy(), [1.0, 2.0])


def test_a_minimum_moves_with_tensors_that_the_function_only_mentions():
    b = gt.Variable(B)
    with gt.GradientTape() as tape:
        x = optimize.minimize(lambda x: bowl(x, A, b), np.zeros(2)).x
    with gt.GradientTape() as other:
        y = optimize.minimize(bowl, np.zeros(2), (A, b)).x
    np.testing.assert_allclose(tape.gradient(x, b), other.gradient(y, b))


def test_the_value_at_the_minimum_has_the_gradient_of_the_envelope():
    b = gt.Variable(B)
    with gt.GradientTape() as tape:
        found = optimize.minimize(bowl, np.zeros(2), (A, b), tol=1e-10)
    np.testing.assert_allclose(tape.gradient(found.fun, b), np.exp(0.3 * found.x.numpy()), rtol=1e-6)


@pytest.mark.parametrize("method", ["L-BFGS-B", "TNC", "SLSQP", "trust-constr", "Nelder-Mead"])
@pytest.mark.parametrize("form", [[(None, 1.0), (None, 1.0)], Bounds([-np.inf, -np.inf], [1.0, 1.0])])
def test_a_component_at_its_bound_stays_there(method, form):
    target = gt.Variable([2.0, 0.3])
    with gt.GradientTape() as tape:
        x = optimize.minimize(
            lambda x: np.sum((x - target) ** 2), [0.5, 0.5], bounds=form, method=method, tol=1e-10,
            constraints=(LinearConstraint([1.0, 1.0], -10, 10) if method == "trust-constr" else ()),
        ).x  # fmt: skip
    np.testing.assert_allclose(x, [1.0, 0.3], atol=1e-4)
    np.testing.assert_allclose(tape.gradient(x, target), [0.0, 1.0], atol=1e-3 if method == "trust-constr" else 1e-9)


def test_a_component_moves_with_its_bound():
    def best(end, c):
        return optimize.minimize(
            lambda x: np.sum((x - 2.0) ** 2) + c * x[0] * x[1], [0.5, 0.5], bounds=[(None, end), (None, None)]
        ).x

    check_grads(best, [0.7, 0.4], step=1e-4, order=1)


def test_bounds_with_structures():
    found = optimize.minimize(
        lambda p: (p["a"] - 3.0) ** 2 + np.sum((p["b"] + 1.0) ** 2), {"a": 0.5, "b": np.full(2, 0.5)},
        bounds=({"a": 0.0, "b": np.zeros(2)}, {"a": 1.0, "b": None}),
    )  # fmt: skip
    np.testing.assert_allclose(found.x, [1.0, 0.0, 0.0], atol=1e-8)


def disc(x, r):
    return x[0] ** 2 + x[1] ** 2 - r**2


@pytest.mark.parametrize("method", ["SLSQP", "trust-constr", pytest.param("COBYQA", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("kind", ["dict", "nonlinear"])
def test_a_minimum_on_a_curve_moves_with_it(method, kind):
    def nearest(r, target):
        on_circle = {"type": "eq", "fun": disc, "args": (r,)}
        if kind == "nonlinear":
            on_circle = NonlinearConstraint(lambda x: disc(x, r), 0.0, 0.0)
        found = optimize.minimize(
            lambda x: np.sum((x - target) ** 2), [1.0, 0.5], method=method, constraints=on_circle, tol=1e-10
        )
        return found.x

    target = np.array([3.0, 4.0])
    np.testing.assert_allclose(nearest(2.0, target), [1.2, 1.6], atol=1e-6)
    r, end = gt.Variable(2.0), gt.Variable(target)
    with gt.GradientTape(persistent=True) as tape:
        x = nearest(r, end)
    unit = target / 5.0
    np.testing.assert_allclose(tape.jacobian(x, r), unit, atol=1e-5)
    np.testing.assert_allclose(tape.jacobian(x, end), 2.0 / 5.0 * (np.eye(2) - np.outer(unit, unit)), atol=1e-5)
    check_grads(nearest, [2.0, target], order=2 if method == "SLSQP" else 1, step=1e-3, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
def test_inequalities_hold_the_minimum_or_not(method):
    def best(target, level):
        return optimize.minimize(
            lambda p: np.sum((p["x"] - target) ** 2),
            {"x": np.zeros(2)},
            method=method,
            tol=1e-10,
            constraints=[
                {"type": "ineq", "fun": lambda p: level - p["x"][0]},  # active
                {"type": "ineq", "fun": lambda p: 50.0 - p["x"][1]},  # far away
            ]
            if method == "SLSQP"
            else [NonlinearConstraint(lambda p: p["x"][0] - level, -np.inf, 0.0), LinearConstraint(np.eye(2), -50, 50)],
        ).params["x"]

    target, level = gt.Variable([2.0, 1.0]), gt.Variable(0.5)
    with gt.GradientTape(persistent=True) as tape:
        x = best(target, level)
    np.testing.assert_allclose(x, [0.5, 1.0], atol=1e-4)
    np.testing.assert_allclose(tape.jacobian(x, target), [[0.0, 0.0], [0.0, 1.0]], atol=1e-6)
    np.testing.assert_allclose(tape.jacobian(x, level), [1.0, 0.0], atol=1e-6)


def test_linear_constraints_and_exact_second_derivatives_of_constraints():
    seen = []

    class Spy(NonlinearConstraint):
        pass

    found = optimize.minimize(
        lambda x: np.sum(x**4), [1.0, 2.0, 3.0], method="trust-constr", tol=1e-10,
        constraints=[LinearConstraint(np.ones(3), 3.0, 3.0), Spy(lambda x: x[0] * x[1], 0.5, 0.5)],
        callback=lambda xk, state: seen.append((xk, state.nit)),
    )  # fmt: skip
    theirs = scipy.optimize.minimize(
        lambda x: np.sum(x**4), [1.0, 2.0, 3.0], method="SLSQP", tol=1e-14,
        constraints=[LinearConstraint(np.ones(3), 3.0, 3.0), NonlinearConstraint(lambda x: x[0] * x[1], 0.5, 0.5)],
    )  # fmt: skip
    np.testing.assert_allclose(found.fun, theirs.fun, rtol=1e-6)
    assert seen
    constraint = optimize.constraints.Constraint(
        NonlinearConstraint(lambda x: [x[0] ** 3 * x[1], x[1] ** 2], 0.0, 1.0),
        Unknowns("minimize", [1.0, 2.0], _getframe()),
        _getframe(),
    )
    at, weights = np.array([1.0, 2.0]), np.array([2.0, 5.0])
    np.testing.assert_allclose(constraint.for_scipy(curved=True).hess(at, weights), [[24.0, 6.0], [6.0, 10.0]])
    np.testing.assert_allclose(constraint.for_scipy(curved=True).jac(at), [[6.0, 1.0], [0.0, 4.0]])


def test_callbacks_get_the_parameters_in_their_form():
    seen = []

    def with_result(intermediate_result):
        seen.append((intermediate_result.params["x"], intermediate_result.fun))

    loss = lambda p: np.sum((p["x"] - 1.0) ** 4)
    optimize.minimize(loss, {"x": np.zeros(2)}, method="BFGS", callback=with_result)
    assert seen[-1][0].shape == (2,)
    optimize.minimize(loss, {"x": np.zeros(2)}, method="BFGS", callback=lambda p: seen.append(p))
    assert seen[-1]["x"].shape == (2,)

    def stop(intermediate_result):
        raise StopIteration

    assert optimize.minimize(loss, {"x": np.zeros(2)}, method="BFGS", callback=stop).nit == 1


def test_derivatives_of_the_user_s_own():
    asked = []

    def slope(x, a, b):
        asked.append(1)
        return 2 * a @ x + 0.3 * np.exp(0.3 * x) * b + 4 * x**3

    theirs = optimize.minimize(bowl, np.zeros(2), (A, B), "BFGS", jac=slope)
    assert asked
    np.testing.assert_allclose(theirs.x, optimize.minimize(bowl, np.zeros(2), (A, B), "BFGS").x, atol=1e-6)
    numeric = optimize.minimize(lambda x: float(np.sum((x - 1.0) ** 2)), np.zeros(2), jac="2-point")
    np.testing.assert_allclose(numeric.x, [1.0, 1.0], atol=1e-6)
    with pytest.raises(TypeError, match="return the value alone"):
        optimize.minimize(bowl, np.zeros(2), (A, B), jac=True)


def test_the_search_leaves_no_trace_and_no_question():
    b = gt.Variable(B)
    with gt.GradientTape() as tape:
        optimize.minimize(lambda x: bowl(x, A, b), np.zeros(2), method="BFGS")
    assert len(tape._recording.written) < 400


def by_float(p):
    return float(np.sum(p["a"] ** 2))


def by_floor(p):
    return np.sum(np.floor(p["a"]))


def one_leaf(p):
    return np.sum((p["a"] - 2.0) ** 2) + float(p["b"]) ** 2


def one_element(p):
    return (p["a"][0] - 3.0) ** 2 + float(p["a"][1]) ** 2 + p["b"] ** 2


def one_factor(p):
    return np.sum(p["a"] ** 2) * np.floor(p["b"])


@pytest.mark.parametrize("method", [None, "trust-exact", "SLSQP", "Newton-CG"])
@pytest.mark.parametrize(
    ("fun", "words"),
    [(by_float, "GT202 left-through-number"), (by_floor, "GT302 piecewise-constant")],
)
def test_a_missing_gradient_is_told_before_the_search(fun, words, method):
    with pytest.raises(gt.errors.MissingGradientError, match=words) as caught:
        optimize.minimize(fun, {"a": np.ones(2)}, method=method)
    assert "Nelder-Mead" in str(caught.value)
    assert caught.value.diagnostic is not None
    assert optimize.minimize(fun, {"a": np.ones(2)}, method="Nelder-Mead", options={"maxiter": 3}).nit == 3


@pytest.mark.parametrize(
    ("fun", "words"),
    [
        (one_leaf, r"p\['b'\].*GT202"),
        (one_element, "a part of the gradient.*GT202"),
        (one_factor, "GT302"),
    ],
)
def test_a_gradient_missing_in_part_is_a_warning(fun, words):
    with pytest.warns(gt.MissingGradientWarning, match=words) as caught:
        optimize.minimize(fun, {"a": np.ones(2), "b": 1.0})
    assert len(caught) == 1


def test_what_is_no_fault_is_not_told():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert optimize.minimize(lambda x: np.sum(x**2), [0.0, 0.0]).success  # the start is the minimum
        optimize.minimize(lambda x: x[0] ** 2 + np.maximum(x[1], 0.0) ** 2, [1.0, 1.0])


def test_no_solution_has_no_gradient_and_says_so():
    b = gt.Variable(B)
    assert not optimize.minimize(bowl, np.zeros(2), (A, B), options={"maxiter": 1}).success
    with gt.GradientTape() as tape:
        found = optimize.minimize(bowl, np.zeros(2), (A, b), options={"maxiter": 1})
    with pytest.raises(gt.errors.NoGradientError, match=r"minimize found no solution .Maximum number of iterations"):
        tape.gradient(found.x, b)


def test_a_minimum_that_is_not_isolated_has_no_gradient_and_says_so():
    b = gt.Variable(1.0)
    with gt.GradientTape() as tape:
        x = optimize.minimize(lambda x: (x[0] + x[1] - b) ** 2, [0.0, 0.0]).x
    with pytest.raises(gt.errors.NoGradientError, match="not isolated"):
        tape.gradient(x, b)


def test_what_is_wrong_is_said():
    for start, words in [
        ({"w": "text"}, r"the start\['w'\] is a str"),
        ([1.0, 2.0j], "real numbers are needed"),
        ([], "no number"),
        ({"n": None}, "no number"),
    ]:
        with pytest.raises(TypeError, match=words):
            optimize.minimize(lambda _: 0.0, start)
    with pytest.raises(ValueError, match=r"bounds of shape \(3,\) for 2 unknowns"):
        optimize.minimize(lambda x: np.sum(x), [1.0, 2.0], bounds=([0.0, 0.0, 0.0], None))
    with pytest.raises(TypeError, match="a constraint has a `type`"):
        optimize.minimize(lambda x: np.sum(x), [1.0], constraints={"fun": np.sum})
    with pytest.raises(ValueError, match="a gradient is of a single number"):
        optimize.minimize(lambda x: x**2, [1.0, 2.0])


def test_a_minimum_of_one_number():
    check_grads(lambda c: optimize.minimize_scalar(lambda x: (x - c) ** 4 + c * x**2).x, [0.7], step=1e-4, rtol=1e-4)
    check_grads(lambda c: optimize.minimize_scalar(lambda x: (x - c) ** 2, bounds=(0.0, 3.0)).x, [0.7], step=1e-3)
    c = gt.Variable(5.0)
    with gt.GradientTape() as tape:
        x = optimize.minimize_scalar(lambda x, c: (x - c) ** 2, bounds=(0.0, 3.0), args=(c,)).x
    with pytest.warns(gt.MissingGradientWarning):
        assert tape.gradient(x, c) is None
    assert optimize.minimize_scalar(lambda x: (x - 2.0) ** 2, bracket=(0.0, 1.0)).x == pytest.approx(2.0)


def egg(x, c):
    return np.sum((x - c) ** 2 - np.cos(5.0 * (x - c)))


@pytest.mark.parametrize(
    "search",
    [
        lambda c: optimize.differential_evolution(egg, [(-3.0, 4.0)] * 2, (c,), seed=1, maxiter=40),
        lambda c: optimize.basinhopping(lambda x: egg(x, c), [2.0, 2.0], niter=15, seed=1),
        lambda c: optimize.dual_annealing(lambda x: egg(x, c), [(-3.0, 4.0)] * 2, maxiter=30, seed=1),
        lambda c: optimize.shgo(lambda x: egg(x, c), [(-3.0, 4.0)] * 2),
    ],
)
def test_searches_of_a_region(search):
    np.testing.assert_allclose(search(0.3).x, [0.3, 0.3], atol=1e-5)
    c = gt.Variable(0.3)
    with gt.GradientTape(persistent=True) as tape:
        x = search(c).x
    np.testing.assert_allclose(tape.jacobian(x, c), [1.0, 1.0], atol=1e-5)
