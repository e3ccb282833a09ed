"""`IndexedSlices`: what only picks from a source gives; a full array in every other respect."""

import numpy as np
import pytest

import gradtape as gt
from gradtape import tf


@pytest.fixture
def slices():
    v = tf.Variable([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        y = tf.gather(v, [1, 1, 0]) * tf.constant([1.0, 10.0, 100.0])
    return tape.gradient(y, v)


def test_what_it_is_made_of(slices):
    assert isinstance(slices, tf.IndexedSlices)
    assert slices.values.numpy().tolist() == [1.0, 10.0, 100.0]
    assert slices.indices.numpy().tolist() == [1, 1, 0]
    assert slices.dense_shape.numpy().tolist() == [3]
    assert slices.shape.as_list() == [3]
    assert slices.dtype == tf.float32


DENSE = np.array([100.0, 11.0, 0.0], np.float32)


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda s: s + 1.0, DENSE + 1),
        (lambda s: 2.0 * s, DENSE * 2),
        (lambda s: s / 2.0 - s, -DENSE / 2),
        (lambda s: s[1], DENSE[1]),
        (lambda s: -s, -DENSE),
        (lambda s: s == 0.0, DENSE == 0),
        (tf.reduce_sum, DENSE.sum()),
        (tf.sqrt, np.sqrt(DENSE)),
        (tf.convert_to_tensor, DENSE),
        (lambda s: tf.linalg.global_norm([s]), np.linalg.norm(DENSE)),
        (lambda s: tf.concat([s, s], 0), np.concatenate([DENSE, DENSE])),
    ],
)
def test_it_is_a_full_array(slices, f, expected):
    result = f(slices)
    assert not isinstance(result, tf.IndexedSlices)
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-6)


def test_numpy_sees_the_full_array(slices):
    assert np.asarray(slices).tolist() == DENSE.tolist()
    assert slices.numpy().tolist() == DENSE.tolist()
    assert len(slices) == 3


def test_two_picks_are_joined_in_their_order_and_a_dense_use_makes_it_dense():
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape(persistent=True) as tape:
        first = tf.reduce_sum(tf.gather(v, [1]) * 3.0)
        two = first + tf.reduce_sum(tf.gather(v, [0, 1]))
        mixed = two + tf.reduce_sum(v)
    joined = tape.gradient(two, v)
    assert joined.indices.numpy().tolist() == [1, 0, 1]
    assert joined.values.numpy().tolist() == [[3.0, 3.0], [1.0, 1.0], [1.0, 1.0]]
    assert not isinstance(tape.gradient(mixed, v), tf.IndexedSlices)
    assert tape.gradient(mixed, v).numpy().tolist() == [[2.0, 2.0], [5.0, 5.0]]


def test_a_source_in_the_middle_has_slices_and_passes_them_on_dense():
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * 2.0
        z = tf.gather(y, [2, 2])
    gx, gy = tape.gradient(z, [x, y])
    assert gx.numpy().tolist() == [0.0, 0.0, 4.0]
    assert isinstance(gy, tf.IndexedSlices)
    assert gy.numpy().tolist() == [0.0, 0.0, 2.0]


def test_as_a_target_it_leads_back_to_the_source():
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(tf.gather(x, [1, 1]) ** 3)
        slices = inner.gradient(y, x)
    assert outer.gradient(slices, x).numpy().tolist() == [0.0, 24.0, 0.0]


def test_complex_slices_point_uphill():
    z = tf.constant([1 + 2j, 3 - 1j], tf.complex128)
    with tf.GradientTape() as tape:
        tape.watch(z)
        y = tf.gather(z, [0]) ** 2
    np.testing.assert_allclose(tape.gradient(y, z).values.numpy(), [2 - 4j])


def test_native_gradients_stay_dense():
    v = gt.Variable([1.0, 2.0])
    with gt.GradientTape() as tape:
        y = np.take(v, [1, 1])
    assert type(tape.gradient(y, v)) is gt.Tensor


def test_clipping_keeps_the_slices_and_optimisers_may_subtract_them(slices):
    (clipped,), norm = tf.clip_by_global_norm([slices], 1.0)
    assert isinstance(clipped, tf.IndexedSlices)
    assert float(norm) == pytest.approx(np.linalg.norm(DENSE), rel=1e-6)
    v = tf.Variable([0.0, 0.0, 0.0])
    v.assign_sub(slices)
    v.scatter_sub(slices)
    assert v.numpy().tolist() == (-2 * DENSE).tolist()


def test_slices_without_a_shape_end_at_the_last_position():
    made = tf.IndexedSlices([1.0, 2.0], [0, 4])
    assert made.numpy().tolist() == [1.0, 0.0, 0.0, 0.0, 2.0]
    assert "dense_shape=[5]" in repr(made)
