"""Losses over very many classes, of which only a few are looked at: `nce_loss` and `sampled_softmax_loss`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf import math
from gradtape.tf.arrays import gather, positions_of
from gradtape.tf.calls import of_dtype, operands, row, tensor
from gradtape.tf.nn.candidates import log_uniform_candidate_sampler
from gradtape.tf.nn.losses import sigmoid_cross_entropy_with_logits, softmax_cross_entropy_with_logits


def nce_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = False,
    name: str = "nce_loss",
) -> Any:
    """Return the loss of noise-contrastive estimation for each example.

    Gutmann, Hyvarinen, "Noise-contrastive estimation" (2010); Mnih, Teh (2012) for classes.

    Parameters
    ----------
    weights, biases : array_like
        Of shape (classes, depth) and (classes,).
    labels : array_like
        The true classes, of shape (batch, num_true).
    inputs : array_like
        Of shape (batch, depth).
    num_sampled, num_classes : int
        How many classes to draw, and of how many.
    sampled_values : tuple, optional
        What a candidate sampler of `tf.random` returned; a log-uniform one is drawn unless given.
    remove_accidental_hits : bool
        Whether drawn classes that are true count as not drawn.
    """
    scores, truths = _sampled_scores(
        weights,
        biases,
        labels,
        inputs,
        num_sampled,
        num_classes,
        num_true,
        sampled_values,
        remove_accidental_hits,
        None,
    )
    return math.reduce_sum(sigmoid_cross_entropy_with_logits(truths, scores), 1)


def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    seed: Any = None,
    name: str = "sampled_softmax_loss",
) -> Any:
    """Return the cross entropy among the true and the drawn classes for each example; arguments as for `nce_loss`.

    Jean, Cho, Memisevic, Bengio, "On Using Very Large Target Vocabulary" (2014).
    """
    scores, truths = _sampled_scores(
        weights,
        biases,
        labels,
        inputs,
        num_sampled,
        num_classes,
        num_true,
        sampled_values,
        remove_accidental_hits,
        seed,
    )
    return softmax_cross_entropy_with_logits(truths, scores)


def _sampled_scores(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int,
    sampled_values: Any,
    remove_hits: bool,
    seed: Any,
) -> tuple[Any, Any]:
    """Return the scores of the true and the drawn classes, corrected by how often each is expected, and the truths."""
    true = positions_of(labels).astype(np.int64).reshape(-1, num_true)
    if sampled_values is None:
        sampled_values = log_uniform_candidate_sampler(true, num_true, num_sampled, True, num_classes, seed)
    drawn, *expected = sampled_values
    drawn = positions_of(drawn).astype(np.int64)
    x, table = map(tensor, operands(tensor(inputs), weights))
    offsets = tensor(operands(x, biases)[1])
    of_true, of_drawn = (row("stop_gradient")(of_dtype(tensor(e), x.dtype)) for e in expected)
    true_rows = gather(table, true)
    wide = row("reshape")(x, shape=(x.shape[0], 1, x.shape[1]))
    true_scores = math.reduce_sum(true_rows * wide, -1) + gather(offsets, true) - math.log(of_true)
    scores = row("matmul")(x, row("transpose")(gather(table, drawn))) + gather(offsets, drawn) - math.log(of_drawn)
    if remove_hits:
        hits = (true[:, :, None] == drawn).any(1)
        scores = scores + np.where(hits, np.finfo(x.dtype).min, 0.0).astype(x.dtype)
    both = row("concatenate")((true_scores, scores), axis=1)
    truths = np.zeros(both.shape, x.dtype)
    truths[:, :num_true] = 1.0 / num_true
    return both, truths
