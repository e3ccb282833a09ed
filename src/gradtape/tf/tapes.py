"""`tf.GradientTape`: the engine's tape under TensorFlow's law."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import gradtape as gt
from gradtape.arrays.dispatch import Node
from gradtape.arrays.failures import located
from gradtape.tape.query import Law
from gradtape.tf.errors import InvalidDTypeError, InvalidShapeError
from gradtape.tf.slices import slices_of

if TYPE_CHECKING:
    from types import FrameType

    from gradtape.tape.asked import Leaf


def checked_weight(weight: Any, target: Leaf, frame: FrameType) -> None:
    """Insist that an output gradient has its target's dtype and shape; Python numbers take any dtype on.

    Raises
    ------
    InvalidDTypeError
    InvalidShapeError
    """
    value = target.value._value
    plain = weight._value if isinstance(weight, Node) else np.asarray(weight)
    if isinstance(weight, Node | np.ndarray | np.generic) and plain.dtype != value.dtype:
        raise located(
            InvalidDTypeError,
            f"output_gradients{target.path}: dtype {plain.dtype} for a target of dtype {value.dtype}",
            frame,
            "cast it: `tf.cast(g, target.dtype)`",
        )
    if plain.shape != value.shape:
        raise located(
            InvalidShapeError,
            f"output_gradients{target.path}: shape {plain.shape} for a target of shape {value.shape}",
            frame,
            "each output gradient has the shape of its target",
        )


def with_values_of_sparse(structure: Any) -> Any:
    """Put the values of sparse tensors in their place, also in lists, tuples and dicts."""
    if isinstance(structure, dict):
        return {key: with_values_of_sparse(value) for key, value in structure.items()}
    if type(structure) in {list, tuple}:
        return [with_values_of_sparse(value) for value in structure]
    # known by its parts, so that the module of sparse tensors is not imported before it is used
    return structure.values if hasattr(structure, "dense_shape") and not isinstance(structure, Node) else structure


class ForwardAccumulator(gt.ForwardAccumulator):
    """Forward mode: `gradtape.ForwardAccumulator` with TensorFlow's law, where integers may be primals and do not move.

    Parameters
    ----------
    primals : Tensor, Variable or a nested structure of them
        What moves.
    tangents : array_like or structure like `primals`
        The direction.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> x = tf.constant(3.0)
    >>> with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
    ...     y = x * x
    >>> accumulator.jvp(y).numpy()
    np.float32(6.0)
    """

    _integers = True


class GradientTape(gt.GradientTape):
    """Record operations, and differentiate what was recorded: `gradtape.GradientTape` with TensorFlow's law.

    Integers may be watched, and their gradient is None. The gradient of what was only picked from along the first axis
    is `IndexedSlices`. An output gradient has its target's dtype.

    Parameters
    ----------
    persistent : bool
        Keep what the rules need after the first `gradient`, so that more can follow.
    watch_accessed_variables : bool
        Watch every trainable variable that is read while the tape records.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> x = tf.constant(3.0)
    >>> with tf.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = x * x
    >>> tape.gradient(y, x).numpy()
    np.float32(6.0)
    """

    _law = Law(slices_of, checked_weight)

    def watch(self, tensor: Any) -> None:
        """Follow tensors from now on; of sparse tensors, their values. See `gradtape.GradientTape.watch`."""
        super().watch(with_values_of_sparse(tensor))

    def _meet_integer(self, name: str, leaf: Any, frame: FrameType) -> None:
        """Let it pass: the gradient will be None, and the reason is told then."""
