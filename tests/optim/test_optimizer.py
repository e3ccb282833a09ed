"""What all optimizers share: what they take, what they refuse, what they leave alone."""

import copy
import gc
import json
import pickle
import warnings

import ml_dtypes
import numpy as np
import pytest

import gradtape as gt
from gradtape import optim
from gradtape.errors import (
    DTypeError,
    MissingGradientError,
    NotFiniteError,
    OperandError,
    ShapeError,
    SourceError,
    TapeStateError,
)
from gradtape.tape import missing

OTHERS = {"Optimizer", "LossScaleOptimizer", "Optax"}
ALL = [optim.get(name) for name in optim.__all__ if name[0].isupper() and name not in OTHERS]
NAMES = [type(o).__name__ for o in ALL]


def made(name, **arguments):
    return optim.deserialize({"class_name": name, "config": arguments})


def quadratic(*variables):
    return sum((abs(v) ** 2).sum() for v in variables)


@pytest.mark.parametrize("name", NAMES)
def test_every_optimizer_descends(name):
    w, b = gt.Variable(np.linspace(-2, 2, 6).reshape(2, 3)), gt.Variable(1.5)
    optimizer = made(name, learning_rate=1.0 if name == "Adadelta" else 0.1)
    before = float(quadratic(w, b))
    for _ in range(60):
        optimizer.minimize(lambda: quadratic(w, b), [w, b])
    assert float(quadratic(w, b)) < 0.9 * before
    assert int(optimizer.iterations) == 60


@pytest.mark.parametrize("name", NAMES)
def test_the_state_is_all_there_is(name):
    """A second optimizer with the same arguments and weights goes on in the same way, bit for bit."""
    first = made(name)
    second = optim.deserialize(json.loads(json.dumps(optim.serialize(first))))
    w, v = (gt.Variable(np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)) for _ in "ab")
    gradients = np.random.default_rng(0).standard_normal((8, 3, 4)).astype(np.float32)
    for g in gradients[:4]:
        first.apply([g], [w])
    second.build([v])
    v.assign(w)
    second.set_weights(first.get_weights())
    for g in gradients[4:]:
        first.apply([g], [w])
        second.apply([g])
    np.testing.assert_array_equal(w.numpy(), v.numpy())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_half_precision_is_updated_in_single(name, dtype):
    start = np.linspace(-2, 2, 6, dtype=np.float32).reshape(2, 3)
    wide, half = gt.Variable(start.astype(dtype).astype(np.float32)), gt.Variable(start.astype(dtype))
    g = np.linspace(-1e-4, 2e-4, 6).reshape(2, 3).astype(dtype)
    one, two = made(name), made(name)
    one.apply([g.astype(np.float32)], [wide])
    two.apply([g], [half])
    assert half.dtype == dtype
    np.testing.assert_array_equal(half.numpy(), wide.numpy().astype(dtype))
    assert {v.dtype.name for v in two.variables[2:]} <= {"float32"}


@pytest.mark.parametrize("name", NAMES)
def test_a_complex_variable_is_two_real_ones(name):
    start = np.linspace(-1, 1, 4) + 1j * np.linspace(2, 1, 4)
    z, parts = gt.Variable(start), gt.Variable(np.stack([start.real, start.imag], -1).ravel())
    if not type(made(name)).PAIRS:
        with pytest.raises(DTypeError, match="`z` is complex"):
            made(name).apply([start], [z])
        assert not np.any(z.numpy() != start)
        return
    one, two = made(name), made(name)
    for _ in range(3):
        one.minimize(lambda: quadratic(z), z)
        two.minimize(lambda: quadratic(parts), parts)
    np.testing.assert_allclose(z.numpy().view(float), parts.numpy(), rtol=1e-14)


