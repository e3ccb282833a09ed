"""Metrics with Keras's names: numbers that are collected over many batches. They record nothing on a tape.

Examples
--------
>>> import gradtape as gt
>>> metric = gt.nn.metrics.BinaryAccuracy()
>>> metric.update_state([[1.0], [1.0]], [[0.9], [0.2]])
>>> metric.update_state([[0.0], [0.0]], [[0.3], [0.1]])
>>> metric.result()
Tensor(0.75, dtype=float32)
"""

from __future__ import annotations

from typing import Any

from gradtape.nn.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from gradtape.nn.metrics.confusion import (
    AUC,
    FalseNegatives,
    FalsePositives,
    Precision,
    PrecisionAtRecall,
    Recall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
    TrueNegatives,
    TruePositives,
)
from gradtape.nn.metrics.means import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    R2Score,
    RootMeanSquaredError,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from gradtape.nn.metrics.metric import Mean, MeanMetricWrapper, Metric, Sum
from gradtape.nn.metrics.scores import BinaryIoU, F1Score, FBetaScore, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from gradtape.nn.named import named

__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "BinaryIoU",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "IoU",
    "KLDivergence",
    "LogCoshError",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanIoU",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "OneHotIoU",
    "OneHotMeanIoU",
    "Poisson",
    "Precision",
    "PrecisionAtRecall",
    "R2Score",
    "Recall",
    "RecallAtPrecision",
    "RootMeanSquaredError",
    "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity",
    "SquaredHinge",
    "Sum",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
]

SHORT = {
    "accuracy": Accuracy,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "mse": MeanSquaredError,
    "msle": MeanSquaredLogarithmicError,
    "rmse": RootMeanSquaredError,
}
NAMED = {
    name: globals()[name] for name in __all__ if name not in {"IoU", "MeanIoU", "Metric", "MeanMetricWrapper"}
} | SHORT


def get(identifier: Any) -> Metric:
    """Return a metric for a name (`"mae"`, `"AUC"`), a function of truth and prediction, or a metric.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.metrics.get("mae")
    MeanAbsoluteError()
    """
    found = named("metric", NAMED, identifier)
    return found if isinstance(found, Metric) else MeanMetricWrapper(found)
