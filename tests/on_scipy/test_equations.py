"""Differential equations: SciPy's values to the last digit, and gradients of steps, adjoints and events."""

from functools import cache

import numpy as np
import pytest
import scipy.integrate

import gradtape as gt
from gradtape.scipy.integrate import odeint, solve_ivp
from gradtape.testing import check_grads

METHODS = ["RK23", "RK45", "DOP853", "Radau", "BDF", "LSODA"]
WAYS = [(m, g) for m in METHODS for g in ("discrete", "adjoint") if (m, g) != ("LSODA", "discrete")]
SOME = {("RK45", "discrete"), ("RK45", "adjoint"), ("Radau", "discrete"), ("LSODA", "adjoint")}
QUICK = [w if w in SOME else pytest.param(*w, marks=pytest.mark.thorough) for w in WAYS]
"""All ways, of which one explicit and one implicit method by steps, and two adjoints, are tried always."""
Y0 = np.array([1.0, 0.2])
FINE = {"rtol": 1e-8, "atol": 1e-10}


def swing(t, y, k):
    return [y[1], -k * np.sin(y[0]) + 0.1 * t]


def limits(method):
    """How finely a method is to work, and how well its derivatives are known then."""
    if method == "RK23":  # of order 3: many steps
        return {"rtol": 1e-5, "atol": 1e-7}, 2e-3
    return ({"rtol": 1e-6, "atol": 1e-8}, 2e-4) if method in {"Radau", "BDF"} else (FINE, 1e-5)


@pytest.mark.parametrize(("method", "gradient"), WAYS)
@pytest.mark.parametrize("t_eval", [None, [0.0, 0.4, 1.1, 2.0], [0.3, 1.9]])
def test_values_are_scipys_with_a_tape_and_without(method, gradient, t_eval):
    given = {"method": method, "t_eval": t_eval, "rtol": 1e-5, "atol": 1e-7}
    if method in {"Radau", "BDF", "LSODA"}:  # the others would say that they have no use for it
        given["jac"] = lambda t, y, k: np.array([[0.0, 1.0], [-k * np.cos(y[0]), 0.0]])
    theirs = scipy.integrate.solve_ivp(swing, (0.0, 2.0), Y0, args=(1.5,), **given)
    for own in (given, {**given, "jac": None}):
        ours = solve_ivp(swing, (0.0, 2.0), Y0, args=(1.5,), gradient=gradient, **own)
        assert type(ours.y) is np.ndarray
        np.testing.assert_allclose(ours.y, theirs.y, rtol=1e-12)
        assert (ours.nfev, ours.status, ours.message) == (theirs.nfev, theirs.status, theirs.message)
    with gt.GradientTape():
        ours = solve_ivp(swing, (0.0, 2.0), gt.constant(Y0), args=(gt.constant(1.5),), gradient=gradient, **given)
    np.testing.assert_array_equal(ours.t, theirs.t)
    np.testing.assert_allclose(ours.y.numpy(), theirs.y, rtol=1e-14)


POINT = (Y0, np.float64(1.5), np.float64(0.1), np.float64(2.0))


@cache
def slopes(t_eval):
    """The derivatives of the end in the state, a parameter and the ends, by differences of a much finer solution."""

    def exact(y, k, start, stop):
        return scipy.integrate.solve_ivp(
            swing, (start, stop if t_eval is None else 1.9), y, "DOP853", args=(k,), rtol=1e-12, atol=1e-13
        ).y[:, -1]

    found = []
    for k, x in enumerate(POINT):
        columns = []
        for e in np.eye(np.size(x)):
            up, down = ([*POINT[:k], x + s * 1e-5 * e.reshape(np.shape(x)), *POINT[k + 1 :]] for s in (1, -1))
            columns.append((exact(*up) - exact(*down)) / 2e-5)
        found.append(np.stack(columns, -1).reshape(2, *np.shape(x)))
    return found


