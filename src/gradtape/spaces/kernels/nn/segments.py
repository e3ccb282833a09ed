"""Kernels of the rows in `ops/nn/segments.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _by_group(ufunc: np.ufunc) -> Callable[..., Any]:
    def kernel(a: Any, ids: Any, count: int, empty: Any = 0.0) -> Any:
        if a.dtype.kind == "c":
            raise TypeError("complex numbers have no order")
        ids = np.asarray(ids, np.intp)
        order = np.argsort(ids, kind="stable")
        there, starts = np.unique(ids[order], return_index=True)
        made = np.full((count, *a.shape[1:]), empty, a.dtype)
        if there.size:
            made[there] = ufunc.reduceat(a[order], starts, axis=0)
        return made

    return kernel


KERNELS: dict[str, Callable[..., Any]] = {
    "segment_max": _by_group(np.maximum),
    "segment_min": _by_group(np.minimum),
}
