"""Counts of right and wrong answers above thresholds: `Precision`, `Recall`, `AUC` and their kin."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradtape.errors import ShapeError
from gradtape.nn.losses.loss import of_one_rank
from gradtape.nn.metrics.metric import Metric
from gradtape.nn.windows import one_of

EPSILON = 1e-7


def ratio(a: Any, b: Any) -> Any:
    """Divide; 0 where nothing is divided by nothing."""
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(np.shape(a), np.shape(b))), where=np.asarray(b) != 0)


class Counts(Metric):
    """What such metrics have: right and wrong answers above and below each threshold.

    A prediction is positive if it is above the threshold. For sorted thresholds one search per prediction is enough.
    """

    thresholds: Any
    top_k: int | None = None
    class_id: int | None = None

    def _thresholds(self, given: Any, usual: float) -> None:
        """Read one threshold or several."""
        values = [usual] if given is None else list(given) if isinstance(given, list | tuple | np.ndarray) else [given]
        if any(not 0.0 <= t <= 1.0 for t in values if np.isfinite(t)):
            raise ValueError(f"{type(self).__name__}: `thresholds` are numbers from 0 to 1, got {given!r}")
        self.thresholds = given
        self.steps = np.asarray(values, np.float64)

    def start(self) -> None:
        """Make the attributes that numbers are collected in."""
        self.right = np.zeros(len(self.steps))
        self.false = np.zeros(len(self.steps))
        self.positives = self.negatives = 0.0

    def collect(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch."""
        y_pred, y_true = of_one_rank(y_pred, y_true)
        if y_true.shape != y_pred.shape:
            raise ShapeError(
                f"{type(self).__name__}: `y_true` and `y_pred` have one shape, got {y_true.shape} and {y_pred.shape}"
            )
        if self.top_k is not None:
            order = np.argsort(-y_pred, -1, kind="stable")  # of equal ones the first
            y_pred = y_pred.copy()
            np.put_along_axis(y_pred, order[..., self.top_k :], -np.inf, -1)
        weight = np.ones(y_pred.shape) if sample_weight is None else np.asarray(sample_weight, np.float64)
        weight = weight.reshape(*weight.shape, *(1,) * (y_pred.ndim - weight.ndim))
        weight = np.broadcast_to(weight, y_pred.shape)
        if self.class_id is not None:
            y_true, y_pred, weight = (v[..., self.class_id] for v in (y_true, y_pred, weight))
        self._add(y_true.ravel().astype(bool), y_pred.ravel(), weight.ravel())

    def _add(self, truth: Any, guess: Any, weight: Any) -> None:
        order = np.argsort(self.steps)
        steps = self.steps[order].astype(guess.dtype if guess.dtype.kind == "f" else np.float64)
        above = np.searchsorted(steps, guess, side="left")  # so many thresholds are below the prediction
        for kind, counted in ((truth, self.right), (~truth, self.false)):
            found = np.bincount(above, weight * kind, len(steps) + 1)
            counted[order] += found[::-1].cumsum()[::-1][1:]
        self.positives += float(weight[truth].sum())
        self.negatives += float(weight[~truth].sum())

    @property
    def missed(self) -> Any:
        """What is positive and was not found, at each threshold."""
        return self.positives - self.right

    @property
    def refused(self) -> Any:
        """What is negative and was not found, at each threshold."""
        return self.negatives - self.false

    def _one(self, values: Any) -> Any:
        """Return one number if there is one threshold."""
        return values[0] if len(values) == 1 else values


class _Count(Counts):
    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        self._thresholds(thresholds, 0.5)
        super().__init__(name, dtype)


class TruePositives(_Count):
    """How much is positive and predicted to be.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        0.5 unless given.
    name : str, optional
    dtype : dtype, optional
    """

    def outcome(self) -> Any:
        """Return the count."""
        return self._one(self.right)


class FalsePositives(_Count):
    """How much is negative and predicted to be positive.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        0.5 unless given.
    name : str, optional
    dtype : dtype, optional
    """

    def outcome(self) -> Any:
        """Return the count."""
        return self._one(self.false)


class TrueNegatives(_Count):
    """How much is negative and predicted to be.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        0.5 unless given.
    name : str, optional
    dtype : dtype, optional
    """

    def outcome(self) -> Any:
        """Return the count."""
        return self._one(self.refused)


class FalseNegatives(_Count):
    """How much is positive and predicted to be negative.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        0.5 unless given.
    name : str, optional
    dtype : dtype, optional
    """

    def outcome(self) -> Any:
        """Return the count."""
        return self._one(self.missed)


