"""Losses of margins: truths are -1 and 1, or 0 and 1, which are turned into those."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.arrays import doors
from gradtape.arrays.dispatch import Node
from gradtape.nn.losses.loss import floating, like, loss_of

xp = doors.SPACE


def signs(y_true: Any) -> Any:
    """Turn truths of 0 and 1 into -1 and 1; others stay."""
    plain = np.asarray(y_true._value if isinstance(y_true, Node) else y_true)
    return 2.0 * y_true - 1.0 if np.isin(plain, (0, 1)).all() else y_true


def hinge(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of `max(1 - y_true * y_pred, 0)` along the last axis.

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
    return xp.mean(xp.maximum(1.0 - signs(like(y_true, y_pred)) * y_pred, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return the mean of `max(1 - y_true * y_pred, 0)` squared along the last axis.

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
    return xp.mean(xp.square(xp.maximum(1.0 - signs(like(y_true, y_pred)) * y_pred, 0.0)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return by how much the best wrong class comes within 1 of the true one, along the last axis.

    Parameters
    ----------
    y_true, y_pred : array_like
        Weights of classes, 1 for the true one, and scores; of the same shape (batch, ..., classes).

    Returns
    -------
    Tensor
        Of shape (batch, ...).
    """
    y_pred = floating(y_pred)
    y_true = like(y_true, y_pred)
    right = xp.sum(y_true * y_pred, axis=-1)
    wrong = xp.max((1.0 - y_true) * y_pred, axis=-1)
    return xp.maximum(wrong - right + 1.0, 0.0)


Hinge = loss_of("Hinge", hinge, __name__)
SquaredHinge = loss_of("SquaredHinge", squared_hinge, __name__)
CategoricalHinge = loss_of("CategoricalHinge", categorical_hinge, __name__)
