"""`Model(inputs, outputs)`, and layers as plain data: here, through JSON, and from Keras."""

import json

import numpy as np
import pytest
from tests.nn import cases
from tests.nn.test_keras_parity import keras_and_fixtures, made, tensors

import gradtape as gt
from gradtape import nn

A, B = cases.wave((6, 3)).astype("float32"), cases.wave((6, 3), 2.0).astype("float32")


def siamese():
    """Two inputs, a layer that both share, and functions of NumPy between layers."""
    a, b = nn.Input((3,), name="a"), nn.Input((3,), name="b")
    shared = nn.Dense(4, activation="tanh")
    joined = nn.Concatenate()([shared(a), shared(b), np.abs(shared(a) - shared(b)), a[:, :1]])
    return nn.Model([a, b], nn.Dense(1)(joined))


def test_the_calls_are_followed():
    model = siamese()
    shared, _, out = model.layers
    one, two = shared(A), shared(B)
    expected = out(np.concatenate([one, two, np.abs(one - two), A[:, :1]], axis=1))
    np.testing.assert_allclose(model([A, B]), expected, rtol=1e-6)
    assert (model.input_shape, model.output_shape) == ([(None, 3), (None, 3)], (None, 1))
    assert list(model.named_variables()) == [
        "layers[0].kernel", "layers[0].bias", "layers[2].kernel", "layers[2].bias",
    ]  # fmt: skip
    assert model.count_params() == 4 * 3 + 4 + 13 + 1


def test_it_learns_with_fit_and_tells_what_does_not():
    model = siamese()
    y = (A * B).sum(1, keepdims=True)
    history = nn.fit(model, "mse", gt.optim.Adam(0.05), ([A, B], y), epochs=60, seed=0, verbose=0)
    assert history.history["loss"][-1] < 0.3 * history.history["loss"][0]
    x = nn.Input((3,))
    cut = nn.Model(x, nn.Dense(1)(nn.Lambda(gt.stop_gradient)(nn.Dense(2)(x))))
    with pytest.raises(gt.errors.MissingGradientError, match="stop_gradient"):
        nn.fit(cut, "mse", "sgd", (A, y), verbose=0)


def test_models_inside_models_and_several_outputs():
    x = nn.Input((3,))
    inner = nn.Model(x, {"sum": nn.Dense(2)(x), "same": nn.Identity()(x)})
    z = nn.Input((3,))
    found = inner(z)
    outer = nn.Model(z, [found["sum"] * 2.0, found["same"]])
    double, same = outer(A)
    np.testing.assert_allclose(double, 2.0 * inner(A)["sum"], rtol=1e-6)
    np.testing.assert_array_equal(same, A)
    assert [type(layer) for layer in outer.layers] == [type(inner)]


def test_training_and_masks_reach_the_layers():
    x = nn.Input((None,), dtype="int64")
    words = nn.Embedding(5, 3, mask_zero=True)(x)
    model = nn.Model(x, nn.Dropout(0.5, seed=0)(nn.GRU(2, return_sequences=True)(words)))
    assert model.output_shape == (None, None, 2)
    np.testing.assert_array_equal(nn.masks.mask_of(model(cases.PADDED)), cases.PADDED != 0)
    assert (model(cases.PADDED, training=True).numpy() == 0.0).any()
    assert not (model(cases.PADDED).numpy() == 0.0).all()


def test_a_part_of_a_model_is_a_model():
    x = nn.Input((3,))
    middle = nn.Dense(4)(x)
    whole, part = nn.Model(x, nn.Dense(1)(middle)), nn.Model(x, middle)
    np.testing.assert_allclose(whole.layers[1](part(A)), whole(A), rtol=1e-6)
    rest = nn.Model(middle, whole.outputs[0])
    np.testing.assert_allclose(rest(part(A)), whole(A), rtol=1e-6)


