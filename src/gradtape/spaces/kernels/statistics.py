"""Kernels of the rows in `ops/statistics.py`: bins, their edges and who is in which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _bin_places(sample: Any, edges: Any) -> Any:
    """Return the bin of each element, -1 outside; the last bin has both its edges."""
    edges = np.asarray(edges)
    places = np.searchsorted(edges, sample, side="right") - 1
    places[sample == edges[-1]] = len(edges) - 2
    places[(sample > edges[-1]) | (sample < edges[0]) | np.isnan(sample)] = -1
    return places


def _bin_edges(a: Any, bins: Any, limits: Any = None) -> Any:
    return np.histogram_bin_edges(a, bins, limits)


KERNELS: dict[str, Callable[..., Any]] = {
    "bin_places": _bin_places,
    "bin_edges": _bin_edges,
    "label_count": lambda x, minlength=0: np.bincount(x, minlength=minlength),
}
