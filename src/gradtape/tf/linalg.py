"""Products, norms and clipping: `tf.linalg`, and the short names of the most common of them."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradtape as gt
from gradtape.tf import math
from gradtape.tf.calls import operands, refuse, row, static, tensor
from gradtape.tf.creation import eye  # noqa: F401  (a name of this module in TensorFlow)
from gradtape.tf.slices import IndexedSlices, with_values


def _turned(x: Any, transpose: bool, adjoint: bool) -> Any:
    if not (transpose or adjoint):
        return x
    swapped = row("swapaxes")(tensor(x), -1, -2)
    return row("conjugate")(swapped) if adjoint and swapped.dtype.kind == "c" else swapped


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    name: str | None = None,
) -> Any:
    """Multiply matrices, or stacks of them."""
    left, right = operands(a, b)
    return row("matmul")(_turned(left, transpose_a, adjoint_a), _turned(right, transpose_b, adjoint_b))


def matvec(a: Any, b: Any, transpose_a: bool = False, adjoint_a: bool = False, name: str | None = None) -> Any:
    """Multiply a matrix by a vector, or stacks of them."""
    left, right = operands(tensor(a), b)
    column = row("reshape")(right, shape=(*np.shape(right), 1))
    product = row("matmul")(_turned(left, transpose_a, adjoint_a), column)
    return row("reshape")(product, shape=product.shape[:-1])


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Any:
    """Multiply and add up over pairs of axes."""
    left, right = operands(tensor(a), b)
    return row("tensordot")(left, right, axes=static(axes))


def einsum(equation: str, *inputs: Any, name: str | None = None) -> Any:
    """Multiply and add up as a formula says."""
    return row("einsum_call")(equation, *operands(*inputs))


def matrix_transpose(a: Any, name: str | None = None, conjugate: bool = False) -> Any:
    """Exchange the last two axes."""
    return _turned(a, transpose=True, adjoint=conjugate)


def diag(diagonal: Any, name: str | None = None) -> Any:
    """Put the last axis on the diagonal of matrices of zeros."""
    x = tensor(diagonal)
    return row("reshape")(x, shape=(*x.shape, 1)) * np.eye(x.shape[-1], dtype=x.dtype)


def diag_part(input: Any, name: str | None = None) -> Any:
    """Take the diagonals out of matrices."""
    x = tensor(input)
    places = np.arange(min(x.shape[-2:]))
    return x[(..., places, places)]


tensor_diag = diag


def band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Any:
    """Keep the diagonal, so many lines below and so many above it (all of them where negative); 0 elsewhere."""
    x, lower, upper = tensor(input), static(num_lower), static(num_upper)
    m, n = x.shape[-2:]
    gap = np.arange(m)[:, None] - np.arange(n)
    kept = ((lower < 0) | (gap <= lower)) & ((upper < 0) | (-gap <= upper))
    return row("where")(kept, x, 0.0)


def set_diag(input: Any, diagonal: Any, name: str | None = None) -> Any:
    """Replace the diagonals of matrices."""
    x, new = operands(tensor(input), diagonal)
    m, n = x.shape[-2:]
    column = tensor(new)[(..., np.minimum(np.arange(m), min(m, n) - 1), None)]
    return row("where")(np.eye(m, n, dtype=bool), column, x)


def trace(x: Any, name: str | None = None) -> Any:
    """Add up the diagonals of matrices."""
    return math.reduce_sum(diag_part(x), -1)


def norm(tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """Return a vector's norm, or the elements' as one vector; the gradient of the euclidean one is 0 at 0."""
    x, axis = gt.constant(*operands(tensor)), static(axis)
    if ord in {"euclidean", "fro", 2}:
        return math.reduce_euclidean_norm(x, axis, keepdims)
    if ord == 1:
        return math.reduce_sum(math.abs(x), axis, keepdims)
    if ord == np.inf:
        return math.reduce_max(math.abs(x), axis, keepdims)
    return math.pow(math.reduce_sum(math.pow(math.abs(x), ord), axis, keepdims), 1.0 / ord)


def global_norm(t_list: Any, name: str | None = None) -> Any:
    """Return the euclidean norm of all elements of several tensors; entries that are None are left out."""
    return math.reduce_euclidean_norm([math.reduce_euclidean_norm(t) for t in t_list if t is not None])


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """Bound the elements; at a bound the gradient still passes."""
    x, low, high = operands(tensor(t), clip_value_min, clip_value_max)
    return row("clip")(x, low, high)


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """Shrink to a norm of at most `clip_norm`; of `IndexedSlices` the slices alone."""
    if isinstance(t, IndexedSlices):
        return with_values(t, lambda values: clip_by_norm(values, clip_norm, axes))
    x = tensor(t)
    length = math.reduce_euclidean_norm(x, axes, keepdims=True)
    return x * clip_norm / math.maximum(length, clip_norm)


def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Any]:
    """Shrink several tensors together to a norm of at most `clip_norm`; return them and the norm that they had."""
    length = global_norm(t_list) if use_norm is None else use_norm
    # a norm that is not finite makes everything NaN, so that nobody mistakes what is left for a gradient
    scale = row("where")(math.is_finite(length), clip_norm / math.maximum(length, clip_norm), np.nan)
    return [t if t is None else with_values(t, lambda v: math.multiply(v, scale)) for t in t_list], length


def __getattr__(name: str) -> Any:
    raise refuse("tf.linalg", name)
