"""Metrics: what they refuse, what they leave alone, and against definitions."""

import numpy as np
import pytest
from tests.nn import cases

import gradtape as gt
from gradtape.nn import metrics


def test_nothing_is_recorded():
    x = gt.Variable([1.0, 2.0])
    metric = metrics.MeanSquaredError()
    with gt.GradientTape() as tape:
        y = x * 2.0
        metric.update_state([[1.0, 2.0]], y.reshape(1, 2))
        loss = y.sum()
    assert tape.gradient(loss, x).tolist() == [2.0, 2.0]
    assert float(metric.result()) == 2.5
    assert metrics.Mean()([gt.constant(1.0), gt.constant(2.0)]) == 1.5


def test_means_and_sums():
    mean = metrics.Mean()
    assert float(mean.result()) == 0.0
    mean([1.0, 3.0], sample_weight=[3.0, 1.0])
    assert float(mean.result()) == 1.5
    assert float(metrics.Mean()([[1.0, 3.0], [5.0, 7.0]], sample_weight=[1.0, 0.0])) == 2.0
    assert metrics.Mean(dtype="float64")(1e-9).dtype == np.float64
    total = metrics.Sum()
    total(2.0)
    assert float(total([1.0, 1.0], sample_weight=0.5)) == 3.0
    many = metrics.Mean(dtype="float64")
    for _ in range(10):
        many(np.full(100_000, 0.1, "float32"))
    assert float(many.result()) == pytest.approx(float(np.float32(0.1)), abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_the_area_is_the_share_of_pairs_in_order(ties):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 300)
    guess = np.clip(0.25 * truth + 0.75 * rng.random(300), 0, 1)
    guess = guess.round(1) if ties else guess
    ones, zeros = guess[truth == 1], guess[truth == 0]
    pairs = (ones[:, None] > zeros).mean() + 0.5 * (ones[:, None] == zeros).mean()
    assert float(metrics.AUC(num_thresholds=20_001)(truth, guess)) == pytest.approx(pairs, abs=1e-3)


def test_in_batches_as_at_once():
    rng = np.random.default_rng(1)
    truth, guess = rng.integers(0, 2, 60).astype("float32"), rng.random(60).astype("float32")
    for name in ("AUC", "Precision", "Recall", "TrueNegatives", "R2Score", "BinaryIoU", "RootMeanSquaredError"):
        whole, pieces = (getattr(metrics, name)() for _ in range(2))
        whole.update_state(truth, guess)
        for k in range(0, 60, 7):
            pieces.update_state(truth[k : k + 7], guess[k : k + 7])
        np.testing.assert_allclose(pieces.result(), whole.result(), rtol=1e-6)


def test_top_k_counts_ties():
    assert float(metrics.SparseTopKCategoricalAccuracy(k=1)([1], [[0.5, 0.5, 0.0]])) == 1.0
    assert float(metrics.SparseTopKCategoricalAccuracy(k=2)([2], [[0.5, 0.5, 0.0]])) == 0.0


def test_by_name_and_written_out():
    assert isinstance(metrics.get("accuracy"), metrics.Accuracy)
    assert isinstance(metrics.get("rmse"), metrics.RootMeanSquaredError)
    assert repr(metrics.TopKCategoricalAccuracy(k=3)) == "TopKCategoricalAccuracy(k=3)"
    own = metrics.get(lambda t, p: t - p)
    assert float(own([3.0], [1.0])) == 2.0
    tried = {case.kind for case in cases.METRICS.values()} | {"Metric", "MeanMetricWrapper", "Mean", "Sum"}
    assert set(metrics.__all__) == tried


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: metrics.get("best"), "no metric is called 'best'"),
        (lambda: metrics.Precision(2.0), "`thresholds` are numbers from 0 to 1"),
        (lambda: metrics.Precision()([1, 0], [[0.5], [0.1], [0.2]]), "have one shape"),
        (lambda: metrics.AUC()([1], [2.0]), "predictions are from 0 to 1, got 2.0 to 2.0; `from_logits=True`"),
        (lambda: metrics.AUC(curve="best"), "`curve` is 'roc' or 'pr'"),
        (lambda: metrics.AUC(num_thresholds=1), "2 or more"),
        (lambda: metrics.IoU(2, [2]), "numbers from 0 to 1"),
        (lambda: metrics.MeanIoU(2)([3], [0]), "`y_true` has numbers from 0 to 1, got 3 to 3"),
        (lambda: metrics.F1Score(average="mean"), "`average` is"),
        (lambda: metrics.F1Score()([1], [1]), "shape"),
        (lambda: metrics.SparseCategoricalAccuracy()([[1, 2]], [[0.1, 0.9]]), "class numbers have shape"),
        (lambda: metrics.Mean()([1.0, 2.0], sample_weight=[1.0, 2.0, 3.0]), r"of shape \(3,\) does not fit"),
        (lambda: metrics.PrecisionAtRecall(2.0), "`recall` is a number from 0 to 1"),
        (lambda: metrics.R2Score("best"), "`class_aggregation` is"),
    ],
)
def test_what_does_not_fit_is_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call()
