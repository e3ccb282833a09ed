"""Kernels of the rows in `ops/lapack/riccati.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scipy import linalg

from gradtape.spaces.kernels.lapack.stacks import of_width, stacked

if TYPE_CHECKING:
    from collections.abc import Callable


def _continuous(a: Any, b: Any, q: Any, r: Any) -> Any:
    return of_width(linalg.solve_continuous_are(a, b, q, r), a, b, q, r)


def _discrete(a: Any, b: Any, q: Any, r: Any) -> Any:
    return of_width(linalg.solve_discrete_are(a, b, q, r), a, b, q, r)


KERNELS: dict[str, Callable[..., Any]] = {
    "continuous_riccati": stacked(_continuous, 2, 2, 2, 2),
    "discrete_riccati": stacked(_discrete, 2, 2, 2, 2),
}
