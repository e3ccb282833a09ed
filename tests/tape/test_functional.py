"""Derivatives as functions of functions: structures, plain arrays and tensors, and matrices worked out by hand."""

import tracemalloc
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest

import gradtape as gt
from gradtape.arrays.record import STATE
from gradtape.errors import DTypeError, NoGradientError, OperandError, PositionError, ShapeError, SourceError

MISSING = pytest.warns(gt.MissingGradientWarning)
rng = np.random.default_rng(7)


def is_plain(value):
    return isinstance(value, np.ndarray | np.generic)


def test_plain_in_plain_out():
    g = gt.grad(lambda x: np.sum(np.sin(x)))(np.array([0.0, 1.0]))
    assert is_plain(g)
    np.testing.assert_allclose(g, np.cos([0.0, 1.0]))
    g += 1.0  # an array of its own, to be written to
    value, slope = gt.value_and_grad(lambda x: x**2)(3.0)
    assert (value, slope) == (9.0, 6.0)
    assert is_plain(value)
    assert is_plain(slope)
    assert not STATE.recordings


def test_two_gradients_are_two_arrays():
    a, b = gt.grad(lambda a, b: np.sum(a + b), argnums=(0, 1))(np.ones(2), np.ones(2))
    a += 1.0
    assert b.tolist() == [1.0, 1.0]


def test_tensors_in_tensors_out():
    g = gt.grad(lambda x: x**2)(gt.constant(3.0))
    assert isinstance(g, gt.Tensor)
    assert float(g) == 6.0


def test_inside_an_outer_tape():
    x = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        y = gt.grad(lambda z: z**3 * x)(x)  # 3 z^2 x at z = x
    assert float(y) == 81.0
    assert float(tape.gradient(y, x)) == 81.0  # 6 z x + 3 z^2
    with gt.GradientTape() as tape:
        y = gt.grad(lambda z: z**2 * x)(5.0)
    assert float(tape.gradient(y, x)) == 10.0


def test_one_argument_twice():
    x = gt.constant(3.0)
    assert float(gt.grad(lambda a, b: a**2 * b)(x, x)) == 18.0
    assert [float(g) for g in gt.grad(lambda a, b: a**2 * b, argnums=(0, 1))(x, x)] == [18.0, 9.0]


def test_orders():
    f = lambda x: x**4
    for expected in (32.0, 48.0, 48.0, 24.0):
        f = gt.grad(f)
        assert f(2.0) == expected
    assert gt.grad(lambda x: gt.jvp(gt.grad(np.sin), (x,), (1.0,))[1])(0.5) == pytest.approx(-np.cos(0.5))


@dataclass(frozen=True)
class Layer:
    w: object
    b: object


class Pair(NamedTuple):
    one: object
    two: object


def test_structures():
    p = {"first": Layer(np.ones((2, 2)), 3.0), "rest": [Pair(1.0, None), (2.0,)]}

    def f(p, scale):
        return np.sum(p["first"].w) * p["first"].b * scale + p["rest"][0].one * p["rest"][1][0]

    g = gt.grad(f)(p, 10.0)
    assert isinstance(g["first"], Layer)
    assert g["first"].w.tolist() == [[30.0, 30.0], [30.0, 30.0]]
    assert g["first"].b == 40.0
    assert g["rest"] == [Pair(2.0, None), (1.0,)]
    assert gt.grad(f, argnums=1)(p, 10.0) == 12.0
    assert gt.grad(f, argnums=(-1,))(p, 10.0) == (12.0,)


def test_argnums_and_keywords():
    f = lambda a, b, *, k=1.0: a * b**2 * k
    assert gt.grad(f, argnums=(1, 0))(2.0, 3.0, k=10.0) == (120.0, 90.0)
    with pytest.raises(PositionError, match="2 positional"):
        gt.grad(f, argnums=2)(2.0, 3.0)
    with pytest.raises(IndexError):
        gt.grad(f)(a=2.0, b=3.0)


