"""Objects that make first values of variables: `tf.zeros_initializer()` and its like.

They are those of `gradtape.nn.initializers`, with TensorFlow's tensors and its common generator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.nn import initializers
from gradtape.tf import dtypes, random
from gradtape.tf.calls import static, tensor

if TYPE_CHECKING:
    import numpy as np


class _Tensors(initializers.Initializer):
    """An initializer that gives TensorFlow's tensors."""

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **options: Any) -> Any:
        """Make a value of that shape."""
        given = static(shape)
        return tensor(super().__call__((given,) if isinstance(given, int) else given, dtype))

    def generator(self) -> np.random.Generator:
        """Return TensorFlow's common generator, or one of a seed."""
        return random.generator_for(self.seed)


class zeros_initializer(_Tensors, initializers.Zeros):  # noqa: N801
    """Makes zeros."""


class ones_initializer(_Tensors, initializers.Ones):  # noqa: N801
    """Makes ones."""


class constant_initializer(_Tensors, initializers.Constant):  # noqa: N801
    """Repeats a value.

    Parameters
    ----------
    value : array_like
        A number, or as many numbers as the shape has places.
    """

    def __init__(self, value: Any = 0, support_partition: bool = False) -> None:
        super().__init__(static(value))


class random_normal_initializer(_Tensors, initializers.RandomNormal):  # noqa: N801
    """Draws from a normal distribution.

    Parameters
    ----------
    mean, stddev : float
    seed : int, optional
    """


class random_uniform_initializer(_Tensors, initializers.RandomUniform):  # noqa: N801
    """Draws from an interval.

    Parameters
    ----------
    minval, maxval : float
    seed : int, optional
    """
