"""Values against NumPy's, gradients against central differences, in float64; and the edges that TensorFlow defines."""

import numpy as np
import pytest

import gradtape as gt
from gradtape import tf
from gradtape.tf.errors import InvalidArgumentError

V = np.array([0.7, -1.3, 2.1])
P = np.array([0.4, 1.3, 2.2])
M = np.array([[0.5, -1.2, 0.8], [1.5, 0.7, -0.3]])


def softmax(x):
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


CASES = {
    "abs": (tf.abs, [V], np.abs),
    "atan2": (tf.math.atan2, [V, P], np.arctan2),
    "ceil": (lambda x: x * tf.math.ceil(x), [V], lambda x: x * np.ceil(x)),
    "divide_no_nan": (tf.math.divide_no_nan, [V, P], np.divide),
    "multiply_no_nan": (tf.math.multiply_no_nan, [V, P], np.multiply),
    "xdivy": (tf.math.xdivy, [V, P], np.divide),
    "xlogy": (tf.math.xlogy, [V, P], lambda x, y: x * np.log(y)),
    "xlog1py": (tf.math.xlog1py, [V, P], lambda x, y: x * np.log1p(y)),
    "reciprocal_no_nan": (tf.math.reciprocal_no_nan, [V], lambda x: 1 / x),
    "rsqrt": (tf.math.rsqrt, [P], lambda x: x**-0.5),
    "sigmoid": (tf.sigmoid, [V], sigmoid),
    "log_sigmoid": (tf.math.log_sigmoid, [V], lambda x: np.log(sigmoid(x))),
    "softplus": (tf.math.softplus, [V], lambda x: np.log1p(np.exp(x))),
    "softsign": (tf.math.softsign, [V], lambda x: x / (1 + np.abs(x))),
    "squared_difference": (tf.math.squared_difference, [M, V], lambda x, y: (x - y) ** 2),
    "add_n": (lambda x, y: tf.add_n([x, y, x]), [V, P], lambda x, y: 2 * x + y),
    "floormod": (tf.math.floormod, [V * 3.1, P], np.mod),
    "logsumexp": (lambda x: tf.reduce_logsumexp(x, axis=1), [M], lambda x: np.log(np.exp(x).sum(1))),
    "mean": (lambda x: tf.reduce_mean(x, axis=[0, 1]), [M], np.mean),
    "prod": (lambda x: tf.reduce_prod(x, 0, keepdims=True), [M], lambda x: x.prod(0, keepdims=True)),
    "variance": (lambda x: tf.math.reduce_variance(x, 1), [M], lambda x: x.var(1)),
    "std": (lambda x: tf.math.reduce_std(x, 1), [M], lambda x: x.std(1)),
    "norm": (lambda x: tf.norm(x, axis=1), [M], lambda x: np.linalg.norm(x, axis=1)),
    "norm_1": (lambda x: tf.norm(x, ord=1), [V], lambda x: np.abs(x).sum()),
    "norm_3": (lambda x: tf.norm(x, ord=3), [V], lambda x: (np.abs(x) ** 3).sum() ** (1 / 3)),
    "global_norm": (
        lambda x, y: tf.linalg.global_norm([x, None, y]),
        [M, V],
        lambda x, y: np.sqrt((x**2).sum() + (y**2).sum()),
    ),
    "l2_normalize": (lambda x: tf.math.l2_normalize(x, 1), [M], lambda x: x / np.linalg.norm(x, axis=1, keepdims=True)),
    "cumsum": (
        lambda x: tf.cumsum(x, 1, exclusive=True, reverse=True),
        [M],
        lambda x: np.stack([x[:, 1] + x[:, 2], x[:, 2], 0 * x[:, 0]], 1),
    ),
    "cumprod": (lambda x: tf.math.cumprod(x, exclusive=True), [V], lambda x: np.array([1, x[0], x[0] * x[1]])),
    "matmul": (lambda x, y: tf.matmul(x, y, transpose_b=True), [M, M[:, :] * 2], lambda x, y: x @ y.T),
    "matvec": (tf.linalg.matvec, [M, V], lambda x, y: x @ y),
    "tensordot": (lambda x, y: tf.tensordot(x, y, [[1], [0]]), [M, V], lambda x, y: x @ y),
    "diag": (tf.linalg.diag, [M], lambda x: x[..., None] * np.eye(3)),
    "diag_part": (tf.linalg.diag_part, [M], np.diagonal),
    "trace": (tf.linalg.trace, [M], np.trace),
    "embedding": (lambda x: tf.nn.embedding_lookup(x, [[1], [1]]), [M], lambda x: x[[[1], [1]]]),
    "batch_normalization": (
        lambda x, m, v, s: tf.nn.batch_normalization(x, m, v, 0.5, s, 1e-3),
        [M, V, P, V],
        lambda x, m, v, s: (x - m) / np.sqrt(v + 1e-3) * s + 0.5,
    ),
    "einsum": (lambda x, y: tf.einsum("ij,j->i", x, y), [M, V], lambda x, y: x @ y),
    "reshape": (lambda x: tf.reshape(x, [-1]), [M], np.ravel),
    "transpose": (lambda x: tf.transpose(x, [1, 0]), [M], np.transpose),
    "expand_squeeze": (lambda x: tf.squeeze(tf.expand_dims(x, -1), [-1]), [V], lambda x: x),
    "concat": (lambda x, y: tf.concat([x, y], -1), [M, M], lambda x, y: np.concatenate([x, y], -1)),
    "stack_unstack": (lambda x: tf.stack(tf.unstack(x, axis=1)[::-1], 0), [M], lambda x: x.T[::-1]),
    "split": (lambda x: tf.split(x, [1, -1], 1)[1], [M], lambda x: x[:, 1:]),
    "tile": (lambda x: tf.tile(x, [2, 1]), [M], lambda x: np.tile(x, [2, 1])),
    "repeat": (lambda x: tf.repeat(x, 2, 1), [M], lambda x: np.repeat(x, 2, 1)),
    "pad": (lambda x: tf.pad(x, [[1, 0], [0, 2]]), [M], lambda x: np.pad(x, [[1, 0], [0, 2]])),
    "pad_reflect": (lambda x: tf.pad(x, [[2, 1]], "REFLECT"), [V], lambda x: np.pad(x, [[2, 1]], "reflect")),
    "reverse": (lambda x: tf.reverse(x, [1]), [M], lambda x: x[:, ::-1]),
    "roll": (lambda x: tf.roll(x, 1, 1), [M], lambda x: np.roll(x, 1, 1)),
    "slice": (lambda x: tf.slice(x, [0, 1], [2, -1]), [M], lambda x: x[:, 1:]),
    "strided_slice": (lambda x: tf.strided_slice(x, [0], [3], [2]), [V], lambda x: x[::2]),
    "gather": (lambda x: tf.gather(x, [2, 0, 2], axis=1), [M], lambda x: x[:, [2, 0, 2]]),
    "gather_batch": (
        lambda x: tf.gather(x, [[1, 1], [0, 2]], batch_dims=1),
        [M],
        lambda x: np.take_along_axis(x, np.array([[1, 1], [0, 2]]), 1),
    ),
    "gather_nd": (lambda x: tf.gather_nd(x, [[0, 0], [1, 2], [0, 0]]), [M], lambda x: x[[0, 1, 0], [0, 2, 0]]),
    "boolean_mask": (lambda x: tf.boolean_mask(x, [True, False, True], axis=1), [M], lambda x: x[:, [0, 2]]),
    "scatter_nd": (
        lambda x: tf.scatter_nd([[1], [3], [1]], x, [4]),
        [V],
        lambda x: np.array([0, x[0] + x[2], 0, x[1]]),
    ),
    "scatter_add": (
        lambda x, y: tf.tensor_scatter_nd_add(x, [[2], [2]], y),
        [V, P[:2]],
        lambda x, y: np.add(x, [0, 0, y.sum()]),
    ),
    "scatter_update": (
        lambda x, y: tf.tensor_scatter_nd_update(x, [[2], [0], [2]], y),
        [V, P],
        lambda x, y: np.array([y[1], x[1], y[2]]),
    ),
    "meshgrid": (lambda x, y: tf.add(*tf.meshgrid(x, y)), [V, P[:2]], lambda x, y: np.add(*np.meshgrid(x, y))),
    "linspace": (lambda x, y: tf.linspace(x, y, 4), [np.array(1.0), np.array(3.0)], lambda x, y: np.linspace(x, y, 4)),
    "sort": (lambda x: tf.sort(x, 1, "DESCENDING"), [M], lambda x: np.sort(x, 1)[:, ::-1]),
    "sort_up": (tf.sort, [M], np.sort),
    "top_k": (lambda x: tf.math.top_k(x, 2)[0], [M], lambda x: np.sort(x, -1)[:, :-3:-1]),
    "fill": (lambda x: tf.fill([2, 2], x), [np.array(3.0)], lambda x: np.full((2, 2), x)),
    "clip_by_value": (lambda x: tf.clip_by_value(x, -1.0, 1.0), [V], lambda x: np.clip(x, -1, 1)),
    "clip_by_norm": (lambda x: tf.clip_by_norm(x, 1.5), [V], lambda x: x * 1.5 / np.linalg.norm(x)),
    "clip_by_global_norm": (
        lambda x, y: tf.clip_by_global_norm([x, y], 1.5)[0][0],
        [V, P],
        lambda x, y: x * 1.5 / np.sqrt((x**2).sum() + (y**2).sum()),
    ),
    "relu6": (tf.nn.relu6, [V * 4], lambda x: np.clip(x, 0, 6)),
    "leaky_relu": (tf.nn.leaky_relu, [V], lambda x: np.where(x > 0, x, 0.2 * x)),
    "elu": (tf.nn.elu, [V], lambda x: np.where(x > 0, x, np.exp(x) - 1)),
    "selu": (tf.nn.selu, [V], lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(x) - 1))),
    "silu": (tf.nn.silu, [V], lambda x: x * sigmoid(x)),
    "gelu": (
        lambda x: tf.nn.gelu(x, approximate=True),
        [V],
        lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    ),
    "softmax": (tf.nn.softmax, [M], softmax),
    "log_softmax": (lambda x: tf.nn.log_softmax(x, axis=0), [M], lambda x: np.log(softmax(x.T).T)),
    "cross_entropy": (
        lambda x: tf.nn.softmax_cross_entropy_with_logits([[0.0, 1.0, 0.0]], x),
        [M],
        lambda x: -np.log(softmax(x))[:, 1],
    ),
    "sparse_cross_entropy": (
        lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits([2, 0], x),
        [M],
        lambda x: -np.log(softmax(x))[[0, 1], [2, 0]],
    ),
    "sigmoid_cross_entropy": (
        lambda x: tf.nn.sigmoid_cross_entropy_with_logits([1.0, 0.0, 0.5], x),
        [V],
        lambda x: -np.array([1, 0, 0.5]) * np.log(sigmoid(x)) - np.array([0, 1, 0.5]) * np.log(1 - sigmoid(x)),
    ),
    "bias_add": (tf.nn.bias_add, [M, V], np.add),
    "moments": (lambda x: tf.nn.moments(x, [0])[1], [M], lambda x: x.var(0)),
    "l2_loss": (tf.nn.l2_loss, [V], lambda x: (x**2).sum() / 2),
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients(name):
    f, inputs, reference = CASES[name]
    sources = [tf.Variable(x) for x in inputs]
    expected = reference(*inputs)
    weights = np.cos(np.arange(np.size(expected)) + 0.3).reshape(np.shape(expected))
    with tf.GradientTape() as tape:
        y = f(*sources)
        total = tf.reduce_sum(y * weights)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-9, atol=1e-12)
    assert y.dtype == tf.float64
    for k, gradient in enumerate(tape.gradient(total, sources)):
        np.testing.assert_allclose(gradient.numpy(), differences(reference, inputs, k, weights), rtol=1e-5, atol=1e-7)


