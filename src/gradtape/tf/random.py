"""Random tensors from a seeded NumPy generator: `tf.random`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf.calls import of_dtype, operands, refuse, row, static, tensor

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


def poisson(shape: Any, lam: Any, dtype: Any = np.float32, seed: Any = None, name: str | None = None) -> Any:
    """Draw whole numbers, `shape` of them for every rate in `lam`; nothing flows back to the rates."""
    rate = tensor(lam)
    start = int(generator_for(seed).integers(2**32))
    return of_dtype(row("poisson")(rate, size=(*_size(shape), *rate.shape), seed=start), dtype)


def _size(shape: Any) -> tuple[int, ...]:
    found = static(shape)
    return found if isinstance(found, tuple) else (found,)


def stateless_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = np.float32,
    name: str | None = None,
    alg: Any = None,
) -> Any:
    """Draw as `normal` does; the same `seed` gives the same numbers, which are not TensorFlow's."""
    return normal(shape, mean, stddev, dtype, stateless_seed(seed))


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
    return truncated_normal(shape, mean, stddev, dtype, stateless_seed(seed))


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
    return uniform(shape, minval, maxval, dtype, stateless_seed(seed))


def stateless_poisson(shape: Any, seed: Any, lam: Any, dtype: Any = np.int32, name: str | None = None) -> Any:
    """Draw whole numbers of the whole `shape`, which `lam` broadcasts to; nothing flows back to the rates."""
    start = int(generator_for(stateless_seed(seed)).integers(2**32))
    return of_dtype(row("poisson")(tensor(lam), size=_size(shape), seed=start), dtype)


def stateless_categorical(
    logits: Any, num_samples: Any, seed: Any, dtype: Any = np.int64, name: str | None = None
) -> Any:
    """Draw as `categorical` does; the same `seed` gives the same numbers."""
    return categorical(logits, num_samples, dtype, stateless_seed(seed))


def stateless_seed(seed: Any) -> tuple[int, ...]:
    """Make a seed of any two whole numbers, negative ones too."""
    return tuple(int(part) % 2**32 for part in _size(seed))


def categorical(logits: Any, num_samples: Any, dtype: Any = np.int64, seed: Any = None, name: str | None = None) -> Any:
    """Draw class numbers with the weights of scores; nothing flows back."""
    scores = row("stop_gradient")(tensor(logits)).numpy()
    noise = generator_for(seed).gumbel(size=(scores.shape[0], static(num_samples), scores.shape[1]))
    return tensor(np.argmax(scores[:, None, :] + noise, -1).astype(dtype))


def __getattr__(name: str) -> Any:
    if name.endswith("candidate_sampler"):
        from gradtape.tf.nn import candidates

        return getattr(candidates, name)
    raise refuse("tf.random", name)
