"""New tensors from data and from nothing. NumPy's own functions of these names cannot know that a tensor is wanted."""

from __future__ import annotations

from sys import _getframe
from typing import Any

import numpy as np

from gradtape.arrays.dispatch import Node, apply
from gradtape.arrays.variable import make_constant
from gradtape.ops import OPS


def array(object: Any, dtype: Any = None, *, copy: bool = True) -> Any:
    """Make a tensor; tensors inside nested lists are stacked and stay on the tape.

    Parameters
    ----------
    object : array_like
        Numbers, arrays, tensors, or nested lists of them.
    dtype : dtype, optional
        NumPy's choice unless given.
    copy : bool
        Whether a tensor comes back as a new one.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import gradtape as gt
    >>> import gradtape.numpy as gnp
    >>> a = gt.constant(2.0)
    >>> gnp.array([a, a * a])
    Tensor([2., 4.])
    """
    frame = _getframe(1)
    made = make_constant(object, dtype, None, frame)
    return apply(OPS["copy"], (made,), OPS["copy"].defaults, frame) if copy and made is object else made


def asarray(a: Any, dtype: Any = None) -> Any:
    """Make a tensor of what is none; see `array`."""
    return make_constant(a, dtype, None, _getframe(1))


def zeros(shape: Any, dtype: Any = None) -> Any:
    """Make a tensor of zeros."""
    return make_constant(np.zeros(shape, dtype), None, None, _getframe(1))


def ones(shape: Any, dtype: Any = None) -> Any:
    """Make a tensor of ones."""
    return make_constant(np.ones(shape, dtype), None, None, _getframe(1))


def empty(shape: Any, dtype: Any = None) -> Any:
    """Make a tensor whose elements are to be written; they are zeros until then, so that no noise is ever read."""
    return make_constant(np.zeros(shape, dtype), None, None, _getframe(1))


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """Make a tensor of one value; the gradient of a tensor's value is the sum over all places."""
    frame = _getframe(1)
    if isinstance(fill_value, Node):
        value = make_constant(fill_value, dtype, None, frame)
        return apply(OPS["broadcast_to"], (value,), {"shape": shape}, frame)
    return make_constant(np.full(shape, fill_value, dtype), None, None, frame)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = float) -> Any:  # noqa: N803
    """Make a tensor with ones on a diagonal."""
    return make_constant(np.eye(N, M, k, dtype), None, None, _getframe(1))


def identity(n: int, dtype: Any = None) -> Any:
    """Make the identity matrix."""
    return make_constant(np.identity(n, dtype), None, None, _getframe(1))


def arange(*args: Any, dtype: Any = None) -> Any:
    """Make a tensor of evenly spaced numbers; tensors among the arguments are read as plain numbers."""
    return make_constant(
        np.arange(*(a._value if isinstance(a, Node) else a for a in args), dtype=dtype), None, None, _getframe(1)
    )