def differences(f, inputs, k, weights, step=1e-6):
    result = np.zeros(inputs[k].shape)
    for place in np.ndindex(inputs[k].shape):
        moved = []
        for sign in (1, -1):
            arrays = [np.array(x) for x in inputs]
            arrays[k][place] += sign * step
            moved.append(np.sum(f(*arrays) * weights))
        result[place] = (moved[0] - moved[1]) / (2 * step)
    return result


def slope(f, at):
    x = tf.constant(at)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    gradient = tape.gradient(y, x)
    assert gradient.dtype == tf.float32
    return gradient.numpy().tolist()


def test_ties_and_edges():
    assert slope(tf.nn.relu, [0.0, -1.0, 1.0]) == [0.0, 0.0, 1.0]
    assert slope(lambda x: tf.maximum(x, 0.0), 0.0) == 1.0
    assert slope(tf.reduce_max, [1.0, 3.0, 3.0]) == [0.0, 0.5, 0.5]
    assert slope(lambda x: tf.clip_by_value(x, 0.0, 1.0), [-1.0, 0.0, 0.5, 1.0, 2.0]) == [0.0, 1.0, 1.0, 1.0, 0.0]
    assert slope(lambda x: tf.math.top_k(x, 2)[0] * [1.0, 10.0], [3.0, 1.0, 4.0, 4.0]) == [0.0, 0.0, 1.0, 10.0]
    assert slope(tf.reduce_prod, [2.0, 0.0, 4.0]) == [0.0, 8.0, 0.0]
    assert slope(tf.math.cumprod, [2.0, 0.0, 4.0]) == [1.0, 10.0, 0.0]
    assert slope(lambda x: tf.math.divide_no_nan(1.0, x), [0.0, 2.0]) == [0.0, -0.25]


