"""Kernels of the rows in `ops/lapack/structured.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scipy import linalg

from gradtape.spaces.kernels.lapack.stacks import of_width

if TYPE_CHECKING:
    from collections.abc import Callable


def _levinson(c: Any, r: Any, b: Any) -> Any:
    return of_width(linalg.solve_toeplitz((c, r), b), c, r, b)


KERNELS: dict[str, Callable[..., Any]] = {"levinson": _levinson}
