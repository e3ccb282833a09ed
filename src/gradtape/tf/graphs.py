"""Names that have a meaning in a graph, as far as they have one where everything runs at once."""

from __future__ import annotations

import time
from enum import Enum, IntEnum
from typing import Any, NamedTuple

import numpy as np

import gradtape as gt
from gradtape.tf.calls import tensor
from gradtape.tf.creation import identity


class AggregationMethod:
    """How gradients that meet are added up; they always are, at once."""

    ADD_N = 0
    DEFAULT = 0
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


class VariableSynchronization(Enum):
    """When copies of a variable are brought together; there is one copy."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(IntEnum):
    """How copies of a variable are brought together; there is one copy."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3


class TensorSpec(NamedTuple):
    """The shape, dtype and name of a tensor that is to come.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> tf.TensorSpec([None, 2]).is_compatible_with(tf.zeros([5, 2]))
    True
    """

    shape: Any
    dtype: Any = np.dtype(np.float32)
    name: str | None = None

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """Describe a tensor."""
        return cls(tensor.shape, tensor.dtype, name)

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether a tensor may stand where this was promised."""
        if self.dtype != spec_or_value.dtype:
            return False
        wanted, found = self.shape, tuple(spec_or_value.shape)
        return wanted is None or (
            len(wanted) == len(found) and all(w is None or w == n for w, n in zip(wanted, found, strict=True))
        )


def group(*inputs: Any, **options: Any) -> None:
    """Do nothing: everything has run already."""


def no_op(name: str | None = None) -> None:
    """Do nothing."""


def tuple(tensors: Any, control_inputs: Any = None, name: str | None = None) -> list[Any]:
    """Return the tensors as a list: everything has run already."""
    return [None if t is None else tensor(t) for t in tensors]


def identity_n(input: Any, name: str | None = None) -> list[Any]:
    """Return new tensors of the same values."""
    return [identity(t) for t in input]


def shape_n(input: Any, out_type: Any = np.int32, name: str | None = None) -> list[Any]:
    """Return the shape of each tensor."""
    from gradtape.tf.creation import shape

    return [shape(t, out_type) for t in input]


def timestamp(name: str | None = None) -> Any:
    """Return the seconds since 1970 as a float64 tensor."""
    return tensor(np.float64(time.time()))


def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """Return the value as NumPy's array; it is always known."""
    return tensor.numpy() if isinstance(tensor, gt.Tensor) else np.asarray(tensor)


def is_symbolic_tensor(x: Any) -> bool:
    """Whether it is a tensor without a value; none is."""
    return False


def inside_function() -> bool:
    """Whether a graph is being built; it never is."""
    return False


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> Any:
    """Return the shape that two shapes broadcast to."""
    from gradtape.tf.shapes import TensorShape

    return TensorShape(np.broadcast_shapes(shape_x, shape_y))


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Any:
    """Return the shape that two shapes broadcast to, as a tensor."""
    from gradtape.tf.calls import static

    return tensor(np.array(np.broadcast_shapes(static(shape_x), static(shape_y)), np.int32))
