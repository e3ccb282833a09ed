"""`tf.random.Generator`: a stream of random numbers of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf.calls import of_dtype, row, static, tensor
from gradtape.tf.random import draws, seeds


class Generator:
    """A stream of random numbers; its numbers are not TensorFlow's.

    Parameters
    ----------
    seed : int or sequence of int, optional
        Where it starts; unpredictable unless given.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> first, second = (tf.random.Generator.from_seed(1) for _ in range(2))
    >>> bool((first.normal([3]) == second.normal([3])).numpy().all())
    True
    """

    def __init__(self, seed: Any = None) -> None:
        self._source = np.random.default_rng(None if seed is None else static(seed))

    @classmethod
    def from_seed(cls, seed: Any, alg: Any = None) -> Generator:
        """Make a generator that starts from a seed."""
        return cls(seed)

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """Make a generator that starts anywhere."""
        return cls()

    def __checkpoint__(self) -> Any:
        return self._source

    def reset_from_seed(self, seed: Any) -> None:
        """Start again, from a seed."""
        self._source = np.random.default_rng(static(seed))

    def normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = np.float32, name: str | None = None
    ) -> Any:
        """Draw as `tf.random.normal`."""
        return draws.normal(shape, mean, stddev, dtype, self._source)

    def truncated_normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = np.float32, name: str | None = None
    ) -> Any:
        """Draw as `tf.random.truncated_normal`."""
        return draws.truncated_normal(shape, mean, stddev, dtype, self._source)

    def uniform(
        self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = np.float32, name: str | None = None
    ) -> Any:
        """Draw as `tf.random.uniform`."""
        return draws.uniform(shape, minval, maxval, dtype, self._source)

    def uniform_full_int(self, shape: Any, dtype: Any = np.uint64, name: str | None = None) -> Any:
        """Draw whole numbers, all that the dtype has."""
        limits = np.iinfo(np.dtype(dtype))
        return tensor(self._source.integers(limits.min, limits.max, draws.as_shape(shape), dtype, endpoint=True))

    def binomial(self, shape: Any, counts: Any, probs: Any, dtype: Any = np.int32, name: str | None = None) -> Any:
        """Draw numbers of successes; nothing flows back."""
        size, start = draws.as_shape(shape), draws.row_seed(self._source)
        return of_dtype(row("binomial")(tensor(counts), tensor(probs), size=size, seed=start), dtype)

    def make_seeds(self, count: int = 1) -> Any:
        """Draw seeds for the stateless functions, of shape (2, count)."""
        return tensor(self._source.integers(2**31, size=(2, count), dtype=np.int64))

    def split(self, count: int = 1) -> list[Generator]:
        """Make generators whose streams have nothing to do with each other."""
        made = []
        for source in self._source.spawn(count):
            child = Generator(0)
            child._source = source
            made.append(child)
        return made


def get_global_generator() -> Generator:
    """Return the generator that all draws without a seed come from."""
    made = Generator(0)
    made._source = seeds.generator_for(None)
    return made


def set_global_generator(generator: Generator) -> None:
    """Let all draws without a seed come from a generator."""
    seeds.set_common(generator._source)
