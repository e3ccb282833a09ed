"""What weights are kept to after each step, with Keras's names: objects that are called with a value and give another.

An optimizer applies `variable.constraint` after it changed the variable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.nn.named import named, told

if TYPE_CHECKING:
    from collections.abc import Callable

EPSILON = 1e-7


class Constraint:
    """The base class: `constrained(value)` gives the nearest allowed array."""

    def __call__(self, w: Any) -> Any:
        """Return the constrained value, a plain array; nothing is recorded."""
        return self.constrained(np.asarray(w._value if isinstance(w, Node) else w))

    def constrained(self, value: Any) -> Any:
        """Return the nearest allowed array."""
        raise NotImplementedError

    __repr__ = told


def _length(value: Any, axis: Any) -> Any:
    return np.sqrt(np.sum(np.square(value), axis=axis, keepdims=True))


class MaxNorm(Constraint):
    """Shortens vectors along an axis to a length.

    Parameters
    ----------
    max_value : float
    axis : int or tuple of int
        Along which the lengths are taken: 0 for the weights into each unit of a `Dense` layer.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.constraints.MaxNorm(1.0)([[3.0, 0.3], [4.0, 0.4]]).round(3)
    array([[0.6, 0.3],
           [0.8, 0.4]])
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def constrained(self, value: Any) -> Any:
        """Return the nearest allowed array."""
        length = _length(value, self.axis)
        return value * (np.clip(length, 0, self.max_value) / (EPSILON + length)).astype(value.dtype)


class MinMaxNorm(Constraint):
    """Moves the lengths of vectors along an axis into an interval.

    Parameters
    ----------
    min_value, max_value : float
    rate : float
        How far they are moved: 1 into the interval, less only towards it.
    axis : int or tuple of int
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def constrained(self, value: Any) -> Any:
        """Return the nearest allowed array."""
        length = _length(value, self.axis)
        wanted = self.rate * np.clip(length, self.min_value, self.max_value) + (1.0 - self.rate) * length
        return value * (wanted / (EPSILON + length)).astype(value.dtype)


class NonNeg(Constraint):
    """Sets negative numbers to 0."""

    def constrained(self, value: Any) -> Any:
        """Return the nearest allowed array."""
        return value * (value >= 0)


class UnitNorm(Constraint):
    """Stretches vectors along an axis to the length 1.

    Parameters
    ----------
    axis : int or tuple of int
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def constrained(self, value: Any) -> Any:
        """Return the nearest allowed array."""
        return value / (EPSILON + _length(value, self.axis)).astype(value.dtype)


NAMED = {"max_norm": MaxNorm, "min_max_norm": MinMaxNorm, "non_neg": NonNeg, "unit_norm": UnitNorm}


def get(identifier: Any) -> Callable[[Any], Any] | None:
    """Return a constraint by its name; objects and functions stand for themselves, None for none."""
    return named("constraint", NAMED, identifier)  # type: ignore[no-any-return]
