"""Transformations of optax as optimizers: the numbers of optax itself."""

import io

import numpy as np
import pytest

import gradtape as gt
from gradtape import checkpoints, optim
from gradtape.errors import MissingGradientError, NotFiniteError, OperandError, ShapeError

optax = pytest.importorskip("optax")
jax = pytest.importorskip("jax")

MADE = {
    "adam": lambda: optax.adam(0.1),
    "chain": lambda: optax.chain(optax.clip_by_global_norm(0.5), optax.adamw(optax.cosine_decay_schedule(0.1, 8))),
    "lion": lambda: optax.lion(0.01),
    "injected": lambda: optax.inject_hyperparams(optax.rmsprop)(learning_rate=0.1),
    "masked": lambda: optax.masked(optax.sgd(0.1), lambda p: jax.tree.map(lambda x: x.ndim > 1, p)),
    "noise": lambda: optax.chain(optax.add_noise(0.1, 0.5, 3), optax.sgd(0.1)),
}
START = {"kernel": np.linspace(-1, 1, 6).reshape(2, 3), "bias": np.linspace(1, 2, 3)}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "dtype",
    [
        np.float32,  # each of the others is compiled anew
        pytest.param(np.float64, marks=pytest.mark.thorough),
        pytest.param("bfloat16", marks=pytest.mark.thorough),
    ],
)
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.thorough) if n == "noise" else n for n in MADE]
)  # JAX compiles its random numbers for seconds
def test_numbers_are_those_of_optax(name, dtype):
    if dtype == "bfloat16":
        dtype = jax.numpy.bfloat16
    ours = {n: gt.Variable(v.astype(dtype), name=n) for n, v in START.items()}
    optimizer = optim.Optax(MADE[name]())
    with jax.enable_x64(dtype is np.float64):
        tx = MADE[name]()
        theirs = {n: jax.numpy.asarray(v.astype(dtype)) for n, v in START.items()}
        state = tx.init(theirs)
        step = jax.jit(lambda g, s, p: tx.update(g, s, p))
        for k in range(10):
            grads = {n: np.cos(v + k).astype(dtype) for n, v in START.items()}
            updates, state = step(grads, state, theirs)
            theirs = optax.apply_updates(theirs, updates)
            optimizer.apply_gradients([(grads[n], ours[n]) for n in START])
        for n in START:
            assert ours[n].dtype == dtype
            tolerance = 0.02 if dtype == jax.numpy.bfloat16 else 1e-6 if dtype is np.float32 else 1e-13
            np.testing.assert_allclose(ours[n].numpy().astype(float), np.asarray(theirs[n], float), rtol=tolerance)
    assert int(optimizer.iterations) == 10


def test_it_learns_and_says_why_not():
    w, b = gt.Variable([1.0, -2.0]), gt.Variable(1.0)
    optimizer = optim.Optax(optax.adam(0.3))
    for _ in range(60):
        optimizer.minimize(lambda: (w * w).sum() + b * b, [w, b])
    assert abs(w.numpy()).max() < 0.1
    before = w.numpy()
    with pytest.warns(gt.MissingGradientWarning, match="`w` stays as it is"):
        optimizer.apply([None, 1.0], [w, b])
    np.testing.assert_array_equal(w.numpy(), before)
    with pytest.raises(MissingGradientError):
        optimizer.apply([None, None], [w, b])
    with pytest.raises(NotFiniteError, match="`b`"):
        optimizer.apply([np.ones(2), np.nan], [w, b])
    with pytest.raises(ShapeError):
        optimizer.apply([np.ones(3), 1.0], [w, b])
    with pytest.raises(OperandError, match="no `init` and `update`"):
        optim.Optax("adam")
    with pytest.raises(NotImplementedError, match="functions"):
        optimizer.get_config()
    assert "adam" not in repr(optimizer) or repr(optimizer).startswith("Optax(")


def test_the_transformation_may_see_what_is_not_finite():
    w = gt.Variable([1.0])
    optimizer = optim.Optax(optax.apply_if_finite(optax.sgd(0.5), 3), check_finite=False)
    optimizer.apply([[np.nan]], [w])
    assert float(w[0]) == 1
    optimizer.apply([[1.0]], [w])
    assert float(w[0]) == 0.5


def test_the_learning_rate_of_injected_hyperparameters():
    w = gt.Variable([1.0])
    optimizer = optim.Optax(optax.inject_hyperparams(optax.sgd)(learning_rate=0.5))
    with pytest.raises(AttributeError, match="build or apply it first"):
        optimizer.learning_rate = 0.25
    optimizer.apply([[1.0]], [w])
    assert float(optimizer.learning_rate) == 0.5
    optimizer.learning_rate = 0.25
    optimizer.apply([[1.0]], [w])
    assert float(w[0]) == 0.25
    other = optim.Optax(optax.sgd(0.5))
    other.build([w])
    with pytest.raises(AttributeError, match="inject_hyperparams"):
        other.learning_rate.numpy()


def test_checkpoints_have_the_state():
    file = io.BytesIO()
    w = gt.Variable(np.ones(3), name="w")
    optimizer = optim.Optax(MADE["chain"]())
    for k in range(3):
        optimizer.apply([np.arange(3) - k], [w])
    checkpoints.save(file, {"w": w, "optimizer": optimizer})
    names = checkpoints.load(file)["optimizer"]
    assert any(n.endswith("mu.w") for n in names), names
    v, fresh = gt.Variable(np.zeros(3), name="w"), optim.Optax(MADE["chain"]())
    checkpoints.load(file, {"w": v, "optimizer": fresh})
    for k in range(3):
        optimizer.apply([np.arange(3) * k], [w])
        fresh.apply([np.arange(3) * k], [v])
    np.testing.assert_array_equal(w.numpy(), v.numpy())
