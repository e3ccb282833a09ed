"""Means of the functions of `gradtape.nn.losses`, and what is close to them: roots of means, explained variance."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.nn import losses
from gradtape.nn.losses.loss import of_one_rank
from gradtape.nn.metrics.metric import Metric, _Averaged, metric_of
from gradtape.nn.windows import one_of


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return the cosine of the angle between truth and prediction: 1 where they point the same way."""
    return -losses.cosine_similarity(y_true, y_pred, axis)


def _made(class_name: str, fn: Any, name: str | None = None) -> Any:
    what = (fn.__doc__ or "").splitlines()[0].replace("Return ", "The mean of: ", 1)
    return metric_of(class_name, fn, name or fn.__name__, __name__, what)


MeanSquaredError = _made("MeanSquaredError", losses.mean_squared_error)
MeanAbsoluteError = _made("MeanAbsoluteError", losses.mean_absolute_error)
MeanAbsolutePercentageError = _made("MeanAbsolutePercentageError", losses.mean_absolute_percentage_error)
MeanSquaredLogarithmicError = _made("MeanSquaredLogarithmicError", losses.mean_squared_logarithmic_error)
LogCoshError = _made("LogCoshError", losses.log_cosh, "logcosh")
CosineSimilarity = _made("CosineSimilarity", cosine_similarity)
Hinge = _made("Hinge", losses.hinge)
SquaredHinge = _made("SquaredHinge", losses.squared_hinge)
CategoricalHinge = _made("CategoricalHinge", losses.categorical_hinge)
KLDivergence = _made("KLDivergence", losses.kl_divergence)
Poisson = _made("Poisson", losses.poisson)
BinaryCrossentropy = _made("BinaryCrossentropy", losses.binary_crossentropy)
CategoricalCrossentropy = _made("CategoricalCrossentropy", losses.categorical_crossentropy)
SparseCategoricalCrossentropy = _made("SparseCategoricalCrossentropy", losses.sparse_categorical_crossentropy)


class RootMeanSquaredError(_Averaged):
    """The root of the mean square of differences.

    Parameters
    ----------
    name : str, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.metrics.RootMeanSquaredError()([0.0, 0.0], [3.0, 4.0]).round(3)
    Tensor(3.536, dtype=float32)
    """

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def collect(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch."""
        y_true, y_pred = of_one_rank(y_true, y_pred)
        self.add(np.square(np.subtract(y_pred, y_true, dtype=np.float64)), sample_weight)

    def outcome(self) -> Any:
        """Return the root of the mean."""
        return np.sqrt(super().outcome())


AVERAGES = ("none", "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """Which part of the variance of the truth a prediction explains: 1 is all of it, 0 what the mean explains.

    Parameters
    ----------
    class_aggregation : {"uniform_average", "variance_weighted_average"} or None
        What becomes of the scores of several columns: their mean, their mean weighted by variance, or themselves.
    num_regressors : int
        How many inputs the prediction was made of; above 0 the adjusted score is given.
    name : str, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.metrics.R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]]).round(4)
    Tensor(0.5714, dtype=float32)
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        self.class_aggregation = one_of("R2Score", "class_aggregation", class_aggregation or "none", AVERAGES)
        if num_regressors < 0:
            raise ValueError(f"R2Score: `num_regressors` is 0 or more, got {num_regressors}")
        self.num_regressors = num_regressors
        super().__init__(name, dtype)

    def start(self) -> None:
        """Make the attributes that numbers are collected in."""
        self.squares: Any = 0.0
        self.sums: Any = 0.0
        self.apart: Any = 0.0
        self.count = 0.0
        self.examples = 0

    def collect(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch, of shape (batch, columns)."""
        truth, guess = np.asarray(y_true, np.float64), np.asarray(y_pred, np.float64)
        truth, guess = (v[:, None] if v.ndim == 1 else v for v in (truth, guess))
        weight = np.ones((len(truth), 1)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        weight = weight[:, None] if weight.ndim == 1 else weight
        self.sums = self.sums + (truth * weight).sum(0)
        self.squares = self.squares + (truth * truth * weight).sum(0)
        self.apart = self.apart + ((truth - guess) ** 2 * weight).sum(0)
        self.count += float(weight.sum())
        self.examples += len(truth)

    def outcome(self) -> Any:
        """Return the score."""
        spread = np.asarray(self.squares - self.sums**2 / max(self.count, 1e-300))
        scores = np.where(spread > 0, 1.0 - self.apart / np.where(spread > 0, spread, 1.0), 0.0)
        if self.class_aggregation == "uniform_average":
            scores = scores.mean()
        elif self.class_aggregation == "variance_weighted_average":
            scores = (scores * spread).sum() / spread.sum()
        if not self.num_regressors or self.num_regressors >= self.examples - 1:
            return scores
        return 1.0 - (1.0 - scores) * (self.examples - 1.0) / (self.examples - self.num_regressors - 1.0)
