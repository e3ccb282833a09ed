"""`tf.nn` where TensorFlow's record does not look: ties, formats, odd shapes, draws, second derivatives, refusals."""

import numpy as np
import pytest

from gradtape import tf
from gradtape.tf.errors import InvalidArgumentError

rng = np.random.default_rng(3)
IMAGE = rng.normal(size=(2, 5, 4, 3))
FILTER = rng.normal(size=(2, 3, 3, 4))


def slope(f, at):
    x = tf.Variable(at)
    with tf.GradientTape() as tape:
        y = f(x)
    return tape.gradient(y, x).numpy()


def test_the_first_of_equal_elements_takes_all():
    g = slope(lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"), np.ones((1, 2, 2, 1)))
    np.testing.assert_array_equal(g[0, :, :, 0], [[1.0, 0.0], [0.0, 0.0]])
    g = slope(lambda x: tf.nn.dilation2d(x, np.zeros((2, 2, 1)), 1, "VALID", "NHWC", 1), np.ones((1, 2, 2, 1)))
    np.testing.assert_array_equal(g[0, :, :, 0], [[1.0, 0.0], [0.0, 0.0]])
    g = slope(lambda x: tf.nn.fractional_max_pool(x, [1, 2.0, 2.0, 1])[0], np.ones((1, 4, 4, 1)))
    np.testing.assert_array_equal(g[0, :, :, 0], np.kron(np.ones((2, 2)), [[1.0, 0.0], [0.0, 0.0]]))


def test_a_nan_in_a_window_is_its_maximum():
    y = tf.nn.max_pool1d(np.array([1.0, np.nan, 3.0, 4.0]).reshape(1, 4, 1), 2, 2, "VALID").numpy()
    np.testing.assert_array_equal(y.reshape(-1), [np.nan, 4.0])


def test_whole_numbers_have_a_maximum():
    y = tf.nn.max_pool1d(np.array([-5, -3, -9], np.int64).reshape(1, 3, 1), 2, 2, "SAME")
    assert y.numpy().reshape(-1).tolist() == [-3, -9]


@pytest.mark.parametrize(
    ("call", "args"),
    [
        (lambda x, w, f: tf.nn.conv2d(x, w, 2, "SAME", f, 1), (FILTER,)),
        (lambda x, w, f: tf.nn.depthwise_conv2d(x, w, 1, "VALID", f, [2, 1]), (FILTER[..., :2],)),
        (lambda x, w, f: tf.nn.conv2d_transpose(x, w, (9, 8), 2, "SAME", f), (np.swapaxes(FILTER, 2, 3),)),
        (lambda x, f: tf.nn.max_pool2d(x, 2, 1, "SAME", f), ()),
        (lambda x, f: tf.nn.avg_pool2d(x, 3, 2, "SAME", f), ()),
        (lambda x, f: tf.nn.space_to_depth(x[:, :4] if f == "NHWC" else x[:, :, :4], 2, f), ()),
    ],
)
def test_channels_may_come_first(call, args):
    last = call(tf.constant(IMAGE), *args, "NHWC").numpy()
    first = call(tf.constant(np.moveaxis(IMAGE, -1, 1)), *args, "NCHW").numpy()
    np.testing.assert_allclose(np.moveaxis(first, 1, -1), last, atol=1e-12)


def test_a_batch_may_have_several_axes():
    deep = IMAGE.reshape(2, 1, 5, 4, 3)
    y = tf.nn.conv2d(deep, FILTER, 1, "VALID")
    assert y.shape == (2, 1, 4, 2, 4)
    np.testing.assert_array_equal(y.numpy()[:, 0], tf.nn.conv2d(IMAGE, FILTER, 1, "VALID").numpy())


def test_an_empty_batch():
    assert tf.nn.conv2d(IMAGE[:0], FILTER, 1, "SAME").shape == (0, 5, 4, 4)
    g = slope(lambda w: tf.nn.conv2d(IMAGE[:0], w, 1, "SAME"), FILTER)
    np.testing.assert_array_equal(g, np.zeros(FILTER.shape))


def test_the_gradient_of_a_dilated_convolution(smooth):
    smooth(lambda x, w: tf.nn.convolution(x, w, dilations=2, padding="SAME"), [IMAGE, FILTER])


@pytest.mark.parametrize("overlapping", [False, True])
@pytest.mark.parametrize("pseudo_random", [False, True])
@pytest.mark.parametrize("pool", [tf.nn.fractional_max_pool, tf.nn.fractional_avg_pool])
def test_fractional_pools(smooth, pool, pseudo_random, overlapping):
    x = rng.normal(size=(1, 9, 7, 2))
    y, rows, columns = pool(x, [1, 1.5, 1.3, 1], pseudo_random, overlapping, seed=5)
    assert y.shape == (1, 6, 5, 2)
    assert rows.numpy()[[0, -1]].tolist() == [0, 9]
    assert columns.numpy()[[0, -1]].tolist() == [0, 7]
    assert set(np.diff(rows.numpy())) <= {1, 2}
    assert set(np.diff(columns.numpy())) <= {1, 2}
    assert float(y[0, 0, 0, 0]) == pytest.approx(
        (np.max if pool is tf.nn.fractional_max_pool else np.mean)(
            x[0, : int(rows[1]) + overlapping, : int(columns[1]) + overlapping, 0]
        )
    )
    smooth(lambda t: pool(t, [1, 1.5, 1.3, 1], pseudo_random, overlapping, seed=5)[0], [x])


def test_dropout():
    x = tf.Variable(np.ones((40, 50)))
    with tf.GradientTape() as tape:
        y = tf.nn.dropout(x, 0.25, seed=1)
    kept = y.numpy() != 0
    assert 0.7 < kept.mean() < 0.8
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), kept / 0.75)
    np.testing.assert_array_equal(tf.nn.dropout(x, 0.25, seed=1).numpy(), y.numpy())
    rows = tf.nn.dropout(x, 0.5, noise_shape=[40, 1], seed=2).numpy()
    assert (rows == rows[:, :1]).all()
    a, b = (tf.nn.experimental.stateless_dropout(x, 0.5, (1, 2)).numpy() for _ in range(2))
    np.testing.assert_array_equal(a, b)
    with pytest.raises(InvalidArgumentError, match="rate"):
        tf.nn.dropout(x, 1.0)