@pytest.mark.parametrize(("method", "gradient"), QUICK)
@pytest.mark.parametrize("t_eval", [pytest.param(None, marks=pytest.mark.thorough), (0.3, 1.9)])
def test_gradients_in_both_modes(method, gradient, t_eval):
    given, tolerance = limits(method)

    def end(y, k, start, stop):
        span = (start, stop if t_eval is None else 2.0)
        found = solve_ivp(swing, span, y, args=(k,), method=method, gradient=gradient, t_eval=t_eval, **given)
        return found.y[:, -1]

    expected = slopes(t_eval)
    tensors = [gt.Variable(x) for x in POINT]
    with gt.GradientTape(persistent=True) as tape:
        found = end(*tensors)
    for k, tensor in enumerate(tensors if t_eval is None else tensors[:3]):
        np.testing.assert_allclose(tape.jacobian(found, tensor), expected[k], atol=tolerance)
    direction = [np.array([0.3, -1.0]), 0.7, 0.2, 0.0 if t_eval else -0.4]
    _, tangent = gt.jvp(end, POINT, tuple(direction))
    np.testing.assert_allclose(
        tangent, sum(np.tensordot(e, d, np.ndim(d)) for e, d in zip(expected, direction, strict=True)), atol=tolerance
    )


@pytest.mark.parametrize("method", ["RK45", "DOP853", "Radau"])
def test_steps_have_derivatives_of_any_order(method):
    def end(y, k, stop):
        return solve_ivp(swing, (0.0, stop), y, args=(k,), method=method, rtol=1e-9, atol=1e-11).y[:, -1]

    if method == "Radau":
        end = lambda y, k, stop, end=end: solve_ivp(swing, (0.0, stop), y, args=(k,), method="Radau", rtol=1e-5).y[
            :, -1
        ]
        second = gt.hessian(lambda k: end(Y0, k, 1.0)[0])(1.5)
        finer = lambda k: scipy.integrate.solve_ivp(swing, (0, 1), Y0, "DOP853", args=(k,), rtol=1e-12, atol=1e-13).y[
            0, -1
        ]
        np.testing.assert_allclose(second, (finer(1.51) - 2 * finer(1.5) + finer(1.49)) / 1e-4, rtol=1e-3)
        return
    check_grads(end, [Y0, 1.5, 1.0], order=2, rtol=1e-3, atol=1e-4, step=1e-4)


@pytest.mark.parametrize(("method", "other"), [("RK45", ""), ("LSODA", " of the method 'Radau' or 'BDF'")])
def test_an_adjoint_has_a_first_derivative_only_and_says_so(method, other):
    k = gt.Variable(1.5)
    with gt.GradientTape() as outer:
        with gt.GradientTape() as tape:
            y = solve_ivp(swing, (0.0, 1.0), Y0, method, args=(k,), gradient="adjoint").y[0, -1]
        with pytest.raises(gt.errors.NoGradientError, match=f"gradient='discrete'{other} has all orders"):
            tape.gradient(y, k)
    del outer


@pytest.mark.parametrize("gradient", ["discrete", "adjoint"])
def test_an_adjoint_reaches_tensors_around_the_function(gradient):
    weights = gt.Variable([[-0.5, 1.0], [-1.0, -0.3]])
    made = gt.Variable(2.0)
    with gt.GradientTape(persistent=True) as tape:
        scaled = weights * made
        found = solve_ivp(lambda t, y: np.tanh(scaled @ y), (0.0, 2.0), Y0, gradient=gradient, **FINE)
        loss = np.sum(found.y[:, -1] ** 2) + found.y[0, 3]
    by_steps = tape.gradient(loss, [weights, made])

    def plainly(w, m):
        return solve_ivp(lambda t, y: np.tanh((m * w) @ y), (0.0, 2.0), Y0, **FINE).y

    h = 1e-6
    up, down = (plainly(weights.numpy(), 2.0 + s) for s in (h, -h))
    numeric = (np.sum(up[:, -1] ** 2) - np.sum(down[:, -1] ** 2)) / (2 * h)
    with gt.GradientTape() as tape:
        last = solve_ivp(lambda t, y: np.tanh((weights * made) @ y), (0.0, 2.0), Y0, gradient=gradient, **FINE).y[:, -1]
        loss = np.sum(last**2)
    np.testing.assert_allclose(tape.gradient(loss, made), numeric, rtol=1e-4)
    assert by_steps[0].shape == (2, 2)


