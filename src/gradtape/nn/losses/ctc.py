"""Connectionist temporal classification: `CTC`, and the recursion that `gradtape.tf.nn.ctc_loss` runs as well."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.arrays import doors
from gradtape.arrays.dispatch import Node
from gradtape.errors import ShapeError
from gradtape.nn.losses.loss import floating, loss_of
from gradtape.ops import Index

xp = doors.SPACE


def ctc(y_true: Any, y_pred: Any) -> Any:
    """Return minus the logarithm of the probability of label sequences; the label 0 is the blank and fills them up.

    Parameters
    ----------
    y_true, y_pred : array_like
        Whole numbers of shape (batch, longest label), and scores of shape (batch, time, classes).

    Returns
    -------
    Tensor
        One loss per sequence, of shape (batch,); infinite where the labels do not fit into the steps.

    Raises
    ------
    ShapeError
        If the shapes are others.
    """
    scores = floating(y_pred)
    labels = np.asarray(y_true._value if isinstance(y_true, Node) else y_true).astype(int)
    if labels.ndim != 2 or scores.ndim != 3 or len(labels) != scores.shape[0]:
        raise ShapeError(
            "ctc: `y_true` has shape (batch, longest label) and `y_pred` (batch, time, classes), got "
            f"{labels.shape} and {tuple(scores.shape)}"
        )
    times = np.full(len(labels), scores.shape[1])
    return sequence_loss(xp.transpose(scores, axes=(1, 0, 2)), labels, (labels != 0).sum(-1), times, 0)


def sequence_loss(scores: Any, labels: Any, sizes: Any, times: Any, blank: int) -> Any:
    """Return minus the logarithm of the probability of label sequences, over all ways to stretch them.

    Graves, Fernandez, Gomez, Schmidhuber, "Connectionist Temporal Classification" (2006), section 4.1, in logarithms.
    The recursion over time is recorded step by step for the whole batch, so that derivatives of any order are there.

    Parameters
    ----------
    scores : Tensor
        Of shape (time, batch, classes).
    labels : ndarray of int
        Of shape (batch, longest label).
    sizes, times : ndarray of int
        How many labels and steps of each sequence count.
    blank : int
        The class that stands for no label.
    """
    states = np.full((len(labels), 2 * labels.shape[1] + 1), blank)
    states[:, 1::2] = np.where(np.arange(labels.shape[1]) < sizes[:, None], labels, blank)
    log_alpha = _forward(xp.log_softmax(scores, axis=-1), states, times, blank)
    last = 2 * sizes
    found = xp.take_along_axis(log_alpha, np.stack([last, np.maximum(last - 1, 0)], 1), axis=1)
    found = found + np.where(np.stack([last < 0, last == 0], 1), -np.inf, 0.0).astype(scores.dtype)
    return -xp.logsumexp(found, axis=1)


def _forward(log_weights: Any, states: Any, times: Any, blank: int) -> Any:
    """Return the logarithms of the probabilities of all beginnings that end in each state, at each sequence's end.

    A state is left for itself, for the next, or, between two different labels, for the next but one.
    """
    batch, count = states.shape
    emitted = xp.getitem(log_weights, Index((slice(None), np.arange(batch)[:, None], states)))
    none = np.array(-np.inf, log_weights.dtype)
    leap = np.zeros((batch, count), bool)
    leap[:, 2:] = (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])
    closed = np.where(leap, 0.0, none)
    alpha = xp.where(np.arange(count) < 2, emitted[0], none)
    for t in range(1, emitted.shape[0]):
        wide = xp.pad(alpha, pad_width=((0, 0), (2, 0)), value=float(none))
        ways = xp.stack([alpha, wide[:, 1:-1], wide[:, :-2] + closed], axis=0)
        moved = xp.logsumexp(ways, axis=0) + emitted[t]
        alpha = xp.where((t < times)[:, None], moved, alpha)
    return alpha


CTC = loss_of("CTC", ctc, __name__)
