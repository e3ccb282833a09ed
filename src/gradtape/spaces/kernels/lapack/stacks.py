"""SciPy's functions of one matrix, applied to stacks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def stacked(function: Callable[..., Any], *ranks: int) -> Callable[..., Any]:
    """Make a function of single arrays take stacks of them, which broadcast together.

    Parameters
    ----------
    function : callable
        Takes arrays, then parameters by keyword; returns an array or a tuple of arrays.
    *ranks : int
        How many axes each of its arrays has.

    Returns
    -------
    callable
    """

    def call(*arrays: Any, **params: Any) -> Any:
        values = [np.asarray(a) for a in arrays]
        if all(a.ndim <= rank for a, rank in zip(values, ranks, strict=True)):
            return function(*values, **params)
        batch = np.broadcast_shapes(*(a.shape[: a.ndim - rank] for a, rank in zip(values, ranks, strict=True)))
        spread = [
            np.broadcast_to(a, (*batch, *a.shape[a.ndim - rank :])) for a, rank in zip(values, ranks, strict=True)
        ]
        results = [function(*(a[place] for a in spread), **params) for place in np.ndindex(batch)]
        if isinstance(results[0], tuple):
            return tuple(np.reshape(part, (*batch, *np.shape(part[0]))) for part in zip(*results, strict=True))
        return np.reshape(results, (*batch, *np.shape(results[0])))

    return call


def of_width(result: Any, *arrays: Any) -> Any:
    """Return a result in the precision of what it was made of: real or complex as it is."""
    narrow = np.result_type(*arrays)
    if np.finfo(narrow).bits >= np.finfo(result.dtype).bits:
        return result
    return result.astype(np.result_type(narrow, np.complex64) if result.dtype.kind == "c" else narrow)
