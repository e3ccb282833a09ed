"""The kernel of the row in `ops/nn/isotonic.py`: pool neighbours that are in the wrong order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _isotonic(x: Any, decreasing: bool = True) -> tuple[Any, Any]:
    if x.dtype.kind != "f":
        raise TypeError(f"isotonic_regression orders real numbers and takes means of them, not {x.dtype}")
    lines = np.reshape(x, (-1, x.shape[-1]))
    values, blocks = np.empty_like(lines), np.empty(lines.shape, np.int32)
    for k, line in enumerate(lines):
        sizes = _pooled((-line if decreasing else line).tolist())
        starts = np.cumsum([0, *sizes[:-1]])
        if sizes:
            blocks[k] = np.repeat(np.arange(len(sizes)), sizes)
            values[k] = np.repeat(np.add.reduceat(line, starts) / np.array(sizes, x.dtype), sizes)
    return values.reshape(x.shape), blocks.reshape(x.shape)


def _pooled(line: list[float]) -> list[int]:
    """Return the lengths of the blocks of the best line that never falls.

    Pool adjacent violators: Best, Chakravarti, "Active set algorithms for isotonic regression" (1990).
    """
    sums: list[float] = []
    sizes: list[int] = []
    for value in line:
        total, size = value, 1
        while sums and sums[-1] * size >= total * sizes[-1]:
            total, size = total + sums.pop(), size + sizes.pop()
        sums.append(total)
        sizes.append(size)
    return sizes


KERNELS: dict[str, Callable[..., Any]] = {
    "isotonic_regression": _isotonic,
}
