"""Losses of numbers: squares, absolute values and what lies between; counts; directions."""

from __future__ import annotations

from math import log
from typing import Any

from gradtape.arrays import doors
from gradtape.nn.losses.loss import EPSILON, floating, like, loss_of, matched

xp = doors.SPACE


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of the squares of the differences along the last axis.

    Parameters
    ----------
    y_true, y_pred : array_like
        Of the same shape (batch, ..., n).

    Returns
    -------
    Tensor
        Of shape (batch, ...).

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.losses.mean_squared_error([[0.0, 2.0]], [[1.0, 0.0]])
    Tensor([2.5])
    """
    y_true, y_pred = matched(y_true, floating(y_pred), "mean_squared_error")
    return xp.mean(xp.square(y_true - y_pred), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of the absolute differences along the last axis.

    Parameters
    ----------
    y_true, y_pred : array_like
        Of the same shape (batch, ..., n).

    Returns
    -------
    Tensor
        Of shape (batch, ...).
    """
    y_true, y_pred = matched(y_true, floating(y_pred), "mean_absolute_error")
    return xp.mean(xp.abs(y_true - y_pred), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of the absolute differences relative to the truth, in percent, along the last axis.

    A truth nearer to 0 than 1e-7 counts as 1e-7.

    Parameters
    ----------
    y_true, y_pred : array_like
        Of the same shape (batch, ..., n).

    Returns
    -------
    Tensor
        Of shape (batch, ...), in percent.
    """
    y_true, y_pred = matched(y_true, floating(y_pred), "mean_absolute_percentage_error")
    return 100.0 * xp.mean(xp.abs((y_true - y_pred) / xp.maximum(xp.abs(y_true), EPSILON)), axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of the squared differences of `log(1 + y)` along the last axis; at least 1e-7 is taken.

    Parameters
    ----------
    y_true, y_pred : array_like
        Of the same shape (batch, ..., n).

    Returns
    -------
    Tensor
        Of shape (batch, ...).
    """
    y_true, y_pred = matched(y_true, floating(y_pred), "mean_squared_logarithmic_error")
    theirs, ours = (xp.log(xp.maximum(y, EPSILON) + 1.0) for y in (y_true, y_pred))
    return xp.mean(xp.square(ours - theirs), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Return the mean of half the squares of differences up to `delta`, and of straight lines beyond (Huber 1964).

    Parameters
    ----------
    y_true, y_pred : array_like
        Of the same shape (batch, ..., n).
    delta : float
        Where the square becomes a line.

    Returns
    -------
    Tensor
        Of shape (batch, ...).
    """
    y_true, y_pred = matched(y_true, floating(y_pred), "huber")
    error = y_pred - y_true
    size = xp.abs(error)
    near = xp.less_equal(size, delta)
    return xp.mean(xp.where(near, 0.5 * xp.square(error), delta * size - 0.5 * delta * delta), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of the logarithms of the hyperbolic cosines of the differences along the last axis.

    Parameters
    ----------
    y_true, y_pred : array_like
        Of the same shape (batch, ..., n).

    Returns
    -------
    Tensor
        Of shape (batch, ...).
    """
    y_true, y_pred = matched(y_true, floating(y_pred), "log_cosh")
    error = y_pred - y_true
    return xp.mean(error + xp.softplus(-2.0 * error) - log(2.0), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of `y_pred - y_true * log(y_pred)` along the last axis: counts and their rates.

    Parameters
    ----------
    y_true, y_pred : array_like
        Of the same shape (batch, ..., n).

    Returns
    -------
    Tensor
        Of shape (batch, ...).
    """
    y_pred = floating(y_pred)
    return xp.mean(y_pred - like(y_true, y_pred) * xp.log(y_pred + EPSILON), axis=-1)


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Return the sum of `y_true * log(y_true / y_pred)` along the last axis, both clipped to [1e-7, 1].

    Parameters
    ----------
    y_true, y_pred : array_like
        Probabilities, of the same shape (batch, ..., n).

    Returns
    -------
    Tensor
        Of shape (batch, ...).
    """
    y_true, y_pred = matched(y_true, floating(y_pred), "kl_divergence")
    y_true, y_pred = (xp.clip(y, EPSILON, 1.0) for y in (y_true, y_pred))
    return xp.sum(y_true * xp.log(y_true / y_pred), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return minus the cosine of the angle between truth and prediction: -1 where they point the same way.

    Parameters
    ----------
    y_true, y_pred : array_like
        Of the same shape.
    axis : int
        The axis that the vectors lie along.

    Returns
    -------
    Tensor
        Without that axis. A vector of zeros has similarity 0.
    """
    y_true, y_pred = matched(y_true, floating(y_pred), "cosine_similarity")
    return -xp.sum(unit(y_true, axis) * unit(y_pred, axis), axis=axis)


def unit(x: Any, axis: Any) -> Any:
    """Stretch vectors to the length 1; the square of a length counts as 1e-12 at least."""
    return x * xp.rsqrt(xp.maximum(xp.sum(xp.square(x), axis=axis, keepdims=True), 1e-12))


MeanSquaredError = loss_of("MeanSquaredError", mean_squared_error, __name__)
MeanAbsoluteError = loss_of("MeanAbsoluteError", mean_absolute_error, __name__)
MeanAbsolutePercentageError = loss_of("MeanAbsolutePercentageError", mean_absolute_percentage_error, __name__)
MeanSquaredLogarithmicError = loss_of("MeanSquaredLogarithmicError", mean_squared_logarithmic_error, __name__)
Huber = loss_of("Huber", huber, __name__)
LogCosh = loss_of("LogCosh", log_cosh, __name__)
Poisson = loss_of("Poisson", poisson, __name__)
KLDivergence = loss_of("KLDivergence", kl_divergence, __name__)
CosineSimilarity = loss_of("CosineSimilarity", cosine_similarity, __name__)
