"""The loss of connectionist temporal classification: `tf.nn.ctc_loss`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.arrays.dispatch import usual
from gradtape.nn.losses.ctc import sequence_loss
from gradtape.tf.arrays import positions_of
from gradtape.tf.calls import row, static, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.tensors import tf_tensor


def ctc_loss(
    labels: Any,
    logits: Any,
    label_length: Any,
    logit_length: Any,
    logits_time_major: bool = True,
    unique: Any = None,
    blank_index: int | None = None,
    name: str | None = None,
) -> Any:
    """Return minus the logarithm of the probability of label sequences, over all ways to stretch them.

    Graves, Fernandez, Gomez, Schmidhuber, "Connectionist Temporal Classification" (2006), section 4.1, in logarithms.
    The recursion over time is recorded step by step for the whole batch, so that derivatives of any order are there.

    Parameters
    ----------
    labels : array_like or SparseTensor
        Class numbers of shape (batch, longest label).
    logits : array_like
        Scores of shape (time, batch, classes), or (batch, time, classes) if not `logits_time_major`.
    label_length, logit_length : array_like
        How many labels and how many steps of each sequence count. A sparse `labels` needs no `label_length`.
    blank_index : int, optional
        The class that stands for no label: 0 unless given; negative ones count from the end.

    Returns
    -------
    Tensor
        One loss per sequence; infinite where the labels do not fit into the steps.

    Raises
    ------
    InvalidArgumentError
        If a label is no class or lengths do not fit.
    """
    scores = tensor(logits)
    scores = scores if logits_time_major else row("transpose")(scores, axes=(1, 0, 2))
    steps, batch, classes = scores.shape
    if hasattr(labels, "dense_shape"):
        if blank_index is None:
            raise InvalidArgumentError("ctc_loss: sparse labels need a `blank_index`")
        labels, label_length = _dense(labels, batch)
    wanted, sizes = positions_of(labels).astype(int), positions_of(label_length).astype(int)
    times = positions_of(logit_length).astype(int)
    blank = (blank_index or 0) % classes
    _check(wanted, sizes, times, steps, batch, classes)
    return tf_tensor(sequence_loss(usual(scores), wanted, sizes, times, blank))


def _dense(labels: Any, batch: int) -> tuple[Any, Any]:
    """Write sparse labels out, and count them."""
    places, values = positions_of(labels.indices), positions_of(labels.values)
    whole = np.zeros((batch, static(labels.dense_shape)[1]), int)
    whole[tuple(places.T)] = values
    return whole, np.bincount(places[:, 0], minlength=batch)


def _check(wanted: Any, sizes: Any, times: Any, steps: int, batch: int, classes: int) -> None:
    if wanted.ndim != 2 or not len(wanted) == len(sizes) == len(times) == batch:
        raise InvalidArgumentError(
            f"ctc_loss: labels of shape {wanted.shape}, {len(sizes)} label lengths and {len(times)} logit lengths for "
            f"a batch of {batch}"
        )
    if (times > steps).any() or (sizes > wanted.shape[1]).any():
        raise InvalidArgumentError(f"ctc_loss: lengths {times.tolist()}, {sizes.tolist()} are more than there is")
    counted = wanted[np.arange(wanted.shape[1]) < sizes[:, None]]
    if ((counted < 0) | (counted >= classes)).any():
        raise InvalidArgumentError(f"ctc_loss: labels are numbers in [0, {classes}), got {counted.tolist()}")
