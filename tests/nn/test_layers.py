"""Layers: derivatives against differences, chance, masks, and what is refused."""

import numpy as np
import pytest
from tests.nn import cases
from tests.nn.test_keras_parity import made

import gradtape as gt
from gradtape import nn
from gradtape.testing import check_grads

X = cases.wave((2, 6, 5, 3))


def in_double(case):
    layer = made(case._replace(arguments={**case.arguments, "dtype": "float64"}))
    inputs = [
        [v.astype("float64") if v.dtype.kind == "f" else v for v in cases.leaves([x])] for x in cases.arrays(case)
    ]
    inputs = [x if isinstance(given, list) else x[0] for x, given in zip(inputs, case.inputs, strict=True)]
    layer(*inputs, **case.given)
    values = cases.weight_values([w.shape for w in layer.weights], [w.name for w in layer.weights])
    for w, value in zip(layer.weights, values, strict=True):
        w.assign(value)
    return layer, inputs


SMOOTH = [name for name in cases.LAYERS if not cases.LAYERS[name].kind.startswith(("Max", "GlobalMax", "Min"))]


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives_in_the_input(name):
    case = cases.LAYERS[name]
    layer, inputs = in_double(case)
    points = cases.floats(inputs)
    if not points:
        return

    def function(*values):
        given = iter(values)
        args = [
            [next(given) for _ in x] if isinstance(x, list) else next(given) if x.dtype.kind == "f" else x
            for x in inputs
        ]
        result = layer(*args, **case.given)
        return sum(y.sum() for y in cases.leaves([result])) if isinstance(result, list | tuple) else result

    check_grads(function, points)


@pytest.mark.parametrize("name", list(cases.LAYERS))
def test_derivatives_in_the_weights(name):
    case = cases.LAYERS[name]
    layer, inputs = in_double(case)

    def total():
        return sum(cases.weigh(y, lambda v: v.sum()) for y in cases.leaves([layer(*inputs, **case.given)]))

    weights = layer.trainable_weights
    with gt.GradientTape() as tape:
        value = total()
    gradients = tape.gradient(value, weights)
    for k, (w, gradient) in enumerate(zip(weights, gradients, strict=True)):
        before, way = w.numpy().copy(), cases.wave(w.shape, 5.0 + k)
        ends = []
        for step in (1e-6, -1e-6):
            w.assign(before + step * way)
            ends.append(float(total()))
        w.assign(before)
        np.testing.assert_allclose((gradient * way).sum(), (ends[0] - ends[1]) / 2e-6, rtol=1e-5, atol=1e-7)


def test_the_differences_see_a_wrong_derivative():
    layer = nn.Dense(2, dtype="float64", activation=gt.custom_gradient(lambda x: (x * x, lambda g: g * x)))
    with pytest.raises(AssertionError):
        check_grads(layer, [X[0, 0]])


@pytest.mark.parametrize(
    ("layer", "mean", "spread"),
    [
        (nn.Dropout(0.25, seed=1), 1.0, (0.25 / 0.75) ** 0.5),
        (nn.GaussianNoise(0.5, seed=1), 1.0, 0.5),
        (nn.GaussianDropout(0.2, seed=1), 1.0, 0.5),
    ],
)
def test_chance_keeps_the_mean_and_only_trains(layer, mean, spread):
    ones = np.ones((200, 100), "float32")
    y = layer(ones, training=True)
    np.testing.assert_allclose(y.numpy().mean(), mean, atol=0.02)
    np.testing.assert_allclose(y.numpy().std(), spread, rtol=0.03)
    assert np.any(layer(ones, training=True).numpy() != y.numpy())
    np.testing.assert_array_equal(layer(ones), ones)
    assert y.dtype == np.float32


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(0).standard_normal((300, 200))
    y = nn.AlphaDropout(0.3, seed=0)(x, training=True).numpy()
    np.testing.assert_allclose([y.mean(), y.std()], [0.0, 1.0], atol=0.02)


def test_the_gradient_goes_where_the_elements_stay():
    x = gt.Variable(np.ones((4, 5)))
    layer = nn.Dropout(0.5, seed=3)
    with gt.GradientTape() as tape:
        y = layer(x, training=True)
    np.testing.assert_array_equal(tape.gradient(y, x), y)


@pytest.mark.parametrize("first", [False, True])
def test_whole_channels_drop_out(first):
    layer = nn.SpatialDropout2D(0.5, data_format="channels_first" if first else None, seed=0)
    y = layer(np.ones((4, 5, 6, 7)), training=True).numpy()
    lengths = (2, 3) if first else (1, 2)
    assert set(np.unique(y.std(lengths))) == {0.0}
    assert set(np.unique(y.mean(lengths))) == {0.0, 2.0}
    assert nn.Dropout(0.5, noise_shape=(None, 1), seed=0)(np.ones((9, 4)), training=True).numpy().std(1).max() == 0.0


