"""Where random numbers come from: the common generator, generators of one call, seeds made of seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf.calls import static, tensor

_GENERATORS = [np.random.default_rng()]


def set_seed(seed: int) -> None:
    """Start all random numbers from a seed; the numbers are not TensorFlow's."""
    _GENERATORS[0] = np.random.default_rng(seed)


def generator_for(seed: Any) -> np.random.Generator:
    """Return the generator of a call: the common one, its own where it has a seed, or the one that is the seed."""
    if isinstance(seed, np.random.Generator):
        return seed
    return _GENERATORS[0] if seed is None else np.random.default_rng(static(seed))


def set_common(generator: np.random.Generator) -> None:
    """Let all random numbers without a seed come from a generator."""
    _GENERATORS[0] = generator


def stateless_seed(seed: Any) -> tuple[int, ...]:
    """Make a seed of any two whole numbers, negative ones too."""
    parts = static(seed)
    return tuple(int(part) % 2**32 for part in (parts if isinstance(parts, tuple) else (parts,)))


def _drawn(entropy: tuple[int, ...], count: int) -> Any:
    words = np.random.SeedSequence(entropy).generate_state(2 * count)
    return (words >> np.uint32(1)).astype(np.int32).reshape(count, 2)


def split(seed: Any, num: Any = 2, alg: Any = "auto_select") -> Any:
    """Make `num` seeds of one, of shape (num, 2)."""
    return tensor(_drawn(stateless_seed(seed), int(static(num))))


def fold_in(seed: Any, data: Any, alg: Any = "auto_select") -> Any:
    """Make a new seed of a seed and a whole number."""
    return tensor(_drawn((*stateless_seed(seed), int(static(data)) % 2**32), 1)[0])