def test_copies_have_weights_of_their_own():
    model = siamese()
    other = model.copy()
    before = model([A, B]).numpy()
    for w in other.trainable_variables:
        w.assign(w * 0.0)
    np.testing.assert_array_equal(model([A, B]), before)
    assert not other([A, B]).numpy().any()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: nn.Model(nn.Input((3,)), nn.Dense(1)(nn.Input((3,)))), "not in `inputs`"),
        (lambda: nn.Model(nn.Input((3,)), A), "`outputs` are symbols"),
        (lambda: siamese()([A]), "the input has 2 arrays"),
        (lambda: siamese()([A, B[:, :2]]), r"the input 'b' has shape \(None, 3\), got \(6, 2\)"),
        (lambda: bool(nn.Input((3,))), "has no values yet"),
        (lambda: list(nn.Input((3,))), "its parts are"),
        (lambda: gt.nn.relu(nn.Input((3,))), "has no values yet.*Lambda"),
        (lambda: nn.Conv2D(2, 3)(nn.Input((3,))), "the input has 4 axes"),
    ],
)
def test_what_does_not_fit_is_refused(call, text):
    with pytest.raises((TypeError, ValueError), match=text):
        call()


def through_json(layer, **options):
    return nn.layers.deserialize(json.loads(json.dumps(nn.layers.serialize(layer))), **options)


@pytest.mark.parametrize("name", cases.LAYERS)
def test_a_layer_is_made_again_from_its_configuration(name):
    layer = made(cases.LAYERS[name])
    again = through_json(layer)
    assert type(again) is type(layer)
    assert repr(again) == repr(layer)


def test_a_model_is_made_again_from_its_configuration():
    model = siamese()
    again = through_json(model).load_state(model.state())
    np.testing.assert_array_equal(again([A, B]), model([A, B]))
    net = nn.Sequential([nn.Input((3,)), nn.Dense(2, kernel_regularizer=nn.regularizers.L2(0.1))])
    net.add(nn.Dense(1))
    again = through_json(net)
    assert repr(again) == repr(net)
    assert len(again.losses) == 1
    assert again.count_params() == net.count_params()


class Scale(nn.Layer):
    def __init__(self, by=2.0, **options):
        super().__init__(**options)
        self.by = by

    def call(self, x):
        return x * self.by


def cube(x):
    return x**3


def test_classes_and_functions_of_ones_own():
    net = nn.Sequential([Scale(3.0), nn.Dense(1, activation=cube)])
    again = through_json(net, custom_objects={"Scale": Scale, "cube": cube})
    assert again.layers[0].by == 3.0
    assert again.layers[1].activation is cube
    with pytest.raises(ValueError, match="classes of one's own go into `custom_objects`"):
        through_json(nn.Sequential([Scale(3.0)]))
    with pytest.raises(ValueError, match="the function 'cube' is not known"):
        through_json(nn.Dense(1, activation=cube))
    with pytest.raises(TypeError, match=r"Dense: `activation` is .*no form"):
        nn.Dense(1, activation=lambda x: x).get_config()


@pytest.mark.parametrize("name", cases.LAYERS)
def test_a_configuration_of_keras_makes_the_same_layer(name):
    keras, _, make = keras_and_fixtures()
    case = cases.LAYERS[name]
    theirs = json.loads(json.dumps(keras.layers.serialize(make.built(keras, case))))
    found = []
    for layer in (made(case), nn.layers.deserialize(theirs)):
        inputs = tensors(cases.arrays(case))
        layer(*inputs, **case.given)
        for w, value in zip(layer.weights, cases.weight_values(*shapes_and_names(layer)), strict=True):
            w.assign(value)
        found.append(cases.leaves([layer(*inputs, **case.given)]))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def shapes_and_names(layer):
    return [w.shape for w in layer.weights], [w.name for w in layer.weights]


def test_a_functional_model_beside_keras():
    keras, _, _ = keras_and_fixtures()
    models = []
    for room in (nn, keras.layers):
        a, b = room.Input((3,)), room.Input((3,))
        shared = room.Dense(4, activation="tanh")
        joined = room.Concatenate()([shared(a), shared(b), shared(a) * 0.5])
        model = (nn if room is nn else keras).Model([a, b], room.Dense(1)(joined))
        models.append(model)
    ours, theirs = models
    for w, value in zip(ours.weights, theirs.get_weights(), strict=True):
        w.assign(value)
    np.testing.assert_allclose(ours([A, B]), theirs([A, B]).numpy(), rtol=1e-5, atol=1e-6)


def test_keras_s_other_names():
    assert nn.MaxPool2D is nn.layers.MaxPooling2D
    assert nn.layers.GlobalAvgPool1D is nn.GlobalAveragePooling1D
    assert nn.Convolution2DTranspose is nn.Conv2DTranspose
    keras, _, _ = keras_and_fixtures()
    assert all(hasattr(keras.layers, name) for name in nn.ALIASES)
