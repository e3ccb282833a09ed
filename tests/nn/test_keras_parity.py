"""Layers and losses give what Keras gives: recorded numbers always, live ones where TensorFlow and Keras are."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.nn import cases

import gradtape as gt
from gradtape import nn
from gradtape.nn.masks import mask_of

FIXTURES = Path(__file__).parent / "fixtures"
CLOSE = {"rtol": 2e-4, "atol": 2e-5}


def recorded(name):
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))["cases"]


def keras_and_fixtures():
    keras, tf = pytest.importorskip("keras"), pytest.importorskip("tensorflow")
    import importlib.util

    spec = importlib.util.spec_from_file_location("make", FIXTURES / "make.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    return keras, tf, make


def made(value):
    if isinstance(value, cases.Layer):
        return getattr(nn, value.kind)(**{k: made(v) for k, v in value.arguments.items()})
    return [made(v) for v in value] if isinstance(value, list) else value


def tensors(value):
    return [tensors(v) for v in value] if isinstance(value, list) else gt.constant(value)


def check_layer(case, theirs):
    layer = made(case)
    inputs = tensors(cases.arrays(case))
    layer(*inputs, **case.given)
    weights = layer.weights
    assert [list(w.shape) for w in weights] == theirs["shapes"]
    for w, value in zip(
        weights, cases.weight_values([w.shape for w in weights], [w.name for w in weights]), strict=True
    ):
        w.assign(value)
    floats = cases.floats(inputs)
    with gt.GradientTape() as tape:
        tape.watch(floats)
        results = layer(*inputs, **case.given)
        results = cases.leaves([results])
        total = sum(cases.weigh(y, lambda v: v.sum()) for y in results)
    assert all(y.dtype == np.float32 for y in results if y.dtype.kind == "f")
    gradients = tape.gradient(total, floats + layer.trainable_weights, unconnected_gradients="zero")
    for y, value in zip(results, theirs["values"], strict=True):
        assert list(y.shape) == value["shape"]
        np.testing.assert_allclose(y.numpy().ravel(), value["numbers"], **CLOSE)
    for g, value in zip(gradients, theirs["gradients"], strict=True):
        np.testing.assert_allclose(g.numpy().ravel(), value, rtol=1e-3, atol=1e-4)
    for w, value in zip(layer.non_trainable_weights, theirs["after"], strict=True):
        np.testing.assert_allclose(w.numpy().ravel(), value, **CLOSE)


@pytest.mark.parametrize("name", cases.LAYERS)
def test_a_layer_as_recorded(name):
    check_layer(cases.LAYERS[name], recorded("layers")[name])


@pytest.mark.parametrize("name", cases.LAYERS)
def test_a_layer_beside_keras(name):
    keras, tf, make = keras_and_fixtures()
    check_layer(cases.LAYERS[name], make.of_layer(keras, tf, cases.LAYERS[name]))


def check_net(case, theirs):
    """A mask comes from the layer that makes it to the loss and the metrics."""
    net = nn.Sequential([made(layer) for layer in case.layers])
    net(cases.PADDED)
    values = cases.weight_values([w.shape for w in net.weights], [w.name for w in net.weights])
    for w, value in zip(net.weights, values, strict=True):
        w.assign(value)
    loss = getattr(nn.losses, case.loss)()
    with gt.GradientTape() as tape:
        y = net(cases.PADDED)
        value = loss(case.y_true, y, sample_weight=case.sample_weight)
    mask = mask_of(y)
    assert (None if mask is None else mask.astype(int).tolist()) == theirs["mask"]
    np.testing.assert_allclose(value.numpy().ravel(), theirs["value"], **CLOSE)
    gradients = tape.gradient(value, net.trainable_weights)
    for g, expected in zip(gradients, theirs["gradients"], strict=True):
        np.testing.assert_allclose(g.numpy().ravel(), expected, **CLOSE)
    net.compile("sgd", loss, [getattr(nn.metrics, case.metric)()])
    scores = net.evaluate(cases.PADDED, case.y_true, sample_weight=case.sample_weight, batch_size=2)
    np.testing.assert_allclose(scores, theirs["scores"], **CLOSE)


@pytest.mark.parametrize("name", cases.NETS)
def test_a_net_as_recorded(name):
    check_net(cases.NETS[name], recorded("nets")[name])


@pytest.mark.parametrize("name", cases.NETS)
def test_a_net_beside_keras(name):
    keras, tf, make = keras_and_fixtures()
    check_net(cases.NETS[name], make.of_net(keras, tf, cases.NETS[name]))


def check_loss(case, theirs):
    loss = getattr(nn.losses, case.kind)(**case.arguments)
    y_pred = gt.constant(case.y_pred)
    with gt.GradientTape() as tape:
        tape.watch(y_pred)
        value = loss(case.y_true, y_pred, sample_weight=case.sample_weight)
    assert value.dtype == np.float32
    np.testing.assert_allclose(value.numpy().ravel(), theirs["value"], **CLOSE)
    np.testing.assert_allclose(tape.gradient(value, y_pred).numpy().ravel(), theirs["gradient"], **CLOSE)


@pytest.mark.parametrize("name", cases.LOSSES)
def test_a_loss_as_recorded(name):
    check_loss(cases.LOSSES[name], recorded("losses")[name])


@pytest.mark.parametrize("name", cases.LOSSES)
def test_a_loss_beside_keras(name):
    keras, tf, make = keras_and_fixtures()
    check_loss(cases.LOSSES[name], make.of_loss(keras, tf, cases.LOSSES[name]))


def check_metric(case, theirs):
    metric = getattr(nn.metrics, case.kind)(**case.arguments)
    first = metric(case.y_true, case.y_pred, sample_weight=case.sample_weight)
    np.testing.assert_allclose(first.numpy().ravel(), theirs["first"], **CLOSE)
    metric.update_state(gt.constant(case.y_true[::-1]), case.y_pred, sample_weight=case.sample_weight)
    np.testing.assert_allclose(metric.result().numpy().ravel(), theirs["value"], **CLOSE)
    metric.reset_state()
    np.testing.assert_array_equal(metric(case.y_true, case.y_pred, sample_weight=case.sample_weight), first)


@pytest.mark.parametrize("name", cases.METRICS)
def test_a_metric_as_recorded(name):
    check_metric(cases.METRICS[name], recorded("metrics")[name])


@pytest.mark.parametrize("name", cases.METRICS)
def test_a_metric_beside_keras(name):
    keras, tf, make = keras_and_fixtures()
    check_metric(cases.METRICS[name], make.of_metric(keras, tf, cases.METRICS[name]))
