"""Recurrent layers and attention: states, masks, chance, cells of one's own."""

import numpy as np
import pytest
from tests.nn import cases

import gradtape as gt
from gradtape import nn

X = cases.wave((3, 5, 2), 0.2)


@pytest.mark.parametrize("kind", [nn.SimpleRNN, nn.LSTM, nn.GRU])
def test_a_sequence_in_two_pieces(kind):
    layer = kind(4, return_sequences=True, return_state=True, dtype="float64")
    whole, *states = layer(X)
    first, *between = layer(X[:, :2])
    second, *last = layer(X[:, 2:], initial_state=between)
    np.testing.assert_allclose(np.concatenate([first, second], 1), whole, rtol=1e-12)
    np.testing.assert_allclose(last[0], states[0], rtol=1e-12)
    kept = kind(4, stateful=True, dtype="float64")
    kept(X[:, :1])
    kept.cell.load_state(layer.cell.state())
    kept.reset_states()
    kept(X[:, :2])
    np.testing.assert_allclose(kept(X[:, 2:]), whole[:, -1], rtol=1e-12)
    kept.reset_states()
    np.testing.assert_allclose(kept(X), whole[:, -1], rtol=1e-12)


def test_the_gate_that_forgets_starts_open():
    layer = nn.LSTM(2)
    layer(X)
    assert layer.cell.bias.numpy().tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    closed = nn.LSTM(2, unit_forget_bias=False)
    closed(X)
    assert not closed.cell.bias.numpy().any()


def test_a_masked_step_changes_nothing():
    layer = nn.GRU(3, dtype="float64")
    mask = np.array([[True, True, True, False, False]] * 3)
    np.testing.assert_allclose(layer(X, mask=mask), layer(X[:, :3]), rtol=1e-12)
    mask[1] = True
    y = layer(X, mask=mask)
    np.testing.assert_allclose(y[1], layer(X)[1], rtol=1e-12)
    net = nn.Sequential([nn.Masking(-1.0), nn.LSTM(2)], dtype="float64")
    padded = np.concatenate([X, -np.ones((3, 2, 2))], 1)
    np.testing.assert_allclose(net(padded), net(X), rtol=1e-12)


def test_what_drops_out_is_the_same_at_every_step():
    layer = nn.SimpleRNN(
        1, activation="linear", use_bias=False, dropout=0.5, seed=0, return_sequences=True,
        kernel_initializer="ones", recurrent_initializer="zeros",
    )  # fmt: skip
    y = layer(np.ones((200, 4, 3)), training=True).numpy()[..., 0]
    assert (y == y[:, :1]).all()
    assert set(np.unique(y)) == {0.0, 2.0, 4.0, 6.0}
    np.testing.assert_array_equal(layer(np.ones((2, 4, 3))), np.full((2, 4, 1), 3.0))
    again = nn.SimpleRNN(4, recurrent_dropout=0.5, seed=3)
    assert np.any(again(X, training=True).numpy() != again(X, training=True).numpy())
    assert again.weights == [again.cell.kernel, again.cell.recurrent_kernel, again.cell.bias]


def test_a_cell_of_one_s_own():
    class Decay(nn.Layer):
        state_size = (2,)

        def build(self, input_shape):
            self.rate = self.add_weight((), "ones", name="rate")

        def get_initial_state(self, batch_size):
            return [np.zeros((batch_size, 2), "float32")]

        def call(self, x, states):
            y = 0.5 * self.rate * states[0] + x
            return y, [y]

    layer = nn.RNN(Decay())
    with gt.GradientTape() as tape:
        y = layer(np.ones((1, 3, 2)))
    np.testing.assert_allclose(y, [[1.75, 1.75]])
    np.testing.assert_allclose(tape.gradient(y, layer.cell.rate), 2.0)
    assert list(layer.named_variables()) == ["cell.rate"]


def test_both_ways_have_weights_of_their_own():
    layer = nn.Bidirectional(nn.LSTM(2))
    layer(X)
    assert [p.split(".")[0] for p in layer.named_variables()] == ["layer"] * 3 + ["backward_layer"] * 3
    with pytest.raises(ValueError, match="go the same way"):
        nn.Bidirectional(nn.LSTM(2), backward_layer=nn.LSTM(2))


def test_long_sequences_do_not_blow_up_the_backward_pass():
    layer = nn.GRU(3)
    x = gt.Variable(cases.wave((2, 300, 2)).astype("float32"))
    with gt.GradientTape() as tape:
        y = layer(x).sum()
    assert np.isfinite(tape.gradient(y, x).numpy()).all()


def test_attention_does_not_look_ahead():
    layer = nn.MultiHeadAttention(2, 3, dtype="float64")
    x = gt.Variable(cases.wave((1, 4, 6), 0.2))
    with gt.GradientTape() as tape:
        y = layer(x, x, use_causal_mask=True)[0, 1].sum()
    gradient = tape.gradient(y, x).numpy()[0]
    assert np.abs(gradient[:2]).min(1).all()
    assert not gradient[2:].any()


def test_weights_of_attention_drop_out():
    layer = nn.Attention(dropout=0.5, seed=0)
    pair = [np.ones((1, 2, 3)), np.ones((1, 50, 3))]
    _, weights = layer(pair, training=True, return_attention_scores=True)
    np.testing.assert_allclose(np.unique(weights.numpy()), [0.0, 0.04], rtol=1e-5)
    _, weights = layer(pair, return_attention_scores=True)
    np.testing.assert_allclose(weights, 0.02, rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: nn.LSTM(2)(X[0]), r"the input has shape \(batch, time, features\), got \(5, 2\)"),
        (lambda: nn.LSTM(2)(X[:, :0]), "one step or more"),
        (lambda: nn.GRU(2)(X, initial_state=[np.zeros((3, 1))]), r"the shapes \[\(3, 2\)\], got \[\(3, 1\)\]"),
        (lambda: nn.LSTM(2, dropout=2.0), "`rate` is a number from 0 to 1"),
        (lambda: nn.Bidirectional(nn.GRU(2), merge_mode="max"), "`merge_mode` is 'sum' or"),
        (lambda: nn.Attention()(X), r"a list \[query, value\]"),
        (lambda: nn.MultiHeadAttention(2, 3)(X, X[0]), "`value` has shape"),
        (lambda: nn.TimeDistributed(nn.Dense(2))(X[0]), "the input has shape"),
    ],
)
def test_what_does_not_fit_is_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def test_a_layer_refuses_another_number_of_features():
    layer = nn.LSTM(2)
    layer(X)
    with pytest.raises(ValueError, match="LSTMCell: the input has 2 features along axis -1"):
        layer(X[..., :1])


def test_states_of_images_are_kept_for_images_of_one_size():
    layer = nn.ConvLSTM2D(2, 3, stateful=True)
    x = np.ones((1, 2, 5, 5, 1))
    first, second = layer(x).numpy(), layer(x).numpy()
    assert np.abs(first - second).max() > 1e-3
    assert layer(np.ones((1, 2, 6, 6, 1))).shape == (1, 4, 4, 2)
    np.testing.assert_array_equal(layer(x), first)
