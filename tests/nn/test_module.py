"""`Module` and `Layer`: what is found, what it is called, and what happens to it."""

import copy
import pickle

import numpy as np
import pytest

import gradtape as gt
from gradtape import nn

X = np.linspace(-1.0, 1.0, 12).reshape(4, 3)


class Net(nn.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [nn.Dense(4), {"b": nn.Dense(2)}]
        self.scale = gt.Variable(2.0)
        self.pair = (gt.Variable([1.0], trainable=False), 3)

    def call(self, x):
        for block in (self.blocks[0], self.blocks[1]["b"]):
            x = block(x)
        return x * self.scale


def test_variables_are_found_where_they_are():
    net = Net()
    assert list(net.named_variables()) == ["scale", "pair[0]"]
    net(X)
    paths = ["scale", "pair[0]", "blocks[0].kernel", "blocks[0].bias", "blocks[1]['b'].kernel", "blocks[1]['b'].bias"]
    assert list(net.named_variables()) == paths
    assert [v.trainable for v in net.variables] == [True, False, True, True, True, True]
    assert net.trainable_variables == [v for v in net.variables if v.trainable]
    assert list(net.named_modules()) == ["blocks[0]", "blocks[1]['b']"]
    net.late = nn.Dense(1)
    net.late(net(X))
    assert list(net.named_variables())[-2:] == ["late.kernel", "late.bias"]


def test_what_is_shared_counts_once():
    shared = nn.Dense(3)
    net = nn.Sequential([shared, nn.Dense(3), shared])
    net(X)
    assert list(net.named_variables()) == [f"layers[{k}].{n}" for k in (0, 1) for n in ("kernel", "bias")]
    with gt.GradientTape() as tape:
        y = net(X).sum()
    np.testing.assert_allclose(tape.gradient(y, shared.bias), numeric(net, shared.bias), rtol=1e-3)
    net.owner = net  # a circle is no trouble
    assert len(net.variables) == 4


def numeric(net, variable, step=1e-2):
    found = np.zeros(variable.shape)
    for k in range(variable.shape[0]):
        before = variable.numpy().copy()
        ends = []
        for sign in (1, -1):
            moved = before.copy()
            moved[k] += sign * step
            variable.assign(moved)
            ends.append(float(net(X).sum()))
        variable.assign(before)
        found[k] = (ends[0] - ends[1]) / (2 * step)
    return found


def test_freezing_and_thawing():
    net = Net()
    net.trainable = False
    net(X)
    assert net.trainable_variables == []
    assert not net.blocks[0].trainable
    net.trainable = True
    assert [v.trainable for v in net.variables] == [True, False, True, True, True, True]
    net.blocks[0].trainable = False
    assert [path for path, v in net.named_variables().items() if not v.trainable] == [
        "pair[0]", "blocks[0].kernel", "blocks[0].bias",
    ]  # fmt: skip
    late = nn.Dense(2, trainable=False)
    late(X)
    assert late.trainable_variables == []
    late.trainable = True
    assert len(late.trainable_variables) == 2


@pytest.mark.parametrize("how", [copy.deepcopy, lambda net: net.copy(), lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_have_variables_of_their_own(how):
    shared = nn.Dense(3, kernel_constraint="non_neg", kernel_regularizer="l2")
    net = nn.Sequential([shared, nn.Dropout(0.5, seed=1) if hasattr(nn, "Dropout") else nn.Dense(3), shared])
    net(X)
    other = how(net)
    np.testing.assert_array_equal(other(X), net(X))
    assert other.layers[0] is other.layers[2]
    assert isinstance(other.layers[0].kernel, gt.Variable)
    assert isinstance(other.layers[0].kernel.constraint, nn.constraints.NonNeg)
    assert not {id(v) for v in net.variables} & {id(v) for v in other.variables}
    other.layers[0].kernel.assign(np.zeros((3, 3)))
    assert float(other.losses[0]) == 0.0 < float(net.losses[0])


def test_state_goes_and_comes():
    with nn.seeded(3):
        a, b = Net(), Net()
        a(X), b(X)
    assert np.any(a(X).numpy() != b(X).numpy())
    state = a.state()
    assert b.load_state(state) is b
    np.testing.assert_array_equal(a(X), b(X))
    state["scale"][...] = 7.0
    assert float(a.scale) == 2.0
    with pytest.raises(ValueError, match=r"blocks\[0\]\.kernel has shape \(3, 4\), the given value \(2, 2\)"):
        b.load_state({**state, "scale": 5.0, "blocks[0].kernel": np.zeros((2, 2))})
    assert float(b.scale) == 2.0
    with pytest.raises(KeyError, match=r"nothing for scale and no variable for other"):
        b.load_state({**{k: v for k, v in state.items() if k != "scale"}, "other": 1.0})
    b.load_state({"scale": 4.0, "other": 1.0}, strict=False)
    assert float(b.scale) == 4.0
    with pytest.raises(KeyError, match="after its first call"):
        nn.Dense(2).load_state({"kernel": 1.0})


def test_layers_are_written_as_they_are_made():
    assert repr(nn.Dense(2, activation="relu", kernel_regularizer=nn.regularizers.L2(0.1))) == (
        "Dense(2, activation='relu', kernel_regularizer=L2(l2=0.1))"
    )
    assert repr(nn.Sequential([nn.Dense(1)])) == "Sequential([Dense(1)])"
    assert repr(nn.Module("m")) == "<Module 'm' with 0 variables>"


def test_the_summary_counts():
    net = nn.Sequential([nn.Dense(4), nn.Dense(2, trainable=False)])
    told = []
    net.summary(told.append)
    net(X)
    net.summary(told.append)
    assert "?" in told[0]
    assert "?" not in told[1]
    assert told[1].splitlines()[-1] == "26 parameters, 16 of them learn"


def test_inputs_get_the_dtype_of_the_layer():
    layer = nn.Dense(2)
    assert layer(np.arange(6).reshape(2, 3)).dtype == np.float32
    assert layer([[1, 2, 3]]).dtype == np.float32
    x = gt.Variable(X)
    with gt.GradientTape() as tape:
        y = layer(x).sum()
    assert tape.gradient(y, x).dtype == np.float64
    wide = nn.Dense(2, dtype="float64")
    assert wide(X.astype("float32")).dtype == np.float64
    assert nn.Sequential([nn.Dense(2), nn.Dense(1, dtype="float32")], dtype="float64")(X).dtype == np.float32


def test_training_reaches_the_layers_inside():
    heard = []

    class Inner(nn.Layer):
        def call(self, x, training=False):
            heard.append(training)
            return x

    class Outer(nn.Model):
        def __init__(self):
            super().__init__()
            self.inner = Inner()

        def call(self, x):
            return self.inner(self.inner(x, training=False))

    outer = Outer()
    outer(X)
    outer(X, training=True)
    nn.Sequential([outer])(X, training=True)
    outer(X)
    assert heard == [False, False, False, True, False, True, False, False]


def test_penalties():
    layer = nn.Dense(2, kernel_regularizer="l2", bias_regularizer=nn.regularizers.L1(1.0), activity_regularizer="l1")
    layer(X)
    kernel = layer.kernel.numpy()
    penalties = layer.losses
    np.testing.assert_allclose(float(penalties[0]), 0.01 * (kernel**2).sum(), rtol=1e-5)
    np.testing.assert_allclose(float(penalties[2]), 0.01 * np.abs(X @ kernel).sum() / 4, rtol=1e-5)
    layer(X)
    assert len(layer.losses) == 3
    with gt.GradientTape() as tape:
        total = sum(nn.Sequential([layer]).losses)
    np.testing.assert_allclose(tape.gradient(total, layer.kernel), 0.02 * kernel, rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: nn.Dense(0), "`units` is a whole number above 0, got 0"),
        (lambda: nn.Dense(2, activation="curve"), "no activation is called 'curve'"),
        (lambda: nn.Dense(2, kernel_initializer="best"), "no initializer is called 'best'"),
        (lambda: nn.Dense(2, kernel_regularizer=3), "3 is no regularizer"),
        (lambda: nn.Dense(2)(np.ones(3)), r"Dense: the input has 2 axes or more, got shape \(3,\)"),
        (lambda: nn.EinsumDense("ab,cd->ad", 3)(X), r"neither the input of shape \(4, 3\) nor"),
        (lambda: nn.losses.Huber(reduction="most"), "`reduction` is one of"),
        (lambda: nn.losses.get("best"), "no loss is called 'best'"),
        (lambda: nn.losses.MeanSquaredError()(X, X[:3]), r"`y_true` of shape \(4, 3\) and `y_pred` of shape \(3, 3\)"),
        (lambda: nn.losses.MeanSquaredError()(X, X, sample_weight=[1.0, 2.0]), r"of shape \(2,\) does not fit"),
        (lambda: nn.losses.CategoricalCrossentropy()([1, 2, 0, 1], X), "use `SparseCategoricalCrossentropy`"),
        (lambda: nn.losses.SparseCategoricalCrossentropy()(X, X), "use `CategoricalCrossentropy`"),
        (lambda: nn.losses.SparseCategoricalCrossentropy()([1, 2, 3, 0], X), "numbers from 0 to 2, .* got 0 to 3"),
        (lambda: nn.SeedGenerator(1.5), "`seed` is a whole number"),
    ],
)
def test_errors_say_what_is_wrong(call, text):
    with pytest.raises((ValueError, TypeError), match=text):
        call()


def test_errors_name_the_layer_and_the_line_of_the_user():
    layer = nn.Dense(2, name="head")
    layer(X)
    with pytest.raises(ValueError, match="Dense 'head': the input has 3 features along axis -1") as caught:
        layer(X[:, :2])
    assert "test_module.py" in str(caught.value)


def test_a_module_without_its_constructor_works():
    class Bare(nn.Layer):
        def __init__(self):
            self.w = gt.Variable(3.0)

        def call(self, x):
            self.add_loss(self.w)
            return x * self.w

    bare = Bare()
    assert float(bare(2.0)) == 6.0
    assert bare.name == "bare"
    assert len(bare.losses) == 1
    assert bare.trainable_variables == [bare.w]