@pytest.mark.parametrize(
    ("gradient", "variable", "error", "words"),
    [
        (
            np.ones(3),
            gt.Variable([1.0, 2.0]),
            ShapeError,
            r"`grads\[1\]` has shape \(3,\), `variable` has shape \(2,\)",
        ),
        (1.0, gt.Variable([1.0, 2.0]), ShapeError, "same order"),
        ("x", gt.Variable([1.0, 2.0]), OperandError, "gradient of `variable`, is a str"),
        (np.array([1j, 2]), gt.Variable([1.0, 2.0]), DTypeError, "complex128.*np.real"),
        (
            np.array([np.nan, np.inf]),
            gt.Variable([1.0, 2.0]),
            NotFiniteError,
            "`variable` is not finite: 1 NaN and 1 infinite of 2",
        ),
        (np.ones(2), gt.Variable([1, 2]), DTypeError, "int64, whose values cannot move.*3.0"),
        (np.ones(2), np.ones(2), SourceError, r"`variables\[1\]` is float64 array.*gradtape.Variable"),
        (np.ones(2), gt.constant([1.0, 2.0]), SourceError, "not a variable"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(gradient, variable, error, words):
    good = gt.Variable([5.0, 6.0])
    optimizer = optim.SGD(0.5, momentum=0.9)
    optimizer.apply([np.ones(2)], [good])
    fresh = optim.SGD(0.5)
    with pytest.raises(error, match=f"(?s){words}"):
        fresh.apply([np.ones(2), gradient], [good, variable])
    assert good.numpy().tolist() == [4.5, 5.5]
    assert int(fresh.iterations) == 0
    assert not fresh.built


def test_gradients_and_variables_must_be_as_many():
    w = gt.Variable(1.0)
    with pytest.raises(ShapeError, match="2 gradients for 1 variables"):
        optim.SGD().apply([1.0, 2.0], [w])
    with pytest.raises(SourceError, match="same variable"):
        optim.SGD().apply([1.0, 2.0], [w, w])
    with pytest.raises(SourceError, match="does not know its variables"):
        optim.SGD().apply([1.0])
    with pytest.raises(OperandError, match="zip"):
        optim.SGD().apply_gradients([(1.0, w, 3)])
    optimizer = optim.SGD()
    optimizer.build([w])
    other = gt.Variable(1.0)
    with pytest.raises(SourceError, match="`other` is unknown to this optimizer"):
        optimizer.apply([1.0], [other])
    optimizer.apply([], [])
    assert int(optimizer.iterations) == 0


def test_nested_structures_and_holders_of_variables():
    parameters = {"a": [gt.Variable(1.0), gt.Variable([1.0, 2.0])], "b": gt.Variable(3.0)}
    with gt.GradientTape() as tape:
        loss = parameters["a"][0] * 2 + parameters["a"][1].sum() + parameters["b"] * 3
    optim.SGD(1.0).apply(tape.gradient(loss, parameters), parameters)
    assert float(parameters["a"][0]) == -1
    assert parameters["a"][1].numpy().tolist() == [0, 1]
    assert float(parameters["b"]) == 0

    class Line(gt.tf.Module):
        def __init__(self):
            super().__init__()
            self.w = gt.tf.Variable(1.0)

    line = Line()
    optim.SGD(0.5).minimize(lambda: line.w * line.w, line)
    assert float(line.w) == 0


def test_a_missing_gradient_is_told_with_its_reason():
    w, b = gt.Variable([1.0, 2.0]), gt.Variable(1.0)
    optimizer = optim.SGD(0.5)
    for step in range(3):
        with gt.GradientTape() as tape:
            loss = np.sum(np.floor(w) ** 2) + b
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            g = tape.gradient(loss, [w, b])
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            optimizer.apply_gradients(zip(g, [w, b], strict=True))
        assert len(told) == (step == 0), "each variable is told of once"
        if not step:
            assert told[0].filename == __file__
            text = str(told[0].message)
            assert text.startswith("`w` stays as it is, because its gradient is None: no gradient from `loss` to `w`")
            assert "GT302" in text
    assert float(b) == -0.5
    assert w.numpy().tolist() == [1, 2]


def test_no_gradient_at_all_raises_the_diagnosis():
    w = gt.Variable([1.0, 2.0])
    with gt.GradientTape() as tape:
        loss = np.sum(np.floor(w) ** 2)
    with pytest.warns(gt.MissingGradientWarning):
        g = tape.gradient(loss, [w])
    with pytest.raises(
        MissingGradientError, match=r"(?s)gradient of `w` is None.*GT302.*\^\^\^.*straight_through"
    ) as e:
        optim.Adam().apply_gradients(zip(g, [w], strict=True))
    assert e.value.diagnostic.code.number == "GT302"
    assert "No gradients provided" not in str(e.value)


def test_an_update_is_no_route_of_an_explanation():
    """Two steps update both variables; the third breaks one of them, and nothing is said of the steps before."""
    w, b = gt.Variable([1.0, 2.0]), gt.Variable([1.0, 2.0])
    optimizer = optim.Adam(0.1)
    for step in range(3):
        with gt.GradientTape() as tape:
            loss = np.sum(w * b) if step < 2 else np.sum(w * np.floor(b))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", gt.MissingGradientWarning)
            optimizer.apply(tape.gradient(loss, [w, b]), [w, b])
    (finding,) = tape.why(loss, b).findings
    assert finding.code.number == "GT302"
    assert "nothing else uses `b`" in str(tape.why(loss, b)) or "the only route" in str(tape.why(loss, b))
    assert "assign" not in str(tape.why(loss, b))


def test_where_somebody_listens_the_reasons_are_left_to_him():
    heard = []
    missing.LISTENERS.append(heard.append)
    try:
        w, b = gt.Variable([1.0, 2.0]), gt.Variable(1.0)
        with gt.GradientTape() as tape:
            loss = np.sum(np.floor(w)) + b
        g = tape.gradient(loss, [w, b])
        optim.SGD(0.5).apply(g, [w, b])  # a warning would be an error
        with pytest.raises(MissingGradientError, match="the report"):
            optim.SGD().apply([None], [w])
    finally:
        missing.LISTENERS.remove(heard.append)
    assert float(b) == 0.5
    assert len(heard) == 1


def test_an_old_reason_is_not_given_for_a_new_none():
    w = gt.Variable([1.0, 2.0])
    with gt.GradientTape(persistent=True) as tape:
        broken, good = np.sum(np.floor(w)), np.sum(w)
    with pytest.warns(gt.MissingGradientWarning):
        tape.gradient(broken, w)
    tape.gradient(good, w)
    with pytest.raises(MissingGradientError) as e:
        optim.SGD().apply([None], [w])
    assert "GT302" not in str(e.value)
    assert "tape.why" in str(e.value)


def test_minimize_tells_where_a_number_was_lost():
    w = gt.Variable([0.0, 4.0])
    with pytest.raises(NotFiniteError) as e:
        optim.SGD().minimize(lambda: np.sum(np.sqrt(w)), [w])
    assert e.value.diagnostic.code.number == "GT401"
    assert w.numpy().tolist() == [0, 4]


def test_minimize():
    w = gt.Variable(3.0)
    optimizer = optim.SGD(0.5)
    with gt.GradientTape() as tape:
        loss = w * w
    optimizer.minimize(loss, lambda: [w], tape=tape)
    assert float(w) == 0
    with pytest.raises(TapeStateError, match="tape="):
        optimizer.minimize(loss, [w])
    w.assign(3.0)
    assert int(optimizer.minimize(lambda: w * w, [w])) == 2
    scaled = optim.SGD(0.5, loss_scale_factor=1024.0)
    w.assign(3.0)
    scaled.minimize(lambda: w * w, [w])
    assert float(w) == 0
    assert float(scaled.scale_loss(gt.constant(2.0))) == 2048


def test_an_update_under_a_tape_is_not_recorded_and_changes_no_gradient():
    w = gt.Variable([1.0, 2.0])
    optimizer = optim.Adam(0.1)
    with gt.GradientTape() as outer:
        with gt.GradientTape() as tape:
            loss = (w**3).sum()
        g = tape.gradient(loss, w)
        before = len(outer._recording.written)
        optimizer.apply([g], [w])
        assert len(outer._recording.written) == before
        later = (w * w).sum()
    assert outer.gradient(loss, w).numpy().tolist() == [3, 12]
    assert later.numpy() == pytest.approx(0.9**2 + 1.9**2, rel=1e-4)


def test_values_that_a_tape_or_a_user_holds_stay_as_they_are():
    w = gt.Variable([1.0, 2.0])
    optimizer = optim.Adam(0.1)
    optimizer.apply([np.ones(2)], [w])
    held = [v._value for v in [w, *optimizer.variables]]
    kept = [np.array(v) for v in held]
    with gt.GradientTape() as tape:
        y = (w * optimizer.variables[2]).sum()
    optimizer.apply([np.ones(2)], [w])
    for value, before in zip(held, kept, strict=True):
        np.testing.assert_array_equal(value, before)
    np.testing.assert_array_equal(tape.gradient(y, w).numpy(), kept[3])


@pytest.mark.parametrize("name", NAMES)
def test_small_variables_together_are_as_each_alone(name):
    """To the last bit, with scalars, several dtypes and variables that do not decay between them."""
    rng = np.random.default_rng(0)
    shapes = [(3,), (2, 3), (), (40, 40), (5,), (0,), (4, 1)]
    other = "float32" if name == "Nadam" else "float64"  # Nadam keeps one product for all, in the first one's dtype
    firsts = [rng.normal(size=s).astype(other if k == 4 else "float32") for k, s in enumerate(shapes)]
    steps = [[rng.normal(size=s).astype(w.dtype) for s, w in zip(shapes, firsts, strict=True)] for _ in range(3)]
    together = [gt.Variable(w, name=f"w{k}") for k, w in enumerate(firsts)]
    alone = [gt.Variable(w, name=f"w{k}") for k, w in enumerate(firsts)]
    one, *several = (made(name, weight_decay=0.1, learning_rate=0.05) for _ in range(len(alone) + 1))
    for optimizer in (one, *several):
        optimizer.exclude_from_weight_decay(var_names=["w1"])
    for gradients in steps:
        one.apply(gradients, together)
        for optimizer, gradient, w in zip(several, gradients, alone, strict=True):
            optimizer.apply([gradient], [w])
    for a, b in zip(together, alone, strict=True):
        np.testing.assert_array_equal(a, b)


def test_slots_are_written_to_in_place():
    w = gt.Variable(np.ones(1000))
    optimizer = optim.Adam()
    optimizer.apply([np.ones(1000)], [w])
    places = [v._value.ctypes.data for v in optimizer.variables[2:]]
    optimizer.apply([np.ones(1000)], [w])
    assert places == [v._value.ctypes.data for v in optimizer.variables[2:]]


def test_the_gradient_is_left_alone():
    for optimizer in map(made, NAMES):
        g = np.linspace(-1, 1, 6).reshape(2, 3)
        kept = g.copy()
        w = gt.Variable(np.ones((2, 3)))
        optimizer.apply([g], [w])
        optimizer.apply([g], [w])
        np.testing.assert_array_equal(g, kept)


@pytest.mark.parametrize("name", NAMES)
def test_layouts_and_sizes(name):
    """Columns first, empty, one number and many: the same numbers as row by row."""
    start = np.random.default_rng(1).standard_normal((130, 140))
    a, b = gt.Variable(start), gt.Variable(np.asfortranarray(start))
    one, two = made(name), made(name)
    for _ in range(2):
        one.apply([start], [a])
        two.apply([np.asfortranarray(start)], [b])
    np.testing.assert_array_equal(a.numpy(), b.numpy())
    empty, scalar = gt.Variable(np.empty((0, 3))), gt.Variable(2.0)
    made(name).apply([np.empty((0, 3)), 1.0], [empty, scalar])
    assert np.isfinite(scalar.numpy())
    assert scalar.shape == ()
    assert empty.shape == (0, 3)


def test_the_learning_rate():
    w = gt.Variable(1.0)
    optimizer = optim.SGD(0.5)
    optimizer.learning_rate = 0.25
    assert float(optimizer.learning_rate) == 0.25
    optimizer.learning_rate.assign(0.125)
    optimizer.apply([1.0], [w])
    assert float(w) == 0.875
    optimizer.learning_rate = optim.schedules.PiecewiseConstantDecay([1], [1.0, 0.5])
    optimizer.apply([1.0], [w])
    assert float(w) == -0.125
    assert float(optimizer.learning_rate) == 0.5
    with pytest.raises(TypeError, match="follows PiecewiseConstantDecay"):
        optimizer.learning_rate = 0.1
    rates = iter([1.0, 2.0, 3.0])
    follow = optim.SGD(lambda: next(rates))
    follow.apply([1.0], [w])
    follow.apply([1.0], [w])
    assert float(w) == -3.125
    for wrong in ("fast", [0.1, 0.2], None):
        with pytest.raises(OperandError, match=r"learning_rate: .* is no number"):
            optim.SGD(wrong)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "only one of"),
        ({"gradient_accumulation_steps": 1}, "at least 2"),
        ({"use_ema": True, "ema_momentum": 2.0}, "ema_momentum"),
        ({"use_ema": True, "ema_overwrite_frequency": 0}, "ema_overwrite_frequency"),
        ({"momentum": 1.5}, "momentum"),
    ],
)
def test_arguments_that_make_no_sense(arguments, words):
    with pytest.raises(ValueError, match=words):
        optim.SGD(**arguments)


