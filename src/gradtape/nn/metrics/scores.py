"""Scores of classes: `F1Score` and `FBetaScore`; overlaps of areas: `IoU` and its kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.errors import ShapeError
from gradtape.nn.losses.loss import of_one_rank
from gradtape.nn.metrics.metric import Metric
from gradtape.nn.windows import one_of

EPSILON = 1e-7


class FBetaScore(Metric):
    """The harmonic mean of precision and recall, in which recall weighs `beta` squared times as much.

    Parameters
    ----------
    average : {"micro", "macro", "weighted"} or None
        What becomes of the classes: one count of all, the mean of their scores, the mean weighted by how many examples
        they have, or their scores.
    beta : float
    threshold : float, optional
        Predictions above it count as positive; unless given, the largest of each example does.
    name : str, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.metrics.FBetaScore(beta=2.0, threshold=0.5)([[1, 1], [1, 0]], [[0.2, 0.6], [0.9, 0.6]]).round(4)
    Tensor([0.5556, 0.8333], dtype=float32)
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        word = one_of(type(self).__name__, "average", average or "none", ("none", "micro", "macro", "weighted"))
        if beta <= 0:
            raise ValueError(f"{type(self).__name__}: `beta` is above 0, got {beta}")
        if threshold is not None and not 0.0 < threshold <= 1.0:
            raise ValueError(f"{type(self).__name__}: `threshold` is above 0 and at most 1, got {threshold}")
        self.average = None if word == "none" else word
        self.beta, self.threshold = beta, threshold
        super().__init__(name, dtype)

    def start(self) -> None:
        """Make the attributes that numbers are collected in."""
        self.right: Any = 0.0
        self.false: Any = 0.0
        self.missed: Any = 0.0
        self.counts: Any = 0.0

    def collect(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch, of shape (batch, classes)."""
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            raise ShapeError(
                f"{type(self).__name__}: `y_true` and `y_pred` have shape (batch, classes), got {y_true.shape} and "
                f"{y_pred.shape}"
            )
        if self.threshold is None:
            found = (y_pred == y_pred.max(-1, keepdims=True)) & (np.abs(y_pred) > 1e-9)
        else:
            found = y_pred > np.asarray(self.threshold, y_pred.dtype)
        truth = y_true.astype(np.float64)
        weight = 1.0 if sample_weight is None else np.asarray(sample_weight, np.float64).reshape(len(truth), -1)
        axis = None if self.average == "micro" else 0
        self.right = self.right + (found * truth * weight).sum(axis)
        self.false = self.false + (found * (1.0 - truth) * weight).sum(axis)
        self.missed = self.missed + (~found * truth * weight).sum(axis)
        self.counts = self.counts + (truth * weight).sum(axis)

    def outcome(self) -> Any:
        """Return the score."""
        precision = self.right / (self.right + self.false + EPSILON)
        recall = self.right / (self.right + self.missed + EPSILON)
        square = self.beta**2
        scores = (1.0 + square) * precision * recall / (square * precision + recall + EPSILON)
        if self.average == "weighted":
            return (scores * self.counts / (np.sum(self.counts) + EPSILON)).sum()
        return scores if self.average is None else np.mean(scores)


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall.

    Parameters
    ----------
    average : {"micro", "macro", "weighted"} or None
        See `FBetaScore`.
    threshold : float, optional
    name : str, optional
    dtype : dtype, optional
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)


class IoU(Metric):
    """The mean, over some classes, of how much is of a class and predicted to be, divided by how much is either.

    Parameters
    ----------
    num_classes : int
    target_class_ids : sequence of int
        The classes that count.
    name : str, optional
    dtype : dtype, optional
    ignore_class : int, optional
        Where the truth has this number, nothing counts.
    sparse_y_true, sparse_y_pred : bool
        Whether they are class numbers; else the largest along `axis` is taken.
    axis : int
        The axis of the classes.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.metrics.IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1]).round(4)
    Tensor(0.3333, dtype=float32)
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Any,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        self.num_classes, self.target_class_ids = num_classes, list(target_class_ids)
        if any(not 0 <= k < num_classes for k in self.target_class_ids):
            raise ValueError(
                f"{type(self).__name__}: `target_class_ids` are numbers from 0 to {num_classes - 1}, got "
                f"{target_class_ids}"
            )
        self.ignore_class, self.axis = ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        super().__init__(name, dtype)

    def start(self) -> None:
        """Make the attributes that numbers are collected in."""
        self.table = np.zeros((self.num_classes, self.num_classes))

    def collect(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch."""
        truth = y_true if self.sparse_y_true else y_true.argmax(self.axis)
        guess = y_pred if self.sparse_y_pred else y_pred.argmax(self.axis)
        if self.sparse_y_true != self.sparse_y_pred:
            truth, guess = of_one_rank(truth, guess)
        truth, guess = truth.ravel().astype(np.int64), guess.ravel().astype(np.int64)
        weight = np.ones(len(truth)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        weight = np.repeat(weight.ravel(), len(truth) // weight.size) if weight.size else weight.ravel()
        if self.ignore_class is not None:
            kept = truth != self.ignore_class
            truth, guess, weight = truth[kept], guess[kept], weight[kept]
        for name, numbers in (("y_true", truth), ("y_pred", guess)):
            if numbers.size and (numbers.min() < 0 or numbers.max() >= self.num_classes):
                raise ValueError(
                    f"{type(self).__name__}: `{name}` has numbers from 0 to {self.num_classes - 1}, got "
                    f"{numbers.min()} to {numbers.max()}"
                )
        np.add.at(self.table, (truth, guess), weight)

    def outcome(self) -> Any:
        """Return the mean overlap."""
        both = np.diagonal(self.table)[self.target_class_ids]
        either = (self.table.sum(0) + self.table.sum(1))[self.target_class_ids] - both
        there = either > 1e-9
        return np.where(there, both / (either + EPSILON), 0.0).sum() / (there.sum() + EPSILON)


class MeanIoU(IoU):
    """`IoU` over all classes.

    Parameters
    ----------
    num_classes : int
    name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        See `IoU`.
    """

    def __init__(self, num_classes: int, name: str | None = None, dtype: Any = None, **more: Any) -> None:
        super().__init__(num_classes, range(num_classes), name, dtype, **more)


class BinaryIoU(IoU):
    """`IoU` of two classes, predictions above a threshold and below.

    Parameters
    ----------
    target_class_ids : sequence of int
    threshold : float
        Predictions from it on count as 1.
    name : str, optional
    dtype : dtype, optional
    """

    def __init__(
        self, target_class_ids: Any = (0, 1), threshold: float = 0.5, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def collect(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch."""
        super().collect(y_true, y_pred >= np.asarray(self.threshold, y_pred.dtype), sample_weight)


class OneHotIoU(IoU):
    """`IoU` of truths with a weight per class.

    Parameters
    ----------
    num_classes : int
    target_class_ids : sequence of int
    name, dtype, ignore_class, sparse_y_pred, axis
        See `IoU`.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Any,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(OneHotIoU):
    """`OneHotIoU` over all classes.

    Parameters
    ----------
    num_classes : int
    name, dtype, ignore_class, sparse_y_pred, axis
        See `IoU`.
    """

    def __init__(self, num_classes: int, name: str | None = None, dtype: Any = None, **more: Any) -> None:
        super().__init__(num_classes, range(num_classes), name, dtype, **more)