def test_something_beside_the_value():
    f = lambda x: (x**2, {"half": x / 2, "name": "f"})
    assert gt.grad(f, has_aux=True)(3.0) == (6.0, {"half": 1.5, "name": "f"})
    assert gt.value_and_grad(f, has_aux=True)(3.0) == ((9.0, {"half": 1.5, "name": "f"}), 6.0)
    assert gt.jvp(f, (3.0,), (1.0,), has_aux=True) == (9.0, 6.0, {"half": 1.5, "name": "f"})
    value, pullback, aux = gt.vjp(f, 3.0, has_aux=True)
    assert (value, pullback(1.0), aux["half"]) == (9.0, (6.0,), 1.5)
    assert gt.jacobian(f, has_aux=True)(3.0) == (6.0, {"half": 1.5, "name": "f"})
    assert gt.hessian(f, has_aux=True)(3.0) == (2.0, {"half": 1.5, "name": "f"})
    with pytest.raises(OperandError, match="has_aux"):
        gt.grad(lambda x: x, has_aux=True)(1.0)


def test_refusals():
    with pytest.raises(ShapeError, match="single number"):
        gt.grad(lambda x: x * 2)(np.ones(2))
    with pytest.raises(DTypeError, match="floating point"):
        gt.grad(lambda x: x * 2)(3)
    with pytest.raises(SourceError):
        gt.grad(lambda x: 1.0)({"name": "text"})
    with pytest.raises(DTypeError, match="holomorphic"):
        gt.grad(lambda z: z * z)(1.0 + 1.0j)
    with pytest.raises(ShapeError, match="one tangent per primal"):
        gt.jvp(lambda x: x, (1.0,), (1.0, 2.0))
    with pytest.raises(ShapeError, match="shape"):
        gt.jvp(lambda x: x, (np.ones(2),), (np.ones(3),))
    with pytest.raises(ShapeError, match="structure"):
        gt.jvp(lambda x: x["a"], ({"a": 1.0},), ({"b": 1.0},))
    with pytest.raises(ValueError, match="mode"):
        gt.jacobian(np.sin, mode="sideways")


def test_nothing_flows():
    with MISSING as told:
        g = gt.grad(lambda x, w: np.sum(x * x), argnums=(0, 1))(np.ones(2), np.ones(3))
    assert g[1].tolist() == [0.0, 0.0, 0.0]
    assert "`w`" in str(told[0].message)
    with MISSING:
        assert gt.grad(lambda x: 3.0)(1.0) == 0.0
    assert gt.hessian(lambda x: 3.0 * x[0])(np.ones(2)).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert gt.jacobian(lambda x: np.ones(2))(1.0).tolist() == [0.0, 0.0]
    assert gt.jvp(lambda x: 3.0, (1.0,), (1.0,)) == (3.0, 0.0)
    assert gt.vjp(lambda x, y: x, 1.0, 2.0)[1](5.0) == (5.0, 0.0)


def test_complex_numbers():
    z = 1.0 + 2.0j
    assert gt.grad(lambda z: np.abs(z) ** 2)(z) == pytest.approx(2 * z)
    assert gt.grad(lambda z: z * z, holomorphic=True)(z) == pytest.approx(2 * z)
    at = np.array([z, 2j])
    for mode in ("forward", "reverse", "auto"):
        np.testing.assert_allclose(gt.jacobian(lambda z: z * z, holomorphic=True, mode=mode)(at), np.diag(2 * at))
    np.testing.assert_allclose(gt.jacobian(lambda x: x * z)(np.ones(2)), z * np.eye(2))
    np.testing.assert_allclose(gt.jacobian(lambda z: np.abs(z) ** 2)(at), np.diag(2 * at))
    with pytest.raises(DTypeError, match="either mode"):
        gt.jacobian(lambda z: z * z)(at)
    with pytest.raises(DTypeError, match="reverse mode"):
        gt.jacrev(lambda x: x * z)(np.ones(2))


def test_vjp_and_jvp_are_each_other_s_transpose():
    a = rng.normal(size=(3, 4))
    f = lambda x, s: {"y": np.tanh(a @ x) * s, "z": np.prod(x)}
    x, s, dx, ds = rng.normal(size=4), 2.0, rng.normal(size=4), 0.5
    value, moved = gt.jvp(f, (x, s), (dx, ds))
    again, pullback = gt.vjp(f, x, s)
    weights = {"y": rng.normal(size=3), "z": 3.0}
    gx, gs = pullback(weights)
    np.testing.assert_allclose(weights["y"] @ moved["y"] + 3.0 * moved["z"], gx @ dx + gs * ds)
    np.testing.assert_allclose(value["y"], again["y"])
    same, derivative = gt.linearize(f, x, s)
    np.testing.assert_allclose(derivative(dx, ds)["y"], moved["y"])
    np.testing.assert_allclose(derivative(2 * dx, 2 * ds)["z"], 2 * moved["z"])
    np.testing.assert_allclose(same["z"], np.prod(x))


