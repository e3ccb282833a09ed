"""The numbers, signatures and configurations of Keras: as written down, and live where Keras is installed."""

import importlib.util
import inspect
import json
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

import gradtape as gt
from gradtape import optim
from tests.optim import keras_cases

FIXTURES = Path(__file__).parent / "fixtures"
RECORDED = np.load(FIXTURES / "keras.npz")
KERAS = importlib.util.find_spec("keras") is not None

# rounding of one step, relative to the size of parameters and steps, which is about 1
ROUNDING = {"float32": 5e-6, "float64": 3e-14}
# Keras has some numbers in float32 even where the variables are float64: a rate from a schedule, Nadam's 0.96
OF_FLOAT32 = {"schedule", "schedule and accumulation", "Nadam"}


def make(case, variables, dtype="float32"):
    kind, arguments = keras_cases.CASES[case]
    arguments = dict(arguments)
    if isinstance(arguments.get("learning_rate"), str):
        schedule, its = keras_cases.SCHEDULES[arguments["learning_rate"]]
        arguments["learning_rate"] = getattr(optim.schedules, schedule)(**its)
    cls = getattr(optim, kind)
    optimizer = cls.from_config(keras_cases.arguments_in(dtype, cls(**arguments).get_config()))
    if case in keras_cases.EXCLUDED:
        optimizer.exclude_from_weight_decay(var_names=keras_cases.EXCLUDED[case])
    optimizer.build(variables)
    return optimizer


def run(case, dtype, change=None):
    variables = {n: gt.Variable(v, name=n) for n, v in keras_cases.first_values(dtype).items()}
    optimizer = make(case, list(variables.values()), dtype)
    if change is not None:
        change(optimizer)
    rows = []
    for step in range(1, keras_cases.STEPS + 1):
        found = keras_cases.gradients(case, step, dtype)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", gt.MissingGradientWarning)
            optimizer.apply_gradients(zip(found.values(), variables.values(), strict=True))
        if step == keras_cases.STEPS and case in keras_cases.FINALIZED:
            optimizer.finalize_variable_values(list(variables.values()))
        if step in keras_cases.SNAPSHOTS:
            rows.append(np.concatenate([np.ravel(v.numpy()) for v in variables.values()]))
    assert {v.dtype for v in variables.values()} == {np.dtype(dtype)}
    return np.array(rows)


@pytest.mark.parametrize("dtype", keras_cases.DTYPES)
@pytest.mark.parametrize("case", keras_cases.CASES)
def test_every_parameter_is_that_of_keras(case, dtype):
    ours, theirs = run(case, dtype), RECORDED[f"{case}/{dtype}"]
    limit = ROUNDING["float32" if case in OF_FLOAT32 else dtype] * np.maximum(1, np.abs(theirs))
    off = np.abs(ours - theirs) / limit
    assert np.isfinite(theirs).all()
    assert off.max() <= 1, f"{off.max():.3g} times the limit, at {np.unravel_index(off.argmax(), off.shape)}"


@pytest.mark.parametrize("block", [1, 5])
@pytest.mark.parametrize("case", ["SGD nesterov", "RMSprop all", "Adam amsgrad", "AdamW", "Ftrl penalties", "Nadam"])
def test_blocks_do_not_change_the_numbers(case, block, monkeypatch):
    whole = run(case, "float64")
    monkeypatch.setattr("gradtape.optim.updates.BLOCK", block)
    np.testing.assert_array_equal(run(case, "float64"), whole)


def test_a_wrong_rule_is_noticed():
    """Plant errors of 1 in 1,000 in the hyperparameters; no case may let one pass."""
    for case, name in [
        ("Adam", "beta_2"),
        ("Nadam", "beta_1"),
        ("RMSprop", "rho"),
        ("Lamb", "beta_1"),
        ("Ftrl", "beta"),
    ]:

        def change(optimizer, name=name):
            setattr(optimizer, name, getattr(optimizer, name) * 0.999 + (1e-3 if name == "beta" else 0))

        off = np.abs(run(case, "float64", change) - RECORDED[f"{case}/float64"])
        assert off.max() > 1e-6, case