class Precision(Counts):
    """Which share of what was predicted to be positive is positive; 0 if nothing was.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        0.5 unless given; with `top_k` none.
    top_k : int, optional
        Only the so many largest scores of each example count as positive.
    class_id : int, optional
        Only this class counts.
    name : str, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.metrics.Precision()([0, 1, 1, 1], [1, 0, 1, 1]).round(3)
    Tensor(0.667, dtype=float32)
    """

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self._thresholds(thresholds, 0.5 if top_k is None else -np.inf)
        self.top_k, self.class_id = top_k, class_id
        super().__init__(name, dtype)

    def outcome(self) -> Any:
        """Return the share."""
        return self._one(ratio(self.right, self.right + self.false))


class Recall(Precision):
    """Which share of what is positive was predicted to be; 0 if nothing is. The arguments are those of `Precision`."""

    def outcome(self) -> Any:
        """Return the share."""
        return self._one(ratio(self.right, self.right + self.missed))


def spread_out(count: int) -> Any:
    """Return thresholds from just below 0 to just above 1."""
    if count < 2:
        raise ValueError(f"`num_thresholds` is 2 or more, got {count}")
    inner = np.arange(1, count - 1) / (count - 1)
    return np.concatenate([[-EPSILON], inner, [1.0 + EPSILON]])


class AUC(Counts):
    """The area under the curve of right answers against false ones, or of precision against recall.

    Parameters
    ----------
    num_thresholds : int
        How many points of the curve are computed.
    curve : {"ROC", "PR"}
    summation_method : {"interpolation", "minoring", "majoring"}
        Between two points: the mean height (for "PR" the interpolation of Davis and Goadrich 2006), the smaller one, or
        the larger one.
    name : str, optional
    dtype : dtype, optional
    thresholds : sequence of float, optional
        In the place of `num_thresholds` even ones, together with 0 and 1.
    multi_label : bool
        Whether each column has a curve of its own, and the mean of the areas is given.
    num_labels : int, optional
        How many columns; found out unless given.
    label_weights : sequence of float, optional
        What each column weighs in that mean, or each value of it if there is one curve.
    from_logits : bool
        Whether predictions are scores.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.metrics.AUC(num_thresholds=3)([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])
    Tensor(0.75, dtype=float32)
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        self.curve = one_of("AUC", "curve", curve, ("roc", "pr")).upper()
        self.summation_method = one_of(
            "AUC", "summation_method", summation_method, ("interpolation", "minoring", "majoring")
        )
        if thresholds is None:
            self.steps = spread_out(num_thresholds)
        else:
            self._thresholds(list(thresholds), 0.5)
            self.steps = np.concatenate([[-EPSILON], np.sort(self.steps), [1.0 + EPSILON]])
        self.num_thresholds, self.thresholds = len(self.steps), thresholds
        self.multi_label, self.num_labels, self.from_logits = multi_label, num_labels, from_logits
        self.label_weights = None if label_weights is None else np.asarray(label_weights, np.float64)
        super().__init__(name, dtype)

    def start(self) -> None:
        """Make the attributes that numbers are collected in."""
        super().start()
        self.columns: list[AUC] = []

    def collect(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch."""
        if self.from_logits:
            y_pred = np.exp(-np.logaddexp(0.0, -y_pred)).astype(y_pred.dtype)
        if y_pred.size and (np.nanmin(y_pred) < 0.0 or np.nanmax(y_pred) > 1.0):
            raise ValueError(
                f"AUC: predictions are from 0 to 1, got {np.nanmin(y_pred)} to {np.nanmax(y_pred)}; "
                "`from_logits=True` takes scores"
            )
        if not self.multi_label:
            if self.label_weights is not None:
                each = np.broadcast_to(self.label_weights, y_pred.shape)
                weight = (
                    each if sample_weight is None else each * np.reshape(sample_weight, (-1, *(1,) * (y_pred.ndim - 1)))
                )
                super().collect(y_true, y_pred, weight)
            else:
                super().collect(y_true, y_pred, sample_weight)
            return
        if y_pred.ndim != 2:
            raise ShapeError(f"AUC: with `multi_label`, `y_pred` has shape (batch, labels), got {y_pred.shape}")
        if not self.columns:
            inner = self.steps[1:-1]
            self.columns = [
                AUC(curve=self.curve, summation_method=self.summation_method, thresholds=inner)
                for _ in range(y_pred.shape[1])
            ]
        for k, column in enumerate(self.columns):
            column.collect(y_true[:, k], y_pred[:, k], sample_weight)

    def outcome(self) -> Any:
        """Return the area."""
        if self.multi_label:
            areas = np.array([column.outcome() for column in self.columns])
            return 0.0 if not len(areas) else np.average(areas, weights=self.label_weights)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._between_precisions()
        recall = ratio(self.right, self.right + self.missed)
        if self.curve == "ROC":
            x, y = ratio(self.false, self.false + self.refused), recall
        else:
            x, y = recall, ratio(self.right, self.right + self.false)
        heights = {
            "interpolation": (y[:-1] + y[1:]) / 2.0,
            "minoring": np.minimum(y[:-1], y[1:]),
            "majoring": np.maximum(y[:-1], y[1:]),
        }[self.summation_method]
        return ((x[:-1] - x[1:]) * heights).sum()

    def _between_precisions(self) -> Any:
        """Return the area under precisions whose counts change evenly between two points."""
        right, found = self.right, self.right + self.false
        steps = right[:-1] - right[1:]
        slope = ratio(steps, np.maximum(found[:-1] - found[1:], 0.0))
        start = right[1:] - slope * found[1:]
        both = (found[:-1] > 0) & (found[1:] > 0)
        grown = np.where(both, np.where(both, found[:-1], 1.0) / np.where(both, found[1:], 1.0), 1.0)
        return ratio(slope * (steps + start * np.log(grown)), np.maximum(right[1:] + self.missed[1:], 0.0)).sum()


