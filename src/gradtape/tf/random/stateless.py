"""Draws whose seed decides alone: the `stateless_...` functions of `tf.random`. Their numbers are not TensorFlow's."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf.calls import of_dtype, operands, row, tensor
from gradtape.tf.random import draws
from gradtape.tf.random.seeds import generator_for, stateless_seed


def stateless_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = np.float32,
    name: str | None = None,
    alg: Any = None,
) -> Any:
    """Draw as `normal` does; the same `seed`, two whole numbers, gives the same numbers."""
    return draws.normal(shape, mean, stddev, dtype, stateless_seed(seed))


def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = np.float32,
    name: str | None = None,
    alg: Any = None,
) -> Any:
    """Draw as `truncated_normal` does; the same `seed` gives the same numbers."""
    return draws.truncated_normal(shape, mean, stddev, dtype, stateless_seed(seed))


def stateless_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = np.float32,
    name: str | None = None,
    alg: Any = None,
) -> Any:
    """Draw as `uniform` does; the same `seed` gives the same numbers."""
    return draws.uniform(shape, minval, maxval, dtype, stateless_seed(seed))


def stateless_gamma(
    shape: Any, seed: Any, alpha: Any, beta: Any = None, dtype: Any = np.float32, name: str | None = None
) -> Any:
    """Draw as `gamma` does, but `shape` is the whole shape, which `alpha` and `beta` broadcast to."""
    return draws.gamma_of_shape(draws.as_shape(shape), alpha, beta, dtype, stateless_seed(seed))


def stateless_poisson(shape: Any, seed: Any, lam: Any, dtype: Any = np.int32, name: str | None = None) -> Any:
    """Draw whole numbers of the whole `shape`, which `lam` broadcasts to; nothing flows back to the rates."""
    start = draws.row_seed(stateless_seed(seed))
    return of_dtype(row("poisson")(tensor(lam), size=draws.as_shape(shape), seed=start), dtype)


def stateless_binomial(
    shape: Any, seed: Any, counts: Any, probs: Any, output_dtype: Any = np.int32, name: str | None = None
) -> Any:
    """Draw numbers of successes, of the whole `shape`; nothing flows back."""
    tries, chances = map(tensor, (counts, probs))
    start = draws.row_seed(stateless_seed(seed))
    return of_dtype(row("binomial")(tries, chances, size=draws.as_shape(shape), seed=start), output_dtype)


def stateless_categorical(
    logits: Any, num_samples: Any, seed: Any, dtype: Any = np.int64, name: str | None = None
) -> Any:
    """Draw as `categorical` does; the same `seed` gives the same numbers."""
    return draws.categorical(logits, num_samples, dtype, stateless_seed(seed))


def stateless_shuffle(value: Any, seed: Any, alg: Any = "auto_select", name: str | None = None) -> Any:
    """Put the slices of the first axis in a random order; the same `seed` gives the same."""
    return draws.shuffle(value, stateless_seed(seed))


def stateless_parameterized_truncated_normal(
    shape: Any,
    seed: Any,
    means: Any = 0.0,
    stddevs: Any = 1.0,
    minvals: Any = -2.0,
    maxvals: Any = 2.0,
    name: str | None = None,
) -> Any:
    """Draw from normal distributions that are cut off at bounds; all four arguments stay on the tape.

    The draw is the quantile of an even one, so that it moves smoothly with the arguments.
    """
    mean, spread, low, high = map(tensor, operands(means, stddevs, minvals, maxvals))
    a, b = (low - mean) / spread, (high - mean) / spread
    # in the upper half the distances from 1 are exact where the probabilities are not: mirror it
    upper = row("greater")(a + b, 0.0)
    a, b = row("where")(upper, -b, a), row("where")(upper, -a, b)
    below, above = row("ndtr")(a), row("ndtr")(b)
    share = generator_for(stateless_seed(seed)).random(draws.as_shape(shape)).astype(mean.dtype)
    drawn = row("ndtri")(below + (above - below) * share)
    return row("where")(upper, -drawn, drawn) * spread + mean
