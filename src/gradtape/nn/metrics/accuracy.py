"""How often a prediction is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.errors import ShapeError
from gradtape.nn.losses.loss import of_one_rank
from gradtape.nn.metrics.metric import metric_of


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return where truth and prediction are equal, as 1 and 0."""
    y_true, y_pred = of_one_rank(np.asarray(y_true), np.asarray(y_pred))
    return np.equal(y_true, y_pred).astype(np.float64)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """Return where a prediction above a threshold stands for a truth of 1, and one below for 0."""
    if not 0.0 <= threshold <= 1.0:
        raise ValueError(f"binary_accuracy: `threshold` is a number from 0 to 1, got {threshold!r}")
    y_true, y_pred = of_one_rank(np.asarray(y_true), np.asarray(y_pred))
    return np.equal(y_true, y_pred > np.asarray(threshold, y_pred.dtype)).astype(np.float64)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return where the largest score is at the largest truth, along the last axis."""
    return np.equal(np.asarray(y_true).argmax(-1), np.asarray(y_pred).argmax(-1)).astype(np.float64)


def numbers_of(y_true: Any, y_pred: Any) -> Any:
    """Read class numbers, one for each row of scores.

    Raises
    ------
    ShapeError
    """
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    if y_true.shape != y_pred.shape[:-1]:
        raise ShapeError(
            f"class numbers have shape {y_pred.shape[:-1]} for scores of {y_pred.shape}, got {y_true.shape}"
        )
    return y_true.astype(np.int64)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return where the largest score along the last axis is at the class of the truth's number."""
    return np.equal(numbers_of(y_true, y_pred), np.asarray(y_pred).argmax(-1)).astype(np.float64)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Return where the class of the largest truth is among those of the `k` largest scores."""
    return sparse_top_k_categorical_accuracy(np.asarray(y_true).argmax(-1), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Return where the class of the truth's number is among those of the `k` largest scores, ties included."""
    scores = np.asarray(y_pred)
    own = np.take_along_axis(scores, numbers_of(y_true, y_pred)[..., None], -1)
    return ((scores > own).sum(-1) < k).astype(np.float64)


def _made(class_name: str, fn: Any, what: str) -> Any:
    return metric_of(class_name, fn, fn.__name__, __name__, what)


Accuracy = _made("Accuracy", accuracy, "How often truth and prediction are equal.")
BinaryAccuracy = _made(
    "BinaryAccuracy", binary_accuracy, "How often a prediction is on the truth's side of a threshold."
)
CategoricalAccuracy = _made("CategoricalAccuracy", categorical_accuracy, "How often the largest score is the true one.")
SparseCategoricalAccuracy = _made(
    "SparseCategoricalAccuracy", sparse_categorical_accuracy, "How often the largest score is that of the true number."
)
TopKCategoricalAccuracy = _made(
    "TopKCategoricalAccuracy", top_k_categorical_accuracy, "How often the true class is among the largest scores."
)
SparseTopKCategoricalAccuracy = _made(
    "SparseTopKCategoricalAccuracy",
    sparse_top_k_categorical_accuracy,
    "How often the class of the true number is among the largest scores.",
)
