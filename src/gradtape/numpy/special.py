"""The special functions of the table under SciPy's names: SciPy looks for them here while its array API is on."""

from __future__ import annotations

from typing import Any

from gradtape.arrays import doors
from gradtape.ops import NUMPY, loaded


def __getattr__(name: str) -> Any:
    """Find the row of a function of `scipy.special`; the rows are loaded when the first one is asked for."""
    if not name.startswith("_"):
        for row in loaded(NUMPY, "special"):
            if row.scipy == f"special.{name}" or ((row.scipy or "").startswith("special.") and name in row.aliases):
                globals()[name] = found = doors.door(row.name)
                return found
    raise AttributeError(f"the table has no special function {name!r}")