def test_chance_starts_where_the_seed_says():
    ones = np.ones((3, 4))
    a, b = nn.Dropout(0.5, seed=7), nn.Dropout(0.5, seed=7)
    np.testing.assert_array_equal(a(ones, training=True), b(ones, training=True))
    state = a.state()
    after = a(ones, training=True)
    a.load_state(state)
    np.testing.assert_array_equal(a(ones, training=True), after)
    free = [nn.Dropout(0.5), nn.Dropout(0.5)]
    with nn.seeded(0):
        c = free[0](ones, training=True)
    with nn.seeded(0):
        np.testing.assert_array_equal(free[1](ones, training=True), c)
    assert list(a.named_variables()) == ["seed_generator.state_of_row"]
    assert a.weights == []


def test_moving_statistics_follow_and_are_used():
    rng = np.random.default_rng(0)
    layer = nn.BatchNormalization(momentum=0.5)
    for _ in range(30):
        layer(rng.normal(3.0, 2.0, (500, 1)), training=True)
    np.testing.assert_allclose(layer.moving_mean, [3.0], atol=0.2)
    np.testing.assert_allclose(layer.moving_variance, [4.0], rtol=0.1)
    np.testing.assert_allclose(layer([[3.0], [5.0]]), [[0.0], [1.0]], atol=0.1)
    assert [v.name for v in layer.trainable_variables] == ["gamma", "beta"]


def test_masks_travel_through_a_sequence():
    net = nn.Sequential([nn.Embedding(5, 2, mask_zero=True), nn.Dropout(0.1), nn.GlobalAveragePooling1D()])
    y = net(np.array([[1, 2, 0], [3, 0, 0]]))
    table = net.layers[0].embeddings.numpy()
    np.testing.assert_allclose(y, [(table[1] + table[2]) / 2, table[3]], rtol=1e-5)


def test_layers_of_tensorflow_s_tensors():
    from gradtape import tf

    net = nn.Sequential([nn.Conv2D(2, 3, padding="same"), nn.BatchNormalization(), nn.Flatten(), nn.Dense(1)])
    x = tf.Variable(X.astype("float32"))
    with tf.GradientTape() as tape:
        y = net(x, training=True)
        loss = tf.reduce_sum(y * y)
    assert isinstance(y, tf.Tensor)
    assert all(g is not None for g in tape.gradient(loss, [x, *net.trainable_variables]))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: nn.Conv2D(2, 3)(X[0]), r"Conv2D: the input has 4 axes, \(batch, height, width, channels\); got shape"),
        (lambda: nn.Conv2D(2, (3, 3, 3)), "`kernel_size` is a whole number from 1 on, or 2 of them"),
        (lambda: nn.Conv2D(2, 3, padding="full"), "`padding` is 'valid' or 'same', got 'full'"),
        (lambda: nn.Conv2D(3, 3, groups=2), "3 `filters` do not fall into 2 equal `groups`"),
        (lambda: nn.Conv2D(2, 3, groups=2)(X), "3 channels do not fall into 2 equal `groups`"),
        (lambda: nn.Conv2D(2, 3, kernel_size_=3), "kernel_size_"),
        (lambda: nn.Conv2D(2, 9)(X), "a window of 9 elements does not fit"),
        (lambda: nn.Conv1DTranspose(2, 3, padding="causal"), "`padding` is 'valid' or 'same', got 'causal'"),
        (lambda: nn.Conv2DTranspose(2, 3, output_padding=1), r"`output_padding` 1 is less than `strides` \(1, 1\)"),
        (lambda: nn.MaxPooling2D(data_format="first"), "`data_format` is 'channels_last' or 'channels_first'"),
        (lambda: nn.Dropout(1.5), "`rate` is a number from 0 to 1, got 1.5"),
        (lambda: nn.Embedding(4, 2)([[4]]), r"numbers from 0 to 3, got 4 to 4"),
        (lambda: nn.Embedding(4, 2)([[0.5]]), "whole numbers"),
        (lambda: nn.GroupNormalization(2)(X), "3 channels do not fall into 2 equal `groups`"),
        (lambda: nn.LayerNormalization(axis=7)(X), "there is no axis 7"),
        (lambda: nn.Reshape((7,))(X), "has 90 elements, which make no `target_shape`"),
        (lambda: nn.Permute((1, 3)), "has the axes from 1 to 2 once each"),
        (lambda: nn.Cropping2D(3)(X), "leaves nothing"),
        (lambda: nn.Add()(X), "a list of two arrays or more"),
        (lambda: nn.Sequential([3]), "a layer or a function, got 3"),
        (lambda: nn.UpSampling2D(interpolation="best"), "`interpolation` is"),
    ],
)
def test_what_does_not_fit_is_refused(call, text):
    with pytest.raises((ValueError, TypeError), match=text):
        call()


def test_every_layer_has_a_case_and_is_written_as_it_is_made():
    without = {"Input", "InputLayer", "Layer", "Model", "Sequential", "Lambda", "ActivityRegularization"}
    noise = set(nn.CLASSES["layers.noise"])
    tried = {case.kind for case in cases.LAYERS.values()} | {"StackedRNNCells"}
    assert set(nn.layers.__all__) - without - noise <= tried
    for case in cases.LAYERS.values():
        layer = made(case)
        assert repr(layer).startswith(f"{case.kind}(")
        shown = eval(repr(layer), vars(nn) | {n: getattr(nn, n) for n in nn.layers.__all__} | vars(nn.initializers))  # noqa: S307
        assert repr(shown) == repr(layer)
