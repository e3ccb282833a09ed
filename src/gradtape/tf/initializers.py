"""Objects that make first values of variables: `tf.zeros_initializer()` and its like."""

from __future__ import annotations

from typing import Any

from gradtape.tf import creation, dtypes, random


class zeros_initializer:  # noqa: N801
    """Makes zeros."""

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **options: Any) -> Any:
        """Make a value of that shape."""
        return creation.zeros(shape, dtype)


class ones_initializer:  # noqa: N801
    """Makes ones."""

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **options: Any) -> Any:
        """Make a value of that shape."""
        return creation.ones(shape, dtype)


class constant_initializer:  # noqa: N801
    """Repeats a value.

    Parameters
    ----------
    value : array_like
        A number, or as many numbers as the shape has places.
    """

    def __init__(self, value: Any = 0, support_partition: bool = False) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **options: Any) -> Any:
        """Make a value of that shape."""
        return creation.constant(self.value, dtype, shape)


class random_normal_initializer:  # noqa: N801
    """Draws from a normal distribution.

    Parameters
    ----------
    mean, stddev : float
    seed : int, optional
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **options: Any) -> Any:
        """Make a value of that shape."""
        return random.normal(shape, self.mean, self.stddev, dtype, self.seed)


class random_uniform_initializer:  # noqa: N801
    """Draws from an interval.

    Parameters
    ----------
    minval, maxval : float
    seed : int, optional
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **options: Any) -> Any:
        """Make a value of that shape."""
        return random.uniform(shape, self.minval, self.maxval, dtype, self.seed)
