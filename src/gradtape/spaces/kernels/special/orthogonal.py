"""Kernels of the rows in `ops/special/orthogonal.py`: SciPy's polynomials in the precision of `x`, and differences.

Of degrees that are not whole the functions begin at the left end of the interval with a power or a logarithm, so the
steps in `x` stay away from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from gradtape.spaces.kernels.special.precision import in_last
from gradtape.spaces.kernels.special.stencils import by_differences

if TYPE_CHECKING:
    from collections.abc import Callable

LEFT_ENDS = {
    "eval_legendre": -1.0,
    "eval_sh_legendre": 0.0,
    "eval_chebyt": -1.0,
    "eval_sh_chebyt": 0.0,
    "eval_chebyc": -2.0,
    "eval_chebyu": -1.0,
    "eval_sh_chebyu": 0.0,
    "eval_chebys": -2.0,
    "eval_laguerre": -np.inf,
    "eval_genlaguerre": -np.inf,
    "eval_gegenbauer": -1.0,
    "eval_jacobi": -1.0,
    "eval_sh_jacobi": 0.0,
}
HERMITE = ("eval_hermite", "eval_hermitenorm")


def reach_from(left: float) -> Callable[..., list[Any]]:
    """Make the function that says how far degree, parameters and `x` may move."""

    def reach(*numbers: Any) -> list[Any]:
        *others, x = numbers
        return [*(np.full(np.shape(x), 0.3) for _ in others), np.minimum(0.4, 0.3 * np.abs(x - left))]

    return reach


KERNELS: dict[str, Callable[..., Any]] = {
    **{name: in_last(getattr(special, name)) for name in (*LEFT_ENDS, *HERMITE)},
    **{f"{name}_slope": by_differences(getattr(special, name), reach_from(left)) for name, left in LEFT_ENDS.items()},
}