def robertson(t, y, k):
    first, second = k[0] * y[0], k[1] * y[1] * y[2]
    third = k[2] * y[1] ** 2
    return [-first + second, first - second - third, third]


@pytest.mark.parametrize(
    ("method", "gradient", "end"),
    [
        ("Radau", "discrete", 0.3), *(
            pytest.param(*w, 40.0, marks=pytest.mark.thorough) for w in WAYS if w[0] in {"Radau", "BDF", "LSODA"}
        ),
    ],
)  # fmt: skip
def test_a_stiff_reaction(method, gradient, end):
    """Robertson's, over six decades of rates: the explicit methods need a million steps for it."""
    k = gt.Variable([0.04, 1e4, 3e7])
    tight = {"rtol": 1e-6, "atol": 1e-10}
    with gt.GradientTape(persistent=True) as tape:
        y = solve_ivp(robertson, (0.0, end), [1.0, 0.0, 0.0], method, args=(k,), gradient=gradient, **tight).y[:, -1]
    slope = tape.jacobian(y, k).numpy() * k.numpy()
    expected = []
    for j in range(3):
        up, down = (k.numpy() * (1.0 + s * 1e-3 * np.eye(3)[j]) for s in (1, -1))
        ends = [
            scipy.integrate.solve_ivp(robertson, (0, end), [1, 0, 0], "Radau", args=(p,), rtol=1e-10, atol=1e-14).y[
                :, -1
            ]
            for p in (up, down)
        ]
        expected.append((ends[0] - ends[1]) / 2e-3)
    np.testing.assert_allclose(slope, np.stack(expected, -1), rtol=2e-3, atol=1e-8)


def test_the_exact_jacobian_saves_calls():
    calls = []

    def counted(t, y):
        calls.append(1)
        return robertson(t, y, [0.04, 1e4, 3e7])

    ours = solve_ivp(counted, (0.0, 40.0), [1.0, 0.0, 0.0], "Radau")
    few = len(calls)
    calls.clear()
    theirs = scipy.integrate.solve_ivp(counted, (0.0, 40.0), [1.0, 0.0, 0.0], "Radau")
    assert few < len(calls)
    np.testing.assert_allclose(ours.y[:, -1], theirs.y[:, -1], rtol=1e-2, atol=1e-6)


def ground(t, y, *_):
    return y[0]


ground.terminal, ground.direction = True, -1


def top(t, y, *_):
    return y[1]


@pytest.mark.parametrize(("method", "gradient"), QUICK)
@pytest.mark.parametrize("t_eval", [None, pytest.param([0.5, 1.0, 2.5], marks=pytest.mark.thorough)])
def test_times_of_events_move(method, gradient, t_eval):
    def flight(speed, gravity):
        return solve_ivp(
            lambda t, y, g: [y[1], -g], (0.0, 10.0), [0.0, speed], method, t_eval, events=[ground, top],
            args=(gravity,), gradient=gradient, **FINE,
        )  # fmt: skip

    theirs = flight(9.0, 8.0)
    v, g = gt.Variable(9.0), gt.Variable(8.0)
    with gt.GradientTape(persistent=True) as tape:
        found = flight(v, g)
        landed, highest = found.t_events[0][0], found.y_events[1][0][0]
        last = found.t[-1]
        distance = found.y[0, -1]
    np.testing.assert_array_equal(landed.numpy(), theirs.t_events[0][0])
    np.testing.assert_allclose(found.y.numpy(), theirs.y)
    np.testing.assert_allclose(landed.numpy(), 2 * 9 / 8, rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(landed, [v, g]), [2 / 8, -2 * 9 / 64], rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(highest, [v, g]), [9 / 8, -81 / 128], rtol=1e-5)
    if t_eval is None:
        np.testing.assert_allclose(tape.gradient(last, [v, g]), [2 / 8, -2 * 9 / 64], rtol=1e-5)
        np.testing.assert_allclose(tape.gradient(distance, [v, g]), [0.0, 0.0], atol=1e-6)  # on the ground, always
    if gradient == "discrete" and method in {"RK45", "DOP853"}:
        second = gt.hessian(lambda x: flight(x[0], x[1]).t_events[0][0])(np.array([9.0, 8.0]))
        np.testing.assert_allclose(second, [[0.0, -2 / 64], [-2 / 64, 4 * 9 / 512]], atol=1e-6)