def test_other_arguments_that_make_no_sense():
    with pytest.raises(TypeError, match="'lr'"):
        optim.SGD(lr=0.1)
    with pytest.raises(ValueError, match="weight_decay"):
        optim.AdamW(weight_decay=None)
    with pytest.raises(ValueError, match="beta_1"):
        optim.Lion(beta_1=0.0)
    for argument in ("l1_regularization_strength", "initial_accumulator_value"):
        with pytest.raises(ValueError, match=argument):
            optim.Ftrl(**{argument: -1.0})
    with pytest.raises(ValueError, match="decay_steps"):
        optim.schedules.ExponentialDecay(0.1, 0, 0.5)
    with pytest.raises(ValueError, match="one more than boundaries"):
        optim.schedules.PiecewiseConstantDecay([1], [0.1])


def test_names_and_configurations():
    assert isinstance(optim.get("ADAM"), optim.Adam)
    assert optim.get(None) is None
    adam = optim.Adam(optim.schedules.CosineDecay(0.1, 10), clipnorm=1.0)
    assert optim.get(adam) is adam
    again = optim.get(json.loads(json.dumps(optim.serialize(adam))))
    assert again.get_config() == adam.get_config()
    assert isinstance(again._rate, optim.schedules.CosineDecay)
    for wrong in ("adamm", 3, optim.schedules.CosineDecay(0.1, 10)):
        with pytest.raises(ValueError, match="AdamW"):
            optim.get(wrong)
    with pytest.raises(TypeError, match="class_name"):
        optim.deserialize({})
    assert repr(optim.SGD(0.5)).startswith("SGD(learning_rate=0.5, ")