def test_a_pullback_can_be_differentiated():
    x = gt.Variable(2.0)
    with gt.GradientTape() as tape:
        _, pullback = gt.vjp(lambda z: z**3, x)
        (g,) = pullback(1.0)
    assert float(tape.gradient(g, x)) == 12.0


def quadratic(p):
    return p["x"] @ MATRIX @ p["x"] / 2 + p["x"][0] * p["c"] ** 2


MATRIX = np.array([[2.0, 1.0], [1.0, 5.0]])


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_a_hessian_has_the_structure_of_the_argument_twice(mode):
    h = gt.hessian(quadratic, mode=mode)({"x": np.array([1.0, 2.0]), "c": 3.0})
    np.testing.assert_allclose(h["x"]["x"], MATRIX)
    np.testing.assert_allclose(h["x"]["c"], [6.0, 0.0])
    np.testing.assert_allclose(h["c"]["x"], [6.0, 0.0])
    np.testing.assert_allclose(h["c"]["c"], 2.0)


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_the_hessian_of_a_network(mode):
    """Second derivatives of `sum(v * tanh(W x))` by hand: with s = tanh(Wx), s' = 1 - s^2, s'' = -2 s s'."""
    w, v, x = rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=3)
    h = gt.hessian(lambda w, v: v @ np.tanh(w @ x), argnums=(0, 1), mode=mode)(w, v)
    s = np.tanh(w @ x)
    slope, curve = 1 - s**2, -2 * s * (1 - s**2)
    np.testing.assert_allclose(h[0][0], np.einsum("i,ik,j,l->ijkl", v * curve, np.eye(5), x, x), atol=1e-12)
    np.testing.assert_allclose(h[0][1], np.einsum("i,ik,j->ijk", slope, np.eye(5), x), atol=1e-12)
    np.testing.assert_allclose(h[1][0], np.einsum("i,ik,l->ikl", slope, np.eye(5), x), atol=1e-12)
    np.testing.assert_allclose(h[1][1], np.zeros((5, 5)))


def test_products_with_the_hessian():
    f = lambda x: np.sum(x**3) + np.prod(x)
    x, v = np.array([1.0, 2.0, 3.0]), np.array([1.0, -1.0, 0.5])
    by_hand = np.diag(6 * x) + np.array([[0, 3, 2], [3, 0, 1], [2, 1, 0]])
    np.testing.assert_allclose(gt.hvp(f, x, v), by_hand @ v)
    np.testing.assert_allclose(gt.hvp(f, (x,), (v,))[0], by_hand @ v)
    found = gt.hvp(quadratic, {"x": np.ones(2), "c": 3.0}, {"x": np.ones(2), "c": 1.0})
    np.testing.assert_allclose(found["x"], MATRIX @ np.ones(2) + [6.0, 0.0])
    from gradtape import tf

    recomputed = tf.recompute_grad(lambda x: tf.reduce_sum(x**3))  # for reverse mode only
    np.testing.assert_allclose(gt.hvp(recomputed, x, v), 6 * x * v)


def test_products_with_the_hessian_in_complex_numbers():
    f = lambda z: np.sum(np.abs(z) ** 4) + np.sum(np.real(z**3))
    z, v, step = np.array([1 + 2j, 0.5 - 1j]), np.array([0.3 - 1j, 2j]), 1e-5
    slope = gt.grad(f)
    along = (slope(z + step * v) - slope(z - step * v)) / (2 * step)
    np.testing.assert_allclose(gt.hvp(f, z, v), along, rtol=1e-8)
    np.testing.assert_allclose(gt.jvp(slope, (z,), (v,))[1], along, rtol=1e-8)