class _Best(Counts):
    """The best of one share among the thresholds where another is high enough."""

    wanted: ClassVar[str]
    given: ClassVar[str]

    def _set_up(self, value: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any) -> None:
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"{type(self).__name__}: `{self.given}` is a number from 0 to 1, got {value!r}")
        setattr(self, self.given, value)
        self.value, self.num_thresholds, self.class_id = value, num_thresholds, class_id
        self.steps = np.array([0.5]) if num_thresholds == 1 else np.linspace(0.0, 1.0, num_thresholds)
        super().__init__(name, dtype)

    def _share(self, what: str) -> Any:
        if what == "specificity":
            return ratio(self.refused, self.refused + self.false)
        if what == "precision":
            return ratio(self.right, self.right + self.false)
        return ratio(self.right, self.right + self.missed)

    def outcome(self) -> Any:
        """Return the best share, 0 if no threshold is good enough."""
        good = self._share(self.given) >= self.value
        return self._share(self.wanted)[good].max() if good.any() else 0.0


class SensitivityAtSpecificity(_Best):
    """The best share of positives that are found, where enough negatives are not.

    Parameters
    ----------
    specificity : float
        What is enough, from 0 to 1.
    num_thresholds : int
        How many thresholds are tried.
    class_id : int, optional
        Only this class counts.
    name : str, optional
    dtype : dtype, optional
    """

    wanted: ClassVar[str] = "sensitivity"
    given: ClassVar[str] = "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self._set_up(specificity, num_thresholds, class_id, name, dtype)


class SpecificityAtSensitivity(_Best):
    """The best share of negatives that are not found, where enough positives are.

    Parameters
    ----------
    sensitivity : float
        What is enough, from 0 to 1.
    num_thresholds : int
        How many thresholds are tried.
    class_id : int, optional
        Only this class counts.
    name : str, optional
    dtype : dtype, optional
    """

    wanted: ClassVar[str] = "specificity"
    given: ClassVar[str] = "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self._set_up(sensitivity, num_thresholds, class_id, name, dtype)


class PrecisionAtRecall(_Best):
    """The best precision where enough positives are found.

    Parameters
    ----------
    recall : float
        What is enough, from 0 to 1.
    num_thresholds : int
        How many thresholds are tried.
    class_id : int, optional
        Only this class counts.
    name : str, optional
    dtype : dtype, optional
    """

    wanted: ClassVar[str] = "precision"
    given: ClassVar[str] = "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self._set_up(recall, num_thresholds, class_id, name, dtype)


class RecallAtPrecision(_Best):
    """The best share of positives that are found, where the precision is high enough.

    Parameters
    ----------
    precision : float
        What is enough, from 0 to 1.
    num_thresholds : int
        How many thresholds are tried.
    class_id : int, optional
        Only this class counts.
    name : str, optional
    dtype : dtype, optional
    """

    wanted: ClassVar[str] = "recall"
    given: ClassVar[str] = "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self._set_up(precision, num_thresholds, class_id, name, dtype)
