"""Losses of `tf.nn`: of scores and truths."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf import math
from gradtape.tf.arrays import positions_of
from gradtape.tf.calls import operands, row, static, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.math import softplus
from gradtape.tf.nn.activations import log_softmax


def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: int = -1, name: str | None = None) -> Any:
    """Return the cross entropy of weights and scores along an axis."""
    scores, weights = operands(tensor(logits), labels)
    return -math.reduce_sum(weights * log_softmax(scores, axis), axis)


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Any:
    """Return the cross entropy of class numbers and scores along the last axis."""
    scores, classes = tensor(logits), positions_of(labels)
    if classes.shape != scores.shape[:-1] or ((classes < 0) | (classes >= scores.shape[-1])).any():
        raise InvalidArgumentError(
            f"sparse_softmax_cross_entropy_with_logits: labels are numbers in [0, {scores.shape[-1]}) of shape "
            f"{scores.shape[:-1]}, got {classes.tolist()} of shape {classes.shape}"
        )
    chosen = row("take_along_axis")(log_softmax(scores), classes[..., None], axis=-1)
    return -row("reshape")(chosen, shape=classes.shape)


def sigmoid_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Any:
    """Return the cross entropy of truths between 0 and 1 and their scores, element by element."""
    scores, truths = operands(tensor(logits), labels)
    return softplus(scores) - math.multiply(scores, truths)


def weighted_cross_entropy_with_logits(labels: Any, logits: Any, pos_weight: Any, name: str | None = None) -> Any:
    """Return `sigmoid_cross_entropy_with_logits` with the truths weighted by `pos_weight`."""
    scores, truths, weight = operands(tensor(logits), labels, pos_weight)
    of_one = math.multiply(math.multiply(truths, weight), softplus(-scores))
    return math.add(of_one, math.multiply(math.subtract(1.0, truths), softplus(scores)))


def log_poisson_loss(targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None) -> Any:
    """Return `exp(log_input) - targets * log_input`; with `compute_full_loss` also Stirling's terms above 1."""
    scores, counts = operands(tensor(log_input), targets)
    loss = math.subtract(math.exp(scores), math.multiply(counts, scores))
    if not compute_full_loss:
        return loss
    large = math.greater(counts, 1.0)
    safe = row("where")(large, counts, 1.0)
    terms = math.multiply(safe, math.log(safe)) - safe + math.log(math.multiply(safe, 2 * np.pi)) * 0.5
    return loss + row("where")(large, terms, 0.0)


def l2_loss(t: Any, name: str | None = None) -> Any:
    """Return half the sum of squares."""
    return math.reduce_sum(math.square(t)) * 0.5


def compute_average_loss(per_example_loss: Any, sample_weight: Any = None, global_batch_size: Any = None) -> Any:
    """Return the weighted sum of losses divided by the size of the batch, the number of losses unless given."""
    losses = tensor(per_example_loss)
    if sample_weight is not None:
        losses, weights = map(tensor, operands(losses, sample_weight))
        losses = losses * row("reshape")(weights, shape=(*weights.shape, *(1,) * (losses.ndim - weights.ndim)))
    size = losses.shape[0] if global_batch_size is None else static(global_batch_size)
    return math.reduce_sum(losses) / size


def scale_regularization_loss(regularization_loss: Any) -> Any:
    """Return the sum of a regularization loss, divided by the number of replicas, which is one here."""
    return math.reduce_sum(regularization_loss)