@pytest.mark.parametrize(
    "f", [tf.norm, tf.math.reduce_std, tf.math.reduce_euclidean_norm, lambda x: tf.linalg.global_norm([x])]
)
def test_norms_have_gradient_zero_at_zero(f):
    assert slope(f, [0.0, 0.0]) == [0.0, 0.0]


@pytest.mark.parametrize(
    "f", [tf.math.log, tf.sqrt, tf.math.rsqrt, lambda x: 1.0 / x, tf.math.reciprocal, lambda x: x**-0.5]
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_where_protects(f):
    assert slope(lambda x: tf.where(x > 0.0, f(x), 0.0), [0.0]) == [0.0]


def test_sigmoid_does_not_underflow():
    x = tf.constant([-80.0, 80.0, -200.0])
    np.testing.assert_allclose(tf.sigmoid(x).numpy(), [np.exp(-80.0), 1.0, 0.0], rtol=1e-5)
    assert slope(tf.sigmoid, 0.0) == 0.25


def test_positions_are_checked():
    x = tf.constant([1.0, 2.0])
    for wrong in (5, -1):
        with pytest.raises(InvalidArgumentError, match=f"position {wrong} is not in"):
            tf.gather(x, [wrong])
    with pytest.raises(IndexError, match="gather_nd"):
        tf.gather_nd(x, [[2]])
    with pytest.raises(InvalidArgumentError, match="scatter_nd"):
        tf.scatter_nd([[4]], [1.0], [4])
    with pytest.raises(InvalidArgumentError, match="not all of length 1"):
        tf.squeeze(tf.ones([2, 1]), 0)
    with pytest.raises(InvalidArgumentError, match="split"):
        tf.split(x, 3)


def test_positions_and_answers_have_no_gradient():
    x = tf.Variable([1.0, 3.0])
    with tf.GradientTape(persistent=True) as tape:
        results = [tf.argmax(x), tf.argsort(x), tf.math.top_k(x)[1], x > 2.0, tf.math.is_nan(x), tf.where(x > 2.0)]
        results = [tf.reduce_sum(tf.cast(r, tf.float32)) for r in results]
    assert [float(r) for r in results] == [1.0, 1.0, 1.0, 1.0, 0.0, 1.0]
    for r in results:
        with pytest.warns(gt.MissingGradientWarning):
            assert tape.gradient(r, x) is None


def test_arguments_go_by_tensorflows_names():
    assert float(tf.math.pow(x=2.0, y=3.0, name="cube")) == 8.0
    assert float(tf.reduce_max(input_tensor=[[1.0, 5.0]], axis=[0, 1])) == 5.0
    assert bool(tf.reduce_all([True, True]))
    assert not bool(tf.reduce_any([False, False]))
    with pytest.raises(TypeError, match="takes x, y"):
        tf.add(1.0, z=2.0)


def test_clip_by_global_norm_keeps_what_is_missing():
    clipped, norm = tf.clip_by_global_norm([tf.constant([3.0]), None, tf.constant([4.0])], 1.0)
    assert float(norm) == 5.0
    assert clipped[1] is None
    np.testing.assert_allclose([float(clipped[0][0]), float(clipped[2][0])], [0.6, 0.8])


def test_checks():
    x = tf.constant([1.0, float("nan")])
    with pytest.raises(InvalidArgumentError, match=r"here: 1 of . elements are not a number, the first at \[1\]"):
        tf.debugging.check_numerics(x, "here")
    assert slope(lambda x: tf.debugging.check_numerics(x * x, "here"), 3.0) == 6.0
    tf.debugging.assert_equal([1, 2], [1, 2])
    with pytest.raises(InvalidArgumentError, match="less than"):
        tf.debugging.assert_less(2.0, 1.0)
    with pytest.raises(InvalidArgumentError, match=r"\(2,\)"):
        tf.ensure_shape(x, [3])
    assert tf.ensure_shape(x, [None]) is x


def test_articles_mix_of_dtypes():
    tendon = tf.Variable(np.array([1e-10, 2e-10, 3e-10]))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.math.log(tf.math.multiply(tendon, tf.constant([1e10, 1e10, 1e10])) + 1e-5))
    np.testing.assert_allclose(tape.gradient(loss, tendon).numpy(), [9.9999e9, 4.999975e9, 3.33332222e9], rtol=1e-5)
