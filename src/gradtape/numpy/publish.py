"""Fill a module with the public functions of the rows and composites that stand for functions of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.arrays import doors
from gradtape.ops import NUMPY, loaded


def functions_of_numpy(names: dict[str, Any], module: str = "") -> None:
    """Put the doors of NumPy's functions, or of those of one of its modules, into a module of ours.

    Parameters
    ----------
    names : dict
        The globals of our module; what it defines itself stays.
    module : str
        The module of NumPy: `"linalg"`, `"fft"`, or none for NumPy itself.
    """
    theirs = getattr(np, module) if module else np
    beside = doors.second_chances().values()
    for row in loaded(NUMPY):
        if row.numpy is None or row in beside:
            continue
        function = None
        for public in (row.numpy, *row.aliases):
            home, _, name = public.rpartition(".")
            if home == module and hasattr(theirs, name) and name not in names:
                function = function or doors.door(row.name)
                names[name] = function
                names["__all__"].append(name)
    if not module:
        names["abs"] = names["absolute"]
        names["__all__"].append("abs")
    names["__all__"].sort()
