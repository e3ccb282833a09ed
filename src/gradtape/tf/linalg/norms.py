"""Norms, and bounding tensors by them; the gradient of a norm at 0 is 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf import math
from gradtape.tf.calls import operands, run_row, static
from gradtape.tf.calls import tensor as as_tensor
from gradtape.tf.slices import IndexedSlices, with_values


def norm(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool | None = None, name: str | None = None
) -> Any:
    """Return the norm of all elements, of vectors along one axis, or of matrices along two."""
    x, axis, keepdims = as_tensor(tensor), static(axis), bool(keepdims)
    if isinstance(axis, tuple) and len(axis) == 2:
        return run_row("norm", x, "fro" if ord == "euclidean" else ord, axis, keepdims)
    order = 2 if ord in {"euclidean", "fro"} else ord
    return run_row("linalg_vector_norm", x, axis=axis, keepdims=keepdims, ord=order)


def normalize(tensor: Any, ord: Any = "euclidean", axis: Any = None, name: str | None = None) -> tuple[Any, Any]:
    """Divide by the norm; return the quotient and the norm."""
    x = as_tensor(tensor)
    length = norm(x, ord, axis, keepdims=True)
    return x / length, length


def global_norm(t_list: Any, name: str | None = None) -> Any:
    """Return the euclidean norm of all elements of several tensors; entries that are None are left out."""
    return math.reduce_euclidean_norm([math.reduce_euclidean_norm(t) for t in t_list if t is not None])


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """Bound the elements; at a bound the gradient still passes."""
    x, low, high = operands(as_tensor(t), clip_value_min, clip_value_max)
    return run_row("clip", x, low, high)


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """Shrink to a norm of at most `clip_norm`; of `IndexedSlices` the slices alone."""
    if isinstance(t, IndexedSlices):
        return with_values(t, lambda values: clip_by_norm(values, clip_norm, axes))
    x = as_tensor(t)
    length = math.reduce_euclidean_norm(x, axes, keepdims=True)
    return x * clip_norm / math.maximum(length, clip_norm)


def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Any]:
    """Shrink several tensors together to a norm of at most `clip_norm`; return them and the norm that they had."""
    length = global_norm(t_list) if use_norm is None else use_norm
    # a norm that is not finite makes everything NaN, so that nobody mistakes what is left for a gradient
    scale = run_row("where", math.is_finite(length), clip_norm / math.maximum(length, clip_norm), np.nan)
    return [t if t is None else with_values(t, lambda v: math.multiply(v, scale)) for t in t_list], length
