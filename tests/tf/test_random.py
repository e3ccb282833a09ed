"""Random tensors: what their distributions' arguments move, and what seeds do."""

import numpy as np
import pytest

from gradtape import tf

ALPHA = np.array([1e-3, 0.05, 0.5, 1.0, 3.0, 50.0, 1e4])
# tf.raw_ops.RandomGammaGrad of TensorFlow 2.21 at these draws
DRAWN = [0.0, 2.84396321475679e-08, 0.1531166201873147, 0.3243783902549884, 4.460348430819627, 38.95020092900856]
DRAWN += [9867.985562701007]
SLOPES = [0.0, 9.599876130303737e-06, 0.6724673908309012, 0.6249755073227493, 1.2805678789825476, 0.8832558784976402]
SLOPES += [0.9933865892123184]


def test_the_gradient_of_gamma_draws_is_that_of_implicit_reparameterisation():
    alpha = tf.Variable(ALPHA)
    with tf.GradientTape() as tape:
        y = tf.random.stateless_gamma([7], (1, 2), alpha, dtype=tf.float64)
    np.testing.assert_allclose(y.numpy(), DRAWN, rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(y, alpha).numpy(), SLOPES, rtol=1e-5)


def test_gamma_moves_smoothly(smooth):
    smooth(lambda a, b: tf.random.gamma([4], a, b, tf.float64, seed=3), [np.array([0.4, 2.0]), np.array([1.5, 0.7])])
    y = tf.random.gamma([2, 5000], [0.5, 4.0], beta=2.0, seed=1)
    assert y.shape == (2, 5000, 2)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.numpy().mean((0, 1)), [0.25, 2.0], rtol=0.05)
    np.testing.assert_allclose(y.numpy().var((0, 1)), [0.125, 1.0], rtol=0.1)


def test_cut_off_normal_draws_move_with_all_four_arguments(smooth):
    at = [np.array(v) for v in (0.3, 1.2, -0.5, 2.0)]
    smooth(lambda m, s, a, b: tf.random.stateless_parameterized_truncated_normal([5], (3, 4), m, s, a, b), at)
    y = tf.random.stateless_parameterized_truncated_normal([20000], (1, 2), 0.0, 1.0, 5.0, 7.0).numpy()
    assert 5.0 <= y.min() <= y.max() <= 7.0
    assert 5.15 < y.mean() < 5.22


@pytest.mark.parametrize(
    "draw",
    [
        lambda seed: tf.random.stateless_normal([4], seed),
        lambda seed: tf.random.stateless_uniform([4], seed),
        lambda seed: tf.random.stateless_truncated_normal([4], seed),
        lambda seed: tf.random.stateless_gamma([4], seed, 2.0),
        lambda seed: tf.random.stateless_poisson([4], seed, 50.0),
        lambda seed: tf.random.stateless_binomial([4], seed, 100.0, 0.5),
        lambda seed: tf.random.stateless_categorical([[0.0] * 50], 4, seed),
        lambda seed: tf.random.stateless_parameterized_truncated_normal([4], seed),
        lambda seed: tf.random.experimental.stateless_shuffle(np.arange(20), seed),
        lambda seed: tf.random.split(seed, 3),
        lambda seed: tf.random.fold_in(seed, 7),
    ],
)
def test_a_seed_decides_alone(draw):
    np.testing.assert_array_equal(draw((1, 2)).numpy(), draw([1, 2]).numpy())
    assert (draw((1, 2)).numpy() != draw((1, 3)).numpy()).any()
    draw(tf.random.split((1, 2))[0])


def test_whole_draws_have_no_derivative_and_say_so():
    rate, scores = tf.Variable(3.0), tf.Variable([[0.1, 0.9]])
    with tf.GradientTape(persistent=True) as tape:
        y = tf.cast(tf.random.stateless_binomial([3], (1, 2), 5.0, rate / 10.0), tf.float32)
        z = tf.cast(tf.random.categorical(scores, 5), tf.float32)
    with pytest.warns(match="no gradient"):
        assert tape.gradient(y, rate) is None
    with pytest.warns(match="no gradient"):
        assert tape.gradient(z, scores) is None


def test_shares_of_drawn_classes_and_successes():
    z = tf.random.categorical(np.log([[0.2, 0.8]]), 5000, seed=1).numpy()
    assert z.shape == (1, 5000)
    assert 0.77 < z.mean() < 0.83
    y = tf.random.stateless_binomial([5000], (1, 2), 10.0, 0.3).numpy()
    assert 2.9 < y.mean() < 3.1


def test_generators():
    first, second = (tf.random.Generator.from_seed(7) for _ in range(2))
    for draw in (
        lambda g: g.normal([3]),
        lambda g: g.uniform([3], 1.0, 2.0),
        lambda g: g.truncated_normal([3]),
        lambda g: g.binomial([3], 9.0, 0.5),
        lambda g: g.uniform_full_int([3], tf.int32),
        lambda g: g.make_seeds(2),
        lambda g: g.split(2)[1].normal([3]),
    ):
        np.testing.assert_array_equal(draw(first).numpy(), draw(second).numpy())
    first.reset_from_seed(1)
    assert (first.normal([3]).numpy() != second.normal([3]).numpy()).any()
    x = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = first.normal([2], stddev=x)
    assert tape.gradient(y, x) is not None
    assert tf.random.Generator.from_non_deterministic_state().normal([1]).shape == (1,)


def test_the_common_generator_can_be_set():
    before = tf.random.get_global_generator()
    tf.random.set_global_generator(tf.random.Generator.from_seed(5))
    a = tf.random.normal([2]).numpy()
    tf.random.set_global_generator(tf.random.Generator.from_seed(5))
    np.testing.assert_array_equal(tf.random.normal([2]).numpy(), a)
    tf.random.set_global_generator(before)


def test_the_best_and_their_places(smooth):
    x = np.array([[0.3, 2.0, 1.0], [5.0, 4.0, 6.0]])
    values, places = tf.math.approx_max_k(x, 2)
    np.testing.assert_array_equal(values.numpy(), [[2.0, 1.0], [6.0, 5.0]])
    np.testing.assert_array_equal(places.numpy(), [[1, 2], [2, 0]])
    np.testing.assert_array_equal(tf.nn.approx_min_k(x, 1, 0)[0].numpy(), [[0.3, 2.0, 1.0]])
    smooth(lambda t: tf.math.approx_max_k(t, 1, reduction_dimension=0)[0], [x])
    source = tf.Variable(x)
    with tf.GradientTape() as tape:
        places = tf.cast(tf.argsort(source, direction="DESCENDING"), tf.float32)
    np.testing.assert_array_equal(places.numpy(), [[1, 2, 0], [2, 0, 1]])
    assert [f.cause for f in tape.why(places, source).findings] == ["no-derivative"]


def test_a_class_among_the_best():
    scores = np.array([[1.0, 2.0, 2.0], [3.0, 1.0, 0.0], [np.inf, 1.0, 2.0], [np.nan, 1.0, 2.0], [1.0, 1.0, 1.0]])
    found = [tf.math.in_top_k([1, 1, 2, 1, 7], scores, k).numpy().tolist() for k in (1, 2)]
    assert found == [[True, False, False, False, False], [True, True, False, False, False]]  # as TensorFlow


def test_points_of_sobol():
    points = tf.math.sobol_sample(2, 3)
    np.testing.assert_array_equal(points.numpy(), [[0.5, 0.5], [0.75, 0.25], [0.25, 0.75]])
    np.testing.assert_array_equal(tf.math.sobol_sample(2, 2, skip=1).numpy(), points.numpy()[1:])
