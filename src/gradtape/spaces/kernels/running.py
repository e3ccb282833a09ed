"""Kernels of the rows in `ops/running.py`: positions of running extremes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _places(extreme: Callable[..., Any]) -> Callable[..., Any]:
    """Make the kernel of one extreme: a new record is where the running extreme changes, and NaN stays one."""

    def kernel(a: Any, axis: int = -1) -> Any:
        a = np.moveaxis(np.asarray(a), axis, -1)
        best = extreme.accumulate(a, axis=-1)  # type: ignore[attr-defined]
        fresh = np.ones(a.shape, bool)
        same = (best[..., 1:] == best[..., :-1]) | (np.isnan(best[..., 1:]) & np.isnan(best[..., :-1]))
        fresh[..., 1:] = ~same
        places = np.maximum.accumulate(np.where(fresh, np.arange(a.shape[-1]), 0), axis=-1)
        return np.moveaxis(places, -1, axis)

    return kernel


KERNELS: dict[str, Callable[..., Any]] = {
    "running_argmax": _places(np.maximum),
    "running_argmin": _places(np.minimum),
}