@pytest.mark.parametrize("name", keras_cases.SCHEDULES)
def test_schedules(name):
    kind, arguments = keras_cases.SCHEDULES[name]
    schedule = getattr(optim.schedules, kind)(**arguments)
    steps = np.array(keras_cases.SCHEDULE_STEPS)
    # Keras computes them in float32
    np.testing.assert_allclose(schedule(steps).numpy(), RECORDED[f"schedule/{name}"], rtol=1e-6, atol=1e-8)
    np.testing.assert_array_equal([float(schedule(k)) for k in steps], schedule(steps).numpy())
    again = optim.schedules.deserialize(json.loads(json.dumps(optim.schedules.serialize(schedule))))
    assert again.get_config() == schedule.get_config()
    assert type(again) is type(schedule)


@pytest.fixture(scope="module")
def keras():
    if not KERAS:
        pytest.skip("Keras is not installed")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = importlib.import_module("keras")
    recorded = json.loads((FIXTURES / "keras.json").read_text(encoding="utf-8"))["keras"]
    if found.__version__.rpartition(".")[0] != recorded.rpartition(".")[0]:
        pytest.skip(f"this is Keras {found.__version__}; names and numbers are those of {recorded}")
    return found


def test_the_recorded_numbers_are_those_of_the_keras_that_is_here(keras):
    spec = importlib.util.spec_from_file_location("keras_optimizers", FIXTURES.parents[2] / "tools/keras_optimizers.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    before = keras.config.floatx()
    try:
        for case in set(keras_cases.CASES) - keras_cases.WITH_JAX:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # TensorFlow's own
                again = tool.run(case, "float64")
            np.testing.assert_allclose(again, RECORDED[f"{case}/float64"], rtol=1e-12, err_msg=case)
    finally:
        keras.config.set_floatx(before)


def arguments_of(kind):
    return {p.name: p.default for p in inspect.signature(kind).parameters.values() if p.name not in {"kwargs", "self"}}


@pytest.mark.parametrize(
    "name", sorted(set(optim.__all__) - {"deserialize", "get", "schedules", "serialize", "Optimizer", "Optax"})
)
def test_arguments_and_defaults_are_those_of_keras(keras, name):
    assert arguments_of(getattr(optim, name)) == arguments_of(getattr(keras.optimizers, name))


@pytest.mark.parametrize("name", optim.schedules.__all__[:6])
def test_arguments_of_schedules(keras, name):
    assert arguments_of(getattr(optim.schedules, name)) == arguments_of(getattr(keras.optimizers.schedules, name))


@pytest.mark.parametrize("case", keras_cases.CASES)
def test_configurations_travel_both_ways(keras, case):
    ours = make(case, [])
    form = optim.serialize(ours)
    if form["class_name"] == "Lamb":  # Keras's `deserialize` does not know it, nor does it know its own form of it
        theirs = keras.optimizers.Lamb.from_config(form["config"])
    else:
        theirs = keras.optimizers.deserialize(form)
    assert type(theirs).__name__ == type(ours).__name__
    back = optim.deserialize(keras.optimizers.serialize(theirs))
    a, b = ours.get_config(), back.get_config()
    if isinstance(a["learning_rate"], float):
        assert b.pop("learning_rate") == pytest.approx(a.pop("learning_rate"), rel=1e-6)
    assert a == b


def test_sparse_gradients_of_the_tape(keras):
    """A row that is picked once: Keras gets slices, ours the same as a full array."""
    tensorflow = importlib.import_module("tensorflow")
    table = np.linspace(-1, 1, 8).reshape(4, 2)
    for name in ("SGD", "Adam", "RMSprop", "Adagrad"):
        theirs, ours = tensorflow.Variable(table), gt.tf.Variable(table)
        config = keras_cases.arguments_in("float64", getattr(optim, name)(0.1).get_config())
        optimizers = [getattr(where, name).from_config(dict(config)) for where in (keras.optimizers, optim)]
        for _ in range(3):
            for tf, variable, optimizer in zip((tensorflow, gt.tf), (theirs, ours), optimizers, strict=True):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_sum(tf.gather(variable, [2, 0]) ** 2)
                gradient = tape.gradient(loss, variable)
                assert isinstance(gradient, tf.IndexedSlices)
                optimizer.apply_gradients([(gradient, variable)])
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)
