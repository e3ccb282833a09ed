"""Random tensors from a seeded NumPy generator: `tf.random`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf.calls import operands, refuse, row, static, tensor

_GENERATORS = [np.random.default_rng()]


def set_seed(seed: int) -> None:
    """Start all random numbers from a seed; the numbers are not TensorFlow's."""
    _GENERATORS[0] = np.random.default_rng(seed)


def generator_for(seed: Any) -> np.random.Generator:
    """Return the generator of a call: the common one, or its own where it has a seed."""
    return _GENERATORS[0] if seed is None else np.random.default_rng(static(seed))


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


def categorical(logits: Any, num_samples: Any, dtype: Any = np.int64, seed: Any = None, name: str | None = None) -> Any:
    """Draw class numbers with the weights of scores; nothing flows back."""
    scores = row("stop_gradient")(tensor(logits)).numpy()
    noise = generator_for(seed).gumbel(size=(scores.shape[0], static(num_samples), scores.shape[1]))
    return tensor(np.argmax(scores[:, None, :] + noise, -1).astype(dtype))


def __getattr__(name: str) -> Any:
    raise refuse("tf.random", name)
