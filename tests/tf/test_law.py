"""TensorFlow's law for tensors, variables and tapes, where the table of rows does not reach."""

import copy
import pickle

import numpy as np
import pytest

import gradtape as gt
from gradtape import tf
from gradtape.errors import DTypeError, NotEnteredError, OperandError, RebindingError

NONE = pytest.warns(gt.MissingGradientWarning)


def test_plain_neighbours_take_the_tensors_dtype():
    x = tf.constant([1.0, 2.0])
    for result in (x * np.array([1.0, 2.0]), np.array([1.0, 2.0]) * x, np.float64(2.0) ** x, x * [1, 2], 1 - x):
        assert result.dtype == tf.float32
        assert isinstance(result, tf.Tensor)
    assert (np.array([1.0, 3.0]) < x).numpy().tolist() == [False, False]
    assert (tf.constant(1j, tf.complex64) * 2.5).dtype == tf.complex64
    with pytest.raises(TypeError, match="Cannot convert 1j"):
        x * 1j
    with pytest.raises(TypeError, match="int32"):
        tf.constant([1, 2]) + 0.5


def test_numpys_functions_take_a_value_off_the_tape_and_operators_do_not():
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        on = tf.reduce_sum(np.array([3.0, 4.0]) * x)
        off = np.sum(np.square(x))
        partly = tf.reduce_sum(np.exp(x) * x)
    assert tape.gradient(on, x).numpy().tolist() == [3.0, 4.0]
    assert isinstance(off, np.float32)
    np.testing.assert_allclose(tape.gradient(partly, x).numpy(), np.exp([1.0, 2.0]), rtol=1e-6)


def test_engine_functions_give_tensors_of_the_law():
    x = tf.Variable([4.0, 9.0])
    with tf.GradientTape() as tape:
        y = gt.numpy.sqrt(x) + gt.soft_floor(x)
    assert isinstance(y, tf.Tensor)
    assert isinstance(tape.gradient(y, x), tf.Tensor)


def test_an_index_is_what_tensorflow_takes_for_one():
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    assert x[[1, 0]].numpy() == 3.0
    assert x[x > 2.5].numpy().tolist() == [3.0, 4.0]
    assert x[tf.constant(1), 0].numpy() == 3.0
    with pytest.raises(tf.errors.InvalidArgumentError):
        x[2]
    with pytest.raises(TypeError, match="Only integers"):
        x[1.0]


def test_tensors_are_known_by_reference():
    x, y = tf.constant(1.0), tf.constant(1.0)
    with pytest.raises(TypeError, match="unhashable"):
        {x}
    assert len({x.ref(), x.ref(), y.ref()}) == 2
    assert x.ref().deref() is x
    v = tf.Variable(1.0)
    assert {v.ref(): 1}[v.ref()] == 1
    assert not isinstance(v, tf.Tensor)
    assert tf.is_tensor(v)


def test_how_they_look():
    assert repr(tf.constant(3.0)) == "<tf.Tensor: shape=(), dtype=float32, numpy=3.0>"
    assert str(tf.constant([1, 2])) == "tf.Tensor([1 2], shape=(2,), dtype=int32)"
    assert repr(tf.Variable(2.0, name="w")) == "<tf.Variable 'w:0' shape=() dtype=float32, numpy=2.0>"
    assert f"{tf.constant(1.5):.2f}" == "1.50"


def test_shapes_are_tuples_with_more_names():
    shape = tf.zeros([2, 3]).shape
    assert shape == (2, 3)
    assert shape == [2, 3]
    assert shape[1:] == tf.TensorShape([3])
    assert (shape.as_list(), shape.rank, shape.num_elements()) == ([2, 3], 2, 6)
    assert shape.is_compatible_with([None, 3])
    assert {shape: 1}[2, 3] == 1


