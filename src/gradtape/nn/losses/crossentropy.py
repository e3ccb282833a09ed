"""Cross entropies: of scores (`from_logits=True`) or of probabilities, which are clipped to [1e-7, 1 - 1e-7]."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.arrays import doors
from gradtape.arrays.dispatch import Node
from gradtape.errors import ShapeError
from gradtape.nn.losses.loss import EPSILON, LossFunctionWrapper, floating, like, loss_of

xp = doors.SPACE


def clipped(p: Any) -> Any:
    """Keep probabilities away from 0 and 1."""
    return xp.clip(p, EPSILON, 1.0 - EPSILON)


def of_one_shape(what: str, y_true: Any, y_pred: Any) -> Any:
    """Insist on a truth of the prediction's shape.

    Raises
    ------
    ShapeError
    """
    if y_true.shape != y_pred.shape:
        hint = "; use `SparseCategoricalCrossentropy` for class numbers" if "categorical" in what else ""
        raise ShapeError(
            f"{what}: `y_true` has the shape of `y_pred`, {tuple(y_pred.shape)}; got {tuple(y_true.shape)}{hint}"
        )
    return y_true


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Return the mean cross entropy of truths between 0 and 1 along an axis.

    Parameters
    ----------
    y_true, y_pred : array_like
        Of the same shape (batch, ..., n); a last axis of length 1 may be missing.
    from_logits : bool
        Whether `y_pred` are scores from minus to plus infinity; else they are probabilities.
    label_smoothing : float
        How far the truths are moved towards 0.5, from 0 to 1.
    axis : int
        Along which the mean is taken.

    Returns
    -------
    Tensor
        Without that axis.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.losses.binary_crossentropy([[1.0, 0.0]], [[0.0, 0.0]], from_logits=True).round(4)
    Tensor([0.6931])
    """
    y_pred = floating(y_pred)
    y_true = of_one_shape("binary_crossentropy", like(y_true, y_pred), y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return xp.mean(entropies(y_true, y_pred, from_logits), axis=axis)


def entropies(y_true: Any, y_pred: Any, from_logits: bool) -> Any:
    """Return the cross entropy of each pair."""
    if from_logits:
        return xp.softplus(y_pred) - y_true * y_pred
    p = clipped(y_pred)
    return -(y_true * xp.log(p) + (1.0 - y_true) * xp.log(1.0 - p))


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return the mean cross entropy in which what is predicted well weighs little (Lin et al. 2018).

    Parameters
    ----------
    y_true, y_pred : array_like
        Of the same shape (batch, ..., n).
    apply_class_balancing : bool
        Whether truths weigh `alpha` and the others `1 - alpha`.
    alpha : float
    gamma : float
        The power of the probability of being wrong that each entropy is multiplied by.
    from_logits : bool
        Whether `y_pred` are scores; else they are probabilities.
    label_smoothing : float
        How far the truths are moved towards 0.5.
    axis : int
        Along which the mean is taken.

    Returns
    -------
    Tensor
        Without that axis.
    """
    y_pred = floating(y_pred)
    y_true = of_one_shape("binary_focal_crossentropy", like(y_true, y_pred), y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    p = xp.expit(y_pred) if from_logits else y_pred
    right = y_true * p + (1.0 - y_true) * (1.0 - p)
    focal = xp.power(1.0 - right, float(gamma)) * entropies(y_true, p, from_logits=False)
    if apply_class_balancing:
        focal = (y_true * alpha + (1.0 - y_true) * (1.0 - alpha)) * focal
    return xp.mean(focal, axis=axis)


def _smoothed(y_true: Any, label_smoothing: float) -> Any:
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[-1]


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Return the cross entropy of classes that are given as weights, 1 for the true one and 0 for the others.

    Parameters
    ----------
    y_true, y_pred : array_like
        Of the same shape, with the classes along an axis.
    from_logits : bool
        Whether `y_pred` are scores; else they are probabilities, which are divided by their sum.
    label_smoothing : float
        Which part of the truth is spread over all classes, from 0 to 1.
    axis : int
        The axis of the classes.

    Returns
    -------
    Tensor
        Without that axis.
    """
    y_pred = floating(y_pred)
    y_true = _smoothed(of_one_shape("categorical_crossentropy", like(y_true, y_pred), y_pred), label_smoothing)
    if from_logits:
        logs = xp.log_softmax(y_pred, axis=axis)
    else:
        logs = xp.log(clipped(y_pred / xp.sum(y_pred, axis=axis, keepdims=True)))
    return -xp.sum(y_true * logs, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return the cross entropy of classes in which what is predicted well weighs little (Lin et al. 2018).

    Parameters
    ----------
    y_true, y_pred : array_like
        Of the same shape, with the classes along an axis.
    alpha : float or sequence of float
        What each class weighs.
    gamma : float
        The power of the probability of being wrong that each entropy is multiplied by.
    from_logits : bool
        Whether `y_pred` are scores; else they are probabilities.
    label_smoothing : float
        Which part of the truth is spread over all classes.
    axis : int
        The axis of the classes.

    Returns
    -------
    Tensor
        Without that axis.
    """
    y_pred = floating(y_pred)
    y_true = _smoothed(of_one_shape("categorical_focal_crossentropy", like(y_true, y_pred), y_pred), label_smoothing)
    if from_logits:
        y_pred = xp.softmax(y_pred, axis=axis)
    p = clipped(y_pred / xp.sum(y_pred, axis=axis, keepdims=True))
    weight = xp.power(1.0 - p, float(gamma)) * (alpha if isinstance(alpha, float) else np.asarray(alpha, p.dtype))
    return xp.sum(weight * (-y_true * xp.log(p)), axis=axis)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """Return the cross entropy of classes that are given by number.

    Parameters
    ----------
    y_true, y_pred : array_like
        Whole numbers of shape (batch, ...), and (batch, ..., classes) scores or probabilities.
    from_logits : bool
        Whether `y_pred` are scores; else they are probabilities.
    ignore_class : int, optional
        A number that stands for no class; such values are 0 and do not count in a mean.
    axis : int
        The axis of the classes.

    Returns
    -------
    Tensor
        Of the shape of `y_true`.

    Raises
    ------
    ShapeError
        If the shapes do not go together.
    ValueError
        If a number is no class.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.losses.sparse_categorical_crossentropy([1, 0], [[0.1, 0.9], [0.5, 0.5]]).round(4)
    Tensor([0.1054, 0.6931])
    """
    y_pred = floating(y_pred)
    numbers = class_numbers(y_true, y_pred, axis)
    kept = None if ignore_class is None else numbers != ignore_class
    numbers = numbers if kept is None else np.where(kept, numbers, 0)
    count = y_pred.shape[axis]
    if numbers.size and (numbers.min() < 0 or numbers.max() >= count):
        raise ValueError(
            f"sparse_categorical_crossentropy: `y_true` has numbers from 0 to {count - 1}, as `y_pred` has {count} "
            f"classes; got {numbers.min()} to {numbers.max()}"
        )
    scores = y_pred if from_logits else xp.log(clipped(y_pred))
    if kept is not None:  # what is ignored may be anything, also infinite
        scores = xp.where(np.expand_dims(kept, axis), scores, 0.0)
    logs = xp.log_softmax(scores, axis=axis)
    chosen = -xp.squeeze(xp.take_along_axis(logs, np.expand_dims(numbers, axis), axis=axis), axis=axis)
    return chosen if kept is None else xp.where(kept, chosen, 0.0)


def class_numbers(y_true: Any, y_pred: Any, axis: int) -> Any:
    """Read class numbers as plain integers: there is nothing to differentiate.

    Raises
    ------
    ShapeError
        If there is not one for each row of scores.
    """
    numbers = np.asarray(y_true._value if isinstance(y_true, Node) else y_true)
    if numbers.ndim == y_pred.ndim and numbers.shape[axis] == 1:
        numbers = numbers.squeeze(axis)
    wanted = tuple(n for k, n in enumerate(y_pred.shape) if k != axis % y_pred.ndim)
    if numbers.shape != wanted:
        hint = "; use `CategoricalCrossentropy` for one weight per class" if numbers.shape == y_pred.shape else ""
        raise ShapeError(
            f"sparse_categorical_crossentropy: `y_true` has shape {wanted} for `y_pred` of shape "
            f"{tuple(y_pred.shape)}, got {numbers.shape}{hint}"
        )
    return numbers.astype(np.int64)


BinaryCrossentropy = loss_of("BinaryCrossentropy", binary_crossentropy, __name__)
BinaryFocalCrossentropy = loss_of("BinaryFocalCrossentropy", binary_focal_crossentropy, __name__)
CategoricalCrossentropy = loss_of("CategoricalCrossentropy", categorical_crossentropy, __name__)
CategoricalFocalCrossentropy = loss_of("CategoricalFocalCrossentropy", categorical_focal_crossentropy, __name__)


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """The cross entropy of classes that are given by number; see `sparse_categorical_crossentropy`.

    Parameters
    ----------
    from_logits : bool
        Whether the prediction is scores; else it is probabilities.
    ignore_class : int, optional
        A number that stands for no class; such values do not count in a mean.
    reduction : {"sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none"} or None
        What becomes of the values; see `Loss`.
    axis : int
        The axis of the classes.
    name : str, optional
    dtype : dtype, optional
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis
        given = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, **given)

    def valid(self, y_true: Any, y_pred: Any) -> Any:
        """Return which values count, None if all do."""
        if self.ignore_class is None:
            return None
        return class_numbers(y_true, y_pred, self.axis) != self.ignore_class