def test_an_event_without_a_slope_has_no_derivative_and_says_so():
    def touch(t, y):
        return np.sign(y[0] - 1.0)

    k = gt.Variable(1.0)
    with gt.GradientTape() as tape:
        found = solve_ivp(lambda t, y: [k], (0.0, 2.0), [0.0], events=touch)
        t = found.t_events[0][0]
    with pytest.raises(gt.errors.NoGradientError, match="not isolated"):
        tape.gradient(t, k)


@pytest.mark.parametrize(("method", "gradient"), [w for w in QUICK if "RK23" not in getattr(w, "values", w)])
def test_dense_output(method, gradient):
    given = {"args": (1.5,), "dense_output": True, "gradient": gradient, **FINE}
    theirs = solve_ivp(swing, (0.0, 2.0), Y0, method, **given)
    at = gt.Variable([0.3, 1.2])
    y = gt.Variable(Y0)
    with gt.GradientTape(persistent=True) as tape:
        found = solve_ivp(swing, (0.0, 2.0), y, method, **given)
        one, several = found.sol(0.7), found.sol(at)
    np.testing.assert_allclose(one.numpy(), theirs.sol(0.7), rtol=1e-13)
    np.testing.assert_allclose(several.numpy(), theirs.sol([0.3, 1.2]), rtol=1e-13)
    slopes = np.diagonal(tape.jacobian(several, at), axis1=1, axis2=2)
    np.testing.assert_allclose(slopes.T, [swing(t, theirs.sol(t), 1.5) for t in (0.3, 1.2)], atol=1e-5)
    finer = [
        solve_ivp(swing, (0.0, 0.7), Y0 + e, "DOP853", args=(1.5,), rtol=1e-12, atol=1e-13).y[:, -1]
        for e in 1e-5 * np.eye(2)
    ]
    back = [
        solve_ivp(swing, (0.0, 0.7), Y0 - e, "DOP853", args=(1.5,), rtol=1e-12, atol=1e-13).y[:, -1]
        for e in 1e-5 * np.eye(2)
    ]
    np.testing.assert_allclose(tape.jacobian(one, y), (np.array(finer) - back).T / 2e-5, atol=1e-5)


@pytest.mark.parametrize("gradient", ["discrete", "adjoint"])
def test_times_at_which_to_look_move(gradient):
    t = gt.Variable([0.0, 0.5, 1.5])
    with gt.GradientTape(persistent=True) as tape:
        found = solve_ivp(swing, (0.0, 2.0), Y0, t_eval=t, args=(1.5,), gradient=gradient, **FINE)
    jacobian = tape.jacobian(found.y, t)
    for k in range(3):
        np.testing.assert_allclose(jacobian[:, k, k], swing(t[k], found.y[:, k], 1.5), atol=1e-5)
    np.testing.assert_allclose(tape.jacobian(found.t, t), np.eye(3))


@pytest.mark.parametrize("gradient", ["discrete", "adjoint"])
def test_backwards_in_time(gradient):
    theirs = scipy.integrate.solve_ivp(swing, (2.0, 0.5), Y0, args=(1.5,), t_eval=[1.5, 0.5])
    k = gt.Variable(1.5)
    with gt.GradientTape() as tape:
        ours = solve_ivp(swing, (2.0, 0.5), Y0, args=(k,), t_eval=[1.5, 0.5], gradient=gradient, **FINE)
        y = ours.y[0, 1]
    np.testing.assert_allclose(ours.y.numpy(), theirs.y, atol=1e-3)
    ends = [scipy.integrate.solve_ivp(swing, (2.0, 0.5), Y0, args=(1.5 + s,), **FINE).y[0, -1] for s in (1e-4, -1e-4)]
    np.testing.assert_allclose(tape.gradient(y, k), (ends[0] - ends[1]) / 2e-4, rtol=1e-4)


