"""Masks stay with tensors: in models of one's own, in losses, metrics and `fit`; and where they end, it is told."""

import gc

import numpy as np
import pytest
from tests.nn import cases

import gradtape as gt
from gradtape import nn
from gradtape.nn import masks
from gradtape.nn.masks import mask_of

WORDS = cases.PADDED
KEPT = WORDS != 0
TRUTH = cases.FEATURES[..., :1]


class Tagger(nn.Model):
    """The kind of model that is no `Sequential`."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(5, 3, mask_zero=True)
        self.reader = nn.GRU(4, return_sequences=True)
        self.out = nn.Dense(1)

    def call(self, x):
        return self.out(self.reader(self.words(x)))


def by_hand(model):
    """The mean square of what counts."""
    miss = (model(WORDS).numpy() - TRUTH)[KEPT]
    return (miss**2).mean()


def test_a_model_of_ones_own_hands_its_mask_to_the_loss():
    model = Tagger()
    y = model(WORDS)
    np.testing.assert_array_equal(mask_of(y), KEPT)
    np.testing.assert_allclose(nn.losses.MeanSquaredError()(TRUTH, y), by_hand(model), rtol=1e-5)
    np.testing.assert_allclose(nn.evaluate(model, "mse", (WORDS, TRUTH))["loss"], by_hand(model), rtol=1e-5)


def test_fit_does_not_learn_what_is_masked():
    """Truths at steps that are none change nothing: neither the loss nor a weight."""
    found = []
    for filler in (0.0, 1e3):
        with nn.seeded(0):
            model = Tagger()
            model(WORDS)
        truth = np.where(KEPT[..., None], TRUTH, filler).astype("float32")
        history = nn.fit(
            model, "mse", gt.optim.SGD(0.1), (WORDS, truth), epochs=3, metrics=["mae"], seed=1, verbose=0,
            validation_data=(WORDS, truth),
        )  # fmt: skip
        found.append((history.history, model.state()))
    assert found[0][0] == found[1][0]
    for path, value in found[0][1].items():
        np.testing.assert_array_equal(value, found[1][1][path])


def test_weights_of_examples_go_with_a_mask_of_steps():
    y = nn.Embedding(5, 1, mask_zero=True)(WORDS)
    weight = np.array([1.0, 3.0, 0.5], "float32")
    square = (y.numpy() - TRUTH)[..., 0] ** 2 * weight[:, None]
    np.testing.assert_allclose(
        nn.losses.MeanSquaredError()(TRUTH, y, sample_weight=weight), square[KEPT].mean(), rtol=1e-5
    )
    metric = nn.metrics.MeanSquaredError()
    full = np.broadcast_to(weight[:, None], KEPT.shape)[KEPT].sum()
    np.testing.assert_allclose(metric(TRUTH, y, sample_weight=weight), square[KEPT].sum() / full, rtol=1e-5)


def test_a_class_that_is_ignored_and_a_mask_count_together():
    scores = nn.Embedding(5, 4, mask_zero=True)(WORDS)
    truth = np.array([[1, -1, 0, 0], [2, 0, 0, 0], [-1, 3, 1, 0]])
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    each = nn.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1, reduction=None)
    plain = each(truth, scores.numpy()).numpy()
    np.testing.assert_allclose(loss(truth, scores), plain[KEPT & (truth != -1)].mean(), rtol=1e-5)


def test_a_mask_that_is_given_comes_before_the_tensors_own():
    layer = nn.GRU(2)
    x = nn.Embedding(5, 3, mask_zero=True)(WORDS)
    every = np.ones_like(KEPT)
    np.testing.assert_allclose(layer(x, mask=every), layer(x.numpy()), rtol=1e-6)
    assert np.abs(layer(x) - layer(x.numpy())).numpy().max() > 1e-3


def test_several_arguments_with_masks():
    words = nn.Embedding(5, 4, mask_zero=True)
    x, seen = words(WORDS), words(WORDS[:, ::-1].copy())
    attend = nn.MultiHeadAttention(2, 3)
    y = attend(x, seen)
    np.testing.assert_array_equal(mask_of(y), KEPT)
    plain = attend(x.numpy(), seen.numpy(), query_mask=KEPT, value_mask=KEPT[:, ::-1])
    np.testing.assert_allclose(y, plain, rtol=1e-6)
    other = nn.Attention()
    z = other([x, seen])
    np.testing.assert_array_equal(mask_of(z), KEPT)
    np.testing.assert_allclose(z, other([x.numpy(), seen.numpy()], mask=[KEPT, KEPT[:, ::-1]]), rtol=1e-6)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (nn.Add(), KEPT | KEPT[:, ::-1]),
        (nn.Concatenate(), KEPT | KEPT[:, ::-1]),
        (nn.Concatenate(axis=1), np.concatenate([KEPT, KEPT[:, ::-1]], 1)),
        (nn.Dot(axes=2), None),
    ],
)
def test_masks_of_layers_with_several_inputs(layer, expected):
    """As Keras has them (its own `compute_mask` was asked)."""
    words = nn.Embedding(5, 3, mask_zero=True)
    found = mask_of(layer([words(WORDS), words(WORDS[:, ::-1].copy())]))
    assert (found is None) == (expected is None)
    if expected is not None:
        np.testing.assert_array_equal(found, expected)


def test_a_softmax_over_steps():
    x = nn.Embedding(5, 3, mask_zero=True)(WORDS)
    y = nn.Softmax(axis=1)(x).numpy()
    np.testing.assert_allclose(y.sum(1), 1.0, rtol=1e-6)
    assert (y[~KEPT] == 0.0).all()


def test_where_a_mask_ends_it_is_told():
    x = nn.Embedding(5, 3, mask_zero=True)(WORDS)
    with pytest.warns(UserWarning, match="Flatten.*the input has a mask, which ends here"):
        assert mask_of(nn.Flatten()(x)) is None

    class Twice(nn.Layer):
        supports_masking = True

        def call(self, x):
            return x * 2.0

    np.testing.assert_array_equal(mask_of(Twice()(x)), KEPT)


def test_a_tensor_of_tensorflows_class_keeps_its_mask():
    from gradtape import tf

    y = nn.Dense(2)(nn.Embedding(5, 3, mask_zero=True)(tf.constant(WORDS)))
    assert isinstance(y, tf.Tensor)
    np.testing.assert_array_equal(mask_of(y), KEPT)


def test_masks_end_with_their_tensors():
    gc.collect()
    before = len(masks._KEPT)
    model = Tagger()
    y = model(WORDS)
    assert len(masks._KEPT) > before
    del y
    gc.collect()
    assert len(masks._KEPT) == before