def test_jacobians_of_structures_by_structures():
    f = lambda a, b: {"sum": a["x"] + b, "product": a["x"] * b}
    j = gt.jacobian(f, argnums=(0, 1))({"x": np.array([1.0, 2.0])}, 3.0)
    np.testing.assert_allclose(j["sum"][0]["x"], np.eye(2))
    np.testing.assert_allclose(j["product"][0]["x"], 3 * np.eye(2))
    np.testing.assert_allclose(j["product"][1], [1.0, 2.0])
    assert gt.jacrev(f)({"x": 1.0}, 3.0)["product"]["x"] == 3.0


def test_the_smaller_side_is_chosen(monkeypatch):
    from gradtape.tape import jacobian

    swept = []
    monkeypatch.setattr(jacobian, "columns", lambda *a, f=jacobian.columns: swept.append("forward") or f(*a))
    monkeypatch.setattr(jacobian, "blocks", lambda *a, f=jacobian.blocks: swept.append("reverse") or f(*a))
    gt.jacobian(lambda x: x * np.ones(10))(2.0)
    gt.jacobian(lambda x: np.sum(x))(np.ones(10))
    assert swept == ["forward", "reverse"]
    opaque = gt.external(lambda x: x * np.ones(3), vjp=lambda g, y, x: np.sum(g))
    assert gt.jacobian(opaque)(2.0).tolist() == [1.0, 1.0, 1.0]
    assert swept == ["forward", "reverse", "forward", "reverse"]
    with pytest.raises(NoGradientError):
        gt.jacfwd(opaque)(2.0)


def test_autograd_s_names():
    f = lambda x, y: np.sin(x) * y
    assert gt.make_jvp(f, 1)(1.0, 2.0)(3.0) == pytest.approx((np.sin(1.0) * 2, np.sin(1.0) * 3))
    pullback, value = gt.make_vjp(f)(0.0, 2.0)
    assert (pullback(5.0), value) == (10.0, 0.0)
    np.testing.assert_allclose(gt.elementwise_grad(np.tanh)(np.zeros((2, 2))), np.ones((2, 2)))
    curve = gt.elementwise_grad(gt.elementwise_grad(np.sin))(np.ones(2))
    np.testing.assert_allclose(curve, -np.sin(np.ones(2)))


def test_names_and_exceptions_pass_through():
    def loss(x):
        """Say what it is."""
        return x / 0

    assert gt.grad(loss).__doc__ == "Say what it is."
    with pytest.raises(ValueError, match="mine"):
        gt.grad(lambda x: (_ for _ in ()).throw(ValueError("mine")))(1.0)
    assert not STATE.recordings


def test_a_checkpoint_keeps_its_arguments_only():
    def block(x):
        for _ in range(20):
            x = np.sin(x)
        return x

    def peak(f):
        x = gt.Variable(np.ones(100_000))
        tracemalloc.start()
        with gt.GradientTape():
            y = f(f(f(f(x))))
            held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert y.shape == (100_000,)
        return held

    with gt.config(ambient_bytes=0):
        assert peak(gt.checkpoint(block)) < peak(block) / 8
    x = np.array([0.3, 0.9])
    np.testing.assert_allclose(
        gt.grad(lambda x: np.sum(gt.checkpoint(block)(x)))(x), gt.grad(lambda x: np.sum(block(x)))(x)
    )
    np.testing.assert_allclose(
        gt.hessian(lambda x: np.sum(gt.checkpoint(block)(x)))(x), gt.hessian(lambda x: np.sum(block(x)))(x)
    )


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_block_has_its_source_s_dtype(mode):
    j = gt.jacobian(lambda a, b: a * b, argnums=(0, 1), mode=mode)(np.float32([1.0, 2.0]), np.float64([3.0, 4.0]))
    assert [b.dtype for b in j] == [np.float32, np.float64]
    np.testing.assert_allclose(j[0], np.diag([3.0, 4.0]))


def test_a_function_that_returns_a_plain_number_is_told_by_its_name():
    def model(x):
        return float(x) * 2.0

    with pytest.warns(gt.MissingGradientWarning, match=r"from `model\(\.\.\.\)` to `x`: `float\(x\)` .* \[GT202"):
        assert gt.grad(model)(1.0) == 0.0