def test_a_span_without_length_and_vectorized_functions():
    y = gt.Variable(Y0)
    with gt.GradientTape() as tape:
        found = solve_ivp(swing, (1.0, 1.0), y, args=(1.5,))
        total = np.sum(found.y[:, -1])
    np.testing.assert_allclose(tape.gradient(total, y), [1.0, 1.0])
    with gt.GradientTape() as tape:
        found = solve_ivp(lambda t, y: -2.0 * y, (0.0, 1.0), y, vectorized=True, **FINE)
        total = np.sum(found.y[:, -1])
    np.testing.assert_allclose(tape.gradient(total, y), np.full(2, np.exp(-2.0)), rtol=1e-6)


def test_complex_states():
    y0 = np.array([1.0 + 0.5j])
    theirs = scipy.integrate.solve_ivp(lambda t, y: 1j * y, (0.0, 1.0), y0)
    k = gt.Variable(1.0)
    with gt.GradientTape() as tape:
        found = solve_ivp(lambda t, y: 1j * k * y, (0.0, 1.0), y0, **FINE)
        real = np.real(found.y[0, -1])
    np.testing.assert_allclose(found.y.numpy()[0, -1], theirs.y[0, -1], rtol=1e-3)
    np.testing.assert_allclose(tape.gradient(real, k), np.real(1j * y0[0] * np.exp(1j)), rtol=1e-6)


def stepped(t, y, k):
    return -np.floor(k) * y


def test_a_gradient_that_is_missing_has_its_reason():
    k = gt.Variable(1.5)
    for gradient in ("discrete", "adjoint"):
        with gt.GradientTape() as tape:
            y = solve_ivp(stepped, (0.0, 1.0), [1.0], args=(k,), gradient=gradient).y[0, -1]
        with pytest.warns(gt.MissingGradientWarning, match="GT302"):
            assert tape.gradient(y, k) is None


def test_odeint():
    t = np.array([0.0, 0.5, 1.2])

    def decay(y, t, k):
        return -k * y * (1.0 + t)

    ours = odeint(decay, np.array([1.0, 2.0]), t, args=(0.7,))
    np.testing.assert_allclose(ours, scipy.integrate.odeint(decay, [1.0, 2.0], t, args=(0.7,)), rtol=1e-6)
    check_grads(lambda y, t, k: odeint(decay, y, t, args=(k,)), [np.array([1.0, 2.0]), t, 0.7], order=2, rtol=1e-4)
    check_grads(
        lambda y, k: odeint(decay, y, t, args=(k,), method="BDF", gradient="adjoint"), [np.array([1.0, 2.0]), 0.7],
        order=1, rtol=1e-3, step=1e-2,
    )  # fmt: skip
    first = odeint(lambda t, y: -y, [1.0], t, tfirst=True, hmax=0.1)
    np.testing.assert_allclose(first[:, 0], np.exp(-t), rtol=1e-7)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: solve_ivp(swing, (0, 1), [1.0, 0.0], "Euler"), "no method 'Euler'"),
        (lambda: solve_ivp(swing, (0, 1), [1.0, 0.0], gradient="both"), "'discrete' or 'adjoint'"),
        (lambda: solve_ivp(swing, (0, 1), [1.0, 0.0], "LSODA", gradient="discrete"), "gradient='adjoint'"),
        (lambda: solve_ivp(swing, (0, 1), [1.0, 0.0], t_eval=[2.0], args=(1.0,)), "t_eval"),
        (lambda: solve_ivp(swing, (0, 1), [[1.0, 0.0]]), "1-dimensional"),
        (lambda: odeint(swing, [1.0], [0.0, 2.0, 1.0]), "monotonically"),
        (lambda: odeint(swing, [1.0], [0.0, 1.0], full_output=True), "full_output"),
    ],
)
def test_what_is_wrong_is_said(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()
