"""TensorFlow's default dtypes, and the functions that make tensors."""

import numpy as np
import pytest

import gradtape as gt
from gradtape import tf
from gradtape.errors import DTypeError


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (3.0, tf.float32),
        (3, tf.int32),
        (True, tf.bool),
        ([1.0, 2], tf.float32),
        ([[1], [2]], tf.int32),
        (2**40, tf.int64),
        (np.float64(1.0), tf.float64),
        ([np.float64(1.0)], tf.float64),
        (np.array([1]), tf.int64),
        (np.array([1.0], np.float16), tf.float16),
    ],
)
def test_default_dtypes(given, dtype):
    assert tf.constant(given).dtype == dtype
    assert tf.Variable(given).dtype == dtype
    assert tf.convert_to_tensor(given).dtype == dtype


def test_given_dtypes():
    assert tf.constant(3, tf.float64).dtype == tf.float64
    assert tf.Variable(3, dtype=tf.float32).dtype == tf.float32
    assert tf.cast([1.7], tf.int32).numpy().tolist() == [1]
    with pytest.raises(DTypeError, match="no integer"):
        tf.constant(3.5, tf.int32)
    with pytest.raises(OverflowError):
        tf.constant(300, tf.uint8)


def test_plain_values_adopt_the_dtype_of_their_neighbour():
    wide = tf.constant(np.float64(2.0))
    assert tf.multiply(wide, 0.1).dtype == tf.float64
    assert float(tf.multiply(wide, 0.1)) == 0.2
    narrow = tf.constant([1.0, 2.0])
    assert tf.add(narrow, np.array([1.0, 2.0])).dtype == tf.float32
    assert tf.where([True, False], narrow, 0.0).dtype == tf.float32
    assert tf.concat([narrow, [3.0]], 0).dtype == tf.float32
    assert tf.sin(1.0).dtype == tf.float32
    assert tf.reduce_sum([1.0, 2.0]).dtype == tf.float32


def test_mixed_tensors_are_refused_by_operators_and_promote_in_functions():
    one, other = tf.constant(1.0), tf.constant(np.float64(1.0))
    with pytest.raises(tf.errors.InvalidArgumentError, match="float32 and float64"):
        one * other
    assert tf.math.multiply(one, other).dtype == tf.float64


def test_variables_are_gradtapes_own():
    v = tf.Variable(lambda: 3.0, trainable=False, name="v")
    assert isinstance(v, gt.Variable)
    assert isinstance(v, tf.Variable)
    assert not isinstance(tf.constant(1.0), tf.Variable)
    assert v.trainable is False
    assert v.name == "v"
    assert tf.Variable(1.0).trainable is True
    with pytest.raises(ValueError, match="initial_value"):
        tf.Variable()


def test_tensors_inside_lists_stay_on_the_tape():
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.constant([x * x, x, 1.0]))
        y = y + tf.reduce_sum([x, 2.0])
    assert float(tape.gradient(y, x)) == 8.0


def test_shapes_and_fills():
    assert tf.zeros([2, 3]).shape == (2, 3)
    assert tf.ones(2, tf.int32).dtype == tf.int32
    np.testing.assert_array_equal(tf.fill([2, 2], 7.0).numpy(), np.full((2, 2), 7.0))
    np.testing.assert_array_equal(tf.eye(2, 3).numpy(), np.eye(2, 3))
    assert tf.eye(2, batch_shape=[4]).shape == (4, 2, 2)
    np.testing.assert_array_equal(tf.range(3).numpy(), [0, 1, 2])
    assert tf.range(1.0, 2.0, 0.5).dtype == tf.float32
    assert tf.range(3).dtype == tf.int32
    np.testing.assert_allclose(tf.linspace(0.0, 1.0, 5).numpy(), np.linspace(0, 1, 5))
    np.testing.assert_array_equal(tf.one_hot([1, 0], 3).numpy(), [[0, 1, 0], [1, 0, 0]])
    assert tf.one_hot([1, 0], 3, axis=0).shape == (3, 2)
    x = tf.ones([2, 3])
    assert tf.shape(x).numpy().tolist() == [2, 3]
    assert int(tf.size(x)) == 6
    assert int(tf.rank(x)) == 2


@pytest.mark.parametrize("read", [tf.shape, tf.size, tf.rank, tf.zeros_like, tf.ones_like])
def test_reading_a_shape_is_recorded_and_carries_no_gradient(read):
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        y = tf.cast(read(x), tf.float32)
    records = tape._recording.records
    assert x._id in records[0].inputs
    with pytest.warns(gt.MissingGradientWarning):
        assert tape.gradient(y, x) is None


@pytest.mark.parametrize("module", [tf, tf.math, tf.nn, tf.linalg, tf.random, tf.debugging])
def test_missing_names_say_so(module):
    with pytest.raises(AttributeError, match=r"tf.*no_such_name.* is not in this version's stand-in"):
        module.no_such_name
    assert not hasattr(module, "no_such_name")


def test_every_public_name_is_there():
    for name in tf.__all__:
        assert hasattr(tf, name)
    assert "gradtape" in tf.__version__
    assert tf.executing_eagerly()
    assert tf.autodiff.GradientTape is tf.GradientTape
    assert issubclass(tf.GradientTape, gt.GradientTape)


def test_print_looks_without_leaving_the_tape(capsys):
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        events = len(tape._recording.events)
        tf.print("x is", x, sep=": ")
        assert len(tape._recording.events) == events
    assert capsys.readouterr().err == "x is: 3.0\n"


def test_random_numbers_are_seeded_and_their_scale_stays_on_the_tape():
    tf.random.set_seed(7)
    first = tf.random.normal([3]).numpy()
    tf.random.set_seed(7)
    mean, spread = tf.Variable(1.0), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        sample = tf.random.normal([3], mean, spread)
    assert sample.dtype == tf.float32
    g_mean, g_spread = tape.gradient(sample, [mean, spread])
    assert float(g_mean) == 3.0
    np.testing.assert_allclose(float(g_spread), first.sum(), rtol=1e-5)
    assert tf.random.uniform([4], 2, 5, tf.int32).dtype == tf.int32
    assert (np.abs(tf.random.truncated_normal([100]).numpy()) <= 2.0).all()
    assert (tf.random.uniform([100], 2.0, 3.0).numpy() >= 2.0).all()