def test_ctc_to_second_order(smooth):
    scores = rng.normal(size=(4, 2, 3))
    smooth(lambda x: tf.nn.ctc_loss([[1, 1], [2, 1]], x, [2, 1], [4, 3]), [scores])


def test_ctc_of_labels_that_do_not_fit():
    scores = tf.Variable(rng.normal(size=(2, 1, 3)))
    with tf.GradientTape() as tape:
        loss = tf.nn.ctc_loss([[1, 1]], scores, [2], [2])
    assert float(loss[0]) == np.inf
    assert np.isfinite(tape.gradient(loss, scores).numpy()).all()


def test_ctc_takes_sparse_labels_and_batches_first():
    scores = rng.normal(size=(2, 5, 4))
    labels = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [1, 2, 3], [2, 2])
    ours = tf.nn.ctc_loss(labels, scores, None, [5, 4], logits_time_major=False, blank_index=0)
    dense = tf.nn.ctc_loss([[1, 2], [3, 0]], np.swapaxes(scores, 0, 1), [2, 1], [5, 4])
    np.testing.assert_allclose(ours.numpy(), dense.numpy())


def test_sampled_losses_draw_by_themselves():
    w, x = tf.Variable(rng.normal(size=(6, 3))), tf.constant(rng.normal(size=(2, 3)))
    for loss in (tf.nn.nce_loss, tf.nn.sampled_softmax_loss):
        with tf.GradientTape() as tape:
            y = loss(w, np.zeros(6), [[1], [4]], x, 3, 6)
        assert y.shape == (2,)
        assert np.isfinite(y.numpy()).all()
        assert tape.gradient(y, w).numpy()[[1, 4]].any(axis=1).all()


