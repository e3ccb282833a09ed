"""Draws from the common generator, or from one of their own where they have a seed."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf.arrays import positions_of
from gradtape.tf.calls import of_dtype, operands, row, static, tensor
from gradtape.tf.random.seeds import generator_for


def normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = np.float32, seed: Any = None, name: str | None = None
) -> Any:
    """Draw from normal distributions; `mean` and `stddev` stay on the tape."""
    sample = tensor(generator_for(seed).standard_normal(static(shape)).astype(dtype)[()])
    sample, spread, centre = operands(sample, stddev, mean)
    return sample * spread + centre


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = np.float32, seed: Any = None, name: str | None = None
) -> Any:
    """Draw from normal distributions, again and again until within two standard deviations."""
    generator, size = generator_for(seed), static(shape)
    sample = generator.standard_normal(size)
    while (outside := np.abs(sample) > 2.0).any():
        sample = np.where(outside, generator.standard_normal(size), sample)
    drawn, spread, centre = operands(tensor(np.asarray(sample).astype(dtype)[()]), stddev, mean)
    return drawn * spread + centre


def uniform(
    shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = np.float32, seed: Any = None, name: str | None = None
) -> Any:
    """Draw evenly between bounds, integers too; the bounds of real numbers stay on the tape."""
    kind, size = np.dtype(dtype), static(shape)
    if kind.kind in "iu":
        return tensor(generator_for(seed).integers(static(minval), static(maxval), size, dtype=kind))
    sample = tensor(np.asarray(generator_for(seed).random(size)).astype(kind)[()])
    sample, low, high = operands(sample, minval, 1.0 if maxval is None else maxval)
    return sample * (high - low) + low


def shuffle(value: Any, seed: Any = None, name: str | None = None) -> Any:
    """Put the slices of the first axis in a random order."""
    x = tensor(value)
    return x[generator_for(seed).permutation(x.shape[0])]


def gamma(
    shape: Any, alpha: Any, beta: Any = None, dtype: Any = np.float32, seed: Any = None, name: str | None = None
) -> Any:
    """Draw from gamma distributions, `shape` numbers for every pair of shape `alpha` and rate `beta`.

    A draw is the quantile of an even one, so it moves smoothly with both arguments: the derivative in `alpha` is that
    of implicit reparameterisation (Figurnov, Mohamed, Mnih, https://arxiv.org/abs/1805.08498), exact, and of any order.
    The numbers are not TensorFlow's. Needs SciPy.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> alpha = tf.Variable([0.5, 3.0])
    >>> with tf.GradientTape() as tape:
    ...     y = tf.random.gamma([1000], alpha, seed=1)
    >>> y.shape
    (1000, 2)
    >>> bool((tape.gradient(y, alpha).numpy() > 0).all())
    True
    """
    rates = () if beta is None else np.shape(positions_of(beta))
    each = np.broadcast_shapes(np.shape(positions_of(alpha)), rates)
    return gamma_of_shape((*as_shape(shape), *each), alpha, beta, dtype, seed)


def gamma_of_shape(size: tuple[int, ...], alpha: Any, beta: Any, dtype: Any, seed: Any) -> Any:
    """Draw gamma numbers of a whole shape, in float64 inside."""
    # between 0 and 1, and neither of them: the middles of equal cells
    share = (generator_for(seed).integers(2**52, size=size) + 0.5) * 2.0**-52
    drawn = of_dtype(row("gammaincinv")(of_dtype(tensor(alpha), np.float64), share), dtype)
    return drawn if beta is None else drawn / of_dtype(tensor(beta), dtype)


def poisson(shape: Any, lam: Any, dtype: Any = np.float32, seed: Any = None, name: str | None = None) -> Any:
    """Draw whole numbers, `shape` of them for every rate in `lam`; nothing flows back to the rates."""
    rate = tensor(lam)
    return of_dtype(row("poisson")(rate, size=(*as_shape(shape), *rate.shape), seed=row_seed(seed)), dtype)


def categorical(logits: Any, num_samples: Any, dtype: Any = np.int64, seed: Any = None, name: str | None = None) -> Any:
    """Draw class numbers with the weights of scores; nothing flows back."""
    return of_dtype(row("categorical")(tensor(logits), count=static(num_samples), seed=row_seed(seed)), dtype)


def as_shape(shape: Any) -> tuple[int, ...]:
    """Read a shape, or a single length."""
    found = static(shape)
    return found if isinstance(found, tuple) else (found,)


def row_seed(seed: Any) -> int:
    """Draw the seed of a row that makes a generator of its own."""
    return int(generator_for(seed).integers(2**32))
