"""The names that small programs use besides mathematics: modules, nests, arrays of tensors, groups of rows, draws."""

from collections import OrderedDict, namedtuple

import numpy as np
import pytest

import gradtape as gt
from gradtape import tf
from gradtape.tf.errors import InvalidArgumentError

MISSING = pytest.warns(gt.MissingGradientWarning)
X = np.array([[2.0, -1.0, 3.0], [0.5, 4.0, -2.0]])


def slope(f, at):
    x = tf.Variable(at)
    with tf.GradientTape() as tape:
        y = f(x)
    return tape.gradient(y, x).numpy()


class Layer(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(1.0)
        self.b = tf.Variable([0.0], trainable=False)


class DeepNet(tf.Module):
    def __init__(self):
        super().__init__()
        self.layers = [Layer(), Layer()]
        self.first = self.layers[0]
        self.scale = tf.Variable(3.0)
        self.table = {"a": tf.Variable(4.0)}
        self.words = "text"

    @tf.Module.with_name_scope
    def __call__(self, x):
        with self.name_scope:
            return x * self.scale


def test_a_module_finds_its_variables_once_and_its_own_first():
    net = DeepNet()
    assert [float(v) for v in net.trainable_variables] == [3.0, 4.0, 1.0, 1.0]
    assert len(net.variables) == 6
    assert [v.trainable for v in net.non_trainable_variables] == [False, False]
    assert net.submodules == (net.layers[0], net.layers[1])
    assert net.name == "deep_net"
    assert tf.Module(name="mine").name == "mine"
    assert float(net(2.0)) == 6.0


def test_a_module_may_hold_itself():
    net = DeepNet()
    net.me = net
    assert len(net.variables) == 6
    assert net not in net.submodules


def test_blocks_of_graphs_change_nothing():
    with tf.name_scope("a") as name, tf.device("/CPU:0"), tf.control_dependencies([]), tf.init_scope():
        assert name == "a"
        assert float(tf.constant(1.0) + 1.0) == 2.0


def test_nest():
    Pair = namedtuple("Pair", "x y")
    structure = {"b": [1, (2, None)], "a": Pair(3, {"c": 4})}
    assert tf.nest.flatten(structure) == [3, 4, 1, 2, None]
    assert tf.nest.flatten(5) == [5]
    assert tf.nest.pack_sequence_as(structure, [30, 40, 10, 20, 0]) == {"b": [10, (20, 0)], "a": Pair(30, {"c": 40})}
    doubled = tf.nest.map_structure(lambda a, b: a + b, OrderedDict(z=1, y=[2]), OrderedDict(z=10, y=[20]))
    assert doubled == OrderedDict(z=11, y=[22])
    assert list(doubled) == ["z", "y"]
    with pytest.raises(ValueError, match="5 leaves, and 1 were given"):
        tf.nest.pack_sequence_as(structure, [1])
    for other in ([1], [1, [2]], [1, 2, 3]):
        with pytest.raises(ValueError, match="differ"):
            tf.nest.map_structure(lambda a, b: a, [1, 2], other)
    with pytest.raises(TypeError, match="a list stands where the other has a tuple"):
        tf.nest.assert_same_structure([1], (1,))
    tf.nest.assert_same_structure([1], (1,), check_types=False)


def test_tensor_array_is_written_in_a_loop_and_stays_on_the_tape():
    def powers(x):
        made = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        for k in tf.range(3):
            made = made.write(k, x ** float(k))
        assert int(made.size()) == 3
        return made.stack()

    assert slope(powers, 2.0) == 5.0
    first = tf.TensorArray(tf.float32, 2)
    second = first.write(1, 5.0)
    assert second.stack().numpy().tolist() == [0.0, 5.0]
    assert float(second.identity().read(1)) == 5.0
    with pytest.raises(InvalidArgumentError, match="nothing was written at index 1"):
        first.read(1)
    for place in (2, -1):
        with pytest.raises(InvalidArgumentError, match="index"):
            first.write(place, 1.0)
        with pytest.raises(InvalidArgumentError, match="index"):
            first.read(place)
    with pytest.raises(InvalidArgumentError, match="dtype int32"):
        first.write(0, 1)
    with pytest.raises(InvalidArgumentError, match="nothing was written"):
        first.stack()


def test_tensor_array_takes_tensors_apart():
    x = tf.constant(X)
    rows = tf.TensorArray(tf.float64, 2).unstack(x)
    np.testing.assert_array_equal(rows.read(1).numpy(), X[1])
    np.testing.assert_array_equal(rows.concat().numpy(), X.reshape(-1))
    np.testing.assert_array_equal(rows.gather([1, 1]).numpy(), X[[1, 1]])
    np.testing.assert_array_equal(tf.TensorArray(tf.float64, 2).scatter([1, 0], x).stack().numpy(), X[::-1])
    pieces = tf.TensorArray(tf.float64, 2).split(x[0], [1, 2])
    np.testing.assert_array_equal(pieces.read(1).numpy(), X[0, 1:])


COLUMNS = X.T
GROUPS = {
    "segment_sum": (tf.math.segment_sum, lambda rows: rows.sum(0)),
    "segment_mean": (tf.math.segment_mean, lambda rows: rows.mean(0)),
    "segment_max": (tf.math.segment_max, lambda rows: rows.max(0)),
    "segment_min": (tf.math.segment_min, lambda rows: rows.min(0)),
    "segment_prod": (tf.math.segment_prod, lambda rows: rows.prod(0)),
}


@pytest.mark.parametrize("name", GROUPS)
def test_segments(name):
    f, reference = GROUPS[name]
    expected = np.stack([reference(COLUMNS[:2]), reference(COLUMNS[2:])])
    np.testing.assert_allclose(f(tf.constant(COLUMNS), [0, 0, 1]).numpy(), expected)
    unsorted = getattr(tf.math, f"un{name.replace('segment', 'sorted_segment')}")
    found = unsorted(tf.constant(COLUMNS[[2, 0, 1]]), tf.constant([1, 0, 0]), 2)
    np.testing.assert_allclose(found.numpy(), expected)


def test_segments_have_gradients():
    weight = np.array([[1.0, 10.0, 100.0]])
    back = slope(lambda x: tf.math.unsorted_segment_sum(x, [2, 0, -1], 3) * weight[0], [1.0, 1.0, 1.0])
    assert back.tolist() == [100.0, 1.0, 0.0]
    assert slope(lambda x: tf.math.segment_mean(x, [0, 0, 1]), [1.0, 2.0, 3.0]).tolist() == [0.5, 0.5, 1.0]
    assert slope(lambda x: tf.math.segment_max(x, [0, 0, 1]), [2.0, 2.0, 3.0]).tolist() == [0.5, 0.5, 1.0]
    assert slope(lambda x: tf.math.segment_prod(x, [0, 0, 2]), [2.0, 0.0, 3.0]).tolist() == [0.0, 2.0, 1.0]
    root = slope(lambda x: tf.math.unsorted_segment_sqrt_n(x, [0, 0, 0, 0], 1), [1.0] * 4)
    assert root.tolist() == [0.5] * 4


def test_empty_segments():
    x = tf.constant([5.0])
    assert tf.math.segment_max(x, [1]).numpy().tolist() == [0.0, 5.0]
    assert tf.math.segment_prod(x, [1]).numpy().tolist() == [1.0, 5.0]
    assert tf.math.unsorted_segment_max(x, [1], 2).numpy()[0] == np.finfo(np.float32).min
    assert tf.math.unsorted_segment_min(x, [1], 2).numpy()[0] == np.finfo(np.float32).max
    assert tf.math.unsorted_segment_mean(x, [1], 2).numpy().tolist() == [0.0, 5.0]


def test_segments_check_their_numbers():
    x = tf.constant([1.0, 2.0])
    with pytest.raises(InvalidArgumentError, match="not one sorted list"):
        tf.math.segment_sum(x, [1, 0])
    with pytest.raises(InvalidArgumentError, match=r"segment 3 is not in \[0, 2\)"):
        tf.math.unsorted_segment_sum(x, [0, 3], 2)
    with pytest.raises(InvalidArgumentError, match=r"ids of shape \(3,\)"):
        tf.math.unsorted_segment_sum(x, [0, 1, 1], 2)


def test_partition_and_stitch():
    x = tf.Variable([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        odd, even = tf.dynamic_partition(x, [0, 1, 0], 2)
        back = tf.dynamic_stitch([[0, 2], [1]], [odd * 2.0, even * 3.0])
    assert back.numpy().tolist() == [2.0, 6.0, 6.0]
    assert tape.gradient(back, x).numpy().tolist() == [2.0, 3.0, 2.0]
    assert tf.dynamic_stitch([[0, 1], [1]], [[1.0, 2.0], [9.0]]).numpy().tolist() == [1.0, 9.0]


def test_unique():
    values, places, counts = tf.unique_with_counts([7.0, 3.0, 7.0, 1.0])
    assert values.numpy().tolist() == [7.0, 3.0, 1.0]
    assert places.numpy().tolist() == [0, 1, 0, 2]
    assert counts.numpy().tolist() == [2, 1, 1]
    with pytest.raises(LookupError, match="unique has no gradient in TensorFlow"):
        slope(lambda x: tf.unique(x)[0], [7.0, 3.0, 7.0])


def test_reverse_sequence():
    x = np.arange(6.0).reshape(2, 3)
    assert tf.reverse_sequence(x, [3, 2], seq_axis=1).numpy().tolist() == [[2.0, 1.0, 0.0], [4.0, 3.0, 5.0]]
    found = tf.reverse_sequence(x.T, [3, 2], seq_axis=0, batch_axis=1)
    assert found.numpy().T.tolist() == [[2.0, 1.0, 0.0], [4.0, 3.0, 5.0]]


def test_searchsorted_and_histograms_say_that_they_count():
    assert tf.searchsorted([1.0, 2.0, 2.0], [2.0, 0.0]).numpy().tolist() == [1, 0]
    assert tf.searchsorted([1.0, 2.0, 2.0], [2.0, 0.0], side="right").numpy().tolist() == [3, 0]
    rows = tf.searchsorted([[1.0, 3.0], [2.0, 4.0]], [[2.0], [1.0]])
    assert rows.numpy().tolist() == [[1], [0]]
    assert rows.dtype == tf.int32
    x = tf.Variable([-9.0, 0.0, 0.1, 2.6, 4.0, 5.0, 99.0])
    with tf.GradientTape(persistent=True) as tape:
        counts = tf.histogram_fixed_width(x, [0.0, 5.0], nbins=5)
        total = tf.reduce_sum(tf.cast(counts, tf.float32) ** 2)
    assert counts.numpy().tolist() == [3, 0, 1, 0, 3]
    assert counts.dtype == tf.int32
    with MISSING:
        assert tape.gradient(total, x) is None
    assert [f.cause for f in tape.why(total, x).findings] == ["piecewise-constant"]


def test_parts_of_matrices():
    full = np.arange(1.0, 13.0).reshape(3, 4)
    for lower, upper in ((0, 0), (1, 0), (-1, 1), (0, -1)):
        keep = np.tri(3, 4, upper if upper >= 0 else 9) - np.tri(3, 4, -lower - 1 if lower >= 0 else -9)
        np.testing.assert_array_equal(tf.linalg.band_part(full, lower, upper).numpy(), full * keep)
        np.testing.assert_array_equal(slope(lambda x, lo=lower, up=upper: tf.linalg.band_part(x, lo, up), full), keep)
    new = tf.linalg.set_diag(full, [-1.0, -2.0, -3.0]).numpy()
    assert np.diag(new).tolist() == [-1.0, -2.0, -3.0]
    assert new[0, 1] == 2.0
    d = slope(lambda d: tf.linalg.set_diag(full, d) * full, np.zeros(3))
    assert d.tolist() == np.diag(full).tolist()
    assert tf.linalg.set_diag(full.T, [0.0] * 3).numpy().shape == (4, 3)
    np.testing.assert_array_equal(tf.linalg.eye(2).numpy(), np.eye(2))


def test_draws_without_state_repeat_and_keep_their_scale_on_the_tape():
    one, again, other = (tf.random.stateless_normal([50], seed=s).numpy() for s in ([1, 2], (1, 2), [2, 1]))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    back = slope(lambda s: tf.random.stateless_normal([50], [1, 2], stddev=s), 2.0)
    np.testing.assert_allclose(back, one.sum(), rtol=1e-5)
    low = tf.random.stateless_uniform([100], [-3, 4], minval=2.0, maxval=3.0).numpy()
    assert low.dtype == np.float32
    assert 2.0 <= low.min() < low.max() <= 3.0
    whole = tf.random.stateless_uniform([100], [3, 4], 0, 7, tf.int32).numpy()
    assert set(whole.tolist()) <= set(range(7))
    assert np.abs(tf.random.stateless_truncated_normal([300], [3, 4]).numpy()).max() <= 2.0
    assert tf.random.stateless_categorical([[0.0, 100.0]], 5, [1, 2]).numpy().tolist() == [[1] * 5]


@pytest.mark.parametrize(
    "draw",
    [lambda r: tf.random.poisson([4], r, seed=5), lambda r: tf.random.stateless_poisson([4, 2], [3, 5], r, tf.float32)],
)
def test_poisson_draws_whole_numbers_that_have_no_derivative(draw):
    rate = tf.Variable([3.0, 800.0])
    with tf.GradientTape(persistent=True) as tape:
        sample = draw(rate)
        total = tf.reduce_mean(sample)
    assert sample.shape == (4, 2)
    assert sample.dtype == tf.float32
    assert (sample.numpy() % 1 == 0).all()
    assert sample.numpy()[:, 1].min() > 500
    assert sample.numpy()[:, 0].max() < 50
    with MISSING:
        assert tape.gradient(total, rate) is None
    assert [f.cause for f in tape.why(total, rate).findings] == ["sampled"]


def test_images():
    x = np.arange(16.0).reshape(1, 4, 2, 2)
    deep = tf.nn.space_to_depth(x, 2)
    assert deep.shape == (1, 2, 1, 8)
    assert deep.numpy()[0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    np.testing.assert_array_equal(tf.nn.depth_to_space(deep, 2).numpy(), x)
    with pytest.raises(InvalidArgumentError, match="shape"):
        tf.nn.space_to_depth(x[0], 2)


def test_losses():
    scores, truths = np.array([-2.0, 0.5, 3.0]), np.array([0.0, 1.0, 0.3])
    sure = 1 / (1 + np.exp(-scores))
    expected = -3.0 * truths * np.log(sure) - (1 - truths) * np.log(1 - sure)
    found = tf.nn.weighted_cross_entropy_with_logits(truths, tf.constant(scores), 3.0)
    np.testing.assert_allclose(found.numpy(), expected)
    counts = np.array([0.0, 1.0, 6.0])
    plain = np.exp(scores) - counts * scores
    np.testing.assert_allclose(tf.nn.log_poisson_loss(counts, tf.constant(scores)).numpy(), plain)
    extra = 6 * np.log(6) - 6 + 0.5 * np.log(12 * np.pi)
    full = tf.nn.log_poisson_loss(counts, tf.constant(scores), compute_full_loss=True)
    np.testing.assert_allclose(full.numpy(), plain + np.array([0.0, 0.0, extra]))


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (tf.debugging.assert_positive, 1.0, 0.0),
        (tf.debugging.assert_negative, -1.0, 0.0),
        (tf.debugging.assert_non_negative, 0.0, -1.0),
        (tf.debugging.assert_non_positive, 0.0, 1.0),
        (tf.debugging.assert_all_finite, 0.0, float("inf")),
        (tf.debugging.assert_scalar, 0.0, [1.0]),
        (lambda x: tf.debugging.assert_rank(x, 1), [1.0], 1.0),
        (lambda x: tf.debugging.assert_rank_at_least(x, 1), [[1.0]], 1.0),
    ],
)
def test_checks_hold_or_raise(check, good, bad):
    check(tf.constant(good))
    with pytest.raises(InvalidArgumentError):
        check(tf.constant(bad))


def test_checks_of_dtypes():
    tf.debugging.assert_type(tf.constant(1), tf.int32)
    with pytest.raises(TypeError, match="float32"):
        tf.debugging.assert_type(tf.constant(1.0), tf.int32)
    assert tf.debugging.is_numeric_tensor(tf.constant(1.0))
    assert not tf.debugging.is_numeric_tensor(1.0)


def test_check_numerics_checks_the_gradient_too():
    x = tf.Variable([0.0, 4.0])
    with tf.GradientTape(persistent=True) as tape:
        y = tf.debugging.check_numerics(x, "here")
        half, root = y * 0.5, tf.sqrt(y)
    assert tape.gradient(half, x).numpy().tolist() == [0.5, 0.5]
    with pytest.raises(InvalidArgumentError, match=r"here, in the gradient: 1 of 2 elements are infinite"):
        tape.gradient(root, x)