@pytest.mark.parametrize("unique", [False, True])
def test_candidate_samplers(unique):
    for draw in (tf.random.uniform_candidate_sampler, tf.random.log_uniform_candidate_sampler):
        classes, of_true, of_drawn = draw([[0], [3]], 1, 5, unique, 8, seed=4)
        assert classes.shape == of_drawn.shape == (5,)
        assert of_true.shape == (2, 1)
        assert ((classes.numpy() >= 0) & (classes.numpy() < 8)).all()
        assert not unique or len(set(classes.numpy().tolist())) == 5
    shares = tf.random.uniform_candidate_sampler([[0]], 1, 4, False, 8)[1]
    assert float(shares[0, 0]) == pytest.approx(0.5)


def test_an_empty_group_of_a_safe_lookup_is_zero_or_the_default_row():
    table = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    ids = tf.SparseTensor([[0, 0], [1, 0], [1, 1]], [-1, 1, 0], [3, 2])
    plain = tf.nn.safe_embedding_lookup_sparse(table, ids, combiner="sum")
    np.testing.assert_array_equal(plain.numpy(), [[0.0, 0.0], [4.0, 6.0], [0.0, 0.0]])
    with_default = tf.nn.safe_embedding_lookup_sparse(table, ids, combiner="sum", default_id=1)
    np.testing.assert_array_equal(with_default.numpy(), [[3.0, 4.0], [4.0, 6.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tf.nn.conv2d(IMAGE, FILTER, 1, "HALF"), "padding"),
        (lambda: tf.nn.conv2d(IMAGE, FILTER[0], 1, "SAME"), "filter has 4 axes"),
        (lambda: tf.nn.conv2d(IMAGE, FILTER[:, :, :2], 1, "SAME"), "groups"),
        (lambda: tf.nn.conv2d(IMAGE, FILTER, [2, 1, 1, 1], "SAME"), "is 1 for the batch"),
        (lambda: tf.nn.conv2d(IMAGE, FILTER, [1, 1, 1], "SAME"), "`strides`"),
        (lambda: tf.nn.conv2d(IMAGE, FILTER, 1, [[1, 1]]), "explicit `padding`"),
        (lambda: tf.nn.conv2d_transpose(IMAGE, np.swapaxes(FILTER, 2, 3), (7, 7), 2), "gives"),
        (lambda: tf.nn.max_pool2d(IMAGE[0, 0], 2, 2, "SAME"), "shape"),
        (lambda: tf.nn.pool(IMAGE, [2, 2], "SUM"), "MAX"),
        (lambda: tf.nn.space_to_depth(IMAGE, 2), "blocks"),
        (lambda: tf.batch_to_space(IMAGE, [3, 1], [[0, 0], [0, 0]]), "batch of 2"),
        (lambda: tf.nn.ctc_loss([[9]], np.zeros((2, 1, 3)), [1], [2]), "labels"),
        (lambda: tf.nn.sparse_softmax_cross_entropy_with_logits([3], np.zeros((1, 3))), "labels"),
        (lambda: tf.SparseTensor([[0]], [1.0, 2.0], [3]), "indices"),
    ],
)
def test_refusals_name_the_argument(call, words):
    with pytest.raises(InvalidArgumentError, match=words):
        call()


def test_a_window_that_does_not_fit():
    with pytest.raises(ValueError, match="does not fit"):
        tf.nn.conv2d(IMAGE[:, :1], FILTER, 1, "VALID")


def test_weighted_losses_and_shares_of_zeros():
    losses = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    assert float(tf.nn.compute_average_loss(losses, [1.0, 0.5])) == 3.25
    assert float(tf.nn.compute_average_loss(losses, global_batch_size=5)) == 2.0
    assert float(tf.nn.scale_regularization_loss(losses)) == 10.0
    assert float(tf.nn.zero_fraction([0.0, 1.0, 0.0, 2.0])) == 0.5
