"""Distances, nearest codes and rotations: SciPy's values, derivatives by difference quotients."""

import numpy as np
import pytest
import scipy.cluster.vq
import scipy.spatial.distance
from scipy.spatial.transform import Rotation as Theirs

import gradtape as gt
from gradtape.ops.spatial.distances import METRICS
from gradtape.scipy.cluster import vq
from gradtape.scipy.spatial import distance
from gradtape.scipy.spatial.transform import Rotation
from gradtape.testing import check_grads

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(5, 3)), RNG.normal(size=(4, 3))
VECTORS = RNG.normal(size=(6, 3))


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_has_the_value_of_scipy_and_a_derivative(metric):
    options = {"p": 3} if metric == "minkowski" else {}
    theirs = scipy.spatial.distance
    np.testing.assert_allclose(distance.cdist(A, B, metric, **options), theirs.cdist(A, B, metric, **options))
    np.testing.assert_allclose(distance.pdist(A, metric, **options), theirs.pdist(A, metric, **options))
    one = getattr(distance, metric)(A[0], B[0], *options.values())
    np.testing.assert_allclose(one, getattr(theirs, metric)(A[0], B[0], *options.values()))
    check_grads(lambda a, b: distance.cdist(a, b, metric, **options), [A, B])


@pytest.mark.parametrize("metric", ["euclidean", "cityblock", "canberra"])
def test_no_distance_has_derivative_zero(metric):
    x = gt.Variable(np.ones((2, 3)))
    with gt.GradientTape() as tape:
        y = distance.cdist(x, np.ones((2, 3)), metric)
    assert not tape.gradient(y, x).numpy().any()


def test_an_unknown_metric_is_refused_with_the_known_ones():
    with pytest.raises(TypeError, match="'hamming' is none of euclidean"):
        distance.cdist(A, B, "hamming")


def test_squareform_goes_both_ways():
    flat = scipy.spatial.distance.pdist(A)
    np.testing.assert_allclose(distance.squareform(flat), scipy.spatial.distance.squareform(flat))
    np.testing.assert_allclose(distance.squareform(scipy.spatial.distance.squareform(flat)), flat)
    check_grads(distance.squareform, [flat])


def test_vq_has_a_derivative_in_the_distance():
    codes, far = vq.vq(A, B)
    theirs = scipy.cluster.vq.vq(A, B)
    np.testing.assert_array_equal(codes, theirs[0])
    np.testing.assert_allclose(far, theirs[1])
    check_grads(lambda a, b: vq.vq(a, b)[1], [A, B])


def test_rotations_are_those_of_scipy():
    ours, theirs = Rotation.from_rotvec(VECTORS), Theirs.from_rotvec(VECTORS)
    np.testing.assert_allclose(ours.as_matrix(), theirs.as_matrix())
    np.testing.assert_allclose(ours.as_rotvec(), theirs.as_rotvec())
    np.testing.assert_allclose(ours.magnitude(), theirs.magnitude())
    np.testing.assert_allclose(ours.apply(VECTORS), theirs.apply(VECTORS))
    np.testing.assert_allclose(ours.apply(VECTORS, inverse=True), theirs.apply(VECTORS, inverse=True))
    np.testing.assert_allclose((ours * ours[::-1]).as_matrix(), (theirs * theirs[::-1]).as_matrix(), atol=1e-15)


@pytest.mark.parametrize("seed", range(8))
def test_a_matrix_becomes_its_quaternion(seed):
    theirs = Theirs.random(random_state=seed)
    ours = Rotation.from_matrix(theirs.as_matrix())
    assert abs(float(np.sum(ours.as_quat() * theirs.as_quat()))) == pytest.approx(1.0)
    check_grads(lambda m: Rotation.from_matrix(m).as_quat(), [theirs.as_matrix()], order=1)


@pytest.mark.parametrize("seq", ["xyz", "ZYX", "XY", "z"])
def test_euler_angles(seq):
    angles = 0.3 if len(seq) == 1 else RNG.normal(size=len(seq))
    np.testing.assert_allclose(
        Rotation.from_euler(seq, angles).as_matrix(), Theirs.from_euler(seq, angles).as_matrix(), atol=1e-15
    )
    check_grads(lambda a: Rotation.from_euler(seq, a).as_matrix(), [angles])


@pytest.mark.parametrize("size", [0.0, 1e-5, 0.01, 1.0])
def test_rotation_vectors_are_smooth_also_at_no_rotation(size):
    check_grads(lambda v: Rotation.from_rotvec(v).as_matrix(), [VECTORS * size])
    check_grads(lambda v: Rotation.from_rotvec(v).as_rotvec(), [VECTORS * size])


def test_a_wrong_sequence_of_axes_is_refused():
    with pytest.raises(ValueError, match="'xq' is no sequence of axes"):
        Rotation.from_euler("xq", [0.1, 0.2])