def test_an_optimizer_of_ones_own():
    class SignDescent(optim.Optimizer):
        learning_rate: float = 0.25
        factor: float = 2.0

        def rule(self, constants, w, g, out):
            np.multiply(np.sign(g), self.factor * constants, out=out)
            np.subtract(w, out, out=out)

    w = gt.Variable([1.0, -1.0])
    optimizer = SignDescent()
    optimizer.minimize(lambda: quadratic(w), w)
    assert w.numpy().tolist() == [0.5, -0.5]
    form = optim.serialize(optimizer)
    assert form["module"] == __name__
    assert optim.deserialize(form, {"SignDescent": SignDescent}).factor == 2
    with pytest.raises(NotImplementedError, match="no rule"):
        optim.Optimizer(0.1).apply([np.ones(2)], [w])


def test_weight_decay_leaves_variables_out():
    w, b = gt.Variable(1.0, name="kernel"), gt.Variable(1.0, name="bias")
    optimizer = optim.SGD(0.5, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bi.s"])
    optimizer.apply([0.0, 0.0], [w, b])
    assert (float(w), float(b)) == (0.75, 1)
    with pytest.raises(ValueError, match="before"):
        optimizer.exclude_from_weight_decay([w])
    other = optim.SGD(0.5, weight_decay=0.5)
    other.exclude_from_weight_decay([w])
    other.apply([0.0, 0.0], [w, b])
    assert (float(w), float(b)) == (0.75, 0.75)


def test_averages_can_be_put_into_some_variables():
    w, b = gt.Variable(1.0), gt.Variable(1.0)
    optimizer = optim.SGD(1.0, use_ema=True, ema_momentum=0.5)
    for _ in range(2):
        optimizer.apply([1.0, 1.0], [w, b])
    optimizer.finalize_variable_values([w])
    assert (float(w), float(b)) == (-0.5, -1)
    with pytest.raises(SourceError, match="unknown"):
        optimizer.finalize_variable_values([gt.Variable(1.0)])
    optim.SGD().finalize_variable_values([w])
    assert float(w) == -0.5


def test_constraints_of_tensorflows_variables():
    w = gt.tf.Variable([1.0, -1.0], constraint=lambda v: gt.tf.maximum(v, 0.0))
    optim.SGD(0.5).apply([[1.0, 1.0]], [w])
    assert w.numpy().tolist() == [0.5, 0]


def test_loss_scale_follows_what_overflows():
    w = gt.Variable(np.float16([1.0]))
    optimizer = optim.LossScaleOptimizer(optim.SGD(0.5), initial_scale=4.0, dynamic_growth_steps=2)
    optimizer.apply([np.float16([np.inf])], [w])
    assert (float(w[0]), float(optimizer.dynamic_scale), int(optimizer.iterations)) == (1, 2, 0)
    for scale in (2.0, 4.0):
        optimizer.apply([np.float16([optimizer.dynamic_scale * 0.5])], [w])
        assert float(optimizer.dynamic_scale) == scale
    assert (float(w[0]), int(optimizer.iterations)) == (0.5, 2)
    again = optim.deserialize(json.loads(json.dumps(optim.serialize(optimizer))))
    assert again.inner_optimizer.get_config() == optimizer.inner_optimizer.get_config()
    optimizer.learning_rate = 0.125
    assert float(optimizer.inner_optimizer.learning_rate) == 0.125
    assert len(optimizer.variables) == 4
    with pytest.raises(TypeError, match="inner_optimizer"):
        optim.LossScaleOptimizer("adam")


def test_small_gradients_survive_in_half_precision():
    """Without the scale, the gradient of 1e-8 is zero in float16; with it, a step of 1e-8 * 1e6 is made."""
    w = gt.Variable(np.float16([1.0]))

    def loss():
        return (w * np.float16(1e-4)).sum() * np.float16(1e-4)

    for scale, expected in ((1.0, 1.0), (2.0**14, 0.99)):
        w.assign([1.0])
        optim.LossScaleOptimizer(optim.SGD(1e6), initial_scale=scale).minimize(loss, [w])
        assert float(w[0]) == pytest.approx(expected, abs=1e-3)


def test_large_gradients_are_clipped_without_overflow():
    w = gt.Variable(np.zeros(2, np.float32))
    optim.SGD(1.0, clipnorm=1.0).apply([np.float32([3e30, 4e30])], [w])
    np.testing.assert_allclose(w.numpy(), [-0.6, -0.8], rtol=1e-6)
    optim.SGD(1.0, clipvalue=1.0).apply([np.float32([np.inf, 0.0])], [w])
    np.testing.assert_allclose(w.numpy(), [-1.6, -0.8], rtol=1e-6)
    with pytest.raises(NotFiniteError):
        optim.SGD(1.0, clipvalue=1.0).apply([np.float32([np.nan, 0.0])], [w])


def test_an_optimizer_holds_no_gradients():
    w = gt.Variable(np.ones(10))
    optimizer = optim.Adam(clipnorm=1.0)
    g = np.ones(10)
    optimizer.apply([g], [w])
    gc.collect()
    assert not [o for o in gc.get_referrers(g) if o is not globals() and type(o) is list]


def test_copies_and_pickles_go_on_alike():
    parameters = {"w": gt.Variable([1.0, 2.0]), "b": gt.Variable(0.5)}
    for optimizer in (optim.Adam(0.1), optim.Nadam(0.1), optim.LossScaleOptimizer(optim.SGD(0.1, momentum=0.9))):
        optimizer.minimize(lambda: quadratic(*parameters.values()), parameters)
        pickled, its = pickle.loads(pickle.dumps((optimizer, parameters)))
        twins = {name: gt.Variable(v.numpy()) for name, v in parameters.items()}
        memo = {id(v): twins[name] for name, v in parameters.items()}
        copied = copy.deepcopy(optimizer, memo)
        for each, variables in ((optimizer, parameters), (copied, twins), (pickled, its)):
            for _ in range(3):
                each.minimize(lambda variables=variables: quadratic(*variables.values()), variables)
        for name, v in parameters.items():
            np.testing.assert_array_equal(v.numpy(), twins[name].numpy())
            np.testing.assert_array_equal(v.numpy(), its[name].numpy())
    follow = optim.SGD(lambda: 0.25)
    assert copy.deepcopy(follow)._rate is follow._rate