def test_errors_stand_where_tensorflows_stand():
    assert tf.errors.InvalidArgumentError.__mro__[1] is tf.errors.OpError
    assert not issubclass(tf.errors.InvalidArgumentError, ValueError)
    for call in (
        lambda: tf.constant([1.0, 2.0]) + tf.constant([1.0, 2.0, 3.0]),
        lambda: tf.constant([[1.0]]) @ tf.constant([1.0]),
        lambda: tf.constant([1.0])[3],
        lambda: tf.gather(tf.constant([1.0]), 3),
        lambda: tf.constant(1.0) * tf.constant(np.float64(1.0)),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            call()
        assert caught.value.message


def test_tensors_are_not_written_and_variables_not_rebound():
    v = tf.Variable([1.0, 2.0])
    for written in (tf.constant([1.0, 2.0]), v):
        with pytest.raises(TypeError, match="item assignment"):
            written[0] = 3.0
    with pytest.raises(RuntimeError, match="assign_add") as caught:
        v += 1.0
    assert isinstance(caught.value, RebindingError)


def test_a_tape_that_was_never_entered_says_so():
    for kind in (AttributeError, TypeError, NotEnteredError):
        with pytest.raises(kind, match="enter it first"):
            tf.GradientTape().watch(tf.constant(1.0))


def test_slices_of_variables_can_be_assigned():
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    assert v[0, 1].assign(5.0) is v
    v[:, 0].assign_add([10.0, 20.0])
    v[1].assign_sub(1.0)
    assert v.numpy().tolist() == [[11.0, 5.0], [22.0, 3.0]]
    with tf.GradientTape() as tape:
        y = v[0] * 2.0
    assert tape.gradient(y, v).numpy().tolist() == [[2.0, 2.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("update", [1.0, 5.0, 3.0]),
        ("add", [1.0, 11.0, 3.0]),
        ("sub", [1.0, -7.0, 3.0]),
        ("mul", [1.0, 40.0, 3.0]),
        ("div", [1.0, 0.1, 3.0]),
        ("max", [1.0, 5.0, 3.0]),
        ("min", [1.0, 2.0, 3.0]),
    ],
)
def test_scattered_assignments_see_every_duplicate(name, expected):
    v = tf.Variable([1.0, 2.0, 3.0])
    result = getattr(v, f"scatter_{name}")(tf.IndexedSlices([4.0, 5.0], [1, 1]))
    assert result is v
    np.testing.assert_allclose(v.numpy(), expected, rtol=1e-6)
    w = tf.Variable([1.0, 2.0, 3.0])
    getattr(w, f"scatter_nd_{name}")([[1], [1]], [4.0, 5.0])
    np.testing.assert_allclose(w.numpy(), expected, rtol=1e-6)


def test_assignments_insist_on_dtype_and_place():
    v = tf.Variable([1.0, 2.0])
    for wrong in (
        lambda: v.assign(np.float64([1.0, 2.0]) * tf.ones(2, tf.float64)),
        lambda: v[0].assign(tf.constant(1)),
    ):
        with pytest.raises(ValueError, match="dtype") as caught:
            wrong()
        assert isinstance(caught.value, DTypeError)
    v.assign(np.array([5.0, 6.0]))
    assert v.dtype == tf.float32
    with pytest.raises(tf.errors.InvalidArgumentError):
        v.scatter_nd_update([[7]], [1.0])
    with pytest.raises(TypeError, match="IndexedSlices"):
        v.scatter_add([1.0])


def test_whole_numbers_may_be_watched_and_have_no_gradient():
    x = tf.constant([1, 2])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.cast(x, tf.float32) * 2.0
    with NONE:
        assert tape.gradient(y, x) is None
    with gt.GradientTape() as tape, pytest.raises(DTypeError):
        tape.watch(x)


def test_output_gradients_have_their_targets_dtype_and_shape():
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
    for wrong in (np.array([1.0, 2.0]), tf.constant([1, 2]), tf.constant(1.0), [[1.0, 2.0]]):
        with pytest.raises(tf.errors.InvalidArgumentError, match="output_gradients"):
            tape.gradient(y, x, output_gradients=wrong)
    assert tape.gradient(y, x, output_gradients=[1, 10]).numpy().tolist() == [2.0, 40.0]


def test_the_short_float_has_gradients():
    pytest.importorskip("ml_dtypes")
    x = tf.Variable([3.0], dtype=tf.bfloat16)
    with tf.GradientTape() as tape:
        y = x * x * 2.0
    assert tape.gradient(y, x).dtype == tf.bfloat16


def test_scattered_extremes_share_ties():
    x, u = tf.constant([1.0, 2.0, 3.0]), tf.constant([9.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, u])
        high = tf.tensor_scatter_nd_max(x, [[0], [1]], u)
        low = tf.tensor_scatter_nd_min(x, [[0], [1]], u)
    assert high.numpy().tolist() == [9.0, 2.0, 3.0]
    assert [g.numpy().tolist() for g in tape.gradient(high, [x, u])] == [[0.0, 0.5, 1.0], [1.0, 0.5]]
    assert [g.numpy().tolist() for g in tape.gradient(low, [x, u])] == [[1.0, 0.5, 1.0], [0.0, 0.5]]


def test_hessians_need_no_tape():
    x, w = tf.constant([1.0, 2.0]), tf.constant(3.0)
    loss = tf.reduce_sum(x**3) * w + x[0] * x[1]
    first, second = tf.hessians(loss, [x, w])
    assert first.numpy().tolist() == [[18.0, 1.0], [1.0, 36.0]]
    assert second.numpy() == 0.0


def test_complex_parts():
    re, im = tf.constant([3.0, np.inf]), tf.constant([4.0, np.inf])
    z = tf.complex(re, im)
    assert z.dtype == tf.complex64
    assert tf.math.real(z).numpy().tolist() == [3.0, np.inf]
    assert tf.math.imag(z).numpy().tolist() == [4.0, np.inf]
    assert tf.math.imag(re).numpy().tolist() == [0.0, 0.0]


def test_a_function_without_a_gradient_in_tensorflow_has_none_here():
    x = tf.constant(7.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.truncatemod(x, 2.0)
    with pytest.raises(LookupError, match="floormod"):
        tape.gradient(y, x)
    assert float(y) == 1.0


def test_operands_that_are_none_are_named():
    with pytest.raises(OperandError, match="None"):
        tf.constant(1.0) * None


@pytest.mark.parametrize("make", [tf.constant, tf.Variable, gt.constant, gt.Variable])
def test_what_was_pickled_is_of_the_same_kind(make):
    x = make([1.0, 2.0])
    other = pickle.loads(pickle.dumps(x))
    assert type(other) is type(x)
    assert other.numpy().tolist() == [1.0, 2.0]


def test_a_copied_variable_is_one_of_its_own():
    v = tf.Variable([1.0, 2.0], trainable=False, name="v")
    other = copy.deepcopy(v)
    assert isinstance(other, tf.Variable)
    v.assign_add([1.0, 1.0])
    assert other.numpy().tolist() == [1.0, 2.0]
    assert (other.trainable, other.name) == (False, "v")
