"""`tf.nn.isotonic_regression`."""

from __future__ import annotations

from typing import Any

from gradtape.tf.calls import row, tensor


def isotonic_regression(
    inputs: Any, decreasing: bool = True, axis: int = -1, name: str | None = None
) -> tuple[Any, Any]:
    """Return the nearest line that never rises (never falls, if not `decreasing`), and the number of each block.

    Equal neighbours are one block. Second derivatives are zero.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> tf.nn.isotonic_regression([3.0, 1.0, 2.0])[0]
    <tf.Tensor: shape=(3,), dtype=float32, numpy=array([3. , 1.5, 1.5], dtype=float32)>
    """
    x = tensor(inputs)
    moved = row("moveaxis")(x, axis, -1)
    values, blocks = row("isotonic_regression")(moved, decreasing=decreasing)
    return row("moveaxis")(values, -1, axis), row("moveaxis")(blocks, -1, axis)
