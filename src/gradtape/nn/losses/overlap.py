"""Losses of how much two areas overlap: `Dice` and `Tversky`."""

from __future__ import annotations

from typing import Any

from gradtape.arrays import doors
from gradtape.nn.losses.loss import EPSILON, floating, like, loss_of

xp = doors.SPACE


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """Return 1 minus twice the overlap divided by both areas.

    Parameters
    ----------
    y_true, y_pred : array_like
        Weights from 0 to 1, of the same shape.
    axis : int or tuple of int, optional
        The axes that the areas extend over; all unless given.

    Returns
    -------
    Tensor
        Without these axes.
    """
    y_pred = floating(y_pred)
    y_true = like(y_true, y_pred)
    both = xp.sum(y_true * y_pred, axis=axis)
    return 1.0 - 2.0 * both / (xp.sum(y_true, axis=axis) + xp.sum(y_pred, axis=axis) + EPSILON)


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """Return 1 minus the overlap divided by itself and both remainders, weighted (Salehi et al. 2017).

    Parameters
    ----------
    y_true, y_pred : array_like
        Weights from 0 to 1, of the same shape.
    alpha, beta : float
        What the truth that was missed weighs, and what was predicted without truth: as Keras has it.
    axis : int or tuple of int, optional
        The axes that the areas extend over; all unless given.

    Returns
    -------
    Tensor
        Without these axes.
    """
    y_pred = floating(y_pred)
    y_true = like(y_true, y_pred)
    both = xp.sum(y_true * y_pred, axis=axis)
    missed = xp.sum((1.0 - y_pred) * y_true, axis=axis)
    made_up = xp.sum(y_pred * (1.0 - y_true), axis=axis)
    return 1.0 - both / (both + missed * alpha + made_up * beta + EPSILON)


Dice = loss_of("Dice", dice, __name__)
Tversky = loss_of("Tversky", tversky, __name__)
