"""Kernels of the rows in `ops/special/waves.py`: SciPy's functions in single precision too, and their differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from gradtape.spaces.kernels.special.precision import in_double
from gradtape.spaces.kernels.special.stencils import partial

if TYPE_CHECKING:
    from collections.abc import Callable

ENDS = {"pro_ang1": (-1.0, 1.0), "obl_ang1": (-1.0, 1.0), "pro_rad1": (1.0,), "obl_rad2": (0.0,)}
"""Where the argument ends or the equation is singular."""


def slope_of(name: str, wholes: int) -> Callable[..., Any]:
    """Make the kernel of all derivatives of one of the results."""
    function = getattr(special, name)
    in_degrees = name in {"mathieu_cem", "mathieu_sem"}
    ends = ENDS.get(name.removesuffix("_cv"), ())

    def run(*arrays: Any, part: int = 0, **orders: int) -> Any:
        wide = np.broadcast_arrays(*arrays)
        asked = orders or {"first": 1}
        turns = (*(0 for _ in range(wholes)), *asked.values(), *(0 for _ in range(wholes + len(asked), len(arrays))))
        steps = [np.full(a.shape, 0.3) for a in wide]
        if name.endswith("_cv") and len(arrays) == wholes + 1:  # smooth, and rough values: long steps
            steps[-1] = np.minimum(2.0, 0.6 * np.abs(wide[-1]))
        if len(arrays) > wholes + 1:
            reach = np.full(wide[-1].shape, 15.0 if in_degrees else 0.3)
            for end in ends:
                reach = np.minimum(reach, 0.3 * np.abs(wide[-1] - end))
            steps[-1] = reach

        def chosen(*places: Any) -> Any:
            found = function(*places)
            return found[part] if isinstance(found, tuple) else found

        return partial(chosen, wide, turns, steps)

    run.__name__ = f"{name}_slope"
    return in_double(run)


WHOLES = {
    **{f"mathieu_{kind}": 1 for kind in ("a", "b", "cem", "sem", "modcem1", "modcem2", "modsem1", "modsem2")},
    **{
        f"{kind}_{name}": 2
        for kind in ("pro", "obl")
        for name in ("cv", "ang1", "ang1_cv", "rad1", "rad1_cv", "rad2", "rad2_cv")
        if kind == "obl" or name not in {"ang1_cv", "rad2", "rad2_cv"}
    },
}
"""How many of the arguments are whole numbers."""

KERNELS: dict[str, Callable[..., Any]] = {
    **{name: in_double(getattr(special, name)) for name in WHOLES},
    **{f"{name}_slope": slope_of(name, wholes) for name, wholes in WHOLES.items()},
}
